package breakers

import (
	"context"
	"log/slog"
	"time"

	"carillon/adapters/driving/ticker"
	"carillon/adapters/kit/guard"
	"carillon/cmd/internal/clock"
	"carillon/core/store"
)

// Orders follow what persons order of breakers: every gateway trips and resets its own by the orders in the store.
type Orders struct {
	Facts  store.Breakers
	Guards func() []*guard.Guard
	Log    *slog.Logger

	read bool                // the orders were read since the start
	last map[[2]string]int64 // the number of the last order that was followed
}

// follow reads the orders and does what is new. A breaker that was held when the gateway started is held again; a reset
// of before has nothing to close.
func (o *Orders) follow(ctx context.Context, _ time.Time) (time.Time, error) {
	trips, err := o.Facts.Trips(ctx)
	if err != nil {
		return time.Time{}, err
	}
	if o.last == nil {
		o.last = make(map[[2]string]int64)
	}
	for _, t := range trips {
		key := [2]string{t.Adapter, t.Route}
		if t.Number > o.last[key] && (o.read || t.Tripped) {
			o.followOne(t)
		}
		o.last[key] = t.Number
	}
	o.read = true
	return time.Time{}, nil
}

func (o *Orders) followOne(t store.Trip) {
	for _, g := range o.Guards() {
		if s := g.Snapshot(); s.Adapter != t.Adapter || s.Route != t.Route {
			continue
		}
		if t.Tripped {
			g.Trip()
		} else {
			g.Reset()
		}
		o.Log.Warn("a breaker was ordered", slog.String("adapter", t.Adapter), slog.String("route", t.Route),
			slog.Bool("tripped", t.Tripped), slog.String("by", t.By))
	}
}

// Chore is the chore by which orders are followed.
const (
	Chore       = "breakers"
	ordersEvery = time.Second
)

// Schedule follows the orders now, for nothing is called before it is known what is held, and from now on by the clock.
func (o *Orders) Schedule(ctx context.Context, t *ticker.Ticker) error {
	if _, err := o.follow(ctx, clock.Now()); err != nil {
		return err
	}
	t.Chore(Chore, ordersEvery, o.follow)
	return nil
}
