package customers

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"carillon/core/access"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

// SearchQuery is what Control Central is asked (process 3.4.1.1, steps 1.0 and 1.4). All that is given must be met.
type SearchQuery struct {
	Premises   bool   // premises are looked for, not persons
	Name       string // words of a name, in any order, each as far as it is known
	Person     string // the number, or the name its source has for it
	Phone      string // as people write it
	Email      string
	Identifier string // whole; punctuation does not count
	Account    string // the number, or the name its source has for it
	Address    string // words of an address, as of a name
	Premise    string // the number, or the name its source has for it
	Geographic customer.Geographic
	After      store.SearchPlace
	Limit      int
}

// SearchHit is somebody or some place that was found.
type SearchHit struct {
	Person   *customer.Person
	Premise  *customer.Premise
	Accounts []customer.Account // of the person, or mailed to the premise; those that may be seen
	Info     string             // the information string of the person
}

// mostHits bounds a page.
const mostHits = 100

// Search finds customers. Next is where to go on; nil at the end. Invalid when nothing is asked, or what is asked cannot
// be read.
func (s *Service) Search(ctx context.Context, p access.Principal, q SearchQuery) ([]SearchHit, *store.SearchPlace, error) {
	if !p.Has(access.CIS, access.CSR, access.Supervisor, access.Admin) {
		return nil, nil, fault.New(fault.Forbidden, "this key may not search customers")
	}
	q.Limit = min(max(q.Limit, 1), mostHits)
	if q.Premises {
		return s.searchPremises(ctx, p, q)
	}
	return s.searchPersons(ctx, p, q)
}

// scopeOf is what a principal may see.
func scopeOf(p access.Principal) store.SearchScope {
	scope := store.SearchScope{Every: slices.Contains(p.Divisions, access.AllDivisions), Divisions: p.Divisions}
	if !p.Has(access.CSR, access.Supervisor, access.Admin) {
		scope.Source = p.Source
	}
	return scope
}

func (s *Service) searchPersons(ctx context.Context, p access.Principal, q SearchQuery) ([]SearchHit, *store.SearchPlace, error) {
	query := store.PersonQuery{
		Names: customer.Words(q.Name), Places: customer.Words(q.Address), Known: strings.TrimSpace(q.Person),
		Identifier: customer.IdentifierValue(q.Identifier).Key(), Scope: scopeOf(p), After: q.After, Limit: q.Limit + 1,
	}
	var w wrongs
	w.when(q.Name != "" && len(query.Names) == 0, "query/q", "has a letter or a digit")
	w.when(q.Address != "" && len(query.Places) == 0, "query/address", "has a letter or a digit")
	w.when(q.Identifier != "" && query.Identifier == "", "query/identifier", "has a letter or a digit")
	w.when(q.Geographic.Type != "", "query/geographic", "is of premises")
	query.Points, query.Emails = s.reached(&w, p, q)
	if len(w) > 0 {
		return nil, nil, fault.Refuse(w...)
	}
	accounts, asked, err := s.accountsAsked(ctx, p, q)
	if err != nil || asked && len(accounts) == 0 {
		return nil, nil, err
	}
	query.Accounts = accounts
	if len(query.Names)+len(query.Places)+len(query.Points)+len(query.Emails)+len(accounts) == 0 && query.Identifier == "" && query.Known == "" {
		return nil, nil, fault.Refuse(fault.Violation{Field: "query/q", Reason: "say something of who is looked for"})
	}
	places, err := s.Finder.FindPersons(ctx, query)
	if err != nil {
		return nil, nil, err
	}
	places, next := page(places, q.Limit)
	hits, err := s.personHits(ctx, p, places)
	rank(hits, query.Names)
	return hits, next, err
}

// page cuts what was read beyond the limit off, and says where to go on.
func page(places []store.SearchPlace, limit int) ([]store.SearchPlace, *store.SearchPlace) {
	if len(places) <= limit {
		return places, nil
	}
	return places[:limit], &places[limit-1]
}

