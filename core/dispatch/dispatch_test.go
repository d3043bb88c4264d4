package dispatch_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/core/consent"
	"carillon/core/dispatch"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

// stand is a service on fakes, with one way out.
type stand struct {
	*dispatch.Service
	t       *testing.T
	tables  *tables
	steps   *steps
	breaker *breaker
	way     *dispatch.Way
}

func newStand(t *testing.T) *stand {
	t.Helper()
	st := &tables{waiting: map[message.Lane][]message.Taken{}, records: map[message.ID]message.Record{}, facts: map[message.ID]consent.Facts{}}
	b := &breaker{slots: 4}
	next := &steps{}
	return &stand{
		t: t, tables: st, steps: next, breaker: b, way: &dispatch.Way{Route: "sms", Provider: "sns", Breaker: b, Batch: 1},
		Service: &dispatch.Service{
			Store: st, Facts: st, Configs: snapshot(t), Steps: next, Allow: consent.Allow{Everyone: true}, Owner: "me", Lease: time.Minute,
		},
	}
}

func lane() message.Lane { return message.NewLane(1, message.Service) }

// settle settles one result and returns what was written.
func (s *stand) settle(r dispatch.Result) (store.Writes, dispatch.Turn) {
	s.t.Helper()
	r.Way = s.way
	if r.At.IsZero() {
		r.At = noon()
	}
	turn, err := s.Exchange(s.t.Context(), noon(), dispatch.Ask{Lane: lane(), Way: s.way, Done: []dispatch.Result{r}})
	if err != nil || len(s.tables.applied) == 0 {
		s.t.Fatalf("nothing is written: %+v, %v", turn, err)
	}
	return s.tables.applied[0], turn
}

// answered is a result of a call that was begun.
func answered(err error) dispatch.Result {
	return dispatch.Result{Taken: taken(1), Begun: true, Row: 1, Answer: message.Answer{Receipt: message.Receipt{Ref: "ref"}, Err: err}}
}

func waiting(kind fault.Kind, wait time.Duration) error {
	f := fault.New(kind, "x")
	f.Wait = wait
	return f
}

