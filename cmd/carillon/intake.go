package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"carillon/adapters/driving/api/intake"
	"carillon/adapters/driving/rest"
)

// many makes what takes contacts in many at a time, and counts all that come in.
func (a *app) many() (err error) {
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
func (a *app) intakeConfig() intake.Config {
	return intake.Config{Contract: a.contract, MaxLine: rest.DefaultMaxBody, Clock: clock, Log: a.log}
}
