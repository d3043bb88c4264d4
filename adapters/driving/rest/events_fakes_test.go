package rest_test

import (
	"context"
	"time"

	"carillon/core/access"
	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/occurrence"
	"carillon/core/sysevent"
)

// happenings is the use case of system events behind the API; the object says what becomes of an event.
type happenings struct{ h *house }

func (x happenings) Raise(ctx context.Context, at time.Time, p access.Principal, r sysevent.Raised) (sysevent.Answer, error) {
	d, err := x.RaiseAll(ctx, at, p, []sysevent.Raised{r})
	if err != nil {
		return sysevent.Answer{}, err
	}
	return d[0].Answer, d[0].Err
}

func (x happenings) RaiseAll(_ context.Context, at time.Time, p access.Principal, raised []sysevent.Raised) ([]sysevent.Decision, error) {
	out := make([]sysevent.Decision, len(raised))
	for i, r := range raised {
		made := make([]contact.Made, 0, 2)
		for n, place := range r.Event.Detail.Sites() {
			m := contact.Made{Creator: "C1-CreCustCn", Site: place.String(), Class: "COLL", Type: "OVERDUE", Contact: contact.ID(1000000417 + n)}
			if r.Event.Kind == occurrence.KindTask {
				m.Task, m.Status = 1000000007, contact.TaskCompleted
			}
			made = append(made, m)
		}
		switch r.Event.Object {
		case "conflict":
			out[i].Err = fault.New(fault.Conflict, "the event was raised before with other content")
		case "refused":
			out[i].Err = fault.Refuse(fault.Violation{Field: "/account", Reason: "C1-OE-CC at overdue_event_type:OD-LTR/activation: names no loaded account with a main customer, and the event names nobody: contact type COLL/OVERDUE needs a person"})
		case "again":
			made[0].Class, made[0].Type, made[0].Contact, made[0].Skipped = "", "", 0, contact.NotDue
		case "task-in-error":
			made[0].Contact, made[0].Status = 0, contact.TaskError
			made[0].Problem = []fault.Violation{{Field: "/event", Reason: "C1-CREATECC at service_task_type:CREATE-CC/processing: contact type FLD/SERVICE is not configured or is inactive"}}
		}
		out[i].Answer = sysevent.Answer{
			Key: r.Event.Key(p.Source), Made: made, At: at, Kept: r.Event.Object != "again", Replayed: r.Event.Object == "replayed",
		}
	}
	return out, x.h.asked(p)
}

func (x happenings) Task(_ context.Context, p access.Principal, id contact.TaskID) (contact.Task, error) {
	if id == 1000000404 {
		return contact.Task{}, fault.New(fault.NotFound, "there is no such task")
	}
	t := contact.NewTask(id, "CIS-W", "WEST", "CREATE-CC", "C1-CREATECC", "{}", now(), "cis-west")
	t, err := t.Failed([]fault.Violation{{Field: "/account", Reason: "C1-CREATECC at service_task_type:CREATE-CC/processing: is required for this contact type"}}, now(), "cis-west")
	if err != nil {
		return t, err
	}
	return t, x.h.asked(p)
}

func (x happenings) Retry(ctx context.Context, at time.Time, p access.Principal, id contact.TaskID) (contact.Task, error) {
	if id == 1000000409 {
		return contact.Task{}, fault.New(fault.Conflict, "the task is completed")
	}
	t, err := x.Task(ctx, p, id)
	if err != nil {
		return t, err
	}
	return t.Completed(1000000417, at, p.Name)
}
