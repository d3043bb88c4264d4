package batch

import (
	"context"
	"time"

	"carillon/core/control"
	"carillon/core/extract"
	"carillon/core/fault"
	"carillon/core/store"
)

// RunFacts reads the records of Batch Controls that the letter extract keeps beside its runs.
type RunFacts interface {
	BatchRun(ctx context.Context, batch string, number int64) (control.View, error)
	BatchRunList(ctx context.Context, batch string, below int64, limit int) ([]control.View, error)
}

// record keeps the Batch Control's record of a run in step with the run: LTRPRT has an engine of its own, and its runs
// stand among those of the other batches, under the same numbers. What will pass leaves the run open, to be resumed;
// any other failure is one of the run until it is resumed.
func (l *Letters) record(ctx context.Context, now time.Time, run extract.Run, failure error) (set store.Writes, err error) {
	last, err := l.Controls.BatchRunList(ctx, run.Batch, 0, 1)
	if err != nil {
		return set, err
	}
	for _, v := range last { // ended by a release that keeps no records
		if v.Run.Number < run.Number && v.Run.State.Open() {
			_, done, _ := v.Sums()
			set = recorded(v, extract.Run{Batch: v.Run.Batch, Number: v.Run.Number, ToldAt: now, Letters: done}, now, nil)
		}
	}
	v, err := l.Controls.BatchRun(ctx, run.Batch, run.Number)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return set, err
	}
	set = set.And(recorded(v, run, now, failure))
	store.In(&set.ToDo).Done = mended(l.Configs.Current().Installation().BatchErrorType, store.Of(set.Batch).BatchRuns)
	return set, nil
}

// failed notes why a run was left open.
func (l *Letters) failed(ctx context.Context, now time.Time, run extract.Run, failure error) error {
	set, err := l.record(ctx, now, run, failure)
	if err != nil || len(store.Of(set.Batch).BatchRuns) == 0 {
		return err
	}
	_, err = l.Store.Apply(ctx, set)
	return err
}

// recorded is what changes in the record of a run.
func recorded(v control.View, run extract.Run, now time.Time, failure error) store.Writes {
	was := v.Run.State
	r, t := next(v, run)
	switch {
	case !run.ToldAt.IsZero():
		r.State, r.EndedAt = control.Complete, run.ToldAt
		t.Done, t.Rows = run.Letters, run.Letters
	case failure != nil && !fault.Passing(failure):
		r.State, r.EndedAt, r.Reason = control.Failed, now, why(failure)
	case was == control.Failed: // a resumed run says only how it ended
		return store.Writes{}
	default:
		r.State = control.Running
	}
	if r.State == was {
		return store.Writes{}
	}
	t.State, t.EndedAt, t.Reason = r.State, r.EndedAt, r.Reason
	return store.Writes{Batch: &store.BatchWrites{BatchRuns: []control.Run{r}, BatchThreads: []control.Thread{t}}}
}

// next is the record as the next write finds it: a new one, the one that is there, or after a failure another instance.
func next(v control.View, run extract.Run) (control.Run, control.Thread) {
	last := v.Latest()
	if len(last) == 0 {
		return opened(run)
	}
	if again, threads, err := v.Restart(); err == nil {
		t := threads[0]
		t.State, t.Owner, t.StartedAt = control.Running, run.By, run.OpenedAt
		return again, t
	}
	r, t := v.Run, last[0]
	r.Version, t.Version = r.Version+1, t.Version+1
	return r, t
}

// opened is the record of a run that has none yet.
func opened(run extract.Run) (control.Run, control.Thread) {
	r := control.Run{
		Batch: run.Batch, Number: run.Number, BusinessDate: run.BusinessDate, State: control.Running, Threads: 1, By: run.By,
		AskedAt: run.OpenedAt, StartedAt: run.OpenedAt, Version: 1,
	}
	t := control.Thread{
		Batch: run.Batch, Run: run.Number, Thread: 1, Instance: 1, State: control.Running, Owner: run.By, StartedAt: run.OpenedAt, Version: 1,
	}
	return r, t
}
