package rest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"carillon/adapters/driving/api/contract"
	"carillon/contracts"
	"carillon/core/access"
	"carillon/core/contact"
	"carillon/core/desk/counter"
	"carillon/core/fault"
	"carillon/core/store"
	"carillon/core/todo"
)

func (s *server) timelineOperations() []operation {
	return []operation{
		op("getTimeline", s.getTimeline),
		op("listDeskContacts", s.listDeskContacts),
		op("listReminders", s.listReminders),
		op("listSchemas", s.listSchemas),
		op("getSchema", s.getSchema),
	}
}

// Timelines shows what happened with whom.
type Timelines interface {
	// Timeline returns events, the newest first; next is zero at the end.
	Timeline(ctx context.Context, now time.Time, p access.Principal, q counter.TimelineQuery) (events []contact.Event, next store.Telling, err error)
	// ContactList lists contacts, the newest first; next is 0 at the end.
	ContactList(ctx context.Context, p access.Principal, f counter.ContactFilter, below contact.ID, limit int) (contacts []counter.Listed, next contact.ID, err error)
	// Reminders lists reminders that wait, the earliest first; next is zero at the end. fault.Forbidden.
	Reminders(ctx context.Context, p access.Principal, f counter.ReminderFilter, after contact.ReminderKey, limit int) (reminders []contact.Reminder, next contact.ReminderKey, err error)
}

// Timeline is a page of a timeline, the newest first.
type Timeline struct {
	Events []TimelineEvent `json:"events"`
	Next   string          `json:"next,omitzero"`
}

// TimelineEvent is one thing that happened.
type TimelineEvent struct {
	At      contract.Moment `json:"at"`
	Kind    string          `json:"kind"`
	Contact string          `json:"contact"`
	Class   string          `json:"class"`
	Type    string          `json:"type"`
	Title   string          `json:"title"`
	Text    string          `json:"text,omitzero"`
	Link    string          `json:"link"`
	Channel string          `json:"channel,omitzero"`
	Outcome string          `json:"outcome,omitzero"`
	Reason  string          `json:"reason,omitzero"`
	By      string          `json:"by,omitzero"`
	Icon    string          `json:"icon,omitzero"`
	Colour  string          `json:"colour,omitzero"`
}

// DeskContactList is a page of contacts.
type DeskContactList struct {
	Contacts []DeskContact `json:"contacts"`
	Next     string        `json:"next,omitzero"`
}

// DeskContact is a contact in a list. Class and type are those it has now.
type DeskContact struct {
	ID         string          `json:"id"`
	Source     string          `json:"source"`
	Division   string          `json:"division"`
	Class      string          `json:"class"`
	Type       string          `json:"type"`
	Person     string          `json:"person,omitzero"`
	Account    string          `json:"account,omitzero"`
	Premise    string          `json:"premise,omitzero"`
	AcceptedAt contract.Moment `json:"acceptedAt"`
	ContactAt  contract.Moment `json:"contactAt,omitzero"`
	By         string          `json:"by"`
	Open       bool            `json:"open"`
	Comments   string          `json:"comments,omitzero"`
	Logs       int             `json:"logs"`
}

// ReminderList is a page of reminders.
type ReminderList struct {
	Reminders []Reminder `json:"reminders"`
	Next      string     `json:"next,omitzero"`
}

// Reminder is a log entry that wants a To Do by its trigger date.
type Reminder struct {
	Contact     string          `json:"contact"`
	Log         string          `json:"log"`
	SendTo      contact.SendTo  `json:"sendTo"`
	User        string          `json:"user,omitzero"`
	Role        string          `json:"role,omitzero"`
	TriggerDate string          `json:"triggerDate"`
	State       string          `json:"state"`
	Todo        string          `json:"todo,omitzero"`
	MadeAt      contract.Moment `json:"madeAt,omitzero"`
	CompletedAt contract.Moment `json:"completedAt,omitzero"`
}

// SchemaList is the codes of the business objects.
type SchemaList struct {
	Schemas []string `json:"schemas"`
}

// getTimeline shows what happened with a customer or a place.
func (s *server) getTimeline(ctx context.Context, c call[nothing]) (answer[Timeline], error) {
	of, err := subjectOf(c.exchange)
	if err != nil {
		return failed[Timeline](err)
	}
	q := counter.TimelineQuery{
		Of: of, Zone: c.Text("zone"), Class: c.Text("class"), Type: c.Text("type"), Kind: c.Text("kind"),
		Open: c.Flag("open"), From: storedMoment(c.Moment("from")), Until: storedMoment(c.Moment("until")),
		Limit: int(c.Integer("limit")),
	}
	if c.Given("after") {
		if q.Before, err = tellingOf(c.Text("after")); err != nil {
			return failed[Timeline](err)
		}
	}
	events, next, err := s.Timelines.Timeline(ctx, c.now, c.caller, q)
	if err != nil {
		return failed[Timeline](err)
	}
	out := Timeline{Events: make([]TimelineEvent, 0, len(events))}
	for i := range events {
		out.Events = append(out.Events, eventView(&events[i]))
	}
	if !next.At.IsZero() {
		out.Next = fmt.Sprintf("%d.%d", next.At.UnixMicro(), next.Number)
	}
	return ok(out), nil
}