// reached are the contact points that a phone may be, and the key of an email address: a number written nationally may be one of any
// country that the principal sees.
func (s *Service) reached(w *wrongs, p access.Principal, q SearchQuery) (found []customer.Address, emails []string) {
	if q.Phone != "" {
		for _, country := range s.countries(p) {
			if address, _, err := s.Channels[message.Voice].Address(q.Phone, country); err == nil && !slices.Contains(found, address) {
				found = append(found, address)
			}
		}
		w.when(len(found) == 0, "query/phone", "is no number in use in its numbering plan")
	}
	if q.Email != "" {
		w.when(q.Phone != "", "query/email", "stands instead of a phone")
		address, _, err := s.Channels[message.Email].Address(q.Email, "")
		w.when(err != nil, "query/email", "is no email address")
		emails = append(emails, customer.EmailKey(address))
	}
	return found, emails
}

func (s *Service) countries(p access.Principal) []string {
	var all []string
	for _, d := range s.Configs.Current().Document().Divisions {
		if p.InDivision(d.Code) && !slices.Contains(all, d.Country) {
			all = append(all, d.Country)
		}
	}
	return all
}

// accountsAsked are the accounts that the query names, by themselves or by their premise.
func (s *Service) accountsAsked(ctx context.Context, p access.Principal, q SearchQuery) (ids []customer.AccountID, asked bool, err error) {
	var found []customer.Account
	if q.Account != "" {
		if id, bad := customer.ParseAccountID(q.Account); bad == nil {
			if found, err = s.Facts.Accounts(ctx, []customer.AccountID{id}); err != nil {
				return nil, true, err
			}
		}
		more, err := s.Facts.AccountsWhere(ctx, store.AccountQuery{ExternalIDs: []string{q.Account}, Limit: mostHits})
		if err != nil {
			return nil, true, err
		}
		found = append(found, more...)
	}
	if q.Premise != "" {
		at, err := s.accountsAt(ctx, p, q.Premise)
		if err != nil {
			return nil, true, err
		}
		if q.Account != "" {
			at = slices.DeleteFunc(at, func(a customer.Account) bool {
				return !slices.ContainsFunc(found, func(o customer.Account) bool { return o.ID == a.ID })
			})
		}
		found = at
	}
	for _, a := range found {
		if p.Sees(a.Source, a.Division) && !slices.Contains(ids, a.ID) {
			ids = append(ids, a.ID)
		}
	}
	return ids, q.Account != "" || q.Premise != "", nil
}

