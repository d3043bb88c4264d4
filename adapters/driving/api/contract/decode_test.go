package contract

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"carillon/core/fault"
)

// thing is the wire form of the document of these tests.
type thing struct {
	Name   string                    `json:"name"`
	Count  *int                      `json:"count,omitzero"`
	Of     []part                    `json:"of,omitzero"`
	Data   map[string]jsontext.Value `json:"data,omitzero"`
	Colour string                    `json:"colour,omitzero"`
	inner
}

type inner struct {
	Deep string `json:"deep,omitzero"`
}

type part struct {
	Code string `json:"code"`
}

const things = `
paths:
  /things:
    post:
      operationId: addThing
      x-roles: [cis]
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Thing'}
components:
  schemas:
    Code: {type: string, pattern: '^[A-Z]+$', maxLength: 5, x-says: 'has one to five capitals'}
    Part:
      type: object
      additionalProperties: false
      required: [code]
      properties:
        code: {$ref: '#/components/schemas/Code'}
    Thing:
      type: object
      additionalProperties: false
      required: [name]
      properties:
        name: {type: string, minLength: 1, maxLength: 4}
        count: {type: integer, minimum: 1, maximum: 9}
        of: {type: array, minItems: 1, maxItems: 2, items: {$ref: '#/components/schemas/Part'}}
        data: {type: object, maxProperties: 2, additionalProperties: true}
        colour: {type: string, enum: [red, blue]}
        deep: {type: string, maxLength: 3}
`

func thingBody(tb testing.TB) *Body[thing] {
	tb.Helper()
	c, err := parseContract([]byte(things))
	if err != nil {
		tb.Fatal(err)
	}
	return BodyOf[thing](c.Operation("addThing").Body)
}

func TestBodiesAreReadStrictly(t *testing.T) {
	t.Parallel()
	body := thingBody(t)
	for text, want := range map[string][]fault.Violation{
		`{"name":"a"}`: nil,
		`{"name":"a","count":9,"of":[{"code":"AB"}],"data":{"x":null,"y":""},"colour":"red","deep":"abc"}`: nil,
		`{"name":"a","count":1.0}`:                {{Field: "/count", Reason: "is not as described"}},
		`{"name":"a","name":"b"}`:                 {{Field: "/name", Reason: "is there more than once"}},
		`{"name":"a","data":{"x":{"y":1,"y":2}}}`: {{Field: "/data/x/y", Reason: "is there more than once"}},
		`{"name":"a","Count":1}`:                  {{Field: "/Count", Reason: "is not a field here"}},
		`{"name":"a","+1 312 555 0142":1}`:        {{Field: "", Reason: "is not a field here"}},
		`{"name":""}`:                             {{Field: "/name", Reason: "must have at least 1 characters"}},
		`{"name":null}`:                           {{Field: "/name", Reason: "must be of type string"}},
		`{"name":"a","count":0}`:                  {{Field: "/count", Reason: "must be at least 1"}},
		`{"name":"a","count":null}`:               {{Field: "/count", Reason: "must be of type integer"}},
		`{"name":"a","of":[]}`:                    {{Field: "/of", Reason: "must have at least 1"}},
		`{"name":"a","of":[{"code":"ab"}]}`:       {{Field: "/of/0/code", Reason: "has one to five capitals"}},
		`{"name":"a","of":[{}]}`:                  {{Field: "/of/0/code", Reason: "is required"}},
		`{"name":"a","data":{"x":1,"y":2,"z":3}}`: {{Field: "/data", Reason: "must have at most 2 fields"}},
		`{"name":"a","colour":"green"}`:           {{Field: "/colour", Reason: "must be one of red, blue"}},
		`{"count":10,"deep":"abcd"}`: {
			{Field: "/count", Reason: "must be at most 9"}, {Field: "/deep", Reason: "must have at most 3 characters"},
			{Field: "/name", Reason: "is required"},
		},
		`[]`: {{Field: "", Reason: "must be of type object"}},
		` `:  {{Field: "", Reason: "a body is required"}},
	} {
		_, wrong, err := body.Decode([]byte(text))
		if diff := cmp.Diff(want, wrong); err != nil || diff != "" {
			t.Errorf("%s: %v %s", text, err, diff)
		}
	}
}

func TestBodiesThatAreNoJSON(t *testing.T) {
	t.Parallel()
	body := thingBody(t)
	for _, text := range []string{
		`{`, `{"name":"a"} x`, `{"name":"a"}{}`, "{\"name\":\"a\xff\"}", `{"name":"\ud800"}`, `{"name":"a\udc00"}`, `{'name':1}`,
		`{"name":"a",}`, `nul`, "\xef\xbb\xbf{}", `{"nosuch":1}]`,
	} {
		if _, wrong, err := body.Decode([]byte(text)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q is read: %v, %v", text, wrong, err)
		}
	}
}

// FuzzSure: what the quick check is sure of, the schema finds nothing wrong with.
func FuzzSure(f *testing.F) {
	for _, text := range []string{
		`{"name":"a"}`, `{"name":"a","count":9,"of":[{"code":"AB"},{"code":"C"}],"data":{"x":1},"colour":"red","deep":"abc"}`,
		`{"name":"","count":0}`, `{"name":"ab","of":[]}`, `{"name":"ab","of":[{}]}`, `{"name":"ab","data":{"a":1,"b":2,"c":3}}`,
		`{"name":"äöü€","colour":"blue"}`, `{"count":1}`, `{"name":"abcde"}`,
	} {
		f.Add([]byte(text))
	}
	body := thingBody(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		value, wrong, err := body.Decode(text)
		if err == nil && len(wrong) == 0 && body.sure(&value, text) {
			if missed := body.of.Wrong(text); len(missed) > 0 {
				t.Errorf("%s: sure of what is wrong: %v", text, missed)
			}
		}
		for _, v := range wrong {
			if strings.Contains(v.Reason, "match") {
				t.Errorf("%s: %v", text, v)
			}
		}
	})
}

// TestTheQuickCheckIsUsed: a right body does not need its schema, or it would be of no use.
func TestTheQuickCheckIsUsed(t *testing.T) {
	t.Parallel()
	body := thingBody(t)
	text := []byte(`{"name":"a","count":9,"of":[{"code":"AB"}],"data":{"x":1},"colour":"red","deep":"abc"}`)
	value, wrong, err := body.Decode(text)
	if err != nil || wrong != nil || !body.sure(&value, text) {
		t.Errorf("%v %v: not sure of %+v", wrong, err, value)
	}
}
