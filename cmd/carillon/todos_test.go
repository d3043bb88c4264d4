package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"carillon/cmd/internal/parttest"
	"carillon/core/config"
)

// TestToDosOverHTTP is a morning's work with the shipped configuration: what is open, who takes it, what their skills allow,
// and what becomes of it; on both stores.
func TestToDosOverHTTP(t *testing.T) {
	t.Parallel()
	parttest.OnBothStores(t, func(t *testing.T, store string) { //nolint:thelper // it is the test
		reachable := func(d *config.Document) {
			for i := range d.Users {
				d.Users[i].Email = d.Users[i].Name + "@example.com"
			}
		}
		g := serve(t, within, store, configFile(t, reachable), simulate(t, within), allowed()...)
		w := workday{g: g, t: t}
		ada, ben, cleo := w.user("ada", "csr"), w.user("ben", "csr"), w.user("cleo", "csr")
		chief := w.user("chief", "supervisor")

		call := w.add(ada, map[string]any{
			"type": "TD-MANUAL", "division": "NORTH", "subject": "Call back", "drillKeys": []string{"1000000417"},
			"characteristics": []any{map[string]any{"type": "ACCT-ID", "value": "4000000417"}},
		})
		if got := w.says(call); got != "open F1_DFLT  Something to do: Call back" {
			t.Errorf("it is %q", got)
		}
		w.refused(ada, "/v1/todos", "", http.StatusConflict, map[string]any{"type": "TD-MANUAL", "division": "NORTH", "subject": "Again", "drillKeys": []string{"1000000417"}})
		id := w.id(call)
		taken := w.does(ben, id, "take", `"1"`, nil)
		if got := w.says(taken); got != "assigned F1_DFLT ben Something to do: Call back" {
			t.Errorf("it is %q", got)
		}
		w.refused(ada, "/v1/todos/"+id+"/complete", `"2"`, http.StatusForbidden, nil)
		w.refused(ben, "/v1/todos/"+id+"/complete", `"1"`, http.StatusConflict, nil)
		w.does(ada, id, "comments", `"2"`, map[string]any{"comment": "she called again"})
		w.does(ben, id, "start", `"3"`, nil)
		w.does(ben, id, "forward", `"4"`, map[string]any{"role": "CSR"})
		done := w.does(cleo, id, "complete", `"5"`, map[string]any{"comment": "called"})
		if got := w.says(done); got != "complete CSR  Something to do: Call back" {
			t.Errorf("it is %q", got)
		}
		var log []string
		for _, row := range list(done["log"]) {
			log = append(log, fmt.Sprint(row.(map[string]any)["kind"]))
		}
		if got := strings.Join(log, " "); got != "created assigned commented started forwarded completed" {
			t.Errorf("it went %s", got)
		}

		debt := w.add(cleo, map[string]any{"type": "TD-CREDIT", "division": "NORTH", "subject": "Look", "drillKeys": []string{"4000000417"}})
		if got := w.says(debt); !strings.HasPrefix(got, "open CREDIT  Look into a debt: Look") {
			t.Errorf("it is %q", got)
		}
		if status, _ := g.get(t, ada, "/v1/todos/"+w.id(debt)); status != http.StatusNotFound {
			t.Errorf("who is not in its role is answered %d", status)
		}
		if status, answer := g.get(t, chief, "/v1/todos?role=CREDIT"); status != http.StatusOK || len(list(answer["todos"])) != 1 {
			t.Errorf("a supervisor sees %d: %v", status, answer)
		}
		w.refused(chief, "/v1/todos/"+w.id(debt)+"/assign", `"1"`, http.StatusUnprocessableEntity, map[string]any{"user": "ben"})
		w.does(chief, w.id(debt), "assign", `"1"`, map[string]any{"user": "cleo"})

		w.routed(cleo, w.id(debt))

		approval := w.add(cleo, map[string]any{"type": "ADJ-APPR", "division": "NORTH", "subject": "Approve", "user": "cleo", "drillKeys": []string{"A-1"}, "sortKeys": []string{"19.95"}})
		w.refused(cleo, "/v1/todos/"+w.id(approval)+"/forward", `"1"`, http.StatusUnprocessableEntity, map[string]any{"role": "APPROVER", "user": "ada"})
		status, many := g.ask(t, cleo, http.MethodPost, "/v1/todos/actions", nil, map[string]any{"action": "complete", "todos": []string{w.id(debt), id, w.id(approval)}})
		if results := list(many["results"]); status != http.StatusOK || fmt.Sprintln(results[0].(map[string]any)["done"], results[1].(map[string]any)["problem"], results[2].(map[string]any)["done"]) != "true the To Do is complete true\n" {
			t.Errorf("%d: %v", status, many)
		}
		if status, answer := g.get(t, cleo, "/v1/todos"); status != http.StatusOK || len(list(answer["todos"])) != 0 {
			t.Errorf("%d: there is left %v", status, answer)
		}
	})
}

