package gateway

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"carillon/adapters/kit/telemetry"
)

func TestAStopDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	a := &Gateway{log: telemetry.NewLogger(&log, slog.LevelInfo, telemetry.JSON)}
	if err := a.await(make(chan error), time.Millisecond); !errors.Is(err, errStuck) {
		t.Errorf("a part that never ends: %v", err)
	}
	if !strings.Contains(log.String(), "TestAStopDoesNotWaitForEver") {
		t.Errorf("it does not say where it hangs: %s", log.String())
	}
	ended := make(chan error, 1)
	ended <- nil
	if err := a.await(ended, time.Minute); err != nil {
		t.Errorf("an orderly stop: %v", err)
	}
}
