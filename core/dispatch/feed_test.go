package dispatch_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"carillon/core/access"
	"carillon/core/consent"
	"carillon/core/dispatch"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

// inbox keeps reports.
type inbox struct {
	kept []message.Report
	down error
}

func (i *inbox) Receive(_ context.Context, _ time.Time, reports []message.Report) error {
	i.kept = append(i.kept, reports...)
	return i.down
}

func vendor() access.Principal {
	return access.Principal{Name: "acme-key", Source: "acme", Divisions: []string{"north"}, Roles: []access.Role{access.Dialer}}
}

func newFeed(t *testing.T) (*dispatch.Feed, *stand, *inbox) {
	t.Helper()
	s := newStand(t)
	in := &inbox{}
	return &dispatch.Feed{Dispatch: s.Service, Inbox: in}, s, in
}

// call is a queued call of the vendor's route.
func call(n byte, u message.Urgency) message.Taken {
	c := taken(n)
	c.Message.Channel, c.Message.Route, c.Message.Urgency, c.Message.Lane = message.Voice, "calls", u, message.NewLane(2, u)
	c.Due.Lane, c.Due.Owner = c.Message.Lane, ""
	return c
}

// hold puts a leased call on record.
func (s *stand) hold(c message.Taken, owner string, seen ...message.Evidence) message.Taken {
	d := c.Due
	d.Owner = owner
	rec := message.Record{Message: c.Message, Due: &d, Evidence: seen}
	if owner == "-" {
		rec.Due = nil
	}
	s.tables.records[c.Message.ID] = rec
	return c
}

func TestLease(t *testing.T) {
	t.Parallel()
	t.Run("hands out what may be dialled now, most urgent first", func(t *testing.T) {
		t.Parallel()
		f, s, _ := newFeed(t)
		for i, u := range []message.Urgency{message.Bulk, message.Emergency, message.Service} {
			c := call(byte(i), u)
			s.tables.waiting[c.Due.Lane] = []message.Taken{c}
		}
		got, err := f.Lease(t.Context(), noon(), vendor(), 2, time.Minute)
		if err != nil || len(got) != 2 || got[0].Taken.Message.ID != id(1) || got[1].Taken.Message.ID != id(2) {
			t.Fatalf("%+v: %v", got, err)
		}
		if got[0].Taken.Due.Owner != "vendor:acme" || !got[0].Taken.Due.At.Equal(noon().Add(time.Minute)) || !message.LeasedByVendor(&got[0].Taken.Due) {
			t.Errorf("%+v", got[0].Taken.Due)
		}
		if !got[0].Closes.IsZero() || !got[1].Opens.Equal(noon()) || !got[1].Closes.Equal(noon().Add(9*time.Hour)) || got[1].Attempts != 3 || got[1].Pause != 30*time.Minute {
			t.Errorf("an emergency until %s; a service call %+v", got[0].Closes, got[1])
		}
	})
	t.Run("keeps limit and lease within bounds", func(t *testing.T) {
		t.Parallel()
		for _, row := range []struct {
			limit, want int
			lease, hold time.Duration
		}{{0, 1, 0, 10 * time.Second}, {9999, 500, 24 * time.Hour, time.Hour}} {
			f, s, _ := newFeed(t)
			if _, err := f.Lease(t.Context(), noon(), vendor(), row.limit, row.lease); err != nil {
				t.Fatal(err)
			}
			c := store.Of(s.tables.applied[0].Message).Claim
			if c.Limit != row.want || c.Lease.Sub(noon()) != row.hold || c.Lane != message.NewLane(2, message.Emergency) {
				t.Errorf("%+v", c)
			}
			if len(s.tables.applied) != 4 {
				t.Errorf("%d lanes are looked at: the vendor has one route", len(s.tables.applied))
			}
		}
	})
	t.Run("settles what the gate stops", func(t *testing.T) {
		t.Parallel()
		f, s, _ := newFeed(t)
		a, b := call(1, message.Service), call(2, message.Service)
		s.tables.waiting[a.Due.Lane] = []message.Taken{a, b}
		s.tables.facts[id(1)] = consent.Facts{Suppressions: []consent.Suppression{{Reason: "do_not_call"}}}
		got, err := f.Lease(t.Context(), noon(), vendor(), 5, time.Minute)
		if err != nil || len(got) != 1 || got[0].Taken.Message.ID != id(2) {
			t.Fatalf("%+v: %v", got, err)
		}
		if !slices.ContainsFunc(s.tables.applied, func(w store.Writes) bool {
			return len(store.Of(w.Message).Evidence) == 1 && store.Of(w.Message).Evidence[0].Reason == "do_not_call"
		}) {
			t.Errorf("%+v", s.tables.applied)
		}
	})
	t.Run("hands a lapsed lease out again: the vendor knows the call by its id", func(t *testing.T) {
		t.Parallel()
		f, s, _ := newFeed(t)
		c := call(1, message.Service)
		c.Lapsed = "vendor:acme"
		s.tables.waiting[c.Due.Lane] = []message.Taken{c}
		if got, err := f.Lease(t.Context(), noon(), vendor(), 5, time.Minute); err != nil || len(got) != 1 {
			t.Errorf("%+v: %v", got, err)
		}
	})
	t.Run("hands out nothing when the gate cannot be asked", func(t *testing.T) {
		t.Parallel()
		f, s, _ := newFeed(t)
		c := call(1, message.Service)
		s.tables.waiting[c.Due.Lane], s.tables.blind = []message.Taken{c}, unavailable()
		if got, err := f.Lease(t.Context(), noon(), vendor(), 5, time.Minute); !fault.Is(err, fault.Unavailable) || len(got) != 0 {
			t.Errorf("%+v: %v", got, err)
		}
	})
	t.Run("is for dialer vendors, each for its own routes", func(t *testing.T) {
		t.Parallel()
		f, s, _ := newFeed(t)
		p := vendor()
		p.Roles = []access.Role{access.Admin}
		if _, err := f.Lease(t.Context(), noon(), p, 5, time.Minute); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%v", err)
		}
		p = vendor()
		p.Source = "nobody"
		if got, err := f.Lease(t.Context(), noon(), p, 5, time.Minute); err != nil || len(got) != 0 || len(s.tables.applied) != 0 {
			t.Errorf("%+v: %v", got, err)
		}
		s.tables.down = unavailable()
		if _, err := f.Lease(t.Context(), noon(), vendor(), 5, time.Minute); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%v", err)
		}
	})
}

