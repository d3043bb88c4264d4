package customer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"carillon/core/access"
	"carillon/core/customer"
)

func TestWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"Zoë O'Neil":            {"oneil", "zoe"},
		"O’NEIL, zoe":           {"oneil", "zoe"},
		"Müller-Lüdenscheidt":   {"ludenscheidt", "muller"},
		"Straße 12 b":           {"12", "b", "strasse"},
		"Søren Ægir Łódź":       {"aegir", "lodz", "soren"},
		"Smith Smith":           {"smith"},
		"  ":                    {},
		"ﬁnch":                  {"finch"},
		strings.Repeat("x", 50): {strings.Repeat("x", 40)},
	} {
		if got := customer.Words(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// FuzzWords: words are whatever was typed, folded once and for all: folding again changes nothing.
func FuzzWords(f *testing.F) {
	f.Add("Zoë O'Neil")
	f.Add("ﬁ\u0301 Ⅳ ß İ")
	f.Fuzz(func(t *testing.T, text string) {
		words := customer.Words(text)
		if again := customer.Words(strings.Join(words, " ")); !slices.Equal(again, words) {
			t.Errorf("%q, folded again %q", words, again)
		}
	})
}

func TestWordsOfWhomAndWhere(t *testing.T) {
	t.Parallel()
	p := customer.Person{
		Names:   []customer.Name{{Type: customer.Primary, Text: "Ada Main"}, {Type: customer.DBA, Text: "Ada's"}},
		Points:  []customer.Point{{Kind: customer.Post, Value: customer.Postal{Line1: "1 Main Street", City: "Galway"}.Address()}, {Kind: customer.Email, Value: "x@y"}},
		Mailing: customer.Mailing{Address: &customer.Postal{Line1: "PO Box 7"}}, Seasons: []customer.Season{{Address: customer.Postal{City: "Key West"}}},
	}
	var got []string
	for _, w := range p.Words() {
		got = append(got, fmt.Sprintf("%d %s", w.Kind, w.Text))
	}
	want := []string{"1 ada", "1 adas", "1 main", "2 1", "2 7", "2 box", "2 galway", "2 key", "2 main", "2 po", "2 street", "2 west", "5 x@y"}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	m := customer.Premise{Address: customer.Postal{Line1: "2 Shop Street"}, Geography: []customer.Geographic{{Type: "GRID", Value: "12-a"}}}
	words := m.Words()
	if len(words) != 4 || words[3] != (customer.Word{Kind: customer.GridWord, Text: "GRID=12A"}) {
		t.Errorf("%v", words)
	}
}

func TestIdentifierValue(t *testing.T) {
	t.Parallel()
	v := customer.IdentifierValue("123-45-6789")
	if v.Masked(4) != "*******6789" || v.Masked(0) != "123-45-6789" || v.Masked(11) != "***********" || v.Masked(99) != "***********" {
		t.Errorf("%q %q %q", v.Masked(4), v.Masked(0), v.Masked(99))
	}
	if v.Key() != "123456789" || customer.IdentifierValue("ab 12").Key() != "AB12" || v.Reveal() != "123-45-6789" {
		t.Errorf("%q", v.Key())
	}
	for _, text := range []string{fmt.Sprint(v), fmt.Sprintf("%#v %q %x", v, v, v), fmt.Sprintf("%+v", customer.Identifier{Value: v})} {
		if strings.Contains(text, "6789") || strings.Contains(text, "36373839") {
			t.Errorf("tells %s", text)
		}
	}
}

func TestSeasonsWinWhileTheyHold(t *testing.T) {
	t.Parallel()
	winter := customer.Season{From: "11-01", Until: "03-31", Address: customer.Postal{Line1: "winter"}}
	summer := customer.Season{From: "06-01", Until: "08-31", Address: customer.Postal{Line1: "summer"}}
	p := customer.Person{
		Seasons: []customer.Season{winter, summer},
		Points:  []customer.Point{{Kind: customer.Post, Value: customer.Postal{Line1: "home"}.Address(), Capabilities: []customer.Capability{customer.CanPost}}},
	}
	for day, want := range map[string]string{
		"2026-11-01": "winter", "2026-12-31": "winter", "2026-03-31": "winter", "2026-04-01": "home", "2026-06-01": "summer", "2026-08-31": "summer", "2026-09-01": "home",
	} {
		if got, ok := p.MailTo(day); !ok || got.Line1 != want {
			t.Errorf("%s: %q, want %q", day, got.Line1, want)
		}
	}
	p.Mailing = customer.Mailing{Names: []string{"c/o"}, Address: &customer.Postal{Line1: "box"}}
	if got, _ := p.MailTo("2026-05-05"); got.Line1 != "box" || p.MailName()[0] != "c/o" {
		t.Error("the override mailing address does not win over the postal point")
	}
	if _, ok := (customer.Person{}).MailTo("2026-05-05"); ok {
		t.Error("there is an address out of nowhere")
	}
}

func TestSeenBy(t *testing.T) {
	t.Parallel()
	p := customer.Person{Source: "cis", Division: "north", Also: []string{"south"}}
	for _, c := range []struct {
		source, division string
		role             access.Role
		sees             bool
	}{
		{"desk", "north", access.CSR, true},
		{"desk", "south", access.CSR, true},
		{"desk", "east", access.CSR, false},
		{"cis", "south", access.CIS, true},
		{"billing", "south", access.CIS, false},
		{"acme", "*", access.Dialer, false},
	} {
		who := access.Principal{Source: c.source, Divisions: []string{c.division}, Roles: []access.Role{c.role}}
		if p.SeenBy(who) != c.sees {
			t.Errorf("%+v", c)
		}
	}
}

func TestNumbersOfAccountsAndPremises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 9_999_999_999).Draw(t, "n")
		a, err := customer.ParseAccountID(customer.AccountID(n).String())
		m, bad := customer.ParsePremiseID(customer.PremiseID(n).String())
		if err != nil || bad != nil || int64(a) != n || int64(m) != n {
			t.Fatal(n, a, m, err, bad)
		}
	})
	for _, text := range []string{"", "1", "+000000001", "0000000000", "00000000001"} {
		if _, err := customer.ParseAccountID(text); err == nil {
			t.Errorf("takes %q", text)
		}
	}
}
