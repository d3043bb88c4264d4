package sqlite

import (
	"context"
	"encoding/json"

	"carillon/core/contact"
	"carillon/core/store"
)

const (
	insertDesk = `
insert into contact_desk (contact, revision, open, comments, method, at, class, type, characteristics, tags, external, identifiers,
    changed_at, by) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	updateDesk = `
update contact_desk set revision = ?, open = ?, comments = ?, method = ?, at = ?, class = ?, type = ?, characteristics = ?, tags = ?,
    external = ?, identifiers = ?, changed_at = ?, by = ?
where contact = ? and revision = ?`
)

// files writes what hangs on contacts at the desk.
func (x *tx) files(ctx context.Context, w *store.Writes) error {
	for _, part := range []func() error{
		each(ctx, store.Of(w.Desk).Desks, x.desk),
		each(ctx, store.Of(w.Desk).Logs, x.log),
		each(ctx, store.Of(w.Desk).Reminders, x.reminder),
		each(ctx, store.Of(w.Desk).Reminded, x.reminded),
		each(ctx, store.Of(w.Desk).RemindersDone, x.reminderDone),
	} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// desk puts the first revision of a contact's desk part, or the one after the one that is there.
func (x *tx) desk(ctx context.Context, d contact.Desk) error {
	row := []any{
		d.Revision, d.Open, d.Comments, string(d.Method), micros(d.At), d.Class, d.Type, asJSON(d.Characteristics),
		asJSON(d.Tags), d.External, asJSON(d.Identifiers), micros(d.ChangedAt), d.By,
	}
	if d.Revision == 1 {
		return x.must(ctx, store.LostVersion, insertDesk, append([]any{int64(d.Contact)}, row...)...)
	}
	return x.must(ctx, store.LostVersion, updateDesk, append(row, int64(d.Contact), d.Revision-1)...)
}

const insertLog = `insert into contact_log (contact, log, at, by, comments) values (?, ?, ?, ?, ?)`

func (x *tx) log(ctx context.Context, l contact.Log) error {
	return x.must(ctx, store.LostLog, insertLog, int64(l.Contact), int64(l.ID), micros(l.At), l.By, l.Comments)
}

const insertReminder = `
insert into reminder (contact, log, source, division, kind, send_to, trigger_date, person, account, premise, todo, made_at,
    completed_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (x *tx) reminder(ctx context.Context, r contact.Reminder) error {
	return x.must(ctx, store.LostReminder, insertReminder, int64(r.Contact), int64(r.Log), r.Source, r.Division, string(r.Kind), r.To, r.Trigger,
		int64(r.Person), r.Account, r.Premise, r.ToDo, micros(r.MadeAt), micros(r.CompletedAt))
}

func (x *tx) reminded(ctx context.Context, r store.Reminded) error {
	return x.must(ctx, store.LostReminder, `update reminder set todo = ?, made_at = ? where contact = ? and log = ? and todo = 0`,
		int64(r.ToDo), micros(r.At), int64(r.Contact), int64(r.Log))
}

func (x *tx) reminderDone(ctx context.Context, r store.ReminderDone) error {
	_, err := x.exec(ctx, `update reminder set completed_at = ? where todo = ? and todo <> 0 and completed_at = 0`, micros(r.At), int64(r.ToDo))
	return err
}

// asJSON is a list as stored; none is empty.
func asJSON[T any](list []T) string {
	if len(list) == 0 {
		return ""
	}
	b, err := json.Marshal(list)
	if err != nil { // what is listed here are texts
		return ""
	}
	return string(b)
}

// listed reads a list as stored.
type listed[T any] struct{ to *[]T }

// Scan implements sql.Scanner.
func (l listed[T]) Scan(src any) error {
	*l.to = nil
	stored, ok := src.(string)
	if !ok || stored == "" {
		return nil
	}
	return json.Unmarshal([]byte(stored), l.to)
}
