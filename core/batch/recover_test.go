package batch_test

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"carillon/core/batch"
	"carillon/core/extract"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

// restored is a store as it came from a backup.
type restored struct {
	records map[message.ID]*message.Record
	runs    []extract.Run
	entries []ledger.Entry
	drawn   map[string]int
	others  int
	broken  int // writes until the store is gone; 0: it stays
}

func (s *restored) Claimable(_ context.Context, at time.Time, after message.ID, limit int) ([]message.Record, error) {
	var out []message.Record
	for id, r := range s.records {
		if r.Due != nil && (r.Due.Owner != "" || !r.Due.At.After(at)) && bytes.Compare(id[:], after[:]) > 0 {
			out = append(out, *r)
		}
	}
	slices.SortFunc(out, func(a, b message.Record) int { return bytes.Compare(a.Message.ID[:], b.Message.ID[:]) })
	return out[:min(limit, len(out))], nil
}
func (s *restored) Elsewhere(context.Context) (int, error) { return s.others, nil }
func (s *restored) Numbers(_ context.Context, sequence string, n int) (int64, error) {
	first := int64(1_000_000_001 + s.drawn[sequence])
	s.drawn[sequence] += n
	return first, nil
}
func (s *restored) NextLeaf(context.Context) (int64, error) { return 77, nil }
func (s *restored) OpenRun(context.Context, string) (extract.Run, error) {
	return extract.Run{}, fault.New(fault.NotFound, "no run is open")
}

func (s *restored) RunList(_ context.Context, batch string, _ int64, limit int) ([]extract.Run, error) {
	var out []extract.Run
	for _, r := range s.runs {
		if r.Batch == batch {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b extract.Run) int { return int(b.Number - a.Number) })
	return out[:min(limit, len(out))], nil
}

func (s *restored) Apply(_ context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	if s.broken--; s.broken == 0 {
		return nil, fault.New(fault.Unavailable, "the store is gone")
	}
	out := make([]store.Verdict, len(sets))
	for i, w := range sets {
		out[i] = store.Verdict{Outcome: store.Applied}
		for _, u := range store.Of(w.Message).Undues {
			s.records[u.Message].Due = nil
		}
		for _, f := range store.Of(w.Message).Settles {
			s.records[f.Fence.Message].Due = nil
		}
		for _, d := range store.Of(w.Message).Dues {
			s.records[d.Message].Due = &d
		}
		for _, e := range store.Of(w.Message).Evidence {
			s.records[e.Message].Evidence = append(s.records[e.Message].Evidence, e)
		}
		for _, r := range store.Of(w.Letter).Runs {
			s.runs = slices.DeleteFunc(s.runs, func(o extract.Run) bool { return o.Batch == r.Batch && o.Number == r.Number })
			s.runs = append(s.runs, r)
		}
		s.entries = append(s.entries, store.Of(w.Ledger).Entries...)
	}
	return out, nil
}

// The messages of the restored store, by the last byte of their id.
const (
	heldText, repeatedText, claimedText, laterText, stoppedText, aCallDue = 1, 2, 3, 4, 5, 6
)

func newRestored() *restored {
	s := &restored{records: map[message.ID]*message.Record{}, drawn: map[string]int{}, runs: []extract.Run{{Batch: extract.LTRPRT, Number: 12}}}
	for n, change := range map[byte]func(r *message.Record){
		heldText:     func(*message.Record) {},
		repeatedText: func(r *message.Record) { r.Message.Doubt = message.Repeat },
		claimedText:  func(r *message.Record) { r.Due.Owner, r.Due.Fence, r.Due.At = "gateway:1", 1, noon().Add(time.Minute) },
		laterText:    func(r *message.Record) { r.Due.At = noon().Add(time.Hour) },
		stoppedText:  func(r *message.Record) { r.Due.Reason = message.WaitOperator },
		aCallDue:     func(r *message.Record) { r.Message.Channel = message.Voice },
	} {
		r := message.Record{
			Message: message.Message{ID: id(n), AcceptedAt: noon().Add(-2 * time.Hour), Channel: message.SMS, Hold: time.Hour},
			Due:     &message.Due{Message: id(n), At: noon().Add(-2 * time.Hour), Reason: message.WaitNew},
		}
		change(&r)
		s.records[id(n)] = &r
	}
	return s
}

func (s *restored) recover(t *testing.T, now time.Time, dry bool) (batch.Recovered, error) {
	t.Helper()
	job := &batch.Recovery{Store: s, Facts: s, Dedupes: func(m message.Message) bool { return m.Channel == message.Voice }}
	return job.Run(t.Context(), now, noon().Add(-time.Hour), "operator", dry)
}

