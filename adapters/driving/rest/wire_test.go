package rest

import (
	"encoding"
	"io/fs"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"carillon/adapters/driving/api/intake"
	"carillon/contracts"
	"carillon/core/access"
	"carillon/core/contact"
	"carillon/core/control"
	"carillon/core/message"
	"carillon/core/occurrence"
)

// schema is a schema of the contract as these tests read it.
type schema struct {
	Ref                  string            `yaml:"$ref"`
	Type                 string            `yaml:"type"`
	Format               string            `yaml:"format"`
	Enum                 []string          `yaml:"enum"`
	Properties           map[string]schema `yaml:"properties"`
	Required             []string          `yaml:"required"`
	Items                *schema           `yaml:"items"`
	AdditionalProperties yaml.Node         `yaml:"additionalProperties"`
	OneOf                []schema          `yaml:"oneOf"`
}

type content map[string]struct {
	Schema schema `yaml:"schema"`
}

type response struct {
	Ref     string  `yaml:"$ref"`
	Content content `yaml:"content"`
}

type specification struct {
	Paths map[string]map[string]struct {
		ID   string `yaml:"operationId"`
		Body struct {
			Content content `yaml:"content"`
		} `yaml:"requestBody"`
		Responses map[string]response `yaml:"responses"`
	} `yaml:"paths"`
	Components struct {
		Schemas   map[string]schema   `yaml:"schemas"`
		Responses map[string]response `yaml:"responses"`
	} `yaml:"components"`
}

func readSpecification(t *testing.T) *specification {
	t.Helper()
	var s specification
	if err := yaml.Unmarshal([]byte(contracts.OpenAPI()), &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// bodies are the schemas of what an operation takes and answers with; nil of what has none.
func (s *specification) bodies(t *testing.T, id string) (request *schema, answers []schema) {
	t.Helper()
	for _, methods := range s.Paths {
		for _, o := range methods {
			if o.ID != id {
				continue
			}
			if c, there := o.Body.Content["application/json"]; there {
				request = &c.Schema
			}
			for status, r := range o.Responses {
				if name, is := strings.CutPrefix(r.Ref, "#/components/responses/"); is {
					r = s.Components.Responses[name]
				}
				c, there := r.Content["application/json"]
				known := slices.ContainsFunc(answers, func(a schema) bool { return reflect.DeepEqual(a, c.Schema) })
				if there && status[0] != '4' && !known {
					answers = append(answers, c.Schema)
				}
			}
		}
	}
	return request, answers
}

func (s *specification) resolve(of schema) schema {
	for of.Ref != "" {
		of = s.Components.Schemas[strings.TrimPrefix(of.Ref, "#/components/schemas/")]
	}
	return of
}

// holding compares wire forms with schemas, in both directions.
type holding struct {
	t    *testing.T
	spec *specification
	// strict: what is optional must be left out when it is empty, and the other way round. An answer may say more than
	// it must.
	strict bool
	seen   map[string]bool
}

func (h *holding) hold(at string, of schema, t reflect.Type) {
	h.t.Helper()
	of = h.spec.resolve(of)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == reflect.TypeFor[jsontext.Value]() || t.Kind() == reflect.Interface {
		return // free JSON
	}
	if key := at + t.String(); h.seen[key] {
		return
	} else {
		h.seen[key] = true
	}
	right := map[string]bool{
		"object":  t.Kind() == reflect.Struct || t.Kind() == reflect.Map,
		"array":   t.Kind() == reflect.Slice,
		"string":  t.Kind() == reflect.String || isText(t),
		"integer": t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64 && !isText(t),
		"number":  t.Kind() == reflect.Float64,
		"boolean": t.Kind() == reflect.Bool,
	}
	if !right[of.Type] {
		h.t.Errorf("%s is a %s in the contract and a %s here", at, of.Type, t)
		return
	}
	if of.Format == "date-time" && t.Kind() == reflect.String {
		h.t.Errorf("%s is a moment in the contract and a %s here", at, t)
	}
	switch t.Kind() {
	case reflect.Struct:
		if of.Type == "object" {
			h.holdFields(at, of, t)
		}
	case reflect.Map:
		for name, property := range of.Properties {
			h.hold(at+"/"+name, property, t.Elem())
		}
	case reflect.Slice:
		h.hold(at+"/0", *of.Items, t.Elem())
	}
}

func isText(t reflect.Type) bool { return t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) }

func (h *holding) holdFields(at string, of schema, t reflect.Type) {
	h.t.Helper()
	named := map[string]bool{}
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		named[name] = true
		property, described := of.Properties[name]
		if !described {
			h.t.Errorf("%s has no %s in the contract, and %s has", at, name, t)
			continue
		}
		left := strings.Contains(options, "omit")
		required := slices.Contains(of.Required, name)
		if required && left || h.strict && required == left {
			h.t.Errorf("%s/%s: required is %t in the contract, and %s says %q", at, name, required, t, options)
		}
		h.hold(at+"/"+name, property, f.Type)
	}
	for name := range of.Properties {
		if !named[name] {
			h.t.Errorf("%s has %s in the contract, and %s has not", at, name, t)
		}
	}
}