// workday is people at work on To Dos.
type workday struct {
	g *instance
	t *testing.T
}

// user makes the key of a user of the configuration.
func (w workday) user(name, role string) string {
	w.t.Helper()
	status, made := w.g.ask(w.t, w.g.sre, http.MethodPost, "/v1/principals", nil, map[string]any{
		"name": name, "source": "desk", "divisions": []string{"NORTH"}, "roles": []string{role},
	})
	if status != http.StatusCreated {
		w.t.Fatalf("%d: %v", status, made)
	}
	return fmt.Sprint(made["key"])
}

func (w workday) add(key string, body map[string]any) map[string]any {
	w.t.Helper()
	status, view := w.g.ask(w.t, key, http.MethodPost, "/v1/todos", nil, body)
	if status != http.StatusCreated {
		w.t.Fatalf("%d: %v", status, view)
	}
	return view
}

// routed runs F1-TDEER, twice, and proves that whom an entry is assigned to was told of it, once, by an email that left.
func (w workday) routed(key, id string) {
	w.t.Helper()
	for range 2 {
		status, run := w.g.ask(w.t, w.g.sre, http.MethodPost, "/v1/batches/F1-TDEER/runs", nil, map[string]any{})
		if status != http.StatusAccepted && status != http.StatusConflict { // the schedule may be first
			w.t.Fatalf("%d: %v", status, run)
		}
		eventually(w.t, 30*time.Second, "the batch has run", func() bool {
			status, answer := w.g.get(w.t, w.g.sre, "/v1/batches/F1-TDEER/runs?limit=1")
			runs := list(answer["runs"])
			return status == http.StatusOK && len(runs) == 1 && runs[0].(map[string]any)["closedAt"] != nil
		})
	}
	var sent []string
	eventually(w.t, 30*time.Second, "it was routed", func() bool {
		_, view := w.g.get(w.t, key, "/v1/todos/"+id)
		sent = nil
		for _, row := range list(view["log"]) {
			if r := row.(map[string]any); r["kind"] == "routed" {
				sent = append(sent, fmt.Sprint(r["message"], " ", r["comment"]))
			}
		}
		return len(sent) > 0
	})
	if len(sent) != 1 || !strings.HasSuffix(sent[0], "emails: 1") { // to whom it is assigned
		w.t.Errorf("it was routed %v", sent)
	}
	number, _, _ := strings.Cut(sent[0], " ")
	eventually(w.t, 30*time.Second, "the email has left", func() bool {
		status, m := w.g.get(w.t, w.g.sre, "/v1/messages/"+number)
		return status == http.StatusOK && m["origin"] == "todo" && m["todo"] == id && (m["outcome"] == "sent" || m["outcome"] == "delivered")
	})
}

func (w workday) does(key, id, action, revision string, body any) map[string]any {
	w.t.Helper()
	status, view := w.g.ask(w.t, key, http.MethodPost, "/v1/todos/"+id+"/"+action, map[string]string{"If-Match": revision}, body)
	if status != http.StatusOK {
		w.t.Fatalf("%s: %d: %v", action, status, view)
	}
	return view
}

func (w workday) refused(key, path, revision string, want int, body any) {
	w.t.Helper()
	header := map[string]string{"If-Match": revision}
	if revision == "" {
		header = nil
	}
	if status, answer := w.g.ask(w.t, key, http.MethodPost, path, header, body); status != want {
		w.t.Errorf("%s: %d, want %d: %v", path, status, want, answer)
	}
}

func (workday) id(view map[string]any) string { return fmt.Sprint(view["todo"].(map[string]any)["id"]) }

// says is an entry's status, role, user and line.
func (workday) says(view map[string]any) string {
	e := view["todo"].(map[string]any)
	word := func(name string) string {
		s, _ := e[name].(string)
		return s
	}
	return word("status") + " " + word("role") + " " + word("user") + " " + word("information")
}
