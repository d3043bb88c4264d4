package batch

import (
	"cmp"
	"context"
	"slices"
	"time"

	"carillon/core/control"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
)

// ControlFacts is what the framework reads.
type ControlFacts interface {
	BatchRun(ctx context.Context, batch string, number int64) (control.View, error)
	BatchRunList(ctx context.Context, batch string, below int64, limit int) ([]control.View, error)
	OpenBatchRuns(ctx context.Context) ([]control.View, error)
	BatchErrors(ctx context.Context, batch string, run int64, after string, limit int) ([]control.RowError, error)
	BatchStandings(ctx context.Context, batches []string) ([]control.Standing, error)
}

// Watch is told what workers do.
type Watch interface {
	// Committed tells of rows done and rows with an error.
	Committed(batch string, done, wrong int64)
	// Ended tells of a run that ended.
	Ended(run control.Run)
}

// Floor is what the workers of a gateway share.
type Floor struct {
	Store store.Applier
	Facts ControlFacts
	Book  Book
	Watch Watch
	Owner string // the gateway; each worker adds its number
	// Reports is the To Do Type of failed batches, as the configuration has it; nil: To Dos of them are nobody's affair here.
	Reports func() string
	Lease   time.Duration // how long a thread is a gateway's without a commit; zero: a minute
}

// threadLease is how long a thread is a gateway's when nothing else is said.
const threadLease = time.Minute

func (f *Floor) lease(now time.Time) time.Time { return now.Add(cmp.Or(f.Lease, threadLease)) }

// Worker works on one thread of a run at a time. Every turn is one commit: the work of as many rows as stand between
// commits, with the restart point behind them, in one write set. So whatever happens, a row is done once, and a thread
// goes on where its last commit ended. Each worker is used by one loop.
type Worker struct {
	Floor *Floor
	Name  string // unique among all gateways

	held  *control.Thread
	run   control.Run
	job   *Job
	alone int  // so many rows come one by one: the write set of many has lost, and one of them is why
	again bool // the row has lost once: it is decided anew
}

// Turn does one commit's work, or takes a thread; more tells that there may be more to do at once. Errors are of the
// moment: the thread stays the worker's until its lease runs out.
func (w *Worker) Turn(ctx context.Context, now time.Time) (more bool, err error) {
	if w.held != nil {
		return true, w.commit(ctx, now)
	}
	open, err := w.Floor.Facts.OpenBatchRuns(ctx)
	if err != nil {
		return false, err
	}
	slices.SortStableFunc(open, func(a, b control.View) int { return cmp.Compare(busy(a, now), busy(b, now)) })
	for _, v := range open {
		d, err := w.Floor.Book.Find(v.Run.Batch)
		if err != nil || d.Job == nil { // another release's, or one with an engine of its own
			continue
		}
		if took, err := w.take(ctx, now, v, d.Job); err != nil || took {
			return took, err
		}
	}
	return false, nil
}

// busy is how many threads of a run are being worked on: the run with the fewest comes first.
func busy(v control.View, now time.Time) (n int) {
	for _, t := range v.Threads {
		if t.State == control.Running && !t.Free(now) {
			n++
		}
	}
	return n
}

// take does the next thing about a run: part it, take one of its threads, or close it. Who loses a race to another
// gateway looks again.
func (w *Worker) take(ctx context.Context, now time.Time, v control.View, job *Job) (took bool, err error) {
	if v.Run.State == control.Pending {
		return true, w.part(ctx, now, v, job)
	}
	for _, t := range v.Latest() {
		if !t.Free(now) {
			continue
		}
		put := t.Take(now, w.Name, w.Floor.lease(now))
		ours, err := w.Floor.won(ctx, store.Writes{Batch: &store.BatchWrites{BatchThreads: put}})
		if err == nil && ours {
			mine := put[len(put)-1]
			w.held, w.run, w.job, w.alone, w.again = &mine, v.Run, job, 0, false
		}
		return true, err
	}
	return w.Floor.close(ctx, now, v)
}

// part finds the work set of a run and parts it.
func (w *Worker) part(ctx context.Context, now time.Time, v control.View, job *Job) error {
	ranges, err := job.plan(ctx, now, v.Run)
	if err != nil && fault.Passing(err) {
		return err
	}
	run, threads := v.Run.Part(now, ranges)
	if err != nil {
		run.State, run.EndedAt, run.Reason = control.Failed, now, why(err)
	}
	set := store.Writes{Batch: &store.BatchWrites{BatchRuns: []control.Run{run}, BatchThreads: threads}}
	if !run.State.Open() {
		store.In(&set.Ledger).Entries = []ledger.Entry{closing(now, run)}
		store.In(&set.ToDo).Done = mended(w.Floor.reports(), []control.Run{run})
	}
	ours, err := w.Floor.won(ctx, set)
	if err == nil && ours && !run.State.Open() {
		w.Floor.Watch.Ended(run)
	}
	return err
}

// close ends a run whose threads have all ended.
func (f *Floor) close(ctx context.Context, now time.Time, v control.View) (closed bool, err error) {
	run, ended := v.Close(now)
	if !ended {
		return false, nil
	}
	ours, err := f.won(ctx, store.Writes{
		Batch: &store.BatchWrites{BatchRuns: []control.Run{run}}, ToDo: &store.ToDoWrites{Done: mended(f.reports(), []control.Run{run})}, Ledger: &store.LedgerWrites{Entries: []ledger.Entry{closing(now, run)}},
	})
	if err == nil && ours {
		f.Watch.Ended(run)
	}
	return true, err
}

func (f *Floor) reports() string {
	if f.Reports == nil {
		return ""
	}
	return f.Reports()
}