// accountsAt are the accounts whose mailing premise the text names.
func (s *Service) accountsAt(ctx context.Context, p access.Principal, text string) ([]customer.Account, error) {
	premises, err := s.premisesNamed(ctx, p, text)
	if err != nil {
		return nil, err
	}
	var all []customer.Account
	for _, m := range premises {
		found, err := s.Facts.AccountsWhere(ctx, store.AccountQuery{Source: m.Source, Premise: m.ExternalID, Limit: mostHits})
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// premisesNamed are the premises that a text names, by number or by the name of a source, and that may be seen.
func (s *Service) premisesNamed(ctx context.Context, p access.Principal, text string) ([]customer.Premise, error) {
	var found []customer.Premise
	if id, bad := customer.ParsePremiseID(text); bad == nil {
		var err error
		if found, err = s.Facts.Premises(ctx, []customer.PremiseID{id}); err != nil {
			return nil, err
		}
	}
	more, err := s.Facts.PremisesByExternal(ctx, "", []string{text})
	for _, m := range more {
		if !slices.ContainsFunc(found, func(o customer.Premise) bool { return o.ID == m.ID }) {
			found = append(found, m)
		}
	}
	return slices.DeleteFunc(found, func(m customer.Premise) bool { return !p.Sees(m.Source, m.Division) }), err
}

// personHits reads who was found, with their accounts, in the order found.
func (s *Service) personHits(ctx context.Context, p access.Principal, places []store.SearchPlace) ([]SearchHit, error) {
	ids := make([]customer.PersonID, len(places))
	for i, at := range places {
		ids[i] = customer.PersonID(at.ID)
	}
	persons, err := s.Facts.Persons(ctx, ids)
	if err != nil || len(persons) == 0 {
		return nil, err
	}
	accounts, err := s.Facts.AccountsWhere(ctx, store.AccountQuery{Persons: ids})
	if err != nil {
		return nil, err
	}
	accounts = slices.DeleteFunc(accounts, func(a customer.Account) bool { return !p.Sees(a.Source, a.Division) })
	slices.SortFunc(persons, func(a, b customer.Person) int {
		return cmp.Compare(slices.Index(ids, a.ID), slices.Index(ids, b.ID))
	})
	hits := make([]SearchHit, len(persons))
	for i := range persons {
		hits[i] = SearchHit{Person: &persons[i], Info: s.personInfo(persons[i])}
		for _, a := range accounts {
			if _, on := a.On(persons[i].ID); on {
				hits[i].Accounts = append(hits[i].Accounts, a)
			}
		}
	}
	return hits, nil
}

// rank puts those of a page first whose names hold the most words of the query whole.
func rank(hits []SearchHit, words []string) {
	if len(words) < 2 { // one word ranks by itself
		return
	}
	whole := func(h SearchHit) (n int) {
		for _, w := range h.Person.Words() {
			if w.Kind == customer.NameWord && slices.Contains(words, w.Text) {
				n++
			}
		}
		return n
	}
	slices.SortStableFunc(hits, func(a, b SearchHit) int { return whole(b) - whole(a) })
}

func (s *Service) searchPremises(ctx context.Context, p access.Principal, q SearchQuery) ([]SearchHit, *store.SearchPlace, error) {
	var w wrongs
	places := customer.Words(q.Address)
	w.when(q.Address != "" && len(places) == 0, "query/address", "has a letter or a digit")
	w.when(q.Name+q.Person+q.Phone+q.Email+q.Identifier+q.Account != "", "query/kind", "premises are found by address, premise and geographic value")
	w.when(q.Geographic.Type != "" && !hasCode(s.Configs.Current().Document().GeographicTypes, q.Geographic.Type), "query/geographic", "names no Geographic Type")
	w.when(q.Address+q.Premise+q.Geographic.Type == "", "query/address", "say something of what is looked for")
	w.when(q.Premise != "" && q.Address+q.Geographic.Type != "", "query/premise", "stands alone")
	if len(w) > 0 {
		return nil, nil, fault.Refuse(w...)
	}
	if q.Premise != "" {
		found, err := s.premisesNamed(ctx, p, q.Premise)
		if err != nil {
			return nil, nil, err
		}
		hits, err := s.premiseHits(ctx, p, found)
		return hits, nil, err
	}
	query := store.PremiseQuery{Places: places, Scope: scopeOf(p), After: q.After, Limit: q.Limit + 1}
	if q.Geographic.Type != "" {
		query.Grid = customer.GeographicKey(q.Geographic)
	}
	at, err := s.Finder.FindPremises(ctx, query)
	if err != nil {
		return nil, nil, err
	}
	at, next := page(at, q.Limit)
	ids := make([]customer.PremiseID, len(at))
	for i := range at {
		ids[i] = customer.PremiseID(at[i].ID)
	}
	found, err := s.Facts.Premises(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	slices.SortFunc(found, func(a, b customer.Premise) int { return cmp.Compare(slices.Index(ids, a.ID), slices.Index(ids, b.ID)) })
	hits, err := s.premiseHits(ctx, p, found)
	return hits, next, err
}

func (s *Service) premiseHits(ctx context.Context, p access.Principal, found []customer.Premise) ([]SearchHit, error) {
	hits := make([]SearchHit, len(found))
	for i, m := range found {
		accounts, err := s.Facts.AccountsWhere(ctx, store.AccountQuery{Source: m.Source, Premise: m.ExternalID, Limit: mostHits})
		if err != nil {
			return nil, err
		}
		hits[i] = SearchHit{Premise: &found[i], Accounts: slices.DeleteFunc(accounts, func(a customer.Account) bool { return !p.Sees(a.Source, a.Division) })}
	}
	return hits, nil
}
