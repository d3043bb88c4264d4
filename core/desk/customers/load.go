package customers

import (
	"context"
	"strconv"
	"time"

	"carillon/core/access"
	"carillon/core/agreement"
	"carillon/core/customer"
	"carillon/core/desk"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
)

// lot is what many loads are decided from, and what those decided before have made of it.
type lot struct {
	s          *Service
	now        time.Time
	p          access.Principal
	persons    map[string]customer.Person // by external id
	accounts   map[string]customer.Account
	premises   map[string]customer.Premise
	agreements map[string]agreement.Agreement
	numbered   map[customer.PersonID]customer.Person
}

// names are what items name, each once.
type names struct {
	persons, accounts, premises, agreements map[string]bool
	numbers                                 map[customer.PersonID]bool
}

func namesIn(items []Load, open []int) names {
	n := names{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[customer.PersonID]bool{}}
	for _, i := range open {
		switch it := items[i]; {
		case it.Person != nil:
			n.persons[it.Person.ExternalID] = true
		case it.Premise != nil:
			n.premises[it.Premise.ExternalID] = true
		case it.Agreement != nil:
			n.agreements[it.Agreement.ExternalID], n.accounts[it.Agreement.Of] = true, true
		case it.Account != nil:
			n.accounts[it.Account.ExternalID] = true
			for k, on := range it.Account.Persons {
				if on.Person != 0 {
					n.numbers[on.Person] = true
				} else {
					n.persons[it.Account.Who[k]] = true
				}
			}
		}
	}
	return n
}

func keys[K comparable](m map[K]bool) []K {
	all := make([]K, 0, len(m))
	for k := range m {
		all = append(all, k)
	}
	return all
}

// gather reads what the open items are decided from, in as few round trips as there are kinds of objects.
func (s *Service) gather(ctx context.Context, now time.Time, p access.Principal, items []Load, open []int) (*lot, error) {
	n := namesIn(items, open)
	l := &lot{
		s: s, now: now, p: p, persons: map[string]customer.Person{}, accounts: map[string]customer.Account{},
		premises: map[string]customer.Premise{}, agreements: map[string]agreement.Agreement{}, numbered: map[customer.PersonID]customer.Person{},
	}
	if len(n.persons) > 0 {
		found, err := s.Facts.PersonsByExternal(ctx, p.Source, keys(n.persons))
		if err != nil {
			return nil, err
		}
		for _, x := range found {
			l.persons[x.ExternalID], l.numbered[x.ID] = x, x
		}
	}
	if len(n.numbers) > 0 {
		found, err := s.Facts.Persons(ctx, keys(n.numbers))
		if err != nil {
			return nil, err
		}
		for _, x := range found {
			l.numbered[x.ID] = x
		}
	}
	return l, l.gatherOthers(ctx, n)
}

func (l *lot) gatherOthers(ctx context.Context, n names) error {
	if len(n.accounts) > 0 {
		found, err := l.s.Facts.AccountsWhere(ctx, store.AccountQuery{Source: l.p.Source, ExternalIDs: keys(n.accounts)})
		if err != nil {
			return err
		}
		for _, x := range found {
			l.accounts[x.ExternalID] = x
		}
	}
	if len(n.premises) > 0 {
		found, err := l.s.Facts.PremisesByExternal(ctx, l.p.Source, keys(n.premises))
		if err != nil {
			return err
		}
		for _, x := range found {
			l.premises[x.ExternalID] = x
		}
	}
	if len(n.agreements) > 0 {
		found, err := l.s.Facts.AgreementsByExternal(ctx, l.p.Source, keys(n.agreements))
		if err != nil {
			return err
		}
		for _, x := range found {
			l.agreements[x.ExternalID] = x
		}
	}
	return nil
}

