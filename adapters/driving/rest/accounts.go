package rest

import (
	"context"
	"strconv"
	"time"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/customer"
	"carillon/core/desk"
	"carillon/core/fault"
)

// accountLoad is an account as its source sends it.
func accountLoad(externalID string, req *api.AccountLoad) desk.AccountLoad {
	load := desk.AccountLoad{Account: customer.Account{
		ExternalID: externalID, Division: string(req.Division), Version: req.Version, Class: req.Class.Value,
		CollectionClass: req.CollectionClass.Value, ManagementGroup: req.ManagementGroup.Value, Currency: req.Currency.Value,
		BillCycle: req.BillCycle.Value, ProtectCycle: req.ProtectBillCycle.Value, Premise: req.Premise.Value, Comments: req.Comments.Value,
		Alerts: alerts(req.Alerts), Characteristics: characteristics(req.Characteristics),
	}}
	for _, on := range req.Persons {
		load.Persons, load.Who = append(load.Persons, onAccount(on)), append(load.Who, on.Person)
	}
	return load
}

// onAccount is a person on an account but for who it is.
func onAccount(in api.AccountPerson) customer.AccountPerson {
	main := in.Main.Value
	return customer.AccountPerson{
		Main: main, Responsible: in.Responsible.Value, Guarantor: in.Guarantor.Value, Relationship: in.Relationship.Value,
		ReceivesBill: in.ReceivesBill.Or(main), BillRoute: in.BillRoute.Value, BillFormat: string(in.BillFormat.Value), Copies: in.Copies.Value,
		AddressSource: customer.AddressSource(in.AddressSource.Value), Override: postal(in.Override),
		Silent: !in.AllowCommunications.Or(true), ReceivesNotice: in.ReceivesNotices.Value,
	}
}

// byNumber are persons on an account, given by their numbers.
func byNumber(in []api.AccountPerson) (out []customer.AccountPerson, wrong []fault.Violation) {
	for i, on := range in {
		p := onAccount(on)
		id, err := customer.ParsePersonID(on.Person)
		if err != nil {
			wrong = append(wrong, fault.Violation{Field: "/persons/" + strconv.Itoa(i) + "/person", Reason: "has ten digits"})
		}
		p.Person = id
		out = append(out, p)
	}
	return out, wrong
}

func alerts(in []api.UserAlert) (out []customer.UserAlert) {
	for _, a := range in {
		out = append(out, customer.UserAlert{Type: a.Type, From: a.From.Format(time.DateOnly), Until: day(a.Until)})
	}
	return out
}

// PutAccount loads an account of the caller's source.
func (s *server) PutAccount(ctx context.Context, req *api.AccountLoad, params api.PutAccountParams) (api.PutAccountRes, error) {
	load := accountLoad(params.ExternalId, req)
	done, err := s.loadOne(ctx, desk.Load{Account: &load})
	if err != nil {
		return nil, err
	}
	return accountAnswer(*done.Account), nil
}

// GetAccount reads an account.
func (s *server) GetAccount(ctx context.Context, params api.GetAccountParams) (api.GetAccountRes, error) {
	a, err := s.Customers.Account(ctx, caller(ctx), source(ctx, params.Source), params.ExternalId)
	if err != nil {
		return nil, err
	}
	return accountAnswer(a), nil
}

// CreateAccount makes an account at the desk.
func (s *server) CreateAccount(ctx context.Context, req *api.AccountNew) (api.CreateAccountRes, error) {
	a := customer.Account{
		Division: string(req.Division), Class: req.Class.Value, CollectionClass: req.CollectionClass.Value, ManagementGroup: req.ManagementGroup.Value,
		Currency: req.Currency.Value, BillCycle: req.BillCycle.Value, ProtectCycle: req.ProtectBillCycle.Value, Premise: req.Premise.Value,
		Comments: req.Comments.Value, Alerts: alerts(req.Alerts), Characteristics: characteristics(req.Characteristics),
	}
	var wrong []fault.Violation
	if a.Persons, wrong = byNumber(req.Persons); wrong != nil {
		return nil, fault.Refuse(wrong...)
	}
	made, err := s.Customers.CreateAccount(ctx, s.cfg.Clock(), caller(ctx), a)
	if err != nil {
		return nil, err
	}
	return accountAnswer(made), nil
}

// GetAccountByID reads an account by its number.
func (s *server) GetAccountByID(ctx context.Context, params api.GetAccountByIDParams) (api.GetAccountByIDRes, error) {
	id, err := customer.ParseAccountID(string(params.Account))
	if err != nil {
		return nil, fault.New(fault.NotFound, "there is no such account")
	}
	a, err := s.Customers.AccountByID(ctx, caller(ctx), id)
	if err != nil {
		return nil, err
	}
	return accountAnswer(a), nil
}

