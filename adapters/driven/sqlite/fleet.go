package sqlite

import (
	"context"
	"database/sql"
	"time"

	"carillon/core/store"
)

const putBeat = `
insert into gateway (name, host, version, since, seen_at) values (?, ?, ?, ?, ?)
on conflict (name) do update
set host = excluded.host, version = excluded.version, since = excluded.since, seen_at = excluded.seen_at`

// beat puts a gateway that lives.
func (x *tx) beat(ctx context.Context, g store.Gateway) error {
	_, err := x.exec(ctx, putBeat, g.Name, g.Host, g.Version, micros(g.Since), micros(g.SeenAt))
	return err
}

// farewell takes a gateway out.
func (x *tx) farewell(ctx context.Context, f store.Farewell) error {
	_, err := x.exec(ctx, `delete from gateway where name = ?1 and (seen_at = ?2 or ?2 = 0)`, f.Name, micros(f.SeenAt))
	return err
}

const addSpent = `
insert into spent (route, hour, units) values (?, ?, ?)
on conflict (route, hour) do update set units = units + excluded.units`

// spentKept is how long the hours of a route are kept.
const spentKept = 48 * time.Hour

// spend adds to the hour of a route.
func (x *tx) spend(ctx context.Context, s store.Spend) error {
	hour := s.Hour.Truncate(time.Hour)
	if _, err := x.exec(ctx, addSpent, s.Route, micros(hour), s.Units); err != nil {
		return err
	}
	_, err := x.exec(ctx, `delete from spent where route = ? and hour < ?`, s.Route, micros(hour.Add(-spentKept)))
	return err
}

// Gateways implements [store.Fleet].
func (s *Store) Gateways(ctx context.Context) (all []store.Gateway, err error) {
	err = s.read(ctx, "listing gateways", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, `select name, host, version, since, seen_at from gateway order by name`)
		all, err = collect(rows, err, func(r rowScanner, g *store.Gateway) error {
			return r.Scan(&g.Name, &g.Host, &g.Version, moment{&g.Since}, moment{&g.SeenAt})
		})
		return err
	})
	return all, err
}

// Spent implements [store.Fleet].
func (s *Store) Spent(ctx context.Context, from time.Time) (all []store.Spend, err error) {
	hour := from.Truncate(time.Hour)
	err = s.read(ctx, "adding up what was spent", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, `select route, sum(units) from spent where hour >= ? group by route order by route`, micros(hour))
		all, err = collect(rows, err, func(r rowScanner, sum *store.Spend) error {
			sum.Hour = hour.UTC()
			return r.Scan(&sum.Route, &sum.Units)
		})
		return err
	})
	return all, err
}
