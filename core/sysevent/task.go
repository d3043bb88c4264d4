package sysevent

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"carillon/core/access"
	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/occurrence"
	"carillon/core/plugin"
	"carillon/core/store"
)

// Task reads a contact task; fault.NotFound for one that the principal may not see.
func (s *Service) Task(ctx context.Context, p access.Principal, id contact.TaskID) (contact.Task, error) {
	found, err := s.Facts.ContactTasks(ctx, []contact.TaskID{id})
	if err != nil {
		return contact.Task{}, err
	}
	if len(found) == 0 || !p.Sees(found[0].Source, found[0].Division) {
		return contact.Task{}, fault.New(fault.NotFound, "there is no such task")
	}
	return found[0], nil
}

// Retry tries a task again: it is completed with its contact, or stays in error with what is wrong now. fault.Conflict
// for one that is completed, or that somebody else tries at the same time; fault.NotFound.
func (s *Service) Retry(ctx context.Context, now time.Time, p access.Principal, id contact.TaskID) (contact.Task, error) {
	t, err := s.Task(ctx, p, id)
	switch {
	case err != nil:
		return contact.Task{}, err
	case t.Status == contact.TaskCompleted:
		return contact.Task{}, fault.New(fault.Conflict, "the task is completed")
	}
	out, err := s.tried(ctx, now, p, t)
	if err != nil {
		return contact.Task{}, err
	}
	verdicts, err := s.Store.Apply(ctx, out)
	switch {
	case err != nil:
		return contact.Task{}, err
	case verdicts[0].Outcome != store.Applied:
		return contact.Task{}, fault.New(fault.Conflict, "somebody else has tried the task meanwhile")
	}
	return store.Of(out.Event).Tasks[0], nil
}

// tried is the write set of another try: the task with its contact, or the task in error.
func (s *Service) tried(ctx context.Context, now time.Time, p access.Principal, t contact.Task) (store.Writes, error) {
	e, err := occurrence.Read([]byte(t.Event))
	if err != nil {
		return store.Writes{}, fault.Wrap(fault.Unknown, "reading the event of task "+t.ID.String(), err)
	}
	as := p // what it makes is its source's
	as.Source = t.Source
	run, err := s.begin(ctx, now, as, e)
	var made contact.ID
	if err == nil {
		made, err = run.again(ctx, t)
	}
	if err != nil && !fault.Is(err, fault.Invalid) {
		return store.Writes{}, err
	}
	out := store.Writes{}
	if err == nil {
		out = run.out
	}
	next, err := settled(t, made, err, now, p.Name)
	if err == nil && run != nil {
		err = run.conforms(next)
	}
	store.In(&out.Event).Tasks = []contact.Task{next}
	return out, err
}

// taskObject is the business object of a contact task.
const taskObject = "C1-CreateCustomerContactTask"

// taskDocument is a task as its business object describes it.
type taskDocument struct {
	Task            string                  `json:"task"` // as its source names it
	Type            string                  `json:"type"`
	Division        string                  `json:"division"`
	Status          contact.TaskStatus      `json:"status"`
	Person          string                  `json:"person,omitempty"`
	Account         string                  `json:"account,omitempty"`
	Premise         string                  `json:"premise,omitempty"`
	Comments        string                  `json:"comments,omitempty"`
	Characteristics []plugin.Characteristic `json:"characteristics,omitempty"`
	Data            map[string]any          `json:"data,omitempty"`
	Contact         string                  `json:"contact,omitempty"`
	Error           string                  `json:"error,omitempty"`
}

// conforms proves that a task is what its business object says, before it is written.
func (r *running) conforms(t contact.Task) error {
	if r.s.Schemas == nil {
		return nil
	}
	e := r.fact.Event
	doc := taskDocument{
		Task: e.Object, Type: t.Type, Division: t.Division, Status: t.Status, Person: r.fact.Person.String(), Account: e.Account,
		Premise: e.Premise, Comments: e.Description, Data: map[string]any{occurrence.Reserved: e.Data()}, Contact: t.Contact.String(),
	}
	if task, is := e.Detail.(*occurrence.ServiceTask); is {
		doc.Characteristics = task.Characteristics
	}
	for _, v := range t.Problem {
		doc.Error = strings.TrimSpace(doc.Error + " " + v.Field + " " + v.Reason)
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return fault.Wrap(fault.Unknown, "writing a task as its business object", err)
	}
	if wrong := r.s.Schemas.Violations(taskObject, text); len(wrong) > 0 {
		return fault.Refuse(wrong...)
	}
	return nil
}

// again makes the contact of a task by the creator that wanted it.
func (r *running) again(ctx context.Context, t contact.Task) (contact.ID, error) {
	for _, site := range r.fact.Event.Detail.Sites() {
		fact, _ := r.occasion(site)
		for _, plug := range r.plugs(site) {
			creator, known := r.s.Creators[plug.Code]
			if !known || plug.Code != t.Creator {
				continue
			}
			made := contact.Made{Creator: plug.Code, Site: site.String()}
			creation, err := creator(fact, plug.Parameters)
			if err == nil {
				made.Contact, err = r.add(ctx, creation.Add)
			}
			return made.Contact, explained(made, fact.Event.Kind, err)
		}
	}
	return 0, fault.Refuse(fault.Violation{Field: "/event", Reason: t.Creator + " hangs no longer on the service task type"})
}

// tasks fills in where the tasks of an answer stand now, and the contacts they have made since.
func (s *Service) tasks(ctx context.Context, made []contact.Made) error {
	var ids []contact.TaskID
	for _, m := range made {
		if m.Task != 0 {
			ids = append(ids, m.Task)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	found, err := s.Facts.ContactTasks(ctx, ids)
	if err != nil {
		return err
	}
	for i := range made {
		for _, t := range found {
			if t.ID == made[i].Task {
				made[i].Contact, made[i].Status, made[i].Problem = t.Contact, t.Status, t.Problem
			}
		}
	}
	return nil
}
