package sqlite

import (
	"context"
	"database/sql"
	"math"
	"strings"

	"carillon/core/contact"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
)

// lastID is beyond every identifier.
func lastID() (id message.ID) {
	for i := range id {
		id[i] = math.MaxUint8
	}
	return id
}

const selectDead = `
select message, place, at, accepted_at, source, division, contact, class, type, channel, route, urgency, reason, code, attempts
from dead_letter where place = ? and (at, message) < (?, ?) order by at desc, message desc limit ?`

// DeadLetters implements [store.Failures].
func (s *Store) DeadLetters(ctx context.Context, place message.Place, after message.DeadCursor, limit int) (all []message.DeadLetter, err error) {
	at, id := micros(after.At), after.Message
	if after.At.IsZero() {
		at, id = math.MaxInt64, lastID()
	}
	err = s.read(ctx, "reading dead letters", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, selectDead, int64(place), at, id[:], limit)
		all, err = collect(rows, err, func(r rowScanner, d *message.DeadLetter) error {
			return r.Scan(octets{d.Message[:]}, &d.Place, moment{&d.At}, moment{&d.AcceptedAt}, &d.Source, &d.Division, &d.Contact,
				&d.Class, &d.Type, &d.Channel, &d.Route, &d.Urgency, &d.Reason, &d.Code, &d.Attempts)
		})
		return err
	})
	return all, err
}

// Waiting implements [store.Failures].
func (s *Store) Waiting(ctx context.Context, after, until message.ID, limit int) (all []message.Record, err error) {
	if until.IsZero() {
		until = lastID()
	}
	err = s.read(ctx, "reading what waits", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, `select message from due where message > ? and message < ? order by message limit ?`,
			after[:], until[:], limit)
		ids, err := collect(rows, err, func(r rowScanner, id *message.ID) error { return r.Scan(octets{id[:]}) })
		if err != nil {
			return err
		}
		all, err = records(ctx, q, ids)
		return err
	})
	return all, err
}

// viewBlock is how many contacts are read at once.
const viewBlock = 500

// ContactViews implements [store.Failures].
func (s *Store) ContactViews(ctx context.Context, ids []contact.ID) (all []store.ContactView, err error) {
	err = s.read(ctx, "reading contacts", func(q *sql.Tx) error {
		for from := 0; from < len(ids); from += viewBlock {
			views, err := views(ctx, q, ids[from:min(from+viewBlock, len(ids))])
			if err != nil {
				return err
			}
			all = append(all, views...)
		}
		return nil
	})
	return all, err
}

const contactsByID = `
select id, accepted_at, source, division, reference, class, type, person, account, premise, data, inline, expires_at, config, by
from contact where id in `

func views(ctx context.Context, q *sql.Tx, ids []contact.ID) ([]store.ContactView, error) {
	in := `(?` + strings.Repeat(`, ?`, len(ids)-1) + `) `
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = int64(id)
	}
	contacts, err := readAll(ctx, q, contactsByID+in+`order by id`, args, scanContact)
	if err != nil {
		return nil, err
	}
	plans, err := readAll(ctx, q, `select contact, steps from plan where contact in `+in, args, func(r rowScanner, p *plan.Plan) error {
		return r.Scan(&p.Contact, &p.Steps)
	})
	if err != nil {
		return nil, err
	}
	steps, err := readAll(ctx, q, `select contact, number, message, started_at, why from step where contact in `+in+`order by contact, number`,
		args, scanStep)
	if err != nil {
		return nil, err
	}
	retries, err := readAll(ctx, q, `
select contact, step, number, message, former, at, by from retry where contact in `+in+`order by contact, step, number`, args, scanRetry)
	if err != nil {
		return nil, err
	}
	halts, err := readAll(ctx, q, `select contact from halt where contact in `+in, args, func(r rowScanner, id *contact.ID) error {
		return r.Scan(id)
	})
	if err != nil {
		return nil, err
	}
	known, err := recordsOfViews(ctx, q, steps, retries)
	return store.Views(contacts, plans, steps, retries, halts, known), err
}

func scanRetry(r rowScanner, one *plan.Retry) error {
	return r.Scan(&one.Contact, &one.Step, &one.Number, octets{one.Message[:]}, octets{one.Former[:]}, moment{&one.At}, &one.By)
}

func recordsOfViews(ctx context.Context, q *sql.Tx, steps []plan.Step, retries []plan.Retry) (map[message.ID]*message.Record, error) {
	ids := make([]message.ID, 0, len(steps)+len(retries))
	for _, s := range steps {
		ids = append(ids, s.Message)
	}
	for _, r := range retries {
		ids = append(ids, r.Message)
	}
	all, err := records(ctx, q, ids)
	known := make(map[message.ID]*message.Record, len(all))
	for i := range all {
		known[all[i].Message.ID] = &all[i]
	}
	return known, err
}

// readAll reads every row of a statement.
func readAll[T any](ctx context.Context, q *sql.Tx, query string, args []any, scan func(rowScanner, *T) error) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	return collect(rows, err, scan)
}
