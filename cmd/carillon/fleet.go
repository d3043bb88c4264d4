package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/prometheus/client_golang/prometheus"

	"carillon/adapters/kit/pace"
	"carillon/adapters/kit/telemetry"
	"carillon/core/access"
	"carillon/core/fault"
	"carillon/core/store"
)

// choreFleet is the chore by which gateways know each other.
const choreFleet = "fleet"

// fleetStore is the store as the fleet uses it.
type fleetStore interface {
	store.Applier
	store.Fleet
}

// fleet is this gateway among the others.
type fleet struct {
	store fleetStore
	clock func() time.Time
	alone bool // nobody else can have the store: who is in it did not say farewell
	me    store.Gateway
	know  *pace.Fleet
	live  prometheus.Gauge
	paces *paces
}

// newFleet makes the gateway of the name known from its first beat on.
func newFleet(st fleetStore, alone bool, name string, configs current, log *slog.Logger, reg prometheus.Registerer) (*fleet, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "" // it is for people only
	}
	metrics, err := pace.NewMetrics(reg, clock)
	if err != nil {
		return nil, err
	}
	know := pace.NewFleet(name)
	f := &fleet{
		store: st, clock: clock, alone: alone, know: know,
		me:    store.Gateway{Name: name, Host: host, Version: telemetry.ReadBuild().Version, Since: clock()},
		live:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "carillon_gateways", Help: "Gateways that share the store and live, as this one knows."}),
		paces: &paces{log: log, configs: configs, sharer: know, metrics: metrics, routes: make(map[string]*pace.Pacer)},
	}
	return f, reg.Register(f.live)
}

// beat tells the others that this gateway lives, reads who else does, and forgets who has been silent for three beats.
func (f *fleet) beat(ctx context.Context, now time.Time) (time.Time, error) {
	f.me.SeenAt = now
	if _, err := f.store.Apply(ctx, store.Writes{Beats: []store.Gateway{f.me}, Spends: f.paces.spends(now)}); err != nil {
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
		if _, err := f.store.Apply(ctx, store.Writes{Farewells: gone}); err != nil {
			return time.Time{}, err
		}
	}
	return now.Add(pace.Beat), f.paces.budget(ctx, f.store, now, f.know.Size())
}

// leave takes this gateway out, once it makes no calls any more, and tells the last of what it spent.
func (f *fleet) leave(ctx context.Context, log *slog.Logger) {
	w := store.Writes{Farewells: []store.Farewell{{Name: f.me.Name}}, Spends: f.paces.spends(f.clock())}
	if _, err := f.store.Apply(ctx, w); err != nil {
		log.Warn("the other gateways could not be told of the farewell: they forget this one soon", slog.String("error", err.Error()))
	}
}

// Gateways lists who lives, and says which one answers.
func (f *fleet) Gateways(ctx context.Context, p access.Principal) (all []store.Gateway, me string, err error) {
	if !p.Has(access.SRE, access.Admin) {
		return nil, "", fault.New(fault.Forbidden, "this key may not see gateways")
	}
	all, err = f.store.Gateways(ctx)
	return all, f.me.Name, err
}

// gatewaysJSON are the gateways as doctor tells them.
func gatewaysJSON(all []store.Gateway) []map[string]any {
	out := make([]map[string]any, 0, len(all))
	for _, g := range all {
		out = append(out, map[string]any{
			"name": g.Name, "host": g.Host, "version": g.Version, "since": g.Since.Format(time.RFC3339), "seenAt": g.SeenAt.Format(time.RFC3339),
		})
	}
	return out
}

// printGateways prints who lives.
func printGateways(out io.Writer, now time.Time, all []store.Gateway) {
	if len(all) == 0 {
		fmt.Fprintln(out, "no gateway lives")
		return
	}
	t := table.NewWriter()
	t.SetOutputMirror(out)
	t.AppendHeader(table.Row{"gateway", "host", "version", "since", "last beat"})
	for _, g := range all {
		t.AppendRow(table.Row{g.Name, g.Host, g.Version, g.Since.Format(time.RFC3339), now.Sub(g.SeenAt).Round(time.Second).String() + " ago"})
	}
	t.Render()
}
