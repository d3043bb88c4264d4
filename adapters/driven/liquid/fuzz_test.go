package liquid_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"carillon/adapters/driven/liquid"
	"carillon/core/fault"
)

// FuzzRender gives the renderer any form and any data: it never panics, is deterministic, answers with a text within
// its bounds or with a refusal of fields, and no refusal tells a value of the data.
func FuzzRender(f *testing.F) {
	for _, form := range []string{
		"Hello {{ name | upcase }}, {{ amount | plus: 1 | round: 2 }}", "{% for l in bill.lines %}{{ l.text }}{% endfor %}",
		"{% if a == 1 and b contains 'x' %}{% elsif c %}{% else %}{% endif %}", "{{ bill[name] | date: '%Y' }}",
		"{% assign x = a | split: ',' | sort | uniq | join: '-' %}{{ x }}", "{% case a %}{% when 1, 2 %}{% endcase %}",
		"{%- unless a -%}{{- b -}}{%- endunless -%}", "{% for a in l reversed limit: 2 offset: b %}{% break %}{% endfor %}",
		"{{ %loop x in y }}", "{% comment %}{{{% endcomment %}", "{{ (a | default: b) == (c[0].d[-1]) }}", "{{ bill }}",
	} {
		f.Add(form, sample, true)
		f.Add(form, `{"a": 1, "b": "x", "c": [{"d": [1.50]}], "l": [[1]], "name": "private value", "bill": {}}`, false)
	}
	r := liquid.New()
	f.Fuzz(func(t *testing.T, form, text string, escape bool) {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var data map[string]any
		if d.Decode(&data) != nil {
			if err := json.Unmarshal([]byte(sample), &data); err != nil {
				t.Fatal(err)
			}
		}
		got, err := r.Render(form, data, escape)
		again, err2 := r.Render(form, data, escape)
		if got != again || (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
			t.Fatalf("first %q, %v; then %q, %v", got, err, again, err2)
		}
		switch {
		case err == nil && (len(got) > 256<<10 || !utf8.ValidString(got)):
			t.Fatalf("no text: %d bytes", len(got))
		case err == nil:
			return
		case !fault.Is(err, fault.Invalid):
			t.Fatalf("no refusal: %v", err)
		}
		fields(t, err)
		for _, secret := range texts(data) {
			if len(secret) > 6 && strings.Contains(err.Error(), secret) && !strings.Contains(form, secret) && !strings.Contains(ours, secret) {
				t.Fatalf("tells a value: %v", err)
			}
		}
	})
}

// ours are words of the faults themselves.
const ours = "invalid: the request has wrong fields: /data /parts is read by the template has no value to print line this cannot be filled with this data"

// texts are the strings among the values, not the names.
func texts(v any) []string {
	var all []string
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, item := range v {
			all = append(all, texts(item)...)
		}
	case map[string]any:
		for _, item := range v {
			all = append(all, texts(item)...)
		}
	}
	return all
}
