package rest

import (
	"context"
	"strings"
	"time"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/adapters/kit/guard"
	"carillon/contracts"
)

// Live says that the process serves.
func (s *server) Live(context.Context) (api.LiveRes, error) {
	out := &api.Live{Status: api.LiveStatusAlive}
	if s.cfg.Consumers != nil {
		for _, c := range s.cfg.Consumers() {
			out.Consumers = append(out.Consumers, api.Consumer{Topic: c.Topic, Seen: maybe(c.Seen), Lag: c.Lag})
		}
	}
	return out, nil
}

// Consumer is a consumer of a Kafka topic, as /livez shows it.
type Consumer struct {
	Topic string
	Seen  time.Time // when it last read, or had nothing new to read; zero before the first
	Lag   int64     // records that are there and not taken yet, of the partitions read here
}

// Ready says whether the store takes writes. Open breakers are named and stop nothing.
func (s *server) Ready(ctx context.Context) (api.ReadyRes, error) {
	open := []api.Breaker{}
	for _, b := range s.Breakers.Breakers() {
		if b.State != guard.Closed {
			open = append(open, breaker(b))
		}
	}
	if err := s.Health.Check(ctx); err != nil {
		return &api.ReadyServiceUnavailable{Status: api.ReadyStatusStoreUnavailable, OpenBreakers: open}, nil //nolint:nilerr // the answer says it
	}
	return &api.ReadyOK{Status: api.ReadyStatusReady, OpenBreakers: open}, nil
}

// Openapi gives out the contract.
func (s *server) Openapi(context.Context) (api.OpenapiRes, error) {
	return &api.OpenapiOK{Data: strings.NewReader(contracts.OpenAPI())}, nil
}

// Asyncapi gives out the Kafka contract.
func (s *server) Asyncapi(context.Context) (api.AsyncapiRes, error) {
	return &api.AsyncapiOK{Data: strings.NewReader(contracts.AsyncAPI())}, nil
}