// TestFaults is the column "dispatch" of the table of faults.
func TestFaults(t *testing.T) {
	t.Parallel()
	const gone = message.Place(0)
	type result = dispatch.Result
	dedupes := func(s *stand) { s.way.Dedupes = true }
	spent := func(n int16) func(*result) { return func(r *result) { r.Taken.Due.Attempt = n } }
	notBegun := func(r *result) { r.Begun = false }
	repeat := func(r *result) { r.Taken.Message.Doubt = message.Repeat }
	retrying := func(r *result) { r.Taken.Was = message.WaitRetry }
	aged := func(r *result) { r.Taken.Due.FirstAt = noon().Add(-168 * time.Hour) } // service: seven days
	younger := func(r *result) { r.Taken.Due.FirstAt = noon().Add(-167 * time.Hour) }
	asks := func(r *result) { r.Taken.Message.Doubt = message.ToDo }
	for _, row := range []struct {
		says    string
		err     error
		stand   func(*stand)
		change  func(*result)
		seen    message.EvidenceKind // 0: none
		place   message.Place        // where the message is told to be
		again   time.Duration        // of what goes back to the queue; -1: it is settled
		reason  message.WaitReason
		attempt int16
		next    bool // the next step starts
		pauses  int
	}{
		{says: "a receipt: sent", seen: message.Sent, place: message.AtSent, again: -1},
		{says: "Invalid: fails, next step", err: fault.New(fault.Invalid, "x"), seen: message.Refused, place: message.AtFailed, again: -1, next: true},
		{says: "NotFound: fails, next step", err: fault.New(fault.NotFound, "x"), seen: message.Refused, place: message.AtFailed, again: -1, next: true},
		{says: "Refused: fails with the provider's reason, next step", err: fault.Provider(fault.Refused, "OptedOut", "x", nil), seen: message.Refused, place: message.AtFailed, again: -1, next: true},
		{says: "Suppressed: suppresses, next step", err: fault.New(fault.Suppressed, "x"), seen: message.Suppressed, place: message.AtSuppressed, again: -1, next: true},
		{says: "Throttled: due again in a second, no attempt spent", err: fault.New(fault.Throttled, "x"), place: message.Pending, again: time.Second, reason: message.WaitThrottled},
		{says: "Throttled: due again as told", err: waiting(fault.Throttled, time.Minute), change: spent(2), place: message.Pending, again: time.Minute, reason: message.WaitThrottled, attempt: 2},
		{says: "Exhausted: pauses the route's lanes, burns no message", err: fault.New(fault.Exhausted, "x"), place: message.Pending, reason: message.WaitReturned, pauses: 4},
		{says: "Misconfigured: pauses the route's lanes, burns no message", err: fault.New(fault.Misconfigured, "x"), place: message.Pending, reason: message.WaitReturned, pauses: 4},
		{says: "Unavailable for the first time: backs off, no attempt spent", err: unavailable(), place: message.Pending, again: 4 * time.Second, reason: message.WaitRetry},
		{says: "Unavailable among failures of the route: no attempt spent", err: unavailable(), change: func(r *result) { r.Taken.Was, r.Row = message.WaitRetry, 2 }, place: message.Pending, again: 4 * time.Second, reason: message.WaitRetry},
		{says: "Unavailable again by itself: spends an attempt", err: unavailable(), change: retrying, seen: message.Retried, place: message.Pending, again: 4 * time.Second, reason: message.WaitRetry, attempt: 1},
		{says: "Unavailable with a longer wait: as told", err: waiting(fault.Unavailable, time.Hour), change: retrying, seen: message.Retried, place: message.Pending, again: time.Hour, reason: message.WaitRetry, attempt: 1},
		{says: "Unavailable at the last attempt: gives up, next step", err: unavailable(), change: func(r *result) { retrying(r); spent(2)(r) }, seen: message.GaveUp, place: message.AtFailed, again: -1, next: true},
		{says: "Unavailable at its age: gives up, be the failure the route's, next step", err: unavailable(), change: func(r *result) { aged(r); retrying(r); r.Row = 9 }, seen: message.GaveUp, place: message.AtFailed, again: -1, next: true},
		{says: "Unavailable short of its age: backs off", err: unavailable(), change: younger, place: message.Pending, again: 4 * time.Second, reason: message.WaitRetry},
		{says: "Throttled at its age: later, never failed", err: fault.Provider(fault.Throttled, "ThrottledException", "x", nil), change: func(r *result) { aged(r); r.Taken.Was = message.WaitThrottled }, place: message.Pending, again: time.Second, reason: message.WaitThrottled},
		{says: "Unavailable for the first time after days in a backlog: backs off", err: unavailable(), change: aged, place: message.Pending, again: 4 * time.Second, reason: message.WaitRetry},
		{says: "Misconfigured at its age: burns no message", err: fault.New(fault.Misconfigured, "x"), change: aged, place: message.Pending, reason: message.WaitReturned, pauses: 4},
		{says: "not begun at its age: back to the queue", err: waiting(fault.Unavailable, time.Minute), change: func(r *result) { aged(r); notBegun(r) }, place: message.Pending, again: time.Minute, reason: message.WaitReturned},
		{says: "Ambiguous under todo: in doubt", err: fault.New(fault.Ambiguous, "x"), change: asks, seen: message.Doubtful, place: message.InDoubt, again: -1},
		{says: "Ambiguous: in doubt", err: fault.New(fault.Ambiguous, "x"), seen: message.Doubtful, place: message.InDoubt, again: -1},
		{says: "Ambiguous where the receiver dedupes: again", err: fault.New(fault.Ambiguous, "x"), stand: dedupes, seen: message.Retried, place: message.Pending, again: 4 * time.Second, reason: message.WaitRetry, attempt: 1},
		{says: "Ambiguous where the contact type says repeat: again", err: fault.New(fault.Ambiguous, "x"), change: repeat, seen: message.Retried, place: message.Pending, again: 4 * time.Second, reason: message.WaitRetry, attempt: 1},
		{says: "Ambiguous at the last attempt: gives up, next step", err: fault.New(fault.Ambiguous, "x"), stand: dedupes, change: spent(2), seen: message.GaveUp, place: message.AtFailed, again: -1, next: true},
		{says: "Unknown, begun: in doubt", err: errors.New("a bug"), seen: message.Doubtful, place: message.InDoubt, again: -1},
		{says: "Unknown, not begun: waits for a person", err: errors.New("a bug"), change: notBegun, place: message.Pending, again: 100 * 365 * 24 * time.Hour, reason: message.WaitOperator},
		{says: "Cancelled, not begun: back to the queue", err: context.Canceled, change: notBegun, place: message.Pending, reason: message.WaitReturned},
		{says: "Cancelled, begun: in doubt", err: context.Canceled, seen: message.Doubtful, place: message.InDoubt, again: -1},
		{says: "Cancelled, begun, where the receiver dedupes: back to the queue", err: context.Canceled, stand: dedupes, place: message.Pending, reason: message.WaitReturned},
		{says: "Cancelled, begun, where the contact type says repeat: again, and the evidence says so", err: context.Canceled, change: repeat, seen: message.Retried, place: message.Pending, reason: message.WaitRetry, attempt: 1},
		{says: "a breaker that is open: back to the queue until it may close", err: waiting(fault.Unavailable, time.Minute), change: notBegun, place: message.Pending, again: time.Minute, reason: message.WaitReturned},
		{says: "a passed deadline without a word: in doubt", err: context.DeadlineExceeded, seen: message.Doubtful, place: message.InDoubt, again: -1},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			if row.stand != nil {
				row.stand(s)
			}
			r := answered(row.err)
			if row.change != nil {
				row.change(&r)
			}
			w, turn := s.settle(r)
			var seen message.EvidenceKind
			for _, e := range store.Of(w.Message).Evidence {
				seen = e.Kind
				if e.Code != "" && e.Code != fault.CodeOf(row.err) {
					t.Errorf("code %q", e.Code)
				}
			}
			if seen != row.seen || len(turn.Settled) != 1 || turn.Settled[0].Place != row.place || row.place == gone {
				t.Errorf("evidence %s, told %+v", seen, turn.Settled)
			}
			if row.again < 0 {
				if len(store.Of(w.Message).Settles) != 1 || len(store.Of(w.Message).Requeues) != 0 || store.Of(w.Message).Settles[0].Fence != message.FenceOf(r.Taken.Due) {
					t.Errorf("settles %+v, requeues %+v", store.Of(w.Message).Settles, store.Of(w.Message).Requeues)
				}
			} else if want := (store.Requeue{
				Fence: message.FenceOf(r.Taken.Due), At: noon().Add(row.again), Reason: row.reason, Attempt: row.attempt, Seq: int32(len(store.Of(w.Message).Evidence)),
			}); len(store.Of(w.Message).Settles) != 0 || len(store.Of(w.Message).Requeues) != 1 || !near(store.Of(w.Message).Requeues[0], want) {
				t.Errorf("settles %+v, requeues %+v; want %+v", store.Of(w.Message).Settles, store.Of(w.Message).Requeues, want)
			}
			if (len(store.Of(w.Contact).Steps) == 1) != row.next || (len(s.steps.asked) == 1) != row.next {
				t.Errorf("next steps %+v", store.Of(w.Contact).Steps)
			}
			if len(store.Of(w.Lane).Pauses) != row.pauses {
				t.Errorf("pauses %+v", store.Of(w.Lane).Pauses)
			}
		})
	}
}

