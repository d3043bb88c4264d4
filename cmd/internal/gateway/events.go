package gateway

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/adapters/driving/api/intake"
	"carillon/cmd/internal/identifiers"
	"carillon/core/accept"
	"carillon/core/access"
	"carillon/core/algorithm"
	"carillon/core/contact"
	"carillon/core/store"
	"carillon/core/sysevent"
)

// events takes system events in.
type events struct {
	core  *sysevent.Service
	lines *intake.Events
	count func(path, outcome string, n int)
}

// takeEvents makes what takes system events in, and counts them.
func (a *Gateway) takeEvents(context.Context) (err error) {
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
			Store: a.waking(merged{a.merged}), Facts: a.store, Customers: sysevent.Loaded{Facts: a.store}, Configs: a.configs,
			Contacts: contactsOf{a.accept}, Creators: algorithm.Creators(), Rule: algorithm.EventTypeRule(),
			IDs: identifiers.New(a.store), Schemas: a.accept.Schemas,
		},
		count: func(path, outcome string, n int) { total.WithLabelValues(path, outcome).Add(float64(n)) },
	}
	a.events.lines, err = intake.NewEvents(a.intakeConfig(), a.events.core)
	return err
}

// contactsOf makes the contacts of events through the one acceptance. The event is their key: they take none of their
// own.
type contactsOf struct{ accept *accept.Service }

// eventKey stands where a contact has no key of its own.
const eventKey = "event"

// Prepare implements sysevent.Contacts.
func (c contactsOf) Prepare(
	ctx context.Context,
	now time.Time,
	p access.Principal,
	r sysevent.Request,
) (store.Writes, contact.ID, error) {
	request := accept.Request{
		Key: eventKey, Division: r.Division, Class: r.Class, Type: r.Type, Person: r.Person, Vouched: r.Vouched,
		Account: r.Account, Premise: r.Premise, Event: r.Event, ExpiresAt: r.ExpiresAt,
		Part: &contact.Part{Comments: r.Comments, Characteristics: r.Characteristics},
	}
	if r.Recipient != nil {
		in := accept.Inline(*r.Recipient)
		request.Inline = &in
	}
	ready, err := c.accept.Prepare(ctx, now, p, request)
	if err != nil {
		return store.Writes{}, 0, err
	}
	store.In(&ready.Writes.Intake).Keys = slices.DeleteFunc(
		store.Of(ready.Writes.Intake).Keys,
		func(k store.IntakeKey) bool { return k.Key == eventKey },
	)
	return ready.Writes, ready.Answer.Contact, nil
}
