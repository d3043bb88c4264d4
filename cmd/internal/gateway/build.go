package gateway

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"carillon/adapters/driven/liquid"
	"carillon/adapters/driven/schema"
	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/ticker"
	"carillon/adapters/kit/group"
	"carillon/adapters/kit/guard"
	"carillon/adapters/kit/telemetry"
	"carillon/cmd/internal/breakers"
	"carillon/cmd/internal/chores"
	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/confkeeper"
	"carillon/cmd/internal/fleet"
	"carillon/cmd/internal/settings"
	"carillon/cmd/internal/signing"
	"carillon/cmd/internal/stores"
	"carillon/cmd/internal/wardens"
	"carillon/contracts"
	"carillon/core/batch"
	"carillon/core/store"
)

// Build wires a gateway. What it opened it closes again when it fails.
func Build(ctx context.Context, s settings.Settings, log *slog.Logger) (*Gateway, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	a := &Gateway{settings: s, log: log, registry: prometheus.NewRegistry(), stopping: make(chan struct{})}
	for _, step := range []func(context.Context) error{
		a.readContract, a.observe, a.openStore, a.openConfigs, a.useCases, a.countContacts, a.takeEvents, a.joinFleet,
		a.wireRoutes, a.wireKafka,
		a.watchWardens, a.followOrders, a.operate, a.schedule, a.handle,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.Close(context.WithoutCancel(ctx)))
		}
	}
	return a, nil
}

// readContract reads the contract, once for all that ask it.
func (a *Gateway) readContract(context.Context) (err error) {
	a.contract, err = contract.Read()
	return err
}

// observe makes the metrics that everything else reports to.
func (a *Gateway) observe(context.Context) (err error) {
	a.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if a.gauges, err = guard.NewMetrics(a.registry); err != nil {
		return err
	}
	if a.watch, err = ticker.NewMetrics(a.registry); err != nil {
		return err
	}
	if a.shifts, err = ticker.NewBatches(a.registry, batch.NewBook(batch.Parts{}).Codes()); err != nil {
		return err
	}
	loops, err := telemetry.NewLoopMetrics(a.registry)
	if err != nil {
		return err
	}
	a.ticker = ticker.New(ticker.Config{Grace: a.settings.Grace}, a.watch, loops, a.log, clock.Now)
	return telemetry.ReadBuild().Register(a.registry)
}

// openStore opens the store and the ledger in it.
func (a *Gateway) openStore(ctx context.Context) (err error) {
	if a.store, err = stores.Open(ctx, a.settings); err != nil {
		return err
	}
	if a.store, err = stores.Timed(a.store, a.registry); err != nil {
		return err
	}
	by, err := signing.Signatory(a.settings)
	if err != nil {
		return err
	}
	signing.Announce(a.log, by)
	a.sealer = &batch.Sealer{Store: a.store, Facts: a.store, By: by}
	return nil
}

// openConfigs reads the configuration, and puts its rules at the door of the store.
func (a *Gateway) openConfigs(ctx context.Context) error {
	first, err := confkeeper.FirstOf(a.settings.FirstConfig)
	if err != nil {
		return err
	}
	a.forms = liquid.New()
	if a.configs, err = confkeeper.Open(ctx, a.store, first, confkeeper.RulesOf(a.forms)); err != nil {
		return err
	}
	a.store = stores.WithToDoRules(a.store, a.configs)
	a.merged = group.New(group.Config{}, func(ctx context.Context, sets []store.Writes) ([]store.Verdict, error) {
		return a.store.Apply(ctx, sets...)
	})
	return nil
}

// businessObjects are the schemas that contacts are validated against.
func businessObjects() (*schema.Schemas, error) {
	files, err := fs.Sub(contracts.Schemas(), "schemas")
	if err != nil {
		return nil, err
	}
	return schema.New(files)
}

// joinFleet makes this gateway known to the others.
func (a *Gateway) joinFleet(context.Context) (err error) {
	a.fleet, err = fleet.New(a.store, !a.settings.OnPostgres(), a.dispatch.Owner, a.configs, a.log, a.registry)
	return err
}

// watchWardens makes what shows what only people can mend.
func (a *Gateway) watchWardens(context.Context) (err error) {
	files := a.settings.CertificateFiles()
	if a.wardens, err = wardens.New(a.registry, a.configs.Current().Routes(), files); err != nil {
		return err
	}
	a.wardens.Schedule(a.ticker, a.store, files)
	return nil
}

// followOrders has this gateway's breakers follow what persons order.
func (a *Gateway) followOrders(ctx context.Context) error {
	orders := &breakers.Orders{Facts: a.store, Guards: func() []*guard.Guard { return a.guards }, Log: a.log}
	return orders.Schedule(ctx, a.ticker)
}

// schedule gives the ticker what the gateway does on the clock.
func (a *Gateway) schedule(context.Context) error {
	a.chores = &chores.Chores{
		Ticker: a.ticker, Watch: a.watch, Shifts: a.shifts, Log: a.log, Store: a.store, Configs: a.configs,
		Keep:  a.settings.Keep,
		Owner: a.dispatch.Owner, Sealer: a.sealer, Report: a.report, Wardens: a.wardens, Letters: a.letters,
		Operator: a.operator,
		Hands:    a.hands, Wired: a.wired,
	}
	a.chores.Schedule()
	a.fleet.Schedule(a.ticker)
	a.profiles()
	return nil
}
