package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"carillon/adapters/driven/postgres"
	"carillon/adapters/kit/secret"
	"carillon/core/porttest"
)

const invalidIndexes = `select count(*) from pg_index where not indisvalid`

// TestIndexesOfPartitions takes a store that is in use to the indexes that came after its tables, also when the making of
// one was cut short.
func TestIndexesOfPartitions(t *testing.T) {
	t.Parallel()
	for name, variable := range servers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			cfg := postgres.Config{URL: secret.New(newServer(t, variable).bare(t))}
			if err := postgres.MigrateTo(ctx, cfg, 9); err != nil {
				t.Fatal(err)
			}
			pool, err := pgxpool.New(ctx, cfg.URL.Reveal())
			if err != nil {
				t.Fatal(err)
			}
			defer pool.Close()
			r := porttest.NewRand(1)
			kept := accepted(ctx, t, r, postgres.OnPool(pool))
			if n := count(ctx, t, pool, invalidIndexes); n != 4 {
				t.Fatalf("%d indexes are of their table alone, want 4: nothing is proved", n)
			}
			// A making that was cut short leaves an index that is not valid.
			if _, err := pool.Exec(ctx, `create unique index concurrently contact_p0_person on contact_p0 ((1))`); err != nil {
				t.Fatal(err)
			}
			if _, err := pool.Exec(ctx, `update pg_index set indisvalid = false where indexrelid = 'contact_p0_person'::regclass`); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time there is nothing to do
				if err := postgres.Migrate(ctx, cfg); err != nil {
					t.Fatal(err)
				}
				if n := count(ctx, t, pool, invalidIndexes); n != 0 {
					t.Fatalf("%d indexes are not valid", n)
				}
			}
			if n := count(ctx, t, pool, `select count(*) from pg_index where indrelid = 'contact_p0'::regclass`); n != 4 {
				t.Fatalf("the first partition has %d indexes, want its key and three", n)
			}
			store := postgres.OnPool(pool)
			if _, err := store.Extend(ctx, kept.Contact.Contacts[0].AcceptedAt.AddDate(1, 0, 0)); err != nil {
				t.Fatal(err)
			}
			if n := count(ctx, t, pool, `
select count(*) from pg_inherits h where h.inhparent = 'contact'::regclass
    and (select count(*) from pg_index x where x.indrelid = h.inhrelid and x.indisvalid) <> 4`); n != 0 {
				t.Fatalf("%d partitions lack indexes", n)
			}
		})
	}
}
