package accept

import (
	"cmp"
	"context"
	"maps"
	"time"

	"carillon/core/config"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/todo"
)

// todoMail is the reason of a message that tells a user of a To Do.
const todoMail = "todo"

// Mail returns the write set of an email that tells a user of the desk of a To Do: a message like any other, whose origin
// is the entry. It leaves by the email route of the entry's division, under the gate and the allow-list. Errors: Invalid for
// an address that is none and for a template that cannot be filled; Misconfigured where the division has no email route, or
// the template is none of email.
func (s *Service) Mail(_ context.Context, now time.Time, e todo.Entry, to config.User, mail plugin.SendEmail) (store.Writes, error) {
	cfg := s.Configs.Current()
	division, _ := cfg.Division(e.Division)
	route, routed := cfg.Route(division.Routes[message.Email])
	t, known := cfg.Template(mail.Template)
	if !routed || !known || t.Channel != string(message.Email) {
		return store.Writes{}, fault.New(fault.Misconfigured, "the division has no email route, or "+mail.Template+" is no email template")
	}
	address, zones, err := s.Channels[message.Email].Address(to.Email, division.Country)
	if err != nil {
		return store.Writes{}, err
	}
	data := maps.Clone(mail.Data)
	maps.Copy(data, map[string]any{
		"recipient": map[string]any{"name": to.Name, "language": division.Language}, "division": cmp.Or(division.Description, division.Code), "account": "",
	})
	content, err := s.Channels[message.Email].Fill(s.Renderer, t, data)
	if err != nil {
		return store.Writes{}, err
	}
	body, err := content.Canonical()
	if err != nil {
		return store.Writes{}, err
	}
	m := message.Message{
		ID: s.IDs.Message(now), AcceptedAt: now, Source: e.Source, Division: e.Division, Origin: message.Origin{Kind: message.FromToDo, ToDo: int64(e.ID)},
		Channel: message.Email, Urgency: message.Service, Route: route.Code, Lane: message.NewLane(route.Number, message.Service),
		Recipient: customer.Recipient{Name: to.Name, Language: division.Language, Address: address, Zones: zones},
		Template:  mail.Template, Config: cfg.Version, Content: body, Receipt: route.Receipt.Of(), Hold: route.Hold.Of(),
	}
	if route.Expires > 0 {
		m.ExpiresAt = now.Add(route.Expires.Of())
	}
	return begun(now, m, e), nil
}

// begun puts a message of a To Do into its lane.
func begun(now time.Time, m message.Message, e todo.Entry) store.Writes {
	w := store.Writes{
		Message: &store.MessageWrites{Messages: []message.Message{m},
			Dues:   []message.Due{{Lane: m.Lane, At: now, Message: m.ID, FirstAt: now, Reason: message.WaitNew}},
			Counts: message.Arrival(m, message.Pending)},
		Ledger: &store.LedgerWrites{Entries: []ledger.Entry{{
			At: now, Kind: ledger.StepStarted, Source: m.Source, Division: m.Division, Message: m.ID, Channel: m.Channel, Reason: todoMail,
			ToDo: e.ID.String(),
		}}},
	}
	if !m.ExpiresAt.IsZero() {
		store.In(&w.Message).Deadlines = []message.Deadline{{At: m.ExpiresAt, Message: m.ID, Kind: message.Expiry}}
	}
	return w
}
