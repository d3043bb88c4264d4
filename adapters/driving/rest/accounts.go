package rest

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/api/intake"
	"carillon/core/access"
	"carillon/core/agreement"
	"carillon/core/customer"
	"carillon/core/desk/customers"
	"carillon/core/fault"
)

func (s *server) accountOperations() []operation {
	return []operation{
		op("putAccount", s.putAccount),
		op("getAccount", s.getAccount),
		op("createAccount", s.createAccount),
		op("getAccountByID", s.getAccountByID),
		op("patchAccount", s.patchAccount),
	}
}

// AccountDesk makes, reads and corrects accounts.
type AccountDesk interface {
	CreateAccount(ctx context.Context, now time.Time, p access.Principal, in customer.Account) (customer.Account, error)
	Account(ctx context.Context, p access.Principal, source, externalID string) (customer.Account, error)
	AccountByID(ctx context.Context, p access.Principal, id customer.AccountID) (customer.Account, error)
	CorrectAccount(ctx context.Context, now time.Time, p access.Principal, id customer.AccountID, c customers.Correction[customer.Account]) (customer.Account, error)
	// Agreements lists the service agreements of an account.
	Agreements(ctx context.Context, p access.Principal, id customer.AccountID) ([]agreement.Agreement, error)
}

// AccountLoad is an account as the source knows it, whole.
type AccountLoad struct {
	Version          int64            `json:"version"`
	Division         string           `json:"division"`
	Persons          []AccountPerson  `json:"persons"`
	Class            string           `json:"class,omitzero"`
	CollectionClass  string           `json:"collectionClass,omitzero"`
	ManagementGroup  string           `json:"managementGroup,omitzero"`
	Currency         string           `json:"currency,omitzero"`
	BillCycle        string           `json:"billCycle,omitzero"`
	ProtectBillCycle bool             `json:"protectBillCycle,omitzero"`
	Premise          string           `json:"premise,omitzero"`
	Comments         string           `json:"comments,omitzero"`
	Alerts           []UserAlert      `json:"alerts,omitzero"`
	Characteristics  []Characteristic `json:"characteristics,omitzero"`
}

// AccountPerson is a person on an account.
type AccountPerson struct {
	Person              string                 `json:"person"`
	Main                *bool                  `json:"main,omitzero"`
	Responsible         *bool                  `json:"responsible,omitzero"`
	Guarantor           *bool                  `json:"guarantor,omitzero"`
	Relationship        string                 `json:"relationship,omitzero"`
	ReceivesBill        *bool                  `json:"receivesBill,omitzero"`
	BillRoute           string                 `json:"billRoute,omitzero"`
	BillFormat          string                 `json:"billFormat,omitzero"`
	Copies              *int                   `json:"copies,omitzero"`
	AddressSource       customer.AddressSource `json:"addressSource,omitzero"`
	Override            *intake.Postal         `json:"override,omitzero"`
	AllowCommunications *bool                  `json:"allowCommunications,omitzero"`
	ReceivesNotices     *bool                  `json:"receivesNotices,omitzero"`
}

// UserAlert is an alert on an account; it shows from a day to a day, both included.
type UserAlert struct {
	Type  string `json:"type"`
	From  string `json:"from"`
	Until string `json:"until,omitzero"`
}

// Account is an account as stored. Its persons are given by their numbers.
type Account struct {
	ID               string           `json:"id"`
	Source           string           `json:"source"`
	ExternalID       string           `json:"externalId"`
	Division         string           `json:"division"`
	Version          int64            `json:"version"`
	Revision         int64            `json:"revision"`
	Owned            []string         `json:"owned"`
	UpdatedAt        contract.Moment  `json:"updatedAt"`
	Persons          []AccountPerson  `json:"persons"`
	Class            string           `json:"class,omitzero"`
	CollectionClass  string           `json:"collectionClass,omitzero"`
	ManagementGroup  string           `json:"managementGroup,omitzero"`
	Currency         string           `json:"currency,omitzero"`
	BillCycle        string           `json:"billCycle,omitzero"`
	ProtectBillCycle bool             `json:"protectBillCycle"`
	Premise          string           `json:"premise,omitzero"`
	Comments         string           `json:"comments,omitzero"`
	Alerts           []UserAlert      `json:"alerts,omitempty"`
	Characteristics  []Characteristic `json:"characteristics,omitempty"`
}

