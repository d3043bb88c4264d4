package main

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/adapters/driving/api/intake"
	"carillon/core/accept"
	"carillon/core/access"
	"carillon/core/agreement"
	"carillon/core/algorithm"
	"carillon/core/contact"
	"carillon/core/customer"
	sysevent "carillon/core/event"
	"carillon/core/fault"
	"carillon/core/store"
)

// events takes system events in.
type events struct {
	core  *sysevent.Service
	lines *intake.Events
	count func(path, outcome string, n int)
}

// happenings makes what takes system events in, and counts them.
func (a *app) happenings() (err error) {
	total := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "carillon_events_total", Help: "System events that came in, by path and what became of them.",
	}, []string{"path", "outcome"})
	a.registry.MustRegister(total)
	for _, path := range intake.EventPaths() {
		for _, outcome := range intake.LineOutcomes() {
			total.WithLabelValues(path, outcome)
		}
	}
	a.events = &events{
		core: &sysevent.Service{
			Store: waker{to: merged{a.merged}, t: a.ticker, keys: a.keys}, Facts: a.store, Customers: loaded{a.store}, Configs: a.configs,
			Contacts: contactsOf{a.accept}, Creators: algorithm.Creators(), Rule: algorithm.EventTypeRule(), IDs: newIDs(a.store), Schemas: a.accept.Schemas,
		},
		count: func(path, outcome string, n int) { total.WithLabelValues(path, outcome).Add(float64(n)) },
	}
	a.events.lines, err = intake.NewEvents(a.intakeConfig(), a.events.core)
	return err
}

// contactsOf makes the contacts of events through the one acceptance. The event is their key: they take none of their own.
type contactsOf struct{ accept *accept.Service }

// eventKey stands where a contact has no key of its own.
const eventKey = "event"

// Prepare implements sysevent.Contacts.
func (c contactsOf) Prepare(ctx context.Context, now time.Time, p access.Principal, r sysevent.Request) (store.Writes, contact.ID, error) {
	request := accept.Request{
		Key: eventKey, Division: r.Division, Class: r.Class, Type: r.Type, Person: r.Person, Vouched: r.Vouched, Account: r.Account, Premise: r.Premise,
		Event: r.Event, ExpiresAt: r.ExpiresAt, Part: &contact.Part{Comments: r.Comments, Characteristics: r.Characteristics},
	}
	if r.Recipient != nil {
		in := accept.Inline(*r.Recipient)
		request.Inline = &in
	}
	ready, err := c.accept.Prepare(ctx, now, p, request)
	if err != nil {
		return store.Writes{}, 0, err
	}
	ready.Writes.Keys = slices.DeleteFunc(ready.Writes.Keys, func(k store.IntakeKey) bool { return k.Key == eventKey })
	return ready.Writes, ready.Answer.Contact, nil
}

// loaded is what of customers is loaded.
type loaded struct{ store store.Store }

// Person implements sysevent.Customers.
func (l loaded) Person(ctx context.Context, id customer.PersonID) (customer.Person, error) {
	return l.store.Person(ctx, id)
}

// PersonByExternal implements sysevent.Customers.
func (l loaded) PersonByExternal(ctx context.Context, source, externalID string) (customer.Person, error) {
	return l.store.PersonByExternal(ctx, source, externalID)
}

// Account implements sysevent.Customers.
func (l loaded) Account(ctx context.Context, source, externalID string) (sysevent.Account, error) {
	found, err := l.store.AccountByExternal(ctx, source, externalID)
	if err != nil {
		return sysevent.Account{}, err
	}
	agreements, err := l.store.AgreementsOfAccounts(ctx, []customer.AccountID{found.ID})
	if err != nil {
		return sysevent.Account{}, err
	}
	main, _ := found.Main()
	return sysevent.Account{
		Division: found.Division, Main: main.Person, Active: slices.ContainsFunc(agreements, active),
	}, nil
}

// Agreement implements sysevent.Customers.
func (l loaded) Agreement(ctx context.Context, source, externalID string) (sysevent.Agreement, error) {
	found, err := l.store.AgreementsByExternal(ctx, source, []string{externalID})
	if err != nil {
		return sysevent.Agreement{}, err
	}
	if len(found) == 0 {
		return sysevent.Agreement{}, fault.New(fault.NotFound, "there is no such service agreement")
	}
	accounts, err := l.store.Accounts(ctx, []customer.AccountID{found[0].Account})
	if err != nil {
		return sysevent.Agreement{}, err
	}
	out := sysevent.Agreement{Division: found[0].Division, Premise: found[0].Premise, Active: active(found[0])}
	if len(accounts) > 0 {
		out.Account = accounts[0].ExternalID
	}
	return out, nil
}

// active: the customer is served under it. One that is about to stop still is.
func active(a agreement.Agreement) bool {
	return a.Status == agreement.Active || a.Status == agreement.PendingStop
}
