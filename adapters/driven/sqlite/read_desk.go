package sqlite

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/extract"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

const principals = `select name, hash, source, divisions, roles, created_at, revoked_at from principal`

func scanPrincipal(r rowScanner, p *access.Principal) error {
	return r.Scan(&p.Name, octets{p.Hash[:]}, &p.Source, words[string]{&p.Divisions}, words[access.Role]{&p.Roles},
		moment{&p.CreatedAt}, moment{&p.RevokedAt})
}

// Principal implements [store.Principals].
func (s *Store) Principal(ctx context.Context, hash access.KeyHash) (p access.Principal, err error) {
	err = s.read(ctx, "looking for a principal", func(q *sql.Tx) error {
		return scanPrincipal(q.QueryRowContext(ctx, principals+` where hash = ?`, hash[:]), &p)
	})
	if fault.Is(err, fault.NotFound) || err == nil && !p.RevokedAt.IsZero() {
		return access.Principal{}, fault.New(fault.Unauthorized, "no good key")
	}
	return p, err
}

// PrincipalList implements [store.Principals].
func (s *Store) PrincipalList(ctx context.Context) (all []access.Principal, err error) {
	err = s.read(ctx, "listing principals", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, principals+` order by name`)
		all, err = collect(rows, err, scanPrincipal)
		return err
	})
	return all, err
}

// LatestConfig implements [store.Configs].
func (s *Store) LatestConfig(ctx context.Context) (version int64, err error) {
	return s.number(ctx, "reading the configuration's version", `select coalesce(max(version), 0) from config_version`)
}

// number reads one number.
func (s *Store) number(ctx context.Context, doing, query string, args ...any) (n int64, err error) {
	err = s.read(ctx, doing, func(q *sql.Tx) error { return q.QueryRowContext(ctx, query, args...).Scan(&n) })
	return n, err
}

// ConfigRows implements [store.Configs].
func (s *Store) ConfigRows(ctx context.Context, version int64) (all []config.Row, err error) {
	err = s.read(ctx, "reading a configuration", func(q *sql.Tx) error {
		var known int64
		if err := q.QueryRowContext(ctx, `select version from config_version where version = ?`, version).Scan(&known); err != nil {
			return err
		}
		rows, err := q.QueryContext(ctx, `select kind, code, body from config_row where version = ? order by position`, version)
		all, err = collect(rows, err, func(r rowScanner, c *config.Row) error { return r.Scan(&c.Kind, &c.Code, &c.Body) })
		return err
	})
	return all, err
}

// ConfigVersions implements [store.Configs].
func (s *Store) ConfigVersions(ctx context.Context, before int64, limit int) (versions []store.ConfigVersion, err error) {
	err = s.read(ctx, "listing configuration versions", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, `select version, at, by from config_version where ?1 = 0 or version < ?1 order by version desc limit ?2`, before, limit)
		versions, err = collect(rows, err, func(r rowScanner, v *store.ConfigVersion) error {
			var at int64
			err := r.Scan(&v.Version, &at, &v.By)
			v.At = timeOf(at)
			return err
		})
		return err
	})
	return versions, err
}

// Lanes are found by stepping along the primary key; of each the first rows that are due are counted, and the first that
// are not.
const (
	laneList = `
with recursive known (lane) as (
    select min(lane) from due
    union all
    select (select min(d.lane) from due d where d.lane > known.lane) from known where known.lane is not null)
select lane from known where lane is not null`

	laneCounts = `
select count(*), count(*) filter (where owner = ''), count(*) filter (where owner <> ''), coalesce(min(first_due_at), 0)
from (select owner, first_due_at from due where lane = ? and due_at > ? and due_at <= ? order by due_at, message limit ?)`
)

// laneState counts what waits in a lane.
func laneState(ctx context.Context, q *sql.Tx, l *store.LaneState, now time.Time) error {
	for _, part := range []struct{ after, until int64 }{{math.MinInt64, micros(now)}, {micros(now), math.MaxInt64}} {
		var n, queued, claimed int64
		var oldest time.Time
		err := q.QueryRowContext(ctx, laneCounts, int64(l.Lane), part.after, part.until, store.LaneBound).
			Scan(&n, &queued, &claimed, moment{&oldest})
		if err != nil {
			return err
		}
		l.Queued, l.Claimed, l.AtLeast = l.Queued+queued, l.Claimed+claimed, l.AtLeast || n == store.LaneBound
		if part.until == micros(now) {
			l.OldestDue = oldest
		}
	}
	return nil
}

// LaneStates implements [store.Lanes].
func (s *Store) LaneStates(ctx context.Context, now time.Time) (all []store.LaneState, err error) {
	err = s.read(ctx, "reading lanes", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, laneList)
		all, err = collect(rows, err, func(r rowScanner, l *store.LaneState) error { return r.Scan(&l.Lane) })
		if err != nil {
			return err
		}
		for i := range all {
			if err := laneState(ctx, q, &all[i], now); err != nil {
				return err
			}
		}
		rows, err = q.QueryContext(ctx, `select lane, reason, until, by from lane_pause order by lane`)
		pauses, err := collect(rows, err, func(r rowScanner, p *store.LanePause) error {
			p.Paused = true
			return r.Scan(&p.Lane, &p.Reason, moment{&p.Until}, &p.By)
		})
		for _, p := range pauses {
			i := slices.IndexFunc(all, func(l store.LaneState) bool { return l.Lane == p.Lane })
			if i < 0 {
				i, all = len(all), append(all, store.LaneState{Lane: p.Lane})
			}
			all[i].Pause = p
		}
		return err
	})
	return all, err
}

