package fault_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"carillon/core/fault"
)

func TestNotBegun(t *testing.T) {
	t.Parallel()
	if err := fault.NotBegun(t.Context(), "the call was not begun"); err != nil {
		t.Errorf("a context that lives: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, done := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer done()
	for _, row := range []struct {
		ctx  context.Context //nolint:containedctx // a table of contexts
		kind fault.Kind
		why  error
	}{
		{cancelled, fault.Cancelled, context.Canceled},
		{late, fault.Unavailable, context.DeadlineExceeded},
	} {
		err := fault.NotBegun(row.ctx, "the call was not begun")
		if !fault.Is(err, row.kind) || fault.CodeOf(err) != fault.CodeNotBegun || !errors.Is(err, row.why) {
			t.Errorf("%v: %v", row.why, err)
		}
	}
}
