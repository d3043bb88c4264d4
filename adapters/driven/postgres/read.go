package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"carillon/core/fault"
)

// all reads every row of a statement that goes by an index.
func all[T any](ctx context.Context, s *Store, doing string, of pgx.RowToFunc[T], statement string, args ...any) (found []T, err error) {
	err = s.look(ctx, doing, func(batch *pgx.Batch) { queueRead(batch, &found, of, statement, args...) })
	if err != nil {
		return nil, err
	}
	return found, nil
}

// queueRead queues a statement and puts its rows where found says. That there are none is no failure of the batch: pgx
// forgets the prepared statements of a batch that failed.
func queueRead[T any](batch *pgx.Batch, found *[]T, of pgx.RowToFunc[T], statement string, args ...any) {
	batch.Queue(statement, args...).Query(func(rows pgx.Rows) (err error) {
		*found, err = pgx.CollectRows(rows, of)
		return err
	})
}

// one reads the row of a statement that goes by an index; fault.NotFound when there is none.
func one[T any](ctx context.Context, s *Store, doing string, of pgx.RowToFunc[T], statement string, args ...any) (none T, err error) {
	found, err := all(ctx, s, doing, of, statement, args...)
	switch {
	case err != nil:
		return none, err
	case len(found) == 0:
		return none, fault.New(fault.NotFound, doing+": there is none")
	}
	return found[0], nil
}

// tally reads every row of a statement that reads whole tables; how is the planner's choice.
func tally[T any](ctx context.Context, s *Store, doing string, of pgx.RowToFunc[T], statement string, args ...any) ([]T, error) {
	rows, err := s.pool.Query(ctx, statement, args...)
	if err != nil {
		return nil, classify(doing, err)
	}
	found, err := pgx.CollectRows(rows, of)
	if err != nil {
		return nil, classify(doing, err)
	}
	return found, nil
}

// scalar reads the one number of a statement.
func (s *Store) scalar(ctx context.Context, doing, statement string, args ...any) (n int64, err error) {
	err = s.pool.QueryRow(ctx, statement, args...).Scan(&n)
	return n, classify(doing, err)
}