// TestNeverSilentlyRepeated: whatever a call brings, a message whose call may have been made is not called again unless
// the receiver dedupes or the contact type says repeat; and a final failure keeps the provider's last word.
func TestNeverSilentlyRepeated(t *testing.T) {
	t.Parallel()
	kinds := []fault.Kind{
		fault.Invalid, fault.NotFound, fault.Refused, fault.Suppressed, fault.Throttled, fault.Exhausted, fault.Misconfigured,
		fault.Unavailable, fault.Ambiguous, fault.Unknown, fault.Cancelled,
	}
	maybeMade := []fault.Kind{fault.Ambiguous, fault.Unknown, fault.Cancelled}
	rapid.Check(t, func(r *rapid.T) {
		s := newStand(t)
		kind := rapid.SampledFrom(kinds).Draw(r, "kind")
		got := answered(fault.Provider(kind, "TheirWord", "x", nil))
		got.Row, got.Begun = rapid.IntRange(0, 9).Draw(r, "row"), rapid.Bool().Draw(r, "begun")
		got.Taken.Due.Attempt = int16(rapid.IntRange(0, 3).Draw(r, "attempts"))
		got.Taken.Due.FirstAt = noon().Add(-time.Duration(rapid.IntRange(0, 20*24).Draw(r, "hours")) * time.Hour)
		got.Taken.Was = rapid.SampledFrom([]message.WaitReason{message.WaitNew, message.WaitRetry, message.WaitThrottled}).Draw(r, "was")
		got.Taken.Message.Doubt = rapid.SampledFrom([]message.DoubtPolicy{message.Hold, message.Repeat, message.ToDo}).Draw(r, "policy")
		s.way.Dedupes = rapid.Bool().Draw(r, "dedupes")
		w, _ := s.settle(got)
		allowed := s.way.Dedupes || got.Taken.Message.Doubt == message.Repeat
		if slices.Contains(maybeMade, kind) && got.Begun && !allowed && (len(store.Of(w.Message).Requeues) != 0 || len(store.Of(w.Message).Evidence) != 1 || store.Of(w.Message).Evidence[0].Kind != message.Doubtful) {
			r.Fatalf("%s under %s is repeated: %+v", kind, got.Taken.Message.Doubt, store.Of(w.Message).Requeues)
		}
		if got.Taken.Message.Doubt == message.ToDo && len(store.Of(w.Message).Dead) == 1 && store.Of(w.Message).Dead[0].Place == message.InDoubt && (len(store.Of(w.ToDo).ToDos) != 1 || len(store.Of(w.Message).Deadlines) != 0) {
			r.Fatalf("a doubt nobody is asked about: %+v", w)
		}
		for _, d := range store.Of(w.Message).Dead {
			if d.Place == message.AtFailed && (d.Reason != kind.String() || d.Code != "TheirWord") {
				r.Fatalf("the provider's last word is lost: %+v", d)
			}
		}
	})
}

