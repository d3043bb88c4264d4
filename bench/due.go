package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Shape is one shape of the due table with its claim and its settlement.
type Shape struct {
	Name  string
	put   []string // from the shipped shape; the table is empty
	claim string
	gone  string // the settlement
	hot   bool   // the lease is a column of its own and due_at stays
}

// shipped is the due table of the product.
func shipped() Shape {
	return Shape{Name: "as shipped", claim: claim, gone: settle, put: []string{
		"alter table due drop column if exists lease_until",
		"alter table due set (fillfactor = 70)",
		"create unique index if not exists due_message on due (message)",
	}}
}

// mended is the shipped table under a settlement whose owner test the planner cannot count on: statistics taken while
// nothing was claimed say that no row has an owner, and the shipped text is then planned the wrong way round.
func mended() Shape {
	s := shipped()
	s.Name, s.gone = "unique index on message", strings.Replace(settle, "d.owner <> ''", "length(d.owner) > 0", 1)
	return s
}

// bare is without the index on message: nothing could be read back, cancelled or stopped by its id.
func bare() Shape {
	s := mended()
	s.Name = "no index on message"
	s.put = append(slices.Clone(s.put[:2]), "drop index if exists due_message")
	return s
}

// hot keeps due_at and leases by an unindexed lease_until, so that a claim may update in place (HOT).
func hot(name string, fillfactor int, index string) Shape {
	c := strings.NewReplacer(
		"and due_at >= $3", "and due_at >= $3 and lease_until <= $2",
		"set due_at = $5", "set lease_until = $5",
	).Replace(claim)
	return Shape{Name: name, claim: c, gone: settleHot, hot: true, put: []string{
		"alter table due add column if not exists lease_until bigint not null default 0",
		fmt.Sprintf("alter table due set (fillfactor = %d)", fillfactor), index,
	}}
}

// settleHot finds rows by when they were due and checks the lease, in words the planner cannot count on (see mended).
const settleHot = `
with gone as (
    delete from due d
    using unnest($1::smallint[], $2::bigint[], $3::uuid[], $4::integer[]) as f (lane, was, message, fence)
    where d.lane = f.lane and d.due_at = f.was and d.message = f.message and d.fence = f.fence and length(d.owner) > 0
        and abs(d.lease_until - $6) < 1
    returning 1)
select expect_rows((select count(*) from gone), $5, 'fence')`

// Put gives the empty due table this shape.
func (s Shape) Put(ctx context.Context, pool *pgxpool.Pool) error {
	for _, statement := range s.put {
		if _, err := pool.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// queueSettle queues the removal of the due rows that are held.
func (s Shape) queueSettle(batch *pgx.Batch, have held) {
	lanes := slices.Repeat([]int16{int16(lane())}, len(have.ids))
	if s.hot {
		batch.Queue(s.gone, lanes, have.due, have.ids, have.fences, len(have.ids), have.lease)
		return
	}
	batch.Queue(s.gone, lanes, slices.Repeat([]int64{have.lease}, len(have.ids)), have.ids, have.fences, len(have.ids))
}

func dueSubjects(g *Gateway) []Subject {
	const with, without = "create unique index if not exists due_message on due (message)", "drop index if exists due_message"
	shapes := []Shape{
		shipped(), mended(), bare(),
		hot("lease_until, fillfactor 70, unique index", 70, with), hot("lease_until, fillfactor 45, unique index", 45, with),
		hot("lease_until, fillfactor 45, no index", 45, without),
	}
	subjects := make([]Subject, len(shapes))
	for i, shape := range shapes {
		subjects[i] = Subject{Name: shape.Name, Base: shapes[1].Name, Alike: true, Run: func(ctx context.Context, rows int) (Sample, error) {
			return g.shaped(ctx, shape, rows)
		}}
	}
	return subjects
}

// shaped drains a backlog under a shape, over connections of its own, and tells how many claims updated in place.
func (g *Gateway) shaped(ctx context.Context, shape Shape, rows int) (Sample, error) {
	before, err := g.hotUpdates(ctx)
	if err != nil {
		return Sample{}, err
	}
	pool, err := openPool(ctx, g.db.URL, g.options.Workers)
	if err != nil {
		return Sample{}, err
	}
	s, err := g.rawSettled(ctx, pool, shape, rows)
	pool.Close()
	if err != nil {
		return s, err
	}
	time.Sleep(100 * time.Millisecond) // what ended tells its statistics last
	after, err := g.hotUpdates(ctx)
	if n := after[0] - before[0]; n > 0 {
		s.Note = fmt.Sprintf("%d %% updated in place", 100*(after[1]-before[1])/n)
	}
	return s, err
}

// hotUpdates are the updates of the due table so far, and those in place.
func (g *Gateway) hotUpdates(ctx context.Context) (n [2]int64, err error) {
	const read = `select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'due'`
	return n, g.raw.QueryRow(ctx, read).Scan(&n[0], &n[1])
}
