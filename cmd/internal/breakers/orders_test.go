package breakers

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/adapters/kit/guard"
	"carillon/cmd/internal/clock"
	"carillon/core/store"
)

// told are the orders in a store.
type told []store.Trip

// Trips implements store.Breakers.
func (t told) Trips(context.Context) ([]store.Trip, error) { return t, nil }

// TestOrdersOfBreakers: a gateway follows each order once, and after a restart holds what was held.
func TestOrdersOfBreakers(t *testing.T) {
	t.Parallel()
	m, err := guard.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	g := guard.New(guard.Config{Adapter: "sns", Route: "sms-north", TripAfter: 1}, m, clock.Now)
	start := func() *Orders {
		return &Orders{Guards: func() []*guard.Guard { return []*guard.Guard{g} }, Log: slog.New(slog.DiscardHandler)}
	}
	order := store.Trip{Adapter: "sns", Route: "sms-north", Tripped: true, Number: 1}
	follow := func(o *Orders, trips ...store.Trip) {
		t.Helper()
		o.Facts = told(trips)
		if _, err := o.follow(t.Context(), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	o := start()
	follow(o)
	follow(o, order, store.Trip{Adapter: "sns", Route: "sms-south", Tripped: true, Number: 1})
	if !g.Snapshot().Tripped {
		t.Fatal("the order is not followed")
	}
	g.Reset()
	follow(o, order)
	if g.Snapshot().Tripped {
		t.Fatal("the order is followed twice")
	}
	follow(start(), order)
	if !g.Snapshot().Tripped {
		t.Fatal("a restart forgets what is held")
	}
	order.Number, order.Tripped = 2, false
	follow(o, order)
	if g.State() != guard.Closed {
		t.Fatal("the reset is not followed")
	}
	g.Trip()
	follow(start(), order)
	if !g.Snapshot().Tripped {
		t.Fatal("a reset of before the start is followed")
	}
}