// near compares requeues but for the jitter of a backoff: up to a quarter less.
func near(got, want store.Requeue) bool {
	wait, most := got.At.Sub(noon()), want.At.Sub(noon())
	inTime := wait <= most && wait >= most-most/4
	got.At, want.At = time.Time{}, time.Time{}
	return inTime && got == want
}

func TestPause(t *testing.T) {
	t.Parallel()
	t.Run("of what is exhausted ends when the quota resets", func(t *testing.T) {
		t.Parallel()
		w, _ := newStand(t).settle(answered(waiting(fault.Exhausted, 5*time.Hour)))
		for i, p := range store.Of(w.Lane).Pauses {
			if !p.Paused || p.By != "sns" || !p.Until.Equal(noon().Add(5*time.Hour)) || p.Lane != message.NewLane(1, message.Urgencies()[i]) || p.Reason == "" {
				t.Errorf("%+v", p)
			}
		}
		if !slices.ContainsFunc(store.Of(w.Ledger).Entries, func(e ledger.Entry) bool { return e.Kind == ledger.LanePaused && e.Reason == "sms" }) {
			t.Errorf("nobody is told: %+v", store.Of(w.Ledger).Entries)
		}
	})
	t.Run("of what is exhausted is at least an hour", func(t *testing.T) {
		t.Parallel()
		w, _ := newStand(t).settle(answered(fault.New(fault.Exhausted, "x")))
		if !store.Of(w.Lane).Pauses[0].Until.Equal(noon().Add(time.Hour)) {
			t.Errorf("%+v", store.Of(w.Lane).Pauses[0])
		}
	})
	t.Run("of what is misconfigured waits for a person", func(t *testing.T) {
		t.Parallel()
		w, _ := newStand(t).settle(answered(fault.Provider(fault.Misconfigured, "BadKey", "x", nil)))
		if !store.Of(w.Lane).Pauses[0].Until.IsZero() || store.Of(w.Lane).Pauses[0].Reason != "misconfigured: BadKey" {
			t.Errorf("%+v", store.Of(w.Lane).Pauses[0])
		}
	})
}

