package batch_test

import (
	"cmp"
	"context"
	"slices"
	"time"

	"carillon/core/config"
	"carillon/core/control"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
)

type runKey struct {
	batch  string
	number int64
}

type threadKey struct {
	runKey

	thread, instance int
}

type errorKey struct {
	runKey

	key string
}

// registry is a store of the records of the Batch Controls that keeps the promises of store.Applier for them. What rows
// ask for it finds in Cursors: each names a row of a work set, and is taken once.
type registry struct {
	runs    map[runKey]control.Run
	threads map[threadKey]control.Thread
	errors  map[errorKey]control.RowError
	pauses  map[string]control.Pause
	ticks   map[string]time.Time
	entries []ledger.Entry
	done    map[string]int // rows that were done, by name
	down    error          // of the next call
	lost    bool           // the next call is applied, and its answer lost
}

func newRegistry() *registry {
	return &registry{
		runs: map[runKey]control.Run{}, threads: map[threadKey]control.Thread{}, errors: map[errorKey]control.RowError{},
		pauses: map[string]control.Pause{}, ticks: map[string]time.Time{}, done: map[string]int{},
	}
}

func nameOfThread(t control.Thread) threadKey {
	return threadKey{runKey{t.Batch, t.Run}, t.Thread, t.Instance}
}

// refused is what a set would lose over.
func (s *registry) refused(w store.Writes) store.Loss {
	for _, t := range store.Of(w.Upkeep).Ticks {
		if !s.ticks[t.Chore].Before(t.At) {
			return store.LostTick
		}
	}
	for _, r := range store.Of(w.Batch).BatchRuns {
		if was := s.runs[runKey{r.Batch, r.Number}]; was.Version != r.Version-1 {
			return store.LostRun
		}
		for _, other := range s.runs {
			for _, o := range store.Of(w.Batch).BatchRuns { // what the set says of it
				if o.Batch == other.Batch && o.Number == other.Number {
					other = o
				}
			}
			if r.State.Open() && other.State.Open() && other.Batch == r.Batch && other.Number != r.Number {
				return store.LostRun
			}
		}
	}
	for _, t := range store.Of(w.Batch).BatchThreads {
		if was := s.threads[nameOfThread(t)]; was.Version != t.Version-1 {
			return store.LostThread
		}
	}
	seen := map[string]bool{}
	for _, c := range store.Of(w.Ledger).Cursors {
		if c.From != 0 || s.done[c.Name] > 0 || seen[c.Name] {
			return store.LostVersion
		}
		seen[c.Name] = true
	}
	return ""
}

// Apply implements store.Applier.
func (s *registry) Apply(_ context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	if err := s.down; err != nil {
		s.down = nil
		return nil, err
	}
	out := make([]store.Verdict, len(sets))
	for i, w := range sets {
		if what := s.refused(w); what != "" {
			out[i] = store.Verdict{Outcome: store.Conflict, What: what}
			continue
		}
		out[i] = store.Verdict{Outcome: store.Applied}
		s.write(w)
	}
	if s.lost {
		s.lost = false
		return nil, fault.New(fault.Ambiguous, "the answer was lost")
	}
	return out, nil
}

func (s *registry) write(w store.Writes) {
	for _, t := range store.Of(w.Upkeep).Ticks {
		s.ticks[t.Chore] = t.At
	}
	for _, r := range store.Of(w.Batch).BatchRuns {
		s.runs[runKey{r.Batch, r.Number}] = r
	}
	for _, t := range store.Of(w.Batch).BatchThreads {
		s.threads[nameOfThread(t)] = t
	}
	for _, e := range store.Of(w.Batch).BatchErrors {
		s.errors[errorKey{runKey{e.Batch, e.Run}, e.Key}] = e
	}
	for _, p := range store.Of(w.Batch).BatchPauses {
		s.pauses[p.Batch] = p
	}
	for _, c := range store.Of(w.Ledger).Cursors {
		s.done[c.Name]++
	}
	s.entries = append(s.entries, store.Of(w.Ledger).Entries...)
}

func (s *registry) views(keep func(control.Run) bool) []control.View {
	var runs []control.Run
	for _, r := range s.runs {
		if keep(r) {
			runs = append(runs, r)
		}
	}
	slices.SortFunc(runs, func(a, b control.Run) int {
		return cmp.Or(cmp.Compare(a.Batch, b.Batch), cmp.Compare(b.Number, a.Number))
	})
	var threads []control.Thread
	for _, t := range s.threads {
		threads = append(threads, t)
	}
	return control.Views(runs, threads)
}

// BatchRun implements batch.ControlFacts.
func (s *registry) BatchRun(_ context.Context, code string, number int64) (control.View, error) {
	views := s.views(func(r control.Run) bool { return r.Batch == code && r.Number == number })
	if len(views) == 0 {
		return control.View{}, fault.New(fault.NotFound, "there is no such run")
	}
	return views[0], nil
}

// BatchRunList implements batch.ControlFacts.
func (s *registry) BatchRunList(_ context.Context, code string, below int64, limit int) ([]control.View, error) {
	views := s.views(func(r control.Run) bool { return r.Batch == code && (below == 0 || r.Number < below) })
	return views[:min(limit, len(views))], nil
}

// OpenBatchRuns implements batch.ControlFacts.
func (s *registry) OpenBatchRuns(context.Context) ([]control.View, error) {
	return s.views(func(r control.Run) bool { return r.State.Open() }), nil
}

// BatchErrors implements batch.ControlFacts.
func (s *registry) BatchErrors(_ context.Context, code string, run int64, _ string, _ int) ([]control.RowError, error) {
	var out []control.RowError
	for k, e := range s.errors {
		if k.runKey == (runKey{code, run}) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b control.RowError) int { return cmp.Compare(a.Key, b.Key) })
	return out, nil
}

// BatchStandings implements batch.ControlFacts.
func (s *registry) BatchStandings(ctx context.Context, codes []string) ([]control.Standing, error) {
	out := make([]control.Standing, len(codes))
	for i, code := range codes {
		out[i] = control.Standing{Batch: code, Pause: s.pauses[code], TickAt: s.ticks[code]}
		if last, _ := s.BatchRunList(ctx, code, 0, 1); len(last) > 0 {
			out[i].Last = last[0].Run
		}
		for _, r := range s.runs {
			if r.Batch == code && r.State == control.Complete && r.EndedAt.After(out[i].SuccessAt) {
				out[i].SuccessAt = r.EndedAt
			}
		}
	}
	return out, nil
}

// Committed implements batch.Watch.
func (*registry) Committed(string, int64, int64) {}

// Ended implements batch.Watch.
func (*registry) Ended(control.Run) {}

// testDivision is where it is tomorrow already.
const testDivision = "south"

// testConfig is a configuration with the Batch Controls.
func testConfig(controls ...config.BatchControl) *config.Snapshot {
	cfg, err := config.Compile(1, config.Document{
		Divisions: []config.Division{{Code: testDivision, Zone: "Pacific/Kiritimati", Country: "KI", Language: "en-AU"}},
		Elements:  config.Elements{BatchControls: controls},
	})
	if err != nil {
		panic(err)
	}
	return cfg
}
