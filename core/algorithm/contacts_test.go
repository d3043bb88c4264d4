package algorithm_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"carillon/core/algorithm"
	"carillon/core/contact"
	"carillon/core/plugin"
)

func noonThere() time.Time { return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC) }

func TestC1TLCCEvt(t *testing.T) {
	t.Parallel()
	now := noonThere()
	facts := contact.TimelineFacts{Now: now, Subject: contact.Subject{Person: 42}, Happenings: []contact.Happening{
		{Number: 3, At: now, Kind: "message.moved", Contact: 1000000007, Class: "BILL", Type: "A", TypeText: "Your bill", Message: "m-1", Channel: "sms", Outcome: "delivered", Reason: "ok", By: "sns"},
		{Number: 2, At: now.Add(-48 * time.Hour), Kind: "contact.accepted", Contact: 1000000007, Class: "BILL", Type: "A", Text: "one\ntwo " + strings.Repeat("x", 200)},
		{Number: 1, At: now.Add(-400 * 24 * time.Hour), Kind: "contact.accepted", Contact: 1000000006, Class: "CUST", Type: "B"},
	}}
	numbers := func(p plugin.Parameters) (out []int64) {
		t.Helper()
		events, err := algorithm.C1TLCCEvt(facts, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			out = append(out, e.Number)
		}
		return out
	}
	for says, row := range map[string]struct {
		p    plugin.Parameters
		want []int64
	}{
		"the window is a year":       {nil, []int64{3, 2}},
		"the window is as it says":   {plugin.Parameters{"days": "1"}, []int64{3}},
		"a longer window":            {plugin.Parameters{"days": "500"}, []int64{3, 2, 1}},
		"classes":                    {plugin.Parameters{"days": "500", "classes": "CUST, X"}, []int64{1}},
		"kinds":                      {plugin.Parameters{"kinds": "message.moved"}, []int64{3}},
		"classes that nothing is of": {plugin.Parameters{"classes": "X"}, nil},
	} {
		if got := numbers(row.p); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %v, want %v", says, got, row.want)
		}
	}
	events, _ := algorithm.C1TLCCEvt(facts, plugin.Parameters{"length": "8", "icon": "bell", "colour": "red"})
	first := contact.Event{
		Number: 3, At: now, Kind: "message.moved", Contact: 1000000007, Class: "BILL", Type: "A", Title: "Your bill", Link: "/v1/messages/m-1", Channel: "sms",
		Outcome: "delivered", Reason: "ok", By: "sns", Icon: "bell", Colour: "red",
	}
	if events[0] != first {
		t.Errorf("event\n got %+v\nwant %+v", events[0], first)
	}
	if e := events[1]; e.Text != "one two…" || e.Title != "BILL/A" || e.Link != "/v1/contacts/1000000007" {
		t.Errorf("event %+v", e)
	}
	facts.Subject = contact.Subject{}
	if events, err := algorithm.C1TLCCEvt(facts, nil); err != nil || len(events) != 0 {
		t.Errorf("nobody in context has %v, %v", events, err)
	}
}

