package postgres

import (
	"context"
	"math"

	"github.com/jackc/pgx/v5"

	"carillon/core/contact"
	"carillon/core/store"
)

// Contacts at the desk: their files, by whom they are found, what the ledger tells of them, and the reminders.
const (
	selectDesks = `
select contact, revision, open, comments, method, at, class, type, characteristics, tags, external, identifiers, changed_at, by
from contact_desk where contact = any($1::bigint[])`

	selectLogs = `select contact, log, at, by, comments from contact_log where contact = any($1::bigint[]) order by contact, log`

	reminderColumns = `
select contact, log, source, division, kind, send_to, trigger_date, person, account, premise, todo, made_at, completed_at
from reminder `
	remindersOf = reminderColumns + `where contact = any($1::bigint[]) order by contact, log`

	dueReminders = reminderColumns + `
where todo = 0 and (trigger_date, contact, log) > ($1, $2, $3) and (trigger_date, contact, log) <= ($4, $5, $6)
order by trigger_date, contact, log limit $7`

	// reminderQuantiles numbers what waits in the order of its index and takes the last of each stretch.
	reminderQuantiles = `
select total, trigger_date, contact, log from (
    select trigger_date, contact, log, count(*) over () as total,
        row_number() over (order by trigger_date, contact, log) as n
    from reminder where todo = 0 and trigger_date <= $1) x
where n * $2 / total > (n - 1) * $2 / total
order by n`

	// A person, an account or a premise: each has its index, partial, so that a contact pays for what it names. With that
	// of the ledger's entries they cost an acceptance 4 µs of 97 µs of processor time and 160 bytes of WAL of 2,900.
	contactsOfPerson  = contactColumns + `contact c where c.person = $1 and c.person <> 0 and c.id < $2 order by c.id desc limit $3`
	contactsOfAccount = contactColumns + `contact c where c.account = $1 and c.account <> '' and c.id < $2 order by c.id desc limit $3`
	contactsOfPremise = contactColumns + `contact c where c.premise = $1 and c.premise <> '' and c.id < $2 order by c.id desc limit $3`

	// Those that a hold keeps beyond retention; they are older than any other.
	heldOf = contactColumns + `contact_held c
where c.id < $1 and not exists (select from contact x where x.id = c.id)
    and ($2::bigint <> 0 and c.person = $2 or $3::text <> '' and c.account = $3 or $4::text <> '' and c.premise = $4)
order by c.id desc limit $5`

	selectTold = `
select e.id, e.body from (select distinct unnest($1::bigint[]) as id) i
cross join lateral (
    select e.id, e.at, e.body from ledger_entry e where e.contact = i.id and e.contact <> 0
    union
    select e.id, e.at, e.body from ledger_entry_held e where e.contact = i.id) e
where (e.at, e.id) < ($2, $3)
order by e.at desc, e.id desc limit $4`
)

// Files implements [store.DeskFiles].
func (s *Store) Files(ctx context.Context, ids []contact.ID) (map[contact.ID]contact.File, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var desks []contact.Desk
	var logs []contact.Log
	var reminders []contact.Reminder
	numbers := col(ids, func(id *contact.ID) int64 { return int64(*id) })
	err := s.look(ctx, "reading the files of contacts", func(batch *pgx.Batch) {
		queueRead(batch, &desks, deskOf, selectDesks, numbers)
		queueRead(batch, &logs, logOf, selectLogs, numbers)
		queueRead(batch, &reminders, reminderOf, remindersOf, numbers)
	})
	if err != nil {
		return nil, err
	}
	return store.FilesOf(desks, logs, reminders), nil
}

