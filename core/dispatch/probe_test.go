package dispatch_test

import (
	"testing"
	"time"

	"carillon/core/dispatch"
	"carillon/core/fault"
	"carillon/core/message"
)

// TestTrial: whose message decides whether a breaker stays closed.
func TestTrial(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says    string
		urgency message.Urgency
		doubt   message.DoubtPolicy
		dedupes bool
		waited  time.Duration
		claims  bool
		calls   bool
	}{
		{"a bulk message that may be repeated goes first", message.Bulk, message.Repeat, false, 0, true, true},
		{"a service message that may be repeated waits its turn", message.Service, message.Repeat, false, 99 * time.Millisecond, false, false},
		{"and takes it", message.Service, message.Repeat, false, 100 * time.Millisecond, true, true},
		{"a regulatory one comes after it", message.Regulatory, message.Repeat, false, 199 * time.Millisecond, false, false},
		{"what may not be repeated is given back", message.Bulk, message.Hold, false, 0, true, false},
		{"unless its receiver dedupes", message.Bulk, message.Hold, true, 0, true, true},
		{"an emergency waits for the others", message.Emergency, message.Hold, false, 299 * time.Millisecond, false, false},
		{"and then may try, whatever its policy", message.Emergency, message.Hold, false, 300 * time.Millisecond, true, true},
		{"with nothing else at hand whatever waits may try", message.Service, message.Hold, false, 5 * time.Second, true, true},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			s.breaker.trial, s.way.Dedupes = noon().Add(-row.waited), row.dedupes
			lane := message.NewLane(1, row.urgency)
			got := taken(1)
			got.Message.Urgency, got.Message.Doubt, got.Message.Lane = row.urgency, row.doubt, lane
			s.tables.waiting[lane] = []message.Taken{got}
			s.tables.facts[got.Message.ID] = s.tables.facts[id(1)]
			turn, err := s.Exchange(t.Context(), noon(), dispatch.Ask{Lane: lane, Way: s.way, Free: 1})
			if err != nil {
				t.Fatal(err)
			}
			if claimed := len(s.tables.applied) == 1; claimed != row.claims {
				t.Errorf("claims: %t", claimed)
			}
			if called := len(turn.Calls) == 1; called != row.calls {
				t.Errorf("calls: %+v", turn.Calls)
			}
			switch {
			case !row.claims:
				if !turn.Next.After(noon()) || turn.Next.After(noon().Add(time.Second)) {
					t.Errorf("looks again at %s", turn.Next)
				}
			case !row.calls:
				if len(turn.Stopped) != 1 || turn.Stopped[0].Begun || !fault.Is(turn.Stopped[0].Answer.Err, fault.Cancelled) ||
					fault.WaitOf(turn.Stopped[0].Answer.Err) != time.Second {
					t.Errorf("gives back %+v", turn.Stopped)
				}
			}
		})
	}
}
