// Package customers keeps persons, accounts, premises and service agreements: loads them from a CIS, makes and corrects them
// at the desk, finds them, and tells what stands around one (process 3.4.1.1, steps 1.0 and 1.3 to 1.5).
package customers

import (
	"context"
	"strings"
	"time"

	"carillon/core/access"
	"carillon/core/agreement"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/desk"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

// CustomerFacts is what customers are decided from.
type CustomerFacts interface {
	store.Customers
	store.Many
	store.Accounts
	store.Premises
	store.Agreements
}

// CustomerIDs hands out the numbers of customers.
type CustomerIDs interface {
	Person(ctx context.Context) (customer.PersonID, error)
	Point(ctx context.Context) (customer.PointID, error)
	Account(ctx context.Context) (customer.AccountID, error)
	Premise(ctx context.Context) (customer.PremiseID, error)
	Agreement(ctx context.Context) (agreement.ID, error)
}

// Service keeps persons, accounts, premises and service agreements (process 3.4.1.1, steps 1.0, 1.3 to 1.5).
// All of it writes through one door: a decision gives the object as it is to be and its ledger entry, and who wrote it
// in the meantime makes it a conflict.
type Service struct {
	Store    store.Applier
	Facts    CustomerFacts
	Finder   store.Search
	Configs  desk.Configs
	IDs      CustomerIDs
	Channels map[message.Channel]desk.Channel
	Spots    customer.Spots
	Alerters map[string]contact.Alerter
	Alerts   AlertFacts
}

// Load is one object that a CIS loads: exactly one of the four.
type Load struct {
	Person    *customer.Person
	Account   *AccountLoad
	Premise   *customer.Premise
	Agreement *AgreementLoad
}

// AccountLoad is an account whose persons are named as their source names them.
type AccountLoad struct {
	customer.Account

	Who []string // of each of its persons: the external id, where the number is not given
}

// AgreementLoad is a service agreement whose account is named as its source names it.
type AgreementLoad struct {
	agreement.Agreement

	Of string // the account's external id
}

// Loaded is what became of a load.
type Loaded struct {
	Person    *customer.Person
	Account   *customer.Account
	Premise   *customer.Premise
	Agreement *agreement.Agreement
	Left      []customer.Group // what Carillon owns: the load left it alone
	Err       error            // why nothing was written
}

// ready is a load that is decided: what to write, and what to answer when it is written.
type ready struct {
	loaded Loaded
	writes store.Writes
}

// loadTries bounds how often a load is decided anew because somebody wrote in the meantime.
const loadTries = 3

// Load takes objects from a CIS, in order, each all or nothing alone. Errors of one stand in its answer: Invalid naming
// every wrong field, Conflict when a newer version is here, Forbidden, NotFound. The error is of the whole call.
func (s *Service) Load(ctx context.Context, now time.Time, p access.Principal, items []Load) ([]Loaded, error) {
	out := make([]Loaded, len(items))
	open := make([]int, len(items))
	for i := range items {
		open[i] = i
	}
	for try := 0; len(open) > 0; try++ {
		lot, err := s.gather(ctx, now, p, items, open)
		if err != nil {
			return nil, err
		}
		lost, err := s.loadOnce(ctx, lot, items, open, out)
		if err != nil {
			return nil, err
		}
		if open = lost; try == loadTries {
			break
		}
	}
	return out, nil
}

// loadOnce decides the open items and writes them. It returns those that somebody else was faster with.
func (s *Service) loadOnce(ctx context.Context, lot *lot, items []Load, open []int, out []Loaded) (lost []int, err error) {
	var sets []store.Writes
	var at []int
	for _, i := range open {
		r, err := lot.decide(ctx, items[i])
		switch {
		case err == nil:
			out[i] = r.loaded
			sets, at = append(sets, r.writes), append(at, i)
		case fault.KindOf(err) == fault.Unavailable || fault.KindOf(err) == fault.Unknown || fault.KindOf(err) == fault.Cancelled:
			return nil, err
		default:
			out[i] = Loaded{Err: err}
		}
	}
	if len(sets) == 0 {
		return nil, nil
	}
	verdicts, err := s.Store.Apply(ctx, sets...)
	if err != nil {
		return nil, err
	}
	for k, v := range verdicts {
		if v.Outcome == store.Applied {
			continue
		}
		out[at[k]] = Loaded{Err: lostTo(v.What)}
		if v.What == store.LostRevision {
			lost = append(lost, at[k])
		}
	}
	return lost, nil
}

// lostTo says over what a write was lost.
func lostTo(what store.Loss) error {
	switch what {
	case store.LostVersion:
		return fault.New(fault.Conflict, "a newer version is here")
	case store.LostIdentifier:
		return fault.Refuse(fault.Violation{Field: "/identifiers", Reason: "another person has an identifier that only one may have"})
	}
	return fault.New(fault.Conflict, "somebody else changed it in the meantime")
}

// mayLoad and mayServe: a CIS loads, the desk corrects.
func mayLoad(p access.Principal) error {
	if !p.Has(access.CIS, access.CSR, access.Supervisor, access.Admin) {
		return fault.New(fault.Forbidden, "this key may not load customers")
	}
	return nil
}

func mayServe(p access.Principal) error {
	if !p.Has(access.CSR, access.Supervisor, access.Admin) {
		return fault.New(fault.Forbidden, "this key may not change customers")
	}
	return nil
}

func mayIn(p access.Principal, division string) error {
	if !p.InDivision(division) {
		return fault.New(fault.Forbidden, "this key has no right in that division")
	}
	return nil
}

// groupWords are groups in one reason of a ledger entry.
func groupWords(groups []customer.Group) string {
	words := make([]string, len(groups))
	for i, g := range groups {
		words[i] = string(g)
	}
	return strings.Join(words, ",")
}

func personEntry(now time.Time, by access.Principal, kind ledger.Kind, p customer.Person, groups []customer.Group) ledger.Entry {
	return ledger.Entry{
		At: now, Kind: kind, Source: p.Source, Division: p.Division, Person: p.ID, Account: p.Account, Reason: groupWords(groups), By: by.Name,
	}
}

func accountEntry(now time.Time, by access.Principal, kind ledger.Kind, a customer.Account, groups []customer.Group) ledger.Entry {
	e := ledger.Entry{
		At: now, Kind: kind, Source: a.Source, Division: a.Division, Account: a.ExternalID, Reason: groupWords(groups), By: by.Name,
	}
	if main, ok := a.Main(); ok {
		e.Person = main.Person
	}
	return e
}

func premiseEntry(now time.Time, by access.Principal, kind ledger.Kind, p customer.Premise, groups []customer.Group) ledger.Entry {
	return ledger.Entry{
		At: now, Kind: kind, Source: p.Source, Division: p.Division, Reference: p.ExternalID, Reason: groupWords(groups), By: by.Name,
	}
}
