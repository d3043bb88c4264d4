package postgres

import (
	"context"
	"math"

	"github.com/jackc/pgx/v5"

	"carillon/core/contact"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
)

// What ended badly, what waits, and what is to be done. Every page goes along an index.
const (
	selectDead = `
select message, place, at, accepted_at, source, division, contact, class, type, channel, route, urgency, reason, code, attempts
from dead_letter where place = $1 and (at, message) < ($2, $3) order by place desc, at desc, message desc limit $4`

	selectWaiting = `select message from due where message > $1 and message < $2 order by message limit $3`

	selectRetries = `
select contact, step, number, message, former, at, by from retry where contact = any($1::bigint[]) order by contact, step, number`

	selectHalts = `select contact from halt where contact = any($1::bigint[])`
)

// lastID is beyond every identifier.
func lastID() (id message.ID) {
	for i := range id {
		id[i] = math.MaxUint8
	}
	return id
}

// DeadLetters implements [store.Failures].
func (s *Store) DeadLetters(ctx context.Context, place message.Place, after message.DeadCursor, limit int) ([]message.DeadLetter, error) {
	at, id := micros(after.At), after.Message
	if after.At.IsZero() {
		at, id = math.MaxInt64, lastID()
	}
	return all(ctx, s, "reading dead letters", deadOf, selectDead, int16(place), at, [16]byte(id), limit)
}

func deadOf(row pgx.CollectableRow) (d message.DeadLetter, err error) {
	var at, accepted int64
	var place, urgency int16
	err = row.Scan((*[16]byte)(&d.Message), &place, &at, &accepted, &d.Source, &d.Division, (*int64)(&d.Contact), &d.Class, &d.Type,
		(*string)(&d.Channel), &d.Route, &urgency, &d.Reason, &d.Code, &d.Attempts)
	d.At, d.AcceptedAt = timeOf(at), timeOf(accepted)
	d.Place, d.Urgency = message.Place(place), message.Urgency(urgency) //nolint:gosec // written from them
	return d, err
}

// Waiting implements [store.Failures].
func (s *Store) Waiting(ctx context.Context, after, until message.ID, limit int) ([]message.Record, error) {
	if until.IsZero() {
		until = lastID()
	}
	ids, err := all(ctx, s, "reading what waits", idOf, selectWaiting, [16]byte(after), [16]byte(until), limit)
	if err != nil {
		return nil, err
	}
	return s.Messages(ctx, ids)
}

func idOf(row pgx.CollectableRow) (id message.ID, err error) {
	err = row.Scan((*[16]byte)(&id))
	return id, err
}

func retryOf(row pgx.CollectableRow) (r plan.Retry, err error) {
	var at int64
	err = row.Scan((*int64)(&r.Contact), &r.Step, &r.Number, (*[16]byte)(&r.Message), (*[16]byte)(&r.Former), &at, &r.By)
	r.At = timeOf(at)
	return r, err
}

func contactIDOf(row pgx.CollectableRow) (id contact.ID, err error) {
	err = row.Scan((*int64)(&id))
	return id, err
}

var _ store.Failures = (*Store)(nil)
