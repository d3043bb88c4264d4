package accept_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/core/accept"
	"carillon/core/access"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/store"
)

// Persons implements store.Many.
func (s *tables) Persons(_ context.Context, ids []customer.PersonID) (found []customer.Person, _ error) {
	for _, id := range ids {
		if p, ok := s.persons[id]; ok {
			found = append(found, p)
		}
	}
	return found, s.down
}

// PersonsByExternal implements store.Many.
func (s *tables) PersonsByExternal(_ context.Context, source string, ids []string) (found []customer.Person, _ error) {
	for _, p := range s.persons {
		if p.Source == source && slices.Contains(ids, p.ExternalID) {
			found = append(found, p)
		}
	}
	return found, s.down
}

// ContactViews implements store.Many.
func (s *tables) ContactViews(_ context.Context, ids []contact.ID) (found []store.ContactView, _ error) {
	for _, id := range ids {
		if v, ok := s.contacts[id]; ok {
			found = append(found, *v)
		}
	}
	return found, s.down
}

// Keys implements store.Many.
func (s *tables) Keys(_ context.Context, kind store.KeyKind, source string, keys []string) (found []store.IntakeKey, _ error) {
	for _, k := range keys {
		if held, ok := s.keys[keyName(kind, source, k)]; ok {
			found = append(found, held)
		}
	}
	return found, s.down
}

// Contacts implements accept.Stretches.
func (c *counter) Contacts(_ context.Context, n int) (contact.ID, error) {
	first := c.contacts + 1
	c.contacts += int64(n)
	return contact.ID(1_000_000_000 + first), c.down
}

// shelf keeps batches and refuses those of another source.
type shelf struct {
	*tables

	batches []store.IntakeBatch
}

func (s *shelf) Apply(ctx context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	verdicts, err := s.tables.Apply(ctx, sets...)
	if err != nil {
		return nil, err
	}
	for i, w := range sets {
		for _, f := range store.Of(w.Intake).Batches {
			if f.Source == "thief" {
				verdicts[i] = store.Verdict{Outcome: store.Conflict, What: store.LostBatch}
				continue
			}
			s.batches = append(s.batches, f.IntakeBatch)
		}
	}
	return verdicts, nil
}

func (s *shelf) Batch(_ context.Context, id string) (store.IntakeBatch, error) {
	for _, b := range s.batches {
		if b.ID == id {
			return b, nil
		}
	}
	return store.IntakeBatch{}, fault.New(fault.NotFound, "none")
}

func (s *shelf) BatchList(_ context.Context, source string, _ store.IntakeBatch, limit int) (found []store.IntakeBatch, _ error) {
	for _, b := range s.batches {
		if (source == "" || b.Source == source) && len(found) < limit {
			found = append(found, b)
		}
	}
	return found, nil
}

func (s *stand) lots() (*accept.Lots, *shelf) {
	kept := &shelf{tables: s.tables}
	return &accept.Lots{Service: s.Service, Store: kept, Facts: s.tables, Batches: kept, Numbers: s.ids}, kept
}

// gathered prepares every request of a lot.
func gathered(t *testing.T, l *accept.Lots, requests ...accept.Request) *accept.Lot {
	t.Helper()
	lot, err := l.Gather(t.Context(), noon(), cis(), requests)
	if err != nil {
		t.Fatal(err)
	}
	for i := range requests {
		lot.Prepare(t.Context(), i)
	}
	return lot
}

// asked draws a request, right or wrong in one of many ways; keys are few, so that some repeat.
func asked(t *rapid.T) accept.Request {
	r := request()
	r.Key = fmt.Sprintf("k-%d", rapid.IntRange(1, 4).Draw(t, "key"))
	r.Type = rapid.SampledFrom([]string{"TEXT", "CASCADE", "NOTE", "MAIL", "NONE"}).Draw(t, "type")
	r.Data["due"] = "friday"
	switch rapid.IntRange(0, 5).Draw(t, "whom") {
	case 0:
		r.Person, r.Inline = 0, inline()
	case 1:
		r.Person, r.External = 0, "P-42"
	case 2:
		r.Person = 43
	case 3:
		r.Division = "south"
	case 4:
		r.Data = nil
	}
	if rapid.Bool().Draw(t, "referred") {
		r.Reference = rapid.SampledFrom([]string{"R-1", "R-2"}).Draw(t, "reference")
	}
	return r
}

