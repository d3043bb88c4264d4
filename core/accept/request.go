package accept

import (
	"crypto/sha256"
	"encoding/json"
	"time"

	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/message"
)

// Request asks for one customer contact.
type Request struct {
	Key       string // Idempotency-Key: 1 to 200 characters, unique within the principal's source
	Division  string
	Reference string // the source's own reference; optional, unique within the source
	Class     string
	Type      string
	Person    customer.PersonID // who it is for: the number of a loaded person,
	External  string            // or the id by which the source knows a loaded person,
	Inline    *Inline           // or the recipient itself, for a person that is not loaded
	Account   string
	Premise   string
	Data      map[string]any // what the templates may use; numbers as json.Number
	ExpiresAt time.Time      // zero: by the step and route
	Part      *contact.Part  // what hangs on it at the desk; nil: nothing
	Vouched   bool           // Person holds an account that the principal sees, so that they are seen wherever they were created
	Event     map[string]any // the system event it comes from; its data hold it under [occurrence.Reserved]
}

// Inline is a recipient given with the contact.
type Inline struct {
	Name     []string         `json:"name"` // one to three name lines
	Language string           `json:"language,omitempty"`
	Phone    string           `json:"phone,omitempty"`
	Email    string           `json:"email,omitempty"`
	Postal   *customer.Postal `json:"postal,omitempty"`
	Zone     string           `json:"zone,omitempty"` // IANA name of where the recipient is, when the sender knows
}

// normal is the form of a request that its hash is taken of. Its field order is fixed; map keys are sorted.
type normal struct {
	Division, Reference, Class, Type, Person, External, Account, Premise, Expires string

	Inline *Inline
	Data   map[string]any
	Part   *contact.Part `json:",omitempty"` // absent of requests without one: their hashes stay what they were
}

// Hash is the SHA-256 of the normalised request; the key itself is not part of it.
func (r Request) Hash() [32]byte {
	n := normal{
		Division: r.Division, Reference: r.Reference, Class: r.Class, Type: r.Type, Person: r.Person.String(),
		External: r.External, Account: r.Account, Premise: r.Premise, Inline: r.Inline,
	}
	if len(r.Data) > 0 { // none and an empty object are the same request
		n.Data = r.Data
	}
	if r.Part != nil {
		said := *r.Part
		if said.Manual = false; !said.Bare() || said.Log != nil || said.Shorthand != "" {
			n.Part = &said
		}
	}
	if !r.ExpiresAt.IsZero() {
		n.Expires = r.ExpiresAt.UTC().Format(time.RFC3339Nano)
	}
	b, err := json.Marshal(n)
	if err != nil { // what came in as JSON goes out as JSON
		return [32]byte{}
	}
	return sha256.Sum256(b)
}

// Answer is what the sender of a contact is told: the same for the first and for every repeated request.
type Answer struct {
	Contact    contact.ID // 0 of a request that was only validated
	Reference  string
	AcceptedAt time.Time
	Messages   []Started
	Replayed   bool // the request had been accepted before
}

// Started is a message that acceptance brought about.
type Started struct {
	ID      message.ID // zero of a request that was only validated
	Step    int16
	Channel message.Channel
	// Suppressed says why the message goes nowhere, as no_contact_point; empty when it is on its way.
	Suppressed string
}
