package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
)

// read runs f on one snapshot.
func (s *Store) read(ctx context.Context, doing string, f func(q *sql.Tx) error) error {
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.closed {
		return fault.New(fault.Unavailable, doing+": the store is closed")
	}
	q, err := s.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return classify(doing, err)
	}
	defer q.Rollback() //nolint:errcheck // nothing was written
	err = f(q)
	if isNone(err) {
		return fault.New(fault.NotFound, doing+": there is no such thing")
	}
	if err != nil && ctx.Err() != nil { // whatever the driver says, this is why
		err = ctx.Err()
	}
	return classify(doing, err)
}

// Contact implements [store.Contacts].
func (s *Store) Contact(ctx context.Context, id contact.ID) (v store.ContactView, err error) {
	err = s.read(ctx, "reading a contact", func(q *sql.Tx) error {
		found, err := views(ctx, q, []contact.ID{id})
		if err == nil && len(found) == 0 {
			err = sql.ErrNoRows
		}
		if err == nil {
			v = found[0]
		}
		return err
	})
	return v, err
}

// some reads one thing after the other and leaves out those that are not there.
func some[K, T any](keys []K, read func(K) (T, error)) ([]T, error) {
	var found []T
	for _, k := range keys {
		one, err := read(k)
		switch {
		case isNone(err):
		case err != nil:
			return nil, err
		default:
			found = append(found, one)
		}
	}
	return found, nil
}

func scanStep(r rowScanner, s *plan.Step) error {
	return r.Scan(&s.Contact, &s.Number, octets{s.Message[:]}, moment{&s.StartedAt}, &s.Why)
}

const keyByName = `
select kind, source, division, key, hash, contact, at from intake_key where kind = ? and source = ? and key = ?`

// Key implements [store.Contacts].
func (s *Store) Key(ctx context.Context, kind store.KeyKind, source, key string) (k store.IntakeKey, err error) {
	err = s.read(ctx, "reading an intake key", func(q *sql.Tx) error {
		k, err = intakeKey(ctx, q, kind, source, key)
		return err
	})
	return k, err
}

// Keys implements [store.Many].
func (s *Store) Keys(ctx context.Context, kind store.KeyKind, source string, keys []string) (found []store.IntakeKey, err error) {
	err = s.read(ctx, "reading intake keys", func(q *sql.Tx) error {
		found, err = some(keys, func(key string) (store.IntakeKey, error) { return intakeKey(ctx, q, kind, source, key) })
		return err
	})
	return found, err
}

func intakeKey(ctx context.Context, q *sql.Tx, kind store.KeyKind, source, key string) (k store.IntakeKey, err error) {
	err = q.QueryRowContext(ctx, keyByName, int64(kind), source, key).
		Scan(&k.Kind, &k.Source, &k.Division, &k.Key, octets{k.Hash[:]}, &k.Contact, moment{&k.At})
	return k, err
}

// Messages implements [store.Contacts].
func (s *Store) Messages(ctx context.Context, ids []message.ID) (all []message.Record, err error) {
	err = s.read(ctx, "reading messages", func(q *sql.Tx) error {
		all, err = records(ctx, q, ids)
		return err
	})
	return all, err
}

// recordBlock is how many messages are read at once.
const recordBlock = 500

// records reads messages with their due rows, their lanes' pauses and their evidence, in the order asked.
func records(ctx context.Context, q *sql.Tx, ids []message.ID) ([]message.Record, error) {
	found := make(map[message.ID]*message.Record, len(ids))
	for from := 0; from < len(ids); from += recordBlock {
		block := ids[from:min(from+recordBlock, len(ids))]
		if err := recordsInto(ctx, q, block, found); err != nil {
			return nil, err
		}
	}
	all := make([]message.Record, 0, len(ids))
	for _, id := range ids {
		if r, ok := found[id]; ok {
			all = append(all, *r)
		}
	}
	return all, nil
}

