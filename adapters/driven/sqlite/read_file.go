package sqlite

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"strings"

	"carillon/core/contact"
	"carillon/core/ledger"
	"carillon/core/plugin"
	"carillon/core/store"
)

const (
	desksByContact = `
select contact, revision, open, comments, method, at, class, type, characteristics, tags, external, identifiers, changed_at, by
from contact_desk where contact in `

	logsByContact = `select contact, log, at, by, comments from contact_log where contact in `

	reminderColumns = `
select contact, log, source, division, kind, send_to, trigger_date, person, account, premise, todo, made_at, completed_at
from reminder `

	dueReminders = reminderColumns + `
where todo = 0 and (trigger_date, contact, log) > (?, ?, ?) and (trigger_date, contact, log) <= (?, ?, ?)
order by trigger_date, contact, log limit ?`

	reminderQuantiles = `
select total, trigger_date, contact, log from (
    select trigger_date, contact, log, count(*) over () as total,
        row_number() over (order by trigger_date, contact, log) as n
    from reminder where todo = 0 and trigger_date <= ?1)
where n * ?2 / total > (n - 1) * ?2 / total
order by n`

	contactsBy = `
select id, accepted_at, source, division, reference, class, type, person, account, premise, data, inline, expires_at, config, by
from contact where `

	toldOf = `
select e.id, e.body from ledger_entry e
where json_extract(e.body, '$.contact') is not null and cast(json_extract(e.body, '$.contact') as integer) in `
)

// placeholders are so many of them, in brackets, with the contacts that fill them.
func placeholders(ids []contact.ID) (string, []any) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = int64(id)
	}
	return `(?` + strings.Repeat(`, ?`, len(ids)-1) + `) `, args
}

// Files implements [store.DeskFiles].
func (s *Store) Files(ctx context.Context, ids []contact.ID) (files map[contact.ID]contact.File, err error) {
	var desks []contact.Desk
	var logs []contact.Log
	var reminders []contact.Reminder
	err = s.read(ctx, "reading the files of contacts", func(q *sql.Tx) error {
		for block := range slices.Chunk(ids, viewBlock) {
			in, args := placeholders(block)
			d, err := readAll(ctx, q, desksByContact+in, args, scanDesk)
			if err != nil {
				return err
			}
			l, err := readAll(ctx, q, logsByContact+in+`order by contact, log`, args, func(r rowScanner, l *contact.Log) error {
				return r.Scan(&l.Contact, &l.ID, moment{&l.At}, &l.By, &l.Comments)
			})
			if err != nil {
				return err
			}
			m, err := readAll(ctx, q, reminderColumns+`where contact in `+in+`order by contact, log`, args, scanReminder)
			if err != nil {
				return err
			}
			desks, logs, reminders = append(desks, d...), append(logs, l...), append(reminders, m...)
		}
		return nil
	})
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return store.FilesOf(desks, logs, reminders), nil
}

func scanDesk(r rowScanner, d *contact.Desk) error {
	return r.Scan(&d.Contact, &d.Revision, &d.Open, &d.Comments, &d.Method, moment{&d.At}, &d.Class, &d.Type,
		listed[plugin.Characteristic]{&d.Characteristics}, listed[plugin.Characteristic]{&d.Tags}, &d.External,
		listed[contact.Identifier]{&d.Identifiers}, moment{&d.ChangedAt}, &d.By)
}

func scanReminder(r rowScanner, m *contact.Reminder) error {
	return r.Scan(&m.Contact, &m.Log, &m.Source, &m.Division, &m.Kind, &m.To, &m.Trigger, &m.Person, &m.Account, &m.Premise, &m.ToDo,
		moment{&m.MadeAt}, moment{&m.CompletedAt})
}

// ContactsOf implements [store.DeskFiles]. What a hold keeps stays where it is.
func (s *Store) ContactsOf(ctx context.Context, of contact.Subject, below contact.ID, limit int) (found []contact.Contact, err error) {
	if of.Empty() || limit < 1 {
		return nil, nil
	}
	if below == 0 {
		below = math.MaxInt64
	}
	where, key := `person = ? and person <> 0`, any(int64(of.Person))
	switch {
	case of.Account != "":
		where, key = `account = ? and account <> ''`, of.Account
	case of.Premise != "":
		where, key = `premise = ? and premise <> ''`, of.Premise
	}
	err = s.read(ctx, "looking for contacts", func(q *sql.Tx) error {
		found, err = readAll(ctx, q, contactsBy+where+` and id < ? order by id desc limit ?`, []any{key, int64(below), limit}, scanContact)
		return err
	})
	return found, err
}

func scanContact(r rowScanner, c *contact.Contact) error {
	return r.Scan(&c.ID, moment{&c.AcceptedAt}, &c.Source, &c.Division, &c.Reference, &c.Class, &c.Type, &c.Person, &c.Account,
		&c.Premise, &c.Data, &c.Inline, moment{&c.ExpiresAt}, &c.Config, &c.By)
}

// Told implements [store.DeskFiles].
func (s *Store) Told(ctx context.Context, of []contact.ID, before store.Telling, limit int) (all []store.Told, err error) {
	if len(of) == 0 || limit < 1 {
		return nil, nil
	}
	at, number := before.At.UTC().Format(ledger.TimeFormat), before.Number
	if before.At.IsZero() {
		at, number = "9999", math.MaxInt64
	}
	in, args := placeholders(of)
	err = s.read(ctx, "reading the entries of contacts", func(q *sql.Tx) error {
		all, err = readAll(ctx, q, toldOf+in+`
    and (json_extract(e.body, '$.at'), e.id) < (?, ?)
order by json_extract(e.body, '$.at') desc, e.id desc limit ?`, append(args, at, number, limit),
			func(r rowScanner, t *store.Told) error { return r.Scan(&t.Number, &t.Body) })
		return err
	})
	return all, err
}

// Reminders implements [store.Reminders].
func (s *Store) Reminders(ctx context.Context, until string, after, to contact.ReminderKey, limit int) (all []contact.Reminder, err error) {
	if to.Trigger == "" || to.Trigger > until {
		to = contact.ReminderKey{Trigger: until, Contact: math.MaxInt64, Log: math.MaxInt64}
	}
	err = s.read(ctx, "reading reminders that wait", func(q *sql.Tx) error {
		all, err = readAll(ctx, q, dueReminders, []any{
			after.Trigger, int64(after.Contact), int64(after.Log), to.Trigger, int64(to.Contact), int64(to.Log), limit,
		}, scanReminder)
		return err
	})
	return all, err
}

// ReminderQuantiles implements [store.Reminders].
func (s *Store) ReminderQuantiles(ctx context.Context, until string, n int) (found store.Quantiles, err error) {
	err = s.read(ctx, "parting reminders that wait", func(q *sql.Tx) error {
		found.Last, err = readAll(ctx, q, reminderQuantiles, []any{until, max(n, 1)}, func(r rowScanner, k *contact.ReminderKey) error {
			return r.Scan(&found.Total, &k.Trigger, &k.Contact, &k.Log)
		})
		return err
	})
	return found, err
}
