package postgres

import (
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"carillon/core/control"
	"carillon/core/store"
)

// The records of the Batch Controls: a few rows at a time, and of rows with an error many.
const (
	insertBatchRun = `
insert into batch_run (batch, number, rerun, business_date, parameters, state, threads, by, due_at, asked_at, started_at, ended_at,
    reason, reported, version)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`

	updateBatchRun = `
with put as (
    update batch_run
    set rerun = $3, business_date = $4, parameters = $5, state = $6, threads = $7, by = $8, due_at = $9, asked_at = $10,
        started_at = $11, ended_at = $12, reason = $13, reported = $14, version = $15
    where batch = $1 and number = $2 and version = $15 - 1
    returning 1)
select expect_rows((select count(*) from put), 1, 'run')`

	insertBatchThread = `
insert into batch_thread (batch, run, thread, instance, after_key, until_key, found, at_key, done, errors, state, owner, lease,
    started_at, ended_at, reason, version)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`

	updateBatchThread = `
with put as (
    update batch_thread
    set after_key = $5, until_key = $6, found = $7, at_key = $8, done = $9, errors = $10, state = $11, owner = $12, lease = $13,
        started_at = $14, ended_at = $15, reason = $16, version = $17
    where batch = $1 and run = $2 and thread = $3 and instance = $4 and version = $17 - 1
    returning 1)
select expect_rows((select count(*) from put), 1, 'thread')`

	putBatchErrors = `
insert into batch_error (batch, run, key, thread, instance, code, text, at)
select * from unnest($1::text[], $2::bigint[], $3::text[], $4::smallint[], $5::smallint[], $6::text[], $7::text[], $8::bigint[])
on conflict (batch, run, key) do update set thread = excluded.thread, instance = excluded.instance, code = excluded.code,
    text = excluded.text, at = excluded.at`

	putBatchPause = `
insert into batch_pause (batch, reason, by, at) values ($1, $2, $3, $4)
on conflict (batch) do update set reason = excluded.reason, by = excluded.by, at = excluded.at`

	dropBatchPause = `delete from batch_pause where batch = $1`
)

// parametersJSON are parameters as stored; their keys are in order.
func parametersJSON(p map[string]string) string {
	if len(p) == 0 {
		return "{}"
	}
	b, err := json.Marshal(p)
	if err != nil { // texts always marshal
		return "{}"
	}
	return text(string(b))
}

// queueControls comes before the work of the set's thread: a thread that is lost ends the set at once.
func queueControls(batch *pgx.Batch, jobs []*job) {
	for _, r := range flat(jobs, func(w *store.Writes) []control.Run { return store.Of(w.Batch).BatchRuns }) {
		statement := updateBatchRun
		if r.Version <= 1 {
			statement = insertBatchRun
		}
		batch.Queue(statement, text(r.Batch), r.Number, r.Rerun, text(r.BusinessDate), parametersJSON(r.Parameters), int16(r.State), r.Threads,
			text(r.By), micros(r.DueAt), micros(r.AskedAt), micros(r.StartedAt), micros(r.EndedAt), text(r.Reason), r.Reported, r.Version)
	}
	for _, t := range flat(jobs, func(w *store.Writes) []control.Thread { return store.Of(w.Batch).BatchThreads }) {
		statement := updateBatchThread
		if t.Version <= 1 {
			statement = insertBatchThread
		}
		batch.Queue(statement, text(t.Batch), t.Run, t.Thread, t.Instance, text(t.After), text(t.Until), t.Rows, text(t.At), t.Done,
			t.Errors, int16(t.State), text(t.Owner), micros(t.Lease), micros(t.StartedAt), micros(t.EndedAt), text(t.Reason), t.Version)
	}
	if rows := flat(jobs, func(w *store.Writes) []control.RowError { return store.Of(w.Batch).BatchErrors }); len(rows) > 0 {
		batch.Queue(putBatchErrors,
			col(rows, func(e *control.RowError) string { return text(e.Batch) }),
			col(rows, func(e *control.RowError) int64 { return e.Run }),
			col(rows, func(e *control.RowError) string { return text(e.Key) }),
			col(rows, func(e *control.RowError) int { return e.Thread }),
			col(rows, func(e *control.RowError) int { return e.Instance }),
			col(rows, func(e *control.RowError) string { return text(e.Code) }),
			col(rows, func(e *control.RowError) string { return text(e.Text) }),
			col(rows, func(e *control.RowError) int64 { return micros(e.At) }))
	}
	for _, p := range flat(jobs, func(w *store.Writes) []control.Pause { return store.Of(w.Batch).BatchPauses }) {
		if p.Paused {
			batch.Queue(putBatchPause, text(p.Batch), text(p.Reason), text(p.By), micros(p.At))
		} else {
			batch.Queue(dropBatchPause, text(p.Batch))
		}
	}
}

// touchesControls names what sets may change one after the other.
func touchesControls(w *store.Writes, is func(touch)) {
	for i := range store.Of(w.Batch).BatchRuns {
		is(touch{what: 'R', n: store.Of(w.Batch).BatchRuns[i].Number, a: store.Of(w.Batch).BatchRuns[i].Batch})
		is(touch{what: 'R', a: store.Of(w.Batch).BatchRuns[i].Batch}) // one of the batch is open
	}
	for i := range store.Of(w.Batch).BatchThreads {
		t := &store.In(&w.Batch).BatchThreads[i]
		is(touch{what: 'T', n: t.Run<<16 | int64(t.Thread), a: t.Batch})
	}
	for i := range store.Of(w.Batch).BatchErrors {
		is(touch{what: 'E', n: store.Of(w.Batch).BatchErrors[i].Run, a: store.Of(w.Batch).BatchErrors[i].Batch, b: store.Of(w.Batch).BatchErrors[i].Key})
	}
	for i := range store.Of(w.Batch).BatchPauses {
		is(touch{what: 'P', a: store.Of(w.Batch).BatchPauses[i].Batch})
	}
}
