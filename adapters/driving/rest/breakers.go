package rest

import (
	"context"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/fault"
)

// ListBreakers shows what this gateway's breakers let through.
func (s *server) ListBreakers(context.Context) (api.ListBreakersRes, error) {
	out := &api.BreakerList{Breakers: []api.Breaker{}}
	for _, b := range s.Breakers.Breakers() {
		out.Breakers = append(out.Breakers, breaker(b))
	}
	return out, nil
}

// TripBreaker holds a breaker open.
func (s *server) TripBreaker(ctx context.Context, req *api.ReasonRequest, params api.TripBreakerParams) (api.TripBreakerRes, error) {
	if err := s.guarded(params.Adapter, params.Route); err != nil {
		return nil, err
	}
	if err := s.Trips.TripBreaker(ctx, s.cfg.Clock(), caller(ctx), params.Adapter, params.Route, req.Reason); err != nil {
		return nil, err
	}
	return &api.TripBreakerNoContent{}, nil
}

// ResetBreaker closes a breaker.
func (s *server) ResetBreaker(ctx context.Context, req *api.ReasonRequest, params api.ResetBreakerParams) (api.ResetBreakerRes, error) {
	if err := s.guarded(params.Adapter, params.Route); err != nil {
		return nil, err
	}
	if err := s.Trips.ResetBreaker(ctx, s.cfg.Clock(), caller(ctx), params.Adapter, params.Route, req.Reason); err != nil {
		return nil, err
	}
	return &api.ResetBreakerNoContent{}, nil
}

// guarded refuses a breaker that no gateway of this configuration has.
func (s *server) guarded(adapter, route string) error {
	for _, b := range s.Breakers.Breakers() {
		if b.Adapter == adapter && b.Route == route {
			return nil
		}
	}
	return fault.New(fault.NotFound, "there is no such breaker")
}
