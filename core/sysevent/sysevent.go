// Package sysevent takes system events of a CIS in, durably, and makes the customer contacts that hang on them (process
// 3.4.1.1, step 2.2).
//
// An event is raised once: by source, kind, object and sequence. Raised again it is answered as the first time and makes
// nothing. Its contacts, their messages, the tasks and the event itself are one write set: a creator that fails refuses the
// event whole, unless it works through a task, which then stays in error and can be tried again.
package sysevent

import (
	"context"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/occurrence"
	"carillon/core/plugin"
	"carillon/core/store"
)

// Facts is what was taken in before.
type Facts interface {
	SourceEvents(ctx context.Context, keys []occurrence.Key) ([]store.SourceEvent, error)
	ContactTasks(ctx context.Context, ids []contact.TaskID) ([]contact.Task, error)
}

// Customers is what is loaded of the customers an event is about. All return fault.NotFound for what is not.
type Customers interface {
	Person(ctx context.Context, id customer.PersonID) (customer.Person, error)
	PersonByExternal(ctx context.Context, source, externalID string) (customer.Person, error)
	// Account is an account as a source names it.
	Account(ctx context.Context, source, externalID string) (Account, error)
	// Agreement is a service agreement as a source names it.
	Agreement(ctx context.Context, source, externalID string) (Agreement, error)
}

// Account is what an event needs of a loaded account.
type Account struct {
	Division string
	Main     customer.PersonID // main customer; 0: none is loaded
	Active   bool              // one of its service agreements is active
}

// Agreement is what an event needs of a loaded service agreement.
type Agreement struct {
	Division string
	Account  string // as its source names it
	Premise  string // characteristic premise, as its source names it
	Active   bool
}

// Configs hands out the configuration in force.
type Configs interface{ Current() *config.Snapshot }

// Contacts makes contacts through the one acceptance.
type Contacts interface {
	// Prepare decides a contact and returns its write set without applying it. Errors are those of an acceptance.
	Prepare(ctx context.Context, now time.Time, p access.Principal, r Request) (store.Writes, contact.ID, error)
}

// Request asks for the contact of an event. It needs no key: the event has one.
type Request struct {
	Division        string
	Class           string
	Type            string
	Person          customer.PersonID
	Vouched         bool                  // the person is the main customer of an account of the division and source
	Recipient       *occurrence.Recipient // who is not loaded
	Account         string
	Premise         string
	Comments        string
	Characteristics []plugin.Characteristic
	Event           map[string]any // what the contact's data hold under [occurrence.Reserved]
	ExpiresAt       time.Time
}

// IDs hands out numbers of tasks.
type IDs interface {
	ContactTask(ctx context.Context) (contact.TaskID, error)
}

// Service takes events in.
type Service struct {
	Store     store.Applier
	Facts     Facts
	Customers Customers
	Configs   Configs
	Contacts  Contacts
	Creators  contact.Creators // the algorithms, by their codes
	Rule      contact.Creator  // makes the contact that a configuration object names itself
	IDs       IDs
	Schemas   contact.Schemas // the business objects that tasks are validated against; nil: none
}

// Raised is an event as somebody raises it.
type Raised struct {
	Key   string // Idempotency-Key; may be empty: the event's own key makes it one
	Event occurrence.Event
}

// Answer is what became of an event: the same for the first and for every repeated one.
type Answer struct {
	Key      occurrence.Key
	Made     []contact.Made
	At       time.Time // when it was taken in
	Kept     bool      // false of an event that may bring a contact another day: it can be raised again
	Replayed bool
}

// Decision is what became of one event of several: an answer, or an error.
type Decision struct {
	Answer Answer
	Err    error
}

// Raise takes an event in. Errors: Invalid naming every wrong field, Forbidden for a division that is not the principal's,
// Conflict when the event was raised before with other content, or its Idempotency-Key belongs to another,
// Unavailable when the store is.
func (s *Service) Raise(ctx context.Context, now time.Time, p access.Principal, r Raised) (Answer, error) {
	decisions, err := s.RaiseAll(ctx, now, p, []Raised{r})
	if err != nil {
		return Answer{}, err
	}
	return decisions[0].Answer, decisions[0].Err
}

