package store

import (
	"context"
	"slices"
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

// Logged is the write set of a new entry in the log of a contact, with its reminder unless that is nil.
func Logged(c contact.Contact, l contact.Log, r *contact.Reminder) Writes {
	l.Contact = c.ID
	e := ledger.Entry{
		At: l.At, Kind: ledger.ContactLogged, Source: c.Source, Division: c.Division, Contact: c.ID, Reference: c.Reference,
		Code: l.ID.String(), By: l.By,
	}
	w := Writes{Desk: &DeskWrites{Logs: []contact.Log{l}}, Ledger: &LedgerWrites{Entries: []ledger.Entry{e}}}
	if r == nil {
		return w
	}
	one := *r
	one.Contact, one.Log, one.Source, one.Division = c.ID, l.ID, c.Source, c.Division
	one.Person, one.Account, one.Premise = c.Person, c.Account, c.Premise
	e.Kind = ledger.ReminderSet
	In(&w.Desk).Reminders, In(&w.Ledger).Entries = []contact.Reminder{one}, append(Of(w.Ledger).Entries, e)
	return w
}

// DeskWrites is what a decision changes of what the desk adds to contacts. Empty fields change nothing.
type DeskWrites struct {
	Desks         []contact.Desk     // of Revision 1: insert; of a later one: update of the one before it, or the set is a Conflict "version"
	Logs          []contact.Log      // insert
	Reminders     []contact.Reminder // insert
	Reminded      []Reminded
	RemindersDone []ReminderDone // after Reminded of the set
}

func (to *DeskWrites) and(from *DeskWrites) {
	to.Desks = slices.Concat(to.Desks, from.Desks)
	to.Logs = slices.Concat(to.Logs, from.Logs)
	to.Reminders = slices.Concat(to.Reminders, from.Reminders)
	to.Reminded = slices.Concat(to.Reminded, from.Reminded)
	to.RemindersDone = slices.Concat(to.RemindersDone, from.RemindersDone)
}