func deskOf(row pgx.CollectableRow) (d contact.Desk, err error) {
	var at, changed int64
	var characteristics, tags, identifiers string
	if err = row.Scan((*int64)(&d.Contact), &d.Revision, &d.Open, &d.Comments, (*string)(&d.Method), &at, &d.Class, &d.Type,
		&characteristics, &tags, &d.External, &identifiers, &changed, &d.By); err != nil {
		return d, err
	}
	d.At, d.ChangedAt = timeOf(at), timeOf(changed)
	for _, list := range []func() error{
		func() error { return fromJSON(characteristics, &d.Characteristics) },
		func() error { return fromJSON(tags, &d.Tags) },
		func() error { return fromJSON(identifiers, &d.Identifiers) },
	} {
		if err := list(); err != nil {
			return d, err
		}
	}
	return d, nil
}

func logOf(row pgx.CollectableRow) (l contact.Log, err error) {
	var at int64
	err = row.Scan((*int64)(&l.Contact), (*int64)(&l.ID), &at, &l.By, &l.Comments)
	l.At = timeOf(at)
	return l, err
}

func reminderOf(row pgx.CollectableRow) (r contact.Reminder, err error) {
	var made, completed int64
	err = row.Scan((*int64)(&r.Contact), (*int64)(&r.Log), &r.Source, &r.Division, (*string)(&r.Kind), &r.To, &r.Trigger,
		(*int64)(&r.Person), &r.Account, &r.Premise, &r.ToDo, &made, &completed)
	r.MadeAt, r.CompletedAt = timeOf(made), timeOf(completed)
	return r, err
}

// ContactsOf implements [store.DeskFiles].
func (s *Store) ContactsOf(ctx context.Context, of contact.Subject, below contact.ID, limit int) ([]contact.Contact, error) {
	if of.Empty() || limit < 1 {
		return nil, nil
	}
	if below == 0 {
		below = math.MaxInt64
	}
	statement, key := contactsOfPerson, any(int64(of.Person))
	switch {
	case of.Account != "":
		statement, key = contactsOfAccount, text(of.Account)
	case of.Premise != "":
		statement, key = contactsOfPremise, text(of.Premise)
	}
	found, err := all(ctx, s, "looking for contacts", contactOf, statement, key, int64(below), limit)
	if err != nil || len(found) == limit {
		return found, err
	}
	held, err := all(ctx, s, "looking for contacts that are held", contactOf, heldOf, int64(below), int64(of.Person), text(of.Account),
		text(of.Premise), limit-len(found))
	return append(found, held...), err
}

// Told implements [store.DeskFiles].
func (s *Store) Told(ctx context.Context, of []contact.ID, before store.Telling, limit int) ([]store.Told, error) {
	if len(of) == 0 || limit < 1 {
		return nil, nil
	}
	at, number := micros(before.At), before.Number
	if before.At.IsZero() {
		at, number = math.MaxInt64, math.MaxInt64
	}
	return all(ctx, s, "reading the entries of contacts", pgx.RowToStructByPos[store.Told], selectTold,
		col(of, func(id *contact.ID) int64 { return int64(*id) }), at, number, limit)
}

// last is a key beyond every other of the date.
func lastKey(until string, to contact.ReminderKey) contact.ReminderKey {
	if to.Trigger == "" || to.Trigger > until {
		return contact.ReminderKey{Trigger: until, Contact: math.MaxInt64, Log: math.MaxInt64}
	}
	return to
}

// Reminders implements [store.Reminders].
func (s *Store) Reminders(ctx context.Context, until string, after, to contact.ReminderKey, limit int) ([]contact.Reminder, error) {
	to = lastKey(until, to)
	return all(ctx, s, "reading reminders that wait", reminderOf, dueReminders, text(after.Trigger), int64(after.Contact), int64(after.Log),
		text(to.Trigger), int64(to.Contact), int64(to.Log), limit)
}

// ReminderQuantiles implements [store.Reminders].
func (s *Store) ReminderQuantiles(ctx context.Context, until string, n int) (q store.Quantiles, err error) {
	q.Last, err = all(ctx, s, "parting reminders that wait", func(row pgx.CollectableRow) (k contact.ReminderKey, err error) {
		err = row.Scan(&q.Total, &k.Trigger, (*int64)(&k.Contact), (*int64)(&k.Log))
		return k, err
	}, reminderQuantiles, text(until), max(n, 1))
	return q, err
}