// TestBackoff: it doubles to the longest, less a jitter of the message's own.
func TestBackoff(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		s := newStand(t)
		attempts := rapid.Int16Range(0, 1).Draw(r, "attempts")
		got := answered(unavailable())
		got.Taken.Was, got.Taken.Due.Attempt = message.WaitRetry, attempts
		got.Taken.Message.ID = message.ID{14: rapid.Byte().Draw(r, "a"), 15: rapid.Byte().Draw(r, "b")}
		w, _ := s.settle(got)
		longest := min(4*time.Second<<attempts, 10*time.Second)
		if wait := store.Of(w.Message).Requeues[0].At.Sub(noon()); wait > longest || wait < longest*3/4 {
			r.Fatalf("attempt %d waits %s", attempts, wait)
		}
	})
}

// TestGateResults: what the gate stopped is settled with the next exchange.
func TestGateResults(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says   string
		v      consent.Verdict
		kind   message.EvidenceKind
		again  time.Time
		next   bool
		reason string
	}{
		{"suppressed, next step", consent.Verdict{Suppress: "stop_received"}, message.Suppressed, time.Time{}, true, "stop_received"},
		{"expired, next step", consent.Verdict{Expire: true}, message.ExpiredE, time.Time{}, true, "expired"},
		{"waits for the morning, no attempt spent", consent.Verdict{Wait: noon().Add(9 * time.Hour)}, 0, noon().Add(9 * time.Hour), false, "window"},
		{"looks again in a second when the gate says neither", consent.Verdict{}, 0, noon().Add(time.Second), false, "window"},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			w, turn := s.settle(dispatch.Result{Taken: taken(1), Gate: &row.v})
			if row.kind == 0 {
				if len(store.Of(w.Message).Evidence) != 0 || len(store.Of(w.Message).Requeues) != 1 || !store.Of(w.Message).Requeues[0].At.Equal(row.again) || store.Of(w.Message).Requeues[0].Reason != message.WaitWindow {
					t.Errorf("%+v", w)
				}
			} else if len(store.Of(w.Message).Evidence) != 1 || store.Of(w.Message).Evidence[0].Kind != row.kind || store.Of(w.Message).Evidence[0].Provider != "" || store.Of(w.Message).Evidence[0].Attempt != 0 || len(store.Of(w.Message).Settles) != 1 {
				t.Errorf("%+v", w)
			}
			if (len(store.Of(w.Contact).Steps) == 1) != row.next || turn.Settled[0].Reason != row.reason {
				t.Errorf("%+v, told %+v", store.Of(w.Contact).Steps, turn.Settled)
			}
		})
	}
}

func TestNextStep(t *testing.T) {
	t.Parallel()
	t.Run("is asked for after the last too: the plan has ended", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		r := answered(fault.New(fault.Refused, "x"))
		r.Taken.Message.Origin.Step = 2
		if s.settle(r); len(s.steps.asked) != 1 {
			t.Errorf("%+v", s.steps.asked)
		}
	})
	t.Run("is not asked for after the last of a bulk plan, whose end is nobody's work", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		r := answered(fault.New(fault.Refused, "x"))
		r.Taken.Message.Origin.Step, r.Taken.Message.Urgency = 2, message.Bulk
		if w, _ := s.settle(r); len(store.Of(w.Contact).Steps) != 0 || len(s.steps.asked) != 0 {
			t.Errorf("%+v", store.Of(w.Contact).Steps)
		}
	})
	t.Run("that cannot be read now leaves the result for later, and claims go on", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		s.steps.err = unavailable()
		r := answered(fault.New(fault.Refused, "x"))
		r.Way = s.way
		turn, err := s.Exchange(t.Context(), noon(), dispatch.Ask{Lane: lane(), Way: s.way, Done: []dispatch.Result{r}, Free: 1})
		if err != nil || len(turn.Left) != 1 || len(turn.Settled) != 0 || len(s.tables.applied) != 1 || store.Of(s.tables.applied[0].Message).Claim == nil {
			t.Errorf("%+v: %v", turn, err)
		}
	})
}

