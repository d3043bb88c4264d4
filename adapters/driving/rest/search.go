package rest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"carillon/core/access"
	"carillon/core/customer"
	"carillon/core/desk/customers"
	"carillon/core/fault"
	"carillon/core/store"
)

func (s *server) searchOperations() []operation {
	return []operation{
		op("searchCustomers", s.searchCustomers),
		op("getContext", s.getContext),
	}
}

// Finder finds customers, and tells what stands around one.
type Finder interface {
	// Search returns a page and where to go on; nil at the end.
	Search(ctx context.Context, p access.Principal, q customers.SearchQuery) ([]customers.SearchHit, *store.SearchPlace, error)
	// Complete completes a context.
	Complete(ctx context.Context, now time.Time, p access.Principal, known customer.Context) (customers.ContextView, error)
}

// SearchPage is who or what was found.
type SearchPage struct {
	Hits []SearchHit `json:"hits"`
	Next string      `json:"next,omitzero"`
}

// SearchHit is a person or a premise, with its accounts.
type SearchHit struct {
	Person   *Person   `json:"person,omitzero"`
	Premise  *Premise  `json:"premise,omitzero"`
	Info     string    `json:"info,omitzero"`
	Accounts []Account `json:"accounts"`
}

// Context is who and what is looked at, with what is said of each.
type Context struct {
	Person      *Person  `json:"person,omitzero"`
	Account     *Account `json:"account,omitzero"`
	Premise     *Premise `json:"premise,omitzero"`
	PersonInfo  string   `json:"personInfo,omitzero"`
	AccountInfo string   `json:"accountInfo,omitzero"`
	Alerts      []Alert  `json:"alerts"`
}

// Alert is a line of the alerts of Control Central.
type Alert struct {
	Code string `json:"code"`
	Text string `json:"text"`
	Link string `json:"link,omitzero"`
}

// searchCursor is where a search goes on, as it is given out.
type searchCursor struct {
	Kind customer.WordKind `json:"k,omitempty"`
	Word string            `json:"w,omitempty"`
	ID   int64             `json:"i"`
}

func readSearchCursor(given string) (store.SearchPlace, error) {
	var c searchCursor
	text, err := base64.RawURLEncoding.DecodeString(given)
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil || c.ID <= 0 {
		return store.SearchPlace{}, fault.Refuse(fault.Violation{Field: "query/after", Reason: "is a cursor that was given out"})
	}
	return store.SearchPlace(c), nil
}

// searchCustomers finds persons or premises.
func (s *server) searchCustomers(ctx context.Context, c call[nothing]) (answer[SearchPage], error) {
	var after store.SearchPlace
	if c.Given("after") {
		var err error
		if after, err = readSearchCursor(c.Text("after")); err != nil {
			return failed[SearchPage](err)
		}
	}
	q := customers.SearchQuery{
		Premises: c.Text("kind") == "premise", Name: c.Text("q"), Person: c.Text("person"), Phone: c.Text("phone"),
		Email: c.Text("email"), Identifier: c.Text("identifier"), Account: c.Text("account"), Address: c.Text("address"),
		Premise: c.Text("premise"), After: after, Limit: int(c.Integer("limit")),
	}
	q.Geographic.Type, q.Geographic.Value, _ = strings.Cut(c.Text("geographic"), ":")
	hits, next, err := s.Customers.Search(ctx, c.caller, q)
	if err != nil {
		return failed[SearchPage](err)
	}
	out := SearchPage{Hits: make([]SearchHit, len(hits))}
	for i, h := range hits {
		if out.Hits[i], err = s.hitView(h); err != nil {
			return failed[SearchPage](err)
		}
	}
	if next != nil {
		text, err := json.Marshal(searchCursor(*next))
		if err != nil {
			return failed[SearchPage](err)
		}
		out.Next = base64.RawURLEncoding.EncodeToString(text)
	}
	return ok(out), nil
}

func (s *server) hitView(h customers.SearchHit) (SearchHit, error) {
	out := SearchHit{Info: h.Info, Accounts: make([]Account, len(h.Accounts))}
	for i, a := range h.Accounts {
		out.Accounts[i] = accountView(a)
	}
	if h.Premise != nil {
		out.Premise = new(premiseView(*h.Premise))
	}
	if h.Person != nil {
		p, err := s.personView(*h.Person)
		if err != nil {
			return out, err
		}
		out.Person = &p
	}
	return out, nil
}

// getContext completes a context.
func (s *server) getContext(ctx context.Context, c call[nothing]) (answer[Context], error) {
	var known customer.Context
	if c.Given("person") {
		known.Person, _ = customer.ParsePersonID(c.Text("person")) // the contract says ten digits; 0 is nobody's
	}
	if c.Given("account") {
		known.Account, _ = customer.ParseAccountID(c.Text("account"))
	}
	if c.Given("premise") {
		known.Premise, _ = customer.ParsePremiseID(c.Text("premise"))
	}
	v, err := s.Customers.Complete(ctx, c.now, c.caller, known)
	if err != nil {
		return failed[Context](err)
	}
	out := Context{PersonInfo: v.PersonInfo, AccountInfo: v.AccountInfo, Alerts: make([]Alert, len(v.Alerts))}
	if v.Person != nil {
		p, err := s.personView(*v.Person)
		if err != nil {
			return failed[Context](err)
		}
		out.Person = &p
	}
	if v.Account != nil {
		out.Account = new(accountView(*v.Account))
	}
	if v.Premise != nil {
		out.Premise = new(premiseView(*v.Premise))
	}
	for i, a := range v.Alerts {
		out.Alerts[i] = Alert{Code: a.Code, Text: a.Text, Link: a.Link}
	}
	return ok(out), nil
}
