// Package ledger holds what happened, as canonical entries that are appended in the transaction of what they
// tell and read by everyone who wants to know: the changes feed, the status topic, later the timeline.
//
// An entry carries no personal content: it names contacts, messages and persons by their numbers. A single
// sealer numbers entries as leaves after they have committed; a reader's cursor is the leaf number, so no reader
// skips an entry that committed late.
package ledger

import (
	"encoding/json"
	"time"

	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
)

// Kind says what happened.
type Kind string

// The kinds.
const (
	ContactAccepted   Kind = "contact.accepted" // names the first message it started, when it started one
	ContactChanged    Kind = "contact.changed"  // what a desk added or corrected
	ContactClosed     Kind = "contact.closed"   // its open switch went off
	ContactRetyped    Kind = "contact.retyped"  // Code is the class and type it has now, as BILL/PAYREMIND
	ContactLogged     Kind = "contact.logged"   // Code is the log's number
	ReminderSet       Kind = "reminder.set"     // Code is the log's number
	ReminderMade      Kind = "reminder.made"    // a To Do was made of it; Code is the log's number
	ReminderDone      Kind = "reminder.completed"
	StepStarted       Kind = "step.started"  // a later step, or the answer to a reply
	MessageTried      Kind = "message.tried" // an attempt that will be repeated
	MessageMoved      Kind = "message.moved" // Place says where to
	MessageNoted      Kind = "message.noted" // seen on the way; the place stays
	PersonLoaded      Kind = "person.loaded"
	PersonCreated     Kind = "person.created"    // at the desk
	PersonChanged     Kind = "person.changed"    // at the desk; Reason names the groups of fields, as names,points
	PersonGivenBack   Kind = "person.given_back" // the CIS owns the groups that Reason names
	AccountLoaded     Kind = "account.loaded"
	AccountCreated    Kind = "account.created"
	AccountChanged    Kind = "account.changed"
	AccountGivenBack  Kind = "account.given_back"
	PremiseLoaded     Kind = "premise.loaded" // Reference is the premise, as its source names it
	PremiseCreated    Kind = "premise.created"
	PremiseChanged    Kind = "premise.changed"
	PremiseGivenBack  Kind = "premise.given_back"
	AgreementLoaded   Kind = "agreement.loaded" // Reference is the service agreement, as its source names it
	PointMarked       Kind = "point.undeliverable"
	SuppressionPut    Kind = "suppression.added"
	SuppressionLifted Kind = "suppression.lifted"
	RunOpened         Kind = "run.opened"
	RunClosed         Kind = "run.closed" // Code says how it ended
	RunRestarted      Kind = "run.restarted"
	BatchPaused       Kind = "batch.paused" // Code is the batch
	BatchResumed      Kind = "batch.resumed"
	LanePaused        Kind = "lane.paused"
	LaneResumed       Kind = "lane.resumed"
	BreakerTripped    Kind = "breaker.tripped"
	BreakerReset      Kind = "breaker.reset"
	ConfigWritten     Kind = "config.written"
	HoldPut           Kind = "hold.put"
	HoldLifted        Kind = "hold.lifted"
	PrincipalMade     Kind = "principal.created"
	PrincipalRevoked  Kind = "principal.revoked"
	StoreRestored     Kind = "store.restored" // from a backup; Code says to which time
	ToDoOpened        Kind = "todo.opened"    // by a person; Code is its type
	ToDoMoved         Kind = "todo.moved"     // Reason says how, as in its log; Code is its type
	ToDoCompleted     Kind = "todo.completed" // by a person; Code is its type
)

// Entry is one thing that happened. Fields that do not apply are zero and left out of the canonical form.
type Entry struct {
	At        time.Time
	Kind      Kind
	Source    string
	Division  string
	Contact   contact.ID
	Reference string // the source's reference of the contact
	Person    customer.PersonID
	Account   string
	Message   message.ID
	Channel   message.Channel
	Place     message.Place // of message.moved: where to
	Step      int16
	Reason    string
	Code      string
	By        string // principal, provider or batch
	Run       int64
	Config    int64
	ToDo      string // the fourteen digits of an entry
}

// canonical is the wire form: field order is fixed by the struct, times are RFC 3339 in UTC with microseconds.
type canonical struct {
	V         int    `json:"v"`
	At        string `json:"at"`
	Kind      Kind   `json:"kind"`
	Source    string `json:"source,omitempty"`
	Division  string `json:"division,omitempty"`
	Contact   string `json:"contact,omitempty"`
	Reference string `json:"reference,omitempty"`
	Person    string `json:"person,omitempty"`
	Account   string `json:"account,omitempty"`
	Message   string `json:"message,omitempty"`
	Channel   string `json:"channel,omitempty"`
	Outcome   string `json:"outcome,omitempty"`
	Step      int16  `json:"step,omitempty"`
	Reason    string `json:"reason,omitempty"`
	Code      string `json:"code,omitempty"`
	By        string `json:"by,omitempty"`
	Run       int64  `json:"run,omitempty"`
	Config    int64  `json:"config,omitempty"`
	ToDo      string `json:"todo,omitempty"`
}

// TimeFormat is RFC 3339 in UTC with microseconds, the one form of time in entries and answers.
const TimeFormat = "2006-01-02T15:04:05.000000Z"

// Canonical is the entry's bytes: the same entry always has the same bytes, and they are what is hashed.
func (e Entry) Canonical() string {
	c := canonical{
		V: 1, At: e.At.UTC().Format(TimeFormat), Kind: e.Kind, Source: e.Source, Division: e.Division,
		Contact: e.Contact.String(), Reference: e.Reference, Person: e.Person.String(), Account: e.Account,
		Channel: string(e.Channel), Step: e.Step, Reason: e.Reason, Code: e.Code, By: e.By, Run: e.Run, Config: e.Config,
		ToDo: e.ToDo,
	}
	if !e.Message.IsZero() {
		c.Message = e.Message.String()
	}
	if e.Place != 0 {
		c.Outcome = e.Place.String()
	}
	b, err := json.Marshal(c)
	if err != nil { // strings and numbers always marshal
		return "{}"
	}
	return string(b)
}

// Read reads an entry from its canonical bytes; fault.Invalid when they are none.
func Read(body string) (Entry, error) {
	var c canonical
	if err := json.Unmarshal([]byte(body), &c); err != nil {
		return Entry{}, fault.New(fault.Invalid, "these are not the bytes of a ledger entry")
	}
	e := Entry{
		Kind: c.Kind, Source: c.Source, Division: c.Division, Reference: c.Reference, Account: c.Account, Channel: message.Channel(c.Channel),
		Step: c.Step, Reason: c.Reason, Code: c.Code, By: c.By, Run: c.Run, Config: c.Config,
	}
	var errs [4]error
	e.At, errs[0] = time.Parse(TimeFormat, c.At)
	if c.Contact != "" {
		e.Contact, errs[1] = contact.ParseID(c.Contact)
	}
	if c.Person != "" {
		e.Person, errs[2] = customer.ParsePersonID(c.Person)
	}
	if c.Message != "" {
		e.Message, errs[3] = message.ParseID(c.Message)
	}
	for _, place := range message.Places() {
		if place.String() == c.Outcome {
			e.Place = place
		}
	}
	for _, err := range errs {
		if err != nil {
			return Entry{}, fault.New(fault.Invalid, "these are not the bytes of a ledger entry")
		}
	}
	return e, nil
}

// Leaf is a sealed entry as a reader sees it.
type Leaf struct {
	Number   int64 // 0, 1, 2, … without gaps
	Source   string
	Division string
	Body     string // the canonical bytes
}
