package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"carillon/adapters/driven/postgres"
	"carillon/adapters/kit/secret"
	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/porttest"
	"carillon/core/store"
)

// TestMigrationOfAFullStore takes a store of the first release to partitions while that release goes on working: every
// write set is applied, and everything is found afterwards.
func TestMigrationOfAFullStore(t *testing.T) {
	t.Parallel()
	for name, variable := range servers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			cfg := postgres.Config{URL: secret.New(newServer(t, variable).bare(t))}
			if err := postgres.MigrateTo(ctx, cfg, 1); err != nil {
				t.Fatal(err)
			}
			pool, err := pgxpool.New(ctx, cfg.URL.Reveal())
			if err != nil {
				t.Fatal(err)
			}
			defer pool.Close()
			old := postgres.OnPool(pool)
			var before []store.Writes
			r := porttest.NewRand(1)
			for range 200 {
				before = append(before, accepted(ctx, t, r, old))
			}
			working, stop := context.WithCancel(ctx)
			var meanwhile []store.Writes
			var beside sync.WaitGroup
			beside.Go(func() {
				r := porttest.NewRand(2)
				for working.Err() == nil {
					meanwhile = append(meanwhile, accepted(ctx, t, r, old))
				}
			})
			err = postgres.Migrate(ctx, cfg)
			after := len(meanwhile)
			for range 100 {
				before = append(before, accepted(ctx, t, r, old))
			}
			stop()
			beside.Wait()
			if err != nil {
				t.Fatal(err)
			}
			if after == 0 || len(meanwhile) <= after {
				t.Errorf("%d of %d were accepted while the migration ran", after, len(meanwhile))
			}
			found(t, old, append(before, meanwhile...))
			if parts := count(ctx, t, pool, `select count(*) from pg_inherits where inhparent = 'message'::regclass`); parts < 3 {
				t.Errorf("message has %d partitions", parts)
			}
			if unproved := count(ctx, t, pool, `select count(*) from pg_constraint where not convalidated`); unproved > 0 {
				t.Errorf("%d constraints were not proved", unproved)
			}
			if apart := count(ctx, t, pool, `
select count(*) from pg_index x join pg_class c on c.oid = x.indexrelid join partition p on x.indrelid = to_regclass(p.name)
where not c.relispartition or not x.indisvalid`); apart > 0 {
				t.Errorf("%d indexes of partitions are not those of their parent", apart)
			}
		})
	}
}

// accepted applies a random acceptance of about now.
func accepted(ctx context.Context, t *testing.T, r interface{ Uint64() uint64 }, s *postgres.Store) store.Writes {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	w := porttest.NewAcceptance(porttest.NewRand(r.Uint64()), porttest.Given{At: now})
	first, err := s.Numbers(ctx, "contact", 1)
	if err != nil {
		t.Error(err)
		return w
	}
	id := contact.ID(first)
	store.Of(w.Contact).Contacts[0].ID, store.Of(w.Contact).Plans[0].Contact, store.Of(w.Contact).Steps[0].Contact, store.Of(w.Message).Messages[0].Origin.Contact = id, id, id, id
	for i := range store.Of(w.Intake).Keys {
		store.Of(w.Intake).Keys[i].Contact = id
	}
	for i := range store.Of(w.Ledger).Entries {
		store.Of(w.Ledger).Entries[i].Contact = id
	}
	store.In(&w.Message).Evidence = []message.Evidence{{Message: store.Of(w.Message).Messages[0].ID, Seq: 1, At: now, Kind: message.Noted, Provider: "sns"}}
	verdicts, err := s.Apply(ctx, w)
	if err != nil || verdicts[0].Outcome != store.Applied {
		t.Errorf("%+v, %v; want it applied", verdicts, err)
	}
	return w
}

// found proves that all of the acceptances are read back whole.
func found(t *testing.T, s *postgres.Store, all []store.Writes) {
	t.Helper()
	for _, w := range all {
		view, err := s.Contact(t.Context(), store.Of(w.Contact).Contacts[0].ID)
		if err != nil || len(view.Messages) != 1 || view.Messages[0].Due == nil || len(view.Messages[0].Evidence) != 1 {
			t.Fatalf("contact %s is read as %+v, %v", store.Of(w.Contact).Contacts[0].ID, view, err)
		}
	}
}

func count(ctx context.Context, t *testing.T, pool *pgxpool.Pool, statement string, args ...any) (n int64) {
	t.Helper()
	if err := pool.QueryRow(ctx, statement, args...).Scan(&n); err != nil {
		t.Fatalf("%.60s: %v", statement, err)
	}
	return n
}

// bare makes a database without a schema and returns its address.
func (s *server) bare(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("%s_bare_%d", s.template, s.made.Add(1))
	s.exec(tb, "create database "+name)
	tb.Cleanup(func() { s.exec(tb, "drop database "+name+" with (force)") })
	return s.at(tb, name)
}

