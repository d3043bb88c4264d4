package rest_test

import (
	"context"
	"encoding/binary"
	"log/slog"
	"sync"
	"testing"
	"time"

	"carillon/adapters/driving/api/intake"
	"carillon/core/accept"
	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
	"carillon/core/template"
)

// shop is a store that takes contacts in, for the streams: the use case above it is the real one.
type shop struct {
	mu       sync.Mutex
	keys     map[string]store.IntakeKey
	contacts map[contact.ID]store.ContactView
	batches  map[string]store.IntakeBatch
	sizes    []int // of the calls
	number   int64
	left     int           // lines until the store is lost; negative: never
	hold     chan struct{} // a call waits for it; nil: none waits
	calls    int
}

func newShop() *shop {
	return &shop{
		keys: map[string]store.IntakeKey{}, contacts: map[contact.ID]store.ContactView{}, batches: map[string]store.IntakeBatch{},
		number: 1000000417, left: -1,
	}
}

func (s *shop) lots() *accept.Lots {
	return &accept.Lots{
		Service: &accept.Service{
			Store: s, Facts: nobody{}, Configs: shopConfig{}, IDs: s,
			Channels: map[message.Channel]accept.Channel{message.SMS: words{}, message.Email: words{}, message.Voice: words{}, message.Letter: words{}},
		},
		Store: s, Facts: s, Batches: s, Numbers: s,
	}
}

func (s *shop) Apply(ctx context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	if s.hold != nil {
		select {
		case <-s.hold:
		case <-ctx.Done():
			return nil, fault.New(fault.Unavailable, "gave up")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left >= 0 && s.left < len(sets)-1 {
		return nil, fault.New(fault.Unavailable, "the store is not reached")
	}
	if s.left >= 0 {
		s.left -= len(sets) - 1
	}
	s.calls++
	verdicts := make([]store.Verdict, len(sets))
	for i, w := range sets {
		verdicts[i] = s.apply(w, verdicts[:i])
	}
	s.sizes = append(s.sizes, len(sets))
	return verdicts, nil
}

func (s *shop) apply(w store.Writes, before []store.Verdict) store.Verdict {
	for _, k := range store.Of(w.Intake).Keys {
		if held, there := s.keys[k.Key]; there {
			if held.Hash == k.Hash {
				return store.Verdict{Outcome: store.Replayed, Contact: held.Contact}
			}
			return store.Verdict{Outcome: store.Conflict, What: store.LostIntakeKey}
		}
	}
	for _, k := range store.Of(w.Intake).Keys {
		s.keys[k.Key] = k
	}
	for i, c := range store.Of(w.Contact).Contacts {
		s.contacts[c.ID] = store.ContactView{Contact: c, Steps: store.Of(w.Contact).Steps, Messages: []message.Record{{Message: store.Of(w.Message).Messages[i]}}}
	}
	for _, f := range store.Of(w.Intake).Batches {
		b, there := s.batches[f.ID]
		if there && b.Source != f.Source {
			return store.Verdict{Outcome: store.Conflict, What: store.LostBatch}
		}
		if !there {
			b = f.IntakeBatch
			b.Lines, b.Accepted, b.Replayed, b.Refused = 0, 0, 0, 0
		}
		b.State, b.EndedAt, b.TouchedAt = f.State, f.EndedAt, f.TouchedAt
		b.Lines, b.Accepted, b.Replayed, b.Refused = b.Lines+f.Lines, b.Accepted+f.Accepted, b.Replayed+f.Replayed, b.Refused+f.Refused
		if f.Counted {
			for _, v := range before {
				b.Lines++
				switch v.Outcome {
				case store.Applied:
					b.Accepted++
				case store.Replayed:
					b.Replayed++
				case store.Conflict:
					b.Refused++
				}
			}
		}
		s.batches[f.ID] = b
	}
	return store.Verdict{Outcome: store.Applied}
}

func (s *shop) Contact(ctx context.Context) (contact.ID, error) { return s.Contacts(ctx, 1) }

func (s *shop) Contacts(_ context.Context, n int) (contact.ID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := s.number
	s.number += int64(n)
	return contact.ID(first), nil
}

func (s *shop) Message(at time.Time) message.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	var random [10]byte
	binary.BigEndian.PutUint32(random[6:], uint32(s.calls))
	return message.NewID(at, random)
}

func (s *shop) Persons(context.Context, []customer.PersonID) ([]customer.Person, error) {
	return nil, nil
}

func (s *shop) PersonsByExternal(context.Context, string, []string) ([]customer.Person, error) {
	return nil, nil
}

func (s *shop) ContactViews(_ context.Context, ids []contact.ID) (found []store.ContactView, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if v, there := s.contacts[id]; there {
			found = append(found, v)
		}
	}
	return found, nil
}

