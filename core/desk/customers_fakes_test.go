package desk_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"carillon/core/agreement"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/plugin"
	"carillon/core/store"
)

// registry is where customers stand, by source and name.
type registry struct {
	accounts   map[string]customer.Account
	premises   map[string]customer.Premise
	agreements map[string]agreement.Agreement
	asked      store.PersonQuery
	askedAt    store.PremiseQuery
	places     []store.SearchPlace
}

func newRegistry() registry {
	return registry{map[string]customer.Account{}, map[string]customer.Premise{}, map[string]agreement.Agreement{}, store.PersonQuery{}, store.PremiseQuery{}, nil}
}

// shelve writes customers as a store does; the word is that of a conflict.
func (s *tables) shelve(w store.Writes) store.Loss {
	for _, p := range store.Of(w.Customer).Persons {
		known := s.people[p.Source+"|"+p.ExternalID]
		switch {
		case known.Version > p.Version:
			return store.LostVersion
		case known.Revision != p.Revision-1:
			return store.LostRevision
		}
		for _, id := range p.Identifiers {
			for _, other := range s.people {
				if id.Unique && other.ID != p.ID && holds(other, id) {
					return store.LostIdentifier
				}
			}
		}
	}
	for _, a := range store.Of(w.Customer).Accounts {
		if known := s.accounts[a.Source+"|"+a.ExternalID]; known.Revision != a.Revision-1 {
			return store.LostRevision
		}
	}
	for _, p := range store.Of(w.Customer).Persons {
		s.people[p.Source+"|"+p.ExternalID] = p
	}
	for _, a := range store.Of(w.Customer).Accounts {
		s.accounts[a.Source+"|"+a.ExternalID] = a
	}
	for _, m := range store.Of(w.Customer).Premises {
		s.premises[m.Source+"|"+m.ExternalID] = m
	}
	for _, a := range store.Of(w.Customer).Agreements {
		s.agreements[a.Source+"|"+a.ExternalID] = a
	}
	for _, seen := range store.Of(w.Customer).Sightings {
		for k, p := range s.people {
			if p.ID == seen.Person && p.Division != seen.Division && !slices.Contains(p.Also, seen.Division) {
				p.Also = append(slices.Clone(p.Also), seen.Division)
				s.people[k] = p
			}
		}
	}
	return ""
}

func holds(p customer.Person, id customer.Identifier) bool {
	return slices.ContainsFunc(p.Identifiers, func(o customer.Identifier) bool { return o.Type == id.Type && o.Value.Key() == id.Value.Key() })
}

func where[T any](all map[string]T, is func(T) bool, id func(T) int64) []T {
	found := slices.DeleteFunc(slices.Collect(maps.Values(all)), func(x T) bool { return !is(x) })
	slices.SortFunc(found, func(a, b T) int { return cmp.Compare(id(a), id(b)) })
	return found
}

func personNo(p customer.Person) int64   { return int64(p.ID) }
func accountNo(a customer.Account) int64 { return int64(a.ID) }
func premiseNo(m customer.Premise) int64 { return int64(m.ID) }

func single[T any](found []T, err error) (none T, _ error) {
	if len(found) == 0 {
		return none, errors.Join(fault.New(fault.NotFound, "none"), err)
	}
	return found[0], err
}

func (s *tables) Person(ctx context.Context, id customer.PersonID) (customer.Person, error) {
	return single(s.Persons(ctx, []customer.PersonID{id}))
}

func (s *tables) Persons(_ context.Context, ids []customer.PersonID) ([]customer.Person, error) {
	return where(s.people, func(p customer.Person) bool { return slices.Contains(ids, p.ID) }, personNo), s.blind
}

func (s *tables) PersonsByExternal(_ context.Context, source string, names []string) ([]customer.Person, error) {
	return where(s.people, func(p customer.Person) bool { return p.Source == source && slices.Contains(names, p.ExternalID) }, personNo), s.blind
}

func (s *tables) ContactViews(context.Context, []contact.ID) ([]store.ContactView, error) {
	return nil, nil
}

func (s *tables) Keys(context.Context, store.KeyKind, string, []string) ([]store.IntakeKey, error) {
	return nil, nil
}

func (s *tables) HoldersOf(_ context.Context, kind, key string) (ids []customer.PersonID, _ error) {
	for _, p := range where(s.people, func(customer.Person) bool { return true }, personNo) {
		if holds(p, customer.Identifier{Type: kind, Value: customer.IdentifierValue(key)}) {
			ids = append(ids, p.ID)
		}
	}
	return ids, s.blind
}

func (s *tables) Account(ctx context.Context, id customer.AccountID) (customer.Account, error) {
	return single(s.Accounts(ctx, []customer.AccountID{id}))
}

