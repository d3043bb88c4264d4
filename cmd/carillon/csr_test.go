package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"carillon/cmd/internal/parttest"
	"carillon/core/config"
)

// TestCSRsMorning: a customer service representative finds customers and makes new ones, writes down what they want,
// is reminded by a To Do, hands it on, resolves it, and sees all of it on one line; and what they corrected no load undoes.
func TestCSRsMorning(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { t.Helper(); return t.TempDir() + "/carillon.db" },
		"PostgreSQL": parttest.Database,
	} {
		t.Run(name, func(t *testing.T) {
			if name != "SQLite" && testing.Short() {
				t.Skip("it needs a server")
			}
			t.Parallel()
			newShift(t, at(t)).run()
		})
	}
}

// shift is the desk of a utility, with ada and ben at it and cleo, their supervisor.
type shift struct {
	t              *testing.T
	g              *instance
	ada, ben, cleo string
	south          string // of another division
	today          string
}

func newShift(t *testing.T, store string) *shift {
	t.Helper()
	g := &instance{store: store}
	key := func(name, roles string) string {
		return strings.TrimSpace(must(t, "key", "create", "--store", store, "--source", "desk", "--role", roles, "--division", "NORTH", "--name", name))
	}
	m := &shift{t: t, ada: key("ada", "csr"), ben: key("ben", "csr"), cleo: key("cleo", "csr,supervisor")}
	m.south = g.key(t, "south", "csr", "SOUTH")
	m.g = serve(t, within, g.store, configFile(t, skills), simulate(t, within), allowed()...)
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	m.today = time.Now().In(zone).Format(time.DateOnly)
	return m
}

// skills has ben work on debts, which he has not learnt, and makes Spanish needed for work that users add.
func skills(d *config.Document) {
	for i, r := range d.ToDoRoles {
		if r.Code == "CREDIT" {
			d.ToDoRoles[i].Users = append(d.ToDoRoles[i].Users, "ben")
		}
	}
	for i, k := range d.ToDoTypes {
		if k.Code == "TD-MANUAL" {
			d.ToDoTypes[i].Skills = []config.Skill{{Type: "SPANISH", Level: 3}}
		}
	}
}

// say makes a request that must have the status, and tells what came of it.
func (m *shift) say(what, key, method, path string, want int, header map[string]string, body any) map[string]any {
	m.t.Helper()
	status, answer := m.g.ask(m.t, key, method, path, header, body)
	text, _ := json.Marshal(answer) //nolint:errchkjson // it came as JSON
	m.t.Logf("%-60s %s %s → %d %.300s", what, method, path, status, text)
	if status != want {
		m.t.Fatalf("%s: %d, not %d: %s", what, status, want, text)
	}
	return answer
}

func (m *shift) must(holds bool, what string, about ...any) {
	m.t.Helper()
	if !holds {
		m.t.Fatalf("%s: %v", what, about)
	}
}

func (m *shift) run() {
	known := m.loaded()
	m.corrected(known)
	person, account := m.newCustomer()
	contact := m.contact(person, account)
	m.reminded(contact)
	m.skilled()
	m.oneLine(person, account, contact)
}

// loaded has the CIS load a customer, and finds it (steps 1.0 and 1.4).
func (m *shift) loaded() (person string) {
	cis := func(what, path string, body map[string]any) map[string]any {
		return m.say(what, m.g.cis, http.MethodPut, path, http.StatusOK, nil, body)
	}
	m.say("the CIS loads a customer", m.g.cis, http.MethodPut, "/v1/persons/PER-7", http.StatusOK, nil, loadOfAna(1, "+12125550143"))
	cis("and its premise", "/v1/premises/PRM-7", map[string]any{
		"version": 1, "division": "NORTH", "zone": "America/New_York", "address": map[string]any{"line1": "12 Rue Ségur", "city": "Northfield", "state": "NY", "postal": "10001", "country": "US"},
	})
	cis("and its account", "/v1/accounts/ACC-7", map[string]any{
		"version": 1, "division": "NORTH", "class": "RES", "currency": "USD", "premise": "PRM-7", "persons": []any{map[string]any{"person": "PER-7", "main": true}},
	})
	for _, q := range []string{"q=muller+ana", "q=MÜLL", "phone=(212)+555-0143", "email=ANA@northfield.example", "account=ACC-7", "address=rue+segur+12&kind=person"} {
		found := m.say("ada searches "+q, m.ada, http.MethodGet, "/v1/search?"+strings.ReplaceAll(q, "Ü", "%C3%9C"), http.StatusOK, nil, nil)
		hits := objects(found, "hits")
		m.must(len(hits) == 1, "one customer is found by "+q, hits)
		who, _ := hits[0]["person"].(map[string]any)
		if who != nil {
			person = word(who, "id")
		}
	}
	return person
}