func (s *restored) life(n byte) message.Life { return s.records[id(n)].Life() }

// told fails unless everything that the lost time may have sent says so, once.
func (s *restored) told(t *testing.T) {
	t.Helper()
	for _, n := range []byte{heldText, claimedText} {
		if l := s.life(n); l != (message.Life{Work: message.Doubted, Place: message.InDoubt, Seq: 1, Attempts: 1}) {
			t.Errorf("message %d, that is never repeated, is %+v", n, l)
		}
	}
	if l := s.life(repeatedText); l != (message.Life{Work: message.Queued, Place: message.Pending, Seq: 1, Attempts: 1}) {
		t.Errorf("the message whose type says repeat is %+v", l)
	}
	if d := s.records[id(repeatedText)].Due; d.Seq != 1 || d.Attempt != 1 || d.Owner != "" || d.At.After(noon()) {
		t.Errorf("it waits as %+v", *d)
	}
	for _, n := range []byte{heldText, claimedText, repeatedText} {
		if e := s.records[id(n)].Evidence; len(e) != 1 || e[0].Reason != batch.Restored {
			t.Errorf("the evidence of message %d is %+v", n, e)
		}
	}
	for _, n := range []byte{laterText, stoppedText, aCallDue} {
		if l := s.life(n); l.Place != message.Pending || l.Seq != 0 {
			t.Errorf("message %d was touched: %+v", n, l)
		}
	}
}

func TestRecover(t *testing.T) {
	t.Parallel()
	t.Run("doubts what may have been sent, and jumps all numbers", func(t *testing.T) {
		t.Parallel()
		s := newRestored()
		done, err := s.recover(t, noon(), false)
		if err != nil || done.InDoubt != 2 || done.Repeated != 1 || done.Kept != 2 || done.NextLeaf != 77 {
			t.Errorf("recovered %+v, %v", done, err)
		}
		s.told(t)
		if runs, _ := s.RunList(t.Context(), extract.LTRPRT, 0, 1); runs[0].Number <= 12+1000 || runs[0].ToldAt.IsZero() {
			t.Errorf("the newest run is %+v", runs[0])
		}
		if s.drawn["contact"] == 0 || s.drawn["person"] == 0 || s.drawn["point"] == 0 {
			t.Errorf("numbers drawn: %v", s.drawn)
		}
		if i := slices.IndexFunc(s.entries, func(e ledger.Entry) bool { return e.Kind == ledger.StoreRestored }); i < 0 {
			t.Error("the ledger does not tell of it")
		}
	})
	t.Run("changes nothing the second time", func(t *testing.T) {
		t.Parallel()
		s := newRestored()
		if _, err := s.recover(t, noon(), false); err != nil {
			t.Fatal(err)
		}
		s.records[id(9)] = &message.Record{Message: message.Message{ID: id(9), AcceptedAt: noon()}, Due: &message.Due{Message: id(9), At: noon()}}
		drawn := s.drawn["contact"]
		done, err := s.recover(t, noon().Add(time.Hour), false)
		if err != nil || !done.Before || s.drawn["contact"] != drawn || s.life(9).Seq != 0 {
			t.Errorf("recovered again %+v, %v", done, err)
		}
		s.told(t)
	})
	t.Run("goes on where it was broken off", func(t *testing.T) {
		t.Parallel()
		for _, at := range []int{1, 2, 3} {
			s := newRestored()
			s.broken = at
			if _, err := s.recover(t, noon(), false); !fault.Is(err, fault.Unavailable) {
				t.Errorf("broken at write %d: %v", at, err)
			}
			if _, err := s.recover(t, noon(), false); err != nil {
				t.Errorf("resumed after write %d: %v", at, err)
			}
			s.told(t)
		}
	})
	t.Run("only says what it would do when it is asked to", func(t *testing.T) {
		t.Parallel()
		s := newRestored()
		s.others = 3
		done, err := s.recover(t, noon(), true)
		if err != nil || done.InDoubt != 2 || done.Repeated != 1 || len(s.entries) != 0 || s.drawn["contact"] != 0 || s.life(heldText).Seq != 0 {
			t.Errorf("a dry run %+v, %v", done, err)
		}
	})
	t.Run("refuses while gateways run, and a time that has not come", func(t *testing.T) {
		t.Parallel()
		s := newRestored()
		s.others = 1
		if _, err := s.recover(t, noon(), false); !fault.Is(err, fault.Conflict) || s.life(heldText).Seq != 0 {
			t.Errorf("with a gateway: %v", err)
		}
		if _, err := newRestored().recover(t, noon().Add(-2*time.Hour), true); !fault.Is(err, fault.Invalid) {
			t.Errorf("to a time that has not come: %v", err)
		}
	})
}