func TestExtend(t *testing.T) {
	t.Parallel()
	f, s, _ := newFeed(t)
	held := s.hold(call(1, message.Service), "vendor:acme")
	s.hold(call(2, message.Service), "")
	s.hold(call(3, message.Service), "-", message.Evidence{Seq: 1, Kind: message.CancelledE})
	other := call(4, message.Service)
	other.Message.Route = "others"
	s.hold(other, "vendor:other")
	got, err := f.Extend(t.Context(), noon(), vendor(), []message.ID{id(1), id(2), id(3), id(4), id(5)}, time.Minute)
	want := []dispatch.Extended{
		{ID: id(1), LeasedUntil: noon().Add(time.Minute)},
		{ID: id(2), Reason: "not_leased"},
		{ID: id(3), Reason: "cancelled"},
		{ID: id(4), Reason: "unknown"},
		{ID: id(5), Reason: "unknown"},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v: %v", got, err)
	}
	r := store.Of(s.tables.applied[0].Message).Requeues[0]
	if !r.Keep || !r.At.Equal(noon().Add(time.Minute)) || r.Fence.Number != held.Due.Fence {
		t.Errorf("%+v", r)
	}
	s.tables.verdicts = []store.Verdict{{Outcome: store.Conflict, What: store.LostFence}}
	if got, err := f.Extend(t.Context(), noon(), vendor(), []message.ID{id(1)}, time.Minute); err != nil || got[0].Reason != "lease_lost" {
		t.Errorf("%+v: %v", got, err)
	}
	s.tables.down = unavailable()
	if _, err := f.Extend(t.Context(), noon(), vendor(), []message.ID{id(1)}, time.Minute); !fault.Is(err, fault.Unavailable) {
		t.Errorf("%v", err)
	}
	if _, err := f.Extend(t.Context(), noon(), access.Principal{}, nil, time.Minute); !fault.Is(err, fault.Forbidden) {
		t.Errorf("%v", err)
	}
}

func TestRecall(t *testing.T) {
	t.Parallel()
	f, s, _ := newFeed(t)
	s.hold(call(1, message.Service), "vendor:acme")
	s.hold(call(2, message.Service), "vendor:acme")
	s.tables.facts[id(2)] = consent.Facts{Suppressions: []consent.Suppression{{Reason: "do_not_call"}}}
	s.hold(call(3, message.Service), "-", message.Evidence{Seq: 1, Kind: message.CancelledE})
	expired := call(4, message.Service)
	expired.Message.ExpiresAt = noon()
	s.hold(expired, "vendor:acme")
	quiet := call(5, message.Service)
	quiet.Message.Recipient.Zones = []string{"Asia/Tokyo"}
	s.hold(quiet, "vendor:acme")
	got, err := f.Recall(t.Context(), noon(), vendor(), []message.ID{id(1), id(2), id(3), id(4), id(5)})
	want := []dispatch.Recalled{
		{ID: id(3), Reason: "cancelled"}, {ID: id(2), Reason: "do_not_call"}, {ID: id(4), Reason: "expired"}, {ID: id(5), Reason: "quiet_hours"},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v: %v", got, err)
	}
	settled := 0
	for _, w := range s.tables.applied {
		settled += len(store.Of(w.Message).Settles) + len(store.Of(w.Message).Requeues)
	}
	if settled != 3 {
		t.Errorf("%d of three are taken from the vendor: %+v", settled, s.tables.applied)
	}
	if got, err := f.Recall(t.Context(), noon(), vendor(), []message.ID{id(9)}); err != nil || got[0].Reason != "unknown" {
		t.Errorf("%+v: %v", got, err)
	}
	s.tables.blind = unavailable()
	if _, err := f.Recall(t.Context(), noon(), vendor(), []message.ID{id(1)}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("%v", err)
	}
}

