package desk_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"carillon/core/access"
	"carillon/core/consent"
	"carillon/core/contact"
	"carillon/core/desk/counter"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
)

// shelf holds contacts, dead letters, what waits, batches and To Dos, and answers as a store does.
type shelf struct {
	*tables

	views  map[contact.ID]store.ContactView
	dead   []message.DeadLetter // newest first
	ranges []store.IntakeRange
	facts  map[message.ID]consent.Facts
	asked  []string
}

func (s *shelf) DeadLetters(_ context.Context, place message.Place, after message.DeadCursor, limit int) ([]message.DeadLetter, error) {
	var out []message.DeadLetter
	for _, d := range s.dead {
		behind := after.At.IsZero() || d.At.Before(after.At) || d.At.Equal(after.At) && slices.Compare(d.Message[:], after.Message[:]) < 0
		if d.Place == place && behind && len(out) < limit {
			out = append(out, d)
		}
	}
	return out, s.blind
}

func (s *shelf) all() []message.Record {
	var out []message.Record
	for _, id := range slices.Sorted(maps.Keys(s.views)) {
		out = append(out, s.views[id].Messages...)
	}
	slices.SortFunc(out, func(a, b message.Record) int { return slices.Compare(a.Message.ID[:], b.Message.ID[:]) })
	return out
}

func (s *shelf) Waiting(_ context.Context, after, until message.ID, limit int) ([]message.Record, error) {
	var out []message.Record
	for _, r := range s.all() {
		id := r.Message.ID
		if r.Due != nil && slices.Compare(id[:], after[:]) > 0 && (until.IsZero() || slices.Compare(id[:], until[:]) < 0) && len(out) < limit {
			out = append(out, r)
		}
	}
	return out, s.blind
}

func (s *shelf) ContactViews(_ context.Context, ids []contact.ID) ([]store.ContactView, error) {
	var out []store.ContactView
	for _, id := range ids {
		if v, known := s.views[id]; known {
			out = append(out, v)
		}
	}
	return out, s.blind
}

func (s *shelf) Contact(_ context.Context, id contact.ID) (store.ContactView, error) {
	v, known := s.views[id]
	if !known {
		return v, none()
	}
	return v, s.blind
}

func (s *shelf) Messages(_ context.Context, ids []message.ID) ([]message.Record, error) {
	var out []message.Record
	for _, r := range s.all() {
		if slices.Contains(ids, r.Message.ID) {
			out = append(out, r)
		}
	}
	return out, s.blind
}

func (s *shelf) GateFacts(_ context.Context, messages []message.Message) ([]consent.Facts, error) {
	out := make([]consent.Facts, len(messages))
	for i, m := range messages {
		out[i] = s.facts[m.ID]
	}
	return out, s.blind
}

func (s *shelf) Batch(_ context.Context, id string) (store.IntakeBatch, error) {
	if id != "march" {
		return store.IntakeBatch{}, none()
	}
	return store.IntakeBatch{ID: id, Source: "cis", Division: "north"}, nil
}

func (s *shelf) BatchList(context.Context, string, store.IntakeBatch, int) ([]store.IntakeBatch, error) {
	return nil, nil
}

func (s *shelf) BatchRanges(_ context.Context, _ string, after contact.ID, limit int) ([]store.IntakeRange, error) {
	var out []store.IntakeRange
	for _, r := range s.ranges {
		if r.First >= after && len(out) < limit {
			out = append(out, r)
		}
	}
	return out, nil
}

func (s *shelf) NextStep(_ context.Context, _ time.Time, _ contact.ID, _ int16, why string) (store.Writes, error) {
	s.asked = append(s.asked, why)
	return store.Writes{Contact: &store.ContactWrites{Steps: []plan.Step{{Number: 2, Why: why}}}}, nil
}

// Parts says that a text is two parts.
func (s *shelf) Parts(message.Content) int { return 2 }

