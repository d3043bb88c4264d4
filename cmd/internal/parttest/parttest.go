// Package parttest gives tests of both programs the parts they need: addresses of real ones, empty databases, and
// settings of a gateway that reaches nobody.
package parttest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"carillon/adapters/kit/secret"
	"carillon/cmd/internal/settings"

	"github.com/jackc/pgx/v5"
)

// RealPart is the address of a real part; a test that cannot get it is skipped, or fails where it must not be.
func RealPart(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		if os.Getenv("CARILLON_REAL_PARTS") == "required" {
			t.Fatalf("%s is not set: make services starts the real parts", name)
		}
		t.Skipf("%s is not set: make services starts the real parts", name)
	}
	return value
}

// Database makes an empty database on the PostgreSQL server and returns its URL.
func Database(t *testing.T) string {
	t.Helper()
	server := RealPart(t, "TEST_POSTGRES_URL")
	name := fmt.Sprintf("carillon_cmd_%d_%d", os.Getpid(), time.Now().UnixNano())
	run := func(statement string) error {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		conn, err := pgx.Connect(ctx, server)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, statement)
		return err
	}
	if err := run("create database " + name); err != nil {
		t.Fatalf("making a database: %v", err)
	}
	t.Cleanup(func() {
		if err := run("drop database if exists " + name + " with (force)"); err != nil {
			t.Errorf("dropping the database: %v", err)
		}
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal("TEST_POSTGRES_URL is no URL")
	}
	u.Path = "/" + name
	return u.String()
}

// OnBothStores are the stores that fire is laid to.
func OnBothStores(t *testing.T, test func(t *testing.T, store string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, filepath.Join(t.TempDir(), "carillon.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, Database(t))
	})
}

// Unplugged are the settings of a gateway as production wires it, on a store of its own: every adapter is there, and
// none can be called.
func Unplugged(t *testing.T) settings.Settings {
	t.Helper()
	return settings.Settings{
		Store: filepath.Join(
			t.TempDir(),
			"carillon.db",
		), Environment: "test", Lease: time.Minute, CallTimeout: time.Second, LettersSchedule: "0 2 * * *",
		Kafka: settings.Kafka{
			Brokers: []string{
				"127.0.0.1:1",
			}, Version: "2.8.0", Letters: "letters", Manifests: "manifests", LetterStatus: "letter-status",
			Status: "status", Group: "carillon", Timeout: time.Second,
		},
		SNS:    settings.AWS{Region: "us-east-1", Endpoint: "http://127.0.0.1:1", AccessKey: "x", SecretKey: secret.New("x")},
		SES:    settings.AWS{Region: "us-east-1", Endpoint: "http://127.0.0.1:1", AccessKey: "x", SecretKey: secret.New("x")},
		Dialer: settings.Dialer{URL: "http://127.0.0.1:1", Key: secret.New("x")},
	}
}
