package batch_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"carillon/core/batch"
	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/extract"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
)

func noon() time.Time { return time.Date(2026, time.March, 2, 17, 0, 0, 0, time.UTC) }

// office is a store with letters: it really claims, freezes and settles, and dies where it is told.
type office struct {
	*registry // of the Batch Controls

	records map[message.ID]*message.Record
	order   []message.ID
	runs    []extract.Run
	letters []extract.Letter
	entries []ledger.Entry
	steps   []plan.Step
	applies int
	dieAt   int  // the apply that is lost on the way: nothing is written; 0: none
	lose    bool // settlements lose their race
}

func (o *office) Apply(_ context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	o.applies++
	if o.applies == o.dieAt {
		return nil, fault.New(fault.Unavailable, "away")
	}
	out := make([]store.Verdict, len(sets))
	for i, w := range sets {
		out[i] = o.one(w)
	}
	return out, nil
}

func (o *office) one(w store.Writes) store.Verdict {
	if what := o.refused(store.Writes{Batch: &store.BatchWrites{BatchRuns: store.Of(w.Batch).BatchRuns, BatchThreads: store.Of(w.Batch).BatchThreads}}); what != "" {
		return store.Verdict{Outcome: store.Conflict, What: what}
	}
	o.write(store.Writes{Batch: &store.BatchWrites{BatchRuns: store.Of(w.Batch).BatchRuns, BatchThreads: store.Of(w.Batch).BatchThreads}})
	for _, r := range store.Of(w.Letter).Runs {
		at := slices.IndexFunc(o.runs, func(x extract.Run) bool { return x.Number == r.Number })
		switch {
		case at < 0 && r.Version == 1:
			o.runs = append(o.runs, r)
		case at >= 0 && o.runs[at].Version == r.Version-1:
			o.runs[at] = r
		default:
			return store.Verdict{Outcome: store.Conflict, What: store.LostVersion}
		}
	}
	if o.lose && len(store.Of(w.Message).Settles) > 0 {
		return store.Verdict{Outcome: store.Conflict, What: store.LostFence}
	}
	o.letters = append(o.letters, store.Of(w.Letter).Letters...)
	for _, e := range store.Of(w.Message).Evidence {
		o.records[e.Message].Evidence = append(o.records[e.Message].Evidence, e)
	}
	for _, s := range store.Of(w.Message).Settles {
		o.records[s.Fence.Message].Due = nil
	}
	for _, q := range store.Of(w.Message).Requeues {
		d := o.records[q.Fence.Message].Due
		d.At, d.Owner, d.Reason = q.At, "", q.Reason
	}
	o.entries, o.steps = append(o.entries, store.Of(w.Ledger).Entries...), append(o.steps, store.Of(w.Contact).Steps...)
	v := store.Verdict{Outcome: store.Applied}
	if store.Of(w.Message).Claim != nil {
		v.Claimed = o.claim(*store.Of(w.Message).Claim)
	}
	return v
}

func (o *office) claim(c store.Claim) []message.Taken {
	var out []message.Taken
	for _, id := range o.order {
		r := o.records[id]
		if r.Due == nil || r.Due.Lane != c.Lane || r.Due.At.After(c.Now) || len(out) >= c.Limit {
			continue
		}
		t := message.Taken{Message: r.Message, Lapsed: r.Due.Owner, Was: r.Due.Reason}
		r.Due.Owner, r.Due.At, r.Due.Fence = c.Owner, c.Lease, r.Due.Fence+1
		t.Due = *r.Due
		out = append(out, t)
	}
	return out
}

func (o *office) OpenRun(context.Context, string) (extract.Run, error) {
	for _, r := range o.runs {
		if r.ToldAt.IsZero() {
			return r, nil
		}
	}
	return extract.Run{}, fault.New(fault.NotFound, "none")
}

func (o *office) RunList(_ context.Context, _ string, _ int64, limit int) ([]extract.Run, error) {
	newest := slices.Clone(o.runs)
	slices.Reverse(newest)
	return newest[:min(limit, len(newest))], nil
}

