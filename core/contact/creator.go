package contact

import (
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/occurrence"
	"carillon/core/plugin"
)

// Creator makes the contact of a system event (process 3.4.1.1, step 2.2): it is the signature of the spots that
// process 3.4.1.1, step 2.2 lists. An error refuses the event whole.
type Creator func(o Occasion, p plugin.Parameters) (Creation, error)

// Creators are the creators by their code.
type Creators map[string]Creator

// Occasion is what a creator decides from.
type Occasion struct {
	Event   occurrence.Event
	Today   string            // business date of the division
	Person  customer.PersonID // whom the event is about, when they are loaded
	Account string            // as its source names it; empty: the event is about none
	Premise string
	Active  bool // the customer has an active service agreement
	// Class and Type are the contact that the configuration object names itself, where it does.
	Class string
	Type  string
	// Uses are the characteristics of the configuration object.
	Uses []plugin.CharacteristicUse
	// Types looks a contact type up.
	Types func(class, code string) (Type, bool)
	// Text is a message of the message categories in the customer's language, its places filled; "" for one that is not
	// configured.
	Text func(category string, number int, parameters ...string) string
}

// Someone reports whether it is known whom the event is about.
func (o Occasion) Someone() bool { return o.Person != 0 || o.Event.Recipient != nil }

// Creation is what a creator makes of an occasion: a contact, or the reason why there is none.
type Creation struct {
	Add     plugin.AddContact
	Skipped string
	// Later is set where the same event may bring a contact another day: it is then not kept.
	Later bool
	// Task is set where the contact is made by a task that stays in error when it cannot be, and can be tried again.
	Task bool
}

// The reasons why an event made no contact at a place.
const (
	Unplugged   = "unplugged"               // no algorithm hangs there
	NoActiveSA  = "no active SA"            // MRRCRECC
	NotDue      = "not due yet"             // C1-ExpCardLe: the card expires too late
	Expired     = "the card has expired"    // C1-ExpCardLe
	SameType    = "same contact type"       // a creator before this one made a contact of the type
	NoContact   = "the rule has no contact" // an event type that sends no letter
	NotForOwner = "not configured"          // an event type that is not there
)

// Made is what a creator made of an event, as it is answered and kept.
type Made struct {
	Creator string            `json:"creator,omitempty"` // code of the algorithm; empty: the rule of the event type, or nothing
	Site    string            `json:"place"`             // where it hangs, as case_type:C1/enter_status(OPEN)
	Class   string            `json:"class,omitempty"`
	Type    string            `json:"type,omitempty"`
	Contact ID                `json:"contact,omitempty"`
	Task    TaskID            `json:"task,omitempty"`
	Skipped string            `json:"skipped,omitempty"`
	Status  TaskStatus        `json:"-"` // of the task, as it stands when it is answered
	Problem []fault.Violation `json:"-"` // of a task in error
}
