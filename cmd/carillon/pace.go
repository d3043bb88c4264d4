package main

import (
	"context"
	"log/slog"
	"math"
	"strings"
	"time"

	"carillon/adapters/driven/ses"
	"carillon/adapters/kit/pace"
	"carillon/core/config"
	"carillon/core/dispatch"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

// paces are the limits that the fleet keeps: one for each route, and one for each account that several routes share.
type paces struct {
	log     *slog.Logger
	configs current
	sharer  pace.Sharer
	metrics *pace.Metrics
	routes  map[string]*pace.Pacer
	account *account // of SES; nil when no route has one
}

// current hands out configurations.
type current interface{ Current() *config.Snapshot }

// accountSES is the name of the account's limit among those of routes.
const accountSES = "account:ses"

// account is an account of a provider that tells its limits, and the routes that share them.
type account struct {
	pacer  *pace.Pacer
	asked  []func(context.Context) (ses.Quota, error)
	routes []config.Route
	said   string // the last thing that was logged of it
}

// of makes the pace of a route that is called from here.
func (p *paces) of(r config.Route) routePace {
	pacer := pace.New(r.Code, p.sharer, shares(r))
	pacer.Limit(r.Pace)
	p.metrics.Watch(pacer)
	p.routes[r.Code] = pacer
	return routePace{pacer}
}

// within adds the limits of the account of SES, which all its routes share, to a route's own.
func (p *paces) within(own routePace, r config.Route, quota func(context.Context) (ses.Quota, error)) routePace {
	if p.account == nil {
		p.account = &account{pacer: pace.New(accountSES, p.sharer, shares(config.Route{}))}
		p.metrics.Watch(p.account.pacer)
	}
	p.account.asked = append(p.account.asked, quota)
	p.account.routes = append(p.account.routes, r)
	return append(own, p.account.pacer)
}

func shares(r config.Route) (out [pace.Lanes]float64) {
	copy(out[:], r.Shares())
	return out
}

// routePace is a route's pace as dispatch sees it: its own limit, and its account's.
type routePace []*pace.Pacer

var _ dispatch.Pace = routePace{}

// Take implements dispatch.Pace: what every limit grants.
func (l routePace) Take(now time.Time, u message.Urgency, want int) dispatch.Grant {
	g := dispatch.Grant{Messages: want}
	for i, p := range l {
		one := p.Take(now, int(u), g.Messages)
		g.Aside = append(g.Aside, one.Units)
		g.Messages = one.Messages
		if !one.Until.IsZero() {
			g.Until = one.Until
		}
		if one.Messages == 0 {
			l[:i].give(now, u, g)
			return dispatch.Grant{Until: g.Until}
		}
	}
	return g
}

// give gives everything back.
func (l routePace) give(now time.Time, u message.Urgency, g dispatch.Grant) {
	l.Spend(now, u, g, 0, 0)
}

// Spend implements dispatch.Pace.
func (l routePace) Spend(now time.Time, u message.Urgency, g dispatch.Grant, claimed, units int) {
	for i, p := range l {
		one := pace.Grant{Messages: g.Messages}
		if i < len(g.Aside) {
			one.Units = g.Aside[i]
		}
		p.Spend(now, int(u), one, claimed, units)
	}
}

// Throttled implements dispatch.Pace. Who of several was meant is not told: all slow down.
func (l routePace) Throttled(now, begun time.Time) {
	for _, p := range l {
		p.Throttled(now, begun)
	}
}

// spends returns what the routes that have a budget spent since the last time.
func (p *paces) spends(now time.Time) []store.Spend {
	var out []store.Spend
	for code, pacer := range p.routes {
		units := pacer.Report()
		if r, known := p.configs.Current().Route(code); known && r.Daily > 0 && units > 0 {
			out = append(out, store.Spend{Route: code, Hour: now, Units: units})
		}
	}
	return out
}

// unspent takes a report back that did not arrive.
func (p *paces) unspent() {
	for _, pacer := range p.routes {
		pacer.Untold()
	}
}

// day is the time for which a budget holds.
const day = 24 * time.Hour

// budget tells the routes their limits, and what n gateways have left of their budgets.
func (p *paces) budget(ctx context.Context, st store.Fleet, now time.Time, n int) error {
	sums := map[string]int64{}
	spent, err := st.Spent(ctx, now.Add(-day))
	if err != nil {
		p.unspent()
		return err
	}
	for _, s := range spent {
		sums[s.Route] = s.Units
	}
	for code, pacer := range p.routes {
		r, known := p.configs.Current().Route(code)
		if !known {
			continue
		}
		pacer.Limit(r.Pace)
		pacer.Share(shares(r))
		left := math.Inf(1)
		if r.Daily > 0 {
			left = float64(max(r.Daily-sums[code], 0))
		}
		pacer.Budget(left, n)
	}
	return nil
}

// choreQuota asks SES what the account allows.
const (
	choreQuota = "quota:ses"
	quotaEvery = time.Minute
)

// schedule has the account's limits read now and every minute.
func (p *paces) schedule(a *app) {
	if p.account == nil {
		return
	}
	a.ticker.Chore(choreQuota, quotaEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		if p.quota(ctx, a.fleet.know.Size()) {
			return time.Time{}, p.resume(ctx, a.store, now)
		}
		return time.Time{}, nil
	})
}

