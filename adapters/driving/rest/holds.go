package rest

import (
	"context"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/store"
)

// PutHold keeps retention from an account or a person.
func (s *server) PutHold(ctx context.Context, req *api.HoldRequest) (api.PutHoldRes, error) {
	in := store.Hold{Reason: req.Reason}
	switch {
	case req.Account.Set && req.Person.Set: // neither kind: the desk says that a hold has one of the two
	case req.Account.Set:
		in.Kind, in.Subject = store.HoldAccount, req.Account.Value
	case req.Person.Set:
		in.Kind, in.Subject = store.HoldPerson, req.Person.Value
	}
	h, err := s.Holds.PutHold(ctx, s.cfg.Clock(), caller(ctx), in)
	if err != nil {
		return nil, err
	}
	out := hold(h)
	return &out, nil
}

// LiftHold ends a hold.
func (s *server) LiftHold(ctx context.Context, params api.LiftHoldParams) (api.LiftHoldRes, error) {
	if err := s.Holds.LiftHold(ctx, s.cfg.Clock(), caller(ctx), params.Hold); err != nil {
		return nil, err
	}
	return &api.LiftHoldNoContent{}, nil
}

// ListHolds says what is held.
func (s *server) ListHolds(ctx context.Context, params api.ListHoldsParams) (api.ListHoldsRes, error) {
	all, err := s.Holds.Holds(ctx, caller(ctx), params.Lifted.Or(false))
	if err != nil {
		return nil, err
	}
	out := &api.HoldList{Holds: make([]api.Hold, len(all))}
	for i, h := range all {
		out.Holds[i] = hold(h)
	}
	return out, nil
}

func hold(h store.Hold) api.Hold {
	out := api.Hold{
		Hold: h.Number, Reason: h.Reason, By: h.By, At: stamp(h.At), LiftedBy: text(h.LiftedBy), LiftedAt: maybe(h.LiftedAt),
	}
	if h.Kind == store.HoldAccount {
		out.Account = text(h.Subject)
	} else {
		out.Person = text(h.Subject)
	}
	return out
}