func (o *office) Letters(_ context.Context, _ string, run, after int64, limit int) ([]extract.Letter, error) {
	var out []extract.Letter
	for _, l := range o.letters {
		if l.Run == run && l.Number > after && len(out) < limit {
			out = append(out, l)
		}
	}
	return out, nil
}

func (o *office) Unsent(_ context.Context, _ string, run, after int64, limit int) ([]store.FrozenLetter, error) {
	var out []store.FrozenLetter
	for _, l := range o.letters {
		if r := o.records[l.Message]; l.Run == run && l.Number > after && r.Due != nil && len(out) < limit {
			d := *r.Due
			out = append(out, store.FrozenLetter{Letter: l, Record: message.Record{Message: r.Message, Due: &d, Evidence: r.Evidence}})
		}
	}
	return out, nil
}

func (o *office) Messages(_ context.Context, ids []message.ID) ([]message.Record, error) {
	var out []message.Record
	for _, id := range ids {
		out = append(out, *o.records[id])
	}
	return out, nil
}

// gate stops the messages it names.
type gate map[message.ID]consent.Verdict

func (g gate) Gate(_ context.Context, _ time.Time, taken []message.Taken) ([]consent.Verdict, error) {
	out := make([]consent.Verdict, len(taken))
	for i, t := range taken {
		v, stopped := g[t.Message.ID]
		if !stopped {
			v = consent.Verdict{Pass: true}
		}
		out[i] = v
	}
	return out, nil
}

func (o *office) NextStep(_ context.Context, _ time.Time, id contact.ID, fell int16, why string) (store.Writes, error) {
	return store.Writes{Contact: &store.ContactWrites{Steps: []plan.Step{{Contact: id, Number: fell + 1, Why: why}}}}, nil
}

// freezer writes a line; a letter to nowhere cannot be one.
type freezer struct{}

func (freezer) Freeze(run extract.Run, number int64, m message.Message, names []string, p customer.Postal, now time.Time) (extract.Letter, error) {
	if p.City == "Nowhere" {
		return extract.Letter{}, fault.Provider(fault.Refused, "no_city", "x", nil)
	}
	return extract.Letter{
		Batch: run.Batch, Run: run.Number, Number: number, Message: m.ID, Key: m.OrderKey(),
		Record: fmt.Sprintf("%s/%d/%d %s to %s in %s at %s", run.Batch, run.Number, number, m.ID, strings.Join(names, "+"), p.City, now.Format(time.TimeOnly)),
	}, nil
}

// press prints, and fails as it is told.
type press struct {
	printed   []extract.Letter
	manifests []extract.Manifest
	answer    func(extract.Letter) error
	short     bool // forgets the last answer
	closing   error
}

func (p *press) Print(_ context.Context, letters []extract.Letter) []error {
	out := make([]error, len(letters))
	for i, l := range letters {
		if p.answer != nil {
			out[i] = p.answer(l)
		}
		if out[i] == nil {
			p.printed = append(p.printed, l)
		}
	}
	if p.short {
		return out[1:]
	}
	return out
}

func (p *press) Close(_ context.Context, m extract.Manifest) error {
	if p.closing == nil {
		p.manifests = append(p.manifests, m)
	}
	return p.closing
}

type breaker struct{ open bool }

func (b *breaker) Ready(time.Time) (bool, time.Time) { return !b.open, time.Time{} }

type fixed struct{ *config.Snapshot }

func (f fixed) Current() *config.Snapshot { return f.Snapshot }

type stand struct {
	*batch.Letters
	t       *testing.T
	office  *office
	press   *press
	gate    gate
	breaker *breaker
}

