package postgres

import (
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"carillon/core/contact"
	"carillon/core/store"
)

// The desk's part of contacts, their logs and reminders.
const (
	insertDesks = `
insert into contact_desk (contact, revision, open, comments, method, at, class, type, characteristics, tags, external, identifiers,
    changed_at, by)
select * from unnest($1::bigint[], $2::bigint[], $3::boolean[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::text[])`

	updateDesks = `
with put as (
    update contact_desk d set revision = i.revision, open = i.open, comments = i.comments, method = i.method, at = i.at,
        class = i.class, type = i.type, characteristics = i.characteristics, tags = i.tags, external = i.external,
        identifiers = i.identifiers, changed_at = i.changed_at, by = i.by
    from unnest($1::bigint[], $2::bigint[], $3::boolean[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[],
        $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::text[])
        as i (contact, revision, open, comments, method, at, class, type, characteristics, tags, external, identifiers,
            changed_at, by)
    where d.contact = i.contact and d.revision = i.revision - 1
    returning 1)
select expect_rows((select count(*) from put), $15, 'version')`

	insertLogs = `
insert into contact_log (contact, log, at, by, comments)
select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[])`

	insertReminders = `
insert into reminder (contact, log, source, division, kind, send_to, trigger_date, person, account, premise, todo, made_at,
    completed_at)
select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
    $9::text[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[])`

	markReminders = `
with put as (
    update reminder r set todo = i.todo, made_at = i.at
    from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) as i (contact, log, todo, at)
    where r.contact = i.contact and r.log = i.log and r.todo = 0
    returning 1)
select expect_rows((select count(*) from put), $5, 'reminder')`

	endReminders = `
update reminder r set completed_at = i.at
from unnest($1::bigint[], $2::bigint[]) as i (todo, at)
where r.todo = i.todo and r.todo <> 0 and r.completed_at = 0`
)

// queueFiles puts what hangs on contacts at the desk. It comes after the contacts of the set.
func queueFiles(batch *pgx.Batch, jobs []*job) {
	if rows := flat(jobs, func(w *store.Writes) []contact.Desk { return store.Of(w.Desk).Desks }); len(rows) > 0 {
		var made, changed []contact.Desk
		for i := range rows {
			if rows[i].Revision == 1 {
				made = append(made, rows[i])
			} else {
				changed = append(changed, rows[i])
			}
		}
		queueDesks(batch, insertDesks, made)
		queueDesks(batch, updateDesks, changed, len(changed))
	}
	if rows := flat(jobs, func(w *store.Writes) []contact.Log { return store.Of(w.Desk).Logs }); len(rows) > 0 {
		batch.Queue(insertLogs,
			col(rows, func(l *contact.Log) int64 { return int64(l.Contact) }),
			col(rows, func(l *contact.Log) int64 { return int64(l.ID) }),
			col(rows, func(l *contact.Log) int64 { return micros(l.At) }),
			col(rows, func(l *contact.Log) string { return text(l.By) }),
			col(rows, func(l *contact.Log) string { return text(l.Comments) }))
	}
	if rows := flat(jobs, func(w *store.Writes) []contact.Reminder { return store.Of(w.Desk).Reminders }); len(rows) > 0 {
		queueReminders(batch, rows)
	}
	if rows := flat(jobs, func(w *store.Writes) []store.Reminded { return store.Of(w.Desk).Reminded }); len(rows) > 0 {
		batch.Queue(markReminders,
			col(rows, func(r *store.Reminded) int64 { return int64(r.Contact) }),
			col(rows, func(r *store.Reminded) int64 { return int64(r.Log) }),
			col(rows, func(r *store.Reminded) int64 { return int64(r.ToDo) }),
			col(rows, func(r *store.Reminded) int64 { return micros(r.At) }),
			len(rows))
	}
	if rows := flat(jobs, func(w *store.Writes) []store.ReminderDone { return store.Of(w.Desk).RemindersDone }); len(rows) > 0 {
		batch.Queue(endReminders,
			col(rows, func(r *store.ReminderDone) int64 { return int64(r.ToDo) }),
			col(rows, func(r *store.ReminderDone) int64 { return micros(r.At) }))
	}
}

