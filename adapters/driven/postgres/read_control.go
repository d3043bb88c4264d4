package postgres

import (
	"context"
	"encoding/json"
	"math"

	"github.com/jackc/pgx/v5"

	"carillon/core/control"
	"carillon/core/fault"
	"carillon/core/store"
)

// Runs of the Batch Controls with the instances of their threads. Every statement goes along an index.
const (
	batchRunColumns = `
select r.batch, r.number, r.rerun, r.business_date, r.parameters, r.state, r.threads, r.by, r.due_at, r.asked_at, r.started_at,
    r.ended_at, r.reason, r.reported, r.version from batch_run r `
	selectBatchRun     = batchRunColumns + `where r.batch = $1 and r.number = $2`
	selectBatchRuns    = batchRunColumns + `where r.batch = $1 and r.number < $2 order by r.batch desc, r.number desc limit $3`
	selectOpenRuns     = batchRunColumns + `where r.state in (1, 2) order by r.batch`
	selectFailedRuns   = batchRunColumns + `where r.state = 4 and not r.reported and (r.batch, r.number) > ($1, $2) order by r.batch, r.number limit $3`
	selectBatchThreads = `
select t.batch, t.run, t.thread, t.instance, t.after_key, t.until_key, t.found, t.at_key, t.done, t.errors, t.state, t.owner, t.lease,
    t.started_at, t.ended_at, t.reason, t.version
from unnest($1::text[], $2::bigint[]) as i (batch, run)
join batch_thread t on t.batch = i.batch and t.run = i.run`

	selectBatchErrors = `
select batch, run, thread, instance, key, code, text, at from batch_error
where batch = $1 and run = $2 and key > $3 order by key limit $4`

	selectStandings = `
select i.batch, coalesce(p.reason, ''), coalesce(p.by, ''), coalesce(p.at, 0), p.batch is not null,
    coalesce((select r.number from batch_run r where r.batch = i.batch order by r.number desc limit 1), 0),
    coalesce((select max(r.ended_at) from batch_run r where r.batch = i.batch and r.state = 3), 0),
    coalesce((select max(k.at) from tick k where k.chore = i.batch), 0)
from unnest($1::text[]) with ordinality as i (batch, n)
left join batch_pause p on p.batch = i.batch
order by i.n`
)

func batchRunOf(row pgx.CollectableRow) (r control.Run, err error) {
	var parameters string
	var state, threads int16
	var due, asked, started, ended int64
	err = row.Scan(&r.Batch, &r.Number, &r.Rerun, &r.BusinessDate, &parameters, &state, &threads, &r.By, &due, &asked, &started, &ended,
		&r.Reason, &r.Reported, &r.Version)
	if err != nil {
		return r, err
	}
	r.State, r.Threads = control.State(state), int(threads) //nolint:gosec // written from them
	r.DueAt, r.AskedAt, r.StartedAt, r.EndedAt = timeOf(due), timeOf(asked), timeOf(started), timeOf(ended)
	if parameters == "{}" {
		return r, nil
	}
	return r, json.Unmarshal([]byte(parameters), &r.Parameters)
}

func batchThreadOf(row pgx.CollectableRow) (t control.Thread, err error) {
	var thread, instance, state int16
	var lease, started, ended int64
	err = row.Scan(&t.Batch, &t.Run, &thread, &instance, &t.After, &t.Until, &t.Rows, &t.At, &t.Done, &t.Errors, &state, &t.Owner, &lease,
		&started, &ended, &t.Reason, &t.Version)
	t.Thread, t.Instance, t.State = int(thread), int(instance), control.State(state) //nolint:gosec // written from them
	t.Lease, t.StartedAt, t.EndedAt = timeOf(lease), timeOf(started), timeOf(ended)
	return t, err
}

// withThreads puts the threads to their runs.
func (s *Store) withThreads(ctx context.Context, runs []control.Run) ([]control.View, error) {
	if len(runs) == 0 {
		return nil, nil
	}
	threads, err := all(ctx, s, "reading threads of batches", batchThreadOf, selectBatchThreads,
		col(runs, func(r *control.Run) string { return r.Batch }),
		col(runs, func(r *control.Run) int64 { return r.Number }))
	return control.Views(runs, threads), err
}

// BatchRun implements [store.Controls].
func (s *Store) BatchRun(ctx context.Context, batch string, number int64) (control.View, error) {
	run, err := one(ctx, s, "reading a run of a batch", batchRunOf, selectBatchRun, batch, number)
	if err != nil {
		return control.View{}, err
	}
	views, err := s.withThreads(ctx, []control.Run{run})
	if err != nil {
		return control.View{}, err
	}
	return views[0], nil
}

// BatchRunList implements [store.Controls].
func (s *Store) BatchRunList(ctx context.Context, batch string, below int64, limit int) ([]control.View, error) {
	if below <= 0 {
		below = math.MaxInt64
	}
	runs, err := all(ctx, s, "listing runs of a batch", batchRunOf, selectBatchRuns, batch, below, limit)
	if err != nil {
		return nil, err
	}
	return s.withThreads(ctx, runs)
}

// OpenBatchRuns implements [store.Controls].
func (s *Store) OpenBatchRuns(ctx context.Context) ([]control.View, error) {
	runs, err := all(ctx, s, "listing open runs", batchRunOf, selectOpenRuns)
	if err != nil {
		return nil, err
	}
	return s.withThreads(ctx, runs)
}

// FailedBatchRuns implements [store.FailedRuns].
func (s *Store) FailedBatchRuns(ctx context.Context, batch string, number int64, limit int) ([]control.Run, error) {
	return all(ctx, s, "listing failed runs", batchRunOf, selectFailedRuns, batch, number, limit)
}

// BatchErrors implements [store.Controls].
func (s *Store) BatchErrors(ctx context.Context, batch string, run int64, after string, limit int) ([]control.RowError, error) {
	return all(ctx, s, "listing errors of a batch", func(row pgx.CollectableRow) (e control.RowError, err error) {
		var at int64
		err = row.Scan(&e.Batch, &e.Run, &e.Thread, &e.Instance, &e.Key, &e.Code, &e.Text, &at)
		e.At = timeOf(at)
		return e, err
	}, selectBatchErrors, batch, run, after, limit)
}

// BatchStandings implements [store.Controls].
func (s *Store) BatchStandings(ctx context.Context, batches []string) ([]control.Standing, error) {
	numbers := make([]int64, 0, len(batches))
	stand, err := all(ctx, s, "reading where batches stand", func(row pgx.CollectableRow) (n control.Standing, err error) {
		var at, number, success, tick int64
		err = row.Scan(&n.Batch, &n.Pause.Reason, &n.Pause.By, &at, &n.Pause.Paused, &number, &success, &tick)
		n.Pause.Batch = n.Batch
		n.Pause.At, n.SuccessAt, n.TickAt = timeOf(at), timeOf(success), timeOf(tick)
		numbers = append(numbers, number)
		return n, err
	}, selectStandings, batches)
	if err != nil {
		return nil, err
	}
	for i := range stand {
		if numbers[i] == 0 {
			continue
		}
		run, err := one(ctx, s, "reading the last run of a batch", batchRunOf, selectBatchRun, stand[i].Batch, numbers[i])
		if fault.Is(err, fault.NotFound) { // it was purged meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		stand[i].Last = run
	}
	return stand, nil
}

var (
	_ store.Controls   = (*Store)(nil)
	_ store.FailedRuns = (*Store)(nil)
)
