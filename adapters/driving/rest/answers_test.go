package rest_test

import (
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"carillon/contracts"
)

// elsewhere are the operations that other packages serve, or call: hooks replays its own, and TestWebhooks checks
// those of vendors.
func elsewhere(id string) bool { return id == "receiveNotification" || id == "pushDialRequests" }

// TestAnswersOfExamples wants an example of every success, and a problem document of every status somewhere.
func TestAnswersOfExamples(t *testing.T) {
	entries, err := fs.ReadDir(contracts.Examples(), "examples/rest")
	if err != nil {
		t.Fatal(err)
	}
	there, statuses, asked := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, name := range requests(t) {
		asked[name] = true
	}
	for _, e := range entries {
		name, status, isAnswer := strings.Cut(strings.TrimSuffix(e.Name(), ".json"), ".response.")
		id, _, _ := strings.Cut(name, ".")
		if !isAnswer || elsewhere(id) {
			continue
		}
		if !asked[name] {
			t.Errorf("%s answers no request", e.Name())
		}
		there[id+" "+status], statuses[status] = true, true
	}
	for _, f := range specified(t).operations(t) {
		for _, status := range f.statuses {
			switch {
			case f.id == "openapi" || f.id == "asyncapi":
			case status == "400" || status == "413" || status == "415": // bodies that no example can be: TestBodiesThatAreNone
			case status[0] == '2' && !there[f.id+" "+status]:
				t.Errorf("no example of %s with %s", f.id, status)
			case !statuses[status]:
				t.Errorf("no example of any answer with %s", status)
			}
		}
	}
}

// TestWebhooks checks the examples of what is asked of a dialer vendor, and of what it answers.
func TestWebhooks(t *testing.T) {
	var d struct {
		Webhooks map[string]map[string]struct {
			ID string `yaml:"operationId"`
		}
	}
	if err := yaml.Unmarshal([]byte(contracts.OpenAPI()), &d); err != nil {
		t.Fatal(err)
	}
	compiler := specified(t).compiler
	for name, methods := range d.Webhooks {
		for method, o := range methods {
			for file, schema := range map[string]string{
				o.ID + ".request.json":      "/requestBody/content/application~1json/schema",
				o.ID + ".response.200.json": "/responses/200/content/application~1json/schema",
			} {
				e, found := readExample(t, file)
				if !found {
					t.Errorf("no %s", file)
					continue
				}
				compiled, err := compiler.Compile(address + "#/webhooks/" + name + "/" + method + schema)
				if err != nil {
					t.Fatal(err)
				}
				conforms(t, compiled, e.Body)
			}
		}
	}
	if len(d.Webhooks) == 0 {
		t.Error("no webhooks are read")
	}
}

// waitingDocument is what a message says of why it waits.
type waitingDocument struct {
	Reason    string
	LanePause string
	Breakers  []struct{ State string }
	Until     json.RawMessage
}
