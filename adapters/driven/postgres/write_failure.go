package postgres

import (
	"github.com/jackc/pgx/v5"

	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
)

// What ended badly, and what people do about it. All of it is written only for failures.
const (
	insertDead = `
insert into dead_letter (message, place, at, accepted_at, source, division, contact, class, type, channel, route, urgency, reason, code, attempts)
select i.message, i.place, i.at, i.accepted_at, i.source, i.division, i.contact, coalesce(c.class, ''), coalesce(c.type, ''),
    i.channel, i.route, i.urgency, i.reason, i.code, i.attempts
from unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[],
    $10::smallint[], $11::text[], $12::text[], $13::smallint[])
    as i (message, place, at, accepted_at, source, division, contact, channel, route, urgency, reason, code, attempts)
left join contact c on c.id = i.contact
on conflict (message) do update set place = excluded.place, at = excluded.at, reason = excluded.reason, code = excluded.code,
    attempts = excluded.attempts`

	deleteDead = `delete from dead_letter where message = any($1::uuid[])`

	insertHalts = `
insert into halt (contact, at, reason, by)
select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[])
on conflict do nothing`

	insertRetries = `
insert into retry (contact, step, number, message, former, at, by)
select * from unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::uuid[], $5::uuid[], $6::bigint[], $7::text[])`
)

// queueAlive takes away what is dead or to be done no longer.
func queueAlive(batch *pgx.Batch, jobs []*job) {
	if ids := flat(jobs, func(w *store.Writes) []message.ID { return store.Of(w.Message).Undead }); len(ids) > 0 {
		batch.Queue(deleteDead, uuids(ids))
	}
}

// queueFailed puts what failed and what is to be done about it. It comes after the contacts of the set.
func queueFailed(batch *pgx.Batch, jobs []*job) {
	if rows := flat(jobs, func(w *store.Writes) []message.DeadLetter { return store.Of(w.Message).Dead }); len(rows) > 0 {
		queueDead(batch, rows)
	}
	if rows := flat(jobs, func(w *store.Writes) []plan.Halt { return store.Of(w.Contact).Halts }); len(rows) > 0 {
		batch.Queue(insertHalts,
			col(rows, func(h *plan.Halt) int64 { return int64(h.Contact) }),
			col(rows, func(h *plan.Halt) int64 { return micros(h.At) }),
			col(rows, func(h *plan.Halt) string { return text(h.Reason) }),
			col(rows, func(h *plan.Halt) string { return text(h.By) }))
	}
	if rows := flat(jobs, func(w *store.Writes) []plan.Retry { return store.Of(w.Contact).Retries }); len(rows) > 0 {
		batch.Queue(insertRetries,
			col(rows, func(r *plan.Retry) int64 { return int64(r.Contact) }),
			col(rows, func(r *plan.Retry) int16 { return r.Step }),
			col(rows, func(r *plan.Retry) int16 { return r.Number }),
			col(rows, func(r *plan.Retry) [16]byte { return r.Message }),
			col(rows, func(r *plan.Retry) [16]byte { return r.Former }),
			col(rows, func(r *plan.Retry) int64 { return micros(r.At) }),
			col(rows, func(r *plan.Retry) string { return text(r.By) }))
	}
}

func queueDead(batch *pgx.Batch, rows []message.DeadLetter) {
	batch.Queue(insertDead,
		col(rows, func(d *message.DeadLetter) [16]byte { return d.Message }),
		col(rows, func(d *message.DeadLetter) int16 { return int16(d.Place) }),
		col(rows, func(d *message.DeadLetter) int64 { return micros(d.At) }),
		col(rows, func(d *message.DeadLetter) int64 { return micros(d.AcceptedAt) }),
		col(rows, func(d *message.DeadLetter) string { return text(d.Source) }),
		col(rows, func(d *message.DeadLetter) string { return text(d.Division) }),
		col(rows, func(d *message.DeadLetter) int64 { return int64(d.Contact) }),
		col(rows, func(d *message.DeadLetter) string { return text(string(d.Channel)) }),
		col(rows, func(d *message.DeadLetter) string { return text(d.Route) }),
		col(rows, func(d *message.DeadLetter) int16 { return int16(d.Urgency) }),
		col(rows, func(d *message.DeadLetter) string { return text(d.Reason) }),
		col(rows, func(d *message.DeadLetter) string { return text(d.Code) }),
		col(rows, func(d *message.DeadLetter) int16 { return d.Attempts }))
}

// touchesFailures names what sets may change one after the other.
func touchesFailures(w *store.Writes, is func(touch)) {
	for i := range store.Of(w.Message).Dead {
		is(touch{what: 'm', id: store.Of(w.Message).Dead[i].Message})
	}
	for _, id := range store.Of(w.Message).Undead {
		is(touch{what: 'm', id: id})
	}
}