// decide is what one load makes of what is known.
func (l *lot) decide(ctx context.Context, it Load) (ready, error) {
	if err := mayLoad(l.p); err != nil {
		return ready{}, err
	}
	switch {
	case it.Person != nil:
		return l.person(ctx, *it.Person)
	case it.Account != nil:
		return l.account(ctx, *it.Account)
	case it.Premise != nil:
		return l.premise(ctx, *it.Premise)
	case it.Agreement != nil:
		return l.agreement(ctx, *it.Agreement)
	}
	return ready{}, fault.Refuse(fault.Violation{Field: "/", Reason: "is a person, an account, a premise or a service agreement"})
}

// hides tells an object that is there and not the caller's.
func (l *lot) hides(division string) bool { return !l.p.InDivision(division) }

func (l *lot) person(ctx context.Context, in customer.Person) (ready, error) {
	if err := mayIn(l.p, in.Division); err != nil {
		return ready{}, err
	}
	known, there := l.persons[in.ExternalID]
	if there && l.hides(known.Division) {
		return ready{}, desk.Hidden()
	}
	in.Source, in.UpdatedAt = l.p.Source, l.now
	in, wrong := l.s.checked(in)
	wrong = append(wrong, loadWords(in.ExternalID, in.Version)...)
	if len(wrong) > 0 {
		return ready{}, fault.Refuse(wrong...)
	}
	merged, err := known.Loaded(in)
	if err != nil {
		return ready{}, err
	}
	if merged, err = l.s.numberPerson(ctx, merged, known); err != nil {
		return ready{}, err
	}
	l.persons[merged.ExternalID], l.numbered[merged.ID] = merged, merged
	return ready{
		loaded: Loaded{Person: &merged, Left: merged.Owned},
		writes: store.Writes{
			Customer: &store.CustomerWrites{Persons: []customer.Person{merged}},
			Ledger:   &store.LedgerWrites{Entries: []ledger.Entry{personEntry(l.now, l.p, ledger.PersonLoaded, merged, nil)}},
		},
	}, nil
}

// numberPerson gives a new person and its new points their numbers, and the points that are known their marks.
func (s *Service) numberPerson(ctx context.Context, in, known customer.Person) (customer.Person, error) {
	var err error
	if in.ID == 0 {
		if in.ID, err = s.IDs.Person(ctx); err != nil {
			return in, err
		}
	}
	in.Points = append([]customer.Point(nil), in.Points...)
	for i := range in.Points {
		pt := &in.Points[i]
		pt.Person = in.ID
		for _, have := range known.Points {
			if have.Kind == pt.Kind && have.Value == pt.Value {
				pt.ID, pt.UndeliverableSince = have.ID, have.UndeliverableSince
			}
		}
		if pt.ID == 0 {
			if pt.ID, err = s.IDs.Point(ctx); err != nil {
				return in, err
			}
		}
	}
	return in, nil
}

func (l *lot) account(ctx context.Context, in AccountLoad) (ready, error) {
	if err := mayIn(l.p, in.Division); err != nil {
		return ready{}, err
	}
	known, there := l.accounts[in.ExternalID]
	if there && l.hides(known.Division) {
		return ready{}, desk.Hidden()
	}
	a := in.Account
	a.Source, a.UpdatedAt = l.p.Source, l.now
	wrong := l.named(&in)
	a.Persons = in.Persons
	wrong = append(wrong, l.s.wrongAccount(a)...)
	wrong = append(wrong, loadWords(a.ExternalID, a.Version)...)
	if len(wrong) > 0 {
		return ready{}, fault.Refuse(wrong...)
	}
	merged, err := known.Loaded(a)
	if err != nil {
		return ready{}, err
	}
	if merged.ID == 0 {
		if merged.ID, err = l.s.IDs.Account(ctx); err != nil {
			return ready{}, err
		}
	}
	l.accounts[merged.ExternalID] = merged
	return ready{
		loaded: Loaded{Account: &merged, Left: merged.Owned},
		writes: store.Writes{
			Customer: &store.CustomerWrites{Accounts: []customer.Account{merged}, Sightings: seenIn(merged)},
			Ledger:   &store.LedgerWrites{Entries: []ledger.Entry{accountEntry(l.now, l.p, ledger.AccountLoaded, merged, nil)}},
		},
	}, nil
}

