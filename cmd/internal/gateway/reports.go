package gateway

import (
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/adapters/driving/hooks"
	"carillon/cmd/internal/clock"
	"carillon/core/dispatch"
	"carillon/core/fault"
)

// hookTimeout bounds the fetch of a certificate and the confirmation of a subscription.
const hookTimeout = 10 * time.Second

// hooks wires the endpoint that takes SNS-signed notifications into the one inbox.
func (a *Gateway) hooks() (http.Handler, error) {
	s := a.settings.Hooks
	topics := make(map[string]hooks.Topic)
	for _, arn := range s.EmailTopic {
		topics[arn] = hooks.Topic{Kind: hooks.EmailEvents, Provider: dispatch.ProviderSES}
	}
	for _, arn := range s.SMSStatusTopic {
		topics[arn] = hooks.Topic{Kind: hooks.SMSStatus, Provider: dispatch.ProviderSNS}
	}
	for _, arn := range s.SMSInboundTopic {
		topics[arn] = hooks.Topic{Kind: hooks.SMSInbound, Provider: dispatch.ProviderSNS}
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
		hooks.Config{Topics: topics, Version1: s.Version1, Clock: clock.Now, Log: a.log, Observe: a.notifications()},
		hooks.Services{Inbox: a.report, Certificates: source, Confirm: confirm},
	)
}

// certificates is where signing certificates come from: AWS, or the file that a simulator wrote.
func (a *Gateway) certificates(client *http.Client) (hooks.CertificateSource, error) {
	if a.settings.Hooks.TrustFile == "" {
		return hooks.Certificates(hooks.Fetching{Client: client, Clock: clock.Now})
	}
	text, err := os.ReadFile(a.settings.Hooks.TrustFile)
	if err != nil {
		return nil, fault.Wrap(fault.Misconfigured, "reading the trusted certificate", err)
	}
	return hooks.Trusting(text)
}

// notifications counts what became of notifications.
func (a *Gateway) notifications() func(kind hooks.Kind, outcome string, count int) {
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
