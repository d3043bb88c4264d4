package sqlite

import (
	"database/sql"
	"strings"
	"time"

	"carillon/core/message"
)

// micros is a time as stored; 0 is none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// moment reads a time as stored.
type moment struct{ to *time.Time }

// Scan implements sql.Scanner.
func (m moment) Scan(src any) error {
	var n sql.NullInt64
	if err := n.Scan(src); err != nil {
		return err
	}
	*m.to = timeOf(n.Int64)
	return nil
}

// timeOf is a time as read.
func timeOf(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// span reads a length of time as stored.
type span struct{ to *time.Duration }

// Scan implements sql.Scanner.
func (s span) Scan(src any) error {
	var n sql.NullInt64
	if err := n.Scan(src); err != nil {
		return err
	}
	*s.to = time.Duration(n.Int64) * time.Microsecond
	return nil
}

// octets reads bytes of a fixed length; none is zero.
type octets struct{ to []byte }

// Scan implements sql.Scanner.
func (o octets) Scan(src any) error {
	clear(o.to)
	if stored, ok := src.([]byte); ok {
		copy(o.to, stored)
	}
	return nil
}

// origin reads what an origin names, behind its kind.
type origin struct{ to *message.Origin }

// Scan implements sql.Scanner.
func (o origin) Scan(src any) error {
	var n sql.NullInt64
	err := n.Scan(src)
	o.to.Is(n.Int64)
	return err
}

// idOrNone is an identifier as stored where it may be none.
func idOrNone(id message.ID) any {
	if id.IsZero() {
		return nil
	}
	return id[:]
}

// list is a list of words as stored.
func list[S ~string](words []S) string {
	plain := make([]string, len(words))
	for i, w := range words {
		plain[i] = string(w)
	}
	return strings.Join(plain, ",")
}

// words reads a list of words as stored; none is nil.
type words[S ~string] struct{ to *[]S }

// Scan implements sql.Scanner.
func (w words[S]) Scan(src any) error {
	var stored sql.NullString
	if err := stored.Scan(src); err != nil {
		return err
	}
	*w.to = nil
	if stored.String == "" {
		return nil
	}
	for word := range strings.SplitSeq(stored.String, ",") {
		*w.to = append(*w.to, S(word))
	}
	return nil
}

// collect reads rows to their end.
func collect[T any](rows *sql.Rows, err error, scan func(rowScanner, *T) error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // reading has ended; Err tells what went wrong
	var all []T
	for rows.Next() {
		var one T
		if err := scan(rows, &one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
