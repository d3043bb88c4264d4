package sysevent

import (
	"context"
	"slices"

	"carillon/core/agreement"
	"carillon/core/customer"
	"carillon/core/fault"
)

// LoadedFacts is what [Loaded] reads.
type LoadedFacts interface {
	PersonFacts
	AccountByExternal(ctx context.Context, source, externalID string) (customer.Account, error)
	Accounts(ctx context.Context, ids []customer.AccountID) ([]customer.Account, error)
	AgreementsOfAccounts(ctx context.Context, ids []customer.AccountID) ([]agreement.Agreement, error)
	AgreementsByExternal(ctx context.Context, source string, externalIDs []string) ([]agreement.Agreement, error)
}

// PersonFacts finds persons.
type PersonFacts interface {
	Person(ctx context.Context, id customer.PersonID) (customer.Person, error)
	PersonByExternal(ctx context.Context, source, externalID string) (customer.Person, error)
}

// Loaded is [Customers] by what was loaded from the CIS.
type Loaded struct{ Facts LoadedFacts }

// Person implements [Customers].
func (l Loaded) Person(ctx context.Context, id customer.PersonID) (customer.Person, error) {
	return l.Facts.Person(ctx, id)
}

// PersonByExternal implements [Customers].
func (l Loaded) PersonByExternal(ctx context.Context, source, externalID string) (customer.Person, error) {
	return l.Facts.PersonByExternal(ctx, source, externalID)
}

// Account implements [Customers].
func (l Loaded) Account(ctx context.Context, source, externalID string) (Account, error) {
	found, err := l.Facts.AccountByExternal(ctx, source, externalID)
	if err != nil {
		return Account{}, err
	}
	agreements, err := l.Facts.AgreementsOfAccounts(ctx, []customer.AccountID{found.ID})
	if err != nil {
		return Account{}, err
	}
	main, _ := found.Main()
	serves := func(a agreement.Agreement) bool { return a.Status.Serves() }
	return Account{Division: found.Division, Main: main.Person, Active: slices.ContainsFunc(agreements, serves)}, nil
}

// Agreement implements [Customers].
func (l Loaded) Agreement(ctx context.Context, source, externalID string) (Agreement, error) {
	found, err := l.Facts.AgreementsByExternal(ctx, source, []string{externalID})
	if err != nil {
		return Agreement{}, err
	}
	if len(found) == 0 {
		return Agreement{}, fault.New(fault.NotFound, "there is no such service agreement")
	}
	accounts, err := l.Facts.Accounts(ctx, []customer.AccountID{found[0].Account})
	if err != nil {
		return Agreement{}, err
	}
	out := Agreement{Division: found[0].Division, Premise: found[0].Premise, Active: found[0].Status.Serves()}
	if len(accounts) > 0 {
		out.Account = accounts[0].ExternalID
	}
	return out, nil
}
