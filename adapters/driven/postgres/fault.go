package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"carillon/core/fault"
)

// The codes of SQLSTATE that the store itself reacts to.
const (
	codeUnique    = "23505"
	codeTwice     = "21000" // an upsert met the same row twice in one statement
	codeExpected  = "CA409" // ours: expect_rows
	codeDeadlock  = "40P01"
	codeSerialize = "40001"
	codeCheck     = "23514" // no check of ours can fail: there is no partition for a row
)

// refusal is the cause of a fault that PostgreSQL reported. Its texts and details hold rows, so only the code and the
// names of the schema are kept.
type refusal struct{ code, table, constraint string }

// Error implements error.
func (r *refusal) Error() string {
	text := "PostgreSQL " + r.code
	if r.constraint != "" {
		text += " on " + r.constraint
	}
	return text
}

// classify translates an error at the border. It is the only place that knows PostgreSQL's codes; nil stays nil, and
// what is a fault already stays what it is.
func classify(doing string, err error) error {
	if err == nil {
		return nil
	}
	if known := (*fault.Error)(nil); errors.As(err, &known) {
		return err
	}
	if pgErr := (*pgconn.PgError)(nil); errors.As(err, &pgErr) {
		cause := &refusal{code: pgErr.Code, table: pgErr.TableName, constraint: pgErr.ConstraintName}
		return fault.Provider(kindOfCode(pgErr.Code), pgErr.Code, doing, cause)
	}
	return fault.Wrap(kindOfFailure(err), doing, err)
}

// kindOfFailure is the kind of a failure that did not come from the server.
func kindOfFailure(err error) fault.Kind {
	var network net.Error
	var connecting *pgconn.ConnectError
	switch {
	case errors.Is(err, context.Canceled):
		return fault.Cancelled
	case errors.Is(err, pgx.ErrNoRows):
		return fault.NotFound
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network), errors.As(err, &connecting),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		pgconn.SafeToRetry(err), pgconn.Timeout(err):
		return fault.Unavailable
	}
	return fault.Unknown
}

// kindOfCode is the kind of a code of SQLSTATE.
func kindOfCode(code string) fault.Kind {
	switch code {
	case "25006", codeCheck, codeSerialize, codeDeadlock, "55P03", "57014", "57P01", "57P02", "57P03", "57P05":
		// read-only, a missing partition, serialization, deadlock, lock or statement timeout, shutting down, starting up
		return fault.Unavailable
	case "40003", "08007": // whether it was committed is not known
		return fault.Ambiguous
	case "42501", "3D000", "3F000": // no right, no database, no schema
		return fault.Misconfigured
	case codeExpected, codeTwice:
		return fault.Conflict
	}
	class, _, _ := strings.Cut(code[:min(2, len(code))], " ")
	switch class {
	case "08", "53", "58": // connection, resources (disk full, too many connections), the machine
		return fault.Unavailable
	case "22": // a value the schema cannot hold
		return fault.Invalid
	case "23":
		return fault.Conflict
	case "28": // not let in
		return fault.Misconfigured
	}
	return fault.Unknown
}
