package rest

import (
	"context"
	"strings"
	"unicode/utf8"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/kit/guard"
	"carillon/core/customer"
	"carillon/core/message"
	"carillon/core/todo"
)

func (s *server) messageOperations() []operation {
	return []operation{
		op("getMessage", s.getMessage),
	}
}

// Message is a message with its life.
type Message struct {
	ID         string          `json:"id"`
	Source     string          `json:"source"`
	Division   string          `json:"division"`
	Origin     messageOrigin   `json:"origin"`
	Contact    string          `json:"contact,omitzero"`
	Step       int             `json:"step,omitzero"`
	Todo       string          `json:"todo,omitzero"`
	Reference  string          `json:"reference,omitzero"`
	Account    string          `json:"account,omitzero"`
	Channel    message.Channel `json:"channel"`
	Urgency    string          `json:"urgency"`
	Route      string          `json:"route"`
	Lane       int             `json:"lane"`
	Template   string          `json:"template"`
	Config     int64           `json:"config"`
	Recipient  MaskedRecipient `json:"recipient"`
	AcceptedAt contract.Moment `json:"acceptedAt"`
	ExpiresAt  contract.Moment `json:"expiresAt,omitzero"`
	Work       string          `json:"work"`
	Outcome    string          `json:"outcome"`
	Attempts   int             `json:"attempts"`
	Waiting    *Waiting        `json:"waiting,omitzero"`
	Evidence   []Evidence      `json:"evidence"`
}

// messageOrigin is why there is a message.
type messageOrigin string

const (
	originStep  messageOrigin = "step"
	originReply messageOrigin = "reply"
	originToDo  messageOrigin = "todo"
)

// MaskedRecipient is who a message is for, as far as it is shown.
type MaskedRecipient struct {
	Person   string   `json:"person,omitzero"`
	Address  string   `json:"address"`
	Language string   `json:"language,omitzero"`
	Zones    []string `json:"zones,omitempty"`
}

// Waiting is why a message is not being called.
type Waiting struct {
	Reason    message.WaitReason `json:"reason"`
	Until     contract.Moment    `json:"until"`
	Since     contract.Moment    `json:"since"`
	Attempt   int                `json:"attempt"`
	LanePause string             `json:"lanePause,omitzero"`
	Breakers  []Breaker          `json:"breakers,omitempty"`
}

// Evidence is one thing seen of a message.
type Evidence struct {
	Seq      int             `json:"seq"`
	At       contract.Moment `json:"at"`
	Kind     string          `json:"kind"`
	Reason   string          `json:"reason,omitzero"`
	Code     string          `json:"code,omitzero"`
	Attempt  int             `json:"attempt,omitzero"`
	Provider string          `json:"provider,omitzero"`
	Ref      string          `json:"ref,omitzero"`
	TookMs   int64           `json:"tookMs,omitzero"`
}

// getMessage reads a message.
func (s *server) getMessage(ctx context.Context, c call[nothing]) (answer[Message], error) {
	id, err := pathID(c.exchange, "id", message.ParseID, "message")
	if err != nil {
		return failed[Message](err)
	}
	rec, err := s.Contacts.Message(ctx, c.caller, id)
	if err != nil {
		return failed[Message](err)
	}
	return ok(messageView(rec, s.holders())), nil
}

func messageView(rec message.Record, by holders) Message {
	m, life := rec.Message, rec.Life()
	out := Message{
		ID: m.ID.String(), Source: m.Source, Division: m.Division, Origin: originReply, Reference: m.Reference,
		Account: m.Account, Channel: m.Channel, Urgency: m.Urgency.String(), Route: m.Route, Lane: int(m.Lane),
		Template: m.Template, Config: m.Config, Recipient: maskedRecipient(m),
		AcceptedAt: contract.Moment(m.AcceptedAt), ExpiresAt: contract.Moment(m.ExpiresAt), Work: life.Work.String(),
		Outcome: life.Place.String(), Attempts: int(life.Attempts), Evidence: make([]Evidence, 0, len(rec.Evidence)),
	}
	switch m.Origin.Kind {
	case message.FromStep:
		out.Origin, out.Step = originStep, int(m.Origin.Step)
	case message.FromToDo:
		out.Origin, out.Todo = originToDo, todo.ID(m.Origin.ToDo).String()
	case message.FromReply:
	}
	if m.Origin.Contact != 0 {
		out.Contact = m.Origin.Contact.String()
	}
	if rec.Due != nil {
		out.ExpiresAt = contract.Moment(m.ExpiryFrom(rec.Due.FirstAt)) // of what was replayed it began anew
		out.Waiting = waitingView(rec, by)
	}
	for _, e := range rec.Evidence {
		out.Evidence = append(out.Evidence, evidenceView(e))
	}
	return out
}

func maskedRecipient(m message.Message) MaskedRecipient {
	return MaskedRecipient{
		Person: personNumber(m.Recipient.Person), Address: maskedAddress(m.Channel, m.Recipient.Address),
		Language: m.Recipient.Language, Zones: m.Recipient.Zones,
	}
}

// waitingView says why a message is not being called: its own reason, its lane's pause and pace, its route's breakers.
func waitingView(rec message.Record, by holders) *Waiting {
	w := &Waiting{
		Reason: rec.Due.Reason, Until: contract.Moment(rec.Due.At), Since: contract.Moment(rec.Due.FirstAt),
		Attempt: int(rec.Due.Attempt), LanePause: rec.Pause,
	}
	if until, is := by.paced(rec); is {
		w.Reason, w.Until = message.WaitPace, contract.Moment(until)
	}
	for _, b := range by.breakers {
		if b.Route == rec.Message.Route && b.State != guard.Closed {
			w.Breakers = append(w.Breakers, breakerView(b))
		}
	}
	return w
}

func evidenceView(e message.Evidence) Evidence {
	return Evidence{
		Seq: int(e.Seq), At: contract.Moment(e.At), Kind: e.Kind.String(), Reason: e.Reason, Code: e.Code,
		Attempt: int(e.Attempt), Provider: e.Provider, Ref: e.Ref, TookMs: e.Took.Milliseconds(),
	}
}

// hidden stands for what is not shown.
const hidden = "•••"

// maskedAddress shows enough of an address to tell it from others of the same person, and no more.
func maskedAddress(c message.Channel, a customer.Address) string {
	value := a.Reveal()
	switch c {
	case message.Email:
		local, domain, found := strings.Cut(value, "@")
		first, size := utf8.DecodeRuneInString(local)
		if !found || size == 0 || first == utf8.RuneError {
			return hidden
		}
		return string(first) + hidden + "@" + domain
	case message.Letter:
		p, err := customer.ParsePostal(a)
		if err != nil || p.City == "" {
			return hidden
		}
		return hidden + ", " + p.City
	case message.SMS, message.Voice:
		const front, back, least = 2, 2, 7
		if len(value) < least || strings.ContainsFunc(value, func(r rune) bool { return r > 'z' }) {
			return hidden
		}
		return value[:front] + strings.Repeat("•", len(value)-front-back) + value[len(value)-back:]
	}
	return hidden
}
