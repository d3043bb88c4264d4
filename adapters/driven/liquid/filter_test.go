package liquid_test

import (
	"testing"

	"carillon/adapters/driven/liquid"
)

func TestFilters(t *testing.T) {
	r := liquid.New()
	for _, c := range []struct{ form, want string }{
		{"{{ name | append: '!' | prepend: '¡' }}", "¡Ada!"},
		{"{{ 'a-b-a' | remove: 'a' }} {{ 'aba' | remove_first: 'a' }}", "-b- ba"},
		{"{{ 'aba' | replace: 'a', 'x' }} {{ 'aba' | replace_first: 'a', 'x' }}", "xbx xba"},
		{"{{ unicode | upcase }} {{ name | downcase }} {{ unicode | capitalize }}", "ÉTÉ 🎉 ada Été 🎉"},
		{"[{{ ' a ' | strip }}{{ ' a ' | lstrip }}{{ ' a ' | rstrip }}]", "[aa  a]"},
		{"{{ 'a b&c' | url_encode }}", "a+b%26c"},
		{"{{ unicode | truncate: 4, '…' }} {{ name | truncate: 3 }} {{ 'abcdef' | truncate: 5 }}", "été… Ada ab..."},
		{"{{ 'a b c' | truncatewords: 2 }} {{ 'a b' | truncatewords: 2 }}", "a b... a b"},
		{"{{ unicode | slice: 0 }} {{ unicode | slice: -1 }} {{ name | slice: 1, 9 }}[{{ name | slice: 9 }}]", "é 🎉 da[]"},
		{"{{ 'a,b,c' | split: ',' | reverse | join: '' }}", "cba"},
		{"{{ words | sort | join: ', ' }} {{ words | uniq | join }} {{ mixed | compact | size }}", "a, b, b b a 2"},
		{"{{ bill.lines | sort: 'sum' | map: 'text' | join: ' ' }}", "Tax Energy"},
		{"{{ bill.lines | map: 'text' | first }} {{ words | last }} {{ unicode | size }}", "Energy b 5"},
		{"{{ none | first | default: 'none' }} {{ blankText | default: 'blank' }} {{ paid | default: 'no' }} {{ zero | default: 9 }}", "none blank no 0"},
		{"{{ amount | plus: 0.5 }} {{ count | plus: 1 }} {{ amount | minus: 1234.51 }}", "1235.00 4 -0.01"},
		{"{{ 0.1 | plus: 0.2 }} {{ amount | times: 2 }} {{ bill.amount | times: 0.19 | round: 2 }}", "0.3 2469.00 18.98"},
		{"{{ 7 | divided_by: 2 }} {{ -7 | divided_by: 2 }} {{ 7 | divided_by: 2.0 | round: 1 }} {{ amount | divided_by: 3 | round: 2 }}", "3 -4 3.5 411.50"},
		{"{{ 7 | modulo: 3 }} {{ -7 | modulo: 3 }} {{ 7 | modulo: -3 }}", "1 2 -2"},
		{"{{ 2.5 | round }} {{ -2.5 | round }} {{ 2.449 | round: 1 }} {{ 3 | round: 2 }}", "3 -3 2.4 3.00"},
		{"{{ 2.1 | ceil }} {{ -2.1 | ceil }} {{ 2.9 | floor }} {{ -2.1 | floor }} {{ -4.50 | abs }}", "3 -2 2 -3 4.5"},
		{"{{ big | plus: 1 }}", "12345678901234567891"},
		{"{{ due | date: '%B %-d, %Y' }} {{ due | date: '%m/%d/%y %A %a %b %e %j' }}", "March 9, 2026 03/09/26 Monday Mon Mar  9 068"},
		{"{{ at | date: '%-I:%M %p %l %H:%M:%S %z 100%%' }}", "7:05 AM  7 07:05:09 -0500 100%"},
	} {
		got, err := r.Render(c.form, data(t, sample), false)
		if err != nil || got != c.want {
			t.Errorf("%s\n got %q, %v\nwant %q", c.form, got, err, c.want)
		}
	}
}
