package letter_test

import (
	"strings"
	"testing"

	"carillon/channels/letter"
	"carillon/core/customer"
	"carillon/core/fault"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	t.Run("trims a block and gives it the country of its division", func(t *testing.T) {
		t.Parallel()
		got, zones, err := letter.Channel{}.Address(`{"line1":" 1 Mill Lane ","city":"Albany\n","country":""}`, "us")
		if err != nil || zones != nil || got.Reveal() != `{"line1":"1 Mill Lane","city":"Albany","country":"US"}` {
			t.Errorf("got %s, %v, %v", got.Reveal(), zones, err)
		}
	})
	for _, tt := range []struct{ name, raw, want string }{
		{"what is no block", `secret street`, "not a block"},
		{"every field that is missing or too long", `{"line1":"` + strings.Repeat("x", 65) + `","country":"US"}`, "/line1 has more than 64 characters; /city is required"},
		{"a field of two lines", `{"line1":"1 Mill\nLane","city":"Albany","country":"US"}`, "/line1 is one line"},
	} {
		t.Run("refuses "+tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := letter.Channel{}.Address(tt.raw, "US")
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestFreezeRules(t *testing.T) {
	t.Parallel()
	t.Run("keeps every number as it was written, in order of the names", func(t *testing.T) {
		t.Parallel()
		m := waiting()
		m.Content = `{"data":{"z":1.10,"a":12345678901234567890,"m":{"y":1e2,"x":-0.0},"t":"<Müller & Co>"}}`
		l, err := letter.Freeze("LTRPRT", 1, 1, m, nil, home(), noon())
		const want = `"data":{"a":12345678901234567890,"m":{"x":-0.0,"y":1e2},"t":"<Müller & Co>","z":1.10}`
		if err != nil || !strings.Contains(l.Record, want) || !strings.Contains(l.Record, `"lines":[]`) {
			t.Errorf("got %s, %v", l.Record, err)
		}
	})
	t.Run("stays on one line, whatever it holds", func(t *testing.T) {
		t.Parallel()
		m := waiting()
		m.Content = `{"data":{"t":"a\nb\u2028c"}}`
		l, err := letter.Freeze("LTRPRT", 1, 1, m, []string{"Ada\nAbbott"}, home(), noon())
		if err != nil || strings.ContainsAny(l.Record, "\n\r\u2028") {
			t.Errorf("got %s, %v", l.Record, err)
		}
	})
	t.Run("leaves blank name lines out and refuses a fourth", func(t *testing.T) {
		t.Parallel()
		l, err := letter.Freeze("LTRPRT", 1, 1, waiting(), []string{"Ada", "", " Abbott ", "\t"}, home(), noon())
		if err != nil || !strings.Contains(l.Record, `"lines":["Ada","Abbott"]`) {
			t.Errorf("got %s, %v", l.Record, err)
		}
		if _, err := letter.Freeze("LTRPRT", 1, 1, waiting(), []string{"a", "b", "c", "d"}, home(), noon()); !fault.Is(err, fault.Invalid) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("refuses an address that lacks a part", func(t *testing.T) {
		t.Parallel()
		_, err := letter.Freeze("LTRPRT", 1, 1, waiting(), nil, customer.Postal{Line1: "1 Mill Lane"}, noon())
		if !fault.Is(err, fault.Refused) || fault.CodeOf(err) != "bad_address" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("refuses content that is none", func(t *testing.T) {
		t.Parallel()
		m := waiting()
		m.Content = "{"
		if _, err := letter.Freeze("LTRPRT", 1, 1, m, nil, home(), noon()); !fault.Is(err, fault.Invalid) {
			t.Errorf("got %v", err)
		}
	})
}
