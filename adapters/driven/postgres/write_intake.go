package postgres

import (
	"slices"

	"github.com/jackc/pgx/v5"

	"carillon/core/store"
)

const (
	insertRanges = `insert into intake_range (first, batch, n) select * from unnest($1::bigint[], $2::text[], $3::bigint[])`

	// flushBatch makes a batch or adds to it; one that another source sends is lost.
	flushBatch = `
with put as (
    insert into intake_batch as b (id, source, division, by, started_at, ended_at, touched_at, lines, accepted, replayed,
        refused, state)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    on conflict (id) do update
    set ended_at = excluded.ended_at, touched_at = excluded.touched_at, lines = b.lines + excluded.lines,
        accepted = b.accepted + excluded.accepted, replayed = b.replayed + excluded.replayed,
        refused = b.refused + excluded.refused, state = excluded.state
    where b.source = excluded.source
    returning 1)
select expect_rows((select count(*) from put), 1, 'batch')`
)

// counts reports whether a set counts the verdicts on those before it.
func (j *job) counts() bool {
	return slices.ContainsFunc(store.Of(j.writes.Intake).Batches, func(f store.BatchFlush) bool { return f.Counted })
}

// count adds up, for the sets that ask for it, the verdicts on the sets before them. Those must have been given.
func count(jobs []*job) {
	for i, j := range jobs {
		j.flushes = slices.Clone(store.Of(j.writes.Intake).Batches)
		for n := range j.flushes {
			if f := &j.flushes[n]; f.Counted {
				add(f, jobs[:i])
			}
		}
	}
}

func add(f *store.BatchFlush, lines []*job) {
	f.Lines += int64(len(lines))
	for _, l := range lines {
		switch l.verdict.Outcome {
		case store.Applied:
			f.Accepted++
		case store.Replayed:
			f.Replayed++
		case store.Conflict:
			f.Refused++
		}
	}
}

// queueIntake goes last of all: the row of a batch is held from here to the commit, and the next flush waits for it.
func queueIntake(batch *pgx.Batch, jobs []*job) {
	if rows := flat(jobs, func(w *store.Writes) []store.IntakeRange { return store.Of(w.Intake).Ranges }); len(rows) > 0 {
		batch.Queue(insertRanges,
			col(rows, func(r *store.IntakeRange) int64 { return int64(r.First) }),
			col(rows, func(r *store.IntakeRange) string { return text(r.Batch) }),
			col(rows, func(r *store.IntakeRange) int64 { return r.N }))
	}
	for _, j := range jobs {
		for _, f := range j.flushes {
			batch.Queue(flushBatch, text(f.ID), text(f.Source), text(f.Division), text(f.By), micros(f.StartedAt), micros(f.EndedAt),
				micros(f.TouchedAt), f.Lines, f.Accepted, f.Replayed, f.Refused, int16(f.State))
		}
	}
}
