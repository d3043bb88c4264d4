package contract

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"carillon/core/fault"
)

// parameter is one parameter of an operation.
type parameter struct {
	name     string
	in       string // query, header or path
	required bool
	kind     string // the JSON type
	fallback string // its default, as it would be written
	schema   *lazySchema
}

// Values are the parameters of one request, as texts. The zero value has none.
type Values struct {
	of    []parameter
	texts []string
	given []bool
}

// Parameters reads the parameters of a request, which [http.Request.PathValue] knows the path's of, and tells
// everything that is wrong with them; a query parameter that the contract does not name is wrong.
func (o *Operation) Parameters(r *http.Request) (Values, []fault.Violation) {
	v := Values{of: o.parameters, texts: make([]string, len(o.parameters)), given: make([]bool, len(o.parameters))}
	var query url.Values
	var wrong []fault.Violation
	if r.URL.RawQuery != "" {
		var err error
		if query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
			wrong = append(wrong, fault.Violation{Field: "query", Reason: "is not written as a query is"})
		}
	}
	for i, p := range o.parameters {
		given := p.find(r, query)
		switch {
		case len(given) == 0 && p.required:
			wrong = append(wrong, fault.Violation{Field: p.field(), Reason: "is required"})
		case len(given) == 0:
			v.texts[i] = p.fallback
		case len(given) > 1:
			wrong = append(wrong, fault.Violation{Field: p.field(), Reason: "is given more than once"})
		default:
			v.texts[i], v.given[i] = given[0], true
			wrong = append(wrong, p.violations(given[0])...)
		}
	}
	return v, append(wrong, o.unknown(query)...)
}

func (p *parameter) field() string { return p.in + "/" + p.name }

// find are the texts that a request gives for a parameter.
func (p *parameter) find(r *http.Request, query url.Values) []string {
	switch p.in {
	case "query":
		return query[p.name]
	case "header":
		return r.Header[http.CanonicalHeaderKey(p.name)]
	}
	return []string{r.PathValue(p.name)}
}

// violations tells what is wrong with a text.
func (p *parameter) violations(text string) []fault.Violation {
	wrong := violations(p.schema, p.value(text))
	for i := range wrong {
		wrong[i].Field = p.field()
	}
	return wrong
}

// value is the parameter's text as its schema wants it.
func (p *parameter) value(text string) any {
	switch p.kind {
	case "integer":
		if _, err := strconv.ParseInt(text, 10, 64); err == nil {
			return json.Number(text)
		}
	case "boolean":
		if text == "true" || text == "false" {
			return text == "true"
		}
	}
	return text
}

// unknown names query parameters that the operation does not have: with ?validat=only a contact would be accepted that
// was only to be checked.
func (o *Operation) unknown(query url.Values) []fault.Violation {
	var wrong []fault.Violation
	for name := range query {
		known := slices.ContainsFunc(o.parameters, func(p parameter) bool { return p.in == "query" && p.name == name })
		if !known {
			wrong = append(wrong, fault.Violation{
				Field: "query" + ShownName(name), Reason: "is not a parameter of this operation",
			})
		}
	}
	slices.SortFunc(wrong, func(a, b fault.Violation) int { return strings.Compare(a.Field, b.Field) })
	return wrong
}

// index is the place of a parameter. An operation that asks for one that its contract does not name is a mistake of
// ours.
func (v Values) index(name string) int {
	i := slices.IndexFunc(v.of, func(p parameter) bool { return p.name == name })
	if i < 0 {
		panic("the contract of the operation has no parameter " + name)
	}
	return i
}

// Given reports whether the request has the parameter.
func (v Values) Given(name string) bool { return v.given[v.index(name)] }

// Text is a parameter as it came, or its default; empty when it has neither.
func (v Values) Text(name string) string { return v.texts[v.index(name)] }

// Integer is a parameter that the contract describes as an integer, or its default; 0 when it has neither.
func (v Values) Integer(name string) int64 {
	n, _ := strconv.ParseInt(v.Text(name), 10, 64) // checked by its schema
	return n
}

// Flag is a parameter that is true or false; nil when it has neither a value nor a default.
func (v Values) Flag(name string) *bool {
	text := v.Text(name)
	if text == "" {
		return nil
	}
	yes := text == "true"
	return &yes
}

// Moment is a parameter that is a date and time, in UTC; zero when it is left out.
func (v Values) Moment(name string) time.Time {
	at, _ := time.Parse(time.RFC3339Nano, v.Text(name)) // checked by its schema; the zero time when it is left out
	return at.UTC()
}
