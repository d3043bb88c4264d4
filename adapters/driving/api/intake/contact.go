package intake

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"carillon/adapters/driving/api/contract"
	"carillon/core/accept"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
)

// ContactRequest is a customer contact as it is posted.
type ContactRequest struct {
	Division       string                    `json:"division"`
	Reference      string                    `json:"reference,omitzero"`
	Class          string                    `json:"class"`
	Type           string                    `json:"type"`
	Person         string                    `json:"person,omitzero"`
	ExternalPerson string                    `json:"externalPerson,omitzero"`
	Recipient      *Recipient                `json:"recipient,omitzero"`
	Account        string                    `json:"account,omitzero"`
	Premise        string                    `json:"premise,omitzero"`
	Data           map[string]jsontext.Value `json:"data,omitzero"`
	ExpiresAt      time.Time                 `json:"expiresAt,omitzero"`
}

// ContactLine is a contact with its key, as a line of a stream.
type ContactLine struct {
	Key string `json:"key"`
	ContactRequest
}

// Recipient is somebody who is not loaded.
type Recipient struct {
	Name     []string `json:"name"`
	Language string   `json:"language,omitzero"`
	Phone    string   `json:"phone,omitzero"`
	Email    string   `json:"email,omitzero"`
	Postal   *Postal  `json:"postal,omitzero"`
	Zone     string   `json:"zone,omitzero"`
}

// Postal is a postal address block.
type Postal struct {
	Line1       string `json:"line1"`
	Line2       string `json:"line2,omitzero"`
	Line3       string `json:"line3,omitzero"`
	Line4       string `json:"line4,omitzero"`
	City        string `json:"city"`
	State       string `json:"state,omitzero"`
	Postal      string `json:"postal,omitzero"`
	Country     string `json:"country"`
	Number1     string `json:"number1,omitzero"`
	Number2     string `json:"number2,omitzero"`
	HouseType   string `json:"houseType,omitzero"`
	County      string `json:"county,omitzero"`
	GeoCode     string `json:"geoCode,omitzero"`
	InCityLimit string `json:"inCityLimit,omitzero"`
}

// Block is the address as the core knows it; nil of none.
func (p *Postal) Block() *customer.Postal {
	if p == nil {
		return nil
	}
	return new(customer.Postal(*p))
}

// PostalOf is an address as the API writes it; nil of none.
func PostalOf(b *customer.Postal) *Postal {
	if b == nil {
		return nil
	}
	return new(Postal(*b))
}

// Request is the contact in the words of the core, and what of it could not be read.
func (r *ContactRequest) Request(key string) (accept.Request, []fault.Violation) {
	out := accept.Request{
		Key: key, Division: r.Division, Reference: r.Reference, Class: r.Class, Type: r.Type, External: r.ExternalPerson,
		Account: r.Account, Premise: r.Premise, ExpiresAt: r.ExpiresAt,
	}
	var wrong []fault.Violation
	if r.Person != "" {
		id, err := customer.ParsePersonID(r.Person)
		if err != nil {
			wrong = append(wrong, fault.Violation{Field: "/person", Reason: "has ten digits and is not zero"})
		}
		out.Person = id
	}
	if in := r.Recipient; in != nil {
		out.Inline = &accept.Inline{
			Name: in.Name, Language: in.Language, Phone: in.Phone, Email: in.Email, Postal: in.Postal.Block(), Zone: in.Zone,
		}
	}
	var unread []fault.Violation
	out.Data, unread = DataOf(r.Data)
	return out, append(wrong, unread...)
}

// ContactAccepted is the answer to a contact that was taken in.
type ContactAccepted struct {
	Contact    string           `json:"contact"`
	Reference  string           `json:"reference,omitzero"`
	AcceptedAt contract.Moment  `json:"acceptedAt"`
	Messages   []StartedMessage `json:"messages"`
}

// StartedMessage is a message of a step that starts with the contact.
type StartedMessage struct {
	ID         string          `json:"id"`
	Step       int             `json:"step"`
	Channel    message.Channel `json:"channel"`
	Suppressed string          `json:"suppressed,omitzero"`
}

// Accepted is the answer to a contact that was taken in.
func Accepted(a accept.Answer) ContactAccepted {
	out := ContactAccepted{
		Contact: a.Contact.String(), Reference: a.Reference, AcceptedAt: contract.Moment(a.AcceptedAt),
		Messages: make([]StartedMessage, 0, len(a.Messages)),
	}
	for _, m := range a.Messages {
		out.Messages = append(out.Messages, StartedMessage{
			ID: m.ID.String(), Step: int(m.Step), Channel: m.Channel, Suppressed: m.Suppressed,
		})
	}
	return out
}

// ContactValidated is what would be started by a contact that was only checked.
type ContactValidated struct {
	Valid    bool               `json:"valid"`
	Messages []ValidatedMessage `json:"messages"`
}

// ValidatedMessage is a message that would be started.
type ValidatedMessage struct {
	Step       int             `json:"step"`
	Channel    message.Channel `json:"channel"`
	Suppressed string          `json:"suppressed,omitzero"`
}

// Validated says what would be started by a contact that was only checked.
func Validated(a accept.Answer) ContactValidated {
	out := ContactValidated{Valid: true, Messages: make([]ValidatedMessage, 0, len(a.Messages))}
	for _, m := range a.Messages {
		out.Messages = append(out.Messages, ValidatedMessage{
			Step: int(m.Step), Channel: m.Channel, Suppressed: m.Suppressed,
		})
	}
	return out
}
