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

// TestNotMade holds the words that stand in metrics, stored attempts and answers: renaming one breaks their readers.
func TestNotMade(t *testing.T) {
	for _, code := range []string{"breaker_open", "bulkhead_full", "not_begun"} {
		if !fault.NotMade(fault.Provider(fault.Unavailable, code, "call", nil)) {
			t.Errorf("%s is no longer the code of a call that was not made", code)
		}
	}
	for _, err := range []error{nil, fault.Provider(fault.Unavailable, "503", "call", nil), fault.New(fault.Ambiguous, "call")} {
		if fault.NotMade(err) {
			t.Errorf("%v was made", err)
		}
	}
}