// AccountNew is an account as the desk makes it. Its persons are given by their numbers.
type AccountNew struct {
	Division         string           `json:"division"`
	Persons          []AccountPerson  `json:"persons"`
	Class            string           `json:"class,omitzero"`
	CollectionClass  string           `json:"collectionClass,omitzero"`
	ManagementGroup  string           `json:"managementGroup,omitzero"`
	Currency         string           `json:"currency,omitzero"`
	BillCycle        string           `json:"billCycle,omitzero"`
	ProtectBillCycle bool             `json:"protectBillCycle,omitzero"`
	Premise          string           `json:"premise,omitzero"`
	Comments         string           `json:"comments,omitzero"`
	Alerts           []UserAlert      `json:"alerts,omitzero"`
	Characteristics  []Characteristic `json:"characteristics,omitzero"`
}

// AccountPatch is the groups of fields to change, each whole: classes (`class`, `collectionClass`, `managementGroup`,
// `currency`), billing (`billCycle`, `protectBillCycle`), and the others by themselves.
type AccountPatch struct {
	Persons          []AccountPerson  `json:"persons,omitzero"`
	Class            *string          `json:"class,omitzero"`
	CollectionClass  *string          `json:"collectionClass,omitzero"`
	ManagementGroup  *string          `json:"managementGroup,omitzero"`
	Currency         *string          `json:"currency,omitzero"`
	BillCycle        *string          `json:"billCycle,omitzero"`
	ProtectBillCycle *bool            `json:"protectBillCycle,omitzero"`
	Premise          *string          `json:"premise,omitzero"`
	Comments         *string          `json:"comments,omitzero"`
	Alerts           []UserAlert      `json:"alerts,omitzero"`
	Characteristics  []Characteristic `json:"characteristics,omitzero"`
	GiveBack         []customer.Group `json:"giveBack,omitzero"`
}

// accountLoad is an account as its source sends it.
func accountLoad(externalID string, req *AccountLoad) customers.AccountLoad {
	load := customers.AccountLoad{Account: customer.Account{
		ExternalID: externalID, Division: req.Division, Version: req.Version, Class: req.Class,
		CollectionClass: req.CollectionClass, ManagementGroup: req.ManagementGroup, Currency: req.Currency,
		BillCycle: req.BillCycle, ProtectCycle: req.ProtectBillCycle, Premise: req.Premise, Comments: req.Comments,
		Alerts: alertsOf(req.Alerts), Characteristics: characteristicsOf(req.Characteristics),
	}}
	for _, on := range req.Persons {
		load.Persons, load.Who = append(load.Persons, onAccount(on)), append(load.Who, on.Person)
	}
	return load
}

// onAccount is a person on an account but for who it is.
func onAccount(in AccountPerson) customer.AccountPerson {
	main := yes(in.Main, false)
	out := customer.AccountPerson{
		Main: main, Responsible: yes(in.Responsible, false), Guarantor: yes(in.Guarantor, false),
		Relationship: in.Relationship, ReceivesBill: yes(in.ReceivesBill, main), BillRoute: in.BillRoute,
		BillFormat: in.BillFormat, AddressSource: in.AddressSource, Override: in.Override.Block(),
		Silent: !yes(in.AllowCommunications, true), ReceivesNotice: yes(in.ReceivesNotices, false),
	}
	if in.Copies != nil {
		out.Copies = *in.Copies
	}
	return out
}

// personsByNumber are persons on an account, given by their numbers.
func personsByNumber(in []AccountPerson) (out []customer.AccountPerson, wrong []fault.Violation) {
	for i, on := range in {
		p := onAccount(on)
		id, err := customer.ParsePersonID(on.Person)
		if err != nil {
			at := "/persons/" + strconv.Itoa(i) + "/person"
			wrong = append(wrong, fault.Violation{Field: at, Reason: "has ten digits"})
		}
		p.Person = id
		out = append(out, p)
	}
	return out, wrong
}

func alertsOf(in []UserAlert) (out []customer.UserAlert) {
	for _, a := range in {
		out = append(out, customer.UserAlert(a))
	}
	return out
}

// putAccount loads an account of the caller's source.
func (s *server) putAccount(ctx context.Context, c call[AccountLoad]) (answer[Account], error) {
	done, err := s.loadOne(ctx, c.exchange, customers.Load{Account: new(accountLoad(c.Text("externalId"), &c.body))})
	if err != nil {
		return failed[Account](err)
	}
	return accountAnswer(*done.Account, nil)
}

// getAccount reads an account.
func (s *server) getAccount(ctx context.Context, c call[nothing]) (answer[Account], error) {
	return accountAnswer(s.Customers.Account(ctx, c.caller, c.source(), c.Text("externalId")))
}

