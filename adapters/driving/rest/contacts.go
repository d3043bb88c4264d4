package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/go-faster/jx"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/accept"
	"carillon/core/access"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/notice"
	"carillon/core/store"
)

// AcceptContact takes a contact in, or only checks it.
func (s *server) AcceptContact(ctx context.Context, req *api.ContactRequest, params api.AcceptContactParams) (api.AcceptContactRes, error) {
	request, wrong := contactRequest(req, params.IdempotencyKey)
	if !caller(ctx).Has(access.CIS) { // a user, who may not pick what only the system makes
		request.Part = &contact.Part{Manual: true}
	}
	if wrong != nil {
		return nil, fault.Refuse(s.alsoWrong(ctx, request, wrong)...)
	}
	if params.Validate.Set {
		answer, err := s.Accept.Validate(ctx, s.cfg.Clock(), caller(ctx), request)
		if err != nil {
			return nil, err
		}
		return validated(answer), nil
	}
	answer, err := s.Accept.Accept(ctx, s.cfg.Clock(), caller(ctx), request)
	if err != nil {
		return nil, err
	}
	return accepted(answer), nil
}

// contactRequest is the request in the words of the core, and what of it could not be read.
func contactRequest(req *api.ContactRequest, key string) (accept.Request, []fault.Violation) {
	var wrong []fault.Violation
	r := accept.Request{
		Key: key, Division: string(req.Division), Reference: string(req.Reference.Value),
		Class: string(req.Class), Type: string(req.Type), External: string(req.ExternalPerson.Value),
		Account: string(req.Account.Value), Premise: string(req.Premise.Value), ExpiresAt: req.ExpiresAt.Value,
	}
	if req.Person.Set {
		id, err := customer.ParsePersonID(string(req.Person.Value))
		if err != nil {
			wrong = append(wrong, fault.Violation{Field: "/person", Reason: "has ten digits and is not zero"})
		}
		r.Person = id
	}
	if in := req.Recipient; in.Set {
		r.Inline = &accept.Inline{
			Name: in.Value.Name, Language: string(in.Value.Language.Value), Phone: string(in.Value.Phone.Value),
			Email: string(in.Value.Email.Value), Postal: postal(in.Value.Postal), Zone: string(in.Value.Zone.Value),
		}
	}
	var unread []fault.Violation
	r.Data, unread = fromData(req.Data.Value)
	return r, append(wrong, unread...)
}

func accepted(a accept.Answer) *api.ContactAcceptedHeaders {
	out := &api.ContactAcceptedHeaders{
		Location: "/v1/contacts/" + a.Contact.String(),
		Response: api.ContactAccepted{
			Contact: api.ContactID(a.Contact.String()), AcceptedAt: stamp(a.AcceptedAt),
			Messages: make([]api.StartedMessage, 0, len(a.Messages)),
		},
	}
	if a.Reference != "" {
		out.Response.Reference = api.NewOptReference(api.Reference(a.Reference))
	}
	if a.Replayed {
		out.IdempotencyReplayed = api.NewOptBool(true)
	}
	for _, m := range a.Messages {
		out.Response.Messages = append(out.Response.Messages, api.StartedMessage{
			ID: api.MessageID(m.ID.String()), Step: int(m.Step), Channel: api.Channel(m.Channel), Suppressed: text(m.Suppressed),
		})
	}
	return out
}

func validated(a accept.Answer) *api.ContactValidated {
	out := &api.ContactValidated{Valid: true, Messages: make([]api.ContactValidatedMessagesItem, 0, len(a.Messages))}
	for _, m := range a.Messages {
		out.Messages = append(out.Messages, api.ContactValidatedMessagesItem{
			Step: int(m.Step), Channel: api.Channel(m.Channel), Suppressed: text(m.Suppressed),
		})
	}
	return out
}

// GetContact reads a contact.
func (s *server) GetContact(ctx context.Context, params api.GetContactParams) (api.GetContactRes, error) {
	id, err := contact.ParseID(string(params.ID))
	if err != nil {
		return nil, fault.New(fault.NotFound, "there is no such contact")
	}
	view, err := s.Contacts.Contact(ctx, caller(ctx), id)
	if err != nil {
		return nil, err
	}
	return s.changed(ctx)(view, nil)
}

// FindContact reads a contact by its source's reference.
func (s *server) FindContact(ctx context.Context, params api.FindContactParams) (api.FindContactRes, error) {
	view, err := s.Contacts.ContactByReference(ctx, caller(ctx), source(ctx, params.Source), string(params.Reference))
	if err != nil {
		return nil, err
	}
	return s.contactView(ctx, view)
}

