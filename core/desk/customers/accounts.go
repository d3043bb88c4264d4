package customers

import (
	"context"
	"slices"
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

func itoa(n int) string { return strconv.Itoa(n) }

// Account reads an account by the id its source knows it by; NotFound when the principal may not see it.
func (s *Service) Account(ctx context.Context, p access.Principal, source, externalID string) (customer.Account, error) {
	if source == "" {
		source = p.Source
	}
	return seenAccount(p)(s.Facts.AccountByExternal(ctx, source, externalID))
}

// AccountByID reads an account by its number.
func (s *Service) AccountByID(ctx context.Context, p access.Principal, id customer.AccountID) (customer.Account, error) {
	return seenAccount(p)(s.Facts.Account(ctx, id))
}

func seenAccount(p access.Principal) func(customer.Account, error) (customer.Account, error) {
	return func(a customer.Account, err error) (customer.Account, error) {
		switch {
		case err != nil:
			return customer.Account{}, desk.Hide(err)
		case !p.Sees(a.Source, a.Division):
			return customer.Account{}, desk.Hidden()
		}
		return a, nil
	}
}

// Premise reads a premise by the id its source knows it by; NotFound when the principal may not see it.
func (s *Service) Premise(ctx context.Context, p access.Principal, source, externalID string) (customer.Premise, error) {
	if source == "" {
		source = p.Source
	}
	found, err := s.Facts.PremisesByExternal(ctx, source, []string{externalID})
	if err != nil {
		return customer.Premise{}, err
	}
	if len(found) == 0 || !p.Sees(found[0].Source, found[0].Division) {
		return customer.Premise{}, desk.Hidden()
	}
	return found[0], nil
}

// PremiseByID reads a premise by its number.
func (s *Service) PremiseByID(ctx context.Context, p access.Principal, id customer.PremiseID) (customer.Premise, error) {
	found, err := s.Facts.Premise(ctx, id)
	switch {
	case err != nil:
		return customer.Premise{}, desk.Hide(err)
	case !p.Sees(found.Source, found.Division):
		return customer.Premise{}, desk.Hidden()
	}
	return found, nil
}

// Agreements lists the service agreements of an account that may be seen.
func (s *Service) Agreements(ctx context.Context, p access.Principal, id customer.AccountID) ([]agreement.Agreement, error) {
	if _, err := s.AccountByID(ctx, p, id); err != nil {
		return nil, err
	}
	all, err := s.Facts.AgreementsOfAccounts(ctx, []customer.AccountID{id})
	return slices.DeleteFunc(all, func(a agreement.Agreement) bool { return !p.Sees(a.Source, a.Division) }), err
}

// accountWrong is everything that is wrong with an account at the desk. Its persons are given by number; those who were
// not on it before must be seen.
func (s *Service) accountWrong(ctx context.Context, p access.Principal, a, before customer.Account) error {
	ids := make([]customer.PersonID, len(a.Persons))
	for i, on := range a.Persons {
		ids[i] = on.Person
	}
	found, err := s.Facts.Persons(ctx, ids)
	if err != nil {
		return err
	}
	var w wrongs
	for i, id := range ids {
		_, there := before.On(id)
		there = there || slices.ContainsFunc(found, func(x customer.Person) bool { return x.ID == id && x.SeenBy(p) })
		w.when(!there, "/persons/"+itoa(i)+"/person", "is no person that is here")
	}
	if w = append(w, s.wrongAccount(a)...); len(w) > 0 {
		return fault.Refuse(w...)
	}
	return nil
}

// premiseText turns the ten digits of a premise into the name that its source has for it; any other text stays.
func (s *Service) premiseText(ctx context.Context, p access.Principal, text string) (string, error) {
	id, err := customer.ParsePremiseID(text)
	if err != nil {
		return text, nil //nolint:nilerr // a name that is no number
	}
	found, err := s.PremiseByID(ctx, p, id)
	if fault.Is(err, fault.NotFound) {
		return text, nil
	}
	return found.ExternalID, err
}

// CreateAccount makes an account at the desk, as [Service.CreatePerson].
func (s *Service) CreateAccount(ctx context.Context, now time.Time, p access.Principal, in customer.Account) (customer.Account, error) {
	if err := firstOf(mayServe(p), mayIn(p, in.Division)); err != nil {
		return in, err
	}
	in.Source, in.UpdatedAt, in.Persons = p.Source, now, withDefaults(in.Persons)
	if err := s.accountWrong(ctx, p, in, customer.Account{}); err != nil {
		return in, err
	}
	var err error
	if in.Premise, err = s.premiseText(ctx, p, in.Premise); err != nil {
		return in, err
	}
	in = in.Created()
	if in.ID, err = s.IDs.Account(ctx); err != nil {
		return in, err
	}
	in.ExternalID = in.ID.String()
	return in, s.write(ctx, store.Writes{
		Customer: &store.CustomerWrites{Accounts: []customer.Account{in}, Sightings: seenIn(in)}, Ledger: &store.LedgerWrites{Entries: []ledger.Entry{accountEntry(now, p, ledger.AccountCreated, in, nil)}},
	})
}

// CorrectAccount changes groups of an account's fields at the desk; Carillon owns them from then on.
func (s *Service) CorrectAccount(ctx context.Context, now time.Time, p access.Principal, id customer.AccountID, c Correction[customer.Account]) (customer.Account, error) {
	known, err := s.AccountByID(ctx, p, id)
	if err != nil {
		return known, err
	}
	if err := firstOf(mayServe(p), c.check(customer.AccountGroups()), stale(c.Revision, known.Revision)); err != nil {
		return known, err
	}
	c.To.UpdatedAt, c.To.Persons = now, withDefaults(c.To.Persons)
	to, entries := known, []ledger.Entry(nil)
	if len(c.Groups) > 0 {
		if c.To.Premise, err = s.premiseText(ctx, p, c.To.Premise); err != nil {
			return known, err
		}
		to = known.Corrected(c.To, c.Groups)
		if err := s.accountWrong(ctx, p, to, known); err != nil {
			return known, err
		}
		entries = append(entries, accountEntry(now, p, ledger.AccountChanged, to, c.Groups))
	}
	if len(c.GiveBack) > 0 {
		to = to.GivenBack(c.GiveBack)
		entries = append(entries, accountEntry(now, p, ledger.AccountGivenBack, to, c.GiveBack))
	}
	to.Revision, to.UpdatedAt = known.Revision+1, now
	return to, s.write(ctx, store.Writes{Customer: &store.CustomerWrites{Accounts: []customer.Account{to}, Sightings: seenIn(to)}, Ledger: &store.LedgerWrites{Entries: entries}})
}

// CreatePremise makes a premise at the desk (process 3.4.1.1, step 1.5), as [Service.CreatePerson].
func (s *Service) CreatePremise(ctx context.Context, now time.Time, p access.Principal, in customer.Premise) (customer.Premise, error) {
	if err := firstOf(mayServe(p), mayIn(p, in.Division)); err != nil {
		return in, err
	}
	in.Source, in.UpdatedAt = p.Source, now
	if wrong := s.wrongPremise(in); len(wrong) > 0 {
		return in, fault.Refuse(wrong...)
	}
	in = in.Created()
	var err error
	if in.ID, err = s.IDs.Premise(ctx); err != nil {
		return in, err
	}
	in.ExternalID = in.ID.String()
	return in, s.write(ctx, store.Writes{
		Customer: &store.CustomerWrites{Premises: []customer.Premise{in}}, Ledger: &store.LedgerWrites{Entries: []ledger.Entry{premiseEntry(now, p, ledger.PremiseCreated, in, nil)}},
	})
}

// CorrectPremise changes groups of a premise's fields at the desk; Carillon owns them from then on.
func (s *Service) CorrectPremise(ctx context.Context, now time.Time, p access.Principal, id customer.PremiseID, c Correction[customer.Premise]) (customer.Premise, error) {
	known, err := s.PremiseByID(ctx, p, id)
	if err != nil {
		return known, err
	}
	if err := firstOf(mayServe(p), c.check(customer.PremiseGroups()), stale(c.Revision, known.Revision)); err != nil {
		return known, err
	}
	c.To.UpdatedAt = now
	to, entries := known, []ledger.Entry(nil)
	if len(c.Groups) > 0 {
		to = known.Corrected(c.To, c.Groups)
		if wrong := s.wrongPremise(to); len(wrong) > 0 {
			return known, fault.Refuse(wrong...)
		}
		entries = append(entries, premiseEntry(now, p, ledger.PremiseChanged, to, c.Groups))
	}
	if len(c.GiveBack) > 0 {
		to = to.GivenBack(c.GiveBack)
		entries = append(entries, premiseEntry(now, p, ledger.PremiseGivenBack, to, c.GiveBack))
	}
	to.Revision, to.UpdatedAt = known.Revision+1, now
	return to, s.write(ctx, store.Writes{Customer: &store.CustomerWrites{Premises: []customer.Premise{to}}, Ledger: &store.LedgerWrites{Entries: entries}})
}
