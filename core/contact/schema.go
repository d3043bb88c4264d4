package contact

import (
	"encoding/json"
	"time"

	"carillon/core/fault"
	"carillon/core/plugin"
)

// DefaultObject is the business object of contact types that name none.
const DefaultObject = "C1-CreateCustomerContact"

// Schemas validates documents against business objects.
type Schemas interface {
	// Violations returns what is wrong with a JSON document, each with its pointer; one violation at "" when there is no
	// such business object.
	Violations(code string, document []byte) []fault.Violation
}

// Object is the business object of the type's contacts.
func (t Type) Object() string {
	if t.BusinessObject == "" {
		return DefaultObject
	}
	return t.BusinessObject
}

// document is a contact as its business object describes it.
type document struct {
	Class           string                  `json:"class"`
	Type            string                  `json:"type"`
	Division        string                  `json:"division"`
	Person          string                  `json:"person,omitempty"`
	Recipient       json.RawMessage         `json:"recipient,omitempty"`
	Account         string                  `json:"account,omitempty"`
	Premise         string                  `json:"premise,omitempty"`
	ContactAt       string                  `json:"contactAt,omitempty"`
	Open            bool                    `json:"open,omitempty"`
	Comments        string                  `json:"comments,omitempty"`
	PreferredMethod Method                  `json:"preferredMethod,omitempty"`
	Characteristics []plugin.Characteristic `json:"characteristics,omitempty"`
	Tags            []plugin.Characteristic `json:"tags,omitempty"`
	External        string                  `json:"externalContactId,omitempty"`
	Identifiers     []Identifier            `json:"identifiers,omitempty"`
	Log             string                  `json:"log,omitempty"`
	Data            json.RawMessage         `json:"data,omitempty"`
}

// Document is the contact with its desk part as JSON, in the form its business object describes.
func Document(c Contact, d Desk, log string) []byte {
	class, code := d.Kind(c)
	doc := document{
		Class: class, Type: code, Division: c.Division, Person: c.Person.String(), Account: c.Account, Premise: c.Premise,
		Open: d.Open, Comments: d.Comments, PreferredMethod: d.Method, Characteristics: d.Characteristics, Tags: d.Tags,
		External: d.External, Identifiers: d.Identifiers, Log: log, Data: json.RawMessage(c.Data), Recipient: json.RawMessage(c.Inline),
	}
	if !d.At.IsZero() {
		doc.ContactAt = d.At.UTC().Format(time.RFC3339Nano)
	}
	b, err := json.Marshal(doc)
	if err != nil { // what is stored is JSON
		return []byte("{}")
	}
	return b
}
