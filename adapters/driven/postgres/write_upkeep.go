package postgres

import (
	"time"

	"github.com/jackc/pgx/v5"

	"carillon/core/store"
)

// What chores write, and what they take away.
const (
	putRecounts = `
insert into recount (hour, at, next_at) select * from unnest($1::bigint[], $2::bigint[], $3::bigint[])
on conflict (hour) do update set at = excluded.at, next_at = excluded.next_at`

	dropDrifts = `delete from drift where hour = any($1::bigint[])`

	putHold = `
insert into hold (number, kind, subject, reason, by, at, lifted_at, lifted_by) values ($1, $2, $3, $4, $5, $6, $7, $8)`

	liftHold = `
with put as (update hold set lifted_at = $2, lifted_by = $3 where number = $1 and lifted_at = 0 returning 1)
select expect_rows((select count(*) from put), 1, 'hold')`

	putDrifts = `insert into drift (hour, channel, messages) select * from unnest($1::bigint[], $2::text[], $3::bigint[])`
)

// purging are the statements that take away what is older than a time, so many rows at most, and count them.
func purging(what store.Purgeable) string {
	const count = `) select count(*) from gone`
	switch what {
	case store.PurgeKeys:
		return `with gone as (delete from intake_key where ctid = any(array(select ctid from intake_key where at < $1 limit $2)) returning 1` + count
	case store.PurgeRefs:
		return `with gone as (delete from provider_ref where ctid = any(array(select ctid from provider_ref where at < $1 limit $2)) returning 1` + count
	case store.PurgeReports:
		return `with gone as (delete from report where done and number = any(array(
select number from report where done and received_at < $1 order by number limit $2)) returning 1` + count
	case store.PurgeTicks:
		return `with gone as (delete from tick where ctid = any(array(select ctid from tick where at < $1 limit $2)) returning 1` + count
	case store.PurgeCounters:
		return `with gone as (delete from counter where ctid = any(array(
select ctid from counter where hour < $1 order by hour limit $2)) returning 1` + count
	case store.PurgeEvents:
		return `with gone as (delete from source_event where ctid = any(array(select ctid from source_event where at < $1 limit $2)) returning 1` + count
	case store.PurgeTasks:
		return `with gone as (delete from contact_task where ctid = any(array(
select ctid from contact_task where status = 'completed' and changed_at < $1 limit $2)) returning 1` + count
	default:
		return `
with old as (select hour from recount where hour < $1 order by hour limit $2),
drifts as (delete from drift d using old where d.hour = old.hour returning 1),
gone as (delete from recount r using old where r.hour = old.hour returning 1` + count
	}
}

func queueUpkeep(batch *pgx.Batch, jobs []*job) {
	if rows := flat(jobs, func(w *store.Writes) []store.Recounted { return store.Of(w.Upkeep).Recounts }); len(rows) > 0 {
		queueRecounts(batch, rows)
	}
	for _, h := range flat(jobs, func(w *store.Writes) []store.Unhold { return store.Of(w.Upkeep).Unholds }) {
		batch.Queue(liftHold, h.Number, micros(h.At), text(h.By))
	}
	for _, h := range flat(jobs, func(w *store.Writes) []store.Hold { return store.Of(w.Upkeep).Holds }) {
		batch.Queue(putHold, h.Number, string(h.Kind), text(h.Subject), text(h.Reason), text(h.By), micros(h.At), micros(h.LiftedAt), text(h.LiftedBy))
	}
	for _, j := range jobs {
		j.verdict.Purged = 0
		for _, p := range store.Of(j.writes.Upkeep).Purges {
			batch.Queue(purging(p.What), micros(p.Before), p.Limit).QueryRow(func(row pgx.Row) error {
				var n int64
				err := row.Scan(&n)
				j.verdict.Purged += n
				return err
			})
		}
	}
}

func queueRecounts(batch *pgx.Batch, rows []store.Recounted) {
	type drift struct {
		hour time.Time
		of   store.Drift
	}
	var drifts []drift
	for _, r := range rows {
		for _, d := range r.Drift {
			drifts = append(drifts, drift{r.Hour, d})
		}
	}
	hours := col(rows, func(r *store.Recounted) int64 { return micros(r.Hour) })
	batch.Queue(putRecounts, hours,
		col(rows, func(r *store.Recounted) int64 { return micros(r.At) }),
		col(rows, func(r *store.Recounted) int64 { return micros(r.Next) }))
	batch.Queue(dropDrifts, hours)
	if len(drifts) > 0 {
		batch.Queue(putDrifts,
			col(drifts, func(d *drift) int64 { return micros(d.hour) }),
			col(drifts, func(d *drift) string { return string(d.of.Channel) }),
			col(drifts, func(d *drift) int64 { return d.of.Messages }))
	}
}
