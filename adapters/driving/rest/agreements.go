package rest

import (
	"context"

	"carillon/adapters/driving/api/contract"
	"carillon/core/agreement"
	"carillon/core/desk/customers"
)

func (s *server) agreementOperations() []operation {
	return []operation{
		op("putAgreement", s.putAgreement),
		op("listAgreements", s.listAgreements),
	}
}

// AgreementLoad is a service agreement as the source knows it, whole.
type AgreementLoad struct {
	Version        int64            `json:"version"`
	Division       string           `json:"division"`
	Account        string           `json:"account"`
	Type           string           `json:"type"`
	Premise        string           `json:"premise,omitzero"`
	Status         agreement.Status `json:"status"`
	Start          string           `json:"start,omitzero"`
	End            string           `json:"end,omitzero"`
	DepositClass   string           `json:"depositClass,omitzero"`
	CurrentBalance string           `json:"currentBalance"`
	PayoffBalance  string           `json:"payoffBalance"`
	Currency       string           `json:"currency"`
}

// Agreement is a service agreement as stored.
type Agreement struct {
	ID             string           `json:"id"`
	Source         string           `json:"source"`
	ExternalID     string           `json:"externalId"`
	Division       string           `json:"division"`
	Version        int64            `json:"version"`
	Account        string           `json:"account"`
	Type           string           `json:"type"`
	Premise        string           `json:"premise,omitzero"`
	Status         agreement.Status `json:"status"`
	Start          string           `json:"start,omitzero"`
	End            string           `json:"end,omitzero"`
	DepositClass   string           `json:"depositClass,omitzero"`
	CurrentBalance string           `json:"currentBalance"`
	PayoffBalance  string           `json:"payoffBalance"`
	Currency       string           `json:"currency"`
	UpdatedAt      contract.Moment  `json:"updatedAt"`
}

// AgreementList is service agreements of an account.
type AgreementList struct {
	Agreements []Agreement `json:"agreements"`
}

// putAgreement loads a service agreement of the caller's source.
func (s *server) putAgreement(ctx context.Context, c call[AgreementLoad]) (answer[Agreement], error) {
	done, err := s.loadOne(ctx, c.exchange, customers.Load{Agreement: new(agreementLoad(c.Text("externalId"), &c.body))})
	if err != nil {
		return failed[Agreement](err)
	}
	return ok(agreementView(*done.Agreement)), nil
}

// agreementLoad is a service agreement as its source sends it.
func agreementLoad(externalID string, req *AgreementLoad) customers.AgreementLoad {
	return customers.AgreementLoad{Of: req.Account, Agreement: agreement.Agreement{
		ExternalID: externalID, Division: req.Division, Version: req.Version, Type: req.Type, Premise: req.Premise,
		Status: req.Status, Start: req.Start, End: req.End, DepositClass: req.DepositClass, Current: req.CurrentBalance,
		Payoff: req.PayoffBalance, Currency: req.Currency,
	}}
}

// loadOne loads one object.
func (s *server) loadOne(ctx context.Context, x *exchange, l customers.Load) (customers.Loaded, error) {
	all, err := s.Customers.Load(ctx, x.now, x.caller, []customers.Load{l})
	if err != nil {
		return customers.Loaded{}, err
	}
	return all[0], all[0].Err
}

func agreementView(a agreement.Agreement) Agreement {
	return Agreement{
		ID: a.ID.String(), Source: a.Source, ExternalID: a.ExternalID, Division: a.Division, Version: a.Version,
		Account: a.Account.String(), Type: a.Type, Premise: a.Premise, Status: a.Status, Start: a.Start, End: a.End,
		DepositClass: a.DepositClass, CurrentBalance: a.Current, PayoffBalance: a.Payoff, Currency: a.Currency,
		UpdatedAt: contract.Moment(a.UpdatedAt),
	}
}

// listAgreements lists the service agreements of an account.
func (s *server) listAgreements(ctx context.Context, c call[nothing]) (answer[AgreementList], error) {
	id, err := accountID(c.exchange)
	if err != nil {
		return failed[AgreementList](err)
	}
	all, err := s.Customers.Agreements(ctx, c.caller, id)
	if err != nil {
		return failed[AgreementList](err)
	}
	out := AgreementList{Agreements: make([]Agreement, len(all))}
	for i, a := range all {
		out.Agreements[i] = agreementView(a)
	}
	return ok(out), nil
}
