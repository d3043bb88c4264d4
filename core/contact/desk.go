package contact

import (
	"time"

	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/plugin"
)

// Subject is what contacts are looked for by: a person, an account or a premise.
type Subject struct {
	Person  customer.PersonID
	Account string // as its source names it
	Premise string // as its source names it
	// Division is that of a loaded account or premise, whose contacts are those of its division; empty: of any.
	Division string
}

// Empty reports whether it names nothing.
func (s Subject) Empty() bool { return s.Person == 0 && s.Account == "" && s.Premise == "" }

// Method is how a customer wants the follow-up (preferred contact method).
type Method string

// The methods.
const (
	NoMethod      Method = ""
	ByPhone       Method = "phone"
	ByEmail       Method = "email"
	BySMS         Method = "sms"
	ByPost        Method = "postal"
	ByFax         Method = "fax"
	NotApplicable Method = "not_applicable"
)

// Methods lists those that can be chosen.
func Methods() []Method { return []Method{ByPhone, ByEmail, BySMS, ByPost, ByFax, NotApplicable} }

// Identifier is one of the ids by which an outside system knows a contact, as C1NS, a provider's recipient id.
type Identifier struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// Desk is the desk's part of a contact. A contact that nobody gave comments, characteristics or the like, and no desk has
// touched, has none: the zero value.
type Desk struct {
	Contact         ID
	Revision        int64 // 1, 2, 3 …; 0: there is none
	Open            bool  // while the matter is unresolved
	Comments        string
	Method          Method
	At              time.Time // when it took place, where somebody said so; zero: when it was accepted
	Class           string    // the corrected class and type; empty: as it was accepted
	Type            string
	Characteristics []plugin.Characteristic
	Tags            []plugin.Characteristic
	External        string // the id by which the system knows it that made it
	Identifiers     []Identifier
	ChangedAt       time.Time
	By              string // the principal
}

// Change says what of the desk's part of a contact becomes different; nil is left as it is.
type Change struct {
	Open            *bool
	Comments        *string
	Method          *Method
	At              *time.Time
	Characteristics *[]plugin.Characteristic // all of them
	Tags            *[]plugin.Characteristic // all of them
}

// With is the next revision: what the change says, by whom and when.
func (d Desk) With(c Change, now time.Time, by string) Desk {
	d.Revision, d.ChangedAt, d.By = d.Revision+1, now, by
	put(&d.Open, c.Open)
	put(&d.Comments, c.Comments)
	put(&d.Method, c.Method)
	put(&d.At, c.At)
	put(&d.Characteristics, c.Characteristics)
	put(&d.Tags, c.Tags)
	return d
}

func put[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// Close is the next revision, closed (process 3.4.1.1, step 2.1). fault.Conflict when it is not open.
func (d Desk) Close(now time.Time, by string) (Desk, error) {
	if !d.Open {
		return d, fault.New(fault.Conflict, "the contact is not open")
	}
	closed := false
	return d.With(Change{Open: &closed}, now, by), nil
}

// Retype is the next revision under another class and type. Whether it may be, the configuration says.
func (d Desk) Retype(class, code string, now time.Time, by string) Desk {
	d = d.With(Change{}, now, by)
	d.Class, d.Type = class, code
	return d
}

// Kind is the class and type of a contact: as corrected, else as accepted.
func (d Desk) Kind(c Contact) (class, code string) {
	if d.Type != "" {
		return d.Class, d.Type
	}
	return c.Class, c.Type
}

// LogID is the ten-digit number of an entry in the log of a contact; 0 is none.
type LogID int64

// String is the ten digits; empty for none.
func (id LogID) String() string { return customer.Digits(id, 10) }

// ParseLogID reads ten digits.
func ParseLogID(s string) (LogID, error) { return customer.ParseDigits[LogID](s, 10, "a log id") }

// Log is an entry in the log of a contact (process 3.4.1.1, step 1.7). It is written once.
type Log struct {
	Contact  ID
	ID       LogID
	At       time.Time
	By       string
	Comments string
}

// File is what hangs on a contact at the desk.
type File struct {
	Desk      Desk
	Logs      []Log      // in the order of their numbers
	Reminders []Reminder // in the order of their logs
}

// Part is what whoever makes a contact brings beside what it is about.
type Part struct {
	// Manual is set of a contact that a user enters: types that only the system makes are refused.
	Manual          bool
	Shorthand       string // the word of a type, in place of class and type
	Open            bool
	Comments        string
	Method          Method
	At              time.Time
	Characteristics []plugin.Characteristic
	Tags            []plugin.Characteristic
	External        string
	Identifiers     []Identifier
	Log             *Note
}

// Bare reports whether the part says nothing that is kept.
func (p Part) Bare() bool {
	return !p.Open && p.Comments == "" && p.Method == "" && p.At.IsZero() && len(p.Characteristics)+len(p.Tags)+len(p.Identifiers) == 0 &&
		p.External == ""
}

// Desk is the first revision of a contact's desk part; the zero one when nothing of it is to be kept.
func (p Part) Desk(id ID, now time.Time, by string) Desk {
	if p.Bare() {
		return Desk{}
	}
	return Desk{
		Contact: id, Revision: 1, Open: p.Open, Comments: p.Comments, Method: p.Method, At: p.At, Characteristics: p.Characteristics,
		Tags: p.Tags, External: p.External, Identifiers: p.Identifiers, ChangedAt: now, By: by,
	}
}

// Note asks for an entry in the log of a contact, with or without a reminder.
type Note struct {
	Comments string
	Remind   *Remind
}
