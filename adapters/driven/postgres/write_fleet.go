package postgres

import (
	"time"

	"carillon/core/store"

	"github.com/jackc/pgx/v5"
)

// The fleet: a few rows that every gateway touches every few seconds.
const (
	putBeat = `
insert into gateway (name, host, version, since, seen_at) values ($1, $2, $3, $4, $5)
on conflict (name) do update
set host = excluded.host, version = excluded.version, since = excluded.since, seen_at = excluded.seen_at`

	farewell = `delete from gateway where name = $1 and (seen_at = $2 or $2 = 0)`

	spend = `
insert into spent (route, hour, units) values ($1, $2, $3)
on conflict (route, hour) do update set units = spent.units + excluded.units`

	forgetSpent = `delete from spent where route = $1 and hour < $2`
)

// spentKept is how long the hours of a route are kept.
const spentKept = 48 * time.Hour

func queueFleet(batch *pgx.Batch, jobs []*job) {
	for _, j := range jobs {
		for _, g := range store.Of(j.writes.Fleet).Beats {
			batch.Queue(putBeat, text(g.Name), text(g.Host), text(g.Version), micros(g.Since), micros(g.SeenAt))
		}
		for _, f := range store.Of(j.writes.Fleet).Farewells {
			batch.Queue(farewell, text(f.Name), micros(f.SeenAt))
		}
		for _, s := range store.Of(j.writes.Fleet).Spends {
			hour := s.Hour.Truncate(time.Hour)
			batch.Queue(spend, text(s.Route), micros(hour), s.Units)
			batch.Queue(forgetSpent, text(s.Route), micros(hour.Add(-spentKept)))
		}
	}
}
