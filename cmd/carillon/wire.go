package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"carillon/adapters/driven/kafkaout"
	"carillon/adapters/driven/liquid"
	"carillon/adapters/driven/postgres"
	"carillon/adapters/driven/schema"
	"carillon/adapters/driven/sqlite"
	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/api/intake"
	"carillon/adapters/driving/hooks"
	"carillon/adapters/driving/kafkain"
	"carillon/adapters/driving/rest"
	"carillon/adapters/driving/ticker"
	"carillon/adapters/kit/group"
	"carillon/adapters/kit/guard"
	"carillon/adapters/kit/secret"
	"carillon/adapters/kit/telemetry"
	"carillon/channels/email"
	"carillon/channels/letter"
	"carillon/channels/sms"
	"carillon/channels/voice"
	"carillon/contracts"
	"carillon/core/accept"
	"carillon/core/algorithm"
	"carillon/core/batch"
	"carillon/core/desk"
	"carillon/core/dispatch"
	"carillon/core/message"
	"carillon/core/report"
	"carillon/core/store"
)

// app is a gateway, wired: the only place where concrete types meet. Close it when it has run.
type app struct {
	settings Settings
	log      *slog.Logger
	registry *prometheus.Registry
	contract *contract.Contract
	store    store.Store
	sealer   *batch.Sealer
	configs  *configs
	keys     *keyring
	merged   *group.Committer[store.Writes, store.Verdict]
	ticker   *ticker.Ticker
	watch    *ticker.Metrics
	guards   []*guard.Guard
	gauges   *guard.Metrics
	wardens  *wardens
	wired    map[string]bool // routes that were there at the start

	accept    *accept.Service
	lots      *accept.Lots
	intake    *intake.Contacts
	events    *events                           // system events
	lines     func(path, outcome string, n int) // counts contacts that came in
	consumers *kafkain.Metrics                  // of Kafka; nil without it
	stopping  chan struct{}                     // closed when streams are to end
	desk      *desk.Service
	worklist  *desk.Worklist
	customers *desk.Customers
	report    *report.Service
	dispatch  *dispatch.Service
	feed      *dispatch.Feed
	letters   *letters
	operator  *batch.Operator
	shifts    *ticker.Batches // what batches show
	hands     []*batch.Worker
	fleet     *fleet
	handler   http.Handler
	extra     []func(context.Context) // runs beside the ticker: consumers
	closers   []func(context.Context) error
}

// businessObjects are the schemas that contacts are validated against.
func businessObjects() (*schema.Schemas, error) {
	files, err := fs.Sub(contracts.Schemas(), "schemas")
	if err != nil {
		return nil, err
	}
	return schema.New(files)
}

// openStore opens the store that the settings name.
func openStore(ctx context.Context, s Settings) (store.Store, error) { return openStoreAs(ctx, s, "") }

// openStoreAs opens it under another name than a gateway's, so that gateways at the same store can be told apart.
func openStoreAs(ctx context.Context, s Settings, name string) (store.Store, error) {
	if s.postgres() {
		return opened(postgres.Open(ctx, postgres.Config{URL: secret.New(s.Store), MaxConns: s.StoreConns, Name: name}))
	}
	return opened(sqlite.Open(ctx, sqlite.Config{Path: s.Store}))
}

// opened keeps a nil pointer from looking like a store.
func opened[S store.Store](st S, err error) (store.Store, error) {
	if err != nil {
		return nil, err
	}
	return st, nil
}

// build wires a gateway. What it opened it closes again when it fails.
func build(ctx context.Context, s Settings, log *slog.Logger) (a *app, err error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	a = &app{settings: s, log: log, registry: prometheus.NewRegistry(), stopping: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close(context.WithoutCancel(ctx)))
		}
	}()
	if err := a.observe(); err != nil {
		return a, err
	}
	if a.contract, err = contract.Read(); err != nil {
		return a, err
	}
	if a.store, err = openStore(ctx, s); err != nil {
		return a, err
	}
	if a.store, err = timedStore(a.store, a.registry); err != nil {
		return a, err
	}
	by, err := s.signatory()
	if err != nil {
		return a, err
	}
	tellSigner(log, by)
	a.sealer = &batch.Sealer{Store: a.store, Facts: a.store, By: by}
	first, err := firstDocument(s.FirstConfig)
	if err != nil {
		return a, err
	}
	forms := liquid.New()
	if a.configs, err = openConfigs(ctx, a.store, first, rulesOf(forms)); err != nil {
		return a, err
	}
	a.store = withToDoRules(a.store, a.configs)
	a.merged = group.New(group.Config{}, func(ctx context.Context, sets []store.Writes) ([]store.Verdict, error) {
		return a.store.Apply(ctx, sets...)
	})
	objects, err := businessObjects()
	if err != nil {
		return a, err
	}
	a.cases(forms, objects)
	if err := a.many(); err != nil {
		return a, err
	}
	if err := a.happenings(); err != nil {
		return a, err
	}
	if a.fleet, err = newFleet(a.store, !s.postgres(), a.dispatch.Owner, a.configs, log, a.registry); err != nil {
		return a, err
	}
	if err := a.ways(ctx); err != nil {
		return a, err
	}
	if err := a.kafka(); err != nil {
		return a, err
	}
	if err := a.ward(); err != nil {
		return a, err
	}
	if err := a.orders(ctx); err != nil {
		return a, err
	}
	a.operate()
	a.chores()
	a.profiles()
	return a, a.serve()
}

