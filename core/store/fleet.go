package store

import (
	"context"
	"slices"
	"time"
)

// Gateway is a process of the fleet that shares this store. It beats while it lives; that it did is told by a SeenAt
// that has changed, never by comparing one machine's clock with another's.
type Gateway struct {
	Name    string    // unique, and new at every start
	Host    string    // the machine it runs on
	Version string    // of the program
	Since   time.Time // when it started, by its own clock
	SeenAt  time.Time // its last beat, by its own clock
}

// Farewell takes a gateway out of the fleet.
type Farewell struct {
	Name   string
	SeenAt time.Time // only if this is still its last beat; the zero time: whatever it says
}

// Spend adds to what a route has spent in an hour, in its provider's unit.
type Spend struct {
	Route string
	Hour  time.Time // cut to the hour; hours two days older are forgotten with it
	Units int64
}

// Fleet reads who lives, and what the fleet has spent.
type Fleet interface {
	// Gateways returns every gateway that has beaten and was not taken out, by name.
	Gateways(ctx context.Context) ([]Gateway, error)
	// Spent adds up, by route, what was spent in the hours from the one of from on; each sum stands at that hour.
	Spent(ctx context.Context, from time.Time) ([]Spend, error)
}

// FleetWrites is what gateways tell of themselves. Empty fields change nothing.
type FleetWrites struct {
	Beats     []Gateway  // put; the last word of a name wins
	Farewells []Farewell // after Beats
	Spends    []Spend
}

func (to *FleetWrites) and(from *FleetWrites) {
	to.Beats = slices.Concat(to.Beats, from.Beats)
	to.Farewells = slices.Concat(to.Farewells, from.Farewells)
	to.Spends = slices.Concat(to.Spends, from.Spends)
}
