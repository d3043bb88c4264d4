package batch_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/core/batch"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

// book is a ledger of leaves, and a reader's cursor.
type book struct {
	leaves  []ledger.Leaf
	cursor  int64
	applied []store.Writes
	lose    bool
	down    error
	blind   error
}

func (b *book) CursorAt(context.Context, string) (int64, error) {
	return b.cursor, b.blind
}

func (b *book) Leaves(_ context.Context, from int64, limit int) ([]ledger.Leaf, error) {
	var out []ledger.Leaf
	for _, l := range b.leaves {
		if l.Number >= from && len(out) < limit {
			out = append(out, l)
		}
	}
	return out, nil
}

func (b *book) Apply(_ context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	if b.down != nil {
		return nil, b.down
	}
	out := make([]store.Verdict, len(sets))
	for i, w := range sets {
		out[i] = store.Verdict{Outcome: store.Applied}
		if b.lose {
			out[i] = store.Verdict{Outcome: store.Conflict, What: store.LostVersion}
			continue
		}
		b.applied = append(b.applied, w)
		for _, c := range store.Of(w.Ledger).Cursors {
			if c.From == b.cursor {
				b.cursor = c.Next
			}
		}
	}
	return out, nil
}

// topic takes leaves.
type topic struct {
	got  []ledger.Leaf
	down error
}

func (p *topic) Publish(_ context.Context, leaves []ledger.Leaf) error {
	if p.down == nil {
		p.got = append(p.got, leaves...)
	}
	return p.down
}

func TestForward(t *testing.T) {
	t.Parallel()
	t.Run("hands every entry over in order and goes on from there", func(t *testing.T) {
		t.Parallel()
		b, p := &book{}, &topic{}
		r := batch.Relay{Name: "status", Store: b, Facts: b, Publisher: p}
		for n := range int64(1500) {
			b.leaves = append(b.leaves, ledger.Leaf{Number: n})
		}
		for _, want := range []struct {
			n    int
			more bool
		}{{1000, true}, {500, false}, {0, false}} {
			n, more, err := r.Forward(t.Context())
			if err != nil || n != want.n || more != want.more {
				t.Errorf("%d, more %t: %v; want %+v", n, more, err, want)
			}
		}
		for i, l := range p.got {
			if l.Number != int64(i) {
				t.Fatalf("leaf %d at %d", l.Number, i)
			}
		}
	})
	t.Run("keeps its place when the topic does not take them", func(t *testing.T) {
		t.Parallel()
		b, p := &book{leaves: []ledger.Leaf{{}}}, &topic{down: fault.New(fault.Unavailable, "x")}
		r := batch.Relay{Name: "status", Store: b, Facts: b, Publisher: p}
		if _, _, err := r.Forward(t.Context()); !fault.Is(err, fault.Unavailable) || b.cursor != 0 || len(b.applied) != 0 {
			t.Errorf("%v", err)
		}
		p.down = nil
		if n, _, err := r.Forward(t.Context()); err != nil || n != 1 || b.cursor != 1 {
			t.Errorf("%d: %v", n, err)
		}
		b.blind = fault.New(fault.Unavailable, "x")
		if _, _, err := r.Forward(t.Context()); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%v", err)
		}
	})
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	s, err := batch.ParseSchedule("LTRPRT", "0 2 * * *", newYork)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.Next(noon()), time.Date(2026, time.March, 3, 7, 0, 0, 0, time.UTC); !got.Equal(want) || got.Location() != time.UTC {
		t.Errorf("next is %s, want %s", got, want)
	}
	every, err := batch.ParseSchedule("LTRPRT", "* * * * *", newYork)
	if got := every.Next(noon()); err != nil || !got.Equal(noon().Add(time.Minute)) {
		t.Errorf("next is %s: %v", got, err)
	}
	for _, bad := range []string{"", "x", "* * * *", "60 * * * *", "* * * * * *"} {
		if _, err := batch.ParseSchedule("LTRPRT", bad, newYork); !fault.Is(err, fault.Invalid) {
			t.Errorf("takes %q: %v", bad, err)
		}
	}
}

