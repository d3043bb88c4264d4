package rest

import (
	"context"
	"strconv"
	"time"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/agreement"
	"carillon/core/command"
	"carillon/core/customer"
	"carillon/core/desk"
	"carillon/core/fault"
)

func names(in []api.Name) (out []customer.Name) {
	for _, n := range in {
		out = append(out, customer.Name{Type: customer.NameType(n.Type), Text: n.Text})
	}
	return out
}

func identifiers(in []api.Identifier) (out []customer.Identifier) {
	for _, id := range in {
		out = append(out, customer.Identifier{Type: id.Type, Value: customer.IdentifierValue(id.Value), Primary: id.Primary.Value})
	}
	return out
}

func mailing(in api.OptMailing) customer.Mailing {
	return customer.Mailing{Names: in.Value.Names, Address: postal(in.Value.Address)}
}

func seasons(in []api.Season) (out []customer.Season) {
	for _, s := range in {
		out = append(out, customer.Season{Address: block(s.Address), From: s.From, Until: s.Until})
	}
	return out
}

func characteristicsView(in []command.Characteristic) (out []api.Characteristic) {
	for _, c := range in {
		out = append(out, api.Characteristic{Type: api.Code(c.Type), Value: c.Value})
	}
	return out
}

func groupsView(in []customer.Group) []string {
	out := make([]string, len(in))
	for i, g := range in {
		out[i] = string(g)
	}
	return out
}

func groups[S ~string](in []S) (out []customer.Group) {
	for _, g := range in {
		out = append(out, customer.Group(g))
	}
	return out
}

// CreatePerson makes a person at the desk.
func (s *server) CreatePerson(ctx context.Context, req *api.PersonNew) (api.CreatePersonRes, error) {
	p := customer.Person{
		Division: string(req.Division), Kind: customer.PersonKind(req.Kind.Value), Names: names(req.Names), Identifiers: identifiers(req.Identifiers),
		Language: string(req.Language.Value), Mailing: mailing(req.Mailing), Seasons: seasons(req.Seasons),
		Silent: !req.AllowCommunications.Or(true), Characteristics: characteristics(req.Characteristics),
	}
	var wrong []fault.Violation
	if p.Points, wrong = points("/points/", req.Points); wrong != nil {
		return nil, fault.Refuse(wrong...)
	}
	made, err := s.Customers.CreatePerson(ctx, s.cfg.Clock(), caller(ctx), p)
	if err != nil {
		return nil, err
	}
	return s.personAnswer(made)
}

// GetPersonByID reads a person by its number.
func (s *server) GetPersonByID(ctx context.Context, params api.GetPersonByIDParams) (api.GetPersonByIDRes, error) {
	id, err := customer.ParsePersonID(string(params.Person))
	if err != nil {
		return nil, fault.New(fault.NotFound, "there is no such person")
	}
	p, err := s.Customers.PersonByID(ctx, caller(ctx), id)
	if err != nil {
		return nil, err
	}
	return s.personAnswer(p)
}

// PatchPerson corrects a person.
func (s *server) PatchPerson(ctx context.Context, req *api.PersonPatch, params api.PatchPersonParams) (api.PatchPersonRes, error) {
	id, err := customer.ParsePersonID(string(params.Person))
	if err != nil {
		return nil, fault.New(fault.NotFound, "there is no such person")
	}
	c, wrong := personCorrection(req)
	if wrong != nil {
		return nil, fault.Refuse(wrong...)
	}
	if c.Revision, err = revisionOf(params.IfMatch); err != nil {
		return nil, err
	}
	p, err := s.Customers.CorrectPerson(ctx, s.cfg.Clock(), caller(ctx), id, c)
	if err != nil {
		return nil, err
	}
	return s.personAnswer(p)
}