func loadOfAna(version int, phone string) map[string]any {
	return map[string]any{
		"version": version, "division": "NORTH", "language": "en-US", "names": []any{map[string]any{"type": "primary", "text": "Müller, Ana"}},
		"points": []any{
			map[string]any{"kind": "phone", "value": phone},
			map[string]any{"kind": "email", "value": "ana@northfield.example"},
			map[string]any{"kind": "post", "postal": map[string]any{"line1": "12 Rue Ségur", "city": "Northfield", "state": "NY", "postal": "10001", "country": "US"}},
		},
	}
}

// corrected: ada corrects a number, the night's load brings the old one, and the correction stays.
func (m *shift) corrected(person string) {
	path := "/v1/persons/by-id/" + person
	status, before := m.g.get(m.t, m.ada, path)
	m.must(status == http.StatusOK, "ada reads the customer", before)
	match := map[string]string{"If-Match": fmt.Sprintf(`"%v"`, before["revision"])}
	m.say("ada corrects the number", m.ada, http.MethodPatch, path, http.StatusOK, match,
		map[string]any{"points": []any{map[string]any{"kind": "phone", "value": "(212) 555-0199"}}})
	m.say("ben corrects what he read before", m.ben, http.MethodPatch, path, http.StatusConflict, match,
		map[string]any{"points": []any{map[string]any{"kind": "phone", "value": "(212) 555-0111"}}})
	m.say("the night's load brings the old number", m.g.cis, http.MethodPut, "/v1/persons/PER-7", http.StatusOK, nil, loadOfAna(2, "+12125550143"))
	after := m.say("the correction stays", m.ada, http.MethodGet, path, http.StatusOK, nil, nil)
	points := objects(after, "points")
	m.must(len(points) == 2 && word(points[0], "value") == "+12125550199" && word(points[1], "kind") == "post", "the number is ada's, the address the CIS's", points)
}

// newCustomer makes a customer with an account (steps 1.3 and 1.5).
func (m *shift) newCustomer() (person, account string) {
	m.say("a number that is none", m.ada, http.MethodPost, "/v1/persons", http.StatusUnprocessableEntity, nil, map[string]any{
		"division": "NORTH", "names": []any{map[string]any{"type": "primary", "text": "Okafor, Chidi"}},
		"points": []any{map[string]any{"kind": "phone", "value": "911"}},
	})
	made := m.say("ada makes a customer", m.ada, http.MethodPost, "/v1/persons", http.StatusCreated, nil, map[string]any{
		"division": "NORTH", "names": []any{map[string]any{"type": "primary", "text": "Okafor, Chidi"}}, "language": "en-US",
		"points": []any{map[string]any{"kind": "phone", "value": "(212) 555-0177"}},
	})
	person = word(made, "id")
	premise := m.say("adds a premise", m.ada, http.MethodPost, "/v1/premises", http.StatusCreated, nil, map[string]any{
		"division": "NORTH", "zone": "America/New_York", "address": map[string]any{"line1": "4 Mill Lane", "city": "Northfield", "country": "US"},
	})
	opened := m.say("and an account", m.ada, http.MethodPost, "/v1/accounts", http.StatusCreated, nil, map[string]any{
		"division": "NORTH", "class": "RES", "currency": "USD", "premise": word(premise, "id"), "persons": []any{map[string]any{"person": person, "main": true}},
	})
	context := m.say("the context completes itself", m.ada, http.MethodGet, "/v1/context?account="+word(opened, "id"), http.StatusOK, nil, nil)
	main, _ := context["person"].(map[string]any)
	m.must(word(main, "id") == person && context["personInfo"] != "", "the account brings its main customer", context)
	return person, word(opened, "id")
}

// contact writes down what the customer wants, with a reminder (steps 1.1, 1.2, 1.6 to 1.8).
func (m *shift) contact(person, account string) string {
	body := map[string]any{
		"division": "NORTH", "class": "CUST", "type": "CALL", "person": person, "account": account, "comments": "asks when the meter is read", "open": true,
		"log": map[string]any{"comments": "call back", "reminder": map[string]any{"role": "CSR", "triggerDate": m.today}},
	}
	wrong := map[string]any{"division": "NORTH", "class": "CUST", "type": "CALL", "log": map[string]any{"reminder": map[string]any{"role": "NOBODY", "triggerDate": "soon"}}}
	m.say("a contact with three faults", m.ada, http.MethodPost, "/v1/desk/contacts", http.StatusUnprocessableEntity, map[string]string{"Idempotency-Key": "morning-0"}, wrong)
	key := map[string]string{"Idempotency-Key": "morning-1"}
	made := m.say("ada adds a contact with a reminder", m.ada, http.MethodPost, "/v1/desk/contacts", http.StatusAccepted, key, body)
	again := m.say("and once more by mistake", m.ada, http.MethodPost, "/v1/desk/contacts", http.StatusAccepted, key, body)
	m.must(made["contact"] == again["contact"], "one contact was made", made, again)
	return word(made, "contact")
}

