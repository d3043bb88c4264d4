package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestNothingToMisbehaveWith: no simulator, no broker that is made up and no second Kafka client is linked into the
// program that runs in production; the demo has them, so that the look-up can fail.
func TestNothingToMisbehaveWith(t *testing.T) {
	t.Parallel()
	strangers := func(program string) (found []string) {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", program).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, forbidden := range []string{
			"carillon/adapters/simulators", "carillon/cmd/internal/demo", "carillon/cmd/internal/parttest", "carillon/core/porttest",
			"github.com/twmb/franz-go", "testing",
		} {
			for line := range strings.Lines(string(out)) {
				if p := strings.TrimSpace(line); p == forbidden || strings.HasPrefix(p, forbidden+"/") {
					found = append(found, p)
				}
			}
		}
		return found
	}
	if found := strangers("carillon/cmd/carillon"); len(found) > 0 {
		t.Errorf("linked into carillon: %v", found)
	}
	if found := strangers("carillon/cmd/carillon-demo"); !slices.Contains(found, "github.com/twmb/franz-go/pkg/kfake") {
		t.Errorf("carillon-demo has %v: is the look-up right?", found)
	}
}