func (s *shop) Keys(_ context.Context, _ store.KeyKind, _ string, keys []string) (found []store.IntakeKey, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range keys {
		if held, there := s.keys[k]; there {
			found = append(found, held)
		}
	}
	return found, nil
}

func (s *shop) Batch(_ context.Context, id string) (store.IntakeBatch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, there := s.batches[id]; there {
		return b, nil
	}
	return store.IntakeBatch{}, fault.New(fault.NotFound, "none")
}

func (s *shop) BatchList(_ context.Context, _ string, last store.IntakeBatch, limit int) (found []store.IntakeBatch, _ error) {
	if last.ID != "" {
		return nil, nil
	}
	b := store.IntakeBatch{
		ID: "march-bills", Source: "CIS-W", Division: "WEST", By: "cis-west", StartedAt: now(), TouchedAt: now().Add(time.Minute),
		EndedAt: now().Add(time.Minute), Lines: 100_000, Accepted: 99_990, Replayed: 7, Refused: 3, State: store.BatchDone,
	}
	found = append(found, b)
	for len(found) < limit && len(found) < 2 {
		b.ID, b.State, b.EndedAt, b.Lines, b.Accepted = "february-bills", store.BatchBroken, now(), 10, 0
		found = append(found, b)
	}
	return found, nil
}

// nobody is there, and no contact was accepted.
type nobody struct{}

func (nobody) Person(context.Context, customer.PersonID) (customer.Person, error) {
	return customer.Person{}, fault.New(fault.NotFound, "nobody")
}

func (nobody) PersonByExternal(context.Context, string, string) (customer.Person, error) {
	return customer.Person{}, fault.New(fault.NotFound, "nobody")
}

func (nobody) Contact(context.Context, contact.ID) (store.ContactView, error) {
	return store.ContactView{}, fault.New(fault.NotFound, "none")
}

func (nobody) Messages(context.Context, []message.ID) ([]message.Record, error) { return nil, nil }

func (nobody) Key(context.Context, store.KeyKind, string, string) (store.IntakeKey, error) {
	return store.IntakeKey{}, fault.New(fault.NotFound, "none")
}

type shopConfig struct{}

func (shopConfig) Current() *config.Snapshot {
	s, err := config.Compile(3, config.Document{
		Divisions: []config.Division{{Code: "WEST", Zone: "America/Chicago", Country: "US", Language: "en-US", Routes: map[message.Channel]string{message.SMS: "texts"}}},
		Routes:    []config.Route{{Code: "texts", Number: 2, Channel: message.SMS, Provider: "sns"}},
		Classes:   []contact.Class{{Code: "CREDIT"}},
		Types: []config.ContactType{{
			Type: contact.Type{Class: "CREDIT", Code: "DISC-WARN", Person: contact.Required, Account: contact.Optional, Premise: contact.Optional},
			Plan: plan.PlanRule{Urgency: message.Regulatory, Steps: []plan.StepRule{{Channel: message.SMS, Template: "T"}}},
		}},
		Templates: []template.Template{{Code: "T", Channel: "sms", Parts: map[string]string{"text": "{{ amount }}"}}},
	})
	if err != nil {
		panic(err)
	}
	return s
}

func (c shopConfig) At(context.Context, int64) (*config.Snapshot, error) { return c.Current(), nil }

// words is a medium that needs an amount, and panics when it is told to.
type words struct{}

func (words) Address(raw, _ string) (customer.Address, []string, error) {
	return customer.Address(raw), []string{"America/Chicago"}, nil
}

func (words) Fill(_ template.Renderer, _ template.Template, data map[string]any) (message.Content, error) {
	switch data["amount"] {
	case nil:
		return message.Content{}, fault.Refuse(fault.Violation{Field: "/data/amount", Reason: "is read by the template"})
	case "panic":
		panic("Ada Example")
	}
	return message.Content{Parts: map[string]string{"text": "pay"}}, nil
}

// intake is an intake over the shop; the core that looks at what is refused already is the real one too.
func (s *shop) intake(tb testing.TB, log *slog.Logger, maxLine int64) *intake.Contacts {
	tb.Helper()
	lots := s.lots()
	cfg := intake.Config{Contract: theContract(tb), MaxLine: maxLine, Clock: now, Log: log}
	in, err := intake.NewContacts(cfg, lots.Service, lots)
	if err != nil {
		tb.Fatal(err)
	}
	return in
}
