package gateway

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/hooks"
	"carillon/adapters/driving/rest"
	"carillon/cmd/internal/clock"
	"carillon/core/batch"
	"carillon/core/desk/proofs"
)

// handle makes the one handler: the API, the hooks, metrics and health.
func (a *Gateway) handle(context.Context) error {
	observe, err := a.requests()
	if err != nil {
		return err
	}
	api, err := rest.New(rest.Config{
		Contract: a.contract, Clock: clock.Now, Log: a.log, Observe: observe, Lines: a.lines, Raised: a.events.count,
		Stopping: a.stopping, Consumers: a.Consumers,
	}, rest.Services{
		Keys: a.keys, Health: a.store, Breakers: a, Fleet: a.fleet, Snapshots: a.configs,
		Intake: a.intake, Batches: a.lots, Events: a.events.core, Accept: a.accept, Retries: a.accept,
		Contacts: a.counter, Desk: a.counter, Timelines: a.counter, Suppressions: a.counter, Changes: a.counter,
		Holds: a.counter, Failures: a.counter, Persons: a.customers, Customers: a.customers, ToDos: a.worklist,
		Lanes: a.admin, Trips: a.admin, Configs: a.admin, Versions: a.admin, Principals: a.admin,
		Calls: a.feed, Letters: a.letters, Runs: a.operator, RunOrders: a.operator,
		DepositReviews: batch.DepositReviews{Facts: a.store}, Proofs: &proofs.Service{Feed: a.store, Tree: a.store},
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
func (a *Gateway) requests() (func(operation string, status int, took time.Duration), error) {
	total := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "carillon_requests_total", Help: "Requests answered by the API.",
	}, []string{"operation", "class"})
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "carillon_request_seconds", Help: "How long the API took.",
		Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
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
