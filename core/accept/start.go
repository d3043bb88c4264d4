package accept

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"time"

	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
	"carillon/core/todo"
)

// NoContactPoint is the reason of a step that had nobody to go to.
const NoContactPoint = "no_contact_point"

// NextStep returns the write set that starts the step after one that fell, empty when it was started or the contact is
// halted. When there is no next step and nobody was reached, it opens a To Do. A verb merges it into the write set that
// tells of the fall.
func (s *Service) NextStep(ctx context.Context, now time.Time, id contact.ID, fell int16, why string) (store.Writes, error) {
	view, err := s.Facts.Contact(ctx, id)
	if err != nil {
		return store.Writes{}, err
	}
	number := plan.Next(view.Plan, fell)
	switch {
	case number == 0:
		return ended(view, now, fell, why), nil
	case view.Halted || plan.Started(view.Steps, number):
		return store.Writes{}, nil
	}
	cfg, err := s.Configs.At(ctx, view.Contact.Config)
	if err != nil {
		return store.Writes{}, err
	}
	kind, known := cfg.Type(view.Contact.Class, view.Contact.Type)
	if !known {
		return store.Writes{}, fault.New(fault.Unknown, "contact "+id.String()+" has a type its configuration does not know")
	}
	who, err := s.again(ctx, cfg, view.Contact)
	if err != nil {
		return store.Writes{}, err
	}
	data, err := decode(view.Contact.Data)
	if err != nil {
		return store.Writes{}, err
	}
	run := starting{s: s, now: now, cfg: cfg, kind: kind, contact: view.Contact, who: who, expires: view.Contact.ExpiresAt, data: data}
	if err := run.from(number, why); err != nil {
		return store.Writes{}, err
	}
	return run.out, nil
}

// ended is what the fall of a plan's last step brings about: work for a person, unless somebody was reached on another
// way or still may be.
func ended(view store.ContactView, now time.Time, fell int16, why string) store.Writes {
	var last message.Message
	for _, rec := range view.Messages {
		if rec.Message.Origin.Step == fell {
			last = rec.Message // the newest of the step: the one that falls. Its fall is not written yet.
		}
	}
	for _, rec := range view.Messages {
		place := rec.Life().Place
		if rec.Message.ID == last.ID {
			continue
		}
		if !place.Fallen() && place != message.AtCancelled {
			return store.Writes{}
		}
	}
	if last.ID.IsZero() || view.Halted {
		return store.Writes{}
	}
	return store.Writes{ToDo: &store.ToDoWrites{ToDos: []todo.Entry{todo.Unreached(last, now, why)}}}
}

// again reads the subject of a contact anew: contact points may have changed since.
func (s *Service) again(ctx context.Context, cfg *config.Snapshot, c contact.Contact) (subject, error) {
	if c.Inline == "" {
		if c.Person == 0 {
			return subject{}, nil
		}
		person, err := s.Facts.Person(ctx, c.Person)
		return subject{person: person}, err
	}
	var in Inline
	if err := json.Unmarshal([]byte(c.Inline), &in); err != nil {
		return subject{}, fault.Wrap(fault.Unknown, "reading the recipient of contact "+c.ID.String(), err)
	}
	var ignored violations
	return s.inlineSubject(cfg, c.Division, in, &ignored)
}

func decode(body string) (map[string]any, error) {
	var data map[string]any
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&data); err != nil {
		return nil, fault.Wrap(fault.Unknown, "reading the data of a contact", err)
	}
	return data, nil
}

// starting starts steps of one contact's plan and gathers what that writes.
type starting struct {
	s       *Service
	now     time.Time
	cfg     *config.Snapshot
	kind    config.ContactType
	contact contact.Contact
	who     subject
	expires time.Time // the request's own; zero: none
	data    map[string]any
	filled  map[string]message.Content // by template
	out     store.Writes
	started []Started
	desk    contact.Part      // what hangs on it at the desk
	remind  *contact.Reminder // of its first log entry; nil: none
}

// checkAll fills every step's template once, so that a value a later step needs is missed now and not then.
func (r *starting) checkAll(wrong *violations) error {
	for _, step := range r.kind.Plan.Steps {
		_, err := r.fill(step.Template)
		if err := wrong.take("/data", asData(err)); err != nil {
			return err
		}
	}
	return nil
}

// asData tells of a filled part in words of the request: what is too long or empty there came with its data.
func asData(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		return err
	}
	told := make([]fault.Violation, len(f.Violations))
	for i, v := range f.Violations {
		told[i] = v
		if part, isPart := strings.CutPrefix(v.Field, "/parts/"); isPart {
			told[i] = fault.Violation{Field: "/data", Reason: "fills the template's " + part + ", which " + v.Reason}
		}
	}
	return fault.Refuse(told...)
}

func (r *starting) fill(code string) (message.Content, error) {
	if c, done := r.filled[code]; done {
		return c, nil
	}
	t, known := r.cfg.Template(code)
	if !known {
		return message.Content{}, fault.New(fault.Unknown, "template "+code+" is not in configuration")
	}
	c, err := r.s.Channels[message.Channel(t.Channel)].Fill(r.s.Renderer, t, r.templateData())
	if err != nil {
		return message.Content{}, err
	}
	if r.filled == nil {
		r.filled = make(map[string]message.Content)
	}
	r.filled[code] = c
	return c, nil
}

