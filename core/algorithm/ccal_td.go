package algorithm

import (
	"fmt"
	"net/url"

	"carillon/core/contact"
	"carillon/core/plugin"
)

// openWork describes CCAL-TD. Its parameters are ours: the characteristic types by which To Do entries name what is in
// context.
func openWork() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "CCAL-TD", Tells: "Alerts when To Do entries that are not complete name the person, account or premise in context.",
		Spots: []plugin.Spot{{Owner: "installation", Event: "control_central_alert"}},
		Parameters: []plugin.Parameter{
			{Name: "person", Kind: plugin.CharType, Tells: "the characteristic type by which entries name a person; not looked at without"},
			{Name: "account", Kind: plugin.CharType, Tells: "the same of an account"},
			{Name: "premise", Kind: plugin.CharType, Tells: "the same of a premise"},
		},
	}
}

// CCALTD is CCAL-TD: one alert for each of person, account and premise that open To Do entries name.
func CCALTD(f contact.AlertFacts, p plugin.Parameters) ([]plugin.Alert, error) {
	var alerts []plugin.Alert
	for _, name := range []string{"person", "account", "premise"} {
		if p[name] == "" {
			continue
		}
		n, value := 0, ""
		for _, w := range f.Work {
			if w.Characteristic == p[name] {
				n, value = n+w.N, w.Value
			}
		}
		if n == 0 {
			continue
		}
		text := fmt.Sprintf("%d open To Do entries for this %s", n, name)
		if n == 1 {
			text = "1 open To Do entry for this " + name
		}
		query := url.Values{"characteristic": {p[name] + "=" + value}}
		alerts = append(alerts, plugin.Alert{Code: "CCAL-TD", Text: text, Link: "/v1/todos?" + query.Encode()})
	}
	return alerts, nil
}
