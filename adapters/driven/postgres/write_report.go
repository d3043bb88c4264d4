package postgres

import (
	"time"

	"github.com/jackc/pgx/v5"

	"carillon/core/consent"
	"carillon/core/message"
	"carillon/core/store"
)

// The inbox, and what reports say about addresses.
const (
	insertReports = `
insert into report (provider, key, message, ref, at, says, reason, code, undeliverable, suppress, from_address, to_sender, word,
    received_at, look_at)
select i.*, $14::bigint, 0
from unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::boolean[],
    $10::text[], $11::text[], $12::text[], $13::text[]) as i
on conflict (provider, key) do nothing`

	consume = `
with done as (update report set done = true where number = any($1::bigint[]) and not done returning 1)
select expect_rows((select count(*) from done), $2, 'report')`

	deferReports = `
update report r set look_at = i.at
from unnest($1::bigint[], $2::bigint[]) as i (number, at)
where r.number = i.number and not r.done`

	markPoints = `
update point set undeliverable_since = $4
where value = $2 and kind = $1 and ($3::bigint = 0 or id = $3)`

	insertSuppression = `
insert into suppression (channel, address, division, reason, origin, since) values ($1, $2, $3, $4, $5, $6)
on conflict do nothing`

	deleteSuppression = `delete from suppression where channel = $1 and address = $2 and division = $3 and reason = $4`
)

func queueReports(batch *pgx.Batch, jobs []*job) {
	if rows := flat(jobs, func(w *store.Writes) []message.Report { return store.Of(w.Report).Reports }); len(rows) > 0 {
		queueInbox(batch, rows)
	}
	if numbers := flat(jobs, func(w *store.Writes) []int64 { return store.Of(w.Report).Consumed }); len(numbers) > 0 {
		batch.Queue(consume, numbers, len(numbers))
	}
	if rows := flat(jobs, func(w *store.Writes) []store.Deferral { return store.Of(w.Report).Deferred }); len(rows) > 0 {
		batch.Queue(deferReports,
			col(rows, func(d *store.Deferral) int64 { return d.Number }),
			col(rows, func(d *store.Deferral) int64 { return micros(d.At) }))
	}
	for _, m := range flat(jobs, func(w *store.Writes) []store.PointMark { return store.Of(w.Customer).Marks }) {
		batch.Queue(markPoints, text(string(m.Kind)), address(m.Value), int64(m.Point), micros(m.Since))
	}
	for _, p := range flat(jobs, func(w *store.Writes) []consent.Suppression { return store.Of(w.Consent).Lifted }) {
		batch.Queue(deleteSuppression, text(string(p.Channel)), address(p.Address), text(p.Division), text(p.Reason))
	}
	for _, p := range flat(jobs, func(w *store.Writes) []consent.Suppression { return store.Of(w.Consent).Suppressions }) {
		batch.Queue(insertSuppression, text(string(p.Channel)), address(p.Address), text(p.Division), text(p.Reason),
			text(p.Origin), micros(p.Since))
	}
}

func queueInbox(batch *pgx.Batch, rows []message.Report) {
	batch.Queue(insertReports,
		col(rows, func(r *message.Report) string { return text(r.Provider) }),
		col(rows, func(r *message.Report) string { return text(r.Key) }),
		col(rows, func(r *message.Report) *[16]byte {
			if r.Message.IsZero() {
				return nil
			}
			return (*[16]byte)(&r.Message)
		}),
		col(rows, func(r *message.Report) string { return text(r.Ref) }),
		col(rows, func(r *message.Report) int64 { return micros(r.At) }),
		col(rows, func(r *message.Report) string { return text(string(r.Says)) }),
		col(rows, func(r *message.Report) string { return text(r.Reason) }),
		col(rows, func(r *message.Report) string { return text(r.Code) }),
		col(rows, func(r *message.Report) bool { return r.Undeliverable }),
		col(rows, func(r *message.Report) string { return text(r.Suppress) }),
		col(rows, func(r *message.Report) string { return address(r.From) }),
		col(rows, func(r *message.Report) string { return text(r.To) }),
		col(rows, func(r *message.Report) string { return text(r.Word) }),
		micros(time.Now()))
}
