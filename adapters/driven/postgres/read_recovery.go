package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"carillon/core/message"
)

const (
	claimable = `
select message from due where message > $1 and (due_at <= $2 or owner <> '') order by message limit $3`

	// elsewhere counts who is there under our name, but for the connections of this very program.
	elsewhere = `
select count(*) from pg_stat_activity
where datname = current_database() and application_name like $1 || '%' and application_name <> current_setting('application_name')`
)

// Claimable implements [store.Recovery].
func (s *Store) Claimable(ctx context.Context, at time.Time, after message.ID, limit int) ([]message.Record, error) {
	ids, err := all(ctx, s, "reading what may be claimed", pgx.RowTo[[16]byte], claimable, [16]byte(after), micros(at), limit)
	if err != nil {
		return nil, err
	}
	list := make([]message.ID, len(ids))
	for i, id := range ids {
		list[i] = id
	}
	return s.Messages(ctx, list)
}

// Elsewhere implements [store.Recovery].
func (s *Store) Elsewhere(ctx context.Context) (int, error) {
	n, err := s.scalar(ctx, "counting connections", elsewhere, ourName)
	return int(n), err
}