func TestCCByTypCl(t *testing.T) {
	t.Parallel()
	facts := contact.AlertFacts{Now: noonThere(), Today: "2026-03-02", Person: 42, Touches: []contact.Touches{
		{Class: "NBB", Type: "DENIED", Day: "2026-03-02", N: 2},
		{Class: "NBB", Type: "DENIED", Day: "2026-02-20", N: 1},
		{Class: "NBB", Type: "DENIED", Day: "2025-01-01", N: 9},
		{Class: "NBB", Type: "GRANTED", Day: "2026-03-02", N: 5},
	}}
	for says, row := range map[string]struct {
		p    plugin.Parameters
		want string
	}{
		"more than none":         {plugin.Parameters{"contactType": "NBB/DENIED"}, "3 contacts NBB/DENIED in the last 90 days"},
		"in a shorter time":      {plugin.Parameters{"contactType": "NBB/DENIED", "days": "5"}, "2 contacts NBB/DENIED in the last 5 days"},
		"as many as may be":      {plugin.Parameters{"contactType": "NBB/DENIED", "threshold": "3"}, ""},
		"more than may be":       {plugin.Parameters{"contactType": "NBB/DENIED", "threshold": "2"}, "3 contacts NBB/DENIED in the last 90 days"},
		"in its own words":       {plugin.Parameters{"contactType": "NBB/DENIED", "text": "budget denied %1 times"}, "budget denied 3 times"},
		"a type nobody was of":   {plugin.Parameters{"contactType": "NBB/NONE"}, ""},
		"the class alone is not": {plugin.Parameters{"contactType": "NBB/"}, ""},
	} {
		alerts, err := algorithm.CCByTypCl(facts, row.p)
		switch {
		case err != nil || len(alerts) > 1 || len(alerts) == 0 != (row.want == ""):
			t.Errorf("%s: %+v, %v", says, alerts, err)
		case row.want != "" && (alerts[0].Text != row.want || alerts[0].Code != "CC BY TYPCL" || !strings.HasPrefix(alerts[0].Link, "/v1/desk/contacts?person=0000000042&")):
			t.Errorf("%s: %+v", says, alerts[0])
		}
	}
	for want, f := range map[string]contact.AlertFacts{"account=A": {Account: "A"}, "premise=P": {Premise: "P"}} {
		f.Now, f.Touches = facts.Now, facts.Touches
		if alerts, err := algorithm.CCByTypCl(f, plugin.Parameters{"contactType": "NBB/DENIED"}); err != nil || !strings.Contains(alerts[0].Link, want) {
			t.Errorf("%s: %+v, %v", want, alerts, err)
		}
	}
}

func TestCCALTD(t *testing.T) {
	t.Parallel()
	facts := contact.AlertFacts{Person: 42, Account: "4000000001", Work: []contact.Work{
		{Type: "TD-1", Characteristic: "ACCT", Value: "4000000001", N: 2},
		{Type: "TD-2", Characteristic: "ACCT", Value: "4000000001", N: 1},
		{Type: "TD-1", Characteristic: "PER", Value: "0000000042", N: 1},
		{Type: "TD-1", Characteristic: "SA", Value: "7", N: 9},
	}}
	alerts, err := algorithm.CCALTD(facts, plugin.Parameters{"person": "PER", "account": "ACCT", "premise": "PREM"})
	want := []plugin.Alert{
		{Code: "CCAL-TD", Text: "1 open To Do entry for this person", Link: "/v1/todos?characteristic=PER%3D0000000042"},
		{Code: "CCAL-TD", Text: "3 open To Do entries for this account", Link: "/v1/todos?characteristic=ACCT%3D4000000001"},
	}
	if err != nil || !reflect.DeepEqual(alerts, want) {
		t.Errorf("\n got %+v, %v\nwant %+v", alerts, err, want)
	}
	if alerts, err := algorithm.CCALTD(facts, nil); err != nil || len(alerts) != 0 {
		t.Errorf("told to look at nothing: %+v, %v", alerts, err)
	}
}

// TestContactCatalog proves that what hangs on the spots of contacts is described, and what is described can run.
func TestContactCatalog(t *testing.T) {
	t.Parallel()
	runs := map[string]string{}
	for code := range algorithm.Timeliners() {
		runs[code] = "zone/timeline_events"
	}
	for code := range algorithm.Alerters() {
		runs[code] = "installation/control_central_alert"
	}
	if len(runs) != 3 {
		t.Errorf("%d algorithms", len(runs))
	}
	for code, spot := range runs {
		a, known := algorithm.Catalog().Find(code)
		if !known || len(a.Spots) != 1 || a.Spots[0].String() != spot {
			t.Errorf("%s: %+v, want it on %s", code, a.Spots, spot)
		}
	}
}