// TestClaim: claiming is beginning, so never more than can be called at once.
func TestClaim(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says               string
		free, slots, batch int
		open               bool
		want               int // 0: claims nothing
	}{
		{"as many as the ticker can take", 2, 9, 1, false, 2},
		{"as many as the breaker lets begin", 9, 3, 1, false, 3},
		{"whole batches", 2, 9, 10, false, 20},
		{"one probe of a breaker that is half open", 9, 1, 1, false, 1},
		{"nothing when the ticker is full", 0, 9, 1, false, 0},
		{"nothing when the slots are taken", 9, 0, 1, false, 0},
		{"nothing while the breaker is open", 9, 9, 1, true, 0},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			s.breaker.slots, s.way.Batch = row.slots, row.batch
			if row.open {
				s.breaker.open = noon().Add(time.Minute)
			}
			s.tables.next = noon().Add(time.Hour)
			turn, err := s.Exchange(t.Context(), noon(), dispatch.Ask{Lane: lane(), Way: s.way, Free: row.free, Low: noon()})
			if err != nil {
				t.Fatal(err)
			}
			if row.want == 0 {
				if len(s.tables.applied) != 0 {
					t.Errorf("%+v", s.tables.applied)
				}
				if row.open && !turn.Next.Equal(s.breaker.open) {
					t.Errorf("looks again at %s", turn.Next)
				}
				return
			}
			c := store.Of(s.tables.applied[0].Message).Claim
			if c == nil || *c != (store.Claim{Lane: lane(), Now: noon(), Lease: noon().Add(time.Minute), Owner: "me", Limit: row.want, Low: noon()}) {
				t.Errorf("%+v", c)
			}
			if !turn.Next.Equal(s.tables.next) {
				t.Errorf("an empty lane is looked at again at %s", turn.Next)
			}
		})
	}
	t.Run("never more than free slots times the batch, whatever the numbers", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(r *rapid.T) {
			s := newStand(t)
			free := rapid.IntRange(-1, 20).Draw(r, "free")
			s.breaker.slots, s.way.Batch = rapid.IntRange(-1, 20).Draw(r, "slots"), rapid.IntRange(0, 5).Draw(r, "batch")
			for n := range byte(100) {
				s.tables.waiting[lane()] = append(s.tables.waiting[lane()], taken(n))
			}
			turn, err := s.Exchange(t.Context(), noon(), dispatch.Ask{Lane: lane(), Way: s.way, Free: free})
			if err != nil || len(turn.Calls) > max(0, min(free, s.breaker.slots)) {
				r.Fatalf("%d calls: %v", len(turn.Calls), err)
			}
			for _, c := range turn.Calls {
				if len(c.Batch) > max(s.way.Batch, 1) || !c.Lease.Equal(noon().Add(time.Minute)) {
					r.Fatalf("a call of %d until %s", len(c.Batch), c.Lease)
				}
			}
		})
	})
}

