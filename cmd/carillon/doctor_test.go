package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/settings"
	"carillon/cmd/internal/stores"
	"carillon/core/message"
	"carillon/core/porttest"
	"carillon/core/store"
)

// TestDoctorSeesDrift: a counter that is wrong is seen in its hour.
func TestDoctorSeesDrift(t *testing.T) {
	t.Parallel()
	address := filepath.Join(t.TempDir(), "carillon.db")
	st, err := stores.Open(t.Context(), settings.Settings{Store: address})
	if err != nil {
		t.Fatal(err)
	}
	given := porttest.Given{At: clock.Now().Add(-3 * time.Hour), Channel: message.Email}
	w := porttest.NewAcceptance(porttest.NewRand(1), given)
	store.Of(w.Message).Counts[0].Delta += 2
	if _, err := st.Apply(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	code, out, errOut := command(t, "doctor", "--store", address, "--hours", "5")
	if code != 1 || !strings.Contains(out, "1 of 5 hours differ") || !strings.Contains(out, "accepted") {
		t.Errorf("doctor --hours: status %d\n%s%s", code, out, errOut)
	}
	if code, out, _ := command(t, "doctor", "--store", address, "--hours", "2"); code != 0 || !strings.Contains(out, "0 of 2 hours differ") {
		t.Errorf("doctor --hours 2: status %d\n%s", code, out)
	}
}