// newShelf is a desk over a shelf.
func newShelf(t *testing.T) (*stand, *shelf) {
	t.Helper()
	st := newStand(t)
	s := &shelf{tables: st.tables, views: map[contact.ID]store.ContactView{}, facts: map[message.ID]consent.Facts{}}
	st.atTheCounter.Facts, st.Failures, st.Batches, st.Gate, st.Steps, st.Texts, st.Allow = s, s, s, s, s, s, consent.Allow{Everyone: true}
	return st, s
}

// put adds a contact of one text, with its evidence, and the dead letter that tells of it.
func (s *shelf) put(n int, seen ...message.Evidence) message.Message {
	at := noon().Add(time.Duration(n) * time.Minute)
	m := message.Message{
		ID: message.NewID(at, [10]byte{9: byte(n)}), AcceptedAt: at, Source: "cis", Division: "north", Channel: message.SMS, Urgency: message.Service,
		Route: "sms", Lane: message.NewLane(1, message.Service), Content: `{"parts":{"text":"hello"}}`,
		Origin: message.Origin{Kind: message.FromStep, Contact: contact.ID(1000 + n), Step: 1, Steps: 2},
	}
	rec := message.Record{Message: m, Evidence: seen}
	s.views[m.Origin.Contact] = store.ContactView{
		Contact:  contact.Contact{ID: m.Origin.Contact, Source: "cis", Division: "north", Class: "CREDIT", Type: "WARN"},
		Messages: []message.Record{rec},
	}
	if life := rec.Life(); life.Place.Dead() {
		last := seen[len(seen)-1]
		s.dead = append(s.dead, message.DeadLetter{
			Message: m.ID, Place: life.Place, At: last.At, AcceptedAt: at, Source: "cis", Division: "north", Contact: m.Origin.Contact,
			Class: "CREDIT", Type: "WARN", Channel: m.Channel, Route: m.Route, Urgency: m.Urgency, Reason: last.Reason, Code: last.Code,
		})
		slices.SortFunc(s.dead, func(a, b message.DeadLetter) int { return b.At.Compare(a.At) })
	}
	return m
}

// change alters the view of a message's contact.
func (s *shelf) change(m message.Message, f func(*store.ContactView)) {
	v := s.views[m.Origin.Contact]
	f(&v)
	s.views[m.Origin.Contact] = v
}

func refused(n int) message.Evidence {
	return message.Evidence{Seq: 1, At: noon().Add(time.Hour + time.Duration(n)*time.Minute), Kind: message.Refused, Attempt: 1, Reason: "refused", Code: "OptedOut", Provider: "sns"}
}