// templateData is what the contact brings and what Carillon fills itself.
func (r *starting) templateData() map[string]any {
	data := make(map[string]any, len(r.data)+len(reserved()))
	maps.Copy(data, r.data)
	data["recipient"] = map[string]any{"name": strings.ReplaceAll(r.who.person.PrimaryName(), "\n", " "), "language": r.language()}
	data["division"] = r.divisionName()
	data["account"] = r.contact.Account
	return data
}

// divisionName is how the division calls itself to customers.
func (r *starting) divisionName() string {
	d, _ := r.cfg.Division(r.contact.Division)
	return cmp.Or(d.Description, r.contact.Division)
}

func (r *starting) language() string {
	if r.who.person.Language != "" {
		return r.who.person.Language
	}
	d, _ := r.cfg.Division(r.contact.Division)
	return d.Language
}

// from starts the step of the number and, while a step has nobody to go to, the ones after it.
func (r *starting) from(number int16, why string) error {
	for n := int(number); n <= len(r.kind.Plan.Steps); n++ {
		reached, err := r.step(int16(n), why) //nolint:gosec // a plan is short
		if err != nil || reached {
			return err
		}
		why = NoContactPoint
	}
	if last := store.Of(r.out.Message).Messages[len(store.Of(r.out.Message).Messages)-1]; last.TellsPlan() {
		store.In(&r.out.ToDo).ToDos = append(store.Of(r.out.ToDo).ToDos, todo.Unreached(last, r.now, why))
	}
	return nil
}

// step starts one step and reports whether its message is on its way.
func (r *starting) step(number int16, why string) (bool, error) {
	rule := r.kind.Plan.Steps[number-1]
	content, err := r.fill(rule.Template)
	if err != nil {
		return false, err
	}
	m, reached, err := r.message(number, rule, content)
	if err != nil {
		return false, err
	}
	store.In(&r.out.Message).Messages = append(store.Of(r.out.Message).Messages, m)
	store.In(&r.out.Contact).Steps = append(store.Of(r.out.Contact).Steps, plan.Step{Contact: r.contact.ID, Number: number, Message: m.ID, StartedAt: r.now, Why: why})
	started := Started{ID: m.ID, Step: number, Channel: m.Channel}
	if why != "accepted" {
		store.In(&r.out.Ledger).Entries = append(store.Of(r.out.Ledger).Entries, r.entry(ledger.StepStarted, m, why))
	}
	if reached {
		r.queue(m)
	} else {
		started.Suppressed = NoContactPoint
		r.suppress(m)
	}
	r.started = append(r.started, started)
	return reached, nil
}

func (r *starting) message(number int16, rule plan.StepRule, content message.Content) (message.Message, bool, error) {
	division, _ := r.cfg.Division(r.contact.Division)
	route, known := r.cfg.Route(division.Routes[rule.Channel])
	if !known {
		return message.Message{}, false, fault.New(fault.Unknown, "division "+division.Code+" has no route for "+string(rule.Channel))
	}
	body, err := content.Canonical()
	if err != nil {
		return message.Message{}, false, err
	}
	to, reached := r.recipient(rule.Channel)
	return message.Message{
		ID: r.s.IDs.Message(r.now), AcceptedAt: r.now, Source: r.contact.Source, Division: r.contact.Division,
		Origin: message.Origin{
			Kind: message.FromStep, Contact: r.contact.ID, Step: number,
			Steps: int16(len(r.kind.Plan.Steps)), //nolint:gosec // a plan is short
		},
		Channel: rule.Channel, Urgency: r.kind.Plan.Urgency, Route: route.Code, Lane: message.NewLane(route.Number, r.kind.Plan.Urgency),
		Recipient: to, Account: r.contact.Account, Reference: r.contact.Reference, Template: rule.Template, Config: r.contact.Config,
		Content: body, ExpiresAt: r.expiry(rule, route), Receipt: route.Receipt.Of(), Hold: route.Hold.Of(),
		Doubt: r.kind.Plan.Doubt, Marketing: r.kind.Marketing,
	}, reached, nil
}

// expiry is the earliest of what the request, the step and the route say.
func (r *starting) expiry(rule plan.StepRule, route config.Route) time.Time {
	at := r.expires
	for _, span := range []plan.Span{rule.Expires, route.Expires} {
		if span == 0 {
			continue
		}
		if end := r.now.Add(span.Of()); at.IsZero() || end.Before(at) {
			at = end
		}
	}
	return at
}

// recipient resolves the contact point of a channel; false when the person has none that works.
func (r *starting) recipient(c message.Channel) (customer.Recipient, bool) {
	to := customer.Recipient{Person: r.who.person.ID, Name: r.who.person.PrimaryName(), Language: r.language()}
	points := r.who.person.Usable(c.Needs())
	if len(points) == 0 {
		return to, false
	}
	to.Point, to.Address, to.Zones = points[0].ID, points[0].Value, points[0].Zones
	return to, true
}

