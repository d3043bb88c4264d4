package postgres_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"carillon/adapters/driven/postgres"
	"carillon/adapters/kit/secret"
	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/porttest"
	"carillon/core/store"
)

func TestTwoProcesses(t *testing.T) {
	s := newServer(t, "TEST_POSTGRES_URL")
	address := secret.New(s.database(t))
	seen := map[int64]bool{}
	r := porttest.NewRand(1)
	var stores []*postgres.Store
	for range 2 {
		opened, err := postgres.Open(t.Context(), postgres.Config{URL: address, MaxConns: 2, SkipMigrate: true})
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		stores = append(stores, opened)
	}
	for i := range 10 {
		if _, err := stores[i%2].Apply(t.Context(), porttest.NewAcceptance(r, porttest.Given{}), porttest.NewAcceptance(r, porttest.Given{})); err != nil {
			t.Fatal(err)
		}
	}
	marks, err := stores[0].Marks(t.Context(), 100)
	if err != nil || len(marks) != 10 {
		t.Fatalf("%d marks, want one a call: %v", len(marks), err)
	}
	for _, m := range marks {
		for i := range m.N {
			if seen[m.First+i] {
				t.Errorf("entry %d stands in two stretches", m.First+i)
			}
			seen[m.First+i] = true
		}
	}
	if slices.IsSortedFunc(marks, func(a, b store.Mark) int { return int(a.First - b.First) }) {
		t.Error("marks are told by their first entry; they are to be told in the order they were committed")
	}
}

func TestBadText(t *testing.T) {
	t.Run("does not refuse the neighbours, and is found again", func(t *testing.T) {
		s := newServer(t, "TEST_POSTGRES_URL").open(t)
		r := porttest.NewRand(1)
		bad, good := porttest.NewAcceptance(r, porttest.Given{}), porttest.NewAcceptance(r, porttest.Given{})
		store.In(&bad.Intake).Keys = store.Of(bad.Intake).Keys[:1]
		store.Of(bad.Intake).Keys[0].Key, store.Of(bad.Contact).Contacts[0].Account = "zero\x00byte", "not \xff UTF-8"
		verdicts, err := s.Apply(t.Context(), bad, good)
		if err != nil || verdicts[0].Outcome != store.Applied || verdicts[1].Outcome != store.Applied {
			t.Fatalf("%+v, %v", verdicts, err)
		}
		verdicts, err = s.Apply(t.Context(), bad)
		if err != nil || verdicts[0].Outcome != store.Replayed || verdicts[0].Contact != store.Of(bad.Contact).Contacts[0].ID {
			t.Fatalf("%+v, %v; want it answered from the first", verdicts, err)
		}
	})
}

// TestLostConnections ends every connection under the store's feet: what comes is Unavailable or Ambiguous, and then
// the store works again.
func TestLostConnections(t *testing.T) {
	s := newServer(t, "TEST_POSTGRES_URL")
	opened := s.open(t)
	r := porttest.NewRand(1)
	for range 3 {
		if _, err := opened.Apply(t.Context(), porttest.NewAcceptance(r, porttest.Given{})); err != nil {
			t.Fatal(err)
		}
		conn, err := pgx.Connect(t.Context(), s.url)
		if err != nil {
			t.Fatal(err)
		}
		_, err = conn.Exec(t.Context(), `select pg_terminate_backend(pid) from pg_stat_activity where datname like $1`, s.template+"\\_%")
		if err := errors.Join(err, conn.Close(t.Context())); err != nil {
			t.Fatal(err)
		}
		w := porttest.NewAcceptance(r, porttest.Given{})
		verdicts, err := opened.Apply(t.Context(), w)
		for try := 0; err != nil && try < 15; try++ {
			if kind := fault.KindOf(err); kind != fault.Unavailable && kind != fault.Ambiguous {
				t.Fatalf("a lost connection is told as %v", err)
			}
			verdicts, err = opened.Apply(t.Context(), w)
		}
		if err != nil || verdicts[0].Outcome == store.Conflict {
			t.Fatalf("%+v, %v; want the store to work again", verdicts, err)
		}
	}
}

// TestManyLosers applies five hundred sets of which every other one loses over a fence.
func TestManyLosers(t *testing.T) {
	s := newServer(t, "TEST_POSTGRES_URL").open(t)
	r := porttest.NewRand(1)
	sets := make([]store.Writes, 500)
	for i := range sets {
		sets[i] = porttest.NewAcceptance(r, porttest.Given{})
		if i%2 == 1 {
			store.In(&sets[i].Message).Settles = []store.Settle{{Fence: message.Fence{Message: porttest.NewMessageID(r, porttest.Noon()), Lease: porttest.Noon()}}}
		}
	}
	verdicts, err := s.Apply(t.Context(), sets...)
	if err != nil {
		t.Fatal(err)
	}
	var applied []contact.ID
	for i, v := range verdicts {
		want := store.Verdict{Outcome: store.Applied}
		if i%2 == 1 {
			want = store.Verdict{Outcome: store.Conflict, What: store.LostFence}
		} else {
			applied = append(applied, store.Of(sets[i].Contact).Contacts[0].ID)
		}
		if v.Outcome != want.Outcome || v.What != want.What {
			t.Fatalf("set %d: %+v, want %+v", i, v, want)
		}
	}
	for _, id := range applied[len(applied)-3:] {
		if _, err := s.Contact(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
}

// TestTroubles: a snapshot that is held, and an autovacuum that sleeps for long, are told.
func TestTroubles(t *testing.T) {
	t.Parallel()
	server := newServer(t, "TEST_POSTGRES_URL")
	s := server.open(t)
	said := func(held int64) string {
		found, err := s.TroublesAfter(t.Context(), held)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(found, "\n")
	}
	holder, err := pgx.Connect(t.Context(), server.url)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close(context.WithoutCancel(t.Context()))
	for _, statement := range []string{"set application_name = 'a long report'", "begin isolation level repeatable read", "select 1"} {
		if _, err := holder.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if got := said(-1); !strings.Contains(got, "a long report) has held a snapshot") {
		t.Errorf("%q", got)
	}
	if got := said(3600); strings.Contains(got, "a long report") {
		t.Errorf("a young snapshot is told: %q", got)
	}
	var nap int
	if err := holder.QueryRow(t.Context(), "select setting::int from pg_settings where name = 'autovacuum_naptime'").Scan(&nap); err != nil {
		t.Fatal(err)
	}
	if got := said(3600); strings.Contains(got, "autovacuum_naptime") != (nap > 15) {
		t.Errorf("the nap is %d s: %q", nap, got)
	}
}
