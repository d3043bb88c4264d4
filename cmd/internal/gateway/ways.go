package gateway

import (
	"cmp"
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
	"carillon/cmd/internal/breakers"
	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/fleet"
	"carillon/core/config"
	"carillon/core/dispatch"
	"carillon/core/fault"
	"carillon/core/message"
)

// dialAt makes the adapter of a route whose calls are pushed.
func (a *Gateway) dialAt(ctx context.Context, r config.Route, g *guard.Guard) (*dialer.Dialer, error) {
	cfg := a.settings.Dialer.Config()
	cfg.Campaign = r.Sender["campaign"]
	api, err := dialer.Dial(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return dialer.New(cfg, api, g)
}

// way is a route's way out in the making.
type way struct {
	dispatch.Way

	guard  *guard.Guard
	probe  func(context.Context) error // a read-only question to the provider
	limits fleet.Pace
}

// providers make the ways of routes, by provider word: a new adapter that sends messages is an entry here. Letters wait
// for LTRPRT and leased calls for their vendor: nobody dispatches them, and they have no way.
func (a *Gateway) providers() map[string]func(context.Context, config.Route) (*way, error) {
	nobody := func(context.Context, config.Route) (*way, error) { return nil, nil } //nolint:nilnil // as above
	return map[string]func(context.Context, config.Route) (*way, error){
		dispatch.ProviderSNS: a.snsWay, dispatch.ProviderSES: a.sesWay, dispatch.ProviderDialer: a.dialerWay,
		dispatch.ProviderKafka: nobody, dispatch.ProviderFeed: nobody,
	}
}

// wireRoutes gives every route of the configuration its way out.
func (a *Gateway) wireRoutes(ctx context.Context) error {
	a.wired = make(map[string]bool)
	providers := a.providers()
	for _, r := range a.configs.Current().Routes() {
		a.wired[r.Code] = true
		wire, known := providers[r.Provider]
		if !known {
			return fault.New(fault.Invalid, "wiring route "+r.Code+": no adapter is called "+strings.TrimSpace(r.Provider))
		}
		w, err := wire(ctx, r)
		if err != nil {
			return fault.Wrap(fault.KindOf(err), "wiring route "+r.Code+": "+err.Error(), err)
		}
		if w == nil {
			continue
		}
		w.Route, w.Batch = r.Code, max(w.Batch, 1)
		w.Provider, w.Dedupes = cmp.Or(w.Provider, r.Provider), dispatch.Dedupes(r.Provider)
		w.Breaker, w.Pace = breakers.Breaker{Guard: w.guard, Probes: true}, w.limits
		breakers.Probe(a.ticker, r.Code, w.guard, w.probe)
		a.ticker.Lanes(a.dispatch, &w.Way, r)
	}
	return nil
}

// snsWay sends texts by Amazon SNS.
func (a *Gateway) snsWay(ctx context.Context, r config.Route) (*way, error) {
	cfg, g := a.settings.SNS.SNS(), a.guard(r.Provider, r.Code, sns.Ops(), a.settings.CallTimeout)
	api, err := sns.Dial(ctx, cfg)
	if err != nil {
		return nil, err
	}
	carrier, err := sns.New(cfg, api, g)
	if err != nil {
		return nil, err
	}
	s := sms.NewSender(carrier, r.Sender)
	return &way{Way: dispatch.Way{Channel: s, Meter: s}, guard: g, probe: carrier.Probe, limits: a.fleet.PaceOf(r)}, nil
}

// sesWay sends emails by Amazon SES.
func (a *Gateway) sesWay(ctx context.Context, r config.Route) (*way, error) {
	cfg, g := a.settings.SES.SES(), a.guard(r.Provider, r.Code, ses.Ops(), a.settings.CallTimeout)
	api, err := ses.Dial(ctx, cfg)
	if err != nil {
		return nil, err
	}
	mailer, err := ses.New(cfg, api, g)
	if err != nil {
		return nil, err
	}
	s := email.NewSender(mailer, r.Sender)
	limits := a.fleet.WithinAccount(a.fleet.PaceOf(r), r, mailer.Quota)
	return &way{Way: dispatch.Way{Channel: s, Meter: s}, guard: g, probe: mailer.Probe, limits: limits}, nil
}

// dialerWay pushes calls to a vendor.
func (a *Gateway) dialerWay(ctx context.Context, r config.Route) (*way, error) {
	if a.settings.Dialer.URL == "" {
		a.log.Warn("no dialer is set: calls of the route wait", slog.String("route", r.Code))
		return nil, nil //nolint:nilnil // a route without a way is no failure
	}
	g := a.guard(r.Provider, r.Code, dialer.Ops(), a.settings.CallTimeout)
	d, err := a.dialAt(ctx, r, g)
	if err != nil {
		return nil, err
	}
	window := func(m message.Message) (opens, closes time.Time) {
		return dispatch.DialWindow(clock.Now(), a.configs.Current(), a.settings.AllowList(), m)
	}
	out := dispatch.Way{
		Channel: voice.NewSender(d, r.Sender, voice.DefaultAttempts(), window), Batch: voice.MaxBatch,
		Provider: r.Provider + ":" + r.Sender[dispatch.VendorWord],
	}
	return &way{Way: out, guard: g, probe: d.Probe, limits: a.fleet.PaceOf(r)}, nil
}

// guard makes the one guard of an adapter and route.
func (a *Gateway) guard(adapter, route string, ops []string, timeout time.Duration) *guard.Guard {
	g := guard.New(
		guard.Config{Adapter: adapter, Route: route, Ops: ops, Timeout: timeout, Slots: guardSlots},
		a.gauges,
		clock.Now,
	)
	a.guards = append(a.guards, g)
	return g
}

// guardSlots is the bulkhead of one route: more than its four lanes have slots, so that the lanes are what bounds.
const guardSlots = 1024
