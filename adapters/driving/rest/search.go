package rest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/customer"
	"carillon/core/desk"
	"carillon/core/fault"
	"carillon/core/store"
)

// searchCursor is where a search goes on, as it is given out.
type searchCursor struct {
	Kind customer.WordKind `json:"k,omitempty"`
	Word string            `json:"w,omitempty"`
	ID   int64             `json:"i"`
}

func readSearchCursor(o api.OptString) (store.SearchPlace, error) {
	var c searchCursor
	if !o.Set {
		return store.SearchPlace{}, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(o.Value)
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil || c.ID <= 0 {
		return store.SearchPlace{}, fault.Refuse(fault.Violation{Field: "query/after", Reason: "is a cursor that was given out"})
	}
	return store.SearchPlace(c), nil
}

// SearchCustomers finds persons or premises.
func (s *server) SearchCustomers(ctx context.Context, params api.SearchCustomersParams) (api.SearchCustomersRes, error) {
	after, err := readSearchCursor(params.After)
	if err != nil {
		return nil, err
	}
	q := desk.SearchQuery{
		Premises: params.Kind.Value == api.SearchCustomersKindPremise, Name: params.Q.Value, Person: params.Person.Value, Phone: params.Phone.Value,
		Email: params.Email.Value, Identifier: params.Identifier.Value, Account: params.Account.Value, Address: params.Address.Value,
		Premise: params.Premise.Value, After: after, Limit: params.Limit.Value,
	}
	q.Geographic.Type, q.Geographic.Value, _ = strings.Cut(params.Geographic.Value, ":")
	hits, next, err := s.Customers.Search(ctx, caller(ctx), q)
	if err != nil {
		return nil, err
	}
	out := &api.SearchPage{Hits: make([]api.SearchHit, len(hits))}
	for i, h := range hits {
		if out.Hits[i], err = s.hitView(h); err != nil {
			return nil, err
		}
	}
	if next != nil {
		text, err := json.Marshal(searchCursor(*next))
		if err != nil {
			return nil, err
		}
		out.Next = api.NewOptString(base64.RawURLEncoding.EncodeToString(text))
	}
	return out, nil
}

func (s *server) hitView(h desk.SearchHit) (api.SearchHit, error) {
	out := api.SearchHit{Info: text(h.Info), Accounts: make([]api.Account, len(h.Accounts))}
	for i, a := range h.Accounts {
		out.Accounts[i] = accountView(a)
	}
	if h.Premise != nil {
		out.Premise = api.NewOptPremise(premiseView(*h.Premise))
	}
	if h.Person != nil {
		p, err := s.personView(*h.Person)
		if err != nil {
			return out, err
		}
		out.Person = api.NewOptPerson(*p)
	}
	return out, nil
}

// GetContext completes a context.
func (s *server) GetContext(ctx context.Context, params api.GetContextParams) (api.GetContextRes, error) {
	var known customer.Context
	if params.Person.Set {
		known.Person, _ = customer.ParsePersonID(string(params.Person.Value)) // the contract says ten digits; 0 is nobody's
	}
	if params.Account.Set {
		known.Account, _ = customer.ParseAccountID(string(params.Account.Value))
	}
	if params.Premise.Set {
		known.Premise, _ = customer.ParsePremiseID(string(params.Premise.Value))
	}
	v, err := s.Customers.Complete(ctx, s.cfg.Clock(), caller(ctx), known)
	if err != nil {
		return nil, err
	}
	out := &api.Context{PersonInfo: text(v.PersonInfo), AccountInfo: text(v.AccountInfo), Alerts: make([]api.Alert, len(v.Alerts))}
	if v.Person != nil {
		p, err := s.personView(*v.Person)
		if err != nil {
			return nil, err
		}
		out.Person = api.NewOptPerson(*p)
	}
	if v.Account != nil {
		out.Account = api.NewOptAccount(accountView(*v.Account))
	}
	if v.Premise != nil {
		out.Premise = api.NewOptPremise(premiseView(*v.Premise))
	}
	for i, a := range v.Alerts {
		out.Alerts[i] = api.Alert{Code: a.Code, Text: a.Text, Link: text(a.Link)}
	}
	return out, nil
}