// reminded runs TD-CCCB, and sees its To Do through (steps 1.9 to 2.1).
func (m *shift) reminded(contact string) {
	for range 2 { // the second changes nothing
		run := m.say("the batch of reminders", m.g.sre, http.MethodPost, "/v1/batches/TD-CCCB/runs", http.StatusAccepted, nil, map[string]any{"businessDate": m.today})
		path := fmt.Sprintf("/v1/batches/TD-CCCB/runs/%v", run["run"])
		eventually(m.t, time.Minute, "the run is complete", func() bool {
			_, view := m.g.get(m.t, m.g.sre, path)
			now, _ := view["run"].(map[string]any)
			return word(now, "state") == "complete"
		})
	}
	list := m.say("ben looks at his role's work", m.ben, http.MethodGet, "/v1/todos?type=TD-CCCB&status=open", http.StatusOK, nil, nil)
	entries := objects(list, "todos")
	m.must(len(entries) == 1 && slices.Contains(strings.Split(fmt.Sprint(entries[0]["drillKeys"]), " "), "["+contact), "one To Do of one reminder, ever", entries)
	id := word(entries[0], "id")
	m.act("ben takes it", m.ben, id, "take", http.StatusOK, nil)
	m.act("begins", m.ben, id, "start", http.StatusOK, nil)
	m.act("ada may not complete it", m.ada, id, "complete", http.StatusForbidden, nil)
	m.act("ben forwards it to ada", m.ben, id, "forward", http.StatusOK, map[string]any{"user": "ada", "comment": "she knows him"})
	m.act("to somebody who is gone", m.ada, id, "forward", http.StatusUnprocessableEntity, map[string]any{"user": "edda"})
	m.act("ada completes it", m.ada, id, "complete", http.StatusOK, map[string]any{"comment": "called"})
	m.act("completing it again", m.ada, id, "complete", http.StatusConflict, nil)
	left := m.say("nothing waits any more", m.ada, http.MethodGet, "/v1/reminders", http.StatusOK, nil, nil)
	m.must(len(objects(left, "reminders")) == 0, "no reminder waits", left)
}

// act does something with a To Do under its revision.
func (m *shift) act(what, key, id, action string, want int, body map[string]any) map[string]any {
	m.t.Helper()
	_, view := m.g.get(m.t, m.cleo, "/v1/todos/"+id)
	entry, _ := view["todo"].(map[string]any)
	if body == nil {
		body = map[string]any{}
	}
	return m.say(what, key, http.MethodPost, "/v1/todos/"+id+"/"+action, want, map[string]string{"If-Match": fmt.Sprintf(`"%v"`, entry["revision"])}, body)
}

// skilled: who has not the skill is warned of or refused, as the type says (F1-VAL-SKILL).
func (m *shift) skilled() {
	spanish := m.say("cleo adds a call in Spanish", m.cleo, http.MethodPost, "/v1/todos", http.StatusCreated, nil, map[string]any{
		"type": "TD-MANUAL", "division": "NORTH", "role": "CSR", "subject": "Call back in Spanish", "drillKeys": []any{"1000000001"},
	})
	call, _ := spanish["todo"].(map[string]any)
	m.act("gives it to ben, who has none", m.cleo, word(call, "id"), "assign", http.StatusUnprocessableEntity, map[string]any{"user": "ben"})
	m.act("gives it to ada, who has", m.cleo, word(call, "id"), "assign", http.StatusOK, map[string]any{"user": "ada"})
	made := m.say("cleo adds work on a debt", m.cleo, http.MethodPost, "/v1/todos", http.StatusCreated, nil, map[string]any{
		"type": "TD-CREDIT", "division": "NORTH", "subject": "Look into it", "drillKeys": []any{"4000000001"},
	})
	entry, _ := made["todo"].(map[string]any)
	id := word(entry, "id")
	warned := m.act("gives it to ben, who has not the skill", m.cleo, id, "assign", http.StatusOK, map[string]any{"user": "ben"})
	warnings, _ := warned["warnings"].([]any)
	m.must(len(warnings) > 0, "it warns", warned)
	m.act("and to herself, who has", m.cleo, id, "assign", http.StatusOK, map[string]any{"user": "cleo"})
	m.act("and completes it", m.cleo, id, "complete", http.StatusOK, nil)
}

// oneLine: everything stands on one timeline, and in the changes the CIS reads back.
func (m *shift) oneLine(person, account, contact string) {
	for _, of := range []string{"person=" + person, "account=" + account} {
		line := m.say("the timeline by "+of, m.ada, http.MethodGet, "/v1/timeline?"+of, http.StatusOK, nil, nil)
		events := objects(line, "events")
		m.must(len(events) >= 2, "the contact and its log are there", events)
		for _, e := range events {
			m.must(word(e, "contact") == contact, "they are of the contact", e)
		}
	}
	status, hidden := m.g.ask(m.t, m.south, http.MethodGet, "/v1/contacts/"+contact, nil, nil)
	m.must(status == http.StatusNotFound, "another division does not see it", hidden)
}
