package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"math"

	"carillon/core/control"
	"carillon/core/fault"
	"carillon/core/store"
)

const (
	insertBatchRun = `
insert into batch_run (rerun, business_date, parameters, state, threads, by, due_at, asked_at, started_at, ended_at, reason, reported,
    version, batch, number)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	updateBatchRun = `
update batch_run
set rerun = ?, business_date = ?, parameters = ?, state = ?, threads = ?, by = ?, due_at = ?, asked_at = ?, started_at = ?,
    ended_at = ?, reason = ?, reported = ?, version = ?
where batch = ? and number = ? and version = ?`
)

// batchRun puts a run under version 1, or changes it from the version before.
func (x *tx) batchRun(ctx context.Context, r control.Run) error {
	parameters := []byte("{}")
	if len(r.Parameters) > 0 {
		var err error
		if parameters, err = json.Marshal(r.Parameters); err != nil {
			return err
		}
	}
	fields := []any{
		r.Rerun, r.BusinessDate, string(parameters), int64(r.State), r.Threads, r.By, micros(r.DueAt), micros(r.AskedAt), micros(r.StartedAt),
		micros(r.EndedAt), r.Reason, r.Reported, r.Version, r.Batch, r.Number,
	}
	if r.Version == 1 {
		return x.must(ctx, store.LostRun, insertBatchRun, fields...)
	}
	return x.must(ctx, store.LostRun, updateBatchRun, append(fields, r.Version-1)...)
}

const (
	insertBatchThread = `
insert into batch_thread (after_key, until_key, found, at_key, done, errors, state, owner, lease, started_at, ended_at, reason, version,
    batch, run, thread, instance)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	updateBatchThread = `
update batch_thread
set after_key = ?, until_key = ?, found = ?, at_key = ?, done = ?, errors = ?, state = ?, owner = ?, lease = ?, started_at = ?,
    ended_at = ?, reason = ?, version = ?
where batch = ? and run = ? and thread = ? and instance = ? and version = ?`
)

// batchThread puts an instance of a thread under version 1, or changes it from the version before.
func (x *tx) batchThread(ctx context.Context, t control.Thread) error {
	fields := []any{
		t.After, t.Until, t.Rows, t.At, t.Done, t.Errors, int64(t.State), t.Owner, micros(t.Lease), micros(t.StartedAt), micros(t.EndedAt),
		t.Reason, t.Version, t.Batch, t.Run, t.Thread, t.Instance,
	}
	if t.Version == 1 {
		return x.must(ctx, store.LostThread, insertBatchThread, fields...)
	}
	return x.must(ctx, store.LostThread, updateBatchThread, append(fields, t.Version-1)...)
}

const putBatchError = `
insert into batch_error (batch, run, key, thread, instance, code, text, at) values (?, ?, ?, ?, ?, ?, ?, ?)
on conflict (batch, run, key) do update set thread = excluded.thread, instance = excluded.instance, code = excluded.code,
    text = excluded.text, at = excluded.at`

func (x *tx) batchError(ctx context.Context, e control.RowError) error {
	_, err := x.exec(ctx, putBatchError, e.Batch, e.Run, e.Key, e.Thread, e.Instance, e.Code, e.Text, micros(e.At))
	return err
}

const putBatchPause = `
insert into batch_pause (batch, reason, by, at) values (?, ?, ?, ?)
on conflict (batch) do update set reason = excluded.reason, by = excluded.by, at = excluded.at`

func (x *tx) batchPause(ctx context.Context, p control.Pause) error {
	if !p.Paused {
		_, err := x.exec(ctx, `delete from batch_pause where batch = ?`, p.Batch)
		return err
	}
	_, err := x.exec(ctx, putBatchPause, p.Batch, p.Reason, p.By, micros(p.At))
	return err
}

const batchRunColumns = `
select batch, number, rerun, business_date, parameters, state, threads, by, due_at, asked_at, started_at, ended_at, reason, reported,
    version from batch_run `

// parameters reads parameters as stored.
type parameters struct{ to *map[string]string }

// Scan implements sql.Scanner.
func (p parameters) Scan(src any) error {
	var stored sql.NullString
	if err := stored.Scan(src); err != nil {
		return err
	}
	*p.to = nil
	if stored.String == "{}" {
		return nil
	}
	return json.Unmarshal([]byte(stored.String), p.to)
}

func batchRuns(ctx context.Context, q *sql.Tx, where string, args ...any) ([]control.Run, error) {
	rows, err := q.QueryContext(ctx, batchRunColumns+where, args...)
	return collect(rows, err, func(r rowScanner, n *control.Run) error {
		return r.Scan(&n.Batch, &n.Number, &n.Rerun, &n.BusinessDate, parameters{&n.Parameters}, &n.State, &n.Threads, &n.By, moment{&n.DueAt},
			moment{&n.AskedAt}, moment{&n.StartedAt}, moment{&n.EndedAt}, &n.Reason, &n.Reported, &n.Version)
	})
}