func TestBegin(t *testing.T) {
	t.Parallel()
	exchange := func(t *testing.T, s *stand, waiting ...message.Taken) dispatch.Turn {
		t.Helper()
		s.tables.waiting[lane()] = waiting
		turn, err := s.Exchange(t.Context(), noon(), dispatch.Ask{Lane: lane(), Way: s.way, Free: 4})
		if err != nil {
			t.Fatal(err)
		}
		return turn
	}
	t.Run("calls what passes the gate and stops the rest", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		s.tables.facts[id(2)] = consent.Facts{PointGone: true}
		turn := exchange(t, s, taken(1), taken(2), taken(3))
		if len(turn.Calls) != 2 || len(turn.Stopped) != 1 || turn.Stopped[0].Taken.Message.ID != id(2) || turn.Stopped[0].Gate.Suppress != "no_contact_point" {
			t.Errorf("%+v", turn)
		}
		if !turn.Low.IsZero() {
			t.Errorf("a lane that has run dry is read whole, for stragglers: hint %s", turn.Low)
		}
	})
	t.Run("says where the lane begins when more may wait", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		if turn := exchange(t, s, taken(1), taken(2), taken(3), taken(4), taken(5)); !turn.Low.Equal(noon().Add(-time.Minute)) || len(turn.Calls) != 4 {
			t.Errorf("hint %s", turn.Low)
		}
	})
	t.Run("knows quiet hours of the division when nothing is known of the recipient", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		far, nowhere := taken(1), taken(2)
		far.Message.Recipient.Zones = []string{"Asia/Tokyo"} // two at night there
		nowhere.Message.Recipient.Zones = []string{"Mars/Olympus"}
		turn := exchange(t, s, far, nowhere)
		if len(turn.Calls) != 1 || turn.Calls[0].Batch[0].Message.ID != id(2) || turn.Stopped[0].Gate.Wait.IsZero() {
			t.Errorf("%+v", turn)
		}
	})
	t.Run("doubts a lapsed claim uncalled", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		lapsed := taken(1)
		lapsed.Lapsed = "somebody"
		turn := exchange(t, s, lapsed, taken(2))
		if len(turn.Calls) != 1 || len(turn.Stopped) != 1 || !turn.Stopped[0].Begun {
			t.Fatalf("%+v", turn)
		}
		w, _ := s.settleAgain(turn.Stopped[0])
		if store.Of(w.Message).Evidence[0].Kind != message.Doubtful || store.Of(w.Message).Evidence[0].Code != "lapsed_claim" {
			t.Errorf("%+v", store.Of(w.Message).Evidence)
		}
	})
	t.Run("calls a lapsed claim again where the receiver dedupes", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		s.way.Dedupes = true
		lapsed := taken(1)
		lapsed.Lapsed = "somebody"
		if turn := exchange(t, s, lapsed); len(turn.Calls) != 1 || len(turn.Stopped) != 0 {
			t.Errorf("%+v", turn)
		}
	})
	t.Run("gives everything back when the gate cannot be asked, but for what may have been called", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		s.tables.blind = unavailable()
		lapsed := taken(1)
		lapsed.Lapsed = "somebody"
		turn := exchange(t, s, lapsed, taken(2))
		if len(turn.Calls) != 0 || len(turn.Stopped) != 2 {
			t.Fatalf("%+v", turn)
		}
		s.tables.blind = nil
		for _, r := range turn.Stopped {
			w, _ := s.settleAgain(r)
			if doubted := len(store.Of(w.Message).Evidence) == 1 && store.Of(w.Message).Evidence[0].Kind == message.Doubtful; doubted != (r.Taken.Message.ID == id(1)) {
				t.Errorf("%s: %+v", r.Taken.Message.ID, w)
			}
		}
	})
}

// settleAgain settles a result after what was written before.
func (s *stand) settleAgain(r dispatch.Result) (store.Writes, dispatch.Turn) {
	s.t.Helper()
	s.tables.applied = nil
	return s.settle(r)
}

func TestCall(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.breaker.row = 3
	call := dispatch.Call{Way: s.way, Batch: []message.Taken{taken(1), taken(2), taken(3)}}
	t.Run("done pairs answers with messages; one that is missing is ambiguous", func(t *testing.T) {
		t.Parallel()
		got := call.Done([]message.Answer{{}, {Err: fault.Provider(fault.Unavailable, "breaker_open", "x", nil)}}, noon(), time.Second)
		if len(got) != 3 || !got[0].Begun || got[1].Begun || !fault.Is(got[2].Answer.Err, fault.Ambiguous) || !got[2].Begun || got[0].Row != 3 || got[0].Took != time.Second {
			t.Errorf("%+v", got)
		}
	})
	t.Run("not begun says so of every message", func(t *testing.T) {
		t.Parallel()
		for _, r := range call.NotBegun(noon()) {
			if r.Begun || !fault.Is(r.Answer.Err, fault.Cancelled) {
				t.Errorf("%+v", r)
			}
		}
	})
}

