package rest

import (
	"context"
	"math"
	"strconv"
	"time"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/api/intake"
	"carillon/core/access"
	"carillon/core/customer"
	"carillon/core/fault"
)

func (s *server) personOperations() []operation {
	return []operation{
		op("putPerson", s.putPerson),
		op("getPerson", s.getPerson),
		op("createPerson", s.createPerson),
		op("getPersonByID", s.getPersonByID),
		op("patchPerson", s.patchPerson),
	}
}

// Customers keeps persons, accounts, premises and service agreements; all of [desk.Customers] that the API shows.
//
// All return fault.NotFound for what the caller does not see, fault.Invalid naming every wrong field, and
// fault.Conflict for a revision that was not the latest.
type Customers interface {
	Loader
	PersonDesk
	AccountDesk
	PremiseDesk
	Finder
}

// Persons loads and reads persons.
type Persons interface {
	// LoadPerson writes a person of the caller's source; fault.Conflict for a lower version, fault.Invalid.
	LoadPerson(ctx context.Context, now time.Time, p access.Principal, person customer.Person) (customer.Person, error)
	// Person returns the person a source knows by the id; fault.NotFound.
	Person(ctx context.Context, p access.Principal, source, externalID string) (customer.Person, error)
}

// PersonRequest is a person as the source knows it, whole.
type PersonRequest struct {
	Version             int64               `json:"version"`
	Division            string              `json:"division"`
	Names               []Name              `json:"names"`
	Language            string              `json:"language,omitzero"`
	Account             string              `json:"account,omitzero"`
	Points              []PointRequest      `json:"points,omitzero"`
	Kind                customer.PersonKind `json:"kind,omitzero"`
	Identifiers         []Identifier        `json:"identifiers,omitzero"`
	Mailing             *Mailing            `json:"mailing,omitzero"`
	Seasons             []Season            `json:"seasons,omitzero"`
	AllowCommunications *bool               `json:"allowCommunications,omitzero"`
	Characteristics     []Characteristic    `json:"characteristics,omitzero"`
}

// Name is a name of a person.
type Name struct {
	Type customer.NameType `json:"type"`
	Text string            `json:"text"`
}

// PointRequest is one way to reach a person. A `post` point has `postal`; the others have `value`.
type PointRequest struct {
	Kind         customer.PointKind    `json:"kind"`
	Value        string                `json:"value,omitzero"`
	Postal       *intake.Postal        `json:"postal,omitzero"`
	Capabilities []customer.Capability `json:"capabilities,omitzero"`
	Zones        []string              `json:"zones,omitzero"`
	Preferred    bool                  `json:"preferred,omitzero"`
	Type         string                `json:"type,omitzero"`
	Extension    string                `json:"extension,omitzero"`
}

// Identifier is what a person is known by elsewhere.
type Identifier struct {
	Type    string `json:"type"`
	Value   string `json:"value"`
	Primary bool   `json:"primary,omitzero"`
}

// Mailing is what letters say instead of the primary name and the address.
type Mailing struct {
	Names   []string       `json:"names,omitempty"`
	Address *intake.Postal `json:"address,omitzero"`
}

// Season is an address that holds from a day to a day of every year, both included.
type Season struct {
	Address intake.Postal `json:"address"`
	From    string        `json:"from"`
	Until   string        `json:"until"`
}

// Person is a person as stored.
type Person struct {
	ID                  string              `json:"id"`
	Source              string              `json:"source"`
	ExternalID          string              `json:"externalId"`
	Division            string              `json:"division"`
	Version             int64               `json:"version"`
	Names               []Name              `json:"names"`
	Language            string              `json:"language,omitzero"`
	Account             string              `json:"account,omitzero"`
	Points              []Point             `json:"points"`
	UpdatedAt           contract.Moment     `json:"updatedAt"`
	Revision            int64               `json:"revision"`
	Kind                customer.PersonKind `json:"kind,omitzero"`
	Identifiers         []MaskedIdentifier  `json:"identifiers,omitempty"`
	Mailing             *Mailing            `json:"mailing,omitzero"`
	Seasons             []Season            `json:"seasons,omitempty"`
	Characteristics     []Characteristic    `json:"characteristics,omitempty"`
	AllowCommunications bool                `json:"allowCommunications"`
	Divisions           []string            `json:"divisions,omitempty"`
	Owned               []string            `json:"owned"`
}

// Point is a contact point as stored.
type Point struct {
	ID                 string                `json:"id"`
	Kind               customer.PointKind    `json:"kind"`
	Value              string                `json:"value,omitzero"`
	Postal             *intake.Postal        `json:"postal,omitzero"`
	Capabilities       []customer.Capability `json:"capabilities"`
	Zones              []string              `json:"zones"`
	Preferred          bool                  `json:"preferred"`
	Origin             customer.Origin       `json:"origin"`
	UndeliverableSince contract.Moment       `json:"undeliverableSince,omitzero"`
	Type               string                `json:"type,omitzero"`
	Extension          string                `json:"extension,omitzero"`
}

// MaskedIdentifier is an identifier, masked as its type says.
type MaskedIdentifier struct {
	Type    string `json:"type"`
	Value   string `json:"value"`
	Primary bool   `json:"primary"`
}

// putPerson loads a person of the caller's source.
func (s *server) putPerson(ctx context.Context, c call[PersonRequest]) (answer[Person], error) {
	p, wrong := personLoad(c.Text("externalId"), &c.body)
	if wrong != nil {
		return failed[Person](fault.Refuse(wrong...))
	}
	p.Source = c.caller.Source
	stored, err := s.Persons.LoadPerson(ctx, c.now, c.caller, p)
	return s.personAnswer(stored, err)
}

