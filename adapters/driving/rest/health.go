package rest

import (
	"context"
	"net/http"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/kit/guard"
	"carillon/contracts"
)

func (s *server) healthOperations() []operation {
	return []operation{
		op("live", s.live),
		op("ready", s.ready),
		op("openapi", s.openapi),
		op("asyncapi", s.asyncapi),
	}
}

// Health exercises the store.
type Health interface {
	// Check writes and reads back.
	Check(ctx context.Context) error
}

// Live says that the process serves.
type Live struct {
	Status    string     `json:"status"`
	Consumers []Consumer `json:"consumers,omitempty"`
}

// Consumer is a consumer of a Kafka topic.
type Consumer struct {
	Topic string          `json:"topic"`
	Seen  contract.Moment `json:"seen,omitzero"` // when it last read, or had nothing new to read; zero before the first
	Lag   int64           `json:"lag"`           // records that are there and not taken yet, of the partitions read here
}

// Ready says whether the store takes writes.
type Ready struct {
	Status       string    `json:"status"`
	OpenBreakers []Breaker `json:"openBreakers"`
}

// live says that the process serves.
func (s *server) live(context.Context, call[nothing]) (answer[Live], error) {
	out := Live{Status: "alive"}
	if s.cfg.Consumers != nil {
		out.Consumers = s.cfg.Consumers()
	}
	return ok(out), nil
}

// ready says whether the store takes writes. Open breakers are named and stop nothing.
func (s *server) ready(ctx context.Context, _ call[nothing]) (answer[Ready], error) {
	out := Ready{Status: "ready", OpenBreakers: []Breaker{}}
	for _, b := range s.Breakers.Breakers() {
		if b.State != guard.Closed {
			out.OpenBreakers = append(out.OpenBreakers, breakerView(b))
		}
	}
	if err := s.Health.Check(ctx); err != nil {
		out.Status = "store_unavailable"
		return ok(out).as(http.StatusServiceUnavailable), nil //nolint:nilerr // the answer says it
	}
	return ok(out), nil
}

// yamlMedia is the media type of the contracts.
const yamlMedia = "application/yaml"

// openapi gives out the contract.
func (s *server) openapi(context.Context, call[nothing]) (answer[nothing], error) {
	return document(yamlMedia, []byte(contracts.OpenAPI())), nil
}

// asyncapi gives out the Kafka contract.
func (s *server) asyncapi(context.Context, call[nothing]) (answer[nothing], error) {
	return document(yamlMedia, []byte(contracts.AsyncAPI())), nil
}
