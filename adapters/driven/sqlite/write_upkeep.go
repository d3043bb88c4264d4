package sqlite

import (
	"context"
	"database/sql"

	"carillon/core/store"
)

// recounted puts what a recount found in the place of what was found before.
func (x *tx) recounted(ctx context.Context, r store.Recounted) error {
	_, err := x.exec(ctx, `
insert into recount (hour, at, next_at) values (?, ?, ?) on conflict (hour) do update set at = excluded.at, next_at = excluded.next_at`,
		micros(r.Hour), micros(r.At), micros(r.Next))
	if err != nil {
		return err
	}
	if _, err := x.exec(ctx, `delete from drift where hour = ?`, micros(r.Hour)); err != nil {
		return err
	}
	for _, d := range r.Drift {
		_, err := x.exec(ctx, `insert into drift (hour, channel, messages) values (?, ?, ?)`, micros(r.Hour), string(d.Channel), d.Messages)
		if err != nil {
			return err
		}
	}
	return nil
}

// purging are the statements that take away what is older than a time, so many rows at most.
func purging(what store.Purgeable) string {
	switch what {
	case store.PurgeKeys:
		return `delete from intake_key where (kind, source, key) in (select kind, source, key from intake_key where at < ? limit ?)`
	case store.PurgeRefs:
		return `delete from provider_ref where (provider, ref) in (select provider, ref from provider_ref where at < ? limit ?)`
	case store.PurgeReports:
		return `delete from report where number in (select number from report where done <> 0 and received_at < ? order by number limit ?)`
	case store.PurgeTicks:
		return `delete from tick where (chore, at) in (select chore, at from tick where at < ? limit ?)`
	case store.PurgeCounters:
		return `delete from counter where rowid in (select rowid from counter where hour < ? order by hour limit ?)`
	case store.PurgeEvents:
		return `delete from source_event where rowid in (select rowid from source_event where at < ? limit ?)`
	case store.PurgeTasks:
		return `delete from contact_task where id in (select id from contact_task where status = 'completed' and changed_at < ? limit ?)`
	default:
		return `delete from recount where hour in (select hour from recount where hour < ? order by hour limit ?)`
	}
}

// purges takes away what is old and returns how many rows went. Drifts go with the recounts they belong to.
func (x *tx) purges(ctx context.Context, all []store.Purge) (gone int64, err error) {
	for _, p := range all {
		n, err := x.exec(ctx, purging(p.What), micros(p.Before), p.Limit)
		if err == nil && n > 0 && p.What == store.PurgeRecounts {
			_, err = x.exec(ctx, `delete from drift where hour not in (select hour from recount)`)
		}
		if err != nil {
			return gone, err
		}
		gone += n
	}
	return gone, nil
}

const insertHold = `
insert into hold (number, kind, subject, reason, by, at, lifted_at, lifted_by) values (?, ?, ?, ?, ?, ?, ?, ?)`

func (x *tx) hold(ctx context.Context, h store.Hold) error {
	return x.must(ctx, store.LostHold, insertHold, h.Number, string(h.Kind), h.Subject, h.Reason, h.By, micros(h.At), micros(h.LiftedAt), h.LiftedBy)
}

func (x *tx) unhold(ctx context.Context, h store.Unhold) error {
	return x.must(ctx, store.LostHold, `update hold set lifted_at = ?, lifted_by = ? where number = ? and lifted_at = 0`, micros(h.At), h.By, h.Number)
}

const selectHolds = `
select number, kind, subject, reason, by, at, lifted_at, lifted_by from hold
where ? or lifted_at = 0 order by number desc limit 1000`

// HoldList implements [store.Holds].
func (s *Store) HoldList(ctx context.Context, lifted bool) (all []store.Hold, err error) {
	err = s.read(ctx, "listing holds", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, selectHolds, lifted)
		all, err = collect(rows, err, func(r rowScanner, h *store.Hold) error {
			return r.Scan(&h.Number, &h.Kind, &h.Subject, &h.Reason, &h.By, moment{&h.At}, moment{&h.LiftedAt}, &h.LiftedBy)
		})
		return err
	})
	return all, err
}
