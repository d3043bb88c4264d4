package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"carillon/adapters/kit/group"
	"carillon/core/accept"
	"carillon/core/store"
)

// acceptance measures the intake: what it needs to repeat a run of the gateway with plain statements.
type acceptance struct {
	g     *Gateway
	sizes []int // of the commits of the gateway's last run: the raw runs commit the same
}

// The names of the subjects, which are each other's base.
const (
	rawAccept = "raw statements, the same commits"
	rawBulk   = "raw statements, bulk"
)

func acceptSubjects(g *Gateway) []Subject {
	a := &acceptance{g: g}
	n := g.options.Callers
	return []Subject{
		{Name: fmt.Sprintf("Carillon Accept, %d callers", n), Base: rawAccept, Alike: true, Run: func(ctx context.Context, rows int) (Sample, error) {
			return a.callers(ctx, rows, n, false)
		}},
		{Name: "prepared write sets, store.Apply, the same commits", Base: rawAccept, Alike: true, Run: a.applied},
		{Name: rawAccept, Base: rawAccept, Alike: true, Run: a.raw},
		{Name: fmt.Sprintf("Carillon Accept, %d callers, loaded persons", n), Base: rawAccept, Run: func(ctx context.Context, rows int) (Sample, error) {
			return a.callers(ctx, rows, n, true)
		}},
		{Name: fmt.Sprintf("Carillon Accept, %d callers", 8*n), Base: rawAccept, Run: func(ctx context.Context, rows int) (Sample, error) {
			return a.callers(ctx, rows, 8*n, false)
		}},
		{Name: "Carillon Accept, 1 caller", Run: func(ctx context.Context, rows int) (Sample, error) {
			return a.callers(ctx, max(rows/20, 1), 1, false)
		}},
	}
}

func bulkName(o Options) string {
	return fmt.Sprintf("Carillon Prepare and Apply, %d per call", o.Batch)
}

func bulkSubjects(g *Gateway, gr *ground) []Subject {
	a := &acceptance{g: g}
	whole := func(run func(context.Context, int) (Sample, error)) func(context.Context, int) (Sample, error) {
		return func(ctx context.Context, rows int) (Sample, error) {
			a.sizes = slices.Repeat([]int{g.options.Batch}, rows/g.options.Batch)
			return run(ctx, rows/g.options.Batch*g.options.Batch)
		}
	}
	return []Subject{
		{Name: bulkName(g.options), Base: rawBulk, Alike: true, Run: whole(a.bulk)},
		{Name: "prepared write sets, store.Apply, bulk", Base: rawBulk, Alike: true, Run: whole(a.applied)},
		{Name: linesName, Base: rawBulk, Alike: true, Run: whole(gr.lined)},
		{Name: rawBulk, Base: rawBulk, Alike: true, Run: whole(a.raw)},
	}
}

// run empties the tables, lets work run against the clock and counts what it wrote.
func (g *Gateway) run(ctx context.Context, name string, rows int, work func() error) (Sample, error) {
	m, err := startMeter(ctx, g.db)
	if err != nil {
		return Sample{}, err
	}
	if err := g.profiled(name, work); err != nil {
		return Sample{}, err
	}
	s, err := m.Stop(ctx, rows)
	if err != nil {
		return s, err
	}
	if !g.vast {
		s.Counts, err = countRows(ctx, g.raw)
	}
	return s, err
}

// merged hands single write sets to a committer, as cmd/internal/gateway does.
type merged struct {
	c *group.Committer[store.Writes, store.Verdict]
}

// Apply implements store.Applier.
func (m merged) Apply(ctx context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	v, err := m.c.Do(ctx, sets[0])
	return []store.Verdict{v}, err
}

// callers lets concurrent callers accept through the group committer.
func (a *acceptance) callers(ctx context.Context, rows, callers int, loaded bool) (Sample, error) {
	g := a.g
	if err := Reset(ctx, g.raw); err != nil {
		return Sample{}, err
	}
	var mu sync.Mutex
	var sizes []int
	committer := group.New(group.Config{Timeout: time.Minute}, func(ctx context.Context, sets []store.Writes) ([]store.Verdict, error) {
		mu.Lock()
		sizes = append(sizes, len(sets))
		mu.Unlock()
		return g.store.Apply(ctx, sets...)
	})
	defer committer.Close()
	service := *g.accept
	service.Store = merged{committer}
	requests, took := g.requests(rows, loaded), make([]time.Duration, rows)
	s, err := g.run(ctx, fmt.Sprintf("accept-%d-%t", callers, loaded), rows, func() error {
		var next atomic.Int64
		var all errgroup.Group
		for range callers {
			all.Go(func() error { return call(ctx, &service, requests, took, &next) })
		}
		return all.Wait()
	})
	if callers == g.options.Callers && !loaded {
		a.sizes = sizes
	}
	s.P50, s.P99 = quantiles(took)
	s.Note = fmt.Sprintf("%d per commit, p50 %s, p99 %s", rows/max(len(sizes), 1), tenth(s.P50), tenth(s.P99))
	return s, err
}

