package main

import (
	"maps"
	"net/http"
	"testing"
)

// TestContactsAtTheDesk has a clerk work on contacts over HTTP, with the shipped configuration and a store: what is added,
// changed, logged and found, what is refused, and what another division sees.
func TestContactsAtTheDesk(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/carillon.db"
	g := &instance{store: path}
	clerk, stranger := g.key(t, "desk", "csr", "NORTH"), g.key(t, "desk", "csr", "SOUTH")
	g = serve(t, within, path, configFile(t, nil), simulate(t, within), allowed()...)
	_, ada := g.ask(t, g.cis, http.MethodPut, "/v1/persons/P-1", nil, map[string]any{
		"version": 1, "division": "NORTH", "account": "A-1", "names": []map[string]any{{"type": "primary", "text": "Lovelace,Ada"}},
		"points": []map[string]any{{"kind": "post", "postal": map[string]any{"line1": "1 Mill Lane", "city": "Albany", "country": "US"}}},
	})
	person := word(ada, "id")
	if person == "" {
		t.Fatalf("no person: %v", ada)
	}
	list := "/v1/desk/contacts?person=" + person
	add := func(key string, body map[string]any) (int, map[string]any) {
		t.Helper()
		return g.ask(t, clerk, http.MethodPost, "/v1/desk/contacts", map[string]string{"Idempotency-Key": key}, body)
	}
	call := map[string]any{
		"division": "NORTH", "shorthand": "CALL", "person": person, "open": true, "comments": "the bill seems too high",
		"preferredMethod": "phone", "tags": []map[string]any{{"type": "TAG", "value": "VIP"}}, "externalContactId": "crm-7",
		"identifiers": []map[string]any{{"type": "C1EX", "value": "7"}},
		"log":         map[string]any{"comments": "call back", "reminder": map[string]any{"role": "CSR", "triggerDate": "2199-01-01"}},
	}
	status, answer := add("desk-1", call)
	contact := word(answer, "contact")
	if status != http.StatusAccepted || contact == "" {
		t.Fatalf("adding: %d %v", status, answer)
	}
	if status, again := add("desk-1", call); status != http.StatusAccepted || word(again, "contact") != contact {
		t.Errorf("adding again: %d %v", status, again)
	}
	at := "/v1/contacts/" + contact
	revision := func(n string) map[string]string { return map[string]string{"If-Match": `"` + n + `"`} }

	status, got := g.get(t, clerk, at)
	if status != http.StatusOK || word(got, "type") != "CALL" || word(got, "account") != "A-1" || got["revision"] != 1.0 || got["open"] != true ||
		word(got, "comments") != "the bill seems too high" || len(objects(got, "tags")) != 1 || len(objects(got, "logs")) != 1 {
		t.Fatalf("reading: %d %v", status, got)
	}
	if status, _ := g.get(t, stranger, at); status != http.StatusNotFound {
		t.Errorf("another division reads it: %d", status)
	}
	if status, got := g.ask(t, clerk, http.MethodPatch, at, revision("1"), map[string]any{"comments": "wants a meter test"}); status != http.StatusOK || got["revision"] != 2.0 {
		t.Errorf("changing: %d %v", status, got)
	}
	if status, got := g.ask(t, clerk, http.MethodPatch, at, revision("1"), map[string]any{"comments": "late"}); status != http.StatusConflict {
		t.Errorf("changing what was changed: %d %v", status, got)
	}
	if status, got := g.ask(t, clerk, http.MethodPost, at+"/type", revision("2"), map[string]any{"class": "CUST", "type": "COMPLAINT"}); status != http.StatusOK ||
		word(got, "type") != "COMPLAINT" || got["acceptedAs"] == nil {
		t.Errorf("correcting the type: %d %v", status, got)
	}
	if status, got := g.ask(t, clerk, http.MethodPost, at+"/close", revision("3"), nil); status != http.StatusOK || got["open"] != false {
		t.Errorf("closing: %d %v", status, got)
	}
	log := map[string]any{"comments": "no answer", "reminder": map[string]any{"user": "ada", "triggerDate": "2199-01-02"}}
	if status, got := g.ask(t, clerk, http.MethodPost, at+"/log", nil, log); status != http.StatusOK || len(objects(got, "logs")) != 2 {
		t.Errorf("logging: %d %v", status, got)
	}
	status, waiting := g.get(t, clerk, "/v1/reminders")
	if all := objects(waiting, "reminders"); status != http.StatusOK || len(all) != 2 || word(all[0], "role") != "CSR" || word(all[1], "user") != "ada" {
		t.Errorf("reminders: %d %v", status, waiting)
	}

	t.Run("the timeline tells it, the newest first", func(t *testing.T) {
		var kinds []string
		_, got := g.get(t, clerk, "/v1/timeline?person="+person)
		for _, e := range objects(got, "events") {
			kinds = append(kinds, word(e, "kind"))
		}
		want := []string{
			"reminder.set", "contact.logged", "contact.closed", "contact.retyped", "contact.changed", "reminder.set", "contact.logged", "contact.accepted",
		}
		if len(kinds) != len(want) {
			t.Fatalf("%v, want %v", kinds, want)
		}
		for i := range want {
			if kinds[i] != want[i] {
				t.Fatalf("%v, want %v", kinds, want)
			}
		}
		if e := objects(got, "events")[0]; word(e, "text") != "no answer" || word(e, "title") != "A complaint" || word(e, "link") != at {
			t.Errorf("event %v", e)
		}
		_, page := g.get(t, clerk, "/v1/timeline?account=A-1&limit=3")
		_, rest := g.get(t, clerk, "/v1/timeline?account=A-1&limit=100&after="+word(page, "next"))
		if len(objects(page, "events")) != 3 || len(objects(rest, "events")) != 5 || word(rest, "next") != "" {
			t.Errorf("in pages: %v then %v", page, rest)
		}
		if _, got := g.get(t, stranger, "/v1/timeline?person="+person); len(objects(got, "events")) != 0 {
			t.Errorf("another division sees %v", got)
		}
	})
	t.Run("lists contacts of the person", func(t *testing.T) {
		for query, n := range map[string]int{"": 1, "&open=true": 0, "&open=false": 1, "&type=COMPLAINT": 1, "&type=CALL": 0, "&until=2020-01-01T00:00:00Z": 0} {
			if _, got := g.get(t, clerk, list+query); len(objects(got, "contacts")) != n {
				t.Errorf("%s: %v, want %d", query, got, n)
			}
		}
		if _, got := g.get(t, stranger, list); len(objects(got, "contacts")) != 0 {
			t.Errorf("another division sees %v", got)
		}
	})
	t.Run("refuses what cannot be, and nothing is there then", func(t *testing.T) {
		with := func(changes map[string]any) map[string]any {
			body := maps.Clone(call)
			delete(body, "log")
			maps.Copy(body, changes)
			for name, v := range changes {
				if v == nil {
					delete(body, name)
				}
			}
			return body
		}
		for says, row := range map[string]struct {
			body          map[string]any
			field, reason string
		}{
			"nobody":            {with(map[string]any{"person": nil}), "/person", "is required for this contact type"},
			"a banned type":     {with(map[string]any{"shorthand": nil, "class": "NOTF", "type": "BILLMAIL"}), "/type", "is a type that records notifications: no user adds such contacts"},
			"no word":           {with(map[string]any{"shorthand": "what"}), "/shorthand", "is the word of no contact type of this division"},
			"a tag nobody has":  {with(map[string]any{"tags": []map[string]any{{"type": "TAG", "value": "RED"}}}), "/tags/0/value", "is one of VIP, MEDICAL, LANGUAGE, MEDIA"},
			"a stranger's work": {with(map[string]any{"log": map[string]any{"comments": "x", "reminder": map[string]any{"user": "edda", "triggerDate": "2199-01-01"}}}), "/log/reminder/user", "names a user who is not active"},
			"about nothing":     {with(map[string]any{"person": nil, "shorthand": nil, "class": "FLD", "type": "FIELDWORK"}), "/premise", "is required by the business object C1-FWCustomerContact"},
		} {
			status, p := add("refused"+row.field, row.body)
			found := false
			for _, e := range objects(p, "errors") {
				found = found || word(e, "field") == row.field && word(e, "reason") == row.reason
			}
			if status != http.StatusUnprocessableEntity || !found {
				t.Errorf("%s: %d %v", says, status, p)
			}
		}
		if _, got := g.get(t, clerk, list); len(objects(got, "contacts")) != 1 {
			t.Errorf("something was added: %v", got)
		}
	})
	t.Run("a letter type chosen by a clerk is sent by the one acceptance", func(t *testing.T) {
		status, answer := add("desk-letter", map[string]any{"division": "NORTH", "class": "CUST", "type": "WELCOME", "person": person})
		if status != http.StatusAccepted || len(objects(answer, "messages")) != 1 || word(objects(answer, "messages")[0], "channel") != "letter" {
			t.Errorf("%d %v", status, answer)
		}
	})
	t.Run("alerts who has the customer in context", func(t *testing.T) {
		for _, key := range []string{"again-1", "again-2"} {
			body := map[string]any{"division": "NORTH", "shorthand": "complaint", "person": person}
			if status, answer := add(key, body); status != http.StatusAccepted {
				t.Fatalf("%d %v", status, answer)
			}
		}
		status, got := g.get(t, clerk, "/v1/context?person="+person)
		found := false
		for _, alert := range objects(got, "alerts") {
			found = found || word(alert, "code") == "CC BY TYPCL" && word(alert, "text") == "3 contacts CUST/COMPLAINT in the last 30 days"
		}
		if status != http.StatusOK || !found {
			t.Errorf("%d %v", status, got)
		}
	})
	t.Run("serves the business objects", func(t *testing.T) {
		_, all := g.get(t, g.cis, "/v1/schemas")
		codes, _ := all["schemas"].([]any)
		if len(codes) != 7 {
			t.Fatalf("%v", all)
		}
		for _, code := range codes {
			if status, s := g.get(t, g.cis, "/v1/schemas/"+code.(string)); status != http.StatusOK || word(s, "title") != code {
				t.Errorf("%v: %d %v", code, status, s)
			}
		}
	})
}
