// Package postgres is the production store: PostgreSQL 15 to 18 through pgx.
//
// One call of [Store.Apply] is one transaction. Its write sets are merged into a few statements over arrays and sent
// as one pipeline with one synchronisation, so that one set or five hundred cost the same round trip; the transaction
// is the pipeline's own, and a statement that finds other rows than it must aborts it. Only when one of the sets lost
// is the call repeated in a transaction of its own that looks the losers up, halving what still fails (losers.go).
//
// The wide tables are written once. What waits is a row of the narrow table due, where a lease is a later due time and
// the primary key is the queue; what became of a message is told by that row and by evidence. Times are microseconds.
package postgres

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"carillon/adapters/kit/secret"
	"carillon/core/fault"
	"carillon/core/store"
)

// Config is how to reach the database.
type Config struct {
	URL         secret.Text   `env:"URL" desc:"postgres://user:password@host:port/database; pgx's parameters are understood"`
	MaxConns    int32         `env:"MAX_CONNS" desc:"connections at most; 0: as many as four, or one per processor"`
	Connect     time.Duration `env:"CONNECT_TIMEOUT" desc:"how long to wait for a connection to open; 0: five seconds"`
	Name        string        `env:"NAME" desc:"application_name of the connections; empty: carillon"`
	SkipMigrate bool          `env:"SKIP_MIGRATE" desc:"do not bring the schema up to date when the store opens"`
}

// ourName is how the connections of a gateway are known in pg_stat_activity.
const ourName = "carillon"

// defaultConnect bounds the opening of one connection.
const defaultConnect = 5 * time.Second

// Validate names everything that is wrong.
func (c Config) Validate() error {
	var wrong []error
	if c.URL.Empty() {
		wrong = append(wrong, fault.New(fault.Invalid, "postgres: the URL is required"))
	}
	if c.MaxConns < 0 {
		wrong = append(wrong, fault.New(fault.Invalid, "postgres: the number of connections is not negative"))
	}
	if c.Connect < 0 {
		wrong = append(wrong, fault.New(fault.Invalid, "postgres: the connect timeout is not negative"))
	}
	return errors.Join(wrong...)
}

// Store implements [store.Store]. It is safe for concurrent use.
type Store struct {
	pool *pgxpool.Pool

	mu    sync.Mutex // guards the block of ledger numbers
	block block
	todos block
}

var _ store.Store = (*Store)(nil)

// Open connects, brings the schema up to date unless told not to, and returns the store; fault.Invalid,
// fault.Misconfigured or fault.Unavailable.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if !cfg.SkipMigrate {
		if err := Migrate(ctx, cfg); err != nil {
			return nil, err
		}
	}
	settings, err := poolSettings(cfg)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return nil, classify("connecting to PostgreSQL", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, classify("connecting to PostgreSQL", err)
	}
	opened := &Store{pool: pool}
	if _, err := opened.scalar(ctx, "making partitions ahead", extendNow); err != nil {
		pool.Close()
		return nil, err
	}
	return opened, nil
}

func poolSettings(cfg Config) (*pgxpool.Config, error) {
	settings, err := pgxpool.ParseConfig(cfg.URL.Reveal())
	if err != nil {
		return nil, fault.New(fault.Invalid, "the PostgreSQL URL cannot be read") // the cause may show the password
	}
	if cfg.MaxConns > 0 {
		settings.MaxConns = cfg.MaxConns
	}
	settings.ConnConfig.ConnectTimeout = cfg.Connect
	if cfg.Connect == 0 {
		settings.ConnConfig.ConnectTimeout = defaultConnect
	}
	if cfg.Name != "" || settings.ConnConfig.RuntimeParams["application_name"] == "" {
		settings.ConnConfig.RuntimeParams["application_name"] = cmp.Or(cfg.Name, ourName)
	}
	return settings, nil
}

// Close waits for what is under way and closes the connections.
func (s *Store) Close() error {
	s.pool.Close()
	return nil
}

// beat writes and reads back one row.
const beat = `update heartbeat set beats = beats + 1 where id = 1 returning beats`

// look sends statements that read by key as one round trip under one snapshot. Their results are read by the functions that were
// queued with them.
func (s *Store) look(ctx context.Context, doing string, queue func(*pgx.Batch)) error {
	batch := &pgx.Batch{}
	batch.Queue("begin isolation level repeatable read read only")
	batch.Queue(byIndex)
	queue(batch)
	batch.Queue("commit")
	return classify(doing, s.pool.SendBatch(ctx, batch).Close())
}
