package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

// The ledger's readers, and the sums.
const (
	selectMarks = `select first, n from ledger_mark order by number limit $1`

	// selectLeaves reads only the seals that can hold a leaf of the page.
	selectLeaves = `
select x.number, x.source, x.division, x.body
from ledger_seal s
cross join lateral (
    select s.first_leaf + e.id - s.first as number, e.source, e.division, e.body
    from ledger_entry e where e.id >= s.first + greatest($1 - s.first_leaf, 0) and e.id < s.first + s.n) x
where s.first_leaf >= coalesce((select max(first_leaf) from ledger_seal where first_leaf <= $1), 0)
    and s.first_leaf < $1 + $2
order by s.first_leaf, x.number
limit $2`

	// nextKept is the first leaf from a number on whose entry was not dropped; the number itself when there is none.
	nextKept = `
select coalesce((
    select greatest(s.first_leaf + greatest(k.id - s.first, 0), $1)
    from ledger_seal s cross join (select id from ledger_entry order by id limit 1) k
    where s.first_leaf >= coalesce((select max(first_leaf) from ledger_seal where first_leaf <= $1), 0)
        and s.first_leaf + s.n > $1 and s.first + s.n > k.id
    order by s.first_leaf limit 1), $1)`

	selectCursor = `select coalesce((select next from cursor where name = $1), 0)`

	sums = `
select hour, channel, urgency, place, sum(delta)::bigint from counter
where hour >= $1 and hour < $2 group by 1, 2, 3, 4 having sum(delta) <> 0 order by 1, 2, 3, 4`

	selectRecounts = `select hour, at, next_at from recount where hour >= $1 order by hour desc`
	selectDrifts   = `select hour, channel, messages from drift where hour >= $1 order by hour, channel collate "C"`

	// recount counts every message of the hours twice: as accepted, and where it is now. What waits is pending; else
	// the last evidence that changes a place decides, as in message.Tell. The identifier holds the time of acceptance to
	// the millisecond: its bounds leave the partitions and pages of the hours.
	recount = `
with placed as (
    select m.accepted_at - m.accepted_at % 3600000000 as hour, m.channel, m.urgency,
        case when d.message is not null then 1 else (
            select case e.kind
                when 1 then 3 when 2 then 1 when 3 then 6 when 4 then 6 when 5 then 2
                when 11 then 7 when 12 then 8 when 13 then 9 when 14 then 5
                when 21 then 4 when 22 then 6 when 31 then 1 end
            from evidence e where e.message = m.id and e.kind <> 23 order by e.seq desc limit 1) end as place
    from message m left join due d on d.message = m.id
    where m.accepted_at >= $1 and m.accepted_at < $2 and m.id >= $3 and m.id < $4),
counted as (
    select hour, channel, urgency, coalesce(place, 1) as place, count(*) as n from placed group by 1, 2, 3, 4)
select hour, channel, urgency, place, n from counted
union all
select hour, channel, urgency, 0, sum(n)::bigint from counted group by 1, 2, 3
order by 1, 2, 3, 4`
)

// Marks implements [store.Ledger].
func (s *Store) Marks(ctx context.Context, limit int) ([]store.Mark, error) {
	return all(ctx, s, "reading ledger marks", pgx.RowToStructByPos[store.Mark], selectMarks, limit)
}

// NextLeaf implements [store.Ledger].
func (s *Store) NextLeaf(ctx context.Context) (int64, error) {
	return s.scalar(ctx, "reading the next leaf", nextLeaf)
}

// Leaves implements [store.Ledger]. What retention dropped is passed over.
func (s *Store) Leaves(ctx context.Context, from int64, limit int) ([]ledger.Leaf, error) {
	found, err := all(ctx, s, "reading leaves", pgx.RowToStructByPos[ledger.Leaf], selectLeaves, from, limit)
	if err != nil || len(found) > 0 {
		return found, err
	}
	kept, err := s.scalar(ctx, "looking for the first leaf that is kept", nextKept, from)
	if err != nil || kept == from {
		return nil, err
	}
	return all(ctx, s, "reading leaves", pgx.RowToStructByPos[ledger.Leaf], selectLeaves, kept, limit)
}

// CursorAt implements [store.Ledger].
func (s *Store) CursorAt(ctx context.Context, name string) (int64, error) {
	return s.scalar(ctx, "reading a cursor", selectCursor, text(name))
}

// Sums implements [store.Conservation].
func (s *Store) Sums(ctx context.Context, from, to time.Time) ([]message.Count, error) {
	return tally(ctx, s, "adding up the counters", countOf, sums, hourFrom(from), hourFrom(to))
}

// Recount implements [store.Conservation]: both are read under one snapshot. How is the planner's choice.
func (s *Store) Recount(ctx context.Context, from, to time.Time) (counted, recounted []message.Count, err error) {
	first, end := hourFrom(from), hourFrom(to)
	batch := &pgx.Batch{}
	batch.Queue("begin isolation level repeatable read read only")
	queueRead(batch, &counted, countOf, sums, first, end)
	queueRead(batch, &recounted, countOf, recount, first, end,
		boundOf(timeOf(first).Add(-recountSlack)), boundOf(timeOf(end).Add(recountSlack)))
	batch.Queue("commit")
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return nil, nil, classify("recounting", err)
	}
	return counted, recounted, nil
}

// recountSlack is how far an identifier may be from the time of acceptance.
const recountSlack = time.Minute

// Recounts implements [store.Conservation].
func (s *Store) Recounts(ctx context.Context, from time.Time) (found []store.Recounted, err error) {
	err = s.look(ctx, "reading recounts", func(batch *pgx.Batch) {
		queueRead(batch, &found, recountedOf, selectRecounts, micros(from))
		batch.Queue(selectDrifts, micros(from)).Query(func(rows pgx.Rows) error {
			of := map[int64]*store.Recounted{}
			for i := range found {
				of[micros(found[i].Hour)] = &found[i]
			}
			var hour int64
			var d store.Drift
			_, err := pgx.ForEachRow(rows, []any{&hour, (*string)(&d.Channel), &d.Messages}, func() error {
				if r, ok := of[hour]; ok {
					r.Drift = append(r.Drift, d)
				}
				return nil
			})
			return err
		})
	})
	return found, err
}

func recountedOf(row pgx.CollectableRow) (r store.Recounted, err error) {
	var hour, at, next int64
	err = row.Scan(&hour, &at, &next)
	r.Hour, r.At, r.Next = timeOf(hour), timeOf(at), timeOf(next)
	return r, err
}

// hourFrom is the first full hour at or after the time.
func hourFrom(t time.Time) int64 {
	hour := t.Truncate(time.Hour)
	if hour.Before(t) {
		hour = hour.Add(time.Hour)
	}
	return hour.UnixMicro()
}

func countOf(row pgx.CollectableRow) (c message.Count, err error) {
	var hour int64
	var urgency, place int16
	err = row.Scan(&hour, (*string)(&c.Channel), &urgency, &place, &c.Delta)
	c.Hour, c.Urgency, c.Place = timeOf(hour), message.Urgency(urgency), message.Place(place) //nolint:gosec // written from them
	return c, err
}