func closing(now time.Time, run control.Run) ledger.Entry {
	return ledger.Entry{At: now, Kind: ledger.RunClosed, Run: run.Number, Reason: run.Batch, Code: run.State.String(), By: run.By}
}

// won applies a set; false when somebody else was first.
func (f *Floor) won(ctx context.Context, set store.Writes) (bool, error) {
	verdicts, err := f.Store.Apply(ctx, set)
	if err != nil {
		return false, err
	}
	return verdicts[0].Outcome == store.Applied, nil
}

// commit does the next rows of the thread.
func (w *Worker) commit(ctx context.Context, now time.Time) error {
	t := *w.held
	size := Whole(w.run, Commit, commitDefault)
	limit := size
	if w.alone > 0 {
		limit = 1
	}
	rows, err := w.job.page(ctx, now, w.run, t.At, t.Until, limit)
	if err != nil {
		if fault.Passing(err) {
			return err
		}
		return w.end(ctx, now, t.End(now, control.Failed, why(err)))
	}
	if len(rows) == 0 {
		return w.end(ctx, now, t.End(now, control.Complete, ""))
	}
	set, next := w.merge(now, t, rows, limit)
	verdicts, err := w.Floor.Store.Apply(ctx, set)
	switch {
	case err != nil:
		return err
	case verdicts[0].Outcome == store.Applied:
		w.alone, w.again = max(w.alone-1, 0), false
		return w.moved(ctx, now, t, next)
	case verdicts[0].What == store.LostThread:
		w.held = nil
		return nil
	case len(rows) > 1:
		w.alone = len(rows)
		return nil
	case verdicts[0].Outcome == store.Conflict && !w.again:
		w.again = true
		return nil
	}
	return w.pass(ctx, now, t, rows[0], verdicts[0])
}

// merge puts the rows' work and the thread's next state together: up to the row after which the thread has had too many
// errors.
func (w *Worker) merge(now time.Time, t control.Thread, rows []outcome, limit int) (store.Writes, control.Thread) {
	var set store.Writes
	var done, wrong int64
	most := int64(Whole(w.run, MaxErrors, 0))
	at := t.At
	full := false
	for _, r := range rows {
		at = r.key
		set = set.And(r.Writes)
		if r.Err == nil {
			done++
			continue
		}
		wrong++
		store.In(&set.Batch).BatchErrors = append(store.Of(set.Batch).BatchErrors, rowError(now, t, r.key, fault.CodeOf(r.Err), why(r.Err)))
		if full = most > 0 && t.Errors+wrong >= most; full {
			break
		}
	}
	next := t.Move(at, done, wrong, w.Floor.lease(now))
	switch {
	case full:
		next.State, next.EndedAt, next.Reason = control.Failed, now, MaxErrors
	case len(rows) < limit:
		next.State, next.EndedAt = control.Complete, now
	}
	store.In(&set.Batch).BatchThreads = []control.Thread{next}
	return set, next
}

func rowError(now time.Time, t control.Thread, key, code, text string) control.RowError {
	return control.RowError{Batch: t.Batch, Run: t.Run, Thread: t.Thread, Instance: t.Instance, Key: key, Code: code, Text: text, At: now}
}

// pass goes by a row that cannot be written: it was done before, or it lost twice and is noted as an error.
func (w *Worker) pass(ctx context.Context, now time.Time, t control.Thread, row outcome, v store.Verdict) error {
	row.Result = Result{}
	if v.Outcome == store.Conflict {
		row.Err = fault.Provider(fault.Conflict, string(v.What), "the row was changed by somebody else", nil)
	}
	set, next := w.merge(now, t, []outcome{row}, 1)
	verdicts, err := w.Floor.Store.Apply(ctx, set)
	if err != nil {
		return err
	}
	w.alone, w.again = max(w.alone-1, 0), false
	if verdicts[0].Outcome != store.Applied {
		w.held = nil
		return nil
	}
	return w.moved(ctx, now, t, next)
}

// moved takes note of a commit.
func (w *Worker) moved(ctx context.Context, now time.Time, before, next control.Thread) error {
	w.Floor.Watch.Committed(next.Batch, next.Done-before.Done, next.Errors-before.Errors)
	w.held = &next
	if next.State.Open() {
		return nil
	}
	return w.leave(ctx, now)
}

// end writes that the thread has ended.
func (w *Worker) end(ctx context.Context, now time.Time, ended control.Thread) error {
	if _, err := w.Floor.won(ctx, store.Writes{Batch: &store.BatchWrites{BatchThreads: []control.Thread{ended}}}); err != nil {
		return err
	}
	return w.leave(ctx, now)
}

// leave lets the thread go and closes the run if it was the last.
func (w *Worker) leave(ctx context.Context, now time.Time) error {
	w.held = nil
	v, err := w.Floor.Facts.BatchRun(ctx, w.run.Batch, w.run.Number)
	if err != nil {
		return err
	}
	_, err = w.Floor.close(ctx, now, v)
	return err
}

// Release gives the thread up, so that another gateway takes it at once: this one is stopping.
func (w *Worker) Release(ctx context.Context, now time.Time) error {
	if w.held == nil {
		return nil
	}
	t := *w.held
	w.held = nil
	t.Lease, t.Version = now, t.Version+1
	_, err := w.Floor.won(ctx, store.Writes{Batch: &store.BatchWrites{BatchThreads: []control.Thread{t}}})
	return err
}

// why is the reason of a failure as it is shown: a fault's own words, which hold no personal data, and of anything else
// its kind.
func why(err error) string {
	if text, told := faultText(err); told {
		return text
	}
	return fault.KindOf(err).String()
}
