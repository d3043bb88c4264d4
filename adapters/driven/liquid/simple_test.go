package liquid

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzSimple holds what is filled without the library against what the library makes of it.
func FuzzSimple(f *testing.F) {
	for _, form := range []string{
		"{{ division }}: {{ amount }} is due.", "{{ a }}{{ a.b }}{{a.b.c}}", "{% if a %}{{ a }}{% endif %}", "{{- a -}} b", "{{ a | upcase }}",
		"{{ a.size }}", "{{ 'a' }}{{ true }}{{ nil }}", "{{ (a) }}", "{ {{ a }} }", "{{ a\n}}", "{{ a .b }}", "{{ a[0] }}", "",
	} {
		f.Add(form, `{"a": "x<y", "division": "North & West", "amount": "$10.00"}`, true)
		f.Add(form, `{"a": {"b": {"c": "deep"}, "size": "9"}, "division": true, "amount": 10.50}`, false)
		f.Add(form, `{"a": null, "division": [], "amount": ""}`, false)
	}
	f.Fuzz(func(t *testing.T, text, values string, escape bool) {
		form, err := parse(text)
		d := json.NewDecoder(strings.NewReader(values))
		d.UseNumber()
		var data map[string]any
		if err != nil || d.Decode(&data) != nil || len(form.lacking(data)) > 0 {
			return
		}
		fast, ok := form.simple.fill(data, escape)
		if !ok {
			return
		}
		if slow, err := form.render(data, escape); err != nil || slow != fast {
			t.Fatalf("%q without the library, %q by it, %v", fast, slow, err)
		}
	})
}

// TestSimple: the forms most people write are filled without the library.
func TestSimple(t *testing.T) {
	t.Parallel()
	data := map[string]any{"name": "Ada <3", "bill": map[string]any{"amount": "$10.00"}, "number": json.Number("10.50"), "none": nil}
	for form, want := range map[string]string{
		"Dear {{ name }}, {{ bill.amount }} is due.": "Dear Ada &lt;3, $10.00 is due.",
		"no value": "no value", "{{ number }}": "10.50",
	} {
		f, err := parse(form)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := f.simple.fill(data, true); !ok || got != want {
			t.Errorf("%s: %q, %t", form, got, ok)
		}
	}
	for _, form := range []string{"{{ name | upcase }}", "{{- name }}", "{% if name %}{% endif %}", "{{ bill }}", "{{ none }}", "{{ bill.other }}"} {
		f, err := parse(form)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := f.simple.fill(data, false); ok {
			t.Errorf("%s is filled without the library: %q", form, got)
		}
	}
}