// TestLotDecidesAsOneByOne: whatever comes, a lot gives each request the answer it would get alone, after those before it.
func TestLotDecidesAsOneByOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		requests := rapid.SliceOfN(rapid.Custom(asked), 1, 12).Draw(rt, "requests")
		alone, together := newStand(t), newStand(t)
		lots, _ := together.lots()
		cuts := rapid.IntRange(1, len(requests)).Draw(rt, "cut")
		var got []accept.Decision
		for part := range slices.Chunk(requests, cuts) {
			decided, err := gathered(t, lots, part...).Accept(t.Context(), nil)
			if err != nil {
				rt.Fatal(err)
			}
			got = append(got, decided...)
		}
		for i, r := range requests {
			answer, err := alone.Accept(t.Context(), noon(), cis(), r)
			if fault.KindOf(err) != fault.KindOf(got[i].Err) || (err == nil) != (got[i].Err == nil) || fmt.Sprint(err) != fmt.Sprint(got[i].Err) {
				rt.Fatalf("request %d: %v, want %v", i, got[i].Err, err)
			}
			if answer.Replayed != got[i].Answer.Replayed || answer.Reference != got[i].Answer.Reference || len(answer.Messages) != len(got[i].Answer.Messages) {
				rt.Fatalf("request %d: %+v, want %+v", i, got[i].Answer, answer)
			}
		}
		if len(alone.tables.contacts) != len(together.tables.contacts) {
			rt.Fatalf("%d contacts, want %d", len(together.tables.contacts), len(alone.tables.contacts))
		}
	})
}