const selectBatchThreads = `
select batch, run, thread, instance, after_key, until_key, found, at_key, done, errors, state, owner, lease, started_at, ended_at, reason,
    version from batch_thread where batch = ? and run = ?`

// batchViews reads runs with their threads.
func (s *Store) batchViews(ctx context.Context, doing, where string, args ...any) (views []control.View, err error) {
	err = s.read(ctx, doing, func(q *sql.Tx) error {
		runs, err := batchRuns(ctx, q, where, args...)
		if err != nil {
			return err
		}
		var threads []control.Thread
		for _, run := range runs {
			rows, err := q.QueryContext(ctx, selectBatchThreads, run.Batch, run.Number)
			of, err := collect(rows, err, func(r rowScanner, t *control.Thread) error {
				return r.Scan(&t.Batch, &t.Run, &t.Thread, &t.Instance, &t.After, &t.Until, &t.Rows, &t.At, &t.Done, &t.Errors, &t.State, &t.Owner,
					moment{&t.Lease}, moment{&t.StartedAt}, moment{&t.EndedAt}, &t.Reason, &t.Version)
			})
			if err != nil {
				return err
			}
			threads = append(threads, of...)
		}
		views = control.Views(runs, threads)
		return nil
	})
	return views, err
}

// BatchRun implements [store.Controls].
func (s *Store) BatchRun(ctx context.Context, batch string, number int64) (control.View, error) {
	views, err := s.batchViews(ctx, "reading a run of a batch", `where batch = ? and number = ?`, batch, number)
	if err != nil {
		return control.View{}, err
	}
	if len(views) == 0 {
		return control.View{}, fault.New(fault.NotFound, "there is no such run of this batch")
	}
	return views[0], nil
}

// BatchRunList implements [store.Controls].
func (s *Store) BatchRunList(ctx context.Context, batch string, below int64, limit int) ([]control.View, error) {
	if below <= 0 {
		below = math.MaxInt64
	}
	return s.batchViews(ctx, "listing runs of a batch", `where batch = ? and number < ? order by number desc limit ?`, batch, below, limit)
}

// OpenBatchRuns implements [store.Controls].
func (s *Store) OpenBatchRuns(ctx context.Context) ([]control.View, error) {
	return s.batchViews(ctx, "listing open runs", `where state in (1, 2) order by batch`)
}

// FailedBatchRuns implements [store.FailedRuns].
func (s *Store) FailedBatchRuns(ctx context.Context, batch string, number int64, limit int) (runs []control.Run, err error) {
	err = s.read(ctx, "listing failed runs", func(q *sql.Tx) error {
		runs, err = batchRuns(ctx, q, `where state = 4 and reported = 0 and (batch, number) > (?, ?) order by batch, number limit ?`, batch, number, limit)
		return err
	})
	return runs, err
}

// BatchErrors implements [store.Controls].
func (s *Store) BatchErrors(ctx context.Context, batch string, run int64, after string, limit int) (found []control.RowError, err error) {
	err = s.read(ctx, "listing errors of a batch", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, `select batch, run, thread, instance, key, code, text, at from batch_error
where batch = ? and run = ? and key > ? order by key limit ?`, batch, run, after, limit)
		found, err = collect(rows, err, func(r rowScanner, e *control.RowError) error {
			return r.Scan(&e.Batch, &e.Run, &e.Thread, &e.Instance, &e.Key, &e.Code, &e.Text, moment{&e.At})
		})
		return err
	})
	return found, err
}

const selectStanding = `
select coalesce(p.reason, ''), coalesce(p.by, ''), coalesce(p.at, 0), p.batch is not null,
    coalesce((select max(ended_at) from batch_run where batch = i.batch and state = 3), 0),
    coalesce((select max(at) from tick where chore = i.batch), 0)
from (select ? as batch) i left join batch_pause p on p.batch = i.batch`

// BatchStandings implements [store.Controls].
func (s *Store) BatchStandings(ctx context.Context, batches []string) (all []control.Standing, err error) {
	err = s.read(ctx, "reading where batches stand", func(q *sql.Tx) error {
		all = nil
		for _, batch := range batches {
			n := control.Standing{Batch: batch, Pause: control.Pause{Batch: batch}}
			err := q.QueryRowContext(ctx, selectStanding, batch).Scan(&n.Pause.Reason, &n.Pause.By, moment{&n.Pause.At}, &n.Pause.Paused,
				moment{&n.SuccessAt}, moment{&n.TickAt})
			if err != nil {
				return err
			}
			last, err := batchRuns(ctx, q, `where batch = ? order by number desc limit 1`, batch)
			if err != nil {
				return err
			}
			if len(last) > 0 {
				n.Last = last[0]
			}
			all = append(all, n)
		}
		return nil
	})
	return all, err
}

var (
	_ store.Controls   = (*Store)(nil)
	_ store.FailedRuns = (*Store)(nil)
)
