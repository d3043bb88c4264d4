package sqlite

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

// tx is the transaction on the writing connection, with the statements prepared there. What every set only appends,
// counters and ledger entries, is gathered and written at the end in a few rows.
type tx struct {
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
	counts   map[message.Count]int64 // by a count without its delta
	entries  []ledger.Entry
}

func (x *tx) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := x.prepared[query]; ok {
		return s, nil
	}
	s, err := x.conn.PrepareContext(ctx, query)
	if err == nil {
		x.prepared[query] = s
	}
	return s, err
}

// exec runs a statement and returns how many rows it touched.
func (x *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	s, err := x.stmt(ctx, query) //nolint:sqlclosecheck // it stays prepared until the store closes
	if err != nil {
		return 0, err
	}
	result, err := s.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// must runs a statement that touches one row; the set loses over what when it touches none or the row's key is there.
func (x *tx) must(ctx context.Context, what store.Loss, query string, args ...any) error {
	n, err := x.exec(ctx, query, args...)
	if isTwice(err) || err == nil && n == 0 {
		return lose(what)
	}
	return err
}

// rowScanner is one row to come.
type rowScanner interface{ Scan(to ...any) error }

// failedRow is a row whose statement could not be prepared.
type failedRow struct{ err error }

// Scan returns why.
func (r failedRow) Scan(...any) error { return r.err }

// row runs a statement that returns one row; sql.ErrNoRows when there is none.
func (x *tx) row(ctx context.Context, query string, args ...any) rowScanner {
	s, err := x.stmt(ctx, query) //nolint:sqlclosecheck // it stays prepared until the store closes
	if err != nil {
		return failedRow{err}
	}
	return s.QueryRowContext(ctx, args...)
}

// rows runs a statement that returns rows.
func (x *tx) rows(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := x.stmt(ctx, query) //nolint:sqlclosecheck // it stays prepared until the store closes
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

func (x *tx) begin(ctx context.Context) error {
	x.counts, x.entries = make(map[message.Count]int64), nil
	_, err := x.exec(ctx, "begin immediate")
	return err
}

// rollback undoes the transaction. SQLite may have done so itself, which is no failure.
func (x *tx) rollback(ctx context.Context) { _, _ = x.exec(ctx, "rollback") }

// finish writes what was gathered.
func (x *tx) finish(ctx context.Context) error {
	for c, delta := range x.counts {
		if delta == 0 {
			continue
		}
		if err := x.count(ctx, c, delta); err != nil {
			return classify("writing counters", err)
		}
	}
	return classify("writing ledger entries", x.appendEntries(ctx))
}

const insertCounter = `insert into counter (hour, channel, urgency, place, delta) values (?, ?, ?, ?, ?)`

func (x *tx) count(ctx context.Context, c message.Count, delta int64) error {
	_, err := x.exec(ctx, insertCounter, micros(c.Hour), string(c.Channel), int64(c.Urgency), int64(c.Place), delta)
	return err
}

// entryBlock is how many ledger entries one statement writes.
const entryBlock = 64

const insertEntry = `insert into ledger_entry (id, source, division, body) values (?, ?, ?, ?)`

// appendEntries numbers the entries of the transaction one after the other and marks the stretch for the sealer, with
// the store's own time: how long the stretch waits is shown, and nothing is decided by it.
func (x *tx) appendEntries(ctx context.Context) error {
	if len(x.entries) == 0 {
		return nil
	}
	first, err := x.reserve(ctx, ledgerNumbers, int64(len(x.entries)))
	if err != nil {
		return err
	}
	block := insertEntry + strings.Repeat(", (?, ?, ?, ?)", entryBlock-1)
	for at := 0; at < len(x.entries); {
		query, n := insertEntry, 1
		if len(x.entries)-at >= entryBlock {
			query, n = block, entryBlock
		}
		args := make([]any, 0, 4*n)
		for i, e := range x.entries[at : at+n] {
			args = append(args, first+int64(at+i), e.Source, e.Division, e.Canonical())
		}
		if _, err := x.exec(ctx, query, args...); err != nil {
			return err
		}
		at += n
	}
	_, err = x.exec(ctx, `insert into ledger_mark (first, n, at) values (?, ?, ?)`, first, len(x.entries), micros(time.Now()))
	return err
}
