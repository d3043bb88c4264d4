package accept_test

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"carillon/core/accept"
	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
	"carillon/core/template"
)

func noon() time.Time { return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC) }

// tables is a store of one thread: it applies acceptances and answers from them.
type tables struct {
	contacts map[contact.ID]*store.ContactView
	keys     map[string]store.IntakeKey
	persons  map[customer.PersonID]customer.Person
	applied  []store.Writes
	down     error
	lose     store.Loss // the next set is a conflict over it
}

func (s *tables) Apply(_ context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	if s.down != nil {
		return nil, s.down
	}
	out := make([]store.Verdict, len(sets))
	for i, w := range sets {
		out[i] = s.one(w)
	}
	return out, nil
}

func (s *tables) one(w store.Writes) store.Verdict {
	if s.lose != "" {
		return store.Verdict{Outcome: store.Conflict, What: s.lose}
	}
	for _, k := range store.Of(w.Intake).Keys {
		there, known := s.keys[keyName(k.Kind, k.Source, k.Key)]
		switch {
		case known && there.Hash == k.Hash:
			return store.Verdict{Outcome: store.Replayed, Contact: there.Contact}
		case known:
			return store.Verdict{Outcome: store.Conflict, What: map[store.KeyKind]store.Loss{store.IdempotencyKey: store.LostIntakeKey, store.SourceReference: store.LostReference}[k.Kind]}
		}
	}
	for _, k := range store.Of(w.Intake).Keys {
		s.keys[keyName(k.Kind, k.Source, k.Key)] = k
	}
	s.applied = append(s.applied, w)
	for _, c := range store.Of(w.Contact).Contacts {
		s.contacts[c.ID] = &store.ContactView{Contact: c}
	}
	for _, p := range store.Of(w.Contact).Plans {
		s.contacts[p.Contact].Plan = p
	}
	for _, st := range store.Of(w.Contact).Steps {
		view := s.contacts[st.Contact]
		view.Steps = append(view.Steps, st)
		rec := message.Record{}
		for _, m := range store.Of(w.Message).Messages {
			if m.ID == st.Message {
				rec.Message = m
			}
		}
		for _, e := range store.Of(w.Message).Evidence {
			if e.Message == st.Message {
				rec.Evidence = append(rec.Evidence, e)
			}
		}
		view.Messages = append(view.Messages, rec)
	}
	return store.Verdict{Outcome: store.Applied}
}

func keyName(kind store.KeyKind, source, key string) string {
	return string(rune('0'+kind)) + "|" + source + "|" + key
}

func (s *tables) Person(_ context.Context, id customer.PersonID) (customer.Person, error) {
	if p, ok := s.persons[id]; ok {
		return p, s.down
	}
	return customer.Person{}, fault.New(fault.NotFound, "no person")
}

func (s *tables) PersonByExternal(_ context.Context, source, external string) (customer.Person, error) {
	for _, p := range s.persons {
		if p.Source == source && p.ExternalID == external {
			return p, s.down
		}
	}
	return customer.Person{}, fault.New(fault.NotFound, "no person")
}

func (s *tables) Contact(_ context.Context, id contact.ID) (store.ContactView, error) {
	if v, ok := s.contacts[id]; ok {
		return *v, s.down
	}
	return store.ContactView{}, fault.New(fault.NotFound, "no contact")
}

func (s *tables) Messages(_ context.Context, ids []message.ID) ([]message.Record, error) {
	var out []message.Record
	for _, v := range s.contacts {
		for _, r := range v.Messages {
			if slices.Contains(ids, r.Message.ID) {
				out = append(out, r)
			}
		}
	}
	return out, s.down
}

func (s *tables) Key(_ context.Context, kind store.KeyKind, source, key string) (store.IntakeKey, error) {
	if k, ok := s.keys[keyName(kind, source, key)]; ok {
		return k, s.down
	}
	return store.IntakeKey{}, fault.New(fault.NotFound, "no key")
}

