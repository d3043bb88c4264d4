package rest

import (
	"context"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/customer"
	"carillon/core/desk"
	"carillon/core/fault"
)

func geography(in []api.Geographic) (out []customer.Geographic) {
	for _, g := range in {
		out = append(out, customer.Geographic{Type: g.Type, Value: g.Value})
	}
	return out
}

// premiseLoad is a premise as its source sends it.
func premiseLoad(externalID string, req *api.PremiseLoad) customer.Premise {
	return customer.Premise{
		ExternalID: externalID, Division: string(req.Division), Version: req.Version, Type: req.Type.Value, Address: block(req.Address),
		Zone: string(req.Zone.Value), PostalArea: req.PostalArea.Value, Geography: geography(req.Geography),
	}
}

// PutPremise loads a premise of the caller's source.
func (s *server) PutPremise(ctx context.Context, req *api.PremiseLoad, params api.PutPremiseParams) (api.PutPremiseRes, error) {
	load := premiseLoad(params.ExternalId, req)
	done, err := s.loadOne(ctx, desk.Load{Premise: &load})
	if err != nil {
		return nil, err
	}
	return premiseAnswer(*done.Premise), nil
}

// GetPremise reads a premise.
func (s *server) GetPremise(ctx context.Context, params api.GetPremiseParams) (api.GetPremiseRes, error) {
	p, err := s.Customers.Premise(ctx, caller(ctx), source(ctx, params.Source), params.ExternalId)
	if err != nil {
		return nil, err
	}
	return premiseAnswer(p), nil
}

// CreatePremise makes a premise at the desk.
func (s *server) CreatePremise(ctx context.Context, req *api.PremiseNew) (api.CreatePremiseRes, error) {
	made, err := s.Customers.CreatePremise(ctx, s.cfg.Clock(), caller(ctx), customer.Premise{
		Division: string(req.Division), Type: req.Type.Value, Address: block(req.Address), Zone: string(req.Zone.Value),
		PostalArea: req.PostalArea.Value, Geography: geography(req.Geography),
	})
	if err != nil {
		return nil, err
	}
	return premiseAnswer(made), nil
}

// GetPremiseByID reads a premise by its number.
func (s *server) GetPremiseByID(ctx context.Context, params api.GetPremiseByIDParams) (api.GetPremiseByIDRes, error) {
	id, err := customer.ParsePremiseID(string(params.Premise))
	if err != nil {
		return nil, fault.New(fault.NotFound, "there is no such premise")
	}
	p, err := s.Customers.PremiseByID(ctx, caller(ctx), id)
	if err != nil {
		return nil, err
	}
	return premiseAnswer(p), nil
}

// PatchPremise corrects a premise.
func (s *server) PatchPremise(ctx context.Context, req *api.PremisePatch, params api.PatchPremiseParams) (api.PatchPremiseRes, error) {
	id, err := customer.ParsePremiseID(string(params.Premise))
	if err != nil {
		return nil, fault.New(fault.NotFound, "there is no such premise")
	}
	c := desk.Correction[customer.Premise]{GiveBack: groups(req.GiveBack), To: customer.Premise{
		Type: req.Type.Value, Zone: string(req.Zone.Value), PostalArea: req.PostalArea.Value, Geography: geography(req.Geography),
	}}
	if req.Address.Set {
		c.Groups, c.To.Address = append(c.Groups, customer.OfAddress), block(req.Address.Value)
	}
	if req.Type.Set || req.Zone.Set || req.PostalArea.Set {
		c.Groups = append(c.Groups, customer.OfDetails)
	}
	if req.Geography != nil {
		c.Groups = append(c.Groups, customer.OfGeography)
	}
	if c.Revision, err = revisionOf(params.IfMatch); err != nil {
		return nil, err
	}
	p, err := s.Customers.CorrectPremise(ctx, s.cfg.Clock(), caller(ctx), id, c)
	if err != nil {
		return nil, err
	}
	return premiseAnswer(p), nil
}

func premiseAnswer(p customer.Premise) *api.PremiseHeaders {
	return &api.PremiseHeaders{ETag: etag(p.Revision), Response: premiseView(p)}
}

func premiseView(p customer.Premise) api.Premise {
	out := api.Premise{
		ID: api.PremiseID(p.ID.String()), Source: p.Source, ExternalId: p.ExternalID, Division: p.Division, Version: p.Version,
		Revision: p.Revision, Owned: groupsView(p.Owned), UpdatedAt: stamp(p.UpdatedAt), Address: blockView(p.Address), Type: text(p.Type),
		PostalArea: text(p.PostalArea),
	}
	if p.Zone != "" {
		out.Zone = api.NewOptZone(api.Zone(p.Zone))
	}
	for _, g := range p.Geography {
		out.Geography = append(out.Geography, api.Geographic{Type: g.Type, Value: g.Value})
	}
	return out
}
