package main

import (
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/adapters/driving/hooks"
	"carillon/adapters/driving/kafkain"
	"carillon/core/fault"
)

// hookTimeout bounds the fetch of a certificate and the confirmation of a subscription.
const hookTimeout = 10 * time.Second

// hooks wires the endpoint that takes SNS-signed notifications into the one inbox.
func (a *app) hooks() (http.Handler, error) {
	s := a.settings.Hooks
	topics := make(map[string]hooks.Topic)
	for _, arn := range s.EmailTopic {
		topics[arn] = hooks.Topic{Kind: hooks.EmailEvents, Provider: providerSES}
	}
	for _, arn := range s.SMSStatusTopic {
		topics[arn] = hooks.Topic{Kind: hooks.SMSStatus, Provider: providerSNS}
	}
	for _, arn := range s.SMSInboundTopic {
		topics[arn] = hooks.Topic{Kind: hooks.SMSInbound, Provider: providerSNS}
	}
	client := &http.Client{Timeout: hookTimeout}
	source, err := a.certificates(client)
	if err != nil {
		return nil, err
	}
	confirm, err := hooks.Confirming(client, s.TrustEndpoint)
	if err != nil {
		return nil, err
	}
	return hooks.New(
		hooks.Config{Topics: topics, Version1: s.Version1, Clock: clock, Log: a.log, Observe: a.notifications()},
		hooks.Services{Inbox: a.report, Certificates: source, Confirm: confirm},
	)
}

// certificates is where signing certificates come from: AWS, or the file that a simulator wrote.
func (a *app) certificates(client *http.Client) (hooks.CertificateSource, error) {
	if a.settings.Hooks.TrustFile == "" {
		return hooks.Certificates(hooks.Fetching{Client: client, Clock: clock})
	}
	text, err := os.ReadFile(a.settings.Hooks.TrustFile)
	if err != nil {
		return nil, fault.Wrap(fault.Misconfigured, "reading the trusted certificate", err)
	}
	return hooks.Trusting(text)
}

// notifications counts what became of notifications.
func (a *app) notifications() func(kind hooks.Kind, outcome string, count int) {
	total := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "carillon_notifications_total", Help: "What became of SNS notifications and of the reports in them.",
	}, []string{"kind", "outcome"})
	a.registry.MustRegister(total)
	for _, k := range append(hooks.Kinds(), "unknown") {
		for _, o := range hooks.Outcomes() {
			total.WithLabelValues(string(k), o)
		}
	}
	return func(kind hooks.Kind, outcome string, count int) {
		total.WithLabelValues(string(kind), outcome).Add(float64(count))
	}
}

// lettersIn wires the answers of the document management system into the one inbox.
func (a *app) lettersIn(metrics *kafkain.Metrics) error {
	k := a.settings.Kafka
	if k.LetterStatus == "" {
		return nil
	}
	client, err := k.connection().Settings()
	if err != nil {
		return err
	}
	consumer, err := kafkain.New(kafkain.Config{
		Brokers: k.Brokers, Group: k.Group, Topic: k.LetterStatus, Client: client, Clock: clock, Log: a.log,
	}, a.report, metrics)
	if err != nil {
		return err
	}
	a.extra = append(a.extra, consumer.Run)
	return nil
}