// configs holds versions; the last is current.
type configs []*config.Snapshot

func (c configs) Current() *config.Snapshot { return c[len(c)-1] }

func (c configs) At(_ context.Context, version int64) (*config.Snapshot, error) {
	i := slices.IndexFunc(c, func(s *config.Snapshot) bool { return s.Version == version })
	if i < 0 {
		return nil, fault.New(fault.NotFound, "no version")
	}
	return c[i], nil
}

// counter hands out identifiers, one after the other.
type counter struct {
	contacts int64
	messages uint16
	down     error
}

func (c *counter) Contact(context.Context) (contact.ID, error) {
	c.contacts++
	return contact.ID(1_000_000_000 + c.contacts), c.down
}

func (c *counter) Message(now time.Time) message.ID {
	c.messages++
	var random [10]byte
	binary.BigEndian.PutUint16(random[8:], c.messages)
	return message.NewID(now, random)
}

// medium refuses addresses that begin with bad, and texts only numbers that begin with +1; it fills a template by
// putting data for {name}.
type medium struct{ texts bool }

func (m medium) Address(raw, country string) (customer.Address, []string, error) {
	if strings.HasPrefix(raw, "bad") || m.texts && !strings.HasPrefix(raw, "+1") {
		return "", nil, fault.New(fault.Invalid, "is no address in "+country)
	}
	return customer.Address(strings.ToLower(raw)), []string{"America/New_York"}, nil
}

func (m medium) Fill(_ template.Renderer, t template.Template, data map[string]any) (message.Content, error) {
	var missing []fault.Violation
	for _, name := range t.Required {
		if _, there := data[name]; !there {
			missing = append(missing, fault.Violation{Field: "/data/" + name, Reason: "is missing"})
		}
	}
	if missing != nil {
		return message.Content{}, fault.Refuse(missing...)
	}
	if t.Code == "BROKEN" {
		return message.Content{}, errors.New("a bug")
	}
	parts := maps.Clone(t.Parts)
	for k, v := range parts {
		r, _ := data["recipient"].(map[string]any)
		name, _ := r["name"].(string)
		parts[k] = strings.ReplaceAll(v, "{name}", name)
	}
	return message.Content{Parts: parts, Data: data}, nil
}

// stand is a service on fakes.
type stand struct {
	*accept.Service
	t      *testing.T
	tables *tables
	ids    *counter
}

// person is loaded into the tables of every stand.
func person() customer.Person {
	return customer.Person{
		ID: 42, Source: "cis", ExternalID: "P-42", Division: "north", Language: "es", Account: "ACC-1",
		Names: []customer.Name{{Type: customer.Primary, Text: "Jane\nDoe"}},
		Points: []customer.Point{
			{ID: 1, Kind: customer.Phone, Value: "+12125550123", Capabilities: []customer.Capability{customer.CanSMS, customer.CanVoice}, Zones: []string{"America/New_York"}},
			{ID: 2, Kind: customer.Post, Value: customer.Postal{Line1: "1 Main St", City: "Albany", Country: "US"}.Address(), Capabilities: []customer.Capability{customer.CanPost}},
		},
	}
}

func newStand(t *testing.T, change ...func(*config.Document)) *stand {
	t.Helper()
	d := document()
	for _, f := range change {
		f(&d)
	}
	cfg, err := config.Compile(3, d)
	if err != nil {
		t.Fatal(err)
	}
	st := &tables{
		contacts: make(map[contact.ID]*store.ContactView), keys: make(map[string]store.IntakeKey),
		persons: map[customer.PersonID]customer.Person{42: person()},
	}
	ids := &counter{}
	return &stand{t: t, tables: st, ids: ids, Service: &accept.Service{
		Store: st, Facts: st, Configs: configs{cfg}, IDs: ids,
		Channels: map[message.Channel]accept.Channel{
			message.SMS: medium{texts: true}, message.Email: medium{}, message.Voice: medium{}, message.Letter: medium{},
		},
	}}
}

