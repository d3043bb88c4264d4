package store

import (
	"context"
	"time"

	"carillon/core/contact"
	"carillon/core/ledger"
	"carillon/core/todo"
)

// Reminded marks a reminder: its To Do was made. It goes into the write set that opens the To Do; the set is a Conflict
// "reminder" unless the reminder waits.
type Reminded struct {
	Contact contact.ID
	Log     contact.LogID
	ToDo    todo.ID
	At      time.Time
}

// ReminderDone completes the reminder that a To Do was made of; there need not be one, and the first time stays.
type ReminderDone struct {
	ToDo todo.ID
	At   time.Time
}

// DeskFiles reads what hangs on contacts at the desk.
type DeskFiles interface {
	// Files returns the files of contacts; a contact without one is left out.
	Files(ctx context.Context, ids []contact.ID) (map[contact.ID]contact.File, error)
	// ContactsOf returns contacts of a person, an account or a premise, the newest first, from below a number on (0: from
	// the newest).
	ContactsOf(ctx context.Context, of contact.Subject, below contact.ID, limit int) ([]contact.Contact, error)
	// Told returns the ledger entries of contacts, the newest first, from before a place on.
	Told(ctx context.Context, of []contact.ID, before Telling, limit int) ([]Told, error)
}

// Telling is a place among ledger entries, by time and number; the zero value is after the newest.
type Telling struct {
	At     time.Time
	Number int64
}

// Told is a ledger entry of a contact.
type Told struct {
	Number int64
	Body   string // its canonical bytes
}

// Reminders reads reminders.
type Reminders interface {
	// Reminders returns reminders that wait and whose trigger date is not after until, in the order of their keys: those
	// after after and, unless to is zero, up to and with to.
	Reminders(ctx context.Context, until string, after, to contact.ReminderKey, limit int) ([]contact.Reminder, error)
	// ReminderQuantiles parts the reminders that wait and whose trigger date is not after until into stretches of the same
	// size, n of them at most.
	ReminderQuantiles(ctx context.Context, until string, n int) (Quantiles, error)
}

// Quantiles are the stretches of reminders that wait.
type Quantiles struct {
	Total int64
	Last  []contact.ReminderKey // the last key of each stretch; none when there is nothing
}

// FilesOf puts together what was read of the files of contacts; logs and reminders of one contact come in their order.
func FilesOf(desks []contact.Desk, logs []contact.Log, reminders []contact.Reminder) map[contact.ID]contact.File {
	files := make(map[contact.ID]contact.File)
	for i := range desks {
		f := files[desks[i].Contact]
		f.Desk = desks[i]
		files[desks[i].Contact] = f
	}
	for _, l := range logs {
		f := files[l.Contact]
		f.Logs = append(f.Logs, l)
		files[l.Contact] = f
	}
	for i := range reminders {
		f := files[reminders[i].Contact]
		f.Reminders = append(f.Reminders, reminders[i])
		files[reminders[i].Contact] = f
	}
	return files
}

// andFiles adds what hangs on contacts at the desk.
func (w *Writes) andFiles(o *Writes) {
	w.Desks = append(w.Desks, o.Desks...)
	w.Logs = append(w.Logs, o.Logs...)
	w.Reminders = append(w.Reminders, o.Reminders...)
	w.Reminded = append(w.Reminded, o.Reminded...)
	w.RemindersDone = append(w.RemindersDone, o.RemindersDone...)
}

// Logged is the write set of a new entry in the log of a contact, with its reminder unless that is nil.
func Logged(c contact.Contact, l contact.Log, r *contact.Reminder) Writes {
	l.Contact = c.ID
	e := ledger.Entry{
		At: l.At, Kind: ledger.ContactLogged, Source: c.Source, Division: c.Division, Contact: c.ID, Reference: c.Reference,
		Code: l.ID.String(), By: l.By,
	}
	w := Writes{Logs: []contact.Log{l}, Entries: []ledger.Entry{e}}
	if r == nil {
		return w
	}
	one := *r
	one.Contact, one.Log, one.Source, one.Division = c.ID, l.ID, c.Source, c.Division
	one.Person, one.Account, one.Premise = c.Person, c.Account, c.Premise
	e.Kind = ledger.ReminderSet
	w.Reminders, w.Entries = []contact.Reminder{one}, append(w.Entries, e)
	return w
}