// personLoad is a person as its source sends it.
func personLoad(externalID string, req *PersonRequest) (customer.Person, []fault.Violation) {
	p := customer.Person{
		ExternalID: externalID, Division: req.Division, Version: req.Version, Kind: req.Kind, Names: namesOf(req.Names),
		Identifiers: identifiersOf(req.Identifiers), Language: req.Language, Account: req.Account,
		Mailing: mailingOf(req.Mailing), Seasons: seasonsOf(req.Seasons), Silent: !yes(req.AllowCommunications, true),
		Characteristics: characteristicsOf(req.Characteristics),
	}
	var wrong []fault.Violation
	p.Points, wrong = pointsOf("/points/", req.Points)
	return p, wrong
}

// yes is a switch, or what it is when it is left out.
func yes(given *bool, otherwise bool) bool {
	if given == nil {
		return otherwise
	}
	return *given
}

// given is a text, or nothing when it is left out.
func given(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func namesOf(in []Name) (out []customer.Name) {
	for _, n := range in {
		out = append(out, customer.Name(n))
	}
	return out
}

func identifiersOf(in []Identifier) (out []customer.Identifier) {
	for _, id := range in {
		out = append(out, customer.Identifier{
			Type: id.Type, Value: customer.IdentifierValue(id.Value), Primary: id.Primary,
		})
	}
	return out
}

func mailingOf(in *Mailing) customer.Mailing {
	if in == nil {
		return customer.Mailing{}
	}
	return customer.Mailing{Names: in.Names, Address: in.Address.Block()}
}

func seasonsOf(in []Season) (out []customer.Season) {
	for _, s := range in {
		out = append(out, customer.Season{Address: *s.Address.Block(), From: s.From, Until: s.Until})
	}
	return out
}

func pointsOf(at string, in []PointRequest) (out []customer.Point, wrong []fault.Violation) {
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
func pointOf(in PointRequest) (customer.Point, string) {
	p := customer.Point{
		Kind: in.Kind, Preferred: in.Preferred, Type: in.Type, Extension: in.Extension, Capabilities: in.Capabilities,
		Zones: in.Zones,
	}
	block := in.Postal.Block()
	switch {
	case p.Kind == customer.Post && (block == nil || in.Value != ""):
		return p, "a post point has postal and no value"
	case p.Kind != customer.Post && (block != nil || in.Value == ""):
		return p, "a phone or email point has value and no postal"
	case block != nil:
		p.Value = block.Address()
	default:
		p.Value = customer.Address(in.Value)
	}
	return p, ""
}

// getPerson reads a person.
func (s *server) getPerson(ctx context.Context, c call[nothing]) (answer[Person], error) {
	p, err := s.Persons.Person(ctx, c.caller, c.source(), c.Text("externalId"))
	return s.personAnswer(p, err)
}

// personAnswer shows a person with its revision.
func (s *server) personAnswer(p customer.Person, err error) (answer[Person], error) {
	if err != nil {
		return failed[Person](err)
	}
	view, err := s.personView(p)
	return ok(view).revised(p.Revision), err
}

// personView shows a person with addresses in the clear, to whoever may call the operation; identifiers are masked as
// their types say.
func (s *server) personView(p customer.Person) (Person, error) {
	out := Person{
		ID: p.ID.String(), Source: p.Source, ExternalID: p.ExternalID, Division: p.Division, Version: p.Version,
		Revision: p.Revision, Kind: p.Kind, Language: p.Language, Account: p.Account,
		UpdatedAt: contract.Moment(p.UpdatedAt), AllowCommunications: !p.Silent,
		Characteristics: characteristicsView(p.Characteristics), Divisions: p.Also, Owned: groupsView(p.Owned),
	}
	for _, n := range p.Names {
		out.Names = append(out.Names, Name(n))
	}
	for _, id := range p.Identifiers {
		kind, known := s.Snapshots.Current().IdentifierType(id.Type)
		if !known { // its type is gone: nothing says how much may be shown
			kind.Shown = math.MaxInt
		}
		out.Identifiers = append(out.Identifiers, MaskedIdentifier{
			Type: id.Type, Value: id.Value.Masked(kind.Shown), Primary: id.Primary,
		})
	}
	if len(p.Mailing.Names) > 0 || p.Mailing.Address != nil {
		out.Mailing = &Mailing{Names: p.Mailing.Names, Address: intake.PostalOf(p.Mailing.Address)}
	}
	for _, season := range p.Seasons {
		out.Seasons = append(out.Seasons, Season{
			Address: *intake.PostalOf(&season.Address), From: season.From, Until: season.Until,
		})
	}
	for _, pt := range p.Points {
		point, err := pointView(pt)
		if err != nil {
			return out, err
		}
		out.Points = append(out.Points, point)
	}
	return out, nil
}

func pointView(p customer.Point) (Point, error) {
	out := Point{
		ID: strconv.FormatInt(int64(p.ID), 10), Kind: p.Kind, Zones: p.Zones, Preferred: p.Preferred, Origin: p.Origin,
		UndeliverableSince: contract.Moment(p.UndeliverableSince), Type: p.Type, Extension: p.Extension,
		Capabilities: p.Capabilities,
	}
	if p.Kind != customer.Post {
		out.Value = p.Value.Reveal()
		return out, nil
	}
	address, err := customer.ParsePostal(p.Value)
	if err != nil {
		return out, fault.Wrap(fault.Unknown, "reading contact point "+out.ID, err)
	}
	out.Postal = intake.PostalOf(&address)
	return out, nil
}