// TestRoomAhead: the store says so while there is still room, and a missing partition refuses and harms nothing.
func TestRoomAhead(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server := newServer(t, "TEST_POSTGRES_URL")
	address := server.database(t)
	pool, err := pgxpool.New(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	s := postgres.OnPool(pool)
	if err := s.Check(ctx); err != nil {
		t.Fatal(err)
	}
	for _, late := range []struct{ says, statement string }{
		{
			"the sequence of contacts is in its last half block",
			`update number set next = (select max(high) - 4999999 from partition where parent = 'step') where name = 'contact'`,
		},
		{
			"the sequence of ledger entries is in its last half block",
			`update number set next = (select max(high) - 49999999 from partition where parent = 'ledger_entry') where name = 'ledger'`,
		},
	} {
		if _, err := pool.Exec(ctx, late.statement); err != nil {
			t.Fatal(err)
		}
		if err := s.Check(ctx); !fault.Is(err, fault.Misconfigured) {
			t.Errorf("%s: %v", late.says, err)
		}
		if made, err := s.Extend(ctx, time.Now()); err != nil || made == 0 {
			t.Errorf("%s: %d made, %v", late.says, made, err)
		}
		if err := s.Check(ctx); err != nil {
			t.Errorf("with room again: %v", err)
		}
	}
	w := porttest.NewAcceptance(porttest.NewRand(1), porttest.Given{At: time.Now().AddDate(5, 0, 0)})
	if _, err := s.Apply(ctx, w); !fault.Is(err, fault.Unavailable) {
		t.Errorf("without a partition: %v; want it told as the store's failure, to be tried again", err)
	}
	if _, err := s.Contact(ctx, store.Of(w.Contact).Contacts[0].ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("%v; want nothing of it", err)
	}
}

// TestManyMakeRoom: gateways that start at once do not get in each other's way.
func TestManyMakeRoom(t *testing.T) {
	t.Parallel()
	s := newServer(t, "TEST_POSTGRES_URL").open(t)
	var all sync.WaitGroup
	wrong := make([]error, 6)
	made := make([]int, len(wrong))
	for i := range wrong {
		all.Go(func() { made[i], wrong[i] = s.Extend(t.Context(), time.Now().AddDate(1, 0, 0)) })
	}
	all.Wait()
	makers := 0
	for _, n := range made {
		if n > 0 {
			makers++
		}
	}
	if err := errors.Join(wrong...); err != nil || makers != 1 {
		t.Errorf("%d of six made partitions, %v", makers, err)
	}
}

// TestHeldTables: what is kept of a dropped partition has the columns of its table, in their order. A migration that
// adds one adds it to both.
func TestHeldTables(t *testing.T) {
	t.Parallel()
	pool := newServer(t, "TEST_POSTGRES_URL").pool(t)
	for _, table := range []string{"contact", "plan", "step", "message", "evidence", "letter", "ledger_entry"} {
		if apart := count(t.Context(), t, pool, `
select count(*) from
    (select attname, attnum, atttypid from pg_attribute where attrelid = to_regclass($1) and attnum > 0) a
    full join (select attname, attnum, atttypid from pg_attribute where attrelid = to_regclass($1 || '_held') and attnum > 0) b
    on a.attname = b.attname and a.attnum = b.attnum and a.atttypid = b.atttypid
where a.attname is null or b.attname is null`, table); apart > 0 {
			t.Errorf("%d columns of %s and what is held of it differ", apart, table)
		}
	}
}

// TestDropWaitsForNobody: a transaction under way holds a drop up for this turn, and the drop holds up nobody.
func TestDropWaitsForNobody(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	pool := newServer(t, "TEST_POSTGRES_URL").pool(t)
	s := postgres.OnPool(pool)
	later := time.Now().AddDate(5, 0, 0)
	if _, err := s.Extend(ctx, later); err != nil {
		t.Fatal(err)
	}
	tx, err := pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, "select count(*) from message"); err != nil {
		t.Fatal(err)
	}
	keep := store.Retention{Messages: 30 * 24 * time.Hour}
	r, err := s.Retire(ctx, later, keep)
	if err != nil || len(r.Dropped) > 0 || len(r.Kept) != 1 {
		t.Errorf("while the table is read: %+v, %v", r, err)
	}
	if err := tx.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	before := count(ctx, t, pool, `select count(*) from pg_inherits where inhparent = 'message'::regclass`)
	r, err = s.Retire(ctx, later, keep)
	if err != nil || len(r.Dropped) != 2 || !r.More {
		t.Errorf("then: %+v, %v", r, err)
	}
	if after := count(ctx, t, pool, `select count(*) from pg_inherits where inhparent = 'message'::regclass`); after != before-1 {
		t.Errorf("%d partitions, %d before", after, before)
	}
	if left := count(ctx, t, pool, `select count(*) from partition where dropped_at <> 0 and to_regclass(name) is not null`); left > 0 {
		t.Errorf("%d tables were detached and are still there", left)
	}
}

// pool opens connections to a database of its own.
func (s *server) pool(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), s.database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}
