package rest_test

import (
	"context"
	"time"

	"carillon/core/access"
	"carillon/core/agreement"
	"carillon/core/customer"
	"carillon/core/desk/customers"
	"carillon/core/fault"
	"carillon/core/plugin"
	"carillon/core/store"
)

// counterDesk is what the house's desk of customers was asked.
type counterDesk struct {
	made    customer.Person
	person  customers.Correction[customer.Person]
	account customers.Correction[customer.Account]
	premise customers.Correction[customer.Premise]
	loads   []customers.Load
	search  customers.SearchQuery
	known   customer.Context
}

func ada() customer.Person {
	return customer.Person{
		ID: 1000000042, Source: "CIS-W", ExternalID: "P-77", Division: "WEST", Also: []string{"EAST"}, Version: 7, Revision: 3, Kind: customer.Human,
		Names:       []customer.Name{{Type: customer.Primary, Text: "Ada Example"}},
		Identifiers: []customer.Identifier{{Type: "SSN", Value: "123-45-6789", Primary: true}}, Language: "en-US",
		Points: []customer.Point{{
			ID: 8, Kind: customer.Phone, Type: "HOME", Value: "+13125550142", Extension: "204", Capabilities: []customer.Capability{customer.CanVoice},
			Zones: []string{"America/Chicago"}, Origin: customer.FromCarillon,
		}},
		Mailing:         customer.Mailing{Names: []string{"Ada Example", "c/o Grace Example"}, Address: &customer.Postal{Line1: "PO Box 1", City: "Springfield", Country: "US"}},
		Seasons:         []customer.Season{{Address: customer.Postal{Line1: "2 Beach Road", City: "Key West", State: "FL", Country: "US", InCityLimit: "Y"}, From: "11-01", Until: "03-31"}},
		Characteristics: []plugin.Characteristic{{Type: "VIP", Value: "YES"}},
		Owned:           []customer.Group{customer.OfPoints, customer.OfSeasons}, UpdatedAt: now(),
	}
}

func adasAccount() customer.Account {
	return customer.Account{
		ID: 2000000042, Source: "CIS-W", ExternalID: "A-77", Division: "WEST", Version: 4, Revision: 2, Class: "RES", Currency: "USD", BillCycle: "M01",
		Premise: "S-77", Owned: []customer.Group{customer.OfAlerts}, UpdatedAt: now(),
		Persons: []customer.AccountPerson{
			{Person: 1000000042, Main: true, ReceivesBill: true, AddressSource: customer.FromPremise, Copies: 1},
			{Person: 1000000043, Responsible: true, Relationship: "SPOUSE", BillFormat: "summary", AddressSource: customer.FromOverride, Override: &customer.Postal{Line1: "3 Side Street", City: "Springfield", Country: "US"}},
		},
		Alerts: []customer.UserAlert{{Type: "MEDICAL", From: "2026-01-01", Until: "2026-12-31"}},
	}
}

func adasPremise() customer.Premise {
	return customer.Premise{
		ID: 3000000042, Source: "CIS-W", ExternalID: "S-77", Division: "WEST", Version: 2, Revision: 1, Type: "SFD", Zone: "America/Chicago", PostalArea: "62701",
		Address: customer.Postal{Line1: "1 Main Street", City: "Springfield", State: "IL", Country: "US"}, Geography: []customer.Geographic{{Type: "GRID", Value: "12A"}}, UpdatedAt: now(),
	}
}

func adasAgreement() agreement.Agreement {
	return agreement.Agreement{
		ID: 4000000042, Source: "CIS-W", ExternalID: "SA-77", Division: "WEST", Version: 1, Account: 2000000042, Type: "DEP-I", Status: agreement.Active, Start: "2026-01-15",
		DepositClass: "RES", Current: "0.00", Payoff: "150.00", Currency: "USD", UpdatedAt: now(),
	}
}

func (h *house) Load(_ context.Context, _ time.Time, p access.Principal, items []customers.Load) ([]customers.Loaded, error) {
	h.loads = append(h.loads, items...)
	if err := h.asked(p); err != nil {
		return nil, err
	}
	out := make([]customers.Loaded, len(items))
	person, account, premise, sa := ada(), adasAccount(), adasPremise(), adasAgreement()
	for i, it := range items {
		switch {
		case it.Person != nil && it.Person.Version < 7:
			out[i].Err = fault.New(fault.Conflict, "a newer version is here")
		case it.Person != nil:
			out[i] = customers.Loaded{Person: &person, Left: person.Owned}
		case it.Account != nil:
			out[i] = customers.Loaded{Account: &account, Left: account.Owned}
		case it.Premise != nil:
			out[i] = customers.Loaded{Premise: &premise}
		default:
			out[i] = customers.Loaded{Agreement: &sa}
		}
	}
	return out, nil
}

