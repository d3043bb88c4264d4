// Package breakers has the guards of adapters answer to dispatch, to their own probes and to what persons order.
package breakers

import (
	"context"
	"time"

	"carillon/adapters/driving/ticker"
	"carillon/adapters/kit/guard"
)

// Breaker is a guard as dispatch sees it.
type Breaker struct {
	Guard  *guard.Guard
	Probes bool // a read-only probe closes it: no message is claimed until then
}

// Ready implements dispatch.Breaker.
func (b Breaker) Ready(now time.Time) (bool, time.Time) {
	if !b.Probes {
		return b.Guard.Ready(now)
	}
	s := b.Guard.Snapshot()
	if s.State == guard.Closed {
		return b.Guard.Ready(now)
	}
	if next := now.Add(probeEvery); s.Until.Before(next) {
		return false, next
	}
	return false, s.Until
}

// Trial implements dispatch.Breaker.
func (b Breaker) Trial() time.Time { return b.Guard.Snapshot().Trial }

// Free implements dispatch.Breaker.
func (b Breaker) Free() int { return b.Guard.Free() }

// Row implements dispatch.Breaker. A failure that leaves the breaker open is the route's, be it the first after a probe
// that went well: a provider can answer questions and still take nothing.
func (b Breaker) Row() int {
	s := b.Guard.Snapshot()
	if s.State != guard.Closed {
		return max(int(s.ConsecutiveFailures), 2)
	}
	return int(s.ConsecutiveFailures)
}

// probeEvery is how often an open breaker is asked whether its rest is over.
const probeEvery = 200 * time.Millisecond

// Probe keeps asking a provider whose breaker has opened, by a read-only call, once its rest is over: the lane is
// paused meanwhile, and no message is spent on finding out.
func Probe(t *ticker.Ticker, route string, g *guard.Guard, call func(context.Context) error) {
	t.Chore("probe:"+route, probeEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		s := g.Snapshot()
		if s.State == guard.Closed || s.Tripped || now.Before(s.Until) {
			return time.Time{}, nil
		}
		_ = call(ctx) // the guard counts it and tells how it ended
		return time.Time{}, nil
	})
}
