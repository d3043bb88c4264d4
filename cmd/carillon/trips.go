package main

import (
	"context"
	"log/slog"
	"time"

	"carillon/adapters/kit/guard"
	"carillon/core/store"
)

const (
	choreBreakers = "breakers"
	ordersEvery   = time.Second
)

// orders follows what persons order of breakers: every gateway trips and resets its own by the orders in the store.
type orders struct {
	facts  store.Breakers
	guards func() []*guard.Guard
	log    *slog.Logger
	read   bool                // the orders were read since the start
	last   map[[2]string]int64 // the number of the last order that was followed
}

// follow reads the orders and does what is new. A breaker that was held when the gateway started is held again; a reset
// of before has nothing to close.
func (o *orders) follow(ctx context.Context, _ time.Time) (time.Time, error) {
	trips, err := o.facts.Trips(ctx)
	if err != nil {
		return time.Time{}, err
	}
	for _, t := range trips {
		key := [2]string{t.Adapter, t.Route}
		if t.Number > o.last[key] && (o.read || t.Tripped) {
			o.obey(t)
		}
		o.last[key] = t.Number
	}
	o.read = true
	return time.Time{}, nil
}

func (o *orders) obey(t store.Trip) {
	for _, g := range o.guards() {
		if s := g.Snapshot(); s.Adapter != t.Adapter || s.Route != t.Route {
			continue
		}
		if t.Tripped {
			g.Trip()
		} else {
			g.Reset()
		}
		o.log.Warn("a breaker was ordered", slog.String("adapter", t.Adapter), slog.String("route", t.Route),
			slog.Bool("tripped", t.Tripped), slog.String("by", t.By))
	}
}

// orders gives the ticker the chore that follows orders of breakers.
func (a *app) orders(ctx context.Context) error {
	o := &orders{facts: a.store, guards: func() []*guard.Guard { return a.guards }, log: a.log, last: make(map[[2]string]int64)}
	if _, err := o.follow(ctx, clock()); err != nil {
		return err // nothing is called before it is known what is held
	}
	a.ticker.Chore(choreBreakers, ordersEvery, o.follow)
	return nil
}