func (s *tables) AccountByExternal(ctx context.Context, source, name string) (customer.Account, error) {
	return single(s.AccountsWhere(ctx, store.AccountQuery{Source: source, ExternalIDs: []string{name}}))
}

func (s *tables) Accounts(_ context.Context, ids []customer.AccountID) ([]customer.Account, error) {
	return where(s.accounts, func(a customer.Account) bool { return slices.Contains(ids, a.ID) }, accountNo), s.blind
}

func (s *tables) AccountsAfter(context.Context, customer.AccountID, int) ([]customer.Account, error) {
	return nil, nil
}

func (s *tables) AccountsWhere(_ context.Context, q store.AccountQuery) ([]customer.Account, error) {
	return where(s.accounts, func(a customer.Account) bool {
		switch {
		case len(q.Persons) > 0:
			return slices.ContainsFunc(q.Persons, func(id customer.PersonID) bool { _, on := a.On(id); return on })
		case len(q.ExternalIDs) > 0:
			return slices.Contains(q.ExternalIDs, a.ExternalID) && (q.Source == "" || q.Source == a.Source)
		}
		return q.Premise != "" && a.Premise == q.Premise && a.Source == q.Source
	}, accountNo), s.blind
}

func (s *tables) Premise(ctx context.Context, id customer.PremiseID) (customer.Premise, error) {
	return single(s.Premises(ctx, []customer.PremiseID{id}))
}

func (s *tables) Premises(_ context.Context, ids []customer.PremiseID) ([]customer.Premise, error) {
	return where(s.premises, func(m customer.Premise) bool { return slices.Contains(ids, m.ID) }, premiseNo), s.blind
}

func (s *tables) PremisesByExternal(_ context.Context, source string, names []string) ([]customer.Premise, error) {
	return where(s.premises, func(m customer.Premise) bool {
		return slices.Contains(names, m.ExternalID) && (source == "" || source == m.Source)
	}, premiseNo), s.blind
}

func (s *tables) AgreementsOfAccounts(_ context.Context, ids []customer.AccountID) ([]agreement.Agreement, error) {
	return where(s.agreements, func(a agreement.Agreement) bool { return slices.Contains(ids, a.Account) }, func(a agreement.Agreement) int64 { return int64(a.ID) }), s.blind
}

func (s *tables) AgreementsByExternal(_ context.Context, source string, names []string) ([]agreement.Agreement, error) {
	return where(s.agreements, func(a agreement.Agreement) bool { return a.Source == source && slices.Contains(names, a.ExternalID) }, func(a agreement.Agreement) int64 { return int64(a.ID) }), s.blind
}

func (s *tables) FindPersons(_ context.Context, q store.PersonQuery) ([]store.SearchPlace, error) {
	s.asked = q
	return s.places, s.blind
}

func (s *tables) FindPremises(_ context.Context, q store.PremiseQuery) ([]store.SearchPlace, error) {
	s.askedAt = q
	return s.places, s.blind
}

func (c *numbers) Account(context.Context) (customer.AccountID, error) {
	c.n++
	return customer.AccountID(c.n), c.down
}

func (c *numbers) Premise(context.Context) (customer.PremiseID, error) {
	c.n++
	return customer.PremiseID(c.n), c.down
}

func (c *numbers) Agreement(context.Context) (agreement.ID, error) {
	c.n++
	return agreement.ID(c.n), c.down
}

// spots are algorithms as a test can see them at work.
func spots() customer.Spots {
	return customer.Spots{
		PersonInformation: map[string]customer.PersonInformation{"P-INFO": func(p customer.Person, _ plugin.Parameters) string { return "person " + p.PrimaryName() }},
		AccountInformation: map[string]customer.AccountInformation{"A-INFO": func(_ customer.Account, m customer.Person, _ plugin.Parameters) string {
			return "account of " + m.PrimaryName()
		}},
		PhoneFormat: map[string]customer.PhoneFormat{"FORMAT": func(typed string, _ plugin.Parameters) (customer.PhoneNumber, error) {
			if !strings.HasPrefix(typed, "+") {
				return customer.PhoneNumber{}, fault.New(fault.Invalid, "begins with +")
			}
			return customer.PhoneNumber{E164: customer.Address(typed), Extension: "7"}, nil
		}},
		GlobalContext: map[string]customer.GlobalContext{"CONTEXT": func(known customer.Context, facts customer.ContextFacts, _ plugin.Parameters) customer.Context {
			for _, a := range facts.Accounts {
				known.Account = a.ID
				if main, ok := a.Main(); ok {
					known.Person = main.Person
				}
				known.Premise = facts.Premises[a.Source+" "+a.Premise]
			}
			return known
		}},
	}
}
