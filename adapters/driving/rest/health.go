package rest

import (
	"context"
	"strings"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/adapters/kit/guard"
	"carillon/contracts"
)

// Live says that the process serves.
func (s *server) Live(context.Context) (api.LiveRes, error) {
	return &api.Live{Status: api.LiveStatusAlive}, nil
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
