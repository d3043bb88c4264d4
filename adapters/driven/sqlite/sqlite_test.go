package sqlite_test

import (
	"context"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"carillon/adapters/driven/sqlite"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/porttest"
	"carillon/core/store"
)

func open(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatalf("opening the store: %v", err)
	}
	t.Cleanup(func() { closed(t, s) })
	return s
}

func closed(t *testing.T, s *sqlite.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("closing the store: %v", err)
	}
}

func applied(t *testing.T, s *sqlite.Store, sets ...store.Writes) []store.Verdict {
	t.Helper()
	verdicts, err := s.Apply(t.Context(), sets...)
	if err != nil {
		t.Fatalf("applying: %v", err)
	}
	for _, v := range verdicts {
		if v.Outcome != store.Applied {
			t.Fatalf("outcome %d over %q, want applied", v.Outcome, v.What)
		}
	}
	return verdicts
}

func TestStore(t *testing.T) {
	porttest.Store(t, func(t *testing.T) store.Store {
		t.Helper()
		return open(t, filepath.Join(t.TempDir(), "carillon.db"))
	})
}

func TestOpen(t *testing.T) {
	t.Run("again keeps everything", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "carillon.db")
		r, s := porttest.NewRand(1), open(t, path)
		w, p := porttest.NewAcceptance(r, porttest.Given{}), porttest.NewPerson(r)
		store.In(&w.Customer).Persons = append(store.Of(w.Customer).Persons, p)
		applied(t, s, w)
		c := store.Claim{Lane: store.Of(w.Message).Dues[0].Lane, Now: store.Of(w.Message).Dues[0].At, Lease: store.Of(w.Message).Dues[0].At.Add(time.Hour), Owner: "one", Limit: 1}
		taken := applied(t, s, store.Writes{Message: &store.MessageWrites{Claim: &c}})[0].Claimed
		number, err := s.Numbers(t.Context(), "contact", 5)
		if err != nil {
			t.Fatal(err)
		}
		before, err := s.Contact(t.Context(), store.Of(w.Contact).Contacts[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		closed(t, s)

		s = open(t, path)
		after, err := s.Contact(t.Context(), store.Of(w.Contact).Contacts[0].ID)
		if err != nil || !reflect.DeepEqual(after, before) {
			t.Fatalf("after reopening:\n got %+v, %v\nwant %+v", after, err, before)
		}
		if got, err := s.Person(t.Context(), p.ID); err != nil || !reflect.DeepEqual(got, p) {
			t.Fatalf("after reopening:\n got %+v, %v\nwant %+v", got, err, p)
		}
		if next, err := s.Numbers(t.Context(), "contact", 1); err != nil || next != number+5 {
			t.Fatalf("the next number is %d, %v, want %d", next, err, number+5)
		}
		applied(t, s, store.Writes{Message: &store.MessageWrites{Settles: []store.Settle{{Fence: message.FenceOf(taken[0].Due)}}}})
	})
	t.Run("refuses a second opener until the first has closed", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "carillon.db")
		s := open(t, path)
		if _, err := sqlite.Open(t.Context(), sqlite.Config{Path: path}); !fault.Is(err, fault.Misconfigured) {
			t.Fatalf("the second opener gets %v, want misconfigured", err)
		}
		closed(t, s)
		open(t, path)
	})
	t.Run("takes any path, and makes its folder", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a folder", "50% o'clock?mode=ro#1.db")
		s := open(t, path)
		applied(t, s, porttest.NewAcceptance(porttest.NewRand(2), porttest.Given{}))
		if files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "50%*.db")); err != nil || len(files) != 1 {
			t.Fatalf("the files are %v, %v", files, err)
		}
	})
	t.Run("refuses an empty path", func(t *testing.T) {
		if _, err := sqlite.Open(t.Context(), sqlite.Config{}); !fault.Is(err, fault.Invalid) {
			t.Fatalf("got %v, want invalid", err)
		}
	})
	t.Run("says what stands in the way of a path that is no file", func(t *testing.T) {
		if _, err := sqlite.Open(t.Context(), sqlite.Config{Path: t.TempDir()}); !fault.Is(err, fault.Misconfigured) {
			t.Fatalf("got %v, want misconfigured", err)
		}
	})
}

func TestClose(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "carillon.db"))
	closed(t, s)
	closed(t, s)
	_, err := s.Apply(t.Context(), store.Writes{})
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("applying to a closed store returns %v, want unavailable", err)
	}
	if _, err := s.LatestConfig(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("reading a closed store returns %v, want unavailable", err)
	}
	if err := s.Check(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("checking a closed store returns %v, want unavailable", err)
	}
}

func BenchmarkAccept(b *testing.B) {
	s, err := sqlite.Open(context.Background(), sqlite.Config{Path: filepath.Join(b.TempDir(), "carillon.db")})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	r := porttest.NewRand(3)
	const batch = 100
	for b.Loop() {
		b.StopTimer()
		sets := make([]store.Writes, batch)
		for i := range sets {
			sets[i] = porttest.NewAcceptance(r, porttest.Given{})
		}
		b.StartTimer()
		if _, err := s.Apply(b.Context(), sets...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "contacts/s")
}
