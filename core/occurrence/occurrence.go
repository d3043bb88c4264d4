// Package occurrence holds the system events of a CIS from which customer contacts come (process 3.4.1.1, step 2.2;
// process 3.4.1.1, step 2.2): what each of the eighteen kinds says, and on which configuration objects its creators hang.
//
// An event keeps everything that its templates and letter records need later (process 3.4.1.1, step 2.6); it is kept with the
// contacts it made, under [Reserved].
package occurrence

import (
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/plugin"
)

// Reserved is the name under which the data of a contact hold the event it came from. Senders of contacts may not use it.
const Reserved = "event"

// Kind is the kind of a system event.
type Kind string

// The kinds.
const (
	KindOrder        Kind = "order_completed"
	KindLead         Kind = "lead_event"
	KindMember       Kind = "service_credit_membership_created"
	KindMemberActive Kind = "service_credit_membership_activated"
	KindBudget       Kind = "non_billed_budget_sa_activated"
	KindMeterRemark  Kind = "meter_reader_remark"
	KindFieldRemark  Kind = "field_activity_remark"
	KindTask         Kind = "service_task"
	KindAdjustment   Kind = "adjustment_frozen"
	KindDeposit      Kind = "deposit_reviewed"
	KindCollection   Kind = "collection_event"
	KindSeverance    Kind = "severance_event"
	KindWriteOff     Kind = "write_off_event"
	KindOverdue      Kind = "overdue_event"
	KindCut          Kind = "cut_event"
	KindCase         Kind = "case_enters_status"
	KindCard         Kind = "auto_pay_credit_card_expiring"
	KindWorkflow     Kind = "workflow_event"
)

// Kinds lists them.
func Kinds() []Kind {
	return []Kind{
		KindOrder, KindLead, KindMember, KindMemberActive, KindBudget, KindMeterRemark, KindFieldRemark, KindTask, KindAdjustment,
		KindDeposit, KindCollection, KindSeverance, KindWriteOff, KindOverdue, KindCut, KindCase, KindCard, KindWorkflow,
	}
}

// Event is something that happened in a CIS. Its objects are named as the source names them.
type Event struct {
	Kind        Kind
	Division    string
	Object      string // the source object: an order, a case, a process …
	Sequence    int    // which event of the object it is; 0 for an object that has one
	Date        string // YYYY-MM-DD, when it happened; empty: when it was told
	Person      string // whom it is about; empty: the main customer of the account
	Recipient   *Recipient
	Account     string
	Premise     string
	SA          string
	Description string
	Information []string  // information strings of letters, one per object concerned
	ExpiresAt   time.Time // nothing is begun after it; zero: by the steps and routes
	Detail      Detail
}

// Recipient is somebody the event names who is not loaded.
type Recipient struct {
	Name     []string         `json:"name"`
	Language string           `json:"language,omitempty"`
	Phone    string           `json:"phone,omitempty"`
	Email    string           `json:"email,omitempty"`
	Postal   *customer.Postal `json:"postal,omitempty"`
	Zone     string           `json:"zone,omitempty"`
}

// Site is a spot on a configuration object: where the creators of an event hang.
type Site struct {
	plugin.Spot

	Code   string // of the object
	Status string // of a case type
	Rule   bool   // the object names the contact itself: no algorithm is needed
}

// String is the spot and the object, as case_type:C1/enter_status(OPEN).
func (p Site) String() string {
	s := p.Owner + ":" + p.Code + "/" + p.Event
	if p.Status != "" {
		s += "(" + p.Status + ")"
	}
	return s
}

// Detail is what an event of one kind says beside what all say.
type Detail interface {
	// Sites are where its creators hang, in the order they run.
	Sites() []Site
	// Money is what it is about; empty where it is about none.
	Money() (amount Amount, currency string)
	// fields are its own, by their names.
	fields() []field
	// about is what one event of the kind is told from another by, in one word.
	about(e *Event) string
	// check adds what is wrong with the whole.
	check(e *Event, wrong *violations)
}

// Key names an event once for all: nothing comes twice of the same one.
type Key struct {
	Source   string
	Kind     Kind
	Object   string
	Sequence int
}

// Key is the event's within its source.
func (e Event) Key(source string) Key {
	return Key{Source: source, Kind: e.Kind, Object: e.Object, Sequence: e.Sequence}
}

// Values are what the sites of a message hold: %1 the object; %2 what the event is about, as the campaign of an order, the
// remark, the number of a process's event, the status of a case or the month in which a card expires; %3 the date, %4 the
// amount, %5 its currency, %6 the description, %7 the account, %8 the service agreement, %9 the configuration object.
// process 3.4.1.1, step 2.2 asks for "values of the event" and names none: these are ours.
func (e Event) Values() []string {
	amount, currency := e.Detail.Money()
	owner := ""
	if sites := e.Detail.Sites(); len(sites) > 0 {
		owner = sites[0].Code
	}
	return []string{e.Object, e.Detail.about(&e), e.Date, string(amount), currency, e.Description, e.Account, e.SA, owner}
}

// Data is the event as the data of its contacts hold it, under [Reserved]: all but the recipient, who stands on the
// contact itself.
func (e Event) Data() map[string]any {
	var all map[string]any
	d := json.NewDecoder(strings.NewReader(e.JSON())) // in the form in which it is read back
	d.UseNumber()
	if err := d.Decode(&all); err != nil { // what was written is JSON
		return map[string]any{}
	}
	delete(all, "recipient")
	return all
}

// JSON is the whole event, canonically: [Read] gives it back.
func (e Event) JSON() string {
	b, err := json.Marshal(e.all())
	if err != nil { // texts, numbers and lists always marshal
		return "{}"
	}
	return string(b)
}

// Hash is the SHA-256 of the whole event.
func (e Event) Hash() [32]byte { return sha256.Sum256([]byte(e.JSON())) }

// OfContact is the event that a contact came from, from the contact's data; false for one that came from none.
func OfContact(data string) (Event, bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(data), &fields) != nil || fields[Reserved] == nil {
		return Event{}, false
	}
	e, err := Read(fields[Reserved])
	return e, err == nil
}

// all are the fields that say something, by name.
func (e Event) all() map[string]any {
	out := map[string]any{"event": string(e.Kind)}
	for _, f := range slices.Concat(e.common(), e.Detail.fields()) {
		if v, says := f.tell(); says {
			out[f.name] = v
		}
	}
	return out
}

// violations gathers what is wrong with an event.
type violations []fault.Violation

func (v *violations) add(name, reason string) {
	*v = append(*v, fault.Violation{Field: "/" + name, Reason: reason})
}
