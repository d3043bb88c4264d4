package sqlite

import (
	"context"
	"database/sql"
	"time"

	"carillon/core/message"
	"carillon/core/store"
)

// Sums implements [store.Conservation].
func (s *Store) Sums(ctx context.Context, from, to time.Time) (all []message.Count, err error) {
	err = s.read(ctx, "adding up the counters", func(q *sql.Tx) error {
		all, err = sums(ctx, q, from, to)
		return err
	})
	return all, err
}

func sums(ctx context.Context, q *sql.Tx, from, to time.Time) ([]message.Count, error) {
	rows, err := q.QueryContext(ctx, `
select hour, channel, urgency, place, sum(delta) from counter where hour >= ? and hour < ?
group by hour, channel, urgency, place having sum(delta) <> 0 order by hour, channel, urgency, place`,
		micros(ceilHour(from)), micros(ceilHour(to)))
	return collect(rows, err, scanCount)
}

// lastSeen counts messages by the hour of their acceptance and the evidence that decides: the last that is no note;
// -1 while a due row is there, 0 when nothing was seen.
const lastSeen = `
select m.accepted_at / 3600000000 * 3600000000, m.channel, m.urgency,
    case when exists (select 1 from due d where d.message = m.id) then -1
    else coalesce((select e.kind from evidence e where e.message = m.id and e.kind <> ?3 order by e.seq desc limit 1), 0) end,
    count(*)
from message m where m.accepted_at >= ?1 and m.accepted_at < ?2
group by 1, 2, 3, 4`

// Recount implements [store.Conservation].
func (s *Store) Recount(ctx context.Context, from, to time.Time) (fromCounters, fromRows []message.Count, err error) {
	err = s.read(ctx, "recounting", func(q *sql.Tx) error {
		if fromCounters, err = sums(ctx, q, from, to); err != nil {
			return err
		}
		fromRows, err = recount(ctx, q, from, to)
		return err
	})
	return fromCounters, fromRows, err
}

func recount(ctx context.Context, q *sql.Tx, from, to time.Time) ([]message.Count, error) {
	rows, err := q.QueryContext(ctx, lastSeen, micros(ceilHour(from)), micros(ceilHour(to)), int64(message.Noted))
	groups, err := collect(rows, err, func(r rowScanner, g *counted) error {
		return r.Scan(moment{&g.Hour}, &g.Channel, &g.Urgency, &g.last, &g.n)
	})
	if err != nil {
		return nil, err
	}
	sums := map[message.Count]int64{}
	for _, g := range groups {
		g.Place = message.Accepted
		sums[g.Count] += g.n
		g.Place = g.place()
		sums[g.Count] += g.n
	}
	all := make([]message.Count, 0, len(sums))
	for c, n := range sums {
		c.Delta = n
		all = append(all, c)
	}
	return all, nil
}

// Recounts implements [store.Conservation].
func (s *Store) Recounts(ctx context.Context, from time.Time) (all []store.Recounted, err error) {
	err = s.read(ctx, "reading recounts", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, `select hour, at, next_at from recount where hour >= ? order by hour desc`, micros(from))
		all, err = collect(rows, err, func(r rowScanner, one *store.Recounted) error {
			return r.Scan(moment{&one.Hour}, moment{&one.At}, moment{&one.Next})
		})
		if err != nil {
			return err
		}
		for i := range all {
			rows, err := q.QueryContext(ctx, `select channel, messages from drift where hour = ? order by channel`, micros(all[i].Hour))
			all[i].Drift, err = collect(rows, err, func(r rowScanner, d *store.Drift) error { return r.Scan(&d.Channel, &d.Messages) })
			if err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

// counted is a group of messages with the evidence that decides where they are.
type counted struct {
	message.Count
	last int64
	n    int64
}

// place folds the evidence as a message's life does.
func (g counted) place() message.Place {
	if g.last <= 0 {
		return message.Pending
	}
	return message.Tell(nil, []message.Evidence{{Kind: message.EvidenceKind(g.last)}}).Place //nolint:gosec // written from a kind
}

// ceilHour is the first full hour that is not before the time: an hour lies in a stretch when its beginning does.
func ceilHour(t time.Time) time.Time {
	if hour := t.Truncate(time.Hour); hour.Before(t) {
		return hour.Add(time.Hour)
	}
	return t
}
