package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/api/intake"
	"carillon/adapters/driving/api/problem"
	"carillon/core/access"
	"carillon/core/contact"
	"carillon/core/occurrence"
	"carillon/core/sysevent"
)

func (s *server) eventOperations() []operation {
	return []operation{
		op("raiseEvent", s.raiseEvent),
		op("getContactTask", s.getContactTask),
		op("retryContactTask", s.retryContactTask),
	}
}

// Events takes system events in.
type Events interface {
	// Raise takes an event in; fault.Invalid, fault.Conflict, fault.Forbidden.
	Raise(ctx context.Context, now time.Time, p access.Principal, r sysevent.Raised) (sysevent.Answer, error)
	// RaiseAll takes events in, each alone.
	RaiseAll(ctx context.Context, now time.Time, p access.Principal, raised []sysevent.Raised) ([]sysevent.Decision, error)
	// Task reads a contact task; fault.NotFound.
	Task(ctx context.Context, p access.Principal, id contact.TaskID) (contact.Task, error)
	// Retry tries one again; fault.Conflict for one that is completed.
	Retry(ctx context.Context, now time.Time, p access.Principal, id contact.TaskID) (contact.Task, error)
}

// EventAccepted is what became of a system event.
type EventAccepted struct {
	Event      occurrence.Kind    `json:"event"`
	Object     string             `json:"object"`
	Sequence   int                `json:"sequence"`
	AcceptedAt contract.Moment    `json:"acceptedAt"`
	Made       []intake.EventMade `json:"made"`
	Again      bool               `json:"again,omitzero"`
}

// ContactTask is a service task that creates a customer contact.
type ContactTask struct {
	ID        string             `json:"id"`
	Source    string             `json:"source"`
	Division  string             `json:"division"`
	Type      string             `json:"type"`
	Creator   string             `json:"creator"`
	Status    contact.TaskStatus `json:"status"`
	Contact   string             `json:"contact,omitzero"`
	Errors    []problem.Field    `json:"errors,omitempty"`
	Tries     int                `json:"tries"`
	CreatedAt contract.Moment    `json:"createdAt"`
	ChangedAt contract.Moment    `json:"changedAt"`
}

// raiseEvent is the operation that takes a system event in.
const raiseEvent = "raiseEvent"

// raiseEvent takes a system event in.
func (s *server) raiseEvent(ctx context.Context, c call[jsontext.Value]) (answer[EventAccepted], error) {
	e, err := occurrence.Read(c.body)
	if err != nil {
		return failed[EventAccepted](err)
	}
	a, err := s.Events.Raise(ctx, c.now, c.caller, sysevent.Raised{Key: c.Text("Idempotency-Key"), Event: e})
	if err != nil {
		return failed[EventAccepted](err)
	}
	return ok(EventAccepted{
		Event: a.Key.Kind, Object: a.Key.Object, Sequence: a.Key.Sequence, AcceptedAt: contract.Moment(a.At),
		Made: intake.MadeOf(a.Made), Again: !a.Kept,
	}).as(http.StatusAccepted).replayed(a.Replayed), nil
}

// taskID is the contact task that a path names.
func taskID(x *exchange) (contact.TaskID, error) { return pathID(x, "id", contact.ParseTaskID, "task") }

// getContactTask reads a contact task.
func (s *server) getContactTask(ctx context.Context, c call[nothing]) (answer[ContactTask], error) {
	id, err := taskID(c.exchange)
	if err != nil {
		return failed[ContactTask](err)
	}
	t, err := s.Events.Task(ctx, c.caller, id)
	return ok(taskView(t)), err
}

// retryContactTask tries a contact task again.
func (s *server) retryContactTask(ctx context.Context, c call[nothing]) (answer[ContactTask], error) {
	id, err := taskID(c.exchange)
	if err != nil {
		return failed[ContactTask](err)
	}
	t, err := s.Events.Retry(ctx, c.now, c.caller, id)
	return ok(taskView(t)), err
}

func taskView(t contact.Task) ContactTask {
	out := ContactTask{
		ID: t.ID.String(), Source: t.Source, Division: t.Division, Type: t.Type, Creator: t.Creator, Status: t.Status,
		Errors: intake.FieldsOf(t.Problem), Tries: t.Tries, CreatedAt: contract.Moment(t.CreatedAt),
		ChangedAt: contract.Moment(t.ChangedAt),
	}
	if t.Contact != 0 {
		out.Contact = t.Contact.String()
	}
	return out
}
