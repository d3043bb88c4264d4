package rest

import (
	"context"
	"encoding/json"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/api/intake"
	"carillon/core/access"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
)

func (s *server) contactOperations() []operation {
	return []operation{
		opTelling(acceptContact, s.acceptContact, s.alsoWrongContact).
			answering(intake.ContactAccepted{}, intake.ContactValidated{}),
		op("getContact", s.getContact),
		op("findContact", s.findContact),
		op("cancelContact", s.cancelContact),
	}
}

// Contacts reads and stops contacts. All return fault.NotFound for what the caller does not see.
type Contacts interface {
	// Contact returns a contact with everything that hangs on it.
	Contact(ctx context.Context, p access.Principal, id contact.ID) (store.ContactView, error)
	// ContactByReference returns the contact that a source posted under its reference.
	ContactByReference(ctx context.Context, p access.Principal, source, reference string) (store.ContactView, error)
	// Message returns a message with its life.
	Message(ctx context.Context, p access.Principal, id message.ID) (message.Record, error)
	// Cancel stops what was not begun; fault.Conflict when a race was lost.
	Cancel(
		ctx context.Context, now time.Time, p access.Principal, id contact.ID, reason string,
	) (store.ContactView, error)
}

// Contact is a customer contact with everything that hangs on it.
type Contact struct {
	ID         string                    `json:"id"`
	Source     string                    `json:"source"`
	Division   string                    `json:"division"`
	Reference  string                    `json:"reference,omitzero"`
	Class      string                    `json:"class"`
	Type       string                    `json:"type"`
	Person     string                    `json:"person,omitzero"`
	Account    string                    `json:"account,omitzero"`
	Premise    string                    `json:"premise,omitzero"`
	Data       map[string]jsontext.Value `json:"data"`
	Config     int64                     `json:"config"`
	AcceptedAt contract.Moment           `json:"acceptedAt"`
	By         string                    `json:"by"`
	Steps      []Step                    `json:"steps"`
	Messages   []Message                 `json:"messages"`
	Retries    []Retry                   `json:"retries,omitempty"`
	Halted     bool                      `json:"halted,omitzero"`
	ContactFile
}

// Step is a step of a contact's plan.
type Step struct {
	Number    int             `json:"number"`
	Channel   message.Channel `json:"channel,omitzero"`
	Template  string          `json:"template,omitzero"`
	Started   bool            `json:"started"`
	StartedAt contract.Moment `json:"startedAt,omitzero"`
	Message   string          `json:"message,omitzero"`
	Why       string          `json:"why,omitzero"`
}

// ReasonRequest says why.
type ReasonRequest struct {
	Reason string `json:"reason"`
}

// acceptContact is the operation whose refusals name what the contract sees and what the core sees in one answer.
const acceptContact = "acceptContact"

// acceptContact takes a contact in, or only checks it.
func (s *server) acceptContact(ctx context.Context, c call[intake.ContactRequest]) (answer[any], error) {
	request, wrong := c.body.Request(c.Text("Idempotency-Key"))
	if !c.caller.Has(access.CIS) { // a user, who may not pick what only the system makes
		request.Part = &contact.Part{Manual: true}
	}
	if wrong != nil {
		return failed[any](fault.Refuse(intake.AlsoWrong(ctx, s.Accept, c.now, c.caller, request, wrong)...))
	}
	if c.Given("validate") {
		a, err := s.Accept.Validate(ctx, c.now, c.caller, request)
		if err != nil {
			return failed[any](err)
		}
		return ok[any](intake.Validated(a)), nil
	}
	a, err := s.Accept.Accept(ctx, c.now, c.caller, request)
	if err != nil {
		return failed[any](err)
	}
	return contactAccepted(a).anyBody(), nil
}

// alsoWrongContact asks the core about the rest of a contact that the contract refuses.
func (s *server) alsoWrongContact(x *exchange, body []byte, wrong []fault.Violation) []fault.Violation {
	r, readable := intake.WhatIsRight(body, wrong)
	if !readable {
		return wrong
	}
	return intake.AlsoWrong(x.request.Context(), s.Accept, x.now, x.caller, r, wrong)
}

