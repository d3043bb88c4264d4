package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strconv"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"carillon/core/fault"
	"carillon/core/store"
)

// loss ends a write set that lost: its verdict is no failure of the call.
type loss struct{ what store.Loss }

// Error implements error.
func (l *loss) Error() string { return "a write set lost over its " + string(l.what) }

// lose is the loss over what a verdict names.
func lose(what store.Loss) error { return &loss{what: what} }

// replay ends a write set that is answered from an earlier one.
type replay struct{ verdict store.Verdict }

// Error implements error.
func (*replay) Error() string { return "a write set is answered from an earlier one" }

// classify translates an error at the border. It is the only place that knows SQLite's codes; nil stays nil, and
// what is a fault already stays what it is. The driver's text, which can hold values, is not repeated.
func classify(doing string, err error) error {
	if err == nil {
		return nil
	}
	if known := (*fault.Error)(nil); errors.As(err, &known) {
		return err
	}
	if failure := (*sqlite.Error)(nil); errors.As(err, &failure) {
		return fault.Provider(kindOfCode(failure.Code()), "SQLITE_"+strconv.Itoa(failure.Code()), doing, err)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return fault.Wrap(fault.Cancelled, doing, err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, sql.ErrConnDone), errors.Is(err, sql.ErrTxDone),
		errors.Is(err, driver.ErrBadConn):
		return fault.Wrap(fault.Unavailable, doing, err)
	}
	return fault.Wrap(fault.Unknown, doing, err)
}

// kindOfCode is the kind of a result code; the low byte is the primary one.
func kindOfCode(code int) fault.Kind {
	switch code & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_READONLY,
		sqlite3.SQLITE_PERM, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fault.Unavailable
	case sqlite3.SQLITE_CONSTRAINT:
		return fault.Conflict
	case sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH:
		return fault.Invalid
	}
	return fault.Unknown
}

// ofCommit translates the error of a commit: after a failure of the disk it is not known whether the commit holds.
func ofCommit(err error) error {
	if failure := (*sqlite.Error)(nil); errors.As(err, &failure) && failure.Code()&0xff == sqlite3.SQLITE_IOERR {
		return fault.Provider(fault.Ambiguous, "SQLITE_"+strconv.Itoa(failure.Code()), "committing", err)
	}
	return classify("committing", err)
}

// isTwice reports whether a row's key was there already.
func isTwice(err error) bool {
	failure := (*sqlite.Error)(nil)
	if !errors.As(err, &failure) {
		return false
	}
	return failure.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || failure.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
}
