package rest

import (
	"context"
	"time"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/kit/guard"
	"carillon/core/access"
	"carillon/core/fault"
)

func (s *server) breakerOperations() []operation {
	return []operation{
		op("listBreakers", s.listBreakers),
		op("tripBreaker", s.tripBreaker),
		op("resetBreaker", s.resetBreaker),
	}
}

// Breakers shows the guards of the driven adapters.
type Breakers interface {
	// Breakers are their snapshots.
	Breakers() []guard.Snapshot
}

// Trips holds breakers open, and closes them.
type Trips interface {
	// TripBreaker holds a breaker open on every gateway until somebody resets it.
	TripBreaker(ctx context.Context, now time.Time, p access.Principal, adapter, route, reason string) error
	// ResetBreaker closes a breaker on every gateway.
	ResetBreaker(ctx context.Context, now time.Time, p access.Principal, adapter, route, reason string) error
}

// BreakerList lists the breakers of this gateway.
type BreakerList struct {
	Breakers []Breaker `json:"breakers"`
}

// Breaker is what a provider's breaker lets through. `until` is when the next probe may be made, or the one that is
// out ends;
type Breaker struct {
	Adapter             string          `json:"adapter"`
	Route               string          `json:"route"`
	State               string          `json:"state"`
	Until               contract.Moment `json:"until,omitzero"`
	Tripped             bool            `json:"tripped"`
	Trial               contract.Moment `json:"trial,omitzero"`
	ConsecutiveFailures int64           `json:"consecutiveFailures"`
	LastFaultKind       string          `json:"lastFaultKind,omitzero"`
	Inflight            int             `json:"inflight"`
	Slots               int             `json:"slots"`
}

// listBreakers shows what this gateway's breakers let through.
func (s *server) listBreakers(context.Context, call[nothing]) (answer[BreakerList], error) {
	out := BreakerList{Breakers: []Breaker{}}
	for _, b := range s.Breakers.Breakers() {
		out.Breakers = append(out.Breakers, breakerView(b))
	}
	return ok(out), nil
}

// tripBreaker holds a breaker open.
func (s *server) tripBreaker(ctx context.Context, c call[ReasonRequest]) (answer[nothing], error) {
	if err := s.guarded(c.Text("adapter"), c.Text("route")); err != nil {
		return failed[nothing](err)
	}
	if err := s.Trips.TripBreaker(ctx, c.now, c.caller, c.Text("adapter"), c.Text("route"), c.body.Reason); err != nil {
		return failed[nothing](err)
	}
	return done(), nil
}

// resetBreaker closes a breaker.
func (s *server) resetBreaker(ctx context.Context, c call[ReasonRequest]) (answer[nothing], error) {
	if err := s.guarded(c.Text("adapter"), c.Text("route")); err != nil {
		return failed[nothing](err)
	}
	if err := s.Trips.ResetBreaker(ctx, c.now, c.caller, c.Text("adapter"), c.Text("route"), c.body.Reason); err != nil {
		return failed[nothing](err)
	}
	return done(), nil
}

// guarded refuses a breaker that no gateway of this configuration has.
func (s *server) guarded(adapter, route string) error {
	for _, b := range s.Breakers.Breakers() {
		if b.Adapter == adapter && b.Route == route {
			return nil
		}
	}
	return fault.New(fault.NotFound, "there is no such breaker")
}

func breakerView(b guard.Snapshot) Breaker {
	return Breaker{
		Adapter: b.Adapter, Route: b.Route, State: b.State.String(), Until: contract.Moment(b.Until), Tripped: b.Tripped,
		Trial: contract.Moment(b.Trial), ConsecutiveFailures: int64(b.ConsecutiveFailures), LastFaultKind: b.LastFaultKind,
		Inflight: b.Inflight, Slots: b.Slots,
	}
}