func document() config.Document {
	routes := map[message.Channel]string{message.SMS: "sms", message.Email: "mail", message.Letter: "letters", message.Voice: "voice"}
	steps := func(s ...plan.StepRule) plan.PlanRule {
		return plan.PlanRule{Urgency: message.Regulatory, Doubt: message.Repeat, Steps: s}
	}
	open := contact.Type{Class: "C", Person: contact.Required, Account: contact.Optional, Premise: contact.Optional}
	kind := func(code string, plan plan.PlanRule) config.ContactType {
		t := config.ContactType{Type: open, Plan: plan}
		t.Code = code
		return t
	}
	strict := kind("STRICT", plan.PlanRule{})
	strict.Account, strict.Premise, strict.Division = contact.Required, contact.NotAllowed, "north"
	return config.Document{
		Divisions: []config.Division{
			{Code: "north", Zone: "America/New_York", Country: "US", Language: "en-US", Routes: routes},
			{Code: "south", Zone: "America/Chicago", Country: "US", Language: "en-US", Routes: routes},
		},
		Routes: []config.Route{
			{Code: "sms", Number: 1, Channel: message.SMS, Provider: "sns", Receipt: plan.Span(72 * time.Hour), Hold: plan.Span(time.Hour)},
			{Code: "mail", Number: 2, Channel: message.Email, Provider: "ses", Expires: plan.Span(48 * time.Hour)},
			{Code: "letters", Number: 3, Channel: message.Letter, Provider: "kafka"},
			{Code: "voice", Number: 4, Channel: message.Voice, Provider: "feed"},
		},
		Classes: []contact.Class{{Code: "C"}},
		Types: []config.ContactType{
			kind("NOTE", plan.PlanRule{}),
			kind("TEXT", steps(plan.StepRule{Channel: message.SMS, Template: "TEXT", Expires: plan.Span(time.Hour)})),
			kind("CASCADE", steps(
				plan.StepRule{Channel: message.Email, Template: "MAIL"}, plan.StepRule{Channel: message.SMS, Template: "TEXT"},
				plan.StepRule{Channel: message.Letter, Template: "LETTER"},
			)),
			kind("MAIL", steps(plan.StepRule{Channel: message.Email, Template: "MAIL"})),
			kind("BROKEN", steps(plan.StepRule{Channel: message.Email, Template: "BROKEN"})),
			strict,
		},
		Templates: []template.Template{
			{Code: "TEXT", Channel: "sms", Parts: map[string]string{"text": "Hello {name}"}, Required: []string{"amount"}},
			{Code: "MAIL", Channel: "email", Parts: map[string]string{"subject": "s", "text": "{name}"}, Required: []string{"amount"}},
			{Code: "LETTER", Channel: "letter", Required: []string{"amount", "due"}},
			{Code: "BROKEN", Channel: "email", Parts: map[string]string{"subject": "s", "text": "t"}},
			{Code: "STOPPED", Channel: "sms", Parts: map[string]string{"text": "no more"}},
		},
	}
}

func cis() access.Principal {
	return access.Principal{Name: "cis-key", Source: "cis", Divisions: []string{"north"}, Roles: []access.Role{access.CIS}}
}

func request() accept.Request {
	return accept.Request{Key: "k-1", Division: "north", Class: "C", Type: "TEXT", Person: 42, Data: map[string]any{"amount": "12.50"}}
}

func inline() *accept.Inline {
	return &accept.Inline{Name: []string{"Jane Doe"}, Phone: "+15550001111", Email: "Jane@Example.com", Zone: "America/Los_Angeles"}
}

// fields are the wrong fields of an Invalid fault, sorted.
func fields(t *testing.T, err error) []string {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		t.Fatalf("error %v, want an invalid request", err)
	}
	var out []string
	for _, v := range f.Violations {
		out = append(out, v.Field)
	}
	slices.Sort(out)
	return out
}
