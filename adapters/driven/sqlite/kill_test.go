package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"sync"
	"testing"
	"time"

	"carillon/adapters/driven/sqlite"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/porttest"
	"carillon/core/store"
)

// victimPath tells the re-executed test binary which store to write until it is killed.
const victimPath = "CARILLON_SQLITE_VICTIM"

// Sets of the victim: each applier draws its own, from seeds that the judge knows too.
const (
	victims   = 4
	killAfter = 120 // acknowledged sets
)

func victimSet(applier, n int) store.Writes {
	return porttest.NewAcceptance(porttest.NewRand(uint64(applier*1_000_000+n)), porttest.Given{})
}

// TestVictim is the process that is killed: it says each set that was acknowledged.
func TestVictim(t *testing.T) {
	path := os.Getenv(victimPath)
	if path == "" {
		t.Skip("only as the victim of TestKill")
	}
	s, err := sqlite.Open(context.Background(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for applier := range victims {
		wg.Go(func() {
			for n := 0; ; n++ {
				w := victimSet(applier, n)
				d := store.Of(w.Message).Dues[0]
				store.In(&w.Message).Claim = &store.Claim{Lane: d.Lane, Now: d.At, Lease: d.At.Add(time.Hour), Owner: "victim", Limit: 1}
				if _, err := s.Apply(context.Background(), w); err != nil {
					t.Errorf("applying: %v", err)
					return
				}
				fmt.Fprintf(os.Stdout, "applied %d %d\n", applier, n)
			}
		})
	}
	wg.Wait()
}

func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "carillon.db")
	acknowledged := kill(t, path)
	s := open(t, path)
	whole := 0
	for applier := range victims {
		for n := range acknowledged[applier] + 2 {
			w := victimSet(applier, n)
			there := isWhole(t, s, w)
			if n < acknowledged[applier] && !there {
				t.Errorf("set %d of applier %d was acknowledged and is gone", n, applier)
			}
			if there {
				whole++
			}
		}
	}
	marks, err := s.Marks(t.Context(), 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	entries := int64(0)
	for _, m := range marks {
		entries += m.N
	}
	if entries != int64(2*whole) {
		t.Errorf("%d ledger entries of %d sets", entries, whole)
	}
	recounted(t, s)
	applied(t, s, victimSet(victims, 0))
}

// kill starts the victim, kills it in the middle, and returns how many sets of each applier it acknowledged.
func kill(t *testing.T, path string) (acknowledged [victims]int) {
	t.Helper()
	victim := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestVictim$", "-test.count=1")
	victim.Env = append(os.Environ(), victimPath+"="+path)
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for total := 0; lines.Scan(); total++ {
		var applier, n int
		if _, err := fmt.Sscanf(lines.Text(), "applied %d %d", &applier, &n); err != nil {
			t.Errorf("the victim says %s", strconv.Quote(lines.Text()))
			continue
		}
		acknowledged[applier] = n + 1
		switch total {
		case killAfter / 2:
			if _, err := sqlite.Open(t.Context(), sqlite.Config{Path: path}); !fault.Is(err, fault.Misconfigured) {
				t.Errorf("a second process gets %v, want misconfigured", err)
			}
		case killAfter:
			if err := victim.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := victim.Wait(); err == nil {
		t.Error("the victim ended by itself")
	}
	return acknowledged
}

// isWhole reports whether the set is there, and fails when only a part of it is.
func isWhole(t *testing.T, s *sqlite.Store, w store.Writes) bool {
	t.Helper()
	records, err := s.Messages(t.Context(), []message.ID{store.Of(w.Message).Messages[0].ID})
	if err != nil {
		t.Fatal(err)
	}
	parts := len(records)
	for _, k := range store.Of(w.Intake).Keys {
		switch got, err := s.Key(t.Context(), k.Kind, k.Source, k.Key); {
		case err == nil && got == k:
			parts++
		case !fault.Is(err, fault.NotFound):
			t.Errorf("a key is %+v, %v", got, err)
		}
	}
	switch view, err := s.Contact(t.Context(), store.Of(w.Contact).Contacts[0].ID); {
	case err == nil:
		parts++
		if !reflect.DeepEqual(view.Contact, store.Of(w.Contact).Contacts[0]) || !reflect.DeepEqual(view.Steps, store.Of(w.Contact).Steps) || view.Plan != store.Of(w.Contact).Plans[0] ||
			len(view.Messages) != 1 || !reflect.DeepEqual(view.Messages[0].Message, store.Of(w.Message).Messages[0]) || view.Messages[0].Due == nil {
			t.Errorf("a contact is not whole: %+v", view)
		}
	case !fault.Is(err, fault.NotFound):
		t.Fatal(err)
	}
	if parts != 0 && parts != 4 {
		t.Errorf("%d of 4 parts of a set are there", parts)
	}
	return parts == 4
}

func recounted(t *testing.T, s *sqlite.Store) {
	t.Helper()
	from, to := porttest.Noon().Add(-time.Hour), porttest.Noon().Add(time.Hour)
	sums, err := s.Sums(t.Context(), from, to)
	if err != nil {
		t.Fatal(err)
	}
	_, rows, err := s.Recount(t.Context(), from, to)
	if err != nil {
		t.Fatal(err)
	}
	counts := func(all []message.Count) map[message.Count]bool {
		set := map[message.Count]bool{}
		for _, c := range all {
			set[c] = true
		}
		return set
	}
	if !reflect.DeepEqual(counts(sums), counts(rows)) {
		t.Errorf("the counters say %v, the rows %v", sums, rows)
	}
}