// TestWireFormsAreThoseOfTheContract holds what every operation takes and answers with against its schemas: names,
// types, and what may be left out.
func TestWireFormsAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	spec := readSpecification(t)
	for _, o := range new(server).operations() {
		request, answers := spec.bodies(t, o.id)
		if request == nil != (o.request == reflect.TypeFor[nothing]()) {
			t.Errorf("%s takes a %s", o.id, o.request)
		} else if request != nil {
			(&holding{t: t, spec: spec, seen: map[string]bool{}}).hold(o.id+" request", *request, o.request)
		}
		taken := slices.DeleteFunc(slices.Clone(o.answers), func(a reflect.Type) bool { return a == reflect.TypeFor[nothing]() })
		if len(answers) != len(taken) {
			t.Errorf("%s answers with %v, and has %d schemas", o.id, taken, len(answers))
			continue
		}
		for _, of := range answers {
			name := strings.TrimPrefix(of.Ref, "#/components/schemas/")
			i := slices.IndexFunc(taken, func(a reflect.Type) bool { return len(taken) == 1 || a.Name() == name })
			if i < 0 {
				t.Errorf("%s answers with %v, and not with %s", o.id, taken, name)
				continue
			}
			(&holding{t: t, spec: spec, seen: map[string]bool{}}).hold(o.id+" answer", of, taken[i])
		}
	}
	for name, of := range map[string]any{
		"ContactLine": intake.ContactLine{}, "ContactResult": intake.ContactResult{}, "ContactsEnd": ContactsEnd{},
		"LoadLine": LoadLine{}, "LoadResult": LoadResult{}, "LoadsEnd": LoadsEnd{},
	} {
		h := &holding{t: t, spec: spec, seen: map[string]bool{}}
		h.hold(name, schema{Ref: "#/components/schemas/" + name}, reflect.TypeOf(of))
	}
}

// TestEnumerationsAreThoseOfTheCore holds the closed lists of the contract against those of the core.
func TestEnumerationsAreThoseOfTheCore(t *testing.T) {
	t.Parallel()
	spec := readSpecification(t)
	for name, want := range map[string][]string{
		"Channel":           texts(message.Channels()),
		"Urgency":           texts(message.Urgencies()),
		"Outcome":           texts(message.Places()),
		"BatchState":        texts(control.States()),
		"EventKind":         texts(occurrence.Kinds()),
		"Role":              texts(access.Roles()),
		"ContactTaskStatus": texts([]contact.TaskStatus{contact.TaskPending, contact.TaskCompleted, contact.TaskError}),
	} {
		got := slices.Sorted(slices.Values(spec.Components.Schemas[name].Enum))
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// texts are values as the API writes them.
func texts[T any](all []T) (out []string) {
	for _, v := range all {
		switch v := any(v).(type) {
		case interface{ String() string }:
			out = append(out, v.String())
		default:
			out = append(out, reflect.ValueOf(v).String())
		}
	}
	return out
}

// TestExamplesGoBothWays reads the body of every recorded request and writes it again: nothing is lost and nothing is
// added.
func TestExamplesGoBothWays(t *testing.T) {
	t.Parallel()
	forms := map[string]reflect.Type{}
	for _, o := range new(server).operations() {
		forms[o.id] = o.request
	}
	entries, err := fs.ReadDir(contracts.Examples(), "examples/rest")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		id, rest, _ := strings.Cut(e.Name(), ".")
		if kind, is := strings.CutSuffix(rest, "request.json"); !is || kind == "invalid." || forms[id] == nil {
			continue
		}
		text, err := fs.ReadFile(contracts.Examples(), path.Join("examples/rest", e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		var request struct {
			Body jsontext.Value `json:"body"`
		}
		if err := json.Unmarshal(text, &request); err != nil {
			t.Fatal(err)
		}
		if request.Body == nil {
			continue
		}
		body := reflect.New(forms[id]).Interface()
		if err := json.Unmarshal(request.Body, body, json.RejectUnknownMembers(true)); err != nil {
			t.Errorf("%s: %v", e.Name(), err)
			continue
		}
		back, err := json.Marshal(body, answerOptions())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(treeOf(t, request.Body), treeOf(t, back)); diff != "" {
			t.Errorf("%s: %s", e.Name(), diff)
		}
	}
}

// treeOf is a text as values; moments are the same however they are written.
func treeOf(t *testing.T, text []byte) any {
	t.Helper()
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	return moments(tree)
}

func moments(tree any) any {
	switch v := tree.(type) {
	case map[string]any:
		for name := range v {
			v[name] = moments(v[name])
			if empty, is := v[name].(map[string]any); is && len(empty) == 0 {
				delete(v, name) // a configuration writes what is empty, too
			}
		}
	case []any:
		for i := range v {
			v[i] = moments(v[i])
		}
	case string:
		if at, err := time.Parse(time.RFC3339, v); err == nil {
			return at.UTC()
		}
	}
	return tree
}
