package dispatch

import (
	"context"
	"slices"
	"strings"
	"time"

	"carillon/core/config"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
)

// PausedItself reports whether it was a provider's answer that paused a lane of the route, and not a person: dispatch
// writes the provider's word, with the vendor of a dialer behind it.
func PausedItself(p store.LanePause, r config.Route) bool {
	provider, _, _ := strings.Cut(p.By, ":")
	return p.Paused && provider == r.Provider
}

// ResumeExhausted lets those lanes of the routes go on that stopped themselves because a quota was spent. A person's
// pause stays.
func ResumeExhausted(
	ctx context.Context,
	now time.Time,
	facts LaneFacts,
	to store.Applier,
	routes []config.Route,
) error {
	states, err := facts.LaneStates(ctx, now)
	if err != nil {
		return err
	}
	var sets []store.Writes
	for _, s := range states {
		i := slices.IndexFunc(routes, func(r config.Route) bool { return r.Number == s.Lane.Route() })
		if i < 0 {
			continue
		}
		r, p := routes[i], s.Pause
		if p.Paused && p.By == r.Provider && strings.HasPrefix(p.Reason, fault.Exhausted.String()) {
			sets = append(sets, store.Writes{
				Lane: &store.LaneWrites{Pauses: []store.LanePause{{Lane: s.Lane, By: r.Provider, Only: r.Provider}}},
				Ledger: &store.LedgerWrites{Entries: []ledger.Entry{{
					At: now, Kind: ledger.LaneResumed, Reason: r.Code + ": the account has room", By: r.Provider,
				}}},
			})
		}
	}
	if len(sets) == 0 {
		return nil
	}
	_, err = to.Apply(ctx, sets...)
	return err
}

// LaneFacts is what is asked of lanes.
type LaneFacts interface {
	LaneStates(ctx context.Context, now time.Time) ([]store.LaneState, error)
}
