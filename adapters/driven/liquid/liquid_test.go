package liquid_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"carillon/adapters/driven/liquid"
	"carillon/core/fault"
)

// sample is a contact's data as it comes in.
const sample = `{
	"name": "Ada", "amount": 1234.50, "count": 3, "zero": 0, "big": 12345678901234567890, "tiny": 1e-7, "paid": false,
	"nothing": null, "blankText": "", "due": "2026-03-09", "at": "2026-03-09T07:05:09-05:00", "html": "<b>\"O'Neil\" & Co</b>",
	"bill": {"amount": 99.90, "lines": [{"text": "Energy", "sum": 80.00}, {"text": "Tax", "sum": 19.90}], "note": null},
	"words": ["b", "a", "b"], "mixed": [1, null, 2], "none": [], "unicode": "été 🎉"
}`

func data(tb testing.TB, text string) map[string]any {
	tb.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		tb.Fatal(err)
	}
	return m
}

// fields are the fields an Invalid fault names.
func fields(tb testing.TB, err error) []string {
	tb.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid || len(f.Violations) == 0 {
		tb.Fatalf("no refusal of fields: %v", err)
	}
	var names []string
	for _, v := range f.Violations {
		names = append(names, v.Field)
	}
	return names
}

func TestRender(t *testing.T) {
	r := liquid.New()
	for _, c := range []struct{ name, form, want string }{
		{"prints text as it stands", "Hello { % } {x", "Hello { % } {x"},
		{"prints a value", "Hello {{ name }}!", "Hello Ada!"},
		{"prints a decimal as written", "{{ amount }}", "1234.50"},
		{"prints a whole number as written", "{{ big }} {{ count }}", "12345678901234567890 3"},
		{"prints an exponent as written", "{{ tiny }}", "1e-7"},
		{"prints true and false", "{{ paid }}", "false"},
		{"prints an empty text as nothing", "[{{ blankText }}]", "[]"},
		{"reads within objects", "{{ bill.amount }} {{ bill['amount'] }}", "99.90 99.90"},
		{"reads within lists", "{{ bill.lines[0].text }} {{ bill.lines.last.sum }} {{ bill.lines[-1].text }}", "Energy 19.90 Tax"},
		{"tells the size of lists and objects", "{{ words.size }} {{ bill.size }}", "3 3"},
		{"loops over a list", "{% for l in bill.lines %}{{ forloop.index }}. {{ l.text }} {{ l.sum }}\n{% endfor %}", "1. Energy 80.00\n2. Tax 19.90\n"},
		{"loops with modifiers", "{% for w in words reversed limit:2 offset:1 %}{{ w }}{% endfor %}", "ab"},
		{"loops over nothing", "{% for w in none %}{{ w }}{% else %}none{% endfor %}", "none"},
		{"takes null for an empty list", "{% for w in nothing %}{{ w }}{% endfor %}.", "."},
		{"loops over an object in order of its names", "{% for p in bill %}{{ p[0] }} {% endfor %}", "amount lines note "},
		{"leaves a loop", "{% for w in words %}{% if w == 'a' %}{% break %}{% endif %}{{ w }}{% endfor %}", "b"},
		{"goes on with a loop", "{% for w in words %}{% if w == 'a' %}{% continue %}{% endif %}{{ w }}{% endfor %}", "bb"},
		{"compares decimals with whole numbers", "{% if amount > 1000 and 1000 < amount and bill.amount <= 99.9 %}yes{% endif %}", "yes"},
		{"compares equal decimals", "{% if bill.amount == 99.9 %}yes{% endif %}{% if zero == 0 %}yes{% endif %}", "yesyes"},
		{"compares texts", "{% if due > '2026-01-01' %}yes{% endif %}", "yes"},
		{"chooses", "{% case count %}{% when 1, 2 %}few{% when 3 %}three{% else %}many{% endcase %}", "three"},
		{"chooses otherwise", "{% unless paid %}unpaid{% endunless %}{% if paid %}a{% elsif count == 3 %}b{% else %}c{% endif %}", "unpaidb"},
		{"lets null stand for what may be missing", "{% if nothing %}{{ nothing.deep }}{% else %}-{% endif %}{{ nothing | default: 'x' }}", "-x"},
		{"finds nothing in null", "{% if nothing contains 'a' or name contains nothing or name contains words %}yes{% endif %}{% if amount contains 4 %}4{% endif %}", "4"},
		{"finds in texts and lists", "{% if name contains 'd' and words contains 'a' and bill contains 'note' %}yes{% endif %}", "yes"},
		{"assigns", "{% assign n = count | plus: 1 %}{{ n }}", "4"},
		{"trims whitespace", "a  {{- name -}}  b {%- if paid -%} x {%- endif -%} c", "aAdabc"},
		{"skips comments", "a{% comment %}{{ absent }}{% if %}{% endcomment %}b", "ab"},
		{"takes marks over several lines", "{{\n name\n | upcase }}{%\n if paid\n%}x{% endif %}", "ADA"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := r.Render(c.form, data(t, sample), false)
			if err != nil || got != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestRenderEscapes(t *testing.T) {
	r := liquid.New()
	const escaped = "&lt;b&gt;&#34;O&#39;Neil&#34; &amp; Co&lt;/b&gt;"
	for _, c := range []struct{ name, form, want string }{
		{"escapes every output", `<i title="{{ html }}">{{ html }}</i>`, `<i title="` + escaped + `">` + escaped + `</i>`},
		{"escapes what filters made", "{{ html | append: '<' | downcase }}", strings.ToLower(escaped) + "&lt;"},
		{"escapes in loops and assignments", "{% assign h = html %}{% for w in words limit:1 %}{{ h }}{% endfor %}", escaped},
		{"does not escape twice", "{{ html | escape }}", escaped},
		{"escapes again what a filter changed", "{{ html | escape | append: '' }}", strings.ReplaceAll(escaped, "&", "&amp;")},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := r.Render(c.form, data(t, sample), true)
			if err != nil || got != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
	t.Run("breaks lines of a value", func(t *testing.T) {
		got, err := r.Render("{{ a | newline_to_br }}", map[string]any{"a": "1 <\n2"}, true)
		if err != nil || got != "1 &lt;<br />\n2" {
			t.Errorf("got %q, %v", got, err)
		}
	})
	t.Run("escapes nothing when it is not asked to", func(t *testing.T) {
		got, err := r.Render("{{ html }}", data(t, sample), false)
		if err != nil || got != `<b>"O'Neil" & Co</b>` {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func TestRenderRefuses(t *testing.T) {
	r := liquid.New()
	for _, c := range []struct{ name, form, want string }{
		{"a name that is missing", "{{ absent }}", "/data/absent"},
		{"every name that is missing, at once", "{{ b }}{% if a %}{{ c.d }}{% endif %}{{ b }}", "/data/a /data/b /data/c"},
		{"a nested name that is missing", "{{ bill.late }} {% if bill.fee > 3 %}{% endif %}", "/data/bill/late /data/bill/fee"},
		{"a name within what is no object", "{{ name.first }}", "/data/name/first"},
		{"a name within a list", "{{ words.text }}", "/data/words/text"},
		{"a missing name of a list's item", "{% for l in bill.lines %}{% if l.vat %}{% endif %}{% endfor %}", "/data/bill/lines/0/vat"},
		{"a missing field in brackets, without naming it", "{{ bill[name] }}", "/data/bill"},
		{"a null that is printed", "{{ nothing }}", "/data/nothing"},
		{"a nested null that is printed", "{{ bill.note | upcase }}", "/data/bill/note"},
		{"an item beyond the end that is printed", "{{ words[7] }}", "/data/words"},
		{"an object that is printed", "{{ bill }}", "/data/bill"},
		{"a list that is printed", "{{ words }}", "/data/words"},
		{"a loop over a text", "{% for c in name %}{% endfor %}", "/data/name"},
		{"a filter that does not fit", "{{ name | plus: 1 }}", "/data"},
		{"a division by zero", "{{ count | divided_by: zero }}", "/data"},
		{"a date that is none", "{{ name | date: '%Y' }}", "/data"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := r.Render(c.form, data(t, sample), false)
			if got := strings.Join(fields(t, err), " "); got != c.want {
				t.Errorf("names %s; want %s (%v)", got, c.want, err)
			}
		})
	}
}

func TestCheckRefuses(t *testing.T) {
	r := liquid.New()
	for _, c := range []struct{ name, form string }{
		{"an output that is not closed", "{{ name"},
		{"a tag that is not closed", "{% if a"},
		{"a block that is not ended", "{% if a %}x"},
		{"a comment that is not ended", "{% comment %}x"},
		{"blocks that cross", "{% if a %}{% for b in c %}{% endif %}{% endfor %}"},
		{"an end without a block", "{% endif %}"},
		{"an else without a block", "{% else %}"},
		{"a file", "{% include 'x' %}"},
		{"another template", "{% render 'x' %}"},
		{"a capture", "{% capture x %}{% endcapture %}"},
		{"raw text", "{% raw %}{{ x }}{% endraw %}"},
		{"an unknown tag", "{% launch %}"},
		{"an unknown filter", "{{ a | launch }}"},
		{"a filter of its own", "{{ a | carillon_out: 0 }}"},
		{"a filter with too little", "{{ a | replace: 'x' }}"},
		{"a filter with too much", "{{ a | upcase: 'x' }}"},
		{"a filter without its argument", "{{ a | plus }}"},
		{"a range", "{% for i in (1..9) %}{% endfor %}"},
		{"the clock", "{{ 'now' | date: '%Y' }}"},
		{"the clock in a condition", "{% assign x = \"today\" | date: '%Y' %}"},
		{"an assignment in an output", "{{ a = 1 }}"},
		{"a statement of the library's own", "{{ %loop x in y }}"},
		{"two expressions", "{{ a; b }}"},
		{"brackets that close what they did not open", "{{ a) | upcase | (b }}"},
		{"a quote that is not closed", "{{ 'a }}"},
		{"a quote over two lines", "{{ 'a\nb' }}"},
		{"an empty output", "{{ }}"},
		{"an empty condition", "{% if %}{% endif %}"},
		{"words side by side", "{{ a b }}"},
		{"a name other Liquids reserve", "{% if a == blank %}{% endif %}"},
		{"forloop outside a loop", "{{ forloop.index }}"},
		{"break outside a loop", "{% break %}"},
		{"a huge number", "{{ 99999999999999999999 }}"},
		{"blocks that are too deep", strings.Repeat("{% if a %}", 40) + strings.Repeat("{% endif %}", 40)},
		{"brackets that are too deep", "{{ " + strings.Repeat("(", 40) + "a" + strings.Repeat(")", 40) + " }}"},
		{"names that are too deep", "{{ a" + strings.Repeat(".a", 40) + " }}"},
		{"bytes that are no text", "\xff"},
		{"a form that is too long", strings.Repeat("x", 300<<10)},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := r.Check(c.form)
			if got := fields(t, err); len(got) != 1 || got[0] != "/parts" {
				t.Errorf("names %v", got)
			}
		})
	}
	t.Run("and says in which line", func(t *testing.T) {
		for _, form := range []string{"a\n{{\n b\n}}{% comment %}\n{% endcomment %}\n{{ c | launch }}", "a\n{{\n b\n}}{% comment %}\n{% endcomment %}\n{{ c d }}"} {
			if _, err := r.Check(form); err == nil || !strings.Contains(err.Error(), "line 6: ") {
				t.Errorf("says %v", err)
			}
		}
	})
}

func TestCheck(t *testing.T) {
	r := liquid.New()
	for _, c := range []struct{ name, form, want string }{
		{"names what is read, once and in order", "{{ b }}{% if a.x == c %}{{ b }}{% endif %}", "a b c"},
		{"names what lists and filters read", "{% for x in list limit: most %}{{ x[at] | append: end }}{% endfor %}", "at end list most"},
		{"leaves out what the form makes", "{% assign x = y %}{% for i in x %}{{ i }}{{ forloop.index }}{% endfor %}", "y"},
		{"keeps what is read before it is made", "{{ x }}{% assign x = 1 %}", "x"},
		{"keeps what is read after its loop", "{% for i in l %}{% endfor %}{{ i }}", "i l"},
		{"leaves out texts, numbers and comments", "{{ 'a' | append: 2 }}{% comment %}{{ z }}{% endcomment %}", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			names, err := r.Check(c.form)
			if got := strings.Join(names, " "); err != nil || got != c.want {
				t.Errorf("names %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestRenderIsBounded(t *testing.T) {
	r := liquid.New()
	items := make([]any, 2000)
	for i := range items {
		items[i] = "x"
	}
	long := strings.Repeat("x", 100<<10)
	for _, c := range []struct{ name, form string }{
		{"in the length of a text", "{{ long }}{{ long }}{{ long }}"},
		{"in its loops", "{% for a in l %}{% for b in l %}{% for c in l %}{% endfor %}{% endfor %}{% endfor %}"},
		{"in loops over what it split", "{% assign s = long | split: '' %}{% for a in s %}{% for b in s %}{% endfor %}{% endfor %}"},
		{"in what it puts together", "{% assign s = long %}" + strings.Repeat("{% assign s = s | append: s %}", 20)},
		{"in what it replaces", "{{ long | replace: '', long }}"},
		{"in what it looks through", "{% for i in l %}" + strings.Repeat("{% if long contains 'xxz' %}{% endif %}", 50) + "{% endfor %}"},
		{"in what it joins", "{{ l | join: long }}"},
		{"in what it compares", "{% assign s = long | split: '' | uniq %}"},
		{"in its numbers", "{% assign n = 9999999 %}" + strings.Repeat("{% assign n = n | times: n %}", 20)},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := r.Render(c.form, map[string]any{"long": long, "l": items}, false)
			fields(t, err)
		})
	}
}

func TestRendererIsSafeForConcurrentUse(t *testing.T) {
	r := liquid.New()
	d := data(t, sample)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 50 {
				got, err := r.Render("{% for l in bill.lines %}{{ l.sum | plus: count }}{{ html }}{% endfor %}", d, i%2 == 0)
				if err != nil || !strings.HasPrefix(got, "83.00") || strings.Contains(got, "<") == (i%2 == 0) {
					t.Errorf("got %q, %v", got, err)
				}
			}
		})
	}
	all.Wait()
}

func TestRenderLeavesDataAlone(t *testing.T) {
	d := data(t, sample)
	_, err := liquid.New().Render("{% assign name = 'x' %}{% assign s = words | sort | reverse %}{% for count in s %}{% endfor %}", d, false)
	if err != nil {
		t.Fatal(err)
	}
	before, _ := json.Marshal(data(t, sample))
	after, _ := json.Marshal(d)
	if string(before) != string(after) {
		t.Errorf("data is now %s", after)
	}
}

func BenchmarkRender(b *testing.B) {
	r := liquid.New()
	d := data(b, sample)
	for b.Loop() {
		if _, err := r.Render("Hello {{ name }}, {{ amount }} is due on {{ due | date: '%B %-d' }}.", d, true); err != nil {
			b.Fatal(err)
		}
	}
}
