package main

import (
	"net/http"
	"reflect"
	"strconv"
	"testing"

	"carillon/adapters/driven/liquid"
	"carillon/core/config"
)

// shippedDocument is the configuration that is shipped.
func shippedDocument(t *testing.T) config.Document {
	t.Helper()
	d, err := parseDocument(shipped())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestShipped(t *testing.T) {
	t.Parallel()
	d := shippedDocument(t)
	t.Run("has nothing wrong with it", func(t *testing.T) {
		t.Parallel()
		for _, v := range rulesOf(liquid.New()).Check(d, nil) {
			t.Errorf("%s %s", v.Field, v.Reason)
		}
	})
	t.Run("comes back from its rows as it was", func(t *testing.T) {
		t.Parallel()
		rows, err := d.Rows()
		if err != nil {
			t.Fatal(err)
		}
		back, err := config.FromRows(rows)
		if err != nil || !reflect.DeepEqual(back, d) {
			t.Errorf("another document: %v", err)
		}
	})
}

// TestConfigOverHTTP writes what is shipped by the API, compares and checks it there, and finds every version again.
func TestConfigOverHTTP(t *testing.T) {
	t.Parallel()
	g := serve(t, within, t.TempDir()+"/carillon.db", settings(t, nil), simulate(t, within), allowed()...)
	admin := g.sre
	status, doc := g.get(t, admin, "/v1/config")
	if status != http.StatusOK || len(list(doc["saTypes"])) != 27 {
		t.Fatalf("%d: %v", status, doc)
	}
	alerts := list(doc["alertTypes"])
	alerts[0].(map[string]any)["description"] = "Changed"
	status, diff := g.ask(t, admin, http.MethodPost, "/v1/config/diff", nil, map[string]any{"document": doc})
	changes := list(diff["changes"])
	if status != http.StatusOK || len(changes) != 1 || changes[0].(map[string]any)["kind"] != "alert_type" {
		t.Fatalf("%d: %v", status, diff)
	}
	if status, found := g.ask(t, admin, http.MethodPost, "/v1/config/lint", nil, doc); status != http.StatusOK || len(list(found["errors"])) != 0 {
		t.Fatalf("%d: %v", status, found)
	}
	version := strconv.FormatFloat(diff["from"].(float64), 'f', 0, 64)
	if status, answer := g.ask(t, admin, http.MethodPut, "/v1/config", map[string]string{"If-Match": `"` + version + `"`}, doc); status != http.StatusNoContent {
		t.Fatalf("%d: %v", status, answer)
	}
	if status, _ := g.ask(t, admin, http.MethodPut, "/v1/config", map[string]string{"If-Match": `"` + version + `"`}, doc); status != http.StatusConflict {
		t.Errorf("a version is written twice: %d", status)
	}
	status, history := g.get(t, admin, "/v1/config/versions")
	versions := list(history["versions"])
	if status != http.StatusOK || len(versions) < 2 || versions[0].(map[string]any)["changed"] != 1.0 || versions[0].(map[string]any)["by"] == "" {
		t.Errorf("%d: %v", status, history)
	}
	status, before := g.get(t, admin, "/v1/config/versions/"+version)
	if got := list(before["alertTypes"]); status != http.StatusOK || got[0].(map[string]any)["description"] == "Changed" {
		t.Errorf("%d: %v", status, got)
	}
	doc["users"] = []any{}
	status, found := g.ask(t, admin, http.MethodPost, "/v1/config/lint", nil, doc)
	if status != http.StatusOK || len(list(found["errors"])) == 0 {
		t.Errorf("%d: %v", status, found)
	}
}

// list is a list of an answer; none when it is not there.
func list(v any) []any {
	all, _ := v.([]any)
	return all
}
