package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"carillon/core/message"
)

// fresh is how many messages wait in the backlog that a deep one is held against.
const fresh = 10_000

const (
	freshName  = "Carillon Exchange, a fresh backlog of 10 000"
	freshAgain = "Carillon Exchange, a fresh backlog of 10 000, again"
)

func deepName(o Options) string {
	return fmt.Sprintf("Carillon Exchange, a backlog of %d", o.Backlog)
}

func churnedName(o Options) string {
	return fmt.Sprintf("Carillon Exchange, after %d settlements, autovacuum on", o.Churn)
}

func memoryName(o Options) string {
	return fmt.Sprintf("a gateway draining a backlog of %d", o.Backlog)
}

// deep fills one database with a large backlog and measures on it one thing after the other: the claim beside a small
// backlog, the memory of a gateway that drains it, and the claim again when much of it has gone.
func deep(ctx context.Context, g *Gateway, section string) (results []Result, err error) {
	gr, err := openGround(ctx, g.options)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, gr.Close()) }()
	h, err := gr.openHost(ctx, document(gr.options.Slots))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	h.vast = true
	for _, part := range [][]Subject{
		{{Name: "filling, by statements on the server", Steady: true, Rounds: 1, Run: h.filled}},
		beside(g, h, freshName, deepName(g.options)),
		{{Name: memoryName(g.options), Steady: true, Rounds: 1, Run: h.watched}},
		{{Name: "the churn", Steady: true, Rounds: 1, Run: h.churned}},
		beside(g, h, freshAgain, churnedName(g.options)),
	} {
		some, err := inTurn(ctx, g.options, section, part)
		if err != nil {
			return nil, err
		}
		results = append(results, some...)
	}
	return results, nil
}

// beside drains a piece of the deep backlog beside a small one.
func beside(g *Gateway, h *Host, small, large string) []Subject {
	o := g.options
	return []Subject{
		{Name: small, Base: small, Steady: true, Run: func(ctx context.Context, _ int) (Sample, error) {
			return g.exchanged(ctx, min(fresh, o.Backlog))
		}},
		{Name: large, Base: small, Steady: true, Run: func(ctx context.Context, rows int) (Sample, error) {
			return h.drained(ctx, "deep", lane(), rows, o.Workers, o.Batch)
		}},
	}
}

// filled makes the backlog.
func (h *Host) filled(ctx context.Context, _ int) (Sample, error) {
	n := h.options.Backlog
	return h.Gateway.run(ctx, "filling", n, func() error { return h.seed(ctx, message.Service, n) })
}

// churned settles until as many are gone as the churn wants.
func (h *Host) churned(ctx context.Context, _ int) (Sample, error) {
	var waiting int
	if err := h.raw.QueryRow(ctx, "select count(*) from due").Scan(&waiting); err != nil {
		return Sample{}, err
	}
	o := h.options
	s, err := h.drained(ctx, "churn", lane(), max(waiting-(o.Backlog-o.Churn), o.Batch), o.Workers, o.Batch)
	if err != nil {
		return s, err
	}
	var vacuums int64
	const read = `select coalesce(sum(autovacuum_count), 0)::bigint from pg_stat_user_tables where relname = 'due'`
	if err := h.raw.QueryRow(ctx, read).Scan(&vacuums); err != nil {
		return s, err
	}
	s.Note += fmt.Sprintf(", %d settled in all, the queue was vacuumed %d times", o.Backlog-waiting+s.Rows, vacuums)
	return s, nil
}

// watched lets a gateway drain for two phases and watches its memory.
func (h *Host) watched(ctx context.Context, _ int) (s Sample, err error) {
	h.ground.double.expect(0)
	if err := h.Start(ctx); err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, h.Stop()) }()
	var held []float64
	var peak float64
	s, err = h.run(ctx, "memory", 1, func() error {
		for end := time.Now().Add(2 * h.options.Phase); time.Now().Before(end) && ctx.Err() == nil; {
			now, most := resident(h.cmd.Process.Pid)
			held, peak = append(held, now), most
			time.Sleep(50 * time.Millisecond)
		}
		return ctx.Err()
	})
	s.Value, s.Rows = peak, int(h.ground.double.taken.Load())
	_, median, most := spread(held)
	s.Note = fmt.Sprintf("resident in %s of draining: median %.0f, most %.0f MiB", 2*h.options.Phase, median, most)
	if err == nil && s.Rows == 0 {
		err = errors.New("nothing was drained")
	}
	return s, err
}
