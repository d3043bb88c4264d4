package desk_test

import (
	"slices"
	"strings"
	"testing"

	"carillon/core/access"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
)

func TestHold(t *testing.T) {
	t.Parallel()
	t.Run("is put by a supervisor, and told in the ledger", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		h, err := s.PutHold(t.Context(), noon(), supervisor(), store.Hold{Kind: store.HoldPerson, Subject: "1000000042", Reason: "case 1"})
		if err != nil || h.Number != 1 || h.By != "me" || !h.At.Equal(noon()) {
			t.Fatalf("%+v, %v", h, err)
		}
		w := s.tables.applied[0]
		want := ledger.Entry{At: noon(), Kind: ledger.HoldPut, Person: 1000000042, Reason: "case 1", By: "me"}
		if len(store.Of(w.Upkeep).Holds) != 1 || store.Of(w.Upkeep).Holds[0] != h || len(store.Of(w.Ledger).Entries) != 1 || store.Of(w.Ledger).Entries[0] != want {
			t.Errorf("%+v", w)
		}
	})
	t.Run("is lifted once, and told in the ledger", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		s.tables.held = []store.Hold{{Number: 4, Kind: store.HoldAccount, Subject: "4000000001", Reason: "case 1"}}
		if err := s.LiftHold(t.Context(), noon(), supervisor(), 4); err != nil {
			t.Fatal(err)
		}
		w := s.tables.applied[0]
		if len(store.Of(w.Upkeep).Unholds) != 1 || store.Of(w.Upkeep).Unholds[0].Number != 4 || store.Of(w.Ledger).Entries[0].Kind != ledger.HoldLifted || store.Of(w.Ledger).Entries[0].Account != "4000000001" {
			t.Errorf("%+v", w)
		}
		s.tables.held[0].LiftedAt = noon()
		if err := s.LiftHold(t.Context(), noon(), supervisor(), 4); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
	t.Run("is nobody else's", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		for _, p := range []access.Principal{cis(), who("desk", "north", access.CSR), who("ops", "*", access.SRE)} {
			_, err := s.PutHold(t.Context(), noon(), p, store.Hold{Kind: store.HoldAccount, Subject: "4000000001", Reason: "x"})
			_, listing := s.Holds(t.Context(), p, true)
			for _, err := range []error{err, listing, s.LiftHold(t.Context(), noon(), p, 1)} {
				if !fault.Is(err, fault.Forbidden) {
					t.Errorf("%v: %v", p.Roles, err)
				}
			}
		}
	})
	t.Run("names what is wrong", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		for field, h := range map[string]store.Hold{
			"/account": {Reason: "x"},
			"/person":  {Kind: store.HoldPerson, Subject: "42", Reason: "x"},
			"/reason":  {Kind: store.HoldAccount, Subject: "1", Reason: strings.Repeat("x", 501)},
		} {
			_, err := s.PutHold(t.Context(), noon(), admin(), h)
			if len(s.tables.applied) > 0 || !slices.Equal(fields(err), []string{field}) {
				t.Errorf("%s: %v", field, err)
			}
		}
	})
	t.Run("that is in force already is a conflict", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		s.tables.verdicts = []store.Verdict{{Outcome: store.Conflict, What: store.LostHold}}
		_, err := s.PutHold(t.Context(), noon(), admin(), store.Hold{Kind: store.HoldAccount, Subject: "1", Reason: "x"})
		if !fault.Is(err, fault.Conflict) {
			t.Error(err)
		}
	})
}
