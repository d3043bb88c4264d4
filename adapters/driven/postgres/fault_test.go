package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"carillon/adapters/driven/postgres"
	"carillon/adapters/kit/secret"
	"carillon/core/fault"
)

func TestClassify(t *testing.T) {
	code := func(code string) error {
		return &pgconn.PgError{
			Code: code, Message: "value +12125550123 refused", Detail: "Key (address)=(+12125550123) already exists.",
			TableName: "point", ConstraintName: "point_pkey",
		}
	}
	for _, c := range []struct {
		says string
		err  error
		kind fault.Kind
	}{
		{"the connection does not exist", code("08003"), fault.Unavailable},
		{"the connection failed", code("08006"), fault.Unavailable},
		{"the transaction's outcome is not known", code("08007"), fault.Ambiguous},
		{"the statement's outcome is not known", code("40003"), fault.Ambiguous},
		{"a serialization failure", code("40001"), fault.Unavailable},
		{"a deadlock", code("40P01"), fault.Unavailable},
		{"a lock that could not be had", code("55P03"), fault.Unavailable},
		{"the statement took too long", code("57014"), fault.Unavailable},
		{"a read-only server", code("25006"), fault.Unavailable},
		{"the disk is full", code("53100"), fault.Unavailable},
		{"out of memory", code("53200"), fault.Unavailable},
		{"too many connections", code("53300"), fault.Unavailable},
		{"an administrator shuts down", code("57P01"), fault.Unavailable},
		{"a crash", code("57P02"), fault.Unavailable},
		{"the server is starting", code("57P03"), fault.Unavailable},
		{"an idle session ended", code("57P05"), fault.Unavailable},
		{"an I/O error", code("58030"), fault.Unavailable},
		{"a wrong password", code("28P01"), fault.Misconfigured},
		{"a role that is not let in", code("28000"), fault.Misconfigured},
		{"no right to the table", code("42501"), fault.Misconfigured},
		{"no such database", code("3D000"), fault.Misconfigured},
		{"a value that is too long", code("22001"), fault.Invalid},
		{"a text that is no UTF-8", code("22021"), fault.Invalid},
		{"a unique violation", code("23505"), fault.Conflict},
		{"our own expectation", code("CA409"), fault.Conflict},
		{"a table that is missing", code("42P01"), fault.Unknown},
		{"a syntax error", code("42601"), fault.Unknown},
		{"an internal error", code("XX000"), fault.Unknown},
		{"a code that is none", code("1"), fault.Unknown},
		{"a cancelled context", fmt.Errorf("asking: %w", context.Canceled), fault.Cancelled},
		{"a deadline", context.DeadlineExceeded, fault.Unavailable},
		{"no row", pgx.ErrNoRows, fault.NotFound},
		{"a closed connection", net.ErrClosed, fault.Unavailable},
		{"a refused connection", &net.OpError{Op: "dial", Err: errors.New("refused")}, fault.Unavailable},
		{"an answer cut off", io.ErrUnexpectedEOF, fault.Unavailable},
		{"a fault already", fault.New(fault.Invalid, "no"), fault.Invalid},
		{"anything else", errors.New("surprise"), fault.Unknown},
	} {
		t.Run(c.says, func(t *testing.T) {
			got := postgres.Classify(c.err)
			if fault.KindOf(got) != c.kind {
				t.Errorf("kind %s, want %s", fault.KindOf(got), c.kind)
			}
			for err := got; err != nil; err = errors.Unwrap(err) {
				if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "12125550123") {
					t.Error("the fault or its causes show the row")
				}
			}
		})
	}
	if postgres.Classify(nil) != nil {
		t.Error("nothing failed, and a fault came of it")
	}
}

func TestCommit(t *testing.T) {
	for _, c := range []struct {
		says string
		err  error
		kind fault.Kind
	}{
		{"whose answer was cut off is ambiguous", io.ErrUnexpectedEOF, fault.Ambiguous},
		{"that was cancelled on the way is ambiguous", fmt.Errorf("reading: %w", context.Canceled), fault.Ambiguous},
		{"that ran into its deadline is ambiguous", context.DeadlineExceeded, fault.Ambiguous},
		{"that the server refused is told as refused", &pgconn.PgError{Code: "53100"}, fault.Unavailable},
		{"that the shutdown aborted is not applied", &pgconn.PgError{Code: "57P01"}, fault.Unavailable},
	} {
		t.Run(c.says, func(t *testing.T) {
			if got := fault.KindOf(postgres.OfCommit(c.err)); got != c.kind {
				t.Errorf("kind %s, want %s", got, c.kind)
			}
		})
	}
}

func TestOpen(t *testing.T) {
	t.Run("names what is wrong with its configuration", func(t *testing.T) {
		_, err := postgres.Open(t.Context(), postgres.Config{MaxConns: -1})
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("got %v, want invalid", err)
		}
	})
	t.Run("does not show the password of an address it cannot read", func(t *testing.T) {
		_, err := postgres.Open(t.Context(), postgres.Config{URL: secret.New("postgres://u:hunter2@h:x/d")})
		if !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v, want invalid without the password", err)
		}
	})
	t.Run("is unavailable where nobody listens", func(t *testing.T) {
		for _, skip := range []bool{true, false} {
			_, err := postgres.Open(t.Context(), postgres.Config{URL: secret.New("postgres://u:hunter2@127.0.0.1:1/d"), SkipMigrate: skip})
			if !fault.Is(err, fault.Unavailable) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want unavailable", err)
			}
		}
	})
	t.Run("brings the schema up to date once, however many open at the same time", func(t *testing.T) {
		s := newServer(t, "TEST_POSTGRES_URL")
		name := s.template + "_empty"
		s.exec(t, "create database "+name)
		t.Cleanup(func() { s.exec(t, "drop database "+name+" with (force)") })
		failures := make(chan error, 3)
		for range cap(failures) {
			go func() {
				opened, err := postgres.Open(context.WithoutCancel(t.Context()), postgres.Config{URL: secret.New(s.at(t, name)), MaxConns: 2})
				if err == nil {
					err = errors.Join(opened.Check(t.Context()), opened.Close())
				}
				failures <- err
			}()
		}
		for range cap(failures) {
			if err := <-failures; err != nil {
				t.Error(err)
			}
		}
	})
}