// named turns the external ids of the persons on an account into their numbers.
func (l *lot) named(in *AccountLoad) []fault.Violation {
	var wrong []fault.Violation
	in.Persons = withDefaults(in.Persons)
	for i := range in.Persons {
		on := &in.Persons[i]
		known := l.numbered[on.Person]
		if on.Person == 0 {
			known = l.persons[in.Who[i]]
		}
		if known.ID == 0 || !known.SeenBy(l.p) {
			wrong = append(wrong, fault.Violation{Field: "/persons/" + strconv.Itoa(i) + "/person", Reason: "names nobody who was loaded"})
			continue
		}
		on.Person = known.ID
	}
	return wrong
}

// seenIn: who is on an account is seen where the account is.
func seenIn(a customer.Account) []customer.Sighting {
	seen := make([]customer.Sighting, len(a.Persons))
	for i, on := range a.Persons {
		seen[i] = customer.Sighting{Person: on.Person, Division: a.Division}
	}
	return seen
}

func (l *lot) premise(ctx context.Context, in customer.Premise) (ready, error) {
	if err := mayIn(l.p, in.Division); err != nil {
		return ready{}, err
	}
	known, there := l.premises[in.ExternalID]
	if there && l.hides(known.Division) {
		return ready{}, desk.Hidden()
	}
	in.Source, in.UpdatedAt = l.p.Source, l.now
	if wrong := append(l.s.wrongPremise(in), loadWords(in.ExternalID, in.Version)...); len(wrong) > 0 {
		return ready{}, fault.Refuse(wrong...)
	}
	merged, err := known.Loaded(in)
	if err != nil {
		return ready{}, err
	}
	if merged.ID == 0 {
		if merged.ID, err = l.s.IDs.Premise(ctx); err != nil {
			return ready{}, err
		}
	}
	l.premises[merged.ExternalID] = merged
	return ready{
		loaded: Loaded{Premise: &merged, Left: merged.Owned},
		writes: store.Writes{
			Customer: &store.CustomerWrites{Premises: []customer.Premise{merged}},
			Ledger:   &store.LedgerWrites{Entries: []ledger.Entry{premiseEntry(l.now, l.p, ledger.PremiseLoaded, merged, nil)}},
		},
	}, nil
}

func (l *lot) agreement(ctx context.Context, in AgreementLoad) (ready, error) {
	if err := mayIn(l.p, in.Division); err != nil {
		return ready{}, err
	}
	known, there := l.agreements[in.ExternalID]
	if there && l.hides(known.Division) {
		return ready{}, desk.Hidden()
	}
	a := in.Agreement
	a.Source, a.UpdatedAt, a.ID = l.p.Source, l.now, known.ID
	wrong := append(l.s.wrongAgreement(a), loadWords(a.ExternalID, a.Version)...)
	of, loaded := l.accounts[in.Of]
	if !loaded || l.hides(of.Division) {
		wrong = append(wrong, fault.Violation{Field: "/account", Reason: "names no account that was loaded"})
	}
	switch {
	case len(wrong) > 0:
		return ready{}, fault.Refuse(wrong...)
	case a.Version < known.Version:
		return ready{}, lostTo(store.LostVersion)
	}
	a.Account = of.ID
	if a.ID == 0 {
		var err error
		if a.ID, err = l.s.IDs.Agreement(ctx); err != nil {
			return ready{}, err
		}
	}
	l.agreements[a.ExternalID] = a
	return ready{
		loaded: Loaded{Agreement: &a},
		writes: store.Writes{
			Customer: &store.CustomerWrites{Agreements: []agreement.Agreement{a}},
			Ledger: &store.LedgerWrites{Entries: []ledger.Entry{{
				At: l.now, Kind: ledger.AgreementLoaded, Source: a.Source, Division: a.Division, Reference: a.ExternalID, Account: of.ExternalID, By: l.p.Name,
			}}},
		},
	}, nil
}
