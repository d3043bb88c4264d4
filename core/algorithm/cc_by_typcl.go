package algorithm

import (
	"fmt"
	"strings"
	"time"

	"carillon/core/contact"
	"carillon/core/plugin"
)

// countContacts describes CC BY TYPCL, which the help also calls CC-NBR-VALID. Class and type are one parameter here, so
// that one that does not exist is refused when it is configured; that days and threshold are the others is from memory.
func countContacts() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "CC BY TYPCL", Tells: "Alerts when there are more contacts of a class and type in the last days than a threshold.",
		Spots: []plugin.Spot{{Owner: "installation", Event: "control_central_alert"}},
		Parameters: []plugin.Parameter{
			{Name: "contactType", Kind: plugin.ContactKind, Required: true, Tells: "the class and type that are counted, as CUST/NBBDENIED"},
			{Name: "days", Kind: plugin.Integer, Default: "90", Least: 1, Most: 3660, Tells: "how many days back contacts are counted"},
			{Name: "threshold", Kind: plugin.Integer, Default: "0", Least: 0, Most: 10000, Tells: "how many there may be without an alert"},
			{Name: "text", Kind: plugin.Words, Tells: "what the alert says, with %1 for the number; class, type and number without"},
		},
	}
}

// CCByTypCl is CC BY TYPCL.
func CCByTypCl(f contact.AlertFacts, p plugin.Parameters) ([]plugin.Alert, error) {
	said := countContacts().With(p)
	class, code, _ := strings.Cut(said["contactType"], "/")
	days := number(said, "days")
	since := f.Now.UTC().Add(-time.Duration(days) * 24 * time.Hour).Format(time.DateOnly)
	n := 0
	for _, t := range f.Touches {
		if t.Class == class && t.Type == code && t.Day >= since {
			n += t.N
		}
	}
	if n <= number(said, "threshold") {
		return nil, nil
	}
	text := strings.ReplaceAll(said["text"], "%1", fmt.Sprint(n))
	if text == "" {
		text = fmt.Sprintf("%d contacts %s/%s in the last %d days", n, class, code, days)
	}
	return []plugin.Alert{{Code: "CC BY TYPCL", Text: text, Link: contactsLink(f) + "&class=" + class + "&type=" + code}}, nil
}

// contactsLink lists the contacts of who is in context.
func contactsLink(f contact.AlertFacts) string {
	switch {
	case f.Person != 0:
		return "/v1/desk/contacts?person=" + f.Person.String()
	case f.Account != "":
		return "/v1/desk/contacts?account=" + f.Account
	}
	return "/v1/desk/contacts?premise=" + f.Premise
}
