package contact

import (
	"time"

	"carillon/core/customer"
	"carillon/core/fault"
)

// SendTo says whom a reminder goes to.
type SendTo string

// The receivers of a reminder.
const (
	ToUser SendTo = "user"
	ToRole SendTo = "role"
)

// Remind asks for a reminder (process 3.4.1.1, step 1.7). One of User and Role is given.
type Remind struct {
	User    string
	Role    string
	Trigger string // trigger date, YYYY-MM-DD
}

// Reminder is a log entry that wants a To Do by its trigger date (process 3.4.1.1, steps 1.7 to 2.1): it waits, a To Do is
// made of it once ever, and the To Do is completed. (Contact, Log) is its key. It carries what the To Do needs to know of
// its contact.
type Reminder struct {
	Contact     ID
	Log         LogID
	Source      string
	Division    string
	Kind        SendTo
	To          string // the user or the To Do Role
	Trigger     string // the latest date by which the To Do must be there, YYYY-MM-DD
	Person      customer.PersonID
	Account     string
	Premise     string
	ToDo        int64 // the number of its To Do entry; 0: it waits
	MadeAt      time.Time
	CompletedAt time.Time
}

// ReminderKey orders reminders that wait: by trigger date, then by contact and log.
type ReminderKey struct {
	Trigger string
	Contact ID
	Log     LogID
}

// Key is the reminder's place among those that wait.
func (r Reminder) Key() ReminderKey { return ReminderKey{r.Trigger, r.Contact, r.Log} }

// Waits reports whether no To Do was made of it.
func (r Reminder) Waits() bool { return r.ToDo == 0 }

// Made is the reminder with its To Do; fault.Conflict when it has one.
func (r Reminder) Made(toDo int64, now time.Time) (Reminder, error) {
	if !r.Waits() || toDo <= 0 {
		return r, fault.New(fault.Conflict, "a To Do is made of a reminder once")
	}
	r.ToDo, r.MadeAt = toDo, now
	return r, nil
}

// Completed is the reminder when its To Do is complete; it stays completed since the first time. fault.Conflict while it
// waits.
func (r Reminder) Completed(now time.Time) (Reminder, error) {
	if r.Waits() {
		return r, fault.New(fault.Conflict, "the reminder has no To Do yet")
	}
	if r.CompletedAt.IsZero() {
		r.CompletedAt = now
	}
	return r, nil
}
