package sqlite

import (
	"context"
	"database/sql"

	"carillon/core/contact"
	"carillon/core/store"
)

const (
	batchColumns = `
select id, source, division, by, started_at, ended_at, touched_at, lines, accepted, replayed, refused, state from intake_batch `

	batchList = batchColumns + `
where ($1 = '' or source = $1) and ($2 = 0 or (started_at, id) < ($2, $3)) order by started_at desc, id desc limit $4`
)

func scanBatch(r rowScanner, b *store.IntakeBatch) error {
	return r.Scan(&b.ID, &b.Source, &b.Division, &b.By, moment{&b.StartedAt}, moment{&b.EndedAt}, moment{&b.TouchedAt},
		&b.Lines, &b.Accepted, &b.Replayed, &b.Refused, &b.State)
}

// Batch implements [store.Batches].
func (s *Store) Batch(ctx context.Context, id string) (b store.IntakeBatch, err error) {
	err = s.read(ctx, "reading an intake batch", func(q *sql.Tx) error {
		return scanBatch(q.QueryRowContext(ctx, batchColumns+`where id = ?`, id), &b)
	})
	return b, err
}

// BatchList implements [store.Batches].
func (s *Store) BatchList(ctx context.Context, source string, last store.IntakeBatch, limit int) (all []store.IntakeBatch, err error) {
	err = s.read(ctx, "listing intake batches", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, batchList, source, micros(last.StartedAt), last.ID, limit)
		all, err = collect(rows, err, scanBatch)
		return err
	})
	return all, err
}

// BatchRanges implements [store.Batches].
func (s *Store) BatchRanges(ctx context.Context, id string, after contact.ID, limit int) (all []store.IntakeRange, err error) {
	err = s.read(ctx, "reading the ranges of an intake batch", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, `select batch, first, n from intake_range where batch = ? and first >= ? order by first limit ?`,
			id, int64(after), limit)
		all, err = collect(rows, err, func(r rowScanner, one *store.IntakeRange) error { return r.Scan(&one.Batch, &one.First, &one.N) })
		return err
	})
	return all, err
}