func supervisor() access.Principal { return who("desk", "north", access.Supervisor) }

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	bulk, service := message.Bulk, message.Service
	for says, row := range map[string]struct {
		f    counter.DeadFilter
		want int
	}{
		"failed, when nothing is asked":     {counter.DeadFilter{}, 5},
		"of its outcome":                    {counter.DeadFilter{Outcome: message.AtSuppressed}, 1},
		"of its division":                   {counter.DeadFilter{Division: "south"}, 0},
		"of its channel":                    {counter.DeadFilter{Channel: message.SMS}, 5},
		"of another channel":                {counter.DeadFilter{Channel: message.Email}, 0},
		"of its route":                      {counter.DeadFilter{Route: "sms"}, 5},
		"of its urgency":                    {counter.DeadFilter{Urgency: &service}, 5},
		"of another urgency":                {counter.DeadFilter{Urgency: &bulk}, 0},
		"of its class and type":             {counter.DeadFilter{Class: "CREDIT", Type: "WARN"}, 5},
		"of another type":                   {counter.DeadFilter{Class: "CREDIT", Type: "OTHER"}, 0},
		"of its reason and code":            {counter.DeadFilter{Reason: "refused", Code: "OptedOut"}, 5},
		"of another code":                   {counter.DeadFilter{Code: "Blocked"}, 0},
		"accepted from":                     {counter.DeadFilter{AcceptedFrom: noon().Add(3 * time.Minute)}, 2},
		"accepted until":                    {counter.DeadFilter{AcceptedUntil: noon().Add(3 * time.Minute)}, 3},
		"settled from":                      {counter.DeadFilter{SettledFrom: noon().Add(63 * time.Minute)}, 2},
		"settled until":                     {counter.DeadFilter{SettledUntil: noon().Add(63 * time.Minute)}, 3},
		"of its batch":                      {counter.DeadFilter{Batch: "march"}, 3},
		"of its batch, and of its division": {counter.DeadFilter{Batch: "march", Division: "north"}, 3},
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			st, s := newShelf(t)
			for n := range 5 {
				s.put(n, refused(n))
			}
			s.put(5, message.Evidence{Seq: 1, At: noon(), Kind: message.Suppressed, Reason: "stop_received"})
			s.ranges = []store.IntakeRange{{First: 1000, N: 2}, {First: 1004, N: 9}}
			rows, next, err := st.DeadLetters(t.Context(), cis(), row.f, message.DeadCursor{}, 100)
			if err != nil || len(rows) != row.want || next != nil {
				t.Errorf("%d rows, want %d, next %v: %v", len(rows), row.want, next, err)
			}
		})
	}
	t.Run("come page by page, newest first, and none twice", func(t *testing.T) {
		t.Parallel()
		st, s := newShelf(t)
		for n := range 25 {
			s.put(n, refused(n))
		}
		var got []message.DeadLetter
		for after := new(message.DeadCursor); after != nil; {
			rows, next, err := st.DeadLetters(t.Context(), cis(), counter.DeadFilter{}, *after, 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				got = append(got, r.DeadLetter)
			}
			after = next
		}
		if !slices.EqualFunc(got, s.dead, func(a, b message.DeadLetter) bool { return a == b }) {
			t.Errorf("%d of %d", len(got), len(s.dead))
		}
	})
	t.Run("look at a bounded number of rows and say where to go on", func(t *testing.T) {
		t.Parallel()
		st, s := newShelf(t)
		s.dead = make([]message.DeadLetter, 30_000)
		for i := range s.dead {
			s.dead[i] = message.DeadLetter{Message: message.ID{1}, Place: message.AtFailed, At: noon().Add(-time.Duration(i) * time.Second), Division: "south"}
		}
		rows, next, err := st.DeadLetters(t.Context(), cis(), counter.DeadFilter{}, message.DeadCursor{}, 10)
		if err != nil || len(rows) != 0 || next == nil || !next.At.Equal(s.dead[19_999].At) {
			t.Errorf("%d rows, next %v: %v", len(rows), next, err)
		}
	})
	t.Run("say whether another message reached, and leave out what has moved", func(t *testing.T) {
		t.Parallel()
		st, s := newShelf(t)
		one, two := s.put(1, refused(1)), s.put(2, refused(2))
		s.change(one, func(v *store.ContactView) {
			other := v.Messages[0]
			other.Message.ID, other.Evidence = message.ID{7}, []message.Evidence{{Seq: 1, Kind: message.Sent}, {Seq: 2, Kind: message.Delivered}}
			v.Messages = append(v.Messages, other)
		})
		s.change(two, func(v *store.ContactView) {
			v.Messages[0].Evidence = append(v.Messages[0].Evidence, message.Evidence{Seq: 2, Kind: message.Delivered})
		})
		rows, _, err := st.DeadLetters(t.Context(), cis(), counter.DeadFilter{}, message.DeadCursor{}, 10)
		if err != nil || len(rows) != 1 || rows[0].Message != one.ID || !rows[0].Reached {
			t.Errorf("%+v: %v", rows, err)
		}
	})
	t.Run("of a batch that is not there, or of a place that is none, are refused", func(t *testing.T) {
		t.Parallel()
		st, _ := newShelf(t)
		if _, _, err := st.DeadLetters(t.Context(), cis(), counter.DeadFilter{Batch: "april"}, message.DeadCursor{}, 10); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		if _, _, err := st.DeadLetters(t.Context(), who("other", "south", access.CIS), counter.DeadFilter{Batch: "march"}, message.DeadCursor{}, 10); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		if _, _, err := st.DeadLetters(t.Context(), cis(), counter.DeadFilter{Outcome: message.AtDelivered}, message.DeadCursor{}, 10); !fault.Is(err, fault.Invalid) {
			t.Error(err)
		}
	})
}

