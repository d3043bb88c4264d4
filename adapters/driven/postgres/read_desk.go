package postgres

import (
	"context"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/extract"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

// Principals, configuration, lanes and runs.
const (
	principalColumns  = `select name, hash, source, divisions, roles, created_at, revoked_at from principal `
	principalByHash   = principalColumns + `where hash = $1 and revoked_at = 0`
	principalsByName  = principalColumns + `order by name collate "C"`
	latestConfig      = `select coalesce(max(version), 0) from config_version`
	selectConfigRows  = `select kind, code, body from config_row where version = $1 order by position`
	configVersions    = `select version, at, by from config_version where $1 = 0 or version < $1 order by version desc limit $2`
	configVersionKept = `select count(*) from config_version where version = $1`

	// laneStates steps from lane to lane along the primary key, and reads of each the first rows that are due and the
	// first that are not: claims are among these, because a lease ends soon.
	laneStates = `
with recursive known as (
    (select lane from due order by lane limit 1)
    union all
    select (select d.lane from due d where d.lane > k.lane order by d.lane limit 1) from known k where k.lane is not null),
x as (select lane from known where lane is not null union select lane from lane_pause)
select x.lane, past.queued + ahead.queued, past.claimed + ahead.claimed, past.n = $2 or ahead.n = $2, coalesce(past.oldest, 0),
    p.lane is not null, coalesce(p.reason, ''), coalesce(p.until, 0), coalesce(p.by, '')
from x
cross join lateral (
    select count(*) as n, count(*) filter (where f.owner = '') as queued, count(*) filter (where f.owner <> '') as claimed,
        min(f.first_due_at) as oldest
    from (select d.owner, d.first_due_at from due d where d.lane = x.lane and d.due_at <= $1
        order by d.due_at, d.message limit $2) f) past
cross join lateral (
    select count(*) as n, count(*) filter (where f.owner = '') as queued, count(*) filter (where f.owner <> '') as claimed
    from (select d.owner from due d where d.lane = x.lane and d.due_at > $1
        order by d.due_at, d.message limit $2) f) ahead
left join lane_pause p on p.lane = x.lane
order by 1`

	selectTrips = `
select adapter, route, number, tripped, reason, by, at from breaker_trip order by adapter collate "C", route collate "C"`

	nextDue = `select coalesce((select due_at from due where lane = $1 order by due_at, message limit 1), 0)`

	runColumns = `select batch, number, business_date, opened_at, closed_at, letters, hash, version, by, told_at from run `
	openRun    = runColumns + `where batch = $1 and told_at = 0 order by number limit 1`
	runList    = runColumns + `where batch = $1 and number < $2 order by number desc limit $3`

	letterColumns = `select l.batch, l.run, l.number, l.message, l.key, l.route, l.record from letter l `
	letters       = letterColumns + `where l.batch = $1 and l.run = $2 and l.number > $3 order by l.number limit $4`
	unsent        = letterColumns + `
where l.batch = $1 and l.run = $2 and l.number > $3 and exists (select 1 from due d where d.message = l.message)
order by l.number limit $4`
)

// Principal implements [store.Principals].
func (s *Store) Principal(ctx context.Context, hash access.KeyHash) (access.Principal, error) {
	p, err := one(ctx, s, "looking for a principal", principalOf, principalByHash, hash[:])
	if fault.Is(err, fault.NotFound) {
		return access.Principal{}, fault.New(fault.Unauthorized, "nobody holds this key")
	}
	return p, err
}

// PrincipalList implements [store.Principals].
func (s *Store) PrincipalList(ctx context.Context) ([]access.Principal, error) {
	return all(ctx, s, "listing principals", principalOf, principalsByName)
}

// Trips implements [store.Breakers].
func (s *Store) Trips(ctx context.Context) ([]store.Trip, error) {
	return all(ctx, s, "reading orders of breakers", func(row pgx.CollectableRow) (t store.Trip, err error) {
		var at int64
		err = row.Scan(&t.Adapter, &t.Route, &t.Number, &t.Tripped, &t.Reason, &t.By, &at)
		t.At = timeOf(at)
		return t, err
	}, selectTrips)
}

func principalOf(row pgx.CollectableRow) (p access.Principal, err error) {
	var hash []byte
	var divisions, roles string
	var created, revoked int64
	if err = row.Scan(&p.Name, &hash, &p.Source, &divisions, &roles, &created, &revoked); err != nil {
		return p, err
	}
	copy(p.Hash[:], hash)
	p.Divisions, p.Roles = words[string](divisions), words[access.Role](roles)
	p.CreatedAt, p.RevokedAt = timeOf(created), timeOf(revoked)
	return p, nil
}

// LatestConfig implements [store.Configs].
func (s *Store) LatestConfig(ctx context.Context) (int64, error) {
	return s.scalar(ctx, "reading the latest configuration version", latestConfig)
}

// ConfigRows implements [store.Configs].
func (s *Store) ConfigRows(ctx context.Context, version int64) ([]config.Row, error) {
	var kept int64
	var rows []config.Row
	err := s.look(ctx, "reading a configuration", func(batch *pgx.Batch) {
		batch.Queue(configVersionKept, version).QueryRow(func(row pgx.Row) error { return row.Scan(&kept) })
		batch.Queue(selectConfigRows, version).Query(func(found pgx.Rows) (err error) {
			rows, err = pgx.CollectRows(found, pgx.RowToStructByPos[config.Row])
			return err
		})
	})
	if err == nil && kept == 0 {
		err = fault.New(fault.NotFound, "there is no such configuration version")
	}
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// ConfigVersions implements [store.Configs].
func (s *Store) ConfigVersions(ctx context.Context, before int64, limit int) ([]store.ConfigVersion, error) {
	return all(ctx, s, "listing configuration versions", configVersionOf, configVersions, before, limit)
}

func configVersionOf(row pgx.CollectableRow) (v store.ConfigVersion, err error) {
	var at int64
	err = row.Scan(&v.Version, &at, &v.By)
	v.At = timeOf(at)
	return v, err
}

// LaneStates implements [store.Lanes].
func (s *Store) LaneStates(ctx context.Context, now time.Time) ([]store.LaneState, error) {
	return all(ctx, s, "reading lanes", laneStateOf, laneStates, micros(now), store.LaneBound)
}

func laneStateOf(row pgx.CollectableRow) (l store.LaneState, err error) {
	var oldest, until int64
	p := &l.Pause
	err = row.Scan((*int16)(&l.Lane), &l.Queued, &l.Claimed, &l.AtLeast, &oldest, &p.Paused, &p.Reason, &until, &p.By)
	l.OldestDue, p.Until = timeOf(oldest), timeOf(until)
	if p.Paused {
		p.Lane = l.Lane
	}
	return l, err
}

// NextDue implements [store.Lanes].
func (s *Store) NextDue(ctx context.Context, lane message.Lane) (time.Time, error) {
	at, err := s.scalar(ctx, "asking when a lane is due", nextDue, int16(lane))
	return timeOf(at), err
}

// OpenRun implements [store.Runs].
func (s *Store) OpenRun(ctx context.Context, batch string) (extract.Run, error) {
	return one(ctx, s, "looking for an open run", runOf, openRun, text(batch))
}

// RunList implements [store.Runs].
func (s *Store) RunList(ctx context.Context, batch string, below int64, limit int) ([]extract.Run, error) {
	if below <= 0 {
		below = math.MaxInt64
	}
	return all(ctx, s, "listing runs", runOf, runList, text(batch), below, limit)
}

func runOf(row pgx.CollectableRow) (r extract.Run, err error) {
	var opened, closed, told int64
	err = row.Scan(&r.Batch, &r.Number, &r.BusinessDate, &opened, &closed, &r.Letters, &r.Hash, &r.Version, &r.By, &told)
	r.OpenedAt, r.ClosedAt, r.ToldAt = timeOf(opened), timeOf(closed), timeOf(told)
	return r, err
}

// Letters implements [store.Runs].
func (s *Store) Letters(ctx context.Context, batch string, run, after int64, limit int) ([]extract.Letter, error) {
	return all(ctx, s, "reading letters", letterOf, letters, text(batch), run, after, limit)
}

// Unsent implements [store.Runs].
func (s *Store) Unsent(ctx context.Context, batch string, run, after int64, limit int) ([]store.FrozenLetter, error) {
	frozen, err := all(ctx, s, "reading unsent letters", letterOf, unsent, text(batch), run, after, limit)
	if err != nil {
		return nil, err
	}
	records, err := s.records(ctx, col(frozen, func(l *extract.Letter) message.ID { return l.Message }))
	if err != nil {
		return nil, err
	}
	found := make([]store.FrozenLetter, 0, len(frozen))
	for _, l := range frozen {
		if r, ok := records[l.Message]; ok && r.Due != nil { // it may have been settled between the two readings
			found = append(found, store.FrozenLetter{Letter: l, Record: *r})
		}
	}
	return found, nil
}

func letterOf(row pgx.CollectableRow) (l extract.Letter, err error) {
	err = row.Scan(&l.Batch, &l.Run, &l.Number, (*[16]byte)(&l.Message), &l.Key, &l.Route, &l.Record)
	return l, err
}
