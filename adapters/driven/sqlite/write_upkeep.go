package sqlite

import (
	"context"

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
