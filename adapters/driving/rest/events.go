package rest

import (
	"context"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/contact"
	"carillon/core/event"
	"carillon/core/fault"
	"carillon/core/occurrence"
)

// raiseEvent is the operation that takes a system event in.
const raiseEvent = "raiseEvent"

// RaiseEvent takes a system event in.
func (s *server) RaiseEvent(ctx context.Context, req api.SystemEvent, params api.RaiseEventParams) (api.RaiseEventRes, error) {
	body, err := req.MarshalJSON() // the generated types proved its form; the core reads it whatever way it comes
	if err != nil {
		return nil, fault.Wrap(fault.Unknown, "writing an event", err)
	}
	e, err := occurrence.Read(body)
	if err != nil {
		return nil, err
	}
	answer, err := s.Events.Raise(ctx, s.cfg.Clock(), caller(ctx), event.Raised{Key: params.IdempotencyKey.Value, Event: e})
	if err != nil {
		return nil, err
	}
	out := &api.EventAcceptedHeaders{Response: api.EventAccepted{
		Event: api.EventKind(answer.Key.Kind), Object: answer.Key.Object, Sequence: answer.Key.Sequence,
		AcceptedAt: stamp(answer.At), Made: madeView(answer.Made),
	}}
	if answer.Replayed {
		out.IdempotencyReplayed = api.NewOptBool(true)
	}
	if !answer.Kept {
		out.Response.Again = api.NewOptBool(true)
	}
	return out, nil
}

func madeView(all []contact.Made) []api.EventMade {
	out := make([]api.EventMade, 0, len(all))
	for _, m := range all {
		one := api.EventMade{
			Creator: text(m.Creator), Place: m.Place, Class: text(m.Class), Type: text(m.Type), Skipped: text(m.Skipped), Errors: taskErrors(m.Problem),
		}
		if m.Contact != 0 {
			one.Contact = api.NewOptContactID(api.ContactID(m.Contact.String()))
		}
		if m.Task != 0 {
			one.Task = api.NewOptContactTaskID(api.ContactTaskID(m.Task.String()))
		}
		if m.Status != "" {
			one.Status = api.NewOptContactTaskStatus(api.ContactTaskStatus(m.Status))
		}
		out = append(out, one)
	}
	return out
}

func taskErrors(all []fault.Violation) []api.TaskError {
	var out []api.TaskError
	for _, v := range all {
		out = append(out, api.TaskError{Field: v.Field, Reason: v.Reason})
	}
	return out
}

// GetContactTask reads a contact task.
func (s *server) GetContactTask(ctx context.Context, params api.GetContactTaskParams) (api.GetContactTaskRes, error) {
	id, err := contact.ParseTaskID(string(params.ID))
	if err != nil {
		return nil, fault.New(fault.NotFound, "there is no such task")
	}
	t, err := s.Events.Task(ctx, caller(ctx), id)
	if err != nil {
		return nil, err
	}
	return taskView(t), nil
}

// RetryContactTask tries a contact task again.
func (s *server) RetryContactTask(ctx context.Context, params api.RetryContactTaskParams) (api.RetryContactTaskRes, error) {
	id, err := contact.ParseTaskID(string(params.ID))
	if err != nil {
		return nil, fault.New(fault.NotFound, "there is no such task")
	}
	t, err := s.Events.Retry(ctx, s.cfg.Clock(), caller(ctx), id)
	if err != nil {
		return nil, err
	}
	return taskView(t), nil
}

func taskView(t contact.Task) *api.ContactTask {
	out := &api.ContactTask{
		ID: api.ContactTaskID(t.ID.String()), Source: t.Source, Division: t.Division, Type: t.Type, Creator: t.Creator,
		Status: api.ContactTaskStatus(t.Status), Errors: taskErrors(t.Problem), Tries: t.Tries, CreatedAt: stamp(t.CreatedAt), ChangedAt: stamp(t.ChangedAt),
	}
	if t.Contact != 0 {
		out.Contact = api.NewOptContactID(api.ContactID(t.Contact.String()))
	}
	return out
}
