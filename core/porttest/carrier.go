package porttest

import (
	"context"
	"strings"
	"testing"
	"time"

	"carillon/channels/sms"
	"carillon/core/fault"
	"carillon/core/message"
)

// Behaviour is what the provider behind an adapter does to every call, and so what the adapter must make of it.
type Behaviour uint8

// The behaviours. Each port has those that can happen to it.
const (
	Takes              Behaviour = iota + 1 // takes what it is handed
	Refuses                                 // says no to the recipient or the content, for good
	Throttles                               // says slow down
	Exhausts                                // says that a quota is used up
	RefusesCredentials                      // does not know us
	IsDown                                  // answers that it cannot
	IsUnreachable                           // nobody listens
	LosesAnswer                             // takes it and cuts the connection instead of answering
	IsSlow                                  // takes it and answers later than anyone waits
)

// String is the behaviour as the end of a sentence.
func (b Behaviour) String() string {
	switch b {
	case Takes:
		return "takes it"
	case Refuses:
		return "refuses it"
	case Throttles:
		return "throttles"
	case Exhausts:
		return "has no quota left"
	case RefusesCredentials:
		return "refuses the credentials"
	case IsDown:
		return "is down"
	case IsUnreachable:
		return "is unreachable"
	case LosesAnswer:
		return "loses the answer"
	case IsSlow:
		return "is slow"
	}
	return "does nothing known"
}

// expectations are the kinds that every adapter of a provider must report.
func expectations() map[Behaviour]fault.Kind {
	return map[Behaviour]fault.Kind{
		Refuses: fault.Refused, Throttles: fault.Throttled, Exhausts: fault.Exhausted,
		RefusesCredentials: fault.Misconfigured, IsDown: fault.Unavailable, IsUnreachable: fault.Unavailable,
		LosesAnswer: fault.Ambiguous,
	}
}

// patience is how long a call may go on after its context ended.
const patience = 20 * time.Second

// What must never be seen in a fault.
const (
	privateNumber = "+15005550177"
	privateMail   = "private.person@example.com"
	privateBody   = "meter 4711 of Private Person"
)

// Carrier is what an [sms.Carrier] must do, whatever its provider does. Open returns one whose provider behaves as
// asked to every call; Exhausts is not asked.
func Carrier(t *testing.T, open func(t *testing.T, b Behaviour) sms.Carrier) {
	t.Helper()
	send := func(ctx context.Context, t *testing.T, b Behaviour) (message.Receipt, error) {
		t.Helper()
		return open(t, b).Send(ctx, sms.Text{
			ID: testID(1), To: privateNumber, Body: privateBody, Parts: 1,
			Sender: map[string]string{"number": "55577"},
		})
	}
	calls(t, []Behaviour{Refuses, Throttles, RefusesCredentials, IsDown, IsUnreachable, LosesAnswer}, send)
}

// calls is what a port that makes one call for one message must do.
func calls(t *testing.T, bad []Behaviour, send func(context.Context, *testing.T, Behaviour) (message.Receipt, error)) {
	t.Helper()
	t.Run("gives the provider's reference when it "+Takes.String(), func(t *testing.T) {
		receipt, err := send(t.Context(), t, Takes)
		if err != nil {
			t.Fatalf("taken, but: %v", err)
		}
		if receipt.Ref == "" {
			t.Error("the receipt has no reference")
		}
	})
	for _, b := range bad {
		t.Run("says "+expectations()[b].String()+" when it "+b.String(), func(t *testing.T) {
			receipt, err := send(t.Context(), t, b)
			mustBe(t, err, expectations()[b])
			if receipt.Ref != "" {
				t.Errorf("a receipt %q for what was not taken", receipt.Ref)
			}
		})
	}
	endings(t, func(ctx context.Context, t *testing.T, b Behaviour) error {
		t.Helper()
		_, err := send(ctx, t, b)
		return err
	})
}

// endings is what every port must do when its context ends.
func endings(t *testing.T, call func(context.Context, *testing.T, Behaviour) error) {
	t.Helper()
	t.Run("does not begin under a context that has ended", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		mustBe(t, call(ctx, t, Takes), fault.Cancelled)
	})
	t.Run("stops soon when the caller gives up", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		timer := time.AfterFunc(150*time.Millisecond, cancel)
		defer timer.Stop()
		begun := time.Now()
		mustBe(t, call(ctx, t, IsSlow), fault.Cancelled)
		mustBeSoon(t, begun)
	})
	t.Run("says ambiguous when the deadline passes after it was handed over", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		begun := time.Now()
		mustBe(t, call(ctx, t, IsSlow), fault.Ambiguous)
		mustBeSoon(t, begun)
	})
}

// mustBe fails unless err is a classified fault of the kind that tells nobody's data.
func mustBe(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if err == nil {
		t.Fatalf("no fault; want %v", kind)
	}
	if got := fault.KindOf(err); got != kind {
		t.Fatalf("kind %v (%v); want %v", got, err, kind)
	}
	for _, private := range []string{privateNumber, privateMail, privateBody} {
		if strings.Contains(err.Error(), private) {
			t.Errorf("the fault tells what it must not: %v", err)
		}
	}
}

func mustBeSoon(t *testing.T, begun time.Time) {
	t.Helper()
	if took := time.Since(begun); took > patience {
		t.Errorf("returned %v after it began", took)
	}
}

// testID is the message id with the number.
func testID(n byte) message.ID {
	return message.NewID(time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC), [10]byte{9: n})
}
