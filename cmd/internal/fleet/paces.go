package fleet

import (
	"context"
	"log/slog"
	"math"
	"time"

	"carillon/adapters/driven/ses"
	"carillon/adapters/driving/ticker"
	"carillon/adapters/kit/pace"
	"carillon/cmd/internal/clock"
	"carillon/core/config"
	"carillon/core/dispatch"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

// paces are the limits that the fleet keeps: one for each route, and one for each account that several routes share.
type paces struct {
	log     *slog.Logger
	configs Configs
	sharer  pace.Sharer
	metrics *pace.Metrics
	routes  map[string]*pace.Pacer
	account *account // of SES; nil when no route has one
}

// Configs hands out configurations.
type Configs interface{ Current() *config.Snapshot }

// AccountSES is the name of the account's limit among those of routes.
const AccountSES = "account:ses"

// account is an account of a provider that tells its limits, and the routes that share them.
type account struct {
	pacer  *pace.Pacer
	asked  []func(context.Context) (ses.Quota, error)
	routes []config.Route
	said   string // the last thing that was logged of it
}

// PaceOf makes the pace of a route that is called from here.
func (f *Fleet) PaceOf(r config.Route) Pace {
	p := f.paces
	pacer := pace.New(r.Code, p.sharer, laneShares(r))
	pacer.Limit(r.Pace)
	p.metrics.Watch(pacer)
	p.routes[r.Code] = pacer
	return Pace{pacer}
}

// WithinAccount adds the limits of the account of SES, which all its routes share, to a route's own.
func (f *Fleet) WithinAccount(own Pace, r config.Route, quota func(context.Context) (ses.Quota, error)) Pace {
	p := f.paces
	if p.account == nil {
		p.account = &account{pacer: pace.New(AccountSES, p.sharer, laneShares(config.Route{}))}
		p.metrics.Watch(p.account.pacer)
	}
	p.account.asked = append(p.account.asked, quota)
	p.account.routes = append(p.account.routes, r)
	return append(own, p.account.pacer)
}

func laneShares(r config.Route) (out [pace.Lanes]float64) {
	copy(out[:], r.Shares())
	return out
}

// Pace is a route's pace as dispatch sees it: its own limit, and its account's.
type Pace []*pace.Pacer

var _ dispatch.Pace = Pace{}

// Take implements dispatch.Pace: what every limit grants.
func (l Pace) Take(now time.Time, u message.Urgency, want int) dispatch.Grant {
	g := dispatch.Grant{Messages: want}
	for i, p := range l {
		one := p.Take(now, int(u), g.Messages)
		g.Aside = append(g.Aside, one.Units)
		g.Messages = one.Messages
		if !one.Until.IsZero() {
			g.Until = one.Until
		}
		if one.Messages == 0 {
			l[:i].giveBack(now, u, g)
			return dispatch.Grant{Until: g.Until}
		}
	}
	return g
}

// giveBack gives everything back.
func (l Pace) giveBack(now time.Time, u message.Urgency, g dispatch.Grant) {
	l.Spend(now, u, g, 0, 0)
}

// Spend implements dispatch.Pace.
func (l Pace) Spend(now time.Time, u message.Urgency, g dispatch.Grant, claimed, units int) {
	for i, p := range l {
		one := pace.Grant{Messages: g.Messages}
		if i < len(g.Aside) {
			one.Units = g.Aside[i]
		}
		p.Spend(now, int(u), one, claimed, units)
	}
}

// Throttled implements dispatch.Pace. Who of several was meant is not told: all slow down.
func (l Pace) Throttled(now, begun time.Time) {
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
		pacer.Share(laneShares(r))
		pacer.Budget(r.DailyLeft(sums[code]), n)
	}
	return nil
}

// choreQuota asks SES what the account allows.
const (
	choreQuota = "quota:ses"
	quotaEvery = time.Minute
)

// Schedule has this gateway beat, and the account's limits read now and every minute.
func (f *Fleet) Schedule(t *ticker.Ticker) {
	t.Chore(Chore, pace.Beat, f.heartbeat)
	if f.paces.account == nil {
		return
	}
	t.Chore(choreQuota, quotaEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		if f.paces.quota(ctx, f.know.Size()) {
			return time.Time{}, dispatch.ResumeExhausted(ctx, now, f.store, f.store, f.paces.account.routes)
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
			p.logOnce("the account does not tell its limits: the configured ones hold")
			return false
		}
		left := q.Left()
		acc.pacer.Limit(q.PerSecond)
		acc.pacer.Budget(left, n)
		p.logOnce("the account tells its limits")
		return left >= 1
	}
	p.logOnce("the account's limits could not be read: " + fault.KindOf(err).String())
	return false
}

// logOnce logs what is new of the account.
func (p *paces) logOnce(what string) {
	if p.account.said == what {
		return
	}
	p.account.said = what
	p.log.Info(
		"an account's limits",
		slog.String("account", AccountSES),
		slog.String("said", what),
		slog.Float64("per_second", p.account.pacer.Snapshot(clock.Now()).Limit),
	)
}

// Paces are the limits with the routes that they hold.
func (f *Fleet) Paces() []pace.Snapshot {
	all := f.paces.metrics.Snapshots()
	for i := range all {
		all[i].Routes = []string{all[i].Name}
		if all[i].Name != AccountSES {
			continue
		}
		all[i].Routes = nil
		for _, r := range f.paces.account.routes {
			all[i].Routes = append(all[i].Routes, r.Code)
		}
	}
	return all
}
