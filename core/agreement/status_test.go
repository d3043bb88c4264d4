package agreement_test

import (
	"slices"
	"testing"

	"carillon/core/agreement"
)

// TestServes: an agreement serves from its start until it is stopped.
func TestServes(t *testing.T) {
	t.Parallel()
	serving := []agreement.Status{agreement.Active, agreement.PendingStop}
	for _, s := range agreement.Statuses() {
		if s.Serves() != slices.Contains(serving, s) {
			t.Errorf("%s: %t", s.Word(), s.Serves())
		}
	}
}