// TestReplay: who goes back, and who is passed over and why.
func TestReplay(t *testing.T) {
	t.Parallel()
	now := noon().Add(24 * time.Hour)
	add := func(kind message.EvidenceKind, due bool) func(*shelf, message.Message) {
		return func(s *shelf, m message.Message) {
			s.change(m, func(v *store.ContactView) {
				other := message.Record{Message: m}
				other.Message.ID = message.ID{7}
				if kind != 0 {
					other.Evidence = []message.Evidence{{Seq: 1, Kind: kind}}
				}
				if due {
					other.Due = &message.Due{}
				}
				v.Messages = append(v.Messages, other)
			})
		}
	}
	seen := func(e ...message.Evidence) func(*shelf, message.Message) {
		return func(s *shelf, m message.Message) {
			s.change(m, func(v *store.ContactView) { v.Messages[0].Evidence = append(v.Messages[0].Evidence, e...) })
		}
	}
	for says, row := range map[string]struct {
		change  func(*shelf, message.Message)
		reached bool   // asked to include
		passed  string // "": replayed
	}{
		"what failed goes back":                           {func(*shelf, message.Message) {}, false, ""},
		"where another message was delivered":             {add(message.Delivered, false), false, "reached"},
		"where another message was sent":                  {add(message.Sent, false), false, "reached"},
		"where another message was delivered, but wanted": {add(message.Delivered, false), true, ""},
		"where another message waits":                     {add(0, true), false, "under_way"},
		"where another message failed too":                {add(message.Refused, false), false, ""},
		"what a later report says was delivered":          {seen(message.Evidence{Seq: 2, Kind: message.Delivered}), true, "delivered"},
		"what this request replayed, and failed again":    {seen(message.Evidence{Seq: 2, Kind: message.Replayed, Ref: "key-1"}, message.Evidence{Seq: 3, Kind: message.Refused}), false, "replayed"},
		"what another request replayed, and failed again": {seen(message.Evidence{Seq: 2, Kind: message.Replayed, Ref: "key-0"}, message.Evidence{Seq: 3, Kind: message.Refused}), false, ""},
		"who has opted out": {func(s *shelf, m message.Message) {
			s.facts[m.ID] = consent.Facts{Suppressions: []consent.Suppression{{Reason: consent.StopReceived}}}
		}, true, "suppressed"},
		"whose contact point is gone": {func(s *shelf, m message.Message) { s.facts[m.ID] = consent.Facts{PointGone: true} }, true, "suppressed"},
		"what the sender wants no more": {func(s *shelf, m message.Message) {
			s.change(m, func(v *store.ContactView) { v.Contact.ExpiresAt = now })
		}, true, "expired"},
		"what its route had expired has its time anew": {func(s *shelf, m message.Message) {
			s.change(m, func(v *store.ContactView) { v.Messages[0].Message.ExpiresAt = m.AcceptedAt.Add(time.Minute) })
		}, false, ""},
		"what was replaced": {func(s *shelf, m message.Message) {
			s.change(m, func(v *store.ContactView) { v.Retries = []plan.Retry{{Former: m.ID}} })
		}, true, "retried"},
		"what was called off": {func(s *shelf, m message.Message) {
			s.change(m, func(v *store.ContactView) { v.Halted = true })
		}, true, "cancelled"},
		"a letter that a run has frozen": {func(s *shelf, m message.Message) {
			s.change(m, func(v *store.ContactView) { v.Messages[0].Message.Channel = message.Letter })
		}, true, "printed"},
		"what has no route any more": {func(s *shelf, m message.Message) {
			s.change(m, func(v *store.ContactView) { v.Messages[0].Message.Lane = message.NewLane(77, message.Service) })
		}, true, "no_route"},
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			st, s := newShelf(t)
			m := s.put(1, refused(1))
			row.change(s, m)
			r := counter.ReplayRequest{Key: "key-1", IDs: []message.ID{m.ID}, IncludeReached: row.reached, DryRun: true}
			dry, err := st.Replay(t.Context(), now, supervisor(), r)
			if err != nil || len(s.applied) != 0 || dry.Found != 1 {
				t.Fatalf("%+v: %v", dry, err)
			}
			r.DryRun = false
			done, err := st.Replay(t.Context(), now, supervisor(), r)
			if err != nil || done.Replayed != dry.Replayed || !maps.Equal(done.Passed, dry.Passed) || !maps.Equal(done.Groups, dry.Groups) || done.Parts != dry.Parts {
				t.Fatalf("%+v, a dry run says %+v: %v", done, dry, err)
			}
			if row.passed != "" {
				if done.Replayed != 0 || done.Passed[row.passed] != 1 || len(s.applied) != 0 {
					t.Errorf("%+v", done)
				}
				return
			}
			if done.Replayed != 1 || done.Parts != 2 || len(done.Passed) != 0 || done.Groups[counter.ReplayGroup{Channel: message.SMS, Route: "sms", Reason: lastReason(s, m)}] != 1 {
				t.Fatalf("%+v", done)
			}
			w := s.applied[0]
			e := store.Of(w.Message).Evidence[0]
			if e.Kind != message.Replayed || e.Ref != "key-1" || e.Provider != "me" || e.Message != m.ID || len(store.Of(w.Message).Dues) != 1 || store.Of(w.Message).Dues[0].Message != m.ID || !store.Of(w.Message).Dues[0].At.Equal(now) || len(store.Of(w.Message).Undead) != 1 {
				t.Errorf("%+v", w)
			}
		})
	}
	t.Run("by filter goes on where it stopped", func(t *testing.T) {
		t.Parallel()
		st, s := newShelf(t)
		for n := range 25 {
			s.put(n, refused(n))
		}
		total, after, pages := 0, message.DeadCursor{}, 0
		for {
			a, err := st.Replay(t.Context(), now, supervisor(), counter.ReplayRequest{Key: "k", After: after, Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			total, pages = total+a.Replayed, pages+1
			if a.Next == nil {
				break
			}
			after = *a.Next
		}
		if total != 25 || pages != 3 {
			t.Errorf("%d in %d pages", total, pages)
		}
	})
	t.Run("counts a lost race as such, and what is hidden as unknown", func(t *testing.T) {
		t.Parallel()
		st, s := newShelf(t)
		m := s.put(1, refused(1))
		s.verdicts = []store.Verdict{{Outcome: store.Conflict, What: store.LostEvidence}}
		a, err := st.Replay(t.Context(), now, supervisor(), counter.ReplayRequest{Key: "k", IDs: []message.ID{m.ID, {99}}})
		if err != nil || a.Replayed != 0 || a.Passed["lost_race"] != 1 || a.Passed["unknown"] != 1 {
			t.Errorf("%+v: %v", a, err)
		}
		south := who("desk", "south", access.Supervisor)
		if a, err := st.Replay(t.Context(), now, south, counter.ReplayRequest{Key: "k", IDs: []message.ID{m.ID}}); err != nil || a.Found != 0 || a.Passed["unknown"] != 1 {
			t.Errorf("%+v: %v", a, err)
		}
	})
	t.Run("wants a key, a word and a right", func(t *testing.T) {
		t.Parallel()
		st, _ := newShelf(t)
		if _, err := st.Replay(t.Context(), now, supervisor(), counter.ReplayRequest{Reason: "two words"}); len(fields(err)) != 2 {
			t.Error(err)
		}
		if _, err := st.Replay(t.Context(), now, cis(), counter.ReplayRequest{Key: "k"}); !fault.Is(err, fault.Forbidden) {
			t.Error(err)
		}
	})
}

func lastReason(s *shelf, m message.Message) string {
	seen := s.views[m.Origin.Contact].Messages[0].Evidence
	return seen[len(seen)-1].Reason
}