// PatchAccount corrects an account.
func (s *server) PatchAccount(ctx context.Context, req *api.AccountPatch, params api.PatchAccountParams) (api.PatchAccountRes, error) {
	id, err := customer.ParseAccountID(string(params.Account))
	if err != nil {
		return nil, fault.New(fault.NotFound, "there is no such account")
	}
	c, wrong := accountCorrection(req)
	if wrong != nil {
		return nil, fault.Refuse(wrong...)
	}
	if c.Revision, err = revisionOf(params.IfMatch); err != nil {
		return nil, err
	}
	a, err := s.Customers.CorrectAccount(ctx, s.cfg.Clock(), caller(ctx), id, c)
	if err != nil {
		return nil, err
	}
	return accountAnswer(a), nil
}

// accountCorrection is what a patch changes: the groups that are there.
func accountCorrection(req *api.AccountPatch) (c desk.Correction[customer.Account], wrong []fault.Violation) {
	has := func(there bool, g customer.Group) {
		if there {
			c.Groups = append(c.Groups, g)
		}
	}
	has(req.Class.Set || req.CollectionClass.Set || req.ManagementGroup.Set || req.Currency.Set, customer.OfClasses)
	has(req.BillCycle.Set || req.ProtectBillCycle.Set, customer.OfBilling)
	has(req.Premise.Set, customer.OfPremise)
	has(req.Persons != nil, customer.OfPersons)
	has(req.Alerts != nil, customer.OfAlerts)
	has(req.Comments.Set, customer.OfComments)
	has(req.Characteristics != nil, customer.OfCharacteristics)
	c.To = customer.Account{
		Class: req.Class.Value, CollectionClass: req.CollectionClass.Value, ManagementGroup: req.ManagementGroup.Value, Currency: req.Currency.Value,
		BillCycle: req.BillCycle.Value, ProtectCycle: req.ProtectBillCycle.Value, Premise: req.Premise.Value, Comments: req.Comments.Value,
		Alerts: alerts(req.Alerts), Characteristics: characteristics(req.Characteristics),
	}
	c.To.Persons, wrong = byNumber(req.Persons)
	c.GiveBack = groups(req.GiveBack)
	return c, wrong
}

func accountAnswer(a customer.Account) *api.AccountHeaders {
	return &api.AccountHeaders{ETag: etag(a.Revision), Response: accountView(a)}
}

func accountView(a customer.Account) api.Account {
	out := api.Account{
		ID: api.AccountID(a.ID.String()), Source: a.Source, ExternalId: a.ExternalID, Division: a.Division, Version: a.Version,
		Revision: a.Revision, Owned: groupsView(a.Owned), UpdatedAt: stamp(a.UpdatedAt), Persons: make([]api.AccountPerson, len(a.Persons)),
		Class: text(a.Class), CollectionClass: text(a.CollectionClass), ManagementGroup: text(a.ManagementGroup), Currency: text(a.Currency),
		BillCycle: text(a.BillCycle), ProtectBillCycle: api.NewOptBool(a.ProtectCycle), Premise: text(a.Premise), Comments: text(a.Comments),
		Characteristics: characteristicsView(a.Characteristics),
	}
	for i, on := range a.Persons {
		view := api.AccountPerson{
			Person: on.Person.String(), Main: api.NewOptBool(on.Main), Responsible: api.NewOptBool(on.Responsible), Guarantor: api.NewOptBool(on.Guarantor),
			Relationship: text(on.Relationship), ReceivesBill: api.NewOptBool(on.ReceivesBill), BillRoute: text(on.BillRoute), Copies: api.NewOptInt(on.Copies),
			AllowCommunications: api.NewOptBool(!on.Silent), ReceivesNotices: api.NewOptBool(on.ReceivesNotice),
		}
		if on.BillFormat != "" {
			view.BillFormat = api.NewOptAccountPersonBillFormat(api.AccountPersonBillFormat(on.BillFormat))
		}
		if on.AddressSource != "" {
			view.AddressSource = api.NewOptAccountPersonAddressSource(api.AccountPersonAddressSource(on.AddressSource))
		}
		if on.Override != nil {
			view.Override = api.NewOptPostal(blockView(*on.Override))
		}
		out.Persons[i] = view
	}
	for _, alert := range a.Alerts {
		out.Alerts = append(out.Alerts, api.UserAlert{Type: alert.Type, From: dayView(alert.From).Value, Until: dayView(alert.Until)})
	}
	return out
}
