package contracts_test

import (
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"carillon/contracts"
)

// operation is what TestEveryOperationSaysWhatItAnswers reads of one.
type operation struct {
	ID          string         `yaml:"operationId"`
	Parameters  []any          `yaml:"parameters"`
	RequestBody any            `yaml:"requestBody"`
	Security    *[]any         `yaml:"security"`
	Responses   map[string]any `yaml:"responses"`
}

// TestEveryOperationSaysWhatItAnswers: whatever takes a body can be sent none that is readable, one too large or of another
// kind; whatever has a path or a query can be asked for what is not there or cannot be; whatever wants a key can lack it.
func TestEveryOperationSaysWhatItAnswers(t *testing.T) {
	t.Parallel()
	var api struct {
		Paths map[string]map[string]yaml.Node `yaml:"paths"`
	}
	if err := yaml.Unmarshal([]byte(contracts.OpenAPI()), &api); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for path, methods := range api.Paths {
		for method, node := range methods {
			if !slices.Contains([]string{"get", "put", "post", "patch", "delete"}, method) {
				continue
			}
			var o operation
			if err := node.Decode(&o); err != nil {
				t.Fatal(err)
			}
			seen++
			want := []string{"503"}
			if o.RequestBody != nil {
				want = append(want, "400", "413", "415", "422")
			}
			if strings.Contains(path, "{") {
				want = append(want, "404", "422")
			}
			if len(o.Parameters) > 0 {
				want = append(want, "422")
			}
			if o.Security == nil || len(*o.Security) > 0 {
				want = append(want, "401", "403")
			}
			for _, status := range want {
				if o.Responses[status] == nil {
					t.Errorf("%s does not say that it answers %s", o.ID, status)
				}
			}
		}
	}
	if seen < 90 {
		t.Errorf("only %d operations found", seen)
	}
}

// TestEveryPatternHasWords: a reason is read by people, who do not read regular expressions.
func TestEveryPatternHasWords(t *testing.T) {
	t.Parallel()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(contracts.OpenAPI()), &document); err != nil {
		t.Fatal(err)
	}
	seen := 0
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Kind == yaml.MappingNode {
			var here struct {
				Pattern string `yaml:"pattern"`
				Says    string `yaml:"x-says"`
			}
			if n.Decode(&here) == nil && here.Pattern != "" {
				seen++
				if here.Says == "" || strings.ContainsAny(here.Says, `^$\[{`) {
					t.Errorf("line %d: the pattern %s is not told in words: %q", n.Line, here.Pattern, here.Says)
				}
			}
		}
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(&document)
	if seen < 30 {
		t.Errorf("only %d patterns found", seen)
	}
}
