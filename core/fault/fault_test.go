package fault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"carillon/core/fault"
)

// TestKinds holds the table: the word of a kind and whether a breaker counts it.
func TestKinds(t *testing.T) {
	t.Parallel()
	table := []struct {
		kind  fault.Kind
		word  string
		trips bool
	}{
		{fault.Unknown, "unknown", true},
		{fault.Invalid, "invalid", false},
		{fault.NotFound, "not_found", false},
		{fault.Conflict, "conflict", false},
		{fault.Forbidden, "forbidden", false},
		{fault.Unauthorized, "unauthorized", false},
		{fault.Suppressed, "suppressed", false},
		{fault.Refused, "refused", false},
		{fault.Throttled, "throttled", false},
		{fault.Exhausted, "exhausted", false},
		{fault.Misconfigured, "misconfigured", true},
		{fault.Unavailable, "unavailable", true},
		{fault.Ambiguous, "ambiguous", true},
		{fault.Cancelled, "cancelled", false},
	}
	if len(table) != len(fault.Kinds()) {
		t.Fatalf("%d rows for %d kinds", len(table), len(fault.Kinds()))
	}
	for i, row := range table {
		if fault.Kinds()[i] != row.kind || row.kind.String() != row.word {
			t.Errorf("kind %d is %q, want %q", i, row.kind, row.word)
		}
		if fault.Trips(row.kind) != row.trips || fault.Excluded(row.kind) == row.trips {
			t.Errorf("%s: a breaker counts it: %t, want %t", row.word, fault.Trips(row.kind), row.trips)
		}
	}
	if got := fault.Kind(200).String(); got != "unknown" {
		t.Errorf("a kind nobody knows is %q", got)
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	for _, row := range []struct {
		says string
		err  error
		want fault.Kind
	}{
		{"an error nobody classified is a bug", cause, fault.Unknown},
		{"nothing is no kind of failure", nil, fault.Unknown},
		{"a fault has its kind", fault.New(fault.Refused, "x"), fault.Refused},
		{"a fault keeps its kind when something is wrapped around it", fmt.Errorf("doing: %w", fault.New(fault.Throttled, "x")), fault.Throttled},
		{"the outermost of two faults counts", fault.Wrap(fault.Unavailable, "x", fault.New(fault.Refused, "y")), fault.Unavailable},
		{"a fault around a passed deadline says what it means", fault.Wrap(fault.Unavailable, "x", context.DeadlineExceeded), fault.Unavailable},
		{"a cancelled context means we are stopping", fmt.Errorf("doing: %w", context.Canceled), fault.Cancelled},
		{"a passed deadline may have been a call", fmt.Errorf("doing: %w", context.DeadlineExceeded), fault.Ambiguous},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			if got := fault.KindOf(row.err); got != row.want {
				t.Errorf("kind %s, want %s", got, row.want)
			}
		})
	}
	if fault.Is(nil, fault.Unknown) {
		t.Error("nil is a fault")
	}
	if !fault.Is(fault.New(fault.Conflict, "x"), fault.Conflict) {
		t.Error("a conflict is none")
	}
}

func TestError(t *testing.T) {
	t.Parallel()
	cause := errors.New("jane@example.com is unknown")
	t.Run("names every wrong field", func(t *testing.T) {
		t.Parallel()
		err := fault.Refuse(fault.Violation{Field: "/a", Reason: "is required"}, fault.Violation{Field: "/b", Reason: "is too long"})
		if got, want := err.Error(), "invalid: the request has wrong fields: /a is required; /b is too long"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("keeps its cause within reach and out of its text", func(t *testing.T) {
		t.Parallel()
		err := fault.Provider(fault.Refused, "InvalidParameter", "sending a text", cause)
		if !errors.Is(err, cause) {
			t.Error("the cause is lost")
		}
		if got, want := err.Error(), "refused: sending a text (InvalidParameter)"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := fault.Wrap(fault.Unknown, "", cause).Error(); got != "unknown" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("has the provider's code, else the kind's word", func(t *testing.T) {
		t.Parallel()
		for err, want := range map[error]string{
			fault.Provider(fault.Refused, "OptedOut", "x", nil): "OptedOut",
			fault.New(fault.Refused, "x"):                       "refused",
			cause:                                               "unknown",
		} {
			if got := fault.CodeOf(err); got != want {
				t.Errorf("code %q, want %q", got, want)
			}
		}
	})
	t.Run("says how long to wait when it knows", func(t *testing.T) {
		t.Parallel()
		err := fault.New(fault.Throttled, "x")
		err.Wait = time.Minute
		if fault.WaitOf(fmt.Errorf("doing: %w", err)) != time.Minute || fault.WaitOf(cause) != 0 {
			t.Error("the wait is lost")
		}
	})
}
