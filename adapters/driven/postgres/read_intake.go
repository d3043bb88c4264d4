package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"carillon/core/contact"
	"carillon/core/store"
)

const (
	batchColumns = `
select id, source, division, by, started_at, ended_at, touched_at, lines, accepted, replayed, refused, state from intake_batch `
	batchByID = batchColumns + `where id = $1`
	batchList = batchColumns + `
where ($1::text = '' or source = $1) and ($2::bigint = 0 or (started_at, id) < ($2, $3::text)) order by started_at desc, id desc limit $4`

	batchRanges = `select batch, first, n from intake_range where batch = $1 and first >= $2 order by first limit $3`
)

// Batch implements [store.Batches].
func (s *Store) Batch(ctx context.Context, id string) (store.IntakeBatch, error) {
	return one(ctx, s, "reading an intake batch", batchOf, batchByID, text(id))
}

// BatchList implements [store.Batches].
func (s *Store) BatchList(ctx context.Context, source string, last store.IntakeBatch, limit int) ([]store.IntakeBatch, error) {
	return all(ctx, s, "listing intake batches", batchOf, batchList, text(source), micros(last.StartedAt), text(last.ID), limit)
}

func batchOf(row pgx.CollectableRow) (b store.IntakeBatch, err error) {
	var started, ended, touched int64
	var state int16
	err = row.Scan(&b.ID, &b.Source, &b.Division, &b.By, &started, &ended, &touched, &b.Lines, &b.Accepted, &b.Replayed, &b.Refused, &state)
	b.StartedAt, b.EndedAt, b.TouchedAt = timeOf(started), timeOf(ended), timeOf(touched)
	b.State = store.BatchState(state) //nolint:gosec // written from a BatchState
	return b, err
}

// BatchRanges implements [store.Batches].
func (s *Store) BatchRanges(ctx context.Context, id string, after contact.ID, limit int) ([]store.IntakeRange, error) {
	return all(ctx, s, "reading the ranges of an intake batch", rangeOf, batchRanges, text(id), int64(after), limit)
}

func rangeOf(row pgx.CollectableRow) (r store.IntakeRange, err error) {
	err = row.Scan(&r.Batch, (*int64)(&r.First), &r.N)
	return r, err
}