// observe makes the metrics that everything else reports to.
func (a *app) observe() error {
	a.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	var err error
	if a.gauges, err = guard.NewMetrics(a.registry); err != nil {
		return err
	}
	if a.watch, err = ticker.NewMetrics(a.registry); err != nil {
		return err
	}
	if a.shifts, err = ticker.NewBatches(a.registry, batchCodes()); err != nil {
		return err
	}
	loops, err := telemetry.NewLoopMetrics(a.registry)
	if err != nil {
		return err
	}
	a.ticker = ticker.New(ticker.Config{Grace: a.settings.Grace}, a.watch, loops, a.log, clock)
	return telemetry.ReadBuild().Register(a.registry)
}

// cases makes the use cases.
func (a *app) cases(forms *liquid.Renderer, objects *schema.Schemas) {
	numbers := newIDs(a.store)
	media := map[message.Channel]accept.Channel{
		message.SMS: sms.Channel{}, message.Email: email.Channel{}, message.Voice: voice.Channel{}, message.Letter: letter.Channel{},
	}
	checkers := make(map[message.Channel]desk.Channel, len(media))
	for c, m := range media {
		checkers[c] = m
	}
	a.keys = newKeyring(a.store, clock)
	one, many := waker{to: merged{a.merged}, t: a.ticker, keys: a.keys}, waker{to: a.store, t: a.ticker, keys: a.keys}
	a.accept = &accept.Service{Store: one, Facts: a.store, Configs: a.configs, IDs: numbers, Channels: media, Renderer: forms, Logs: numbers, Schemas: objects}
	a.lots = &accept.Lots{Service: a.accept, Store: many, Facts: a.store, Batches: a.store, Numbers: numbers}
	a.desk = &desk.Service{
		Store: many, Facts: a.store, Gate: a.store, Feed: a.store, Configs: a.configs, IDs: numbers, Channels: checkers, Rules: rulesOf(forms), Versions: a.store, Random: randomKey,
		Failures: a.store, Batches: a.store, Steps: a.steps(), Texts: sms.Channel{}, Allow: a.settings.allow(),
		Files: a.store, Waiting: a.store, Places: a.store, Logs: numbers, Schemas: objects, Timeliners: algorithm.Timeliners(),
	}
	a.worklist = &desk.Worklist{Store: many, Facts: a.store, Configs: a.configs, IDs: numbers, Algorithms: algorithm.ToDos()}
	a.customers = &desk.Customers{
		Store: many, Facts: a.store, Finder: a.store, Configs: a.configs, IDs: numbers, Channels: checkers, Spots: algorithm.CustomerSpots(),
		Alerters: algorithm.Alerters(), Alerts: a.store,
	}
	a.dispatch = &dispatch.Service{
		Store: many, Facts: a.store, Configs: a.configs, Steps: a.steps(), Allow: a.settings.allow(), Owner: "gateway:" + numbers.Message(clock()).String(), Lease: a.settings.Lease,
	}
	a.report = &report.Service{Store: many, Facts: a.store, Configs: a.configs, Steps: a.steps()}
	a.feed = &dispatch.Feed{Dispatch: a.dispatch, Inbox: a.report}
}

// kafka wires what leaves by Kafka and what comes back: letters, status entries, the DMS's answers.
func (a *app) kafka() error {
	k := a.settings.Kafka
	if len(k.Brokers) == 0 {
		a.log.Warn("no Kafka brokers are set: letters wait, and nobody reads the status topic")
		a.letters = &letters{job: a.letterJob(noPress{}, closed{}), watch: a.shifts}
		return nil
	}
	cfg := k.config()
	dial, err := kafkaout.Dial(cfg)
	if err != nil {
		return err
	}
	g := a.guard("kafka", "letters", kafkaout.Ops(), k.Timeout)
	press, err := kafkaout.New(cfg, dial, g)
	if err != nil {
		return err
	}
	a.closers = append(a.closers, press.Stop)
	a.letters = &letters{job: a.letterJob(press, breaker{g: g}), watch: a.shifts}
	if err := a.kafkaIn(dial); err != nil {
		return err
	}
	if k.Status == "" {
		return nil
	}
	status, err := kafkaout.NewStatus(cfg, dial, a.guard("kafka", "status", kafkaout.StatusOps(), k.Timeout))
	if err != nil {
		return err
	}
	a.closers = append(a.closers, status.Stop)
	relay := &standby{
		relay: &batch.Relay{Name: "kafka:" + k.Status, Store: a.store, Facts: a.store, Publisher: status}, facts: a.store, first: a.fleet.know.First,
	}
	a.ticker.Chore("relay", time.Second, func(ctx context.Context, now time.Time) (time.Time, error) {
		n, more, err := relay.forward(ctx, now)
		a.watch.Relayed(n)
		return again(now, more), err
	})
	return nil
}

