package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"carillon/adapters/driven/postgres"
	"carillon/adapters/kit/secret"
	"carillon/core/ledger"
	"carillon/core/porttest"
	"carillon/core/store"
)

// TestHeldEntries: of entries that retention dropped, those that a legal hold has kept are read in their place.
func TestHeldEntries(t *testing.T) {
	for name, variable := range servers() {
		t.Run(name, func(t *testing.T) {
			address := newServer(t, variable).database(t)
			s, err := postgres.Open(t.Context(), postgres.Config{URL: secret.New(address), SkipMigrate: true})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			r := porttest.NewRand(1)
			entries := make([]ledger.Entry, 6)
			for i := range entries {
				entries[i] = porttest.NewEntry(r)
			}
			if _, err := s.Apply(t.Context(), store.Writes{Ledger: &store.LedgerWrites{Entries: entries}}); err != nil {
				t.Fatal(err)
			}
			marks, err := s.Marks(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			conn, err := pgx.Connect(t.Context(), address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(t.Context())
			first := marks[0].First
			if _, err := conn.Exec(t.Context(), `insert into ledger_entry_held select * from ledger_entry where id = $1`, first+1); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Exec(t.Context(), `delete from ledger_entry where id < $1`, first+4); err != nil {
				t.Fatal(err)
			}
			got, err := s.Entries(t.Context(), []store.Mark{{First: first + 4, N: 2}, {First: first, N: 6}, {First: first, N: 1}, {First: first + 1, N: 1}})
			if err != nil {
				t.Fatal(err)
			}
			want := [][]int{{4, 5}, {1, 4, 5}, {}, {1}}
			for i := range want {
				if len(got[i]) != len(want[i]) {
					t.Fatalf("stretch %d: %d entries, want %d", i, len(got[i]), len(want[i]))
				}
				for k, n := range want[i] {
					if got[i][k] != entries[n].Canonical() {
						t.Errorf("stretch %d: entry %d is another", i, k)
					}
				}
			}
		})
	}
}
