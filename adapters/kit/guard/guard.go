package guard

import (
	"context"
	"time"

	"carillon/core/fault"
)

// Guard holds the deadline, the bulkhead, the breaker and the metrics of one route of one adapter. It is safe
// for use by many goroutines.
type Guard struct {
	cfg     Config
	clock   func() time.Time
	slots   chan struct{}
	breaker *breaker
	series  *series
}

// New makes a guard. Values of cfg that are not set, or that [Config.Validate] would refuse, take their defaults.
// Its series exist in m from now on; of two guards for one adapter and route, m shows the later one's gauges.
// clock is [time.Now] but in tests; contexts keep their own time.
func New(cfg Config, m *Metrics, clock func() time.Time) *Guard {
	cfg = cfg.WithDefaults()
	g := &Guard{cfg: cfg, clock: clock, slots: make(chan struct{}, cfg.Slots), series: m.series(cfg)}
	g.breaker = newBreaker(cfg, g.series.changed)
	m.watch(g)
	return g
}

// Do makes one call through g and returns what the call returned. The context the call is given ends with the
// guard's deadline; the call must honour it.
//
// Kinds, besides those the call's adapter gives: Unavailable (breaker open, with the wait until it may be tried
// again; bulkhead full), Ambiguous (a deadline passed), Cancelled (the caller gave up), Unknown (panic, or an
// error nobody classified). [fault.CodeOf] tells those of a call that was not made: [fault.CodeBreakerOpen],
// [fault.CodeBulkheadFull], [fault.CodeNotBegun].
func Do[T any](ctx context.Context, g *Guard, op string, call func(ctx context.Context) (T, error)) (T, error) {
	var answer T
	err := g.run(ctx, op, false, func(ctx context.Context) (err error) {
		answer, err = call(ctx)
		return err
	})
	return answer, err
}

// Probe makes one read-only call of the provider, which costs no message. While half-open it decides: its success
// closes the breaker on trial, so that the next real call decides again by itself, and the pauses stay as long as
// they have grown until a real call succeeds. The kinds are those of [Do].
func (g *Guard) Probe(ctx context.Context, op string, call func(ctx context.Context) error) error {
	return g.run(ctx, op, true, call)
}

// State is what the breaker does now.
func (g *Guard) State() State { return g.breaker.snapshot(g.clock()).State }

// Ready reports whether work for this route may be taken up now. Ask it before claiming: an open breaker then
// pauses the lane and spends nothing. When not ok, until says when to ask again.
//
// After a pause it allows one probe: the first to ask is told ok, the others are refused until that probe ended or
// the permission lapses, one [Config.Timeout] later, at until. Nothing has to be given back. So ask only when ready
// to make a call; to look, use [Guard.Snapshot]. [Do] needs no permission: an emergency may just try.
func (g *Guard) Ready(now time.Time) (ok bool, until time.Time) { return g.breaker.ready(now) }

// Trip holds the breaker open until [Guard.Reset], whatever the provider answers. Calls that are out may end.
func (g *Guard) Trip() { g.breaker.trip() }

// Reset closes the breaker, however it was opened, and forgets its failures and how long its pauses have grown. Calls
// that are out decide nothing any more.
func (g *Guard) Reset() { g.breaker.reset() }

// Free is how many calls may be begun now: the free slots of the bulkhead; but none while the breaker is open or a
// probe is out, and one while a call is to decide.
func (g *Guard) Free() int {
	out := len(g.slots)
	return g.breaker.room(g.clock(), cap(g.slots)-out, out)
}

// Snapshot is what the guard shows of itself. It takes no permission.
func (g *Guard) Snapshot() Snapshot {
	s := g.breaker.snapshot(g.clock())
	s.Adapter, s.Route = g.cfg.Adapter, g.cfg.Route
	s.Inflight, s.Slots = len(g.slots), cap(g.slots)
	return s
}

// run makes one call: slot, pass, deadline, call, and back in the other order, whatever the call does.
func (g *Guard) run(ctx context.Context, op string, readOnly bool, call func(ctx context.Context) error) error {
	if err := g.enter(ctx, op); err != nil {
		return err
	}
	defer func() { <-g.slots }()
	begun := g.clock()
	p, wait := g.breaker.admit(begun, readOnly)
	if p == nil {
		return g.open(op, wait)
	}
	err := unanswered(op)
	defer func() {
		now := g.clock()
		g.breaker.settle(p, now, verdict(ctx, err))
		g.series.called(op, err, now.Sub(begun))
	}()
	within, cancel := context.WithTimeout(ctx, g.cfg.Timeout)
	defer cancel()
	err = judge(ctx, within, op, protect(within, op, call))
	return err
}

// enter takes a slot, waiting as long as the guard's patience and the caller's context last.
func (g *Guard) enter(ctx context.Context, op string) error {
	if ctx.Err() != nil {
		g.series.refused(fault.CodeNotBegun)
		return ended(ctx, op)
	}
	select {
	case g.slots <- struct{}{}:
		return nil
	default:
	}
	if s := g.breaker.snapshot(g.clock()); s.State == Open {
		return g.open(op, max(s.Until.Sub(g.clock()), leastWait))
	}
	if g.cfg.Patience <= 0 {
		return g.full(op)
	}
	patience := time.NewTimer(g.cfg.Patience)
	defer patience.Stop()
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-patience.C:
		return g.full(op)
	case <-ctx.Done():
		g.series.refused(fault.CodeNotBegun)
		return ended(ctx, op)
	}
}

func (g *Guard) open(op string, wait time.Duration) error {
	g.series.refused(fault.CodeBreakerOpen)
	err := fault.Provider(fault.Unavailable, fault.CodeBreakerOpen, op+": breaker open", nil)
	err.Wait = wait
	return err
}

func (g *Guard) full(op string) error {
	g.series.refused(fault.CodeBulkheadFull)
	return fault.Provider(fault.Unavailable, fault.CodeBulkheadFull, op+": bulkhead full", nil)
}

// protect makes the call and turns a panic into its fault.
func protect(ctx context.Context, op string, call func(ctx context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = caught(op, p)
		}
	}()
	return call(ctx)
}
