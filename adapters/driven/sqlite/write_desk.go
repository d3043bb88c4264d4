package sqlite

import (
	"context"

	"carillon/core/access"
	"carillon/core/extract"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

const (
	insertRun = `
insert into run (business_date, opened_at, closed_at, letters, hash, version, by, told_at, batch, number)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	updateRun = `
update run set business_date = ?, opened_at = ?, closed_at = ?, letters = ?, hash = ?, version = ?, by = ?, told_at = ?
where batch = ? and number = ? and version = ?`
)

// run opens a run under version 1, or changes it from the version before.
func (x *tx) run(ctx context.Context, r extract.Run) error {
	fields := []any{
		r.BusinessDate, micros(r.OpenedAt), micros(r.ClosedAt), r.Letters, r.Hash, r.Version, r.By, micros(r.ToldAt), r.Batch, r.Number,
	}
	if r.Version == 1 {
		return x.must(ctx, store.LostVersion, insertRun, fields...)
	}
	return x.must(ctx, store.LostVersion, updateRun, append(fields, r.Version-1)...)
}

const insertLetter = `insert into letter (batch, run, number, message, key, route, record) values (?, ?, ?, ?, ?, ?, ?)`

// letter freezes a letter; a message that another run has frozen is a lost race.
func (x *tx) letter(ctx context.Context, l extract.Letter) error {
	return x.must(ctx, store.LostFence, insertLetter, l.Batch, l.Run, l.Number, l.Message[:], l.Key, l.Route, l.Record)
}

const releaseLane = `
update due set due_at = ?, reason = ? where lane = ? and due_at > ? and reason = ? and owner = ''`

const putPause = `
insert into lane_pause (lane, reason, until, by) values (?, ?, ?, ?)
on conflict (lane) do update set reason = excluded.reason, until = excluded.until, by = excluded.by`

// pause stops a lane; a lane that resumes has no row.
func (x *tx) pause(ctx context.Context, p store.LanePause) error {
	if !p.Paused && p.Only != "" {
		return x.must(ctx, store.LostPause, `delete from lane_pause where lane = ? and by = ?`, int64(p.Lane), p.Only)
	}
	if !p.Paused {
		_, err := x.exec(ctx, `delete from lane_pause where lane = ?`, int64(p.Lane))
		if err == nil && !p.Release.IsZero() {
			_, err = x.exec(ctx, releaseLane, micros(p.Release), string(message.WaitReturned), int64(p.Lane), micros(p.Release), string(message.WaitOperator))
		}
		return err
	}
	_, err := x.exec(ctx, putPause, int64(p.Lane), p.Reason, micros(p.Until), p.By)
	return err
}

const putTrip = `
insert into breaker_trip as t (adapter, route, number, tripped, reason, by, at) values (?, ?, 1, ?, ?, ?, ?)
on conflict (adapter, route) do update
set number = t.number + 1, tripped = excluded.tripped, reason = excluded.reason, by = excluded.by, at = excluded.at`

// trip keeps the last order of a breaker.
func (x *tx) trip(ctx context.Context, t store.Trip) error {
	_, err := x.exec(ctx, putTrip, t.Adapter, t.Route, t.Tripped, t.Reason, t.By, micros(t.At))
	return err
}

const insertPrincipal = `
insert into principal (name, hash, source, divisions, roles, created_at, revoked_at) values (?, ?, ?, ?, ?, ?, ?)`

func (x *tx) principal(ctx context.Context, p access.Principal) error {
	return x.must(ctx, store.LostName, insertPrincipal, p.Name, p.Hash[:], p.Source, list(p.Divisions), list(p.Roles),
		micros(p.CreatedAt), micros(p.RevokedAt))
}

func (x *tx) revoke(ctx context.Context, r store.Revocation) error {
	_, err := x.exec(ctx, `update principal set revoked_at = ? where name = ?`, micros(r.At), r.Name)
	return err
}

func (x *tx) config(ctx context.Context, c store.ConfigWrite) error {
	err := x.must(ctx, store.LostVersion, `insert into config_version (version, at, by) values (?, ?, ?)`, c.Version, micros(c.At), c.By)
	if err != nil {
		return err
	}
	for i, r := range c.Rows {
		_, err := x.exec(ctx, `insert into config_row (version, position, kind, code, body) values (?, ?, ?, ?, ?)`,
			c.Version, i, r.Kind, r.Code, r.Body)
		if err != nil {
			return err
		}
	}
	return nil
}

func (x *tx) tick(ctx context.Context, t store.Tick) error {
	return x.must(ctx, store.LostTick, `insert into tick (chore, at, by) values (?, ?, ?)`, t.Chore, micros(t.At), t.By)
}

const moveCursor = `update cursor set next = ? where name = ? and next = ? and next <= ?`

// cursor moves a reader forward from where it must be; a new reader stands at 0.
func (x *tx) cursor(ctx context.Context, c store.Cursor) error {
	if c.From == 0 {
		if _, err := x.exec(ctx, `insert into cursor (name, next) values (?, 0) on conflict do nothing`, c.Name); err != nil {
			return err
		}
	}
	return x.must(ctx, store.LostVersion, moveCursor, c.Next, c.Name, c.From, c.Next)
}

const nextLeaf = `select coalesce(max(first_leaf + n), 0) from ledger_seal
where first_leaf = (select max(first_leaf) from ledger_seal)`

// seal numbers a marked stretch as the next leaves.
func (x *tx) seal(ctx context.Context, s store.Seal) error {
	var next int64
	if err := x.row(ctx, nextLeaf).Scan(&next); err != nil {
		return err
	}
	if next != s.FirstLeaf {
		return lose(store.LostVersion)
	}
	err := x.must(ctx, store.LostVersion, `delete from ledger_mark where first = ? and n = ?`, s.Mark.First, s.Mark.N)
	if err != nil {
		return err
	}
	return x.must(ctx, store.LostVersion, `insert into ledger_seal (first_leaf, first, n, at) values (?, ?, ?, ?)`,
		s.FirstLeaf, s.Mark.First, s.Mark.N, micros(s.At))
}

const foldable = `
select hour, channel, urgency, place, sum(delta) from counter
where hour in (select hour from counter where hour < ? group by hour, channel, urgency, place having count(*) > 1)
group by hour, channel, urgency, place`

// fold replaces the deltas of closed hours by their sums. Hours that are folded already are passed over.
func (x *tx) fold(ctx context.Context, f store.Fold) error {
	rows, err := x.rows(ctx, foldable, micros(f.Before))
	sums, err := collect(rows, err, scanCount)
	if err != nil {
		return err
	}
	last := int64(0)
	for _, c := range sums { // in the order of their hours
		if hour := micros(c.Hour); hour != last {
			if _, err := x.exec(ctx, `delete from counter where hour = ?`, hour); err != nil {
				return err
			}
			last = hour
		}
		if c.Delta == 0 {
			continue
		}
		if err := x.count(ctx, c, c.Delta); err != nil {
			return err
		}
	}
	return nil
}

func scanCount(r rowScanner, c *message.Count) error {
	return r.Scan(moment{&c.Hour}, &c.Channel, &c.Urgency, &c.Place, &c.Delta)
}

// ledgerNumbers is the sequence of ledger entries.
const ledgerNumbers = "ledger"

// reserve takes a stretch of consecutive numbers; sql.ErrNoRows for a sequence that is not there.
func (x *tx) reserve(ctx context.Context, sequence string, n int64) (first int64, err error) {
	if sequence == toDoNumbers {
		return x.reserveToDos(ctx, n)
	}
	err = x.row(ctx, `update number set next = next + ? where name = ? returning next - ?`, n, sequence, n).Scan(&first)
	return first, err
}

// Numbers implements [store.Numbers]; fault.Invalid for a sequence it does not know.
func (s *Store) Numbers(ctx context.Context, sequence string, n int) (first int64, err error) {
	if n < 1 || sequence == ledgerNumbers {
		return 0, fault.New(fault.Invalid, "numbers are drawn from person, point or contact, one at least")
	}
	err = s.commits.run(ctx, 1, func(ctx context.Context, x *tx) error {
		first, err = x.reserve(ctx, sequence, int64(n))
		return err
	})
	if isNone(err) {
		return 0, fault.New(fault.Invalid, "there is no such sequence of numbers")
	}
	return first, classify("reserving numbers", err)
}
