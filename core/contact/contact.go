// Package contact holds the customer contact: why the utility and a customer touched (process 3.4.1.1,
// steps 1.1 and 1.2), its class and its type.
package contact

import (
	"time"

	"carillon/core/customer"
	"carillon/core/plugin"
)

// ID is the ten-digit number of a contact; 0 is none.
type ID int64

// String is the ten digits; empty for none.
func (id ID) String() string { return customer.Digits(id, 10) }

// ParseID reads ten digits.
func ParseID(s string) (ID, error) { return customer.ParseDigits[ID](s, 10, "a contact id") }

// Usage says whether a contact of a type may or must name a person, an account or a premise.
type Usage string

// The usages.
const (
	Required   Usage = "required"
	Optional   Usage = "optional"
	NotAllowed Usage = "not_allowed"
)

// Check returns what is wrong with a field of the usage, or "".
func (u Usage) Check(present bool) string {
	switch {
	case u == Required && !present:
		return "is required for this contact type"
	case u == NotAllowed && present:
		return "is not allowed for this contact type"
	}
	return ""
}

// Class groups contact types for reporting.
type Class struct {
	Code        string `json:"code"`
	Description string `json:"description"`
}

// Type says what a contact of this kind is and needs. Class and Code are its key.
type Type struct {
	Class       string `json:"class"`
	Code        string `json:"code"`
	Description string `json:"description"`
	Division    string `json:"division,omitempty"` // only contacts of this division; empty: of any
	Person      Usage  `json:"person"`             // a loaded person or an inline recipient
	Account     Usage  `json:"account"`
	Premise     Usage  `json:"premise"`
	Action      Action `json:"action,omitempty"`
	// LetterTemplate is the Letter Template of a type that sends a letter; a type without a plan of its own has a plan of
	// this one letter.
	LetterTemplate string `json:"letterTemplate,omitempty"`
	Shorthand      string `json:"shorthand,omitempty"` // the word by which a user adds one quickly
	// BusinessObject is the schema of the type's contacts; empty: C1-CreateCustomerContact.
	BusinessObject  string                     `json:"businessObject,omitempty"`
	Characteristics []plugin.CharacteristicUse `json:"characteristics,omitempty"`
	Inactive        bool                       `json:"inactive,omitempty"` // no new contacts
}

// Action is what a contact of a type does of itself.
type Action string

// The actions.
const (
	NoAction           Action = ""
	SendLetter         Action = "send_letter"
	RecordNotification Action = "record_notification" // the contact is the log of a digital message
)

// Contact is one touch between the utility and a customer. It is written once.
type Contact struct {
	ID         ID
	Source     string // who posted it
	Division   string
	Reference  string // the source's own reference; unique within the source when given
	Class      string
	Type       string
	Person     customer.PersonID // 0: inline recipient or none
	Account    string
	Premise    string
	Data       string    // canonical JSON: what the templates may use
	Inline     string    // canonical JSON of the recipient given inline; empty when the person is loaded
	ExpiresAt  time.Time // when the sender wants nothing begun any more; zero: by the steps and routes
	Config     int64     // configuration version it was accepted under
	AcceptedAt time.Time
	By         string // the principal
}
