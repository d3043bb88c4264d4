package rest

import (
	"context"
	"math"
	"strconv"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/customer"
	"carillon/core/fault"
)

// PutPerson loads a person of the caller's source.
func (s *server) PutPerson(ctx context.Context, req *api.PersonRequest, params api.PutPersonParams) (api.PutPersonRes, error) {
	p, wrong := personLoad(params.ExternalId, req)
	if wrong != nil {
		return nil, fault.Refuse(wrong...)
	}
	p.Source = caller(ctx).Source
	stored, err := s.Persons.LoadPerson(ctx, s.cfg.Clock(), caller(ctx), p)
	if err != nil {
		return nil, err
	}
	return s.personAnswer(stored)
}

// personLoad is a person as its source sends it.
func personLoad(externalID string, req *api.PersonRequest) (customer.Person, []fault.Violation) {
	p := customer.Person{
		ExternalID: externalID, Division: string(req.Division), Version: req.Version, Kind: customer.PersonKind(req.Kind.Value),
		Names: names(req.Names), Identifiers: identifiers(req.Identifiers), Language: string(req.Language.Value),
		Account: string(req.Account.Value), Mailing: mailing(req.Mailing), Seasons: seasons(req.Seasons),
		Silent: !req.AllowCommunications.Or(true), Characteristics: characteristics(req.Characteristics),
	}
	var wrong []fault.Violation
	p.Points, wrong = points("/points/", req.Points)
	return p, wrong
}

func points(at string, in []api.PointRequest) (out []customer.Point, wrong []fault.Violation) {
	for i, pt := range in {
		point, reason := pointOf(pt)
		if reason != "" {
			wrong = append(wrong, fault.Violation{Field: at + strconv.Itoa(i), Reason: reason})
		}
		out = append(out, point)
	}
	return out, wrong
}

// pointOf reads a contact point, or says what is wrong with it.
func pointOf(in api.PointRequest) (customer.Point, string) {
	p := customer.Point{Kind: customer.PointKind(in.Kind), Preferred: in.Preferred.Value, Type: in.Type.Value, Extension: in.Extension.Value}
	for _, c := range in.Capabilities {
		p.Capabilities = append(p.Capabilities, customer.Capability(c))
	}
	for _, z := range in.Zones {
		p.Zones = append(p.Zones, string(z))
	}
	block := postal(in.Postal)
	switch {
	case p.Kind == customer.Post && (block == nil || in.Value.Set):
		return p, "a post point has postal and no value"
	case p.Kind != customer.Post && (block != nil || !in.Value.Set):
		return p, "a phone or email point has value and no postal"
	case block != nil:
		p.Value = block.Address()
	default:
		p.Value = customer.Address(in.Value.Value)
	}
	return p, ""
}

func postal(in api.OptPostal) *customer.Postal {
	if !in.Set {
		return nil
	}
	return new(block(in.Value))
}

// block is a postal address as the core knows it.
func block(p api.Postal) customer.Postal {
	return customer.Postal{
		Line1: p.Line1, Line2: p.Line2.Value, Line3: p.Line3.Value, Line4: p.Line4.Value,
		City: p.City, State: p.State.Value, Postal: p.Postal.Value, Country: p.Country,
		Number1: p.Number1.Value, Number2: p.Number2.Value, HouseType: p.HouseType.Value, County: p.County.Value,
		GeoCode: p.GeoCode.Value, InCityLimit: string(p.InCityLimit.Value),
	}
}

func blockView(b customer.Postal) api.Postal {
	out := api.Postal{
		Line1: b.Line1, Line2: text(b.Line2), Line3: text(b.Line3), Line4: text(b.Line4),
		City: b.City, State: text(b.State), Postal: text(b.Postal), Country: b.Country,
		Number1: text(b.Number1), Number2: text(b.Number2), HouseType: text(b.HouseType), County: text(b.County), GeoCode: text(b.GeoCode),
	}
	if b.InCityLimit != "" {
		out.InCityLimit = api.NewOptPostalInCityLimit(api.PostalInCityLimit(b.InCityLimit))
	}
	return out
}

