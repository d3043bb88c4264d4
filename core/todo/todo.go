// Package todo holds the To Do entry: work that only a person can do (process 3.4.1.1, step 2.0).
//
// An entry is opened in the transaction of what makes it necessary and completed in that of what makes it needless, by
// a person or by the course of things. One entry of a type is open about one thing.
package todo

import (
	"fmt"
	"strconv"
	"time"

	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/message"
)

// ID is the fourteen-digit number of an entry; 0 is none.
type ID int64

// String is the fourteen digits; empty for none.
func (id ID) String() string {
	if id == 0 {
		return ""
	}
	return fmt.Sprintf("%014d", int64(id))
}

// ParseID reads fourteen digits.
func ParseID(s string) (ID, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || len(s) != 14 || s[0] == '+' || n <= 0 {
		return 0, fault.New(fault.Invalid, "a To Do id has fourteen digits")
	}
	return ID(n), nil
}

// Type says what is to be done.
type Type string

// The types.
const (
	InDoubt    Type = "IN-DOUBT"    // say what became of a message, or have it repeated
	NotReached Type = "NOT-REACHED" // a plan has ended and nobody was reached
)

// Entry is one piece of work.
type Entry struct {
	ID          ID // drawn by the store when the entry is opened
	Type        Type
	About       string // what it is about; with Type what it is open once for
	Source      string
	Division    string
	Contact     contact.ID
	Message     message.ID
	Reason      string // why it was opened
	OpenedAt    time.Time
	CompletedAt time.Time // zero while it is open
	By          string    // who completed it; empty when the course of things did
	Outcome     string    // what completed it
}

// Complete reports whether the work is done.
func (e Entry) Complete() bool { return !e.CompletedAt.IsZero() }

// Completion ends the open entry of a type about a thing; there need not be one.
type Completion struct {
	Type    Type
	About   string
	At      time.Time
	By      string
	Outcome string
}

// aboutMessage and aboutContact name what an entry is about.
func aboutMessage(id message.ID) string { return "message:" + id.String() }
func aboutContact(id contact.ID) string { return "contact:" + id.String() }

func of(kind Type, about string, m message.Message, at time.Time, why string) Entry {
	return Entry{
		Type: kind, About: about, Source: m.Source, Division: m.Division, Contact: m.Origin.Contact, Message: m.ID,
		Reason: why, OpenedAt: at,
	}
}

// Unreached is the entry of a contact whose plan ended with the message, and nobody was reached.
func Unreached(m message.Message, at time.Time, why string) Entry {
	return of(NotReached, aboutContact(m.Origin.Contact), m, at, why)
}

// Taken completes the entry of a contact that is tried anew, or was reached after all.
func Taken(id contact.ID, at time.Time, by, outcome string) Completion {
	return Completion{Type: NotReached, About: aboutContact(id), At: at, By: by, Outcome: outcome}
}

// Follow says which entries a move of a message opens and completes: a doubt that a person must resolve, as the contact
// type asks, and a fall that turned out to be none.
func Follow(m message.Message, move message.Move) (opened []Entry, done []Completion) {
	if !move.Moved() || move.Evidence == nil {
		return nil, nil
	}
	e, from, to := move.Evidence, move.From.Place, move.To.Place
	if m.Doubt == message.ToDo && to == message.InDoubt {
		opened = append(opened, of(InDoubt, aboutMessage(m.ID), m, e.At, e.Reason))
	}
	if m.Doubt == message.ToDo && from == message.InDoubt {
		done = append(done, Completion{Type: InDoubt, About: aboutMessage(m.ID), At: e.At, By: e.Provider, Outcome: e.Kind.String()})
	}
	if from.Fallen() && !to.Fallen() && m.TellsPlan() {
		done = append(done, Taken(m.Origin.Contact, e.At, e.Provider, e.Kind.String()))
	}
	return opened, done
}