// TestLostRaces: a set that lost is read again and decided again; what was done under a lost claim is kept as a report.
func TestLostRaces(t *testing.T) {
	t.Parallel()
	conflict := store.Verdict{Outcome: store.Conflict, What: store.LostEvidence}
	ours := func(r dispatch.Result) message.Record {
		d := r.Taken.Due
		return message.Record{Message: r.Taken.Message, Due: &d, Evidence: []message.Evidence{{Seq: 1, Kind: message.Noted}}}
	}
	t.Run("evidence that came meanwhile is counted on", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		r := answered(nil)
		s.tables.records[id(1)], s.tables.verdicts = ours(r), []store.Verdict{conflict}
		_, turn := s.settle(r)
		if len(s.tables.applied) != 2 || store.Of(s.tables.applied[1].Message).Evidence[0].Seq != 2 || len(turn.Settled) != 1 || len(turn.Left) != 0 {
			t.Errorf("%+v, %+v", s.tables.applied, turn)
		}
	})
	t.Run("a race lost twice is left for later", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		r := answered(nil)
		s.tables.records[id(1)], s.tables.verdicts = ours(r), []store.Verdict{conflict, conflict}
		if _, turn := s.settle(r); len(turn.Left) != 1 || len(turn.Settled) != 0 {
			t.Errorf("%+v", turn)
		}
	})
	t.Run("what cannot be read again is left for later", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		s.tables.blind, s.tables.verdicts = unavailable(), []store.Verdict{conflict}
		if _, turn := s.settle(answered(nil)); len(turn.Left) != 1 {
			t.Errorf("%+v", turn)
		}
	})
	stolen := func(r dispatch.Result) message.Record {
		rec := ours(r)
		rec.Due.Fence, rec.Due.Owner = rec.Due.Fence+1, "somebody"
		return rec
	}
	for _, row := range []struct {
		says   string
		r      dispatch.Result
		report message.Saying // "": none
	}{
		{"a receipt under a lost claim is kept as a report", answered(nil), message.SaysTaken},
		{"a refusal under a lost claim is kept as a report", answered(fault.New(fault.Refused, "x")), message.SaysFailed},
		{"a doubt under a lost claim is the other's to settle", answered(fault.New(fault.Ambiguous, "x")), ""},
		{"what was not begun under a lost claim is nothing", dispatch.Result{Taken: taken(1), Answer: message.Answer{Err: context.Canceled}}, ""},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			s.tables.records[id(1)], s.tables.verdicts = stolen(row.r), []store.Verdict{conflict}
			_, turn := s.settle(row.r)
			if len(turn.Left) != 0 {
				t.Errorf("%+v", turn)
			}
			var reports []message.Report
			for _, w := range s.tables.applied[1:] {
				reports = append(reports, store.Of(w.Report).Reports...)
			}
			if row.report == "" {
				if len(reports) != 0 {
					t.Errorf("%+v", reports)
				}
				return
			}
			if len(reports) != 1 || reports[0].Says != row.report || reports[0].Message != id(1) || reports[0].Provider != "sns" || reports[0].Key == "" {
				t.Errorf("%+v", reports)
			}
		})
	}
}

func TestExchange(t *testing.T) {
	t.Parallel()
	t.Run("settles and claims in one transaction", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		r := answered(nil)
		r.Way, r.At = s.way, noon()
		s.tables.waiting[lane()] = []message.Taken{taken(2)}
		turn, err := s.Exchange(t.Context(), noon(), dispatch.Ask{Lane: lane(), Way: s.way, Done: []dispatch.Result{r}, Free: 1})
		if err != nil || len(s.tables.applied) != 2 || len(turn.Settled) != 1 || len(turn.Calls) != 1 || turn.Settled[0].Reason != "taken" || turn.Settled[0].Attempt != 1 {
			t.Errorf("%+v: %v", turn, err)
		}
	})
	t.Run("is as if it had not been when the store is away", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		s.tables.down = unavailable()
		turn, err := s.Exchange(t.Context(), noon(), dispatch.Ask{Lane: lane(), Way: s.way, Done: []dispatch.Result{{Taken: taken(1), Way: s.way}}, Free: 1})
		if !fault.Is(err, fault.Unavailable) || len(turn.Calls)+len(turn.Settled)+len(turn.Left) != 0 {
			t.Errorf("%+v: %v", turn, err)
		}
	})
	t.Run("that only settles tells when the lane is due", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		s.tables.next = noon().Add(time.Hour)
		r := answered(nil)
		r.Way = s.way
		s.breaker.slots = 0
		turn, err := s.Exchange(t.Context(), noon(), dispatch.Ask{Lane: lane(), Way: s.way, Done: []dispatch.Result{r}, Free: 3})
		if err != nil || !turn.Next.Equal(s.tables.next) {
			t.Errorf("%+v: %v", turn, err)
		}
	})
	t.Run("of a route that configuration forgot still settles", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		r := answered(fault.New(fault.Ambiguous, "x"))
		s.way.Dedupes = true
		r.Taken.Due.Lane = message.NewLane(99, message.Bulk)
		if w, _ := s.settle(r); store.Of(w.Message).Evidence[0].Kind != message.GaveUp {
			t.Errorf("%+v", store.Of(w.Message).Evidence)
		}
	})
}