func TestLot(t *testing.T) {
	t.Parallel()
	t.Run("tells its batch what was refused and replayed before the store saw it, and which numbers are its own", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		lots, kept := s.lots()
		old, wrong, fresh := request(), request(), request()
		if _, err := gathered(t, lots, old).Accept(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		delete(s.tables.persons, 42) // old would be refused today
		wrong.Key, wrong.Type = "k-2", "NONE"
		fresh.Key, fresh.Person, fresh.Inline = "k-3", 0, inline()
		b := accept.NewBatch(cis(), "B-1")
		decided, err := gathered(t, lots, old, wrong, fresh).Accept(t.Context(), &b)
		if err != nil || !decided[0].Answer.Replayed || decided[1].Err == nil || decided[2].Err != nil {
			t.Fatalf("%+v: %v", decided, err)
		}
		flush := kept.batches[0]
		if flush.ID != "B-1" || flush.Division != "north" || flush.By != "cis-key" || flush.Lines != 2 || flush.Replayed != 1 || flush.Refused != 1 || flush.Accepted != 0 {
			t.Errorf("flush %+v", flush)
		}
		last := s.tables.applied[len(s.tables.applied)-1]
		want := []store.IntakeRange{{Batch: "B-1", First: decided[2].Answer.Contact - 2, N: 3}}
		if !reflect.DeepEqual(store.Of(last.Intake).Ranges, want) || !store.Of(last.Intake).Batches[0].Counted {
			t.Errorf("ranges %+v, want %+v", store.Of(last.Intake).Ranges, want)
		}
	})
	t.Run("of an id that another source has is a conflict", func(t *testing.T) {
		t.Parallel()
		lots, _ := newStand(t).lots()
		b := accept.NewBatch(cis(), "B-1")
		b.Source = "thief"
		if _, err := gathered(t, lots, request()).Accept(t.Context(), &b); !fault.Is(err, fault.Conflict) {
			t.Error(err)
		}
		if err := lots.Mark(t.Context(), b); !fault.Is(err, fault.Conflict) {
			t.Error(err)
		}
	})
	t.Run("validates without writing, and looks every key up", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		lots, _ := s.lots()
		old, other, fresh, wrong := request(), request(), request(), request()
		if _, err := gathered(t, lots, old).Accept(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		other.Data = map[string]any{"amount": "13"}
		fresh.Key, wrong.Key, wrong.Type = "k-2", "k-3", "NONE"
		decided, err := gathered(t, lots, old, other, fresh, wrong).Validate(t.Context())
		if err != nil || !decided[0].Answer.Replayed || !fault.Is(decided[1].Err, fault.Conflict) || !fault.Is(decided[3].Err, fault.Invalid) {
			t.Fatalf("%+v: %v", decided, err)
		}
		if a := decided[2].Answer; a.Contact != 0 || !a.AcceptedAt.IsZero() || len(a.Messages) != 1 || !a.Messages[0].ID.IsZero() {
			t.Errorf("%+v", a)
		}
		if len(s.tables.applied) != 1 {
			t.Error("something was written")
		}
	})
	t.Run("leaves out what its reader refuses, and looks nothing up for it", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		lots, _ := s.lots()
		if _, err := gathered(t, lots, request()).Accept(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		lot, err := lots.Gather(t.Context(), noon(), cis(), []accept.Request{request()})
		if err != nil {
			t.Fatal(err)
		}
		unread := errors.New("unread")
		lot.Refuse(0, fault.Wrap(fault.Invalid, "unread", unread))
		if decided, err := lot.Accept(t.Context(), nil); err != nil || !errors.Is(decided[0].Err, unread) {
			t.Errorf("%+v: %v", decided, err)
		}
	})
	t.Run("fails whole when the store is lost", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		lots, _ := s.lots()
		lot := gathered(t, lots, request())
		s.tables.down = fault.New(fault.Unavailable, "down")
		if _, err := lot.Accept(t.Context(), nil); !fault.Is(err, fault.Unavailable) {
			t.Error(err)
		}
		if _, err := lots.Gather(t.Context(), noon(), cis(), []accept.Request{request()}); !fault.Is(err, fault.Unavailable) {
			t.Error(err)
		}
	})
}

func TestBatchesAreSeen(t *testing.T) {
	t.Parallel()
	lots, kept := newStand(t).lots()
	kept.batches = []store.IntakeBatch{
		{ID: "north", Source: "cis", Division: "north", StartedAt: noon()},
		{ID: "south", Source: "cis", Division: "south", StartedAt: noon()},
		{ID: "all", Source: "cis", StartedAt: noon()},
		{ID: "billing", Source: "billing", Division: "north", StartedAt: noon().Add(time.Second)},
	}
	sre, chief := cis(), cis()
	sre.Roles, sre.Source = []access.Role{access.SRE}, "ops"
	chief.Roles, chief.Divisions = []access.Role{access.Admin}, []string{access.AllDivisions}
	for _, row := range []struct {
		who  access.Principal
		want []string
	}{
		{cis(), []string{"north", "all"}},
		{sre, []string{"north", "billing"}},
		{chief, []string{"north", "south", "all", "billing"}},
	} {
		seen, more, err := lots.IntakeBatches(t.Context(), row.who, store.IntakeBatch{}, 10)
		var ids []string
		for _, b := range seen {
			ids = append(ids, b.ID)
			if _, err := lots.IntakeBatch(t.Context(), row.who, b.ID); err != nil {
				t.Error(err)
			}
		}
		if err != nil || more != nil || !slices.Equal(ids, row.want) {
			t.Errorf("%v sees %v, want %v: %v", row.who.Roles, ids, row.want, err)
		}
	}
	if _, err := lots.IntakeBatch(t.Context(), cis(), "billing"); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
	if _, more, err := lots.IntakeBatches(t.Context(), chief, store.IntakeBatch{}, 2); err != nil || more == nil || more.ID != "south" {
		t.Errorf("%+v: %v", more, err)
	}
}
