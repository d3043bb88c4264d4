package postgres_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"carillon/adapters/driven/postgres"
	"carillon/adapters/kit/secret"
	"carillon/core/porttest"
	"carillon/core/store"
)

// servers are the versions the store is proved against: the newest and the oldest that is supported.
func servers() map[string]string {
	return map[string]string{"newest": "TEST_POSTGRES_URL", "oldest": "TEST_POSTGRES15_URL"}
}

func TestStore(t *testing.T) {
	for name, variable := range servers() {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, variable)
			porttest.Store(t, func(t *testing.T) store.Store {
				t.Helper()
				return server.open(t)
			})
		})
	}
}

// server makes fresh databases on one PostgreSQL server, as copies of one that was migrated.
type server struct {
	url      string
	admin    *pgxpool.Pool
	template string
	made     atomic.Int64
}

// newServer returns the server the variable names; without one it skips, or fails where real parts are required.
func newServer(tb testing.TB, variable string) *server {
	tb.Helper()
	address := os.Getenv(variable)
	if address == "" {
		if os.Getenv("CARILLON_REAL_PARTS") == "required" {
			tb.Fatalf("%s is not set: make services starts a server", variable)
		}
		tb.Skipf("%s is not set", variable)
	}
	admin, err := pgxpool.New(tb.Context(), address)
	if err != nil {
		tb.Fatal("the address of the server cannot be read")
	}
	tb.Cleanup(admin.Close)
	s := &server{url: address, admin: admin, template: fmt.Sprintf("carillon_%d_%d", os.Getpid(), time.Now().UnixNano())}
	s.exec(tb, "create database "+s.template)
	tb.Cleanup(func() { s.exec(tb, "drop database "+s.template+" with (force)") })
	if err := postgres.Migrate(tb.Context(), postgres.Config{URL: secret.New(s.at(tb, s.template))}); err != nil {
		tb.Fatal(err)
	}
	return s
}

// database makes an empty database and returns its address.
func (s *server) database(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("%s_%d", s.template, s.made.Add(1))
	s.exec(tb, "create database "+name+" template "+s.template)
	tb.Cleanup(func() { s.exec(tb, "drop database "+name+" with (force)") })
	return s.at(tb, name)
}

// open returns an empty store.
func (s *server) open(t *testing.T) *postgres.Store {
	t.Helper()
	opened, err := postgres.Open(t.Context(), postgres.Config{URL: secret.New(s.database(t)), MaxConns: 12, SkipMigrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return opened
}

func (s *server) at(tb testing.TB, database string) string {
	tb.Helper()
	u, err := url.Parse(s.url)
	if err != nil {
		tb.Fatal("the address of the server cannot be read")
	}
	u.Path = "/" + database
	query := u.Query()
	query.Set("synchronous_commit", "off") // nothing here pulls the plug
	u.RawQuery = query.Encode()
	return u.String()
}

func (s *server) exec(tb testing.TB, statement string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), time.Minute)
	defer cancel()
	if _, err := s.admin.Exec(ctx, statement, pgx.QueryExecModeSimpleProtocol); err != nil {
		tb.Fatalf("%s: %v", strings.SplitN(statement, " ", 3)[:2], err)
	}
}