// quota reads what the account of SES allows, and reports whether there is room for more. What is not known changes
// nothing: the configured values hold.
func (p *paces) quota(ctx context.Context, n int) (room bool) {
	acc := p.account
	var err error
	for _, ask := range acc.asked { // a route whose breaker is open asks nothing: the next one may
		acc.pacer.Report()
		var q ses.Quota
		if q, err = ask(ctx); err != nil {
			acc.pacer.Untold()
			continue
		}
		if !q.Known {
			acc.pacer.Limit(0)
			acc.pacer.Budget(math.Inf(1), n)
			p.tell("the account does not tell its limits: the configured ones hold")
			return false
		}
		left := math.Inf(1)
		if q.PerDay >= 0 {
			left = max(q.PerDay-q.Sent, 0)
		}
		acc.pacer.Limit(q.PerSecond)
		acc.pacer.Budget(left, n)
		p.tell("the account tells its limits")
		return left >= 1
	}
	p.tell("the account's limits could not be read: " + fault.KindOf(err).String())
	return false
}

// tell logs what is new of the account.
func (p *paces) tell(what string) {
	if p.account.said == what {
		return
	}
	p.account.said = what
	p.log.Info("an account's limits", slog.String("account", accountSES), slog.String("said", what), slog.Float64("per_second", p.account.pacer.Snapshot(clock()).Limit))
}

// resume lets the lanes go on that stopped themselves because the day's quota was spent. A person's pause stays.
func (p *paces) resume(ctx context.Context, st store.Store, now time.Time) error {
	states, err := st.LaneStates(ctx, now)
	if err != nil {
		return err
	}
	var sets []store.Writes
	for _, s := range states {
		for _, r := range p.account.routes {
			if s.Lane.Route() == r.Number && s.Pause.Paused && s.Pause.By == r.Provider && strings.HasPrefix(s.Pause.Reason, fault.Exhausted.String()) {
				sets = append(sets, store.Writes{
					Pauses:  []store.LanePause{{Lane: s.Lane, By: r.Provider, Only: r.Provider}},
					Entries: []ledger.Entry{{At: now, Kind: ledger.LaneResumed, Reason: r.Code + ": the account has room", By: r.Provider}},
				})
			}
		}
	}
	if len(sets) == 0 {
		return nil
	}
	_, err = st.Apply(ctx, sets...)
	return err
}

// Paces are the limits with the routes that they hold.
func (f *fleet) Paces() []pace.Snapshot {
	all := f.paces.metrics.Snapshots()
	for i := range all {
		all[i].Routes = []string{all[i].Name}
		if all[i].Name != accountSES {
			continue
		}
		all[i].Routes = nil
		for _, r := range f.paces.account.routes {
			all[i].Routes = append(all[i].Routes, r.Code)
		}
	}
	return all
}