func TestTake(t *testing.T) {
	t.Parallel()
	b := &book{}
	if mine, err := batch.Take(t.Context(), b, "LTRPRT", noon(), "me"); err != nil || !mine || store.Of(b.applied[0].Upkeep).Ticks[0] != (store.Tick{Chore: "LTRPRT", At: noon(), By: "me"}) {
		t.Errorf("%t: %v", mine, err)
	}
	b.lose = true
	if mine, err := batch.Take(t.Context(), b, "LTRPRT", noon(), "me"); err != nil || mine {
		t.Errorf("%t: %v", mine, err)
	}
	b.down = fault.New(fault.Unavailable, "x")
	if mine, err := batch.Take(t.Context(), b, "LTRPRT", noon(), "me"); !fault.Is(err, fault.Unavailable) || mine {
		t.Errorf("%t: %v", mine, err)
	}
}

// sums is both sources of the conservation check.
type sums struct {
	store.Conservation

	counted, recounted []message.Count
	down               error
}

func (s sums) Recount(context.Context, time.Time, time.Time) (counted, recounted []message.Count, err error) {
	return s.counted, s.recounted, s.down
}

func TestConservation(t *testing.T) {
	t.Parallel()
	count := func(c message.Channel, p message.Place, n int64) message.Count {
		return message.Count{Hour: noon(), Channel: c, Urgency: message.Service, Place: p, Delta: n}
	}
	whole := []message.Count{
		count(message.SMS, message.Accepted, 2), count(message.SMS, message.Pending, 2), count(message.SMS, message.Pending, -1),
		count(message.SMS, message.AtSent, 1), count(message.Letter, message.Accepted, 1), count(message.Letter, message.AtFailed, 1),
	}
	lost := append(slices.Clip(whole), count(message.SMS, message.AtSent, -1))
	minus := []message.Count{count(message.SMS, message.Accepted, 0), count(message.SMS, message.Pending, -1), count(message.SMS, message.AtSent, 1)}
	moved := append(slices.Clip(whole), count(message.SMS, message.AtSent, -1), count(message.SMS, message.AtDelivered, 1))
	other := append(slices.Clip(whole), count(message.SMS, message.Accepted, 1), count(message.SMS, message.Pending, 1))
	for _, row := range []struct {
		says               string
		counted, recounted []message.Count
		want               bool
	}{
		{"nothing balances", nil, nil, true},
		{"what adds up in both sources balances", whole, whole, true},
		{"what was lost does not", lost, lost, false},
		{"fewer than none does not", minus, minus, false},
		{"sources that differ in a place do not", whole, moved, false},
		{"sources that differ in number do not", whole, other, false},
		{"a source that lacks a row does not", whole, whole[:4], false},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			a, err := batch.Check(t.Context(), sums{counted: row.counted, recounted: row.recounted}, noon(), noon().Add(time.Hour))
			if err != nil || a.Balanced() != row.want || !a.From.Equal(noon()) {
				t.Errorf("%+v: %v", a, err)
			}
		})
	}
	rows := batch.Add(whole)
	if len(rows) != 2 || rows[0].Channel != message.Letter || rows[1].Accepted != 2 || rows[1].Places[message.Pending] != 1 || !rows[1].Balanced() {
		t.Errorf("%+v", rows)
	}
	if _, err := batch.Check(t.Context(), sums{down: fault.New(fault.Unavailable, "x")}, noon(), noon()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("%v", err)
	}
	t.Run("every walk of moves balances", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			var counts []message.Count
			for range rapid.IntRange(1, 20).Draw(t, "messages") {
				m := message.Message{AcceptedAt: noon(), Channel: rapid.SampledFrom(message.Channels()).Draw(t, "channel"), Urgency: message.Bulk}
				counts = append(counts, message.Arrival(m, message.Pending)...)
				l := message.Life{Work: message.Claimed, Place: message.Pending}
				for range rapid.IntRange(0, 3).Draw(t, "moves") {
					step := rapid.SampledFrom([]func(message.Life, message.Observation) (message.Move, error){
						message.Life.Sent, message.Life.Doubt, message.Life.Deliver, message.Life.Fail, message.Life.Silence, message.Life.Confirm,
					}).Draw(t, "step")
					if move, err := step(l, message.Observation{}); err == nil {
						counts, l = append(counts, move.Deltas(m)...), move.To
					}
				}
			}
			if a := (batch.Audit{Counted: batch.Add(counts), Recounted: batch.Add(counts)}); !a.Balanced() {
				t.Fatalf("%+v", a.Counted)
			}
		})
	})
}
