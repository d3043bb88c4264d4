package rest

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"carillon/core/access"
	"carillon/core/customer"
	"carillon/core/desk/customers"
	"carillon/core/fault"
)

// PersonDesk makes, reads and corrects persons.
type PersonDesk interface {
	CreatePerson(ctx context.Context, now time.Time, p access.Principal, in customer.Person) (customer.Person, error)
	PersonByID(ctx context.Context, p access.Principal, id customer.PersonID) (customer.Person, error)
	CorrectPerson(ctx context.Context, now time.Time, p access.Principal, id customer.PersonID, c customers.Correction[customer.Person]) (customer.Person, error)
}

// PersonNew is a person as the desk makes it.
type PersonNew struct {
	Division            string              `json:"division"`
	Names               []Name              `json:"names"`
	Language            string              `json:"language,omitzero"`
	Points              []PointRequest      `json:"points,omitzero"`
	Kind                customer.PersonKind `json:"kind,omitzero"`
	Identifiers         []Identifier        `json:"identifiers,omitzero"`
	Mailing             *Mailing            `json:"mailing,omitzero"`
	Seasons             []Season            `json:"seasons,omitzero"`
	AllowCommunications *bool               `json:"allowCommunications,omitzero"`
	Characteristics     []Characteristic    `json:"characteristics,omitzero"`
}

// PersonPatch is the groups of fields to change, each whole. `kind` comes with `names`.
type PersonPatch struct {
	Names               []Name               `json:"names,omitzero"`
	Kind                *customer.PersonKind `json:"kind,omitzero"`
	Identifiers         []Identifier         `json:"identifiers,omitzero"`
	Points              []PointRequest       `json:"points,omitzero"`
	Postal              []PointRequest       `json:"postal,omitzero"`
	Language            *string              `json:"language,omitzero"`
	Mailing             *Mailing             `json:"mailing,omitzero"`
	Seasons             []Season             `json:"seasons,omitzero"`
	AllowCommunications *bool                `json:"allowCommunications,omitzero"`
	Characteristics     []Characteristic     `json:"characteristics,omitzero"`
	GiveBack            []customer.Group     `json:"giveBack,omitzero"`
}

// createPerson makes a person at the desk.
func (s *server) createPerson(ctx context.Context, c call[PersonNew]) (answer[Person], error) {
	req := &c.body
	p := customer.Person{
		Division: req.Division, Kind: req.Kind, Names: namesOf(req.Names), Identifiers: identifiersOf(req.Identifiers),
		Language: req.Language, Mailing: mailingOf(req.Mailing), Seasons: seasonsOf(req.Seasons),
		Silent: !yes(req.AllowCommunications, true), Characteristics: characteristicsOf(req.Characteristics),
	}
	var wrong []fault.Violation
	if p.Points, wrong = pointsOf("/points/", req.Points); wrong != nil {
		return failed[Person](fault.Refuse(wrong...))
	}
	made, err := s.Customers.CreatePerson(ctx, c.now, c.caller, p)
	a, err := s.personAnswer(made, err)
	return a.as(http.StatusCreated), err
}

// getPersonByID reads a person by its number.
func (s *server) getPersonByID(ctx context.Context, c call[nothing]) (answer[Person], error) {
	id, err := pathID(c.exchange, "person", customer.ParsePersonID, "person")
	if err != nil {
		return failed[Person](err)
	}
	p, err := s.Customers.PersonByID(ctx, c.caller, id)
	return s.personAnswer(p, err)
}

// patchPerson corrects a person.
func (s *server) patchPerson(ctx context.Context, c call[PersonPatch]) (answer[Person], error) {
	id, err := pathID(c.exchange, "person", customer.ParsePersonID, "person")
	if err != nil {
		return failed[Person](err)
	}
	correction, wrong := personCorrection(&c.body)
	if wrong != nil {
		return failed[Person](fault.Refuse(wrong...))
	}
	if correction.Revision, err = revisionOf(c.exchange); err != nil {
		return failed[Person](err)
	}
	p, err := s.Customers.CorrectPerson(ctx, c.now, c.caller, id, correction)
	return s.personAnswer(p, err)
}

// groupsGiven are the groups of fields that a patch gives.
type groupsGiven []customer.Group

func (g *groupsGiven) add(there bool, group customer.Group) {
	if there {
		*g = append(*g, group)
	}
}

// personCorrection is what a patch changes: the groups that are there.
func personCorrection(req *PersonPatch) (c customers.Correction[customer.Person], wrong []fault.Violation) {
	var g groupsGiven
	g.add(req.Names != nil, customer.OfNames)
	g.add(req.Identifiers != nil, customer.OfIdentifiers)
	g.add(req.Points != nil, customer.OfPoints)
	g.add(req.Postal != nil, customer.OfPostal)
	g.add(req.Mailing != nil, customer.OfMailing)
	g.add(req.Seasons != nil, customer.OfSeasons)
	g.add(req.Language != nil, customer.OfLanguage)
	g.add(req.AllowCommunications != nil, customer.OfCommunications)
	g.add(req.Characteristics != nil, customer.OfCharacteristics)
	c.Groups, c.GiveBack = g, req.GiveBack
	c.To = customer.Person{
		Names: namesOf(req.Names), Identifiers: identifiersOf(req.Identifiers), Mailing: mailingOf(req.Mailing),
		Seasons: seasonsOf(req.Seasons), Language: given(req.Language), Silent: !yes(req.AllowCommunications, true),
		Characteristics: characteristicsOf(req.Characteristics),
	}
	if req.Kind != nil {
		c.To.Kind = *req.Kind
	}
	if req.Kind != nil && req.Names == nil {
		wrong = append(wrong, fault.Violation{Field: "/names", Reason: "is required with kind"})
	}
	reached, bad := pointsOf("/points/", req.Points)
	mailed, worse := pointsOf("/postal/", req.Postal)
	c.To.Points = append(reached, mailed...)
	wrong = append(append(wrong, bad...), worse...)
	return c, append(wrong, misplacedPoints(reached, mailed)...)
}

// misplacedPoints tells which points stand in the other list than theirs.
func misplacedPoints(reached, mailed []customer.Point) (wrong []fault.Violation) {
	for i, pt := range reached {
		if pt.Kind == customer.Post {
			wrong = append(wrong, fault.Violation{
				Field: "/points/" + strconv.Itoa(i) + "/kind", Reason: "is phone or email; postal points stand in postal",
			})
		}
	}
	for i, pt := range mailed {
		if pt.Kind != customer.Post {
			wrong = append(wrong, fault.Violation{Field: "/postal/" + strconv.Itoa(i) + "/kind", Reason: "is post"})
		}
	}
	return wrong
}

func groupsView(in []customer.Group) []string {
	out := make([]string, len(in))
	for i, g := range in {
		out[i] = string(g)
	}
	return out
}
