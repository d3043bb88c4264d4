// Package fleet is this gateway among the others: who lives, and how they share the limits of routes and accounts.
package fleet

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/adapters/kit/pace"
	"carillon/adapters/kit/telemetry"
	"carillon/cmd/internal/clock"
	"carillon/core/access"
	"carillon/core/dispatch"
	"carillon/core/fault"
	"carillon/core/store"
)

// Chore is the chore by which gateways know each other.
const Chore = "fleet"

// Store is the store as the fleet uses it.
type Store interface {
	store.Applier
	store.Fleet
	dispatch.LaneFacts
}

// Fleet is this gateway among the others.
type Fleet struct {
	store Store
	clock func() time.Time
	alone bool // nobody else can have the store: who is in it did not say farewell
	me    store.Gateway
	know  *pace.Fleet
	live  prometheus.Gauge
	paces *paces
}

// New makes the gateway of the name known from its first beat on.
func New(
	st Store,
	alone bool,
	name string,
	configs Configs,
	log *slog.Logger,
	reg prometheus.Registerer,
) (*Fleet, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "" // it is for people only
	}
	metrics, err := pace.NewMetrics(reg, clock.Now)
	if err != nil {
		return nil, err
	}
	know := pace.NewFleet(name)
	f := &Fleet{
		store: st, clock: clock.Now, alone: alone, know: know,
		me: store.Gateway{Name: name, Host: host, Version: telemetry.ReadBuild().Version, Since: clock.Now()},
		live: prometheus.NewGauge(
			prometheus.GaugeOpts{Name: "carillon_gateways", Help: "Gateways that share the store and live, as this one knows."},
		),
		paces: &paces{log: log, configs: configs, sharer: know, metrics: metrics, routes: make(map[string]*pace.Pacer)},
	}
	return f, reg.Register(f.live)
}

// heartbeat tells the others that this gateway lives, reads who else does, and forgets who has been silent for three
// beats.
func (f *Fleet) heartbeat(ctx context.Context, now time.Time) (time.Time, error) {
	f.me.SeenAt = now
	if _, err := f.store.Apply(ctx, store.Writes{Fleet: &store.FleetWrites{Beats: []store.Gateway{f.me}, Spends: f.paces.spends(now)}}); err != nil {
		f.paces.unspent()
		return time.Time{}, err
	}
	all, err := f.store.Gateways(ctx)
	if err != nil {
		return time.Time{}, err
	}
	gone := make([]store.Farewell, 0)
	members := make([]pace.Member, 0, len(all))
	for _, g := range all {
		if f.alone && g.Name != f.me.Name {
			gone = append(gone, store.Farewell{Name: g.Name, SeenAt: g.SeenAt})
			continue
		}
		members = append(members, pace.Member{Name: g.Name, SeenAt: g.SeenAt})
	}
	for _, m := range f.know.Heard(now, f.clock(), members) {
		gone = append(gone, store.Farewell{Name: m.Name, SeenAt: m.SeenAt})
	}
	f.live.Set(float64(f.know.Size()))
	if len(gone) > 0 {
		if _, err := f.store.Apply(ctx, store.Writes{Fleet: &store.FleetWrites{Farewells: gone}}); err != nil {
			return time.Time{}, err
		}
	}
	return now.Add(pace.Beat), f.paces.budget(ctx, f.store, now, f.know.Size())
}

// Leave takes this gateway out, once it makes no calls any more, and tells the last of what it spent.
func (f *Fleet) Leave(ctx context.Context, log *slog.Logger) {
	w := store.Writes{
		Fleet: &store.FleetWrites{Farewells: []store.Farewell{{Name: f.me.Name}}, Spends: f.paces.spends(f.clock())},
	}
	if _, err := f.store.Apply(ctx, w); err != nil {
		log.Warn(
			"the other gateways could not be told of the farewell: they forget this one soon",
			slog.String("error", err.Error()),
		)
	}
}

// Gateways lists who lives, and says which one answers.
func (f *Fleet) Gateways(ctx context.Context, p access.Principal) (all []store.Gateway, me string, err error) {
	if !p.Has(access.SRE, access.Admin) {
		return nil, "", fault.New(fault.Forbidden, "this key may not see gateways")
	}
	all, err = f.store.Gateways(ctx)
	return all, f.me.Name, err
}

// First reports whether this gateway is the first of those that live.
func (f *Fleet) First(now time.Time) bool { return f.know.First(now) }
