package main

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"carillon/adapters/driven/dialer"
	"carillon/adapters/driven/ses"
	"carillon/adapters/driven/sns"
	"carillon/adapters/kit/guard"
	"carillon/channels/email"
	"carillon/channels/sms"
	"carillon/channels/voice"
	"carillon/core/config"
	"carillon/core/dispatch"
	"carillon/core/fault"
	"carillon/core/message"
)

// The provider words a route may use.
const (
	providerSNS    = "sns"
	providerSES    = "ses"
	providerDialer = "dialer"
	providerKafka  = "kafka"
)

// dedupes reports whether whoever is behind a provider word knows a message by its id and takes it once. Of a provider
// that is not known it is not.
func dedupes(provider string) bool {
	switch provider {
	case providerDialer, providerKafka, dispatch.FeedProvider:
		return true
	}
	return false
}

// callRule are the rules of attempt a vendor keeps where a route says nothing else.
func callRule() voice.Attempts { return voice.Attempts{Max: 3, Pause: 30 * time.Minute} }

// ways gives every route of the configuration its way out. Letters wait for LTRPRT and leased calls for their vendor:
// they have no lane here.
func (a *app) ways(ctx context.Context) error {
	a.wired = make(map[string]bool)
	for _, r := range a.configs.Current().Routes() {
		a.wired[r.Code] = true
		way, err := a.way(ctx, r)
		if err != nil {
			return fault.Wrap(fault.KindOf(err), "wiring route "+r.Code+": "+err.Error(), err)
		}
		if way != nil {
			a.ticker.Lanes(a.dispatch, way, r)
		}
	}
	return nil
}

// way makes the guard, adapter and channel of one route; nil for a route that nobody dispatches here.
func (a *app) way(ctx context.Context, r config.Route) (*dispatch.Way, error) {
	w := &dispatch.Way{Route: r.Code, Provider: r.Provider, Batch: 1}
	var g *guard.Guard
	var probe func(context.Context) error
	var limits routePace
	switch r.Provider {
	case providerSNS:
		g = a.guard(r.Provider, r.Code, sns.Ops(), a.settings.CallTimeout)
		api, err := sns.Dial(ctx, a.settings.SNS.sns())
		if err != nil {
			return nil, err
		}
		carrier, err := sns.New(a.settings.SNS.sns(), api, g)
		if err != nil {
			return nil, err
		}
		s := sms.NewSender(carrier, r.Sender)
		w.Channel, w.Meter, probe, limits = s, s, carrier.Probe, a.fleet.paces.of(r)
	case providerSES:
		g = a.guard(r.Provider, r.Code, ses.Ops(), a.settings.CallTimeout)
		api, err := ses.Dial(ctx, a.settings.SES.ses())
		if err != nil {
			return nil, err
		}
		mailer, err := ses.New(a.settings.SES.ses(), api, g)
		if err != nil {
			return nil, err
		}
		s := email.NewSender(mailer, r.Sender)
		w.Channel, w.Meter, probe = s, s, mailer.Probe
		limits = a.fleet.paces.within(a.fleet.paces.of(r), r, mailer.Quota)
	case providerDialer:
		if a.settings.Dialer.URL == "" {
			a.log.Warn("no dialer is set: calls of the route wait", slog.String("route", r.Code))
			return nil, nil //nolint:nilnil // a route without a way is no failure
		}
		g = a.guard(r.Provider, r.Code, dialer.Ops(), a.settings.CallTimeout)
		d, err := a.dialer(ctx, r, g)
		if err != nil {
			return nil, err
		}
		w.Channel, probe = voice.NewSender(d, r.Sender, callRule(), a.window), d.Probe
		w.Batch, w.Dedupes, w.Provider = voice.MaxBatch, dedupes(r.Provider), "dialer:"+r.Sender[dispatch.VendorWord]
		limits = a.fleet.paces.of(r)
	case providerKafka, dispatch.FeedProvider:
		return nil, nil //nolint:nilnil // LTRPRT and the vendor claim these
	default:
		return nil, fault.New(fault.Invalid, "no adapter is called "+strings.TrimSpace(r.Provider))
	}
	w.Breaker, w.Pace = breaker{g: g, probes: true}, limits
	a.probe(r.Code, g, probe)
	return w, nil
}

// dialer makes the adapter of a route whose calls are pushed.
func (a *app) dialer(ctx context.Context, r config.Route, g *guard.Guard) (*dialer.Dialer, error) {
	cfg := a.settings.Dialer.config()
	cfg.Campaign = r.Sender["campaign"]
	api, err := dialer.Dial(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return dialer.New(cfg, api, g)
}

// window is when a pushed call may be dialled at the called party.
func (a *app) window(m message.Message) (opens, closes time.Time) {
	now := clock()
	if m.Urgency == message.Emergency {
		return now, time.Time{}
	}
	r := dispatch.Rules(a.configs.Current(), a.settings.allow(), m)
	return now, r.Window.Shuts(now, r.Zones)
}

// probeEvery is how often an open breaker is asked whether its rest is over.
const probeEvery = 200 * time.Millisecond

// probe keeps asking a provider whose breaker has opened, by a read-only call, once its rest is over: the lane is
// paused meanwhile, and no message is spent on finding out.
func (a *app) probe(route string, g *guard.Guard, call func(context.Context) error) {
	a.ticker.Chore("probe:"+route, probeEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		s := g.Snapshot()
		if s.State == guard.Closed || s.Tripped || now.Before(s.Until) {
			return time.Time{}, nil
		}
		_ = call(ctx) // the guard counts it and tells how it ended
		return time.Time{}, nil
	})
}

// breaker is a guard as dispatch sees it.
type breaker struct {
	g      *guard.Guard
	probes bool // a read-only probe closes it: no message is claimed until then
}

// Ready implements dispatch.Breaker.
func (b breaker) Ready(now time.Time) (bool, time.Time) {
	if !b.probes {
		return b.g.Ready(now)
	}
	s := b.g.Snapshot()
	if s.State == guard.Closed {
		return b.g.Ready(now)
	}
	if next := now.Add(probeEvery); s.Until.Before(next) {
		return false, next
	}
	return false, s.Until
}

// Trial implements dispatch.Breaker.
func (b breaker) Trial() time.Time { return b.g.Snapshot().Trial }

// Free implements dispatch.Breaker.
func (b breaker) Free() int { return b.g.Free() }

// Row implements dispatch.Breaker. A failure that leaves the breaker open is the route's, be it the first after a probe
// that went well: a provider can answer questions and still take nothing.
func (b breaker) Row() int {
	s := b.g.Snapshot()
	if s.State != guard.Closed {
		return max(int(s.ConsecutiveFailures), 2)
	}
	return int(s.ConsecutiveFailures)
}