func (a *app) letterJob(press letter.Press, b batch.Breaker) *batch.Letters {
	return &batch.Letters{
		Store: a.store, Facts: a.store, Controls: a.store, Configs: a.configs, Gate: gate{a}, Steps: a.steps(), Clock: clock, Freezer: freezer{}, Press: press, Breaker: b, Lease: a.settings.Lease,
	}
}

// guard makes the one guard of an adapter and route.
func (a *app) guard(adapter, route string, ops []string, timeout time.Duration) *guard.Guard {
	g := guard.New(guard.Config{Adapter: adapter, Route: route, Ops: ops, Timeout: timeout, Slots: guardSlots}, a.gauges, clock)
	a.guards = append(a.guards, g)
	return g
}

// guardSlots is the bulkhead of one route: more than its four lanes have slots, so that the lanes are what bounds.
const guardSlots = 1024

// serve makes the one handler: the API, the hooks, metrics and health.
func (a *app) serve() error {
	observe, err := a.requests()
	if err != nil {
		return err
	}
	api, err := rest.New(rest.Config{Contract: a.contract, Clock: clock, Log: a.log, Observe: observe, Lines: a.lines, Raised: a.events.count, Stopping: a.stopping, Consumers: a.Consumers}, rest.Services{
		Intake: a.intake, Batches: a.lots, Events: a.events.core,
		Proofs: &desk.Prover{Feed: a.store, Tree: a.store},
		Keys:   a.keys, Accept: a.accept, Contacts: a.desk, Persons: a.customers, Customers: a.customers, Suppressions: a.desk, Changes: a.desk, Lanes: a.desk,
		Calls: a.feed, Letters: a.letters, Configs: a.desk, Versions: a.desk, Snapshots: a.configs, Principals: a.desk, Health: a.store, Breakers: a, Fleet: a.fleet, Trips: a.desk, Holds: a.desk, Failures: a.desk, Retries: a.accept,
		ToDos: a.worklist,
		Runs:  a.operator, RunOrders: a.operator, DepositReviews: batch.DepositReviews{Facts: a.store},
		Desk: a.desk, Timelines: a.desk,
	})
	if err != nil {
		return err
	}
	notifications, err := a.hooks()
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle(hooks.Path, notifications)
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{Registry: a.registry}))
	mux.Handle("/", api)
	a.handler = mux
	return nil
}

// requests counts what the API answers.
func (a *app) requests() (func(operation string, status int, took time.Duration), error) {
	total := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "carillon_requests_total", Help: "Requests answered by the API.",
	}, []string{"operation", "class"})
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "carillon_request_seconds", Help: "How long the API took.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
	}, []string{"operation"})
	classes := [...]string{"1xx", "2xx", "3xx", "4xx", "5xx"}
	for _, o := range append(a.contract.IDs(), contract.NoOperation) {
		seconds.WithLabelValues(o)
		for _, class := range classes {
			total.WithLabelValues(o, class)
		}
	}
	return func(operation string, status int, took time.Duration) {
		class := classes[min(max(status/100-1, 0), len(classes)-1)]
		total.WithLabelValues(operation, class).Inc()
		seconds.WithLabelValues(operation).Observe(took.Seconds())
	}, errors.Join(a.registry.Register(total), a.registry.Register(seconds))
}

// Breakers are the guards' snapshots, for the API and /readyz.
func (a *app) Breakers() []guard.Snapshot {
	out := make([]guard.Snapshot, len(a.guards))
	for i, g := range a.guards {
		out[i] = g.Snapshot()
	}
	return out
}

// Close ends what was opened, last first.
func (a *app) Close(ctx context.Context) error {
	var wrong []error
	if a.merged != nil {
		a.merged.Close()
	}
	for _, closer := range slices.Backward(a.closers) {
		wrong = append(wrong, closer(ctx))
	}
	if a.store != nil {
		wrong = append(wrong, a.store.Close())
	}
	return errors.Join(wrong...)
}
