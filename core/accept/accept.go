// Package accept takes customer contacts in, durably (process 3.4.1.1, steps 1.1 and 2.2).
//
// A request becomes one write set: the contact, its plan, the first step's message with its due row, the intake
// keys, the counters and the ledger entries. It is refused whole, naming every wrong field, or accepted whole: the
// answer is given only after the commit. The same source, key and normalised request get the same answer; another
// request under the key is a conflict. Whoever else creates contacts merges [Service.Prepare]'s write set into its
// own.
package accept

import (
	"context"
	"errors"
	"slices"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
	"carillon/core/template"
)

// Channel is what acceptance asks of a medium: to check and fill, so that it can refuse.
type Channel interface {
	// Address checks what a sender or a CIS gave and returns its canonical form with the time zones it may lie in;
	// fault.Invalid says why not, never repeating the value.
	Address(raw, country string) (customer.Address, []string, error)
	// Fill renders every part of the template with the data and checks the medium's limits; fault.Invalid names
	// every missing value and every part that is too long.
	Fill(r template.Renderer, t template.Template, data map[string]any) (message.Content, error)
}

// Facts is what acceptance reads.
type Facts interface {
	Person(ctx context.Context, id customer.PersonID) (customer.Person, error)
	PersonByExternal(ctx context.Context, source, externalID string) (customer.Person, error)
	Contact(ctx context.Context, id contact.ID) (store.ContactView, error)
	Key(ctx context.Context, kind store.KeyKind, source, key string) (store.IntakeKey, error)
	Messages(ctx context.Context, ids []message.ID) ([]message.Record, error)
}

// Configs hands out configurations.
type Configs interface {
	// Current is the newest configuration.
	Current() *config.Snapshot
	// At is the configuration of a version; fault.NotFound.
	At(ctx context.Context, version int64) (*config.Snapshot, error)
}

// IDs hands out identifiers.
type IDs interface {
	Contact(ctx context.Context) (contact.ID, error)
	Message(now time.Time) message.ID
}

// Service accepts contacts.
type Service struct {
	Store    store.Applier // merges the write sets of concurrent acceptances into one transaction
	Facts    Facts
	Configs  Configs
	IDs      IDs
	Channels map[message.Channel]Channel
	Renderer template.Renderer
	Logs     Logs            // numbers of log entries; asked only where a contact brings one
	Schemas  contact.Schemas // the business objects that contacts are validated against; nil: none
}

// Prepared is a contact that would be accepted: what to write, and what to answer once it is written.
type Prepared struct {
	Writes store.Writes
	Answer Answer
}

// Accept takes a contact in. Errors: Invalid naming every wrong field, Forbidden for a division that is not the
// principal's, Conflict when the key or the reference belongs to another request, Unavailable when the store is.
func (s *Service) Accept(ctx context.Context, now time.Time, p access.Principal, r Request) (Answer, error) {
	ready, err := s.Prepare(ctx, now, p, r)
	if fault.Is(err, fault.Invalid) {
		return s.replayOr(ctx, p, r, err)
	}
	if err != nil {
		return Answer{}, err
	}
	verdicts, err := s.Store.Apply(ctx, ready.Writes)
	if err != nil {
		return Answer{}, err
	}
	switch v := verdicts[0]; v.Outcome {
	case store.Applied:
		return ready.Answer, nil
	case store.Replayed:
		return s.answerAgain(ctx, v.Contact)
	default:
		return Answer{}, conflict(v.What)
	}
}

// Validate checks a request as Accept would and writes nothing. A key that is in use answers as Accept would.
func (s *Service) Validate(ctx context.Context, now time.Time, p access.Principal, r Request) (Answer, error) {
	ready, err := s.Prepare(ctx, now, p, r)
	if fault.Is(err, fault.Invalid) {
		return s.replayOr(ctx, p, r, err)
	}
	if err != nil {
		return Answer{}, err
	}
	switch again, err := s.replayOr(ctx, p, r, nil); {
	case err != nil:
		return Answer{}, err
	case again.Replayed:
		return again, nil
	}
	return ready.Answer.unwritten(), nil
}

// replayOr answers a request that would be refused today but was accepted before; refused is what today says.
func (s *Service) replayOr(ctx context.Context, p access.Principal, r Request, refused error) (Answer, error) {
	if r.Key == "" {
		return Answer{}, refused
	}
	key, err := s.Facts.Key(ctx, store.IdempotencyKey, p.Source, r.Key)
	switch {
	case fault.Is(err, fault.NotFound):
		return Answer{}, refused
	case err != nil:
		return Answer{}, err
	case key.Hash != r.Hash():
		return Answer{}, conflict(store.LostIntakeKey)
	}
	return s.answerAgain(ctx, key.Contact)
}

// answerAgain rebuilds the answer of an acceptance from what it wrote.
func (s *Service) answerAgain(ctx context.Context, id contact.ID) (Answer, error) {
	view, err := s.Facts.Contact(ctx, id)
	if err != nil {
		return Answer{}, err
	}
	return answerOf(view), nil
}

// answerOf is what was answered when the contact was accepted.
func answerOf(view store.ContactView) Answer {
	a := Answer{
		Contact: view.Contact.ID, Reference: view.Contact.Reference, AcceptedAt: view.Contact.AcceptedAt, Replayed: true,
	}
	for i, step := range view.Steps {
		if !step.StartedAt.Equal(view.Contact.AcceptedAt) || i >= len(view.Messages) {
			continue
		}
		started := Started{ID: step.Message, Step: step.Number, Channel: view.Messages[i].Message.Channel}
		for _, e := range view.Messages[i].Evidence {
			if e.Kind == message.Suppressed && e.Seq == 1 && e.At.Equal(step.StartedAt) {
				started.Suppressed = e.Reason
			}
		}
		a.Messages = append(a.Messages, started)
	}
	return a
}

func conflict(what store.Loss) error {
	switch what {
	case store.LostReference:
		return fault.New(fault.Conflict, "the source reference belongs to another request")
	case store.LostIntakeKey:
		return fault.New(fault.Conflict, "the Idempotency-Key belongs to another request")
	case store.LostRetry:
		return fault.New(fault.Conflict, "the message was replaced by another already")
	}
	return fault.New(fault.Conflict, "lost a race for "+string(what))
}

// violations gathers what is wrong with a request.
type violations []fault.Violation

func (v *violations) add(field, reason string) {
	*v = append(*v, fault.Violation{Field: field, Reason: reason})
}

// take adds an Invalid fault's violations, each once, or the fault itself under the field; any other error is returned.
func (v *violations) take(field string, err error) error {
	var f *fault.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &f) || f.Kind != fault.Invalid:
		return err
	case len(f.Violations) > 0:
		for _, one := range f.Violations {
			if !slices.ContainsFunc(*v, func(had fault.Violation) bool { return had.Field == one.Field }) {
				*v = append(*v, one)
			}
		}
	default:
		v.add(field, f.Text)
	}
	return nil
}

func (v violations) fault() error {
	if len(v) == 0 {
		return nil
	}
	return fault.Refuse(v...)
}
