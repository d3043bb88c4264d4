package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"carillon/core/store"
)

// Who lives, and what was spent.
const (
	gateways = `select name, host, version, since, seen_at from gateway order by name collate "C"`

	spentSince = `select route, sum(units)::bigint from spent where hour >= $1 group by route order by route collate "C"`
)

// Gateways implements [store.Fleet].
func (s *Store) Gateways(ctx context.Context) ([]store.Gateway, error) {
	return all(ctx, s, "listing gateways", gatewayOf, gateways)
}

func gatewayOf(row pgx.CollectableRow) (g store.Gateway, err error) {
	var since, seen int64
	err = row.Scan(&g.Name, &g.Host, &g.Version, &since, &seen)
	g.Since, g.SeenAt = timeOf(since), timeOf(seen)
	return g, err
}

// Spent implements [store.Fleet].
func (s *Store) Spent(ctx context.Context, from time.Time) ([]store.Spend, error) {
	hour := from.Truncate(time.Hour)
	return all(ctx, s, "adding up what was spent", func(row pgx.CollectableRow) (sum store.Spend, err error) {
		sum.Hour = hour.UTC()
		err = row.Scan(&sum.Route, &sum.Units)
		return sum, err
	}, spentSince, micros(hour))
}
