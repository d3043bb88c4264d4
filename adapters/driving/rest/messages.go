package rest

import (
	"context"
	"strings"
	"unicode/utf8"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/adapters/kit/guard"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/todo"
)

// GetMessage reads a message.
func (s *server) GetMessage(ctx context.Context, params api.GetMessageParams) (api.GetMessageRes, error) {
	id, err := message.ParseID(string(params.ID))
	if err != nil {
		return nil, fault.New(fault.NotFound, "there is no such message")
	}
	rec, err := s.Contacts.Message(ctx, caller(ctx), id)
	if err != nil {
		return nil, err
	}
	return messageView(rec, s.holders()), nil
}

func messageView(rec message.Record, by holders) *api.Message {
	m, life := rec.Message, rec.Life()
	out := &api.Message{
		ID: api.MessageID(m.ID.String()), Source: m.Source, Division: m.Division, Origin: api.MessageOriginReply,
		Reference: text(m.Reference), Account: text(m.Account), Channel: api.Channel(m.Channel),
		Urgency: api.Urgency(m.Urgency.String()), Route: m.Route, Lane: int(m.Lane), Template: m.Template, Config: m.Config,
		Recipient: api.MaskedRecipient{
			Person: person(m.Recipient.Person), Address: masked(m.Channel, m.Recipient.Address),
			Language: text(m.Recipient.Language), Zones: m.Recipient.Zones,
		},
		AcceptedAt: stamp(m.AcceptedAt), ExpiresAt: maybe(m.ExpiresAt), Work: api.MessageWork(life.Work.String()),
		Outcome: api.Outcome(life.Place.String()), Attempts: int(life.Attempts), Evidence: make([]api.Evidence, 0, len(rec.Evidence)),
	}
	switch m.Origin.Kind {
	case message.FromStep:
		out.Origin, out.Step = api.MessageOriginStep, api.NewOptInt(int(m.Origin.Step))
	case message.FromToDo:
		out.Origin, out.Todo = api.MessageOriginTodo, api.NewOptToDoID(api.ToDoID(todo.ID(m.Origin.ToDo).String()))
	case message.FromReply:
	}
	if m.Origin.Contact != 0 {
		out.Contact = api.NewOptContactID(api.ContactID(m.Origin.Contact.String()))
	}
	if rec.Due != nil {
		out.ExpiresAt = maybe(m.ExpiryFrom(rec.Due.FirstAt)) // of what was replayed it began anew
		out.Waiting = api.NewOptWaiting(waiting(rec, by))
	}
	for _, e := range rec.Evidence {
		out.Evidence = append(out.Evidence, evidence(e))
	}
	return out
}

// waiting says why a message is not being called: its own reason, its lane's pause and pace, its route's breakers.
func waiting(rec message.Record, by holders) api.Waiting {
	w := api.Waiting{
		Reason: api.WaitingReason(rec.Due.Reason), Until: stamp(rec.Due.At), Since: stamp(rec.Due.FirstAt),
		Attempt: int(rec.Due.Attempt), LanePause: text(rec.Pause),
	}
	if until, is := by.paced(rec); is {
		w.Reason, w.Until = api.WaitingReason(message.WaitPace), stamp(until)
	}
	for _, b := range by.breakers {
		if b.Route == rec.Message.Route && b.State != guard.Closed {
			w.Breakers = append(w.Breakers, breaker(b))
		}
	}
	return w
}

func evidence(e message.Evidence) api.Evidence {
	out := api.Evidence{
		Seq: int(e.Seq), At: stamp(e.At), Kind: api.EvidenceKind(e.Kind.String()), Reason: text(e.Reason),
		Code: text(e.Code), Provider: text(e.Provider), Ref: text(e.Ref),
	}
	if e.Attempt != 0 {
		out.Attempt = api.NewOptInt(int(e.Attempt))
	}
	if e.Took != 0 {
		out.TookMs = api.NewOptInt64(e.Took.Milliseconds())
	}
	return out
}

func breaker(b guard.Snapshot) api.Breaker {
	return api.Breaker{
		Adapter: b.Adapter, Route: b.Route, State: api.BreakerState(b.State.String()), Until: maybe(b.Until), Tripped: b.Tripped, Trial: maybe(b.Trial),
		ConsecutiveFailures: int64(b.ConsecutiveFailures), LastFaultKind: text(b.LastFaultKind),
		Inflight: b.Inflight, Slots: b.Slots,
	}
}

// hidden stands for what is not shown.
const hidden = "•••"

// masked shows enough of an address to tell it from others of the same person, and no more.
func masked(c message.Channel, a customer.Address) string {
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