// RaiseAll takes events in, each alone, in as few transactions as it takes. The decisions stand in the order of the
// events. The error is of all of them: fault.Unavailable, fault.Ambiguous.
func (s *Service) RaiseAll(ctx context.Context, now time.Time, p access.Principal, raised []Raised) ([]Decision, error) {
	out := make([]Decision, len(raised))
	open := make([]int, 0, len(raised))
	for i, r := range raised {
		if out[i].Err = s.mayRaise(p, r.Event.Division); out[i].Err == nil {
			open = append(open, i)
		}
	}
	open, err := s.known(ctx, p, raised, open, out)
	if err != nil {
		return nil, err
	}
	sets, at := make([]store.Writes, 0, len(open)), make([]int, 0, len(open))
	for _, i := range open {
		ready, err := s.Prepare(ctx, now, p, raised[i])
		switch {
		case err != nil && fault.Passing(err):
			return nil, err
		case err != nil:
			out[i].Err = err
		case !ready.Answer.Kept:
			out[i].Answer = ready.Answer
		default:
			out[i].Answer = ready.Answer
			sets, at = append(sets, ready.Writes), append(at, i)
		}
	}
	if len(sets) == 0 {
		return out, nil
	}
	verdicts, err := s.Store.Apply(ctx, sets...)
	if err != nil {
		return nil, err
	}
	return out, s.judge(ctx, p, raised, at, verdicts, out)
}

// judge decides what the store decided. An event that somebody else has raised meanwhile is answered from theirs.
func (s *Service) judge(ctx context.Context, p access.Principal, raised []Raised, at []int, verdicts []store.Verdict, out []Decision) error {
	var again []int
	for n, i := range at {
		switch v := verdicts[n]; {
		case v.Outcome == store.Applied:
		case v.Outcome == store.Conflict && v.What == store.LostIntakeKey:
			out[i] = Decision{Err: fault.New(fault.Conflict, "the Idempotency-Key belongs to another request")}
		case v.Outcome == store.Conflict && v.What != store.LostEvent:
			out[i] = Decision{Err: fault.New(fault.Conflict, "lost a race for "+string(v.What))}
		default:
			out[i] = Decision{}
			again = append(again, i)
		}
	}
	left, err := s.known(ctx, p, raised, again, out)
	for _, i := range left { // its key is there and it is not: another event has the key
		out[i] = Decision{Err: fault.New(fault.Conflict, "the Idempotency-Key belongs to another request")}
	}
	return err
}

// known answers the events at the places that were taken in before, and returns the others.
func (s *Service) known(ctx context.Context, p access.Principal, raised []Raised, at []int, out []Decision) ([]int, error) {
	if len(at) == 0 {
		return nil, nil
	}
	keys := make([]occurrence.Key, len(at))
	for n, i := range at {
		keys[n] = raised[i].Event.Key(p.Source)
	}
	found, err := s.Facts.SourceEvents(ctx, keys)
	if err != nil {
		return nil, err
	}
	before := make(map[occurrence.Key]store.SourceEvent, len(found))
	for _, e := range found {
		before[e.Key] = e
	}
	var open []int
	for n, i := range at {
		e, there := before[keys[n]]
		switch {
		case !there:
			open = append(open, i)
		case e.Hash != raised[i].Event.Hash():
			out[i].Err = fault.New(fault.Conflict, "the event was raised before with other content")
		default:
			out[i].Answer = Answer{Key: e.Key, Made: e.Made, At: e.At, Kept: true, Replayed: true}
			if err := s.tasks(ctx, out[i].Answer.Made); err != nil {
				return nil, err
			}
		}
	}
	return open, nil
}

// mayRaise: a CIS raises its own events, and an administrator those of the source their key speaks for.
func (s *Service) mayRaise(p access.Principal, division string) error {
	switch _, known := s.Configs.Current().Division(division); {
	case !p.Has(access.CIS, access.Admin):
		return fault.New(fault.Forbidden, "this key may not raise events")
	case !known:
		return fault.Refuse(fault.Violation{Field: "/division", Reason: "is not configured"})
	case !p.InDivision(division):
		return fault.New(fault.Forbidden, "this key has no right in that division")
	}
	return nil
}