// Trips implements [store.Breakers].
func (s *Store) Trips(ctx context.Context) (all []store.Trip, err error) {
	err = s.read(ctx, "reading orders of breakers", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, `select adapter, route, number, tripped, reason, by, at from breaker_trip order by adapter, route`)
		all, err = collect(rows, err, func(r rowScanner, t *store.Trip) error {
			return r.Scan(&t.Adapter, &t.Route, &t.Number, &t.Tripped, &t.Reason, &t.By, moment{&t.At})
		})
		return err
	})
	return all, err
}

// NextDue implements [store.Lanes].
func (s *Store) NextDue(ctx context.Context, lane message.Lane) (time.Time, error) {
	at, err := s.number(ctx, "looking for the next due row", `select coalesce(min(due_at), 0) from due where lane = ?`, int64(lane))
	return timeOf(at), err
}

// Marks implements [store.Ledger]. One connection writes: marks commit in the order of their entries.
func (s *Store) Marks(ctx context.Context, limit int) (all []store.Mark, err error) {
	err = s.read(ctx, "reading marks", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, `select first, n from ledger_mark order by first limit ?`, limit)
		all, err = collect(rows, err, func(r rowScanner, m *store.Mark) error { return r.Scan(&m.First, &m.N) })
		return err
	})
	return all, err
}

// NextLeaf implements [store.Ledger].
func (s *Store) NextLeaf(ctx context.Context) (int64, error) {
	return s.number(ctx, "reading the next leaf", nextLeaf)
}

// leaves finds the seal that holds the first leaf wanted and goes on from there along both keys.
const leaves = `
select s.first_leaf + e.id - s.first, e.source, e.division, e.body
from ledger_seal s cross join ledger_entry e
where s.first_leaf >= coalesce((select max(first_leaf) from ledger_seal where first_leaf <= ?1), 0)
    and e.id >= s.first + max(0, ?1 - s.first_leaf) and e.id < s.first + s.n
order by s.first_leaf, e.id limit ?2`

// Leaves implements [store.Ledger].
func (s *Store) Leaves(ctx context.Context, from int64, limit int) (all []ledger.Leaf, err error) {
	err = s.read(ctx, "reading leaves", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, leaves, from, limit)
		all, err = collect(rows, err, func(r rowScanner, l *ledger.Leaf) error {
			return r.Scan(&l.Number, &l.Source, &l.Division, &l.Body)
		})
		return err
	})
	return all, err
}

// CursorAt implements [store.Ledger].
func (s *Store) CursorAt(ctx context.Context, name string) (int64, error) {
	return s.number(ctx, "reading a cursor", `select coalesce(max(next), 0) from cursor where name = ?`, name)
}

const runColumns = `select batch, number, business_date, opened_at, closed_at, letters, hash, version, by, told_at from run`

func scanRun(r rowScanner, run *extract.Run) error {
	return r.Scan(&run.Batch, &run.Number, &run.BusinessDate, moment{&run.OpenedAt}, moment{&run.ClosedAt},
		&run.Letters, &run.Hash, &run.Version, &run.By, moment{&run.ToldAt})
}

// OpenRun implements [store.Runs].
func (s *Store) OpenRun(ctx context.Context, batch string) (run extract.Run, err error) {
	err = s.read(ctx, "reading the open run", func(q *sql.Tx) error {
		return scanRun(q.QueryRowContext(ctx, runColumns+` where batch = ? and told_at = 0 order by number limit 1`, batch), &run)
	})
	return run, err
}

// RunList implements [store.Runs].
func (s *Store) RunList(ctx context.Context, batch string, below int64, limit int) (all []extract.Run, err error) {
	if below <= 0 {
		below = math.MaxInt64
	}
	err = s.read(ctx, "listing runs", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, runColumns+` where batch = ? and number < ? order by number desc limit ?`, batch, below, limit)
		all, err = collect(rows, err, scanRun)
		return err
	})
	return all, err
}

const letterColumns = `select l.batch, l.run, l.number, l.message, l.key, l.route, l.record from letter l`

func scanLetter(r rowScanner, l *extract.Letter) error {
	return r.Scan(&l.Batch, &l.Run, &l.Number, octets{l.Message[:]}, &l.Key, &l.Route, &l.Record)
}

// Letters implements [store.Runs].
func (s *Store) Letters(ctx context.Context, batch string, run, after int64, limit int) (all []extract.Letter, err error) {
	err = s.read(ctx, "reading letters", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx,
			letterColumns+` where l.batch = ? and l.run = ? and l.number > ? order by l.number limit ?`, batch, run, after, limit)
		all, err = collect(rows, err, scanLetter)
		return err
	})
	return all, err
}

const unsentLetters = letterColumns + ` join due d on d.message = l.message
where l.batch = ? and l.run = ? and l.number > ? order by l.number limit ?`

// Unsent implements [store.Runs].
func (s *Store) Unsent(ctx context.Context, batch string, run, after int64, limit int) (all []store.FrozenLetter, err error) {
	err = s.read(ctx, "reading unsent letters", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, unsentLetters, batch, run, after, limit)
		unsent, err := collect(rows, err, scanLetter)
		if err != nil {
			return err
		}
		for _, l := range unsent {
			known, err := records(ctx, q, []message.ID{l.Message})
			if err != nil {
				return err
			}
			if len(known) == 1 {
				all = append(all, store.FrozenLetter{Letter: l, Record: known[0]})
			}
		}
		return nil
	})
	return all, err
}