// GetPerson reads a person.
func (s *server) GetPerson(ctx context.Context, params api.GetPersonParams) (api.GetPersonRes, error) {
	p, err := s.Persons.Person(ctx, caller(ctx), source(ctx, params.Source), params.ExternalId)
	if err != nil {
		return nil, err
	}
	return s.personAnswer(p)
}

func (s *server) personAnswer(p customer.Person) (*api.PersonHeaders, error) {
	view, err := s.personView(p)
	if err != nil {
		return nil, err
	}
	return &api.PersonHeaders{ETag: etag(p.Revision), Response: *view}, nil
}

// personView shows a person with addresses in the clear, to whoever may call the operation; identifiers are masked as
// their types say.
func (s *server) personView(p customer.Person) (*api.Person, error) {
	out := &api.Person{
		ID: api.PersonID(p.ID.String()), Source: p.Source, ExternalId: p.ExternalID, Division: p.Division,
		Version: p.Version, Revision: p.Revision, Language: text(p.Language), Account: text(p.Account), UpdatedAt: stamp(p.UpdatedAt),
		Names: make([]api.Name, 0, len(p.Names)), Points: make([]api.Point, 0, len(p.Points)), AllowCommunications: !p.Silent,
		Characteristics: characteristicsView(p.Characteristics), Divisions: p.Also, Owned: groupsView(p.Owned),
	}
	if p.Kind != "" {
		out.Kind = api.NewOptPersonKind(api.PersonKind(p.Kind))
	}
	for _, n := range p.Names {
		out.Names = append(out.Names, api.Name{Type: api.NameType(n.Type), Text: n.Text})
	}
	for _, id := range p.Identifiers {
		kind, known := s.Snapshots.Current().IdentifierType(id.Type)
		if !known { // its type is gone: nothing says how much may be shown
			kind.Shown = math.MaxInt
		}
		out.Identifiers = append(out.Identifiers, api.MaskedIdentifier{Type: id.Type, Value: id.Value.Masked(kind.Shown), Primary: id.Primary})
	}
	if len(p.Mailing.Names) > 0 || p.Mailing.Address != nil {
		m := api.Mailing{Names: p.Mailing.Names}
		if p.Mailing.Address != nil {
			m.Address = api.NewOptPostal(blockView(*p.Mailing.Address))
		}
		out.Mailing = api.NewOptMailing(m)
	}
	for _, season := range p.Seasons {
		out.Seasons = append(out.Seasons, api.Season{Address: blockView(season.Address), From: season.From, Until: season.Until})
	}
	for _, pt := range p.Points {
		point, err := pointView(pt)
		if err != nil {
			return nil, err
		}
		out.Points = append(out.Points, point)
	}
	return out, nil
}

func pointView(p customer.Point) (api.Point, error) {
	out := api.Point{
		ID: strconv.FormatInt(int64(p.ID), 10), Kind: api.PointKind(p.Kind), Zones: p.Zones, Preferred: p.Preferred,
		Origin: api.PointOrigin(p.Origin), UndeliverableSince: maybe(p.UndeliverableSince),
		Type: text(p.Type), Extension: text(p.Extension),
		Capabilities: make([]api.Capability, 0, len(p.Capabilities)),
	}
	for _, c := range p.Capabilities {
		out.Capabilities = append(out.Capabilities, api.Capability(c))
	}
	if p.Kind != customer.Post {
		out.Value = text(p.Value.Reveal())
		return out, nil
	}
	address, err := customer.ParsePostal(p.Value)
	if err != nil {
		return out, fault.Wrap(fault.Unknown, "reading contact point "+out.ID, err)
	}
	out.Postal = api.NewOptPostal(blockView(address))
	return out, nil
}