func (r *starting) queue(m message.Message) {
	why := message.WaitNew
	if m.Channel == message.Letter {
		why = message.WaitRun
	}
	store.In(&r.out.Message).Dues = append(store.Of(r.out.Message).Dues, message.Due{Lane: m.Lane, At: r.now, Message: m.ID, FirstAt: r.now, Reason: why})
	store.In(&r.out.Message).Counts = append(store.Of(r.out.Message).Counts, message.Arrival(m, message.Pending)...)
	if !m.ExpiresAt.IsZero() {
		store.In(&r.out.Message).Deadlines = append(store.Of(r.out.Message).Deadlines, message.Deadline{At: m.ExpiresAt, Message: m.ID, Kind: message.Expiry})
	}
}

// suppress ends a message that has nobody to go to, in the write set that brings it.
func (r *starting) suppress(m message.Message) {
	move, err := message.Born().Suppress(message.Observation{At: r.now, Reason: NoContactPoint})
	if err != nil { // what was just born can be suppressed
		return
	}
	move.Evidence.Message = m.ID
	if dead, is := m.Dead(move); is {
		store.In(&r.out.Message).Dead = append(store.Of(r.out.Message).Dead, dead)
	}
	store.In(&r.out.Message).Evidence = append(store.Of(r.out.Message).Evidence, *move.Evidence)
	store.In(&r.out.Message).Counts = append(store.Of(r.out.Message).Counts, message.Arrival(m, move.To.Place)...)
	e := r.entry(ledger.MessageMoved, m, NoContactPoint)
	e.Place = move.To.Place
	store.In(&r.out.Ledger).Entries = append(store.Of(r.out.Ledger).Entries, e)
}

func (r *starting) entry(kind ledger.Kind, m message.Message, why string) ledger.Entry {
	return ledger.Entry{
		At: r.now, Kind: kind, Source: m.Source, Division: m.Division, Contact: r.contact.ID, Reference: m.Reference,
		Person: m.Recipient.Person, Account: m.Account, Message: m.ID, Channel: m.Channel, Step: m.Origin.Step, Reason: why,
	}
}

// tellAccepted puts the entry of the contact itself first; it names the first message.
func (r *starting) tellAccepted() {
	e := ledger.Entry{
		At: r.now, Kind: ledger.ContactAccepted, Source: r.contact.Source, Division: r.contact.Division, Contact: r.contact.ID,
		Reference: r.contact.Reference, Person: r.contact.Person, Account: r.contact.Account, By: r.contact.By, Config: r.contact.Config,
	}
	if len(store.Of(r.out.Message).Messages) > 0 {
		first := store.Of(r.out.Message).Messages[0]
		e.Message, e.Channel, e.Step = first.ID, first.Channel, first.Origin.Step
	}
	store.In(&r.out.Ledger).Entries = append([]ledger.Entry{e}, store.Of(r.out.Ledger).Entries...)
}

// Reply returns the write set of a text that answers a recipient's own: the confirmation of a STOP, the answer to
// HELP. It leaves by the route of the message it answers, at once, quiet hours or not.
func (s *Service) Reply(_ context.Context, now time.Time, to message.Message, address customer.Address, code string) (store.Writes, error) {
	cfg := s.Configs.Current()
	t, known := cfg.Template(code)
	route, routed := cfg.Route(to.Route)
	division, _ := cfg.Division(to.Division)
	if !known || !routed {
		return store.Writes{}, fault.New(fault.Unknown, "the reply template "+code+" or its route is not in configuration")
	}
	content, err := s.Channels[message.SMS].Fill(s.Renderer, t, map[string]any{
		"division": cmp.Or(division.Description, to.Division), "account": to.Account, "recipient": map[string]any{"name": "", "language": to.Recipient.Language},
	})
	if err != nil {
		return store.Writes{}, err
	}
	body, err := content.Canonical()
	if err != nil {
		return store.Writes{}, err
	}
	m := to
	m.ID, m.AcceptedAt, m.Origin = s.IDs.Message(now), now, message.Origin{Kind: message.FromReply, Contact: to.Origin.Contact}
	m.Recipient.Point = 0 // whoever wrote is answered, whatever the person's contact points are now
	m.Recipient.Address, m.Urgency, m.Template, m.Config, m.Content = address, message.Service, code, cfg.Version, body
	m.Lane, m.ExpiresAt = message.NewLane(route.Number, m.Urgency), time.Time{}
	return store.Writes{
		Message: &store.MessageWrites{Messages: []message.Message{m},
			Dues:   []message.Due{{Lane: m.Lane, At: now, Message: m.ID, FirstAt: now, Reason: message.WaitNew}},
			Counts: message.Arrival(m, message.Pending)},
		Ledger: &store.LedgerWrites{Entries: []ledger.Entry{{
			At: now, Kind: ledger.StepStarted, Source: m.Source, Division: m.Division, Contact: m.Origin.Contact,
			Person: m.Recipient.Person, Account: m.Account, Message: m.ID, Channel: m.Channel, Reason: "reply",
		}}},
	}, nil
}
