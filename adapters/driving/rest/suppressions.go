package rest

import (
	"context"
	"errors"
	"slices"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/consent"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
)

// PutSuppression stops reaching an address.
func (s *server) PutSuppression(ctx context.Context, req *api.SuppressionRequest) (api.PutSuppressionRes, error) {
	err := s.Suppressions.Suppress(ctx, s.cfg.Clock(), caller(ctx), consent.Suppression{
		Channel: message.Channel(req.Channel), Address: customer.Address(req.Address),
		Division: string(req.Division.Value), Reason: string(req.Reason),
	})
	if err != nil {
		return nil, err
	}
	return &api.PutSuppressionNoContent{}, nil
}

// LiftSuppression reaches an address again.
func (s *server) LiftSuppression(ctx context.Context, params api.LiftSuppressionParams) (api.LiftSuppressionRes, error) {
	err := s.Suppressions.Lift(ctx, s.cfg.Clock(), caller(ctx), consent.Suppression{
		Channel: message.Channel(params.Channel), Address: customer.Address(params.CarillonAddress),
		Division: string(params.Division.Value),
	})
	if err != nil {
		return nil, asParameters(err)
	}
	return &api.LiftSuppressionNoContent{}, nil
}

// ListSuppressions says why an address is not reached.
func (s *server) ListSuppressions(ctx context.Context, params api.ListSuppressionsParams) (api.ListSuppressionsRes, error) {
	found, err := s.Suppressions.Suppressions(ctx, caller(ctx), message.Channel(params.Channel), string(params.CarillonAddress))
	if err != nil {
		return nil, asParameters(err)
	}
	out := &api.SuppressionList{Suppressions: make([]api.Suppression, 0, len(found))}
	for _, f := range found {
		out.Suppressions = append(out.Suppressions, api.Suppression{
			Channel: api.Channel(f.Channel), Division: text(f.Division), Reason: f.Reason, Origin: f.Origin, Since: stamp(f.Since),
		})
	}
	return out, nil
}

// asParameters names the fields of a refusal as parameters: the core knows them as fields of a body.
func asParameters(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		return err
	}
	wrong := slices.Clone(f.Violations)
	for i, v := range wrong {
		switch v.Field {
		case "/address":
			wrong[i].Field = "header/Carillon-Address"
		case "/channel", "/division":
			wrong[i].Field = "query" + v.Field
		}
	}
	return fault.Refuse(wrong...)
}