// createAccount makes an account at the desk.
func (s *server) createAccount(ctx context.Context, c call[AccountNew]) (answer[Account], error) {
	req := &c.body
	a := customer.Account{
		Division: req.Division, Class: req.Class, CollectionClass: req.CollectionClass,
		ManagementGroup: req.ManagementGroup, Currency: req.Currency, BillCycle: req.BillCycle,
		ProtectCycle: req.ProtectBillCycle, Premise: req.Premise, Comments: req.Comments, Alerts: alertsOf(req.Alerts),
		Characteristics: characteristicsOf(req.Characteristics),
	}
	var wrong []fault.Violation
	if a.Persons, wrong = personsByNumber(req.Persons); wrong != nil {
		return failed[Account](fault.Refuse(wrong...))
	}
	made, err := accountAnswer(s.Customers.CreateAccount(ctx, c.now, c.caller, a))
	return made.as(http.StatusCreated), err
}

// accountID is the account that a path names.
func accountID(x *exchange) (customer.AccountID, error) {
	return pathID(x, "account", customer.ParseAccountID, "account")
}

// getAccountByID reads an account by its number.
func (s *server) getAccountByID(ctx context.Context, c call[nothing]) (answer[Account], error) {
	id, err := accountID(c.exchange)
	if err != nil {
		return failed[Account](err)
	}
	return accountAnswer(s.Customers.AccountByID(ctx, c.caller, id))
}

// patchAccount corrects an account.
func (s *server) patchAccount(ctx context.Context, c call[AccountPatch]) (answer[Account], error) {
	id, err := accountID(c.exchange)
	if err != nil {
		return failed[Account](err)
	}
	correction, wrong := accountCorrection(&c.body)
	if wrong != nil {
		return failed[Account](fault.Refuse(wrong...))
	}
	if correction.Revision, err = revisionOf(c.exchange); err != nil {
		return failed[Account](err)
	}
	return accountAnswer(s.Customers.CorrectAccount(ctx, c.now, c.caller, id, correction))
}

// accountCorrection is what a patch changes: the groups that are there.
func accountCorrection(req *AccountPatch) (c customers.Correction[customer.Account], wrong []fault.Violation) {
	classes := req.Class != nil || req.CollectionClass != nil || req.ManagementGroup != nil || req.Currency != nil
	var g groupsGiven
	g.add(classes, customer.OfClasses)
	g.add(req.BillCycle != nil || req.ProtectBillCycle != nil, customer.OfBilling)
	g.add(req.Premise != nil, customer.OfPremise)
	g.add(req.Persons != nil, customer.OfPersons)
	g.add(req.Alerts != nil, customer.OfAlerts)
	g.add(req.Comments != nil, customer.OfComments)
	g.add(req.Characteristics != nil, customer.OfCharacteristics)
	c.Groups, c.GiveBack = g, req.GiveBack
	c.To = customer.Account{
		Class: given(req.Class), CollectionClass: given(req.CollectionClass), ManagementGroup: given(req.ManagementGroup),
		Currency: given(req.Currency), BillCycle: given(req.BillCycle), ProtectCycle: yes(req.ProtectBillCycle, false),
		Premise: given(req.Premise), Comments: given(req.Comments), Alerts: alertsOf(req.Alerts),
		Characteristics: characteristicsOf(req.Characteristics),
	}
	c.To.Persons, wrong = personsByNumber(req.Persons)
	return c, wrong
}

// accountAnswer shows an account with its revision.
func accountAnswer(a customer.Account, err error) (answer[Account], error) {
	if err != nil {
		return failed[Account](err)
	}
	return ok(accountView(a)).revised(a.Revision), nil
}

func accountView(a customer.Account) Account {
	out := Account{
		ID: a.ID.String(), Source: a.Source, ExternalID: a.ExternalID, Division: a.Division, Version: a.Version,
		Revision: a.Revision, Owned: groupsView(a.Owned), UpdatedAt: contract.Moment(a.UpdatedAt),
		Persons: make([]AccountPerson, len(a.Persons)), Class: a.Class, CollectionClass: a.CollectionClass,
		ManagementGroup: a.ManagementGroup, Currency: a.Currency, BillCycle: a.BillCycle,
		ProtectBillCycle: a.ProtectCycle, Premise: a.Premise, Comments: a.Comments,
		Characteristics: characteristicsView(a.Characteristics),
	}
	for i, on := range a.Persons {
		out.Persons[i] = AccountPerson{
			Person: on.Person.String(), Main: &on.Main, Responsible: &on.Responsible, Guarantor: &on.Guarantor,
			Relationship: on.Relationship, ReceivesBill: &on.ReceivesBill, BillRoute: on.BillRoute, BillFormat: on.BillFormat,
			Copies: &on.Copies, AddressSource: on.AddressSource, Override: intake.PostalOf(on.Override),
			AllowCommunications: new(!on.Silent), ReceivesNotices: &on.ReceivesNotice,
		}
	}
	for _, alert := range a.Alerts {
		out.Alerts = append(out.Alerts, UserAlert(alert))
	}
	return out
}
