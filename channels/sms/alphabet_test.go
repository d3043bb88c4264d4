package sms_test

import (
	"slices"
	"strings"
	"testing"

	"carillon/channels/sms"
	"carillon/core/fault"
	"carillon/core/template"
)

// The tables of 3GPP TS 23.038, 6.2.1 and 6.2.1.1, row by row from the code 0x00, as code points; the escape (0x1B)
// is no character.
func alphabet() (basic, extension []rune) {
	basic = []rune{
		0x40, 0xA3, 0x24, 0xA5, 0xE8, 0xE9, 0xF9, 0xEC, 0xF2, 0xC7, 0x0A, 0xD8, 0xF8, 0x0D, 0xC5, 0xE5,
		0x394, 0x5F, 0x3A6, 0x393, 0x39B, 0x3A9, 0x3A0, 0x3A8, 0x3A3, 0x398, 0x39E, 0xC6, 0xE6, 0xDF, 0xC9,
		0x20, 0x21, 0x22, 0x23, 0xA4, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A, 0x2B, 0x2C, 0x2D, 0x2E, 0x2F,
		0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F, 0xA1,
	}
	for r := 'A'; r <= 'Z'; r++ {
		basic = append(basic, r, r+'a'-'A')
	}
	basic = append(basic, 0xC4, 0xD6, 0xD1, 0xDC, 0xA7, 0xBF, 0xE4, 0xF6, 0xF1, 0xFC, 0xE0)
	return basic, []rune{0x0C, 0x5E, 0x7B, 0x7D, 0x5C, 0x5B, 0x7E, 0x5D, 0x7C, 0x20AC}
}

func TestAlphabet(t *testing.T) {
	t.Parallel()
	basic, extension := alphabet()
	if len(basic) != 127 || len(extension) != 10 {
		t.Fatalf("the tables have %d and %d characters", len(basic), len(extension))
	}
	t.Run("has exactly the characters of the tables, those of the extension for two septets", func(t *testing.T) {
		t.Parallel()
		for r := range rune(0x3000) {
			want, parts := sms.UCS2, 3
			switch {
			case slices.Contains(basic, r):
				want, parts = sms.GSM7, 1
			case slices.Contains(extension, r):
				want, parts = sms.GSM7, 3
			}
			encoding, got := sms.Segment(strings.Repeat(string(r), 160))
			if encoding != want || len(got) != parts {
				t.Errorf("%U: %s in %d parts; want %s in %d", r, encoding, len(got), want, parts)
			}
		}
	})
	t.Run("fills a part of a longer text with 76 escape pairs, not 76 and a half", func(t *testing.T) {
		t.Parallel()
		_, parts := sms.Segment(strings.Repeat("€", 153))
		if len(parts) != 3 || parts[0] != strings.Repeat("€", 76) || parts[2] != "€" {
			t.Errorf("split into %d", len(parts))
		}
	})
	t.Run("fills a part of a longer text with 33 surrogate pairs", func(t *testing.T) {
		t.Parallel()
		_, parts := sms.Segment(strings.Repeat("🏠", 67))
		if len(parts) != 3 || parts[0] != strings.Repeat("🏠", 33) || parts[2] != "🏠" {
			t.Errorf("split into %d", len(parts))
		}
	})
}

func TestZones(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, raw, want string }{
		{"one area lies in one zone", "+14155550100", "America/Los_Angeles"},
		{"a country's mobile numbers lie in all its zones", "+447400123456", "Europe/Guernsey Europe/Isle_of_Man Europe/London"},
		{"a number of a whole continent tells none", "+18005550123", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, zones, err := sms.Channel{}.Address(tt.raw, "us")
			if got := strings.Join(zones, " "); err != nil || got != tt.want {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
}

func TestFillKeepsTheAlphabet(t *testing.T) {
	t.Parallel()
	form := template.Template{Channel: "sms", Parts: map[string]string{"text": "{{text}}"}}
	t.Run("by composing accents and turning tabs into spaces", func(t *testing.T) {
		t.Parallel()
		c, err := sms.Channel{}.Fill(plain{}, form, map[string]any{"text": "e\u0301te\u0301\t1"})
		if err != nil || c.Parts["text"] != "été 1" || c.Data != nil {
			t.Errorf("got %q, %v", c.Parts["text"], err)
		}
	})
	t.Run("and counts what travels as a pair twice", func(t *testing.T) {
		t.Parallel()
		if _, err := (sms.Channel{}).Fill(plain{}, form, map[string]any{"text": strings.Repeat("🏠", 801)}); !fault.Is(err, fault.Invalid) {
			t.Errorf("got %v", err)
		}
	})
}

// broken is a renderer whose forms do not parse, or that fails.
type broken struct{ err error }

func (b broken) Check(string) ([]string, error) { return nil, b.err }

func (b broken) Render(string, map[string]any, bool) (string, error) { return "", b.err }

func TestFillTellsWhichPart(t *testing.T) {
	t.Parallel()
	_, err := sms.Channel{}.Fill(broken{fault.Refuse(fault.Violation{Field: "/parts", Reason: "does not parse"})}, template.Template{}, nil)
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "/parts/text does not parse") {
		t.Errorf("got %v", err)
	}
	if _, err := (sms.Channel{}).Fill(broken{fault.New(fault.Unknown, "a bug")}, template.Template{}, nil); !fault.Is(err, fault.Unknown) {
		t.Errorf("a bug became %v", err)
	}
}

// FuzzAddress: what is accepted is E.164, and accepting it again changes nothing; what is refused is not repeated.
func FuzzAddress(f *testing.F) {
	for _, raw := range []string{"(201) 555-0123", "+44 7400 123456", "+12015550123", "1", "++1", "+1 (800) 555/0123", "00447400123456", ""} {
		f.Add(raw, "US")
		f.Add(raw, "GB")
	}
	f.Fuzz(func(t *testing.T, raw, country string) {
		got, _, err := sms.Channel{}.Address(raw, country)
		if err != nil {
			if !fault.Is(err, fault.Invalid) || len(raw) > 9 && strings.Contains(err.Error(), raw) && raw != "+12015550123" {
				t.Fatalf("refused as %v", err)
			}
			return
		}
		number := got.Reveal()
		if number[0] != '+' || len(number) > 16 || strings.Trim(number[1:], "0123456789") != "" {
			t.Fatalf("not E.164: %q", number)
		}
		if again, _, err := (sms.Channel{}).Address(number, country); err != nil || again != got {
			t.Fatalf("%q became %q, %v", number, again.Reveal(), err)
		}
	})
}