// getContact reads a contact.
func (s *server) getContact(ctx context.Context, c call[nothing]) (answer[Contact], error) {
	id, err := contactID(c.exchange)
	if err != nil {
		return failed[Contact](err)
	}
	view, err := s.Contacts.Contact(ctx, c.caller, id)
	return s.contactAnswer(ctx, view, err)
}

// findContact reads a contact by its source's reference.
func (s *server) findContact(ctx context.Context, c call[nothing]) (answer[Contact], error) {
	view, err := s.Contacts.ContactByReference(ctx, c.caller, c.source(), c.Text("reference"))
	return s.plainContact(ctx, view, err)
}

// cancelContact stops what was not begun.
func (s *server) cancelContact(ctx context.Context, c call[ReasonRequest]) (answer[Contact], error) {
	id, err := contactID(c.exchange)
	if err != nil {
		return failed[Contact](err)
	}
	view, err := s.Contacts.Cancel(ctx, c.now, c.caller, id, c.body.Reason)
	return s.plainContact(ctx, view, err)
}

// contactID is the contact that a path names.
func contactID(x *exchange) (contact.ID, error) { return pathID(x, "id", contact.ParseID, "contact") }

// contactAnswer shows a contact with the revision of what the desk added to it.
func (s *server) contactAnswer(ctx context.Context, v store.ContactView, err error) (answer[Contact], error) {
	a, err := s.plainContact(ctx, v, err)
	return a.revised(v.File.Desk.Revision), err
}

// plainContact shows a contact.
func (s *server) plainContact(ctx context.Context, v store.ContactView, err error) (answer[Contact], error) {
	if err != nil {
		return failed[Contact](err)
	}
	view, err := s.contactView(ctx, v)
	return ok(view), err
}

func (s *server) contactView(ctx context.Context, v store.ContactView) (Contact, error) {
	data, err := dataView(v.Contact.Data)
	if err != nil {
		return Contact{}, fault.Wrap(fault.Unknown, "reading the data of contact "+v.Contact.ID.String(), err)
	}
	c := v.Contact
	out := Contact{
		ID: c.ID.String(), Source: c.Source, Division: c.Division, Reference: c.Reference, Class: c.Class, Type: c.Type,
		Person: personNumber(c.Person), Account: c.Account, Premise: c.Premise, Data: data, Config: c.Config,
		AcceptedAt: contract.Moment(c.AcceptedAt), By: c.By, Halted: v.Halted,
		Steps: make([]Step, 0, v.Plan.Steps), Messages: make([]Message, 0, len(v.Messages)),
	}
	rules, err := s.stepRules(ctx, c)
	if err != nil {
		return Contact{}, err
	}
	for number := int16(1); number <= v.Plan.Steps; number++ {
		out.Steps = append(out.Steps, stepView(number, rules, v.Steps))
	}
	by := s.holders()
	for _, m := range v.Messages {
		out.Messages = append(out.Messages, messageView(m, by))
	}
	for _, r := range v.Retries {
		out.Retries = append(out.Retries, retryView(r))
	}
	out.putFile(v)
	return out, nil
}

// stepRules are the steps of a contact's type as it was when the contact was accepted; none when that configuration is
// gone.
func (s *server) stepRules(ctx context.Context, c contact.Contact) ([]plan.StepRule, error) {
	cfg, err := s.Snapshots.At(ctx, c.Config)
	switch {
	case fault.Is(err, fault.NotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	kind, _ := cfg.Type(c.Class, c.Type)
	return kind.Plan.Steps, nil
}

func stepView(number int16, rules []plan.StepRule, started []plan.Step) Step {
	out := Step{Number: int(number)}
	if n := int(number); n <= len(rules) {
		out.Channel, out.Template = rules[n-1].Channel, rules[n-1].Template
	}
	for _, st := range started {
		if st.Number == number {
			out.Started, out.StartedAt, out.Why = true, contract.Moment(st.StartedAt), st.Why
			out.Message = st.Message.String()
		}
	}
	return out
}

// dataView writes free data as it is stored.
func dataView(canonical string) (map[string]jsontext.Value, error) {
	out := map[string]jsontext.Value{}
	if canonical == "" || canonical == "null" {
		return out, nil
	}
	return out, json.Unmarshal([]byte(canonical), &out)
}

// personNumber is a person's number; empty of none.
func personNumber(id customer.PersonID) string {
	if id == 0 {
		return ""
	}
	return id.String()
}
