// Package todo holds the To Do entry: work that only a person can do (process 3.4.1.1, steps 2.0 and 2.1).
//
// An entry is opened in the transaction of what makes it necessary and completed in that of what makes it needless, by
// a person or by the course of things. One entry of a type is open about one thing. Between the two it belongs to a role,
// and to a user who works on it; every such move is a method that returns the next state or a fault.
//
// Which role, which characteristics and which message an entry has is chosen when it is opened ([Rules.Open]): the
// configuration says how, and algorithms that hang on the spots declared here.
package todo

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/message"
	"carillon/core/plugin"
)

// ID is the fourteen-digit number of an entry; 0 is none.
type ID int64

// String is the fourteen digits; empty for none.
func (id ID) String() string { return customer.Digits(id, 14) }

// ParseID reads fourteen digits.
func ParseID(s string) (ID, error) { return customer.ParseDigits[ID](s, 14, "a To Do id") }

// Type is the code of the To Do Type: what is to be done.
type Type string

// The types that Carillon opens by itself. They need no configuration; where there is one, it goes for them too.
const (
	InDoubt    Type = "IN-DOUBT"    // say what became of a message, or have it repeated
	NotReached Type = "NOT-REACHED" // a plan has ended and nobody was reached
)

// Status is where an entry stands. The words are those of the newer releases of the CIS; its codes are O, W (once Being
// Worked On) and C.
type Status string

// The statuses.
const (
	IsOpen     Status = "open"     // for everybody of its role
	IsAssigned Status = "assigned" // to one user
	IsComplete Status = "complete" // for good
)

// Code is the one letter of the CIS.
func (s Status) Code() string {
	switch s {
	case IsAssigned:
		return "W"
	case IsComplete:
		return "C"
	default:
		return "O"
	}
}

// Work is the sub-status of an assigned entry.
type Work string

// The sub-statuses.
const (
	Untouched  Work = ""
	InProgress Work = "in_progress" // a user has one such entry at a time
	OnHold     Work = "on_hold"
)

// DefaultPriority is that of entries whose type says none; 1 comes first, 9 last.
const DefaultPriority = 5

// Entry is one piece of work.
type Entry struct {
	ID         ID // drawn by the store when the entry is opened, unless it was reserved (sequence "todo")
	Type       Type
	About      string // what it is about; with Type what it is open once for
	Source     string
	Division   string
	Contact    contact.ID
	Message    message.ID
	Reason     string // why it was opened: a word
	Role       string // empty: everybody of the division may do it
	User       string // to whom it is assigned; empty while it is open
	AssignedAt time.Time
	AssignedBy string // who assigned, forwarded or took it
	Work       Work
	Priority   int

	Subject         string
	Comments        string
	Text            plugin.Text // zero: none
	Drill           []string
	Sort            []string
	Characteristics []plugin.Characteristic
	Skills          []config.Skill // needed by whom it is assigned to

	Batch       string // the batch control that opened it
	Run         int64  // and its run
	OpenedBy    string // the principal that did; empty: the course of things
	OpenedAt    time.Time
	RoutedAt    time.Time // when it was sent outside; zero: not yet, or nowhere
	CompletedAt time.Time // zero while it is not complete
	By          string    // who completed it; empty when the course of things did
	Outcome     string    // what completed it
	Revision    int64     // grows with every change; 1 when it is opened

	// Links say whom the entry concerns. They are not stored: pre-creation algorithms make characteristics of them.
	Links Links
}

// Links name the objects an entry concerns, for the algorithms that run before it is opened. Numbers are the ten digits
// where the object is loaded, else the word of its source.
type Links struct {
	Person  string
	Account string
	Premise string
	SA      string
	Group   string // the account management group of the account
}

// Complete reports whether the work is done.
func (e Entry) Complete() bool { return !e.CompletedAt.IsZero() }

// Status is where the entry stands.
func (e Entry) Status() Status {
	switch {
	case e.Complete():
		return IsComplete
	case e.User != "":
		return IsAssigned
	default:
		return IsOpen
	}
}