func queueDesks(batch *pgx.Batch, statement string, rows []contact.Desk, more ...any) {
	if len(rows) == 0 {
		return
	}
	batch.Queue(statement, append([]any{
		col(rows, func(d *contact.Desk) int64 { return int64(d.Contact) }),
		col(rows, func(d *contact.Desk) int64 { return d.Revision }),
		col(rows, func(d *contact.Desk) bool { return d.Open }),
		col(rows, func(d *contact.Desk) string { return text(d.Comments) }),
		col(rows, func(d *contact.Desk) string { return text(string(d.Method)) }),
		col(rows, func(d *contact.Desk) int64 { return micros(d.At) }),
		col(rows, func(d *contact.Desk) string { return text(d.Class) }),
		col(rows, func(d *contact.Desk) string { return text(d.Type) }),
		col(rows, func(d *contact.Desk) string { return asJSON(d.Characteristics) }),
		col(rows, func(d *contact.Desk) string { return asJSON(d.Tags) }),
		col(rows, func(d *contact.Desk) string { return text(d.External) }),
		col(rows, func(d *contact.Desk) string { return asJSON(d.Identifiers) }),
		col(rows, func(d *contact.Desk) int64 { return micros(d.ChangedAt) }),
		col(rows, func(d *contact.Desk) string { return text(d.By) }),
	}, more...)...)
}

func queueReminders(batch *pgx.Batch, rows []contact.Reminder) {
	batch.Queue(insertReminders,
		col(rows, func(r *contact.Reminder) int64 { return int64(r.Contact) }),
		col(rows, func(r *contact.Reminder) int64 { return int64(r.Log) }),
		col(rows, func(r *contact.Reminder) string { return text(r.Source) }),
		col(rows, func(r *contact.Reminder) string { return text(r.Division) }),
		col(rows, func(r *contact.Reminder) string { return text(string(r.Kind)) }),
		col(rows, func(r *contact.Reminder) string { return text(r.To) }),
		col(rows, func(r *contact.Reminder) string { return text(r.Trigger) }),
		col(rows, func(r *contact.Reminder) int64 { return int64(r.Person) }),
		col(rows, func(r *contact.Reminder) string { return text(r.Account) }),
		col(rows, func(r *contact.Reminder) string { return text(r.Premise) }),
		col(rows, func(r *contact.Reminder) int64 { return r.ToDo }),
		col(rows, func(r *contact.Reminder) int64 { return micros(r.MadeAt) }),
		col(rows, func(r *contact.Reminder) int64 { return micros(r.CompletedAt) }))
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
	return text(string(b))
}

// fromJSON is a list as read.
func fromJSON[T any](stored string, list *[]T) error {
	if stored == "" {
		return nil
	}
	return json.Unmarshal([]byte(stored), list)
}

// touchesFiles names what sets may change one after the other.
func touchesFiles(w *store.Writes, is func(touch)) {
	ofDesk := store.Of(w.Desk)
	for i := range ofDesk.Desks {
		is(touch{what: 'd', n: int64(ofDesk.Desks[i].Contact)})
	}
	for i := range ofDesk.Reminders {
		is(touch{what: 'w', n: int64(ofDesk.Reminders[i].Log)})
	}
	for i := range ofDesk.Reminded {
		is(touch{what: 'w', n: int64(ofDesk.Reminded[i].Log)})
		is(touch{what: 'v', n: int64(ofDesk.Reminded[i].ToDo)})
	}
	for i := range ofDesk.RemindersDone {
		is(touch{what: 'v', n: int64(ofDesk.RemindersDone[i].ToDo)})
	}
}
