package postgres

import (
	"github.com/jackc/pgx/v5"

	"carillon/core/config"
	"carillon/core/extract"
	"carillon/core/message"
	"carillon/core/store"
)

// Runs and letters, and what people and chores change: few rows at a time, a statement each.
const (
	insertRun = `
insert into run (batch, number, business_date, opened_at, closed_at, letters, hash, version, by, told_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`

	updateRun = `
with put as (
    update run
    set business_date = $3, opened_at = $4, closed_at = $5, letters = $6, hash = $7, version = $8, by = $9, told_at = $10
    where batch = $1 and number = $2 and version = $8 - 1
    returning 1)
select expect_rows((select count(*) from put), 1, 'version')`

	insertLetters = `
insert into letter (batch, run, number, message, key, route, record)
select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::text[])`

	pauseLane = `
insert into lane_pause (lane, reason, until, by) values ($1, $2, $3, $4)
on conflict (lane) do update set reason = excluded.reason, until = excluded.until, by = excluded.by`

	resumeLane = `delete from lane_pause where lane = $1`

	orderBreaker = `
insert into breaker_trip as t (adapter, route, number, tripped, reason, by, at) values ($1, $2, 1, $3, $4, $5, $6)
on conflict (adapter, route) do update
set number = t.number + 1, tripped = excluded.tripped, reason = excluded.reason, by = excluded.by, at = excluded.at`

	resumeOnly = `
with gone as (delete from lane_pause where lane = $1 and by = $2 returning 1)
select expect_rows((select count(*) from gone), 1, 'pause')`

	release = `
update due set due_at = $2, reason = $3 where lane = $1 and due_at > $2 and reason = $4 and owner = ''`

	insertPrincipal = `
insert into principal (name, hash, source, divisions, roles, created_at, revoked_at) values ($1, $2, $3, $4, $5, $6, $7)`

	// revokePrincipal ends a key once: who is revoked stays so from the first time on.
	revokePrincipal = `
with put as (
    update principal set revoked_at = case when revoked_at = 0 then $2 else revoked_at end where name = $1 returning 1)
select expect_rows((select count(*) from put), 1, 'name')`

	insertConfig = `insert into config_version (version, at, by) values ($1, $2, $3)`

	insertConfigRows = `
insert into config_row (version, position, kind, code, body)
select $1, i.position, i.kind, i.code, i.body
from unnest($2::text[], $3::text[], $4::text[]) with ordinality as i (kind, code, body, position)`

	startCursor = `insert into cursor (name, next) values ($1, 0) on conflict do nothing`

	moveCursor = `
with put as (update cursor set next = $3 where name = $1 and next = $2 and $3 >= $2 returning 1)
select expect_rows((select count(*) from put), 1, 'version')`

	insertTick = `insert into tick (chore, at, by) values ($1, $2, $3)`

	// fold leaves alone what is one row already.
	fold = `
with many as (
    select hour, channel, urgency, place from counter where hour < $1 group by 1, 2, 3, 4 having count(*) > 1),
gone as (
    delete from counter c using many m
    where c.hour = m.hour and c.channel = m.channel and c.urgency = m.urgency and c.place = m.place
    returning c.*)
insert into counter (hour, channel, urgency, place, delta)
select hour, channel, urgency, place, sum(delta) from gone group by 1, 2, 3, 4 having sum(delta) <> 0`
)

func queueRuns(batch *pgx.Batch, jobs []*job) {
	for _, r := range flat(jobs, func(w *store.Writes) []extract.Run { return store.Of(w.Letter).Runs }) {
		statement := updateRun
		if r.Version <= 1 {
			statement = insertRun
		}
		batch.Queue(statement, text(r.Batch), r.Number, text(r.BusinessDate), micros(r.OpenedAt), micros(r.ClosedAt), r.Letters,
			text(r.Hash), r.Version, text(r.By), micros(r.ToldAt))
	}
	if rows := flat(jobs, func(w *store.Writes) []extract.Letter { return store.Of(w.Letter).Letters }); len(rows) > 0 {
		batch.Queue(insertLetters,
			col(rows, func(l *extract.Letter) string { return text(l.Batch) }),
			col(rows, func(l *extract.Letter) int64 { return l.Run }),
			col(rows, func(l *extract.Letter) int64 { return l.Number }),
			col(rows, func(l *extract.Letter) [16]byte { return l.Message }),
			col(rows, func(l *extract.Letter) string { return text(l.Key) }),
			col(rows, func(l *extract.Letter) string { return text(l.Route) }),
			col(rows, func(l *extract.Letter) string { return text(l.Record) }))
	}
}

func queueDesk(batch *pgx.Batch, jobs []*job) {
	for _, j := range jobs {
		w := j.writes
		for _, p := range store.Of(w.Lane).Pauses {
			queuePause(batch, p)
		}
		for _, t := range store.Of(w.Lane).Trips {
			batch.Queue(orderBreaker, text(t.Adapter), text(t.Route), t.Tripped, text(t.Reason), text(t.By), micros(t.At))
		}
		for _, p := range store.Of(w.Admin).Principals {
			batch.Queue(insertPrincipal, text(p.Name), p.Hash[:], text(p.Source), list(p.Divisions), list(p.Roles),
				micros(p.CreatedAt), micros(p.RevokedAt))
		}
		for _, r := range store.Of(w.Admin).Revoked {
			batch.Queue(revokePrincipal, text(r.Name), micros(r.At))
		}
		for _, c := range store.Of(w.Ledger).Cursors {
			if c.From == 0 {
				batch.Queue(startCursor, text(c.Name))
			}
			batch.Queue(moveCursor, text(c.Name), c.From, c.Next)
		}
		for _, t := range store.Of(w.Upkeep).Ticks {
			batch.Queue(insertTick, text(t.Chore), micros(t.At), text(t.By))
		}
		for _, f := range store.Of(w.Upkeep).Folds {
			batch.Queue(fold, micros(f.Before))
		}
		queueConfig(batch, store.Of(w.Admin).Config)
	}
}

func queuePause(batch *pgx.Batch, p store.LanePause) {
	if !p.Paused {
		if p.Only != "" {
			batch.Queue(resumeOnly, int16(p.Lane), text(p.Only))
			return
		}
		batch.Queue(resumeLane, int16(p.Lane))
		if !p.Release.IsZero() {
			batch.Queue(release, int16(p.Lane), micros(p.Release), reasonNumber(message.WaitReturned), reasonNumber(message.WaitOperator))
		}
		return
	}
	batch.Queue(pauseLane, int16(p.Lane), text(p.Reason), micros(p.Until), text(p.By))
}

func queueConfig(batch *pgx.Batch, c *store.ConfigWrite) {
	if c == nil {
		return
	}
	batch.Queue(insertConfig, c.Version, micros(c.At), text(c.By))
	if len(c.Rows) > 0 {
		batch.Queue(insertConfigRows, c.Version,
			col(c.Rows, func(r *config.Row) string { return text(r.Kind) }),
			col(c.Rows, func(r *config.Row) string { return text(r.Code) }),
			col(c.Rows, func(r *config.Row) string { return text(r.Body) }))
	}
}