// Completion ends the open entry of a type about a thing; there need not be one.
type Completion struct {
	Type    Type
	About   string
	At      time.Time
	By      string
	Outcome string
}

// About names what an entry is about by its drill keys; the keys of one source do not meet those of another.
func About(source string, drill ...string) string {
	if len(drill) == 0 {
		return ""
	}
	return source + ":" + strings.Join(drill, "/")
}

// aboutMessage and aboutContact name what an entry is about.
func aboutMessage(id message.ID) string { return "message:" + id.String() }
func aboutContact(id contact.ID) string { return "contact:" + id.String() }

// of is an entry about a message or its contact; key names which. Its message says the key and why.
func of(kind Type, about, key string, m message.Message, at time.Time, why string) Entry {
	return Entry{
		Type: kind, About: about, Source: m.Source, Division: m.Division, Contact: m.Origin.Contact, Message: m.ID,
		Reason: why, OpenedAt: at, Drill: []string{key}, Text: plugin.Text{Parameters: []string{key, why}}, Links: Links{Person: m.Recipient.Person.String(), Account: m.Account},
	}
}

// Unreached is the entry of a contact whose plan ended with the message, and nobody was reached.
func Unreached(m message.Message, at time.Time, why string) Entry {
	return of(NotReached, aboutContact(m.Origin.Contact), m.Origin.Contact.String(), m, at, why)
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
		opened = append(opened, of(InDoubt, aboutMessage(m.ID), m.ID.String(), m, e.At, e.Reason))
	}
	if m.Doubt == message.ToDo && from == message.InDoubt {
		done = append(done, Completion{Type: InDoubt, About: aboutMessage(m.ID), At: e.At, By: e.Provider, Outcome: e.Kind.String()})
	}
	if from.Fallen() && !to.Fallen() && m.TellsPlan() {
		done = append(done, Taken(m.Origin.Contact, e.At, e.Provider, e.Kind.String()))
	}
	return opened, done
}

// separator stands between the parts of a list as it is stored. It sorts before every other character of a key.
const separator = "\x1f"

// Joined is a list of keys as it is stored.
func Joined(keys []string) string { return strings.Join(keys, separator) }

// Parted is a list as read; none is nil.
func Parted(stored string) []string {
	if stored == "" {
		return nil
	}
	return strings.Split(stored, separator)
}

// JoinedSkills are skills as they are stored: type and level, the level first.
func JoinedSkills(skills []config.Skill) string {
	words := make([]string, len(skills))
	for i, s := range skills {
		words[i] = strconv.Itoa(s.Level) + " " + s.Type
	}
	return Joined(words)
}

// PartedSkills are skills as read; none is nil.
func PartedSkills(stored string) []config.Skill {
	var skills []config.Skill
	for _, word := range Parted(stored) {
		level, kind, _ := strings.Cut(word, " ")
		n, err := strconv.Atoi(level)
		if err != nil { // nothing else is stored
			continue
		}
		skills = append(skills, config.Skill{Type: kind, Level: n})
	}
	return skills
}

// Filter says which entries are meant. Empty fields ask for nothing.
type Filter struct {
	Scope

	Status          Status // empty: those that are not complete
	Type            Type
	Role            string
	User            string
	Work            Work
	Division        string
	About           string
	Characteristics []plugin.Characteristic // any of them
	But             ID                      // not this one
	Unrouted        bool                    // those that were not sent outside yet; they come by number
}

// Scope is what somebody may see.
type Scope struct {
	Divisions []string // nil: every one
	// Actor, when there is one, sees the entries of its roles, of none, and its own.
	Actor *Actor
}

// Sees reports whether an entry lies in the scope.
func (s Scope) Sees(e Entry) bool {
	return (s.Divisions == nil || slices.Contains(s.Divisions, e.Division)) && (s.Actor == nil || s.Actor.Sees(e))
}

// Retention says until when complete entries are kept.
type Retention struct {
	Before map[Type]time.Time // completed before this: of a type with a word of its own
	Others time.Time          // of the others
}
