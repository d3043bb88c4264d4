package sns_test

import (
	"strings"
	"testing"

	"carillon/adapters/simulators/sns"
)

func TestParts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		body string
		want int
	}{
		{"", 1},
		{strings.Repeat("a", 160), 1},
		{strings.Repeat("a", 161), 2},
		{strings.Repeat("a", 306), 2},
		{strings.Repeat("a", 307), 3},
		{strings.Repeat("€", 80), 1},
		{strings.Repeat("€", 81), 2},
		{strings.Repeat("ł", 70), 1},
		{strings.Repeat("ł", 71), 2},
		{strings.Repeat("🔔", 35), 1},
		{strings.Repeat("🔔", 36), 2},
		{"ÄÖÜ äöü ñ @ £", 1},
	} {
		if got := sns.Parts(test.body); got != test.want {
			t.Errorf("%d characters of %.4q: %d parts, want %d", len([]rune(test.body)), test.body, got, test.want)
		}
	}
}
