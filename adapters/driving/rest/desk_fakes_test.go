package rest_test

import (
	"context"
	"time"

	"carillon/core/access"
	"carillon/core/contact"
	"carillon/core/desk/counter"
	"carillon/core/fault"
	"carillon/core/plugin"
	"carillon/core/store"
)

// deskOf is the desk of a house.
type deskOf struct{ h *house }

// filed is a contact with everything that a desk can hang on it.
func filed() store.ContactView {
	v, at := view(), now()
	v.Messages, v.Steps, v.Plan.Steps = nil, nil, 0
	v.File = contact.File{
		Desk: contact.Desk{
			Contact: v.Contact.ID, Revision: 7, Open: true, Comments: "asks for a call", Method: contact.ByPhone, At: at.Add(-time.Hour), Class: "CUST",
			Type: "CALL", Characteristics: []plugin.Characteristic{{Type: "CASE-ID", Value: "C-1"}},
			Tags: []plugin.Characteristic{{Type: "TAG", Value: "VIP"}}, External: "ext-1", Identifiers: []contact.Identifier{{Type: "C1NS", Value: "77"}},
			ChangedAt: at, By: "ada",
		},
		Logs: []contact.Log{
			{Contact: v.Contact.ID, ID: 1000000001, At: at, By: "ada", Comments: "no answer"},
			{Contact: v.Contact.ID, ID: 1000000002, At: at, By: "ada", Comments: "call back"},
		},
		Reminders: []contact.Reminder{reminder()},
	}
	return v
}

func reminder() contact.Reminder {
	return contact.Reminder{
		Contact: 1000000417, Log: 1000000002, Source: "CIS-W", Division: "WEST", Kind: contact.ToUser, To: "ada", Trigger: "2026-03-09", Person: 1000000042,
	}
}

// answer answers about the one contact there is.
func (d deskOf) answer(p access.Principal, id contact.ID, asked any) (store.ContactView, error) {
	d.h.desk = asked
	if err := d.h.asked(p); err != nil {
		return store.ContactView{}, err
	}
	if id != 1000000417 {
		return store.ContactView{}, fault.New(fault.NotFound, "there is no such thing")
	}
	return filed(), nil
}

// revised is answer where revision 7 is what there is.
func (d deskOf) revised(p access.Principal, id contact.ID, revision int64, asked any) (store.ContactView, error) {
	v, err := d.answer(p, id, asked)
	if err == nil && revision != 7 {
		err = fault.New(fault.Conflict, "the contact was changed since: read it again")
	}
	return v, err
}

func (d deskOf) ChangeContact(_ context.Context, _ time.Time, p access.Principal, id contact.ID, revision int64, c contact.Change) (store.ContactView, error) {
	return d.revised(p, id, revision, c)
}

func (d deskOf) CloseContact(_ context.Context, _ time.Time, p access.Principal, id contact.ID, revision int64) (store.ContactView, error) {
	return d.revised(p, id, revision, "close")
}

func (d deskOf) RetypeContact(_ context.Context, _ time.Time, p access.Principal, id contact.ID, revision int64, class, code string) (store.ContactView, error) {
	return d.revised(p, id, revision, class+"/"+code)
}

func (d deskOf) AddLog(_ context.Context, _ time.Time, p access.Principal, id contact.ID, n contact.Note) (store.ContactView, error) {
	if n.Remind != nil && n.Remind.Trigger < "2026-03-02" {
		return store.ContactView{}, fault.Refuse(fault.Violation{Field: "/reminder/triggerDate", Reason: "lies in the past"})
	}
	return d.answer(p, id, n)
}

// Named knows premise 5000000009 as P-9.
func (d deskOf) Named(_ context.Context, _ access.Principal, _ string, of contact.Subject) (contact.Subject, error) {
	if of.Premise == "5000000009" {
		of.Premise = "P-9"
	}
	return of, nil
}

func (d deskOf) Timeline(_ context.Context, at time.Time, p access.Principal, q counter.TimelineQuery) ([]contact.Event, store.Telling, error) {
	d.h.desk = q
	return []contact.Event{
		{
			Number: 9, At: at, Kind: "message.moved", Contact: 1000000417, Class: "CREDIT", Type: "DISC-WARN", Title: "Disconnection warning",
			Link: "/v1/messages/" + messageID(1).String(), Channel: "sms", Outcome: "delivered", Reason: "accepted_by_carrier", By: "sns", Icon: "contact",
		},
		{
			Number: 8, At: at.Add(-time.Hour), Kind: "contact.accepted", Contact: 1000000417, Class: "CREDIT", Type: "DISC-WARN",
			Title: "Disconnection warning", Text: "asks for a call", Link: "/v1/contacts/1000000417", By: "cis-west", Icon: "contact",
		},
	}, store.Telling{At: at.Add(-time.Hour), Number: 8}, d.h.asked(p)
}

func (d deskOf) ContactList(_ context.Context, p access.Principal, f counter.ContactFilter, below contact.ID, _ int) ([]counter.Listed, contact.ID, error) {
	d.h.desk = []any{f, below}
	v := filed()
	return []counter.Listed{{Contact: v.Contact, File: v.File}}, 1000000417, d.h.asked(p)
}

func (d deskOf) Reminders(_ context.Context, p access.Principal, f counter.ReminderFilter, after contact.ReminderKey, _ int) ([]contact.Reminder, contact.ReminderKey, error) {
	d.h.desk = []any{f, after}
	made, err := reminder().Made(10000000000001, now())
	if err != nil {
		return nil, after, err
	}
	made.Kind, made.To = contact.ToRole, "CSR"
	done, err := made.Completed(now())
	if err != nil {
		return nil, after, err
	}
	return []contact.Reminder{reminder(), made, done}, reminder().Key(), d.h.asked(p)
}
