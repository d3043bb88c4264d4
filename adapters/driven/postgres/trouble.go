package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// What keeps a queue from being vacuumed in time.
const (
	selectNaptime = `select setting::bigint from pg_settings where name = 'autovacuum_naptime'`
	selectVacuum  = `select setting from pg_settings where name = 'autovacuum'`

	// selectHeld lists what has held a snapshot for more than so many seconds, the longest first.
	selectHeld = `
select what, seconds from (
    select 'a session (pid ' || pid || ', ' || coalesce(nullif(application_name, ''), 'unnamed') || ')' as what,
        extract(epoch from clock_timestamp() - xact_start)::bigint as seconds
    from pg_stat_activity where backend_xmin is not null and xact_start is not null and pid <> pg_backend_pid()
    union all
    select 'a prepared transaction', extract(epoch from clock_timestamp() - prepared)::bigint from pg_prepared_xacts) h
where seconds > $1 order by seconds desc limit 10`
)

// The longest nap of autovacuum, and the longest snapshot, that a queue under load bears, in seconds.
const (
	mostNap  = 15
	mostHeld = 3600
)

// Troubles implements [store.Upkeep].
func (s *Store) Troubles(ctx context.Context) ([]string, error) {
	return s.troubles(ctx, mostHeld)
}

func (s *Store) troubles(ctx context.Context, heldFor int64) ([]string, error) {
	var nap int64
	var vacuum, what string
	var held int64
	var found []string
	batch := &pgx.Batch{}
	batch.Queue(selectNaptime).QueryRow(func(row pgx.Row) error { return row.Scan(&nap) })
	batch.Queue(selectVacuum).QueryRow(func(row pgx.Row) error { return row.Scan(&vacuum) })
	batch.Queue(selectHeld, heldFor).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&what, &held}, func() error {
			found = append(found, fmt.Sprintf("%s has held a snapshot for %d s: what died since then cannot be vacuumed, and claims get slower", what, held))
			return nil
		})
		return err
	})
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return nil, classify("looking for what holds the store up", err)
	}
	if vacuum != "on" {
		found = append(found, "autovacuum is off: the queue's tables grow without end")
	}
	if nap > mostNap {
		found = append(found, fmt.Sprintf("autovacuum_naptime is %d s: the queue's tables want it at 15 s or less, 5 s under load", nap))
	}
	return found, nil
}