func TestResults(t *testing.T) {
	t.Parallel()
	f, s, in := newFeed(t)
	s.hold(call(1, message.Service), "vendor:acme")
	s.hold(call(2, message.Service), "-", message.Evidence{Seq: 1, Kind: message.Delivered, Ref: "R-2", Code: "LIVE_RIGHT_PARTY"})
	results := []dispatch.CallResult{
		{ID: id(1), Result: "R-1", Disposition: "NO_ANSWER", At: noon()},
		{ID: id(2), Result: "R-2", Disposition: "LIVE_RIGHT_PARTY", At: noon()},
		{ID: id(3), Result: "R-3", Disposition: "BUSY", At: noon()},
	}
	got, err := f.Results(t.Context(), noon(), vendor(), results)
	want := []dispatch.Recorded{{ID: id(1), Status: "recorded"}, {ID: id(2), Status: "duplicate"}, {ID: id(3), Status: "unknown"}}
	if err != nil || !slices.Equal(got, want) || len(in.kept) != 1 {
		t.Fatalf("%+v: %v", got, err)
	}
	if r := in.kept[0]; r.Provider != "dialer:acme" || r.Message != id(1) || r.Says != message.SaysFailed || r.Reason != "no_answer" || r.Code != "NO_ANSWER" || r.Ref != "R-1" {
		t.Errorf("%+v", r)
	}
	if got, err := f.Results(t.Context(), noon(), vendor(), results[2:]); err != nil || len(got) != 1 || len(in.kept) != 1 {
		t.Errorf("%+v: %v", got, err)
	}
	in.down = unavailable()
	if _, err := f.Results(t.Context(), noon(), vendor(), results[:1]); !fault.Is(err, fault.Unavailable) {
		t.Errorf("taken although it is not durable: %v", err)
	}
	if _, err := f.Results(t.Context(), noon(), access.Principal{}, nil); !fault.Is(err, fault.Forbidden) {
		t.Errorf("%v", err)
	}
}

func TestDisposition(t *testing.T) {
	t.Parallel()
	for word, want := range dispatch.Dispositions() {
		got := dispatch.Disposition("dialer:acme", dispatch.CallResult{ID: id(1), Result: "R", Disposition: word, At: noon()})
		if got.Says != want.Says || got.Reason != want.Reason || got.Undeliverable != want.Undeliverable || got.Suppress != want.Suppress || got.Code != word {
			t.Errorf("%s: %+v", word, got)
		}
		if want.Says == message.SaysDelivered && (want.Undeliverable || want.Suppress != "") {
			t.Errorf("%s reaches somebody and marks the number", word)
		}
	}
	one := dispatch.CallResult{ID: id(1), Disposition: "SURPRISE", At: noon()}
	a, b := dispatch.Disposition("p", one), dispatch.Disposition("p", one)
	if a.Says != message.SaysNoted || a.Reason != "unknown_disposition" || a.Key != b.Key || a.Key == "" {
		t.Errorf("a word nobody knows: %+v", a)
	}
	one.At = noon().Add(time.Second)
	if dispatch.Disposition("p", one).Key == a.Key {
		t.Error("another result has the key")
	}
}

// TestStopLosesRaces: what the gate stops while the vendor reports on it is read again.
func TestStopLosesRaces(t *testing.T) {
	t.Parallel()
	f, s, _ := newFeed(t)
	c := s.hold(call(1, message.Service), "vendor:acme", message.Evidence{Seq: 1, Kind: message.Noted})
	s.tables.facts[id(1)] = consent.Facts{PointGone: true}
	s.tables.verdicts = []store.Verdict{{Outcome: store.Conflict, What: store.LostEvidence}}
	if _, err := f.Recall(t.Context(), noon(), vendor(), []message.ID{id(1)}); err != nil {
		t.Fatal(err)
	}
	if last := s.tables.applied[len(s.tables.applied)-1]; len(store.Of(last.Message).Evidence) != 1 || store.Of(last.Message).Evidence[0].Seq != 2 || store.Of(last.Message).Settles[0].Fence.Number != c.Due.Fence {
		t.Errorf("%+v", last)
	}
}
