package rest

import (
	"context"
	"net/http"
	"time"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/api/intake"
	"carillon/core/access"
	"carillon/core/customer"
	"carillon/core/desk/customers"
)

func (s *server) premiseOperations() []operation {
	return []operation{
		op("putPremise", s.putPremise),
		op("getPremise", s.getPremise),
		op("createPremise", s.createPremise),
		op("getPremiseByID", s.getPremiseByID),
		op("patchPremise", s.patchPremise),
	}
}

// PremiseDesk makes, reads and corrects premises.
type PremiseDesk interface {
	CreatePremise(ctx context.Context, now time.Time, p access.Principal, in customer.Premise) (customer.Premise, error)
	Premise(ctx context.Context, p access.Principal, source, externalID string) (customer.Premise, error)
	PremiseByID(ctx context.Context, p access.Principal, id customer.PremiseID) (customer.Premise, error)
	CorrectPremise(ctx context.Context, now time.Time, p access.Principal, id customer.PremiseID, c customers.Correction[customer.Premise]) (customer.Premise, error)
}

// PremiseLoad is a premise as the source knows it, whole.
type PremiseLoad struct {
	Version    int64         `json:"version"`
	Division   string        `json:"division"`
	Address    intake.Postal `json:"address"`
	Type       string        `json:"type,omitzero"`
	Zone       string        `json:"zone,omitzero"`
	PostalArea string        `json:"postalArea,omitzero"`
	Geography  []Geographic  `json:"geography,omitzero"`
}

// Geographic is a value of a Geographic Type.
type Geographic struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// Premise is a premise as stored.
type Premise struct {
	ID         string          `json:"id"`
	Source     string          `json:"source"`
	ExternalID string          `json:"externalId"`
	Division   string          `json:"division"`
	Version    int64           `json:"version"`
	Revision   int64           `json:"revision"`
	Owned      []string        `json:"owned"`
	UpdatedAt  contract.Moment `json:"updatedAt"`
	Address    intake.Postal   `json:"address"`
	Type       string          `json:"type,omitzero"`
	Zone       string          `json:"zone,omitzero"`
	PostalArea string          `json:"postalArea,omitzero"`
	Geography  []Geographic    `json:"geography,omitempty"`
}

// PremiseNew is a premise as the desk makes it.
type PremiseNew struct {
	Division   string        `json:"division"`
	Address    intake.Postal `json:"address"`
	Type       string        `json:"type,omitzero"`
	Zone       string        `json:"zone,omitzero"`
	PostalArea string        `json:"postalArea,omitzero"`
	Geography  []Geographic  `json:"geography,omitzero"`
}

// PremisePatch is the groups of fields to change, each whole: details are `type`, `zone` and `postalArea`.
type PremisePatch struct {
	Address    *intake.Postal   `json:"address,omitzero"`
	Type       *string          `json:"type,omitzero"`
	Zone       *string          `json:"zone,omitzero"`
	PostalArea *string          `json:"postalArea,omitzero"`
	Geography  []Geographic     `json:"geography,omitzero"`
	GiveBack   []customer.Group `json:"giveBack,omitzero"`
}

func geographyOf(in []Geographic) (out []customer.Geographic) {
	for _, g := range in {
		out = append(out, customer.Geographic(g))
	}
	return out
}

// premiseLoad is a premise as its source sends it.
func premiseLoad(externalID string, req *PremiseLoad) customer.Premise {
	return customer.Premise{
		ExternalID: externalID, Division: req.Division, Version: req.Version, Type: req.Type, Address: *req.Address.Block(),
		Zone: req.Zone, PostalArea: req.PostalArea, Geography: geographyOf(req.Geography),
	}
}

// putPremise loads a premise of the caller's source.
func (s *server) putPremise(ctx context.Context, c call[PremiseLoad]) (answer[Premise], error) {
	done, err := s.loadOne(ctx, c.exchange, customers.Load{Premise: new(premiseLoad(c.Text("externalId"), &c.body))})
	if err != nil {
		return failed[Premise](err)
	}
	return premiseAnswer(*done.Premise, nil)
}

// getPremise reads a premise.
func (s *server) getPremise(ctx context.Context, c call[nothing]) (answer[Premise], error) {
	return premiseAnswer(s.Customers.Premise(ctx, c.caller, c.source(), c.Text("externalId")))
}

// createPremise makes a premise at the desk.
func (s *server) createPremise(ctx context.Context, c call[PremiseNew]) (answer[Premise], error) {
	a, err := premiseAnswer(s.Customers.CreatePremise(ctx, c.now, c.caller, customer.Premise{
		Division: c.body.Division, Type: c.body.Type, Address: *c.body.Address.Block(), Zone: c.body.Zone,
		PostalArea: c.body.PostalArea, Geography: geographyOf(c.body.Geography),
	}))
	return a.as(http.StatusCreated), err
}

// premiseID is the premise that a path names.
func premiseID(x *exchange) (customer.PremiseID, error) {
	return pathID(x, "premise", customer.ParsePremiseID, "premise")
}

// getPremiseByID reads a premise by its number.
func (s *server) getPremiseByID(ctx context.Context, c call[nothing]) (answer[Premise], error) {
	id, err := premiseID(c.exchange)
	if err != nil {
		return failed[Premise](err)
	}
	return premiseAnswer(s.Customers.PremiseByID(ctx, c.caller, id))
}

// patchPremise corrects a premise.
func (s *server) patchPremise(ctx context.Context, c call[PremisePatch]) (answer[Premise], error) {
	id, err := premiseID(c.exchange)
	if err != nil {
		return failed[Premise](err)
	}
	correction := premiseCorrection(&c.body)
	if correction.Revision, err = revisionOf(c.exchange); err != nil {
		return failed[Premise](err)
	}
	return premiseAnswer(s.Customers.CorrectPremise(ctx, c.now, c.caller, id, correction))
}

// premiseCorrection is what a patch changes: the groups that are there.
func premiseCorrection(req *PremisePatch) customers.Correction[customer.Premise] {
	c := customers.Correction[customer.Premise]{GiveBack: req.GiveBack, To: customer.Premise{
		Type: given(req.Type), Zone: given(req.Zone), PostalArea: given(req.PostalArea),
		Geography: geographyOf(req.Geography),
	}}
	var g groupsGiven
	g.add(req.Address != nil, customer.OfAddress)
	g.add(req.Type != nil || req.Zone != nil || req.PostalArea != nil, customer.OfDetails)
	g.add(req.Geography != nil, customer.OfGeography)
	c.Groups = g
	if req.Address != nil {
		c.To.Address = *req.Address.Block()
	}
	return c
}

// premiseAnswer shows a premise with its revision.
func premiseAnswer(p customer.Premise, err error) (answer[Premise], error) {
	if err != nil {
		return failed[Premise](err)
	}
	return ok(premiseView(p)).revised(p.Revision), nil
}

func premiseView(p customer.Premise) Premise {
	out := Premise{
		ID: p.ID.String(), Source: p.Source, ExternalID: p.ExternalID, Division: p.Division, Version: p.Version,
		Revision: p.Revision, Owned: groupsView(p.Owned), UpdatedAt: contract.Moment(p.UpdatedAt),
		Address: *intake.PostalOf(&p.Address), Type: p.Type, PostalArea: p.PostalArea, Zone: p.Zone,
	}
	for _, g := range p.Geography {
		out.Geography = append(out.Geography, Geographic(g))
	}
	return out
}
