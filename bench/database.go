package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Database is a fresh database on the server under measurement.
type Database struct {
	URL   string
	name  string
	admin *pgxpool.Pool // to the server's own database, so that its work is not counted
}

// createDatabase makes an empty database. Only a server on loopback is taken: a measurement fills and truncates.
func createDatabase(ctx context.Context, server string) (*Database, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, errors.New("the server's URL cannot be read")
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, errors.New("the server is not on loopback")
	}
	admin, err := pgxpool.New(ctx, server)
	if err != nil {
		return nil, err
	}
	d := &Database{admin: admin, name: fmt.Sprintf("carillon_bench_%d_%d", os.Getpid(), time.Now().UnixNano())}
	if _, err := admin.Exec(ctx, "create database "+d.name); err != nil {
		admin.Close()
		return nil, err
	}
	u.Path = "/" + d.name
	d.URL = u.String()
	return d, nil
}

// Drop removes the database, whoever is still connected.
func (d *Database) Drop() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	defer d.admin.Close()
	_, err := d.admin.Exec(ctx, "drop database "+d.name+" with (force)")
	return err
}

// hotTables are what acceptance and dispatch write. Every run begins with all of them empty.
func hotTables() []string {
	return []string{
		"intake_key", "contact", "plan", "step", "message", "due", "evidence", "provider_ref", "deadline", "counter",
		"ledger_entry", "ledger_mark",
	}
}

// Reset empties the hot tables.
func Reset(ctx context.Context, pool *pgxpool.Pool) error {
	_, err := pool.Exec(ctx, "truncate "+strings.Join(hotTables(), ", ")+" restart identity")
	return err
}

// Settle lets a filled database come to rest: statistics are there and no autovacuum is due.
func Settle(ctx context.Context, pool *pgxpool.Pool) error {
	_, err := pool.Exec(ctx, "vacuum (analyze) "+strings.Join(hotTables(), ", "))
	return err
}

// Counts are the rows of each hot table.
type Counts map[string]int64

// countRows counts the hot tables.
func countRows(ctx context.Context, pool *pgxpool.Pool) (Counts, error) {
	counts := Counts{}
	for _, table := range hotTables() {
		var n int64
		if err := pool.QueryRow(ctx, "select count(*) from "+table).Scan(&n); err != nil {
			return nil, err
		}
		counts[table] = n
	}
	return counts, nil
}

// openPool opens connections for raw statements, as many as workers.
func openPool(ctx context.Context, address string, conns int) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns, cfg.MinConns = int32(conns), int32(conns) //nolint:gosec // a handful
	return pgxpool.NewWithConfig(ctx, cfg)
}

// send sends a pipeline that is a transaction of its own.
func send(ctx context.Context, pool *pgxpool.Pool, batch *pgx.Batch) error {
	return pool.SendBatch(ctx, batch).Close()
}