func (h *house) CreatePerson(_ context.Context, _ time.Time, p access.Principal, in customer.Person) (customer.Person, error) {
	h.made = in
	return ada(), h.asked(p)
}

func (h *house) PersonByID(_ context.Context, p access.Principal, id customer.PersonID) (customer.Person, error) {
	if id != ada().ID {
		return customer.Person{}, fault.New(fault.NotFound, "there is no such thing")
	}
	return ada(), h.asked(p)
}

func (h *house) CorrectPerson(_ context.Context, _ time.Time, p access.Principal, _ customer.PersonID, c customers.Correction[customer.Person]) (customer.Person, error) {
	h.counterDesk.person = c
	if c.Revision < 2 {
		return customer.Person{}, fault.New(fault.Conflict, "it was changed in the meantime: read it again")
	}
	return ada(), h.asked(p)
}

func (h *house) CreateAccount(_ context.Context, _ time.Time, p access.Principal, _ customer.Account) (customer.Account, error) {
	return adasAccount(), h.asked(p)
}

func (h *house) Account(_ context.Context, p access.Principal, source, _ string) (customer.Account, error) {
	h.source = source
	return adasAccount(), h.asked(p)
}

func (h *house) AccountByID(_ context.Context, p access.Principal, _ customer.AccountID) (customer.Account, error) {
	return adasAccount(), h.asked(p)
}

func (h *house) CorrectAccount(_ context.Context, _ time.Time, p access.Principal, _ customer.AccountID, c customers.Correction[customer.Account]) (customer.Account, error) {
	h.account = c
	return adasAccount(), h.asked(p)
}

func (h *house) Agreements(_ context.Context, p access.Principal, _ customer.AccountID) ([]agreement.Agreement, error) {
	return []agreement.Agreement{adasAgreement()}, h.asked(p)
}

func (h *house) CreatePremise(_ context.Context, _ time.Time, p access.Principal, _ customer.Premise) (customer.Premise, error) {
	return adasPremise(), h.asked(p)
}

func (h *house) Premise(_ context.Context, p access.Principal, source, _ string) (customer.Premise, error) {
	h.source = source
	return adasPremise(), h.asked(p)
}

func (h *house) PremiseByID(_ context.Context, p access.Principal, _ customer.PremiseID) (customer.Premise, error) {
	return adasPremise(), h.asked(p)
}

func (h *house) CorrectPremise(_ context.Context, _ time.Time, p access.Principal, _ customer.PremiseID, c customers.Correction[customer.Premise]) (customer.Premise, error) {
	h.premise = c
	return adasPremise(), h.asked(p)
}

func (h *house) Search(_ context.Context, p access.Principal, q customers.SearchQuery) ([]customers.SearchHit, *store.SearchPlace, error) {
	h.search = q
	person, premise := ada(), adasPremise()
	if q.Premises {
		return []customers.SearchHit{{Premise: &premise, Accounts: []customer.Account{adasAccount()}}}, nil, h.asked(p)
	}
	return []customers.SearchHit{{Person: &person, Accounts: []customer.Account{adasAccount()}, Info: "Ada Example, (312) 555-0142 x204"}},
		&store.SearchPlace{Kind: customer.NameWord, Word: "example", ID: 1000000042}, h.asked(p)
}

func (h *house) Complete(_ context.Context, _ time.Time, p access.Principal, known customer.Context) (customers.ContextView, error) {
	h.known = known
	person, account, premise := ada(), adasAccount(), adasPremise()
	return customers.ContextView{
		Person: &person, Account: &account, Premise: &premise, PersonInfo: "Ada Example, (312) 555-0142 x204", AccountInfo: "Ada Example, RES, has alerts",
		Alerts: []plugin.Alert{{Code: "MEDICAL", Text: "Life support at the premise", Link: "/v1/accounts/by-id/2000000042"}},
	}, h.asked(p)
}
