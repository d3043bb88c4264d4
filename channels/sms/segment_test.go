package sms_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"carillon/channels/sms"
)

func TestSegment(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		encoding   sms.Encoding
		parts      int
	}{
		{"an empty text is one part", "", sms.GSM7, 1},
		{"160 letters are one part", strings.Repeat("a", 160), sms.GSM7, 1},
		{"161 letters are two", strings.Repeat("a", 161), sms.GSM7, 2},
		{"306 letters are two", strings.Repeat("a", 306), sms.GSM7, 2},
		{"307 letters are three", strings.Repeat("a", 307), sms.GSM7, 3},
		{"80 euro signs fill one part, because each takes two septets", strings.Repeat("€", 80), sms.GSM7, 1},
		{"81 euro signs need two", strings.Repeat("€", 81), sms.GSM7, 2},
		{"one letter outside the alphabet makes it UCS-2", "ł", sms.UCS2, 1},
		{"70 of them are one part", strings.Repeat("ł", 70), sms.UCS2, 1},
		{"71 are two", strings.Repeat("ł", 71), sms.UCS2, 2},
		{"35 emoji are one part, because each takes two units", strings.Repeat("🏠", 35), sms.UCS2, 1},
		{"36 emoji are two", strings.Repeat("🏠", 36), sms.UCS2, 2},
		{"accents of the alphabet stay GSM-7", "àèéìòùÄÖÜñ", sms.GSM7, 1},
		{"a smart quote does not", "it’s", sms.UCS2, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			encoding, parts := sms.Segment(tt.text)
			if encoding != tt.encoding || len(parts) != tt.parts {
				t.Errorf("got %s in %d parts", encoding, len(parts))
			}
		})
	}
	t.Run("an escape pair never splits over two parts", func(t *testing.T) {
		t.Parallel()
		_, parts := sms.Segment(strings.Repeat("a", 152) + "€" + strings.Repeat("b", 20))
		if len(parts) != 2 || strings.Contains(parts[0], "€") || !strings.HasPrefix(parts[1], "€") {
			t.Errorf("split as %d and %d", len(parts[0]), len(parts[1]))
		}
	})
}

// outside tells a character of neither table.
func outside(r rune) bool {
	basic, extension := alphabet()
	return !slices.Contains(basic, r) && !slices.Contains(extension, r)
}

// septets counts what a text of the tables costs.
func septets(text string) int {
	_, extension := alphabet()
	n := utf8.RuneCountInString(text)
	for _, r := range text {
		if slices.Contains(extension, r) {
			n++
		}
	}
	return n
}

func FuzzSegment(f *testing.F) {
	for _, seed := range []string{"", "hello", strings.Repeat("€", 200), strings.Repeat("🏠", 100), "a\x00b", "\xff\xfe", strings.Repeat("ł€a", 90)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		encoding, parts := sms.Segment(text)
		if len(parts) == 0 || strings.Join(parts, "") != text {
			t.Fatalf("the %d parts are not the text", len(parts))
		}
		if inTable := !strings.ContainsFunc(text, outside); inTable != (encoding == sms.GSM7) {
			t.Fatalf("sent as %s; all its characters in the tables: %v", encoding, inTable)
		}
		alone, joined := 160, 153
		if encoding == sms.UCS2 {
			alone, joined = 70, 67
		}
		limit := joined
		if len(parts) == 1 {
			limit = alone
		}
		for i, p := range parts {
			if utf8.ValidString(text) && !utf8.ValidString(p) {
				t.Fatalf("part %d cuts a character", i)
			}
			if encoding == sms.UCS2 && len(utf16.Encode([]rune(p))) > limit {
				t.Fatalf("part %d has more than %d units", i, limit)
			}
			if encoding == sms.GSM7 && septets(p) > limit {
				t.Fatalf("part %d has more than %d septets", i, limit)
			}
			if p == "" && text != "" {
				t.Fatalf("part %d is empty", i)
			}
		}
	})
}