// CancelContact stops what was not begun.
func (s *server) CancelContact(ctx context.Context, req *api.ReasonRequest, params api.CancelContactParams) (api.CancelContactRes, error) {
	id, err := contact.ParseID(string(params.ID))
	if err != nil {
		return nil, fault.New(fault.NotFound, "there is no such contact")
	}
	view, err := s.Contacts.Cancel(ctx, s.cfg.Clock(), caller(ctx), id, req.Reason)
	if err != nil {
		return nil, err
	}
	return s.contactView(ctx, view)
}

func (s *server) contactView(ctx context.Context, v store.ContactView) (*api.Contact, error) {
	data, err := toData(v.Contact.Data)
	if err != nil {
		return nil, fault.Wrap(fault.Unknown, "reading the data of contact "+v.Contact.ID.String(), err)
	}
	c := v.Contact
	out := &api.Contact{
		ID: api.ContactID(c.ID.String()), Source: c.Source, Division: c.Division, Reference: text(c.Reference),
		Class: c.Class, Type: c.Type, Person: person(c.Person), Account: text(c.Account), Premise: text(c.Premise),
		Data: data, Config: c.Config, AcceptedAt: stamp(c.AcceptedAt), By: c.By,
		Steps: make([]api.Step, 0, v.Plan.Steps), Messages: make([]api.Message, 0, len(v.Messages)),
	}
	rules, err := s.plan(ctx, v.Contact)
	if err != nil {
		return nil, err
	}
	for number := int16(1); number <= v.Plan.Steps; number++ {
		out.Steps = append(out.Steps, stepView(number, rules, v.Steps))
	}
	by := s.holders()
	for _, m := range v.Messages {
		out.Messages = append(out.Messages, *messageView(m, by))
	}
	for _, r := range v.Retries {
		out.Retries = append(out.Retries, retryView(r))
	}
	putFile(out, v)
	if v.Halted {
		out.Halted = api.NewOptBool(true)
	}
	return out, nil
}

// plan is the plan of a contact's type as it was when the contact was accepted; none when that configuration is gone.
func (s *server) plan(ctx context.Context, c contact.Contact) ([]notice.StepRule, error) {
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

func stepView(number int16, rules []notice.StepRule, started []notice.Step) api.Step {
	out := api.Step{Number: int(number)}
	if n := int(number); n <= len(rules) {
		rule := rules[n-1]
		out.Channel, out.Template = api.NewOptChannel(api.Channel(rule.Channel)), text(rule.Template)
	}
	for _, st := range started {
		if st.Number == number {
			out.Started, out.StartedAt, out.Why = true, maybe(st.StartedAt), text(st.Why)
			out.Message = api.NewOptMessageID(api.MessageID(st.Message.String()))
		}
	}
	return out
}

// source is the source asked for, else the caller's own.
func source(ctx context.Context, asked api.OptCode) string {
	if asked.Set {
		return string(asked.Value)
	}
	return caller(ctx).Source
}

// fromData reads free data; numbers keep the form they were written in.
func fromData(d api.Data) (map[string]any, []fault.Violation) {
	if len(d) == 0 {
		return nil, nil
	}
	var wrong []fault.Violation
	out := make(map[string]any, len(d))
	for name, raw := range d {
		if text, plain := plainText(raw); plain {
			out[name] = text
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber()
		var value any
		if err := decoder.Decode(&value); err != nil {
			wrong = append(wrong, fault.Violation{Field: "/data" + shown(name), Reason: "is no JSON value"})
		}
		out[name] = value
	}
	return out, wrong
}

// plainText is the text of a JSON string that means what it says, letter by letter: most data is.
func plainText(raw []byte) (text string, plain bool) {
	n := len(raw)
	if n < 2 || raw[0] != '"' || raw[n-1] != '"' {
		return "", false
	}
	for _, c := range raw[1 : n-1] {
		if c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return "", false
		}
	}
	return string(raw[1 : n-1]), true
}

// toData writes free data as it is stored.
func toData(canonical string) (api.Data, error) {
	out := api.Data{}
	if canonical == "" || canonical == "null" {
		return out, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(canonical), &fields); err != nil {
		return nil, err
	}
	for name, raw := range fields {
		out[name] = jx.Raw(raw)
	}
	return out, nil
}

// text is an optional field; an empty one is left out.
func text[S ~string](v S) api.OptString {
	if v == "" {
		return api.OptString{}
	}
	return api.NewOptString(string(v))
}

func person(id customer.PersonID) api.OptPersonID {
	if id == 0 {
		return api.OptPersonID{}
	}
	return api.NewOptPersonID(api.PersonID(id.String()))
}

// stamp is a moment as answers write it.
func stamp(t time.Time) api.Timestamp { return api.Timestamp(t.UTC()) }

// maybe is a moment that is left out when it is zero.
func maybe(t time.Time) api.OptTimestamp {
	if t.IsZero() {
		return api.OptTimestamp{}
	}
	return api.NewOptTimestamp(stamp(t))
}