func newStand(t *testing.T, letters int) *stand {
	t.Helper()
	cfg, err := config.Compile(1, config.Document{
		Divisions: []config.Division{{Code: "north", Zone: "Australia/Sydney", Country: "AU", Language: "en-AU"}},
		Routes: []config.Route{
			{Code: "letters", Number: 1, Channel: message.Letter, Provider: "kafka"}, {Code: "sms", Number: 2, Channel: message.SMS, Provider: "sns"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	o := &office{registry: newRegistry(), records: map[message.ID]*message.Record{}}
	s := &stand{t: t, office: o, press: &press{}, gate: gate{}, breaker: &breaker{}}
	s.Letters = &batch.Letters{
		Store: o, Facts: o, Controls: o, Configs: fixed{cfg}, Gate: s.gate, Steps: o, Freezer: freezer{}, Press: s.press, Breaker: s.breaker, Clock: noon,
	}
	for n := range letters {
		s.wait(byte(n+1), message.Service, "Sydney")
	}
	return s
}

func id(n byte) message.ID { return message.ID{15: n} }

// wait puts a letter into the queue.
func (s *stand) wait(n byte, u message.Urgency, city string) {
	lane := message.NewLane(1, u)
	s.office.order = append(s.office.order, id(n))
	s.office.records[id(n)] = &message.Record{
		Message: message.Message{
			ID: id(n), AcceptedAt: noon(), Channel: message.Letter, Urgency: u, Lane: lane, Account: "A",
			Origin:    message.Origin{Kind: message.FromStep, Contact: 7, Step: 1, Steps: 2},
			Recipient: customer.Recipient{Name: "Jane\nDoe", Address: customer.Postal{Line1: "1", City: city, Country: "AU"}.Address()},
		},
		Due: &message.Due{Lane: lane, At: noon(), Message: id(n), FirstAt: noon(), Reason: message.WaitRun},
	}
}

func (s *stand) place(n byte) message.Place { return s.office.records[id(n)].Life().Place }

// run runs LTRPRT; it must succeed.
func (s *stand) run(empty bool) extract.Run {
	s.t.Helper()
	r, err := s.Run(s.t.Context(), noon(), "schedule", empty)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func hashOf(letters []extract.Letter) string {
	var b strings.Builder
	for _, l := range letters {
		b.WriteString(l.Record + "\n")
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}

func TestRun(t *testing.T) {
	t.Parallel()
	t.Run("freezes, prints, settles and closes with a manifest that adds up", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, 3)
		s.wait(9, message.Emergency, "Sydney")
		r := s.run(false)
		if r.Number != 1 || r.Letters != 4 || !r.ClosedAt.Equal(noon()) || r.BusinessDate != "2026-03-03" || r.By != "schedule" {
			t.Errorf("%+v", r)
		}
		if s.press.printed[0].Message != id(9) {
			t.Error("the most urgent letter is not the first")
		}
		for i, l := range s.press.printed {
			if l.Number != int64(i+1) || l.Run != 1 || s.place(l.Message[15]) != message.AtSent {
				t.Errorf("%+v", l)
			}
		}
		m := s.press.manifests[0]
		if m.Letters != 4 || m.SHA256 != hashOf(s.press.printed) || m.SHA256 != r.Hash || m.Run != 1 || m.Batch != "LTRPRT" || m.ClosedAt != "2026-03-02T17:00:00.000000Z" {
			t.Errorf("%+v", m)
		}
		kinds := map[ledger.Kind]int{}
		for _, e := range s.office.entries {
			kinds[e.Kind]++
		}
		if kinds[ledger.RunOpened] != 1 || kinds[ledger.RunClosed] != 1 || kinds[ledger.MessageMoved] != 4 {
			t.Errorf("entries %v", kinds)
		}
	})
	t.Run("opens no run for nothing, unless asked", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, 0)
		if r := s.run(false); r.Number != 0 || len(s.office.runs) != 0 || len(s.press.manifests) != 0 {
			t.Errorf("%+v", r)
		}
		if r := s.run(true); r.Number != 1 || r.Letters != 0 || r.ClosedAt.IsZero() || s.press.manifests[0].SHA256 != hashOf(nil) {
			t.Errorf("%+v", r)
		}
	})
	t.Run("counts on from the last run", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, 1)
		s.run(false)
		s.wait(2, message.Bulk, "Sydney")
		if r := s.run(false); r.Number != 2 || r.Letters != 1 || len(s.press.printed) != 2 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("claims nothing while the document management system is not reached", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, 1)
		s.breaker.open = true
		if _, err := s.Run(t.Context(), noon(), "x", false); !fault.Is(err, fault.Unavailable) || s.office.applies != 0 {
			t.Errorf("%v after %d applies", err, s.office.applies)
		}
	})
	t.Run("takes more letters than a page holds", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, 0)
		for n := range 1203 {
			m := message.ID{13: 1, 14: byte(n >> 8), 15: byte(n)}
			s.wait(1, message.Bulk, "Sydney")
			rec := *s.office.records[id(1)]
			rec.Message.ID, rec.Due.Message = m, m
			s.office.order[n], s.office.records[m] = m, &rec
		}
		if r := s.run(false); r.Letters != 1203 || s.press.manifests[0].SHA256 != hashOf(s.press.printed) {
			t.Errorf("%+v", r)
		}
	})
}