// personCorrection is what a patch changes: the groups that are there.
func personCorrection(req *api.PersonPatch) (c desk.Correction[customer.Person], wrong []fault.Violation) {
	to := &c.To
	has := func(there bool, g customer.Group) {
		if there {
			c.Groups = append(c.Groups, g)
		}
	}
	has(req.Names != nil, customer.OfNames)
	has(req.Identifiers != nil, customer.OfIdentifiers)
	has(req.Points != nil, customer.OfPoints)
	has(req.Postal != nil, customer.OfPostal)
	has(req.Mailing.Set, customer.OfMailing)
	has(req.Seasons != nil, customer.OfSeasons)
	has(req.Language.Set, customer.OfLanguage)
	has(req.AllowCommunications.Set, customer.OfCommunications)
	has(req.Characteristics != nil, customer.OfCharacteristics)
	if req.Kind.Set && req.Names == nil {
		wrong = append(wrong, fault.Violation{Field: "/names", Reason: "is required with kind"})
	}
	to.Names, to.Kind, to.Identifiers = names(req.Names), customer.PersonKind(req.Kind.Value), identifiers(req.Identifiers)
	to.Mailing, to.Seasons, to.Language = mailing(req.Mailing), seasons(req.Seasons), string(req.Language.Value)
	to.Silent, to.Characteristics = !req.AllowCommunications.Or(true), characteristics(req.Characteristics)
	reached, bad := points("/points/", req.Points)
	mailed, worse := points("/postal/", req.Postal)
	wrong = append(append(wrong, bad...), worse...)
	for i, pt := range reached {
		if pt.Kind == customer.Post {
			wrong = append(wrong, fault.Violation{Field: "/points/" + strconv.Itoa(i) + "/kind", Reason: "is phone or email; postal points stand in postal"})
		}
	}
	for i, pt := range mailed {
		if pt.Kind != customer.Post {
			wrong = append(wrong, fault.Violation{Field: "/postal/" + strconv.Itoa(i) + "/kind", Reason: "is post"})
		}
	}
	to.Points, c.GiveBack = append(reached, mailed...), groups(req.GiveBack)
	return c, wrong
}

func agreementLoad(externalID string, req *api.AgreementLoad) desk.AgreementLoad {
	return desk.AgreementLoad{Of: req.Account, Agreement: agreement.Agreement{
		ExternalID: externalID, Division: string(req.Division), Version: req.Version, Type: req.Type, Premise: req.Premise.Value,
		Status: agreement.Status(req.Status), Start: day(req.Start), End: day(req.End), DepositClass: req.DepositClass.Value,
		Current: req.CurrentBalance, Payoff: req.PayoffBalance, Currency: req.Currency,
	}}
}

// day is a date as text; "" when there is none.
func day(d api.OptDate) string {
	if !d.Set {
		return ""
	}
	return d.Value.Format(time.DateOnly)
}

func dayView(text string) (out api.OptDate) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		out.SetTo(t)
	}
	return out
}

// PutAgreement loads a service agreement of the caller's source.
func (s *server) PutAgreement(ctx context.Context, req *api.AgreementLoad, params api.PutAgreementParams) (api.PutAgreementRes, error) {
	load := agreementLoad(params.ExternalId, req)
	done, err := s.loadOne(ctx, desk.Load{Agreement: &load})
	if err != nil {
		return nil, err
	}
	view := agreementView(*done.Agreement)
	return &view, nil
}

// loadOne loads one object.
func (s *server) loadOne(ctx context.Context, l desk.Load) (desk.Loaded, error) {
	all, err := s.Customers.Load(ctx, s.cfg.Clock(), caller(ctx), []desk.Load{l})
	if err != nil {
		return desk.Loaded{}, err
	}
	return all[0], all[0].Err
}

func agreementView(a agreement.Agreement) api.Agreement {
	return api.Agreement{
		ID: a.ID.String(), Source: a.Source, ExternalId: a.ExternalID, Division: a.Division, Version: a.Version,
		Account: api.AccountID(a.Account.String()), Type: a.Type, Premise: text(a.Premise), Status: api.AgreementStatus(a.Status),
		Start: dayView(a.Start), End: dayView(a.End), DepositClass: text(a.DepositClass), CurrentBalance: a.Current, PayoffBalance: a.Payoff,
		Currency: a.Currency, UpdatedAt: stamp(a.UpdatedAt),
	}
}

// ListAgreements lists the service agreements of an account.
func (s *server) ListAgreements(ctx context.Context, params api.ListAgreementsParams) (api.ListAgreementsRes, error) {
	id, err := customer.ParseAccountID(string(params.Account))
	if err != nil {
		return nil, fault.New(fault.NotFound, "there is no such account")
	}
	all, err := s.Customers.Agreements(ctx, caller(ctx), id)
	if err != nil {
		return nil, err
	}
	out := &api.AgreementList{Agreements: make([]api.Agreement, len(all))}
	for i, a := range all {
		out.Agreements[i] = agreementView(a)
	}
	return out, nil
}