// The parts of a record, by the messages' identifiers.
const (
	recordsOf = `
select ` + messageColumns + `, coalesce(p.reason, '')
from message m left join lane_pause p on p.lane = m.lane where m.id in `

	duesOf     = `select ` + dueColumns + ` from due d where d.message in `
	evidenceOf = `select ` + evidenceColumns + ` from evidence e where e.message in %s order by e.message, e.seq`
)

func recordsInto(ctx context.Context, q *sql.Tx, ids []message.ID, found map[message.ID]*message.Record) error {
	in := `(?` + strings.Repeat(`, ?`, len(ids)-1) + `)`
	args := make([]any, len(ids))
	for i := range ids {
		args[i] = ids[i][:]
	}
	rows, err := q.QueryContext(ctx, recordsOf+in, args...)
	messages, err := collect(rows, err, func(r rowScanner, m *message.Record) error {
		return r.Scan(append(messageInto(&m.Message), &m.Pause)...)
	})
	if err != nil {
		return err
	}
	for i := range messages {
		found[messages[i].Message.ID] = &messages[i]
	}
	rows, err = q.QueryContext(ctx, duesOf+in, args...)
	dues, err := collect(rows, err, func(r rowScanner, d *message.Due) error { return r.Scan(dueInto(d)...) })
	if err != nil {
		return err
	}
	for i := range dues {
		if r, ok := found[dues[i].Message]; ok {
			r.Due = &dues[i]
		}
	}
	rows, err = q.QueryContext(ctx, fmt.Sprintf(evidenceOf, in), args...)
	seen, err := collect(rows, err, scanEvidence)
	for _, e := range seen {
		if r, ok := found[e.Message]; ok {
			r.Evidence = append(r.Evidence, e)
		}
	}
	return err
}

// Where a person is found.
const (
	byNumber   = ` where id = ?`
	byExternal = ` where source = ? and external_id = ?`
)

// Person implements [store.Customers].
func (s *Store) Person(ctx context.Context, id customer.PersonID) (p customer.Person, err error) {
	err = s.read(ctx, "reading a person", func(q *sql.Tx) error {
		p, err = personBy(ctx, q, byNumber, int64(id))
		return err
	})
	return p, err
}

// PersonByExternal implements [store.Customers].
func (s *Store) PersonByExternal(ctx context.Context, source, externalID string) (p customer.Person, err error) {
	err = s.read(ctx, "reading a person", func(q *sql.Tx) error {
		p, err = personBy(ctx, q, byExternal, source, externalID)
		return err
	})
	return p, err
}

// Persons implements [store.Many].
func (s *Store) Persons(ctx context.Context, ids []customer.PersonID) (found []customer.Person, err error) {
	err = s.read(ctx, "reading persons", func(q *sql.Tx) error {
		found, err = some(ids, func(id customer.PersonID) (customer.Person, error) { return personBy(ctx, q, byNumber, int64(id)) })
		return err
	})
	return found, err
}

// PersonsByExternal implements [store.Many].
func (s *Store) PersonsByExternal(ctx context.Context, source string, externalIDs []string) (found []customer.Person, err error) {
	err = s.read(ctx, "reading persons", func(q *sql.Tx) error {
		found, err = some(externalIDs, func(id string) (customer.Person, error) { return personBy(ctx, q, byExternal, source, id) })
		return err
	})
	return found, err
}

func personBy(ctx context.Context, q *sql.Tx, where string, args ...any) (p customer.Person, err error) {
	if err := scanPerson(q.QueryRowContext(ctx, `select `+personColumns+` from person`+where, args...), &p); err != nil {
		return p, err
	}
	rows, err := q.QueryContext(ctx, pointsOf, int64(p.ID))
	if p.Points, err = collect(rows, err, scanPoint); err != nil {
		return p, err
	}
	p.Identifiers, err = identifiersOf(ctx, q, p.ID)
	return p, err
}
