package gateway

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/adapters/driving/api/intake"
	"carillon/adapters/driving/rest"
	"carillon/cmd/internal/clock"
)

// countContacts makes what takes contacts in many at a time, and counts all that come in.
func (a *Gateway) countContacts(context.Context) (err error) {
	total := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "carillon_intake_lines_total", Help: "Contacts that came in, by path and what became of them.",
	}, []string{"path", "outcome"})
	a.registry.MustRegister(total)
	for _, path := range intake.ContactPaths() {
		for _, outcome := range intake.LineOutcomes() {
			total.WithLabelValues(path, outcome)
		}
	}
	a.lines = func(path, outcome string, n int) { total.WithLabelValues(path, outcome).Add(float64(n)) }
	a.intake, err = intake.NewContacts(a.intakeConfig(), a.accept, a.lots)
	return err
}

// intakeConfig is how what comes many at a time is taken in: a line may be as long as a body.
func (a *Gateway) intakeConfig() intake.Config {
	return intake.Config{Contract: a.contract, MaxLine: rest.DefaultMaxBody, Clock: clock.Now, Log: a.log}
}