// tellingOf reads the cursor of a timeline.
func tellingOf(cursor string) (store.Telling, error) {
	at, number, _ := strings.Cut(cursor, ".")
	micros, err := strconv.ParseInt(at, 10, 64)
	n, err2 := strconv.ParseInt(number, 10, 64)
	if err != nil || err2 != nil || micros == 0 {
		return store.Telling{}, badNext()
	}
	return store.Telling{At: time.UnixMicro(micros).UTC(), Number: n}, nil
}

func eventView(e *contact.Event) TimelineEvent {
	return TimelineEvent{
		At: contract.Moment(e.At), Kind: e.Kind, Contact: e.Contact.String(), Class: e.Class, Type: e.Type,
		Title: e.Title, Text: e.Text, Link: e.Link, Channel: e.Channel, Outcome: e.Outcome, Reason: e.Reason, By: e.By, Icon: e.Icon,
		Colour: e.Colour,
	}
}

// listDeskContacts lists the contacts of a customer or a place.
func (s *server) listDeskContacts(ctx context.Context, c call[nothing]) (answer[DeskContactList], error) {
	of, err := subjectOf(c.exchange)
	if err != nil {
		return failed[DeskContactList](err)
	}
	var below contact.ID
	if c.Given("after") {
		if below, err = contact.ParseID(c.Text("after")); err != nil {
			return failed[DeskContactList](badNext())
		}
	}
	listed, next, err := s.Timelines.ContactList(ctx, c.caller, counter.ContactFilter{
		Of: of, Class: c.Text("class"), Type: c.Text("type"), Open: c.Flag("open"),
		From: storedMoment(c.Moment("from")), Until: storedMoment(c.Moment("until")),
	}, below, int(c.Integer("limit")))
	if err != nil {
		return failed[DeskContactList](err)
	}
	out := DeskContactList{Contacts: make([]DeskContact, 0, len(listed))}
	for i := range listed {
		out.Contacts = append(out.Contacts, listedView(&listed[i]))
	}
	if next != 0 {
		out.Next = next.String()
	}
	return ok(out), nil
}

func listedView(l *counter.Listed) DeskContact {
	c, d := l.Contact, l.File.Desk
	class, code := d.Kind(c)
	return DeskContact{
		ID: c.ID.String(), Source: c.Source, Division: c.Division, Class: class, Type: code,
		Person: personNumber(c.Person), Account: c.Account, Premise: c.Premise,
		AcceptedAt: contract.Moment(c.AcceptedAt), ContactAt: contract.Moment(d.At), By: c.By, Open: d.Open,
		Comments: d.Comments, Logs: len(l.File.Logs),
	}
}

// listReminders lists reminders that wait.
func (s *server) listReminders(ctx context.Context, c call[nothing]) (answer[ReminderList], error) {
	var after contact.ReminderKey
	if parts := strings.Split(c.Text("after"), "."); c.Given("after") && len(parts) == 3 {
		id, err := contact.ParseID(parts[1])
		log, err2 := contact.ParseLogID(parts[2])
		if err != nil || err2 != nil {
			return failed[ReminderList](badNext())
		}
		after = contact.ReminderKey{Trigger: parts[0], Contact: id, Log: log}
	}
	f := counter.ReminderFilter{Until: c.Text("until"), User: c.Text("user"), Role: c.Text("role")}
	found, next, err := s.Timelines.Reminders(ctx, c.caller, f, after, int(c.Integer("limit")))
	if err != nil {
		return failed[ReminderList](err)
	}
	out := ReminderList{Reminders: make([]Reminder, 0, len(found))}
	for _, r := range found {
		out.Reminders = append(out.Reminders, reminderView(r))
	}
	if next.Contact != 0 {
		out.Next = next.Trigger + "." + next.Contact.String() + "." + next.Log.String()
	}
	return ok(out), nil
}

func reminderView(r contact.Reminder) Reminder {
	out := Reminder{
		Contact: r.Contact.String(), Log: r.Log.String(), SendTo: r.Kind, TriggerDate: r.Trigger,
		State: "waiting", MadeAt: contract.Moment(r.MadeAt), CompletedAt: contract.Moment(r.CompletedAt),
	}
	if r.Kind == contact.ToUser {
		out.User = r.To
	} else {
		out.Role = r.To
	}
	if !r.Waits() {
		out.State, out.Todo = "made", todo.ID(r.ToDo).String()
	}
	if !r.CompletedAt.IsZero() {
		out.State = "completed"
	}
	return out
}

// listSchemas lists the business objects.
func (s *server) listSchemas(context.Context, call[nothing]) (answer[SchemaList], error) {
	files, err := contracts.Schemas().ReadDir("schemas")
	if err != nil {
		return failed[SchemaList](fault.Wrap(fault.Unknown, "listing the business objects", err))
	}
	out := SchemaList{Schemas: make([]string, 0, len(files))}
	for _, f := range files {
		out.Schemas = append(out.Schemas, strings.TrimSuffix(f.Name(), ".json"))
	}
	return ok(out), nil
}

// getSchema reads a business object.
func (s *server) getSchema(_ context.Context, c call[nothing]) (answer[jsontext.Value], error) {
	schema, err := contracts.Schemas().ReadFile("schemas/" + c.Text("code") + ".json")
	if err != nil {
		return failed[jsontext.Value](fault.New(fault.NotFound, "there is no such business object"))
	}
	return ok(jsontext.Value(schema)), nil
}

// badNext refuses a cursor that was never given out.
func badNext() error {
	return fault.Refuse(fault.Violation{Field: "query/after", Reason: "is a next that was given out"})
}