// TestStopped: what the gate stops, and what cannot be a letter, takes no number of the run.
func TestStopped(t *testing.T) {
	t.Parallel()
	s := newStand(t, 1)
	for n, city := range map[byte]string{2: "Sydney", 3: "Sydney", 4: "Nowhere", 5: "Sydney", 6: "Sydney"} {
		s.wait(n, message.Bulk, city)
	}
	s.office.records[id(5)].Message.Recipient.Address = "no block"
	s.gate[id(2)] = consent.Verdict{Suppress: "undeliverable"}
	s.gate[id(3)] = consent.Verdict{Expire: true}
	s.gate[id(6)] = consent.Verdict{Wait: noon().Add(time.Minute)}
	r := s.run(false)
	if r.Letters != 1 || len(s.office.letters) != 1 {
		t.Errorf("%+v", r)
	}
	for n, want := range map[byte]message.Place{
		1: message.AtSent, 2: message.AtSuppressed, 3: message.AtExpired, 4: message.AtFailed, 5: message.AtFailed, 6: message.Pending,
	} {
		if s.place(n) != want {
			t.Errorf("letter %d is %s, want %s", n, s.place(n), want)
		}
	}
	if len(s.office.steps) != 4 {
		t.Errorf("next steps %+v", s.office.steps)
	}
	if d := s.office.records[id(6)].Due; d == nil || d.Owner != "" || !d.At.After(noon()) {
		t.Errorf("%+v", d)
	}
}

