// Package sqlite is the embedded store: one file, one process, no server.
//
// One connection writes. Callers queue, one of them takes what has gathered and commits it in a single transaction,
// each write set under a savepoint of its own, so that a loser is undone alone (commit.go). A few connections read;
// each read is one snapshot, and sees everything that was answered before it began. The file is in WAL mode with
// synchronous=FULL: what was answered survives a crash of the machine.
//
// A second process is refused by a lock on <path>.lock, which the operating system drops when the process ends.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"carillon/core/fault"
	"carillon/core/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Config is where the store keeps its file.
type Config struct {
	Path string `env:"PATH" desc:"file of the embedded store; its folder is made when there is none"`
}

// Validate names everything that is wrong.
func (c Config) Validate() error {
	if c.Path == "" {
		return fault.New(fault.Invalid, "sqlite: the path is required")
	}
	return nil
}

// Store implements [store.Store]. It is safe for concurrent use by one process.
type Store struct {
	commits *committer
	writer  *sql.DB
	readers *sql.DB
	lock    *os.File

	gate   sync.RWMutex // held for reading by every read; taken by Close
	closed bool
}

var _ store.Store = (*Store)(nil)

// maxReaders bounds the reading connections: readers that spin would take the processor from the writer.
const maxReaders = 4

// Open opens the file, which is made when there is none, brings its schema up to date and returns the store;
// fault.Invalid, fault.Misconfigured when another process has it open, or fault.Unavailable.
func Open(ctx context.Context, cfg Config) (s *Store, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s = &Store{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.release())
			s = nil
		}
	}()
	if s.lock, err = prepareFile(cfg.Path); err != nil {
		return s, err
	}
	if s.writer, err = sql.Open("sqlite", dsn(cfg.Path, "_txlock", "immediate")); err != nil {
		return s, classify("opening the store", err)
	}
	s.writer.SetMaxOpenConns(1)
	if err = migrate(ctx, s.writer); err != nil {
		return s, err
	}
	if s.readers, err = sql.Open("sqlite", dsn(cfg.Path, "_pragma", "query_only(1)")); err != nil {
		return s, classify("opening the store", err)
	}
	s.readers.SetMaxOpenConns(maxReaders)
	s.readers.SetMaxIdleConns(maxReaders)
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return s, classify("opening the store", err)
	}
	s.commits = newCommitter(conn)
	return s, nil
}

// prepareFile makes the folder and the file, readable by nobody else, and takes the lock.
func prepareFile(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fault.Wrap(fault.Misconfigured, "making the folder of the store", err)
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return lock, fault.Wrap(fault.Misconfigured, "opening the file of the store", err)
	}
	return lock, file.Close()
}

// dsn names the file with what every connection is set to, and one thing more.
func dsn(path, name, value string) string {
	q := url.Values{"_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(0)", "temp_store(MEMORY)",
		"cache_size(-16000)",
	}}
	q.Add(name, value)
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fault.Wrap(fault.Unknown, "reading migrations", err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fault.Wrap(fault.Unknown, "reading migrations", err)
	}
	_, err = provider.Up(ctx)
	return classify("bringing the schema up to date", err)
}

// Close waits for what is under way and closes the file.
func (s *Store) Close() error {
	s.gate.Lock()
	defer s.gate.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return s.release()
}

// release gives back whatever was opened.
func (s *Store) release() error {
	var errs []error
	if s.commits != nil {
		errs = append(errs, s.commits.close())
	}
	if s.readers != nil {
		errs = append(errs, s.readers.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.Close())
	}
	if s.lock != nil {
		errs = append(errs, unlockFile(s.lock))
	}
	return classify("closing the store", errors.Join(errs...))
}

// Apply implements [store.Applier]. One call is one transaction, which it shares with others that came at the same
// time. A context that ends while the transaction is under way does not cut it short: the answer is awaited.
func (s *Store) Apply(ctx context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	if err := ctx.Err(); err != nil {
		return nil, classify("applying write sets", err)
	}
	if len(sets) == 0 {
		return nil, nil
	}
	verdicts := make([]store.Verdict, len(sets))
	err := s.commits.run(ctx, len(sets), func(ctx context.Context, x *tx) error {
		for i := range sets {
			v, err := x.applySet(ctx, &sets[i], verdicts[:i])
			if err != nil {
				return err
			}
			verdicts[i] = v
		}
		return nil
	})
	if err != nil {
		return nil, classify("applying write sets", err)
	}
	return verdicts, nil
}

// Extend implements [store.Upkeep]: the tables are whole and grow by themselves.
func (s *Store) Extend(context.Context, time.Time) (made int, err error) { return 0, nil }

// Troubles implements [store.Upkeep]: there is no server.
func (s *Store) Troubles(context.Context) ([]string, error) { return nil, nil }

// Check writes and reads back.
func (s *Store) Check(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- s.beat(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return classify("checking the store", ctx.Err())
	}
}

func (s *Store) beat(ctx context.Context) error {
	var written, read int64
	err := s.commits.run(ctx, 1, func(ctx context.Context, x *tx) error {
		return x.row(ctx, `update heartbeat set beats = beats + 1 where id = 1 returning beats`).Scan(&written)
	})
	if err != nil {
		return classify("checking the store", err)
	}
	err = s.read(ctx, "checking the store", func(q *sql.Tx) error {
		return q.QueryRowContext(ctx, `select beats from heartbeat where id = 1`).Scan(&read)
	})
	if err == nil && read < written {
		return fault.New(fault.Unavailable, "the store does not read what it wrote")
	}
	return err
}