// tenth rounds to a tenth of a millisecond.
func tenth(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

// call accepts one request after the other.
func call(ctx context.Context, service *accept.Service, requests []accept.Request, took []time.Duration, next *atomic.Int64) error {
	for {
		i := int(next.Add(1)) - 1
		if i >= len(requests) {
			return nil
		}
		began := time.Now()
		if _, err := service.Accept(ctx, clock(), principal(), requests[i]); err != nil {
			return err
		}
		took[i] = time.Since(began)
	}
}

// workers shares pieces of work out.
func workers(n, pieces int, do func(piece int) error) error {
	var next atomic.Int64
	var all errgroup.Group
	for range n {
		all.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= pieces {
					return nil
				}
				if err := do(i); err != nil {
					return err
				}
			}
		})
	}
	return all.Wait()
}

// conflictError says that a write set lost, which no run expects.
type conflictError string

// Error implements error.
func (e conflictError) Error() string { return "a write set was not applied: " + string(e) }

func allApplied(verdicts []store.Verdict) error {
	for _, v := range verdicts {
		if v.Outcome != store.Applied {
			return conflictError(v.What)
		}
	}
	return nil
}

// bulk prepares and applies many requests per call, as the NDJSON and Kafka intakes do.
func (a *acceptance) bulk(ctx context.Context, rows int) (Sample, error) {
	g := a.g
	if err := Reset(ctx, g.raw); err != nil {
		return Sample{}, err
	}
	size := g.options.Batch
	requests := g.requests(rows, false)
	return g.run(ctx, "bulk", rows, func() error {
		return workers(g.options.Workers, len(a.sizes), func(piece int) error {
			sets := make([]store.Writes, size)
			for i, r := range requests[piece*size : (piece+1)*size] {
				ready, err := g.accept.Prepare(ctx, clock(), principal(), r)
				if err != nil {
					return err
				}
				sets[i] = ready.Writes
			}
			verdicts, err := g.store.Apply(ctx, sets...)
			return errors.Join(err, allApplied(verdicts))
		})
	})
}

// cut parts the write sets as the gateway's commits were.
func cut(sets []store.Writes, sizes []int) [][]store.Writes {
	var parts [][]store.Writes
	for _, n := range sizes {
		n = min(n, len(sets))
		if n == 0 {
			break
		}
		parts = append(parts, sets[:n])
		sets = sets[n:]
	}
	if len(sets) > 0 {
		parts = append(parts, sets)
	}
	return parts
}

// applied hands write sets that were prepared before the clock started to the store.
func (a *acceptance) applied(ctx context.Context, rows int) (Sample, error) {
	g := a.g
	if err := Reset(ctx, g.raw); err != nil {
		return Sample{}, err
	}
	sets, err := g.prepared(ctx, rows)
	if err != nil {
		return Sample{}, err
	}
	parts := cut(sets, a.sizes)
	return g.run(ctx, "applied", rows, func() error {
		return workers(g.options.Workers, len(parts), func(i int) error {
			verdicts, err := g.store.Apply(ctx, parts[i]...)
			return errors.Join(err, allApplied(verdicts))
		})
	})
}

// raw sends the same statements with their arrays made before the clock started.
func (a *acceptance) raw(ctx context.Context, rows int) (Sample, error) {
	g := a.g
	if err := Reset(ctx, g.raw); err != nil {
		return Sample{}, err
	}
	sets, err := g.prepared(ctx, rows)
	if err != nil {
		return Sample{}, err
	}
	var first int64
	if err := g.raw.QueryRow(ctx, reserve, "ledger", rows).Scan(&first); err != nil {
		return Sample{}, err
	}
	parts := cut(sets, a.sizes)
	pipelines := make([]pipeline, len(parts))
	for i, part := range parts {
		pipelines[i] = acceptPipeline(part, first)
		first += int64(len(part))
	}
	return g.run(ctx, "raw", rows, func() error {
		return workers(g.options.Workers, len(pipelines), func(i int) error { return send(ctx, g.raw, pipelines[i].batch()) })
	})
}
