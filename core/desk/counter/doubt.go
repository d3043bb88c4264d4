package counter

import (
	"context"
	"time"

	"carillon/core/access"
	"carillon/core/desk"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

// Resolution says what became of a message in doubt.
type Resolution string

// The resolutions.
const (
	WasSent      Resolution = "sent"      // the provider took it: a report may still come
	WasDelivered Resolution = "delivered" // the recipient was reached
	WasFailed    Resolution = "failed"    // it did not arrive: the plan goes on
	HaveRepeated Resolution = "repeat"    // call again, knowing that it may arrive twice
)

// Resolve ends the doubt about a message by a person's word. Errors: Forbidden; NotFound; Invalid for a resolution or a
// reason that is none; Conflict when the message is not in doubt, or not any more.
func (s *Service) Resolve(ctx context.Context, now time.Time, p access.Principal, id message.ID, as Resolution, reason string) (message.Record, error) {
	if !p.Has(access.CSR, access.Supervisor) {
		return message.Record{}, fault.New(fault.Forbidden, "this key may not resolve doubts")
	}
	if !desk.IsWord(reason) {
		return message.Record{}, fault.Refuse(fault.Violation{Field: "/reason", Reason: "is one word of small letters, digits and _"})
	}
	rec, err := s.Message(ctx, p, id)
	if err != nil {
		return message.Record{}, err
	}
	life := rec.Life()
	if life.Work != message.Doubted {
		return message.Record{}, fault.New(fault.Conflict, "the message is "+life.Place.String()+", not in doubt")
	}
	set, err := s.resolved(ctx, now, rec, as, message.Observation{At: now, Reason: reason, Provider: p.Name})
	if err != nil {
		return message.Record{}, err
	}
	verdicts, err := s.Store.Apply(ctx, set)
	if err != nil {
		return message.Record{}, err
	}
	if verdicts[0].Outcome != store.Applied {
		return message.Record{}, fault.New(fault.Conflict, "the message was moved meanwhile: look again")
	}
	return s.Message(ctx, p, id)
}

// resolved is the write set of a resolution.
func (s *Service) resolved(ctx context.Context, now time.Time, rec message.Record, as Resolution, o message.Observation) (store.Writes, error) {
	m, life := rec.Message, rec.Life()
	var move message.Move
	var err error
	switch as {
	case WasSent:
		move, err = life.Confirm(o)
	case WasDelivered:
		move, err = life.Deliver(o)
	case WasFailed:
		move, err = life.Fail(o)
	case HaveRepeated:
		return s.repeated(ctx, now, m, life, o)
	default:
		err = fault.Refuse(fault.Violation{Field: "/outcome", Reason: "is sent, delivered, failed or repeat"})
	}
	if err != nil {
		return store.Writes{}, err
	}
	set := store.Tell(m, move)
	if !move.To.Place.Fallen() || !m.TellsPlan() {
		return set, nil
	}
	next, err := s.Steps.NextStep(ctx, now, m.Origin.Contact, m.Origin.Step, o.Reason)
	return set.And(next), err
}

// repeated has a message called again, unless the sender wants nothing begun any more.
func (s *Service) repeated(ctx context.Context, now time.Time, m message.Message, life message.Life, o message.Observation) (store.Writes, error) {
	move, err := life.Replay(o, now)
	if err != nil || m.Origin.Contact == 0 {
		return store.Replay(m, move, time.Time{}), err
	}
	view, err := s.Facts.Contact(ctx, m.Origin.Contact)
	if err != nil {
		return store.Writes{}, err
	}
	ends := view.Contact.ExpiresAt
	if view.Halted || !ends.IsZero() && !ends.After(now) {
		return store.Writes{}, fault.New(fault.Conflict, "the contact was cancelled or has expired: say sent, delivered or failed")
	}
	return store.Replay(m, move, ends), nil
}
