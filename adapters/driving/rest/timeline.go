package rest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/contracts"
	"carillon/core/contact"
	"carillon/core/desk"
	"carillon/core/fault"
	"carillon/core/store"
	"carillon/core/todo"
)

// GetTimeline shows what happened with a customer or a place.
func (s *server) GetTimeline(ctx context.Context, params api.GetTimelineParams) (api.GetTimelineRes, error) {
	of, err := subjectOf(params.Person, params.Account, params.Premise)
	if err != nil {
		return nil, err
	}
	q := desk.TimelineQuery{
		Of: of, Zone: string(params.Zone.Value), Class: string(params.Class.Value), Type: string(params.Type.Value), Kind: params.Kind.Value,
		Open: boolean(params.Open), From: moment(params.From), Until: moment(params.Until), Limit: params.Limit.Value,
	}
	if params.After.Set {
		if q.Before, err = tellingOf(params.After.Value); err != nil {
			return nil, err
		}
	}
	events, next, err := s.Timelines.Timeline(ctx, s.cfg.Clock(), caller(ctx), q)
	if err != nil {
		return nil, err
	}
	out := &api.Timeline{Events: make([]api.TimelineEvent, 0, len(events))}
	for i := range events {
		out.Events = append(out.Events, eventView(&events[i]))
	}
	if !next.At.IsZero() {
		out.Next = api.NewOptString(fmt.Sprintf("%d.%d", next.At.UnixMicro(), next.Number))
	}
	return out, nil
}

// tellingOf reads the cursor of a timeline.
func tellingOf(cursor string) (store.Telling, error) {
	at, number, _ := strings.Cut(cursor, ".")
	micros, err := strconv.ParseInt(at, 10, 64)
	n, err2 := strconv.ParseInt(number, 10, 64)
	if err != nil || err2 != nil || micros == 0 {
		return store.Telling{}, fault.Refuse(fault.Violation{Field: "query/after", Reason: "is a next that was given out"})
	}
	return store.Telling{At: time.UnixMicro(micros).UTC(), Number: n}, nil
}

func boolean(b api.OptBool) *bool {
	if !b.Set {
		return nil
	}
	return &b.Value
}

func eventView(e *contact.Event) api.TimelineEvent {
	return api.TimelineEvent{
		At: stamp(e.At), Kind: e.Kind, Contact: api.ContactID(e.Contact.String()), Class: e.Class, Type: e.Type, Title: e.Title, Text: text(e.Text),
		Link: e.Link, Channel: text(e.Channel), Outcome: text(e.Outcome), Reason: text(e.Reason), By: text(e.By), Icon: text(e.Icon),
		Colour: text(e.Colour),
	}
}

// ListDeskContacts lists the contacts of a customer or a place.
func (s *server) ListDeskContacts(ctx context.Context, params api.ListDeskContactsParams) (api.ListDeskContactsRes, error) {
	of, err := subjectOf(params.Person, params.Account, params.Premise)
	if err != nil {
		return nil, err
	}
	var below contact.ID
	if params.After.Set {
		if below, err = contact.ParseID(string(params.After.Value)); err != nil {
			return nil, fault.Refuse(fault.Violation{Field: "query/after", Reason: "is a next that was given out"})
		}
	}
	listed, next, err := s.Timelines.ContactList(ctx, caller(ctx), desk.ContactFilter{
		Of: of, Class: string(params.Class.Value), Type: string(params.Type.Value), Open: boolean(params.Open), From: moment(params.From),
		Until: moment(params.Until),
	}, below, params.Limit.Value)
	if err != nil {
		return nil, err
	}
	out := &api.DeskContactList{Contacts: make([]api.DeskContact, 0, len(listed))}
	for i := range listed {
		out.Contacts = append(out.Contacts, listedView(&listed[i]))
	}
	if next != 0 {
		out.Next = api.NewOptContactID(api.ContactID(next.String()))
	}
	return out, nil
}

func listedView(l *desk.Listed) api.DeskContact {
	c, d := l.Contact, l.File.Desk
	class, code := d.Kind(c)
	return api.DeskContact{
		ID: api.ContactID(c.ID.String()), Source: c.Source, Division: c.Division, Class: class, Type: code, Person: person(c.Person),
		Account: text(c.Account), Premise: text(c.Premise), AcceptedAt: stamp(c.AcceptedAt), ContactAt: maybe(d.At), By: c.By, Open: d.Open,
		Comments: text(d.Comments), Logs: api.NewOptInt(len(l.File.Logs)),
	}
}

// ListReminders lists reminders that wait.
func (s *server) ListReminders(ctx context.Context, params api.ListRemindersParams) (api.ListRemindersRes, error) {
	var after contact.ReminderKey
	if parts := strings.Split(params.After.Value, "."); params.After.Set && len(parts) == 3 {
		id, err := contact.ParseID(parts[1])
		log, err2 := contact.ParseLogID(parts[2])
		if err != nil || err2 != nil {
			return nil, fault.Refuse(fault.Violation{Field: "query/after", Reason: "is a next that was given out"})
		}
		after = contact.ReminderKey{Trigger: parts[0], Contact: id, Log: log}
	}
	f := desk.ReminderFilter{Until: string(params.Until.Value), User: string(params.User.Value), Role: string(params.Role.Value)}
	found, next, err := s.Timelines.Reminders(ctx, caller(ctx), f, after, params.Limit.Value)
	if err != nil {
		return nil, err
	}
	out := &api.ReminderList{Reminders: make([]api.Reminder, 0, len(found))}
	for _, r := range found {
		out.Reminders = append(out.Reminders, reminderView(r))
	}
	if next.Contact != 0 {
		out.Next = api.NewOptString(next.Trigger + "." + next.Contact.String() + "." + next.Log.String())
	}
	return out, nil
}

func reminderView(r contact.Reminder) api.Reminder {
	out := api.Reminder{
		Contact: api.ContactID(r.Contact.String()), Log: r.Log.String(), SendTo: api.ReminderSendTo(r.Kind), TriggerDate: api.Day(r.Trigger),
		State: api.ReminderStateWaiting, MadeAt: maybe(r.MadeAt), CompletedAt: maybe(r.CompletedAt),
	}
	if r.Kind == contact.ToUser {
		out.User = text(r.To)
	} else {
		out.Role = text(r.To)
	}
	if !r.Waits() {
		out.State, out.Todo = api.ReminderStateMade, text(todo.ID(r.ToDo).String())
	}
	if !r.CompletedAt.IsZero() {
		out.State = api.ReminderStateCompleted
	}
	return out
}

// ListSchemas lists the business objects.
func (s *server) ListSchemas(context.Context) (api.ListSchemasRes, error) {
	files, err := contracts.Schemas().ReadDir("schemas")
	if err != nil {
		return nil, fault.Wrap(fault.Unknown, "listing the business objects", err)
	}
	out := &api.SchemaList{Schemas: make([]string, 0, len(files))}
	for _, f := range files {
		out.Schemas = append(out.Schemas, strings.TrimSuffix(f.Name(), ".json"))
	}
	return out, nil
}

// GetSchema reads a business object.
func (s *server) GetSchema(_ context.Context, params api.GetSchemaParams) (api.GetSchemaRes, error) {
	schema, err := contracts.Schemas().ReadFile("schemas/" + params.Code + ".json")
	if err != nil {
		return nil, fault.New(fault.NotFound, "there is no such business object")
	}
	out := api.BusinessObject(schema)
	return &out, nil
}