// TestResume: an unfinished run is resumed under its number, with the same bytes.
func TestResume(t *testing.T) {
	t.Parallel()
	t.Run("after the press failed half way", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, 4)
		s.press.answer = func(l extract.Letter) error {
			if l.Number > 2 {
				return fault.New(fault.Ambiguous, "x")
			}
			return nil
		}
		if r, err := s.Run(t.Context(), noon(), "x", false); !fault.Is(err, fault.Ambiguous) || !r.ClosedAt.IsZero() || len(s.press.manifests) != 0 {
			t.Fatalf("%+v: %v", r, err)
		}
		frozen := slices.Clone(s.office.letters)
		s.press.answer = nil
		s.wait(9, message.Service, "Sydney")
		r, err := s.Run(t.Context(), noon().Add(time.Hour), "y", false)
		if err != nil || r.Number != 1 || r.Letters != 5 || len(s.press.manifests) != 1 {
			t.Fatalf("%+v: %v", r, err)
		}
		if !slices.Equal(s.office.letters[:4], frozen) || !slices.Equal(s.press.printed, s.office.letters) || r.Hash != hashOf(s.press.printed) {
			t.Error("other bytes are printed")
		}
	})
	t.Run("after a crash anywhere, each letter leaves in one run with one number", func(t *testing.T) {
		t.Parallel()
		for die := 1; die < 20; die++ {
			s := newStand(t, 3)
			s.office.dieAt = die
			_, err := s.Run(t.Context(), noon(), "x", false)
			s.office.dieAt = 0
			r, err2 := s.Run(t.Context(), noon().Add(time.Hour), "x", false)
			if err2 != nil {
				t.Fatalf("dead at %d: %v, then %v", die, err, err2)
			}
			if err != nil && (r.Number != 1 || r.ClosedAt.IsZero()) { // it was resumed
				t.Errorf("dead at %d: %+v", die, r)
			}
			if len(s.office.letters) != 3 || len(s.office.runs) != 1 {
				t.Errorf("dead at %d: letters %+v in runs %+v", die, s.office.letters, s.office.runs)
			}
			once := map[message.ID]string{}
			for _, l := range s.press.printed {
				if before, again := once[l.Message]; again && before != l.Record {
					t.Errorf("dead at %d: other bytes: %q, %q", die, before, l.Record)
				}
				once[l.Message] = l.Record
			}
			if last := s.press.manifests[len(s.press.manifests)-1]; last.Letters != 3 || last.SHA256 != hashOf(s.office.letters) || len(once) != 3 {
				t.Errorf("dead at %d: %+v", die, last)
			}
		}
	})
	t.Run("after the manifest was not taken", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, 2)
		s.press.closing = fault.New(fault.Unavailable, "x")
		if r, err := s.Run(t.Context(), noon(), "x", false); !fault.Is(err, fault.Unavailable) || s.office.runs[0].ToldAt != (time.Time{}) {
			t.Fatalf("%+v: %v", r, err)
		}
		s.press.closing = nil
		if r := s.run(false); r.Number != 1 || r.Letters != 2 || len(s.press.printed) != 2 || r.ToldAt.IsZero() {
			t.Errorf("%+v", r)
		}
	})
	t.Run("a run that was added up takes no letter more: what came meanwhile goes into the next", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, 2)
		s.press.closing = fault.New(fault.Unavailable, "x")
		if _, err := s.Run(t.Context(), noon(), "x", false); !fault.Is(err, fault.Unavailable) {
			t.Fatal(err)
		}
		added := s.office.runs[0]
		s.press.closing = nil
		s.wait(9, message.Service, "Sydney")
		if r := s.run(false); r.Number != 2 || r.Letters != 1 || len(s.press.manifests) != 2 {
			t.Fatalf("%+v, %d manifests", r, len(s.press.manifests))
		}
		if m := s.press.manifests[0]; m.Run != 1 || m.Letters != 2 || m.SHA256 != added.Hash || m.ClosedAt != added.ClosedAt.Format(ledger.TimeFormat) {
			t.Errorf("the first manifest is another: %+v", m)
		}
	})
	t.Run("is not closed over letters whose settlement lost a race", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, 2)
		s.office.lose = true
		if _, err := s.Run(t.Context(), noon(), "x", false); !fault.Is(err, fault.Conflict) || len(s.press.manifests) != 0 {
			t.Fatalf("%v", err)
		}
		s.office.lose = false
		if r := s.run(false); r.Letters != 2 || r.Number != 1 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("a press that forgets an answer is not believed", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, 2)
		s.press.short = true
		if _, err := s.Run(t.Context(), noon(), "x", false); !fault.Is(err, fault.Ambiguous) {
			t.Errorf("%v", err)
		}
	})
	t.Run("another gateway's run is not written over", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, 1)
		s.press.answer = func(extract.Letter) error {
			s.office.runs[0].Version++ // somebody else works on it
			return nil
		}
		if _, err := s.Run(t.Context(), noon(), "x", false); !fault.Is(err, fault.Conflict) {
			t.Errorf("%v", err)
		}
	})
}

// TestRefused: a letter the press refuses is failed, keeps its number and is not in the manifest.
func TestRefused(t *testing.T) {
	t.Parallel()
	s := newStand(t, 3)
	s.press.answer = func(l extract.Letter) error {
		if l.Number == 2 {
			return fault.Provider(fault.Refused, "TooLarge", "x", nil)
		}
		return nil
	}
	r := s.run(false)
	if r.Letters != 2 || s.press.manifests[0].Letters != 2 || s.press.manifests[0].SHA256 != hashOf(s.press.printed) || s.place(2) != message.AtFailed {
		t.Errorf("%+v, letter 2 is %s", r, s.place(2))
	}
	if e := s.office.records[id(2)].Evidence[0]; e.Kind != message.Refused || e.Code != "TooLarge" || e.Provider != batch.PressProvider {
		t.Errorf("%+v", e)
	}
	if len(s.office.steps) != 1 {
		t.Error("no next step")
	}
}
