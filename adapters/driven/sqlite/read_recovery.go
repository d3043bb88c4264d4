package sqlite

import (
	"context"
	"database/sql"
	"time"

	"carillon/core/message"
)

const mayBeClaimed = `select message from due where message > ? and (due_at <= ? or owner <> '') order by message limit ?`

// Claimable implements [store.Recovery].
func (s *Store) Claimable(ctx context.Context, at time.Time, after message.ID, limit int) (all []message.Record, err error) {
	err = s.read(ctx, "reading what may be claimed", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, mayBeClaimed, after[:], micros(at), limit)
		ids, err := collect(rows, err, func(row rowScanner, id *message.ID) error {
			var raw []byte
			err := row.Scan(&raw)
			copy(id[:], raw)
			return err
		})
		if err != nil {
			return err
		}
		all, err = records(ctx, q, ids)
		return err
	})
	return all, err
}

// Elsewhere implements [store.Recovery]. One process has the file open: this one.
func (s *Store) Elsewhere(context.Context) (int, error) { return 0, nil }
