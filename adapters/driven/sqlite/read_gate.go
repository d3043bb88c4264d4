package sqlite

import (
	"context"
	"database/sql"
	"time"

	"carillon/core/consent"
	"carillon/core/customer"
	"carillon/core/message"
	"carillon/core/store"
)

const (
	suppressionsOf = `
select channel, address, division, reason, origin, since from suppression
where address = ? and channel = ? order by division`

	pointState = `select value, undeliverable_since from point where id = ?`
)

// GateFacts implements [store.Gatekeeper].
func (s *Store) GateFacts(ctx context.Context, messages []message.Message) ([]consent.Facts, error) {
	facts := make([]consent.Facts, len(messages))
	err := s.read(ctx, "reading gate facts", func(q *sql.Tx) error {
		suppressed, err := q.PrepareContext(ctx, suppressionsOf)
		if err != nil {
			return err
		}
		defer suppressed.Close() //nolint:errcheck // it was only read
		point, err := q.PrepareContext(ctx, pointState)
		if err != nil {
			return err
		}
		defer point.Close() //nolint:errcheck // it was only read
		for i := range messages {
			m, f := &messages[i], &facts[i]
			rows, err := suppressed.QueryContext(ctx, m.Recipient.Address.Reveal(), string(m.Channel))
			if f.Suppressions, err = collect(rows, err, scanSuppression); err != nil {
				return err
			}
			if m.Recipient.Point == 0 { // given inline: there is no point to go
				continue
			}
			if err := pointFacts(point.QueryRowContext(ctx, int64(m.Recipient.Point)), m.Recipient, f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return facts, nil
}

func pointFacts(row rowScanner, to customer.Recipient, f *consent.Facts) error {
	var value customer.Address
	var since time.Time
	err := row.Scan(&value, moment{&since})
	if err != nil && !isNone(err) {
		return err
	}
	f.PointGone = err != nil || value != to.Address
	f.Undeliverable = !f.PointGone && !since.IsZero()
	return nil
}

func scanSuppression(r rowScanner, s *consent.Suppression) error {
	return r.Scan(&s.Channel, &s.Address, &s.Division, &s.Reason, &s.Origin, moment{&s.Since})
}

// Suppressions implements [store.Gatekeeper].
func (s *Store) Suppressions(
	ctx context.Context, channel message.Channel, address customer.Address,
) (all []consent.Suppression, err error) {
	err = s.read(ctx, "reading suppressions", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, suppressionsOf, address.Reveal(), string(channel))
		all, err = collect(rows, err, scanSuppression)
		return err
	})
	return all, err
}

// waitingReports finds a report's message by our own id, else by the provider's reference.
const waitingReports = `
select ` + reportColumns + `, coalesce(
    (select m.id from message m where m.id = r.message),
    (select p.message from provider_ref p where p.provider = r.provider and p.ref = r.ref and r.ref <> ''))
from report r where r.done = 0 and r.look_at <= ? order by r.number limit ?`

// Inbox implements [store.Inbox].
func (s *Store) Inbox(ctx context.Context, now time.Time, limit int) (all []store.Inboxed, err error) {
	err = s.read(ctx, "reading the inbox", func(q *sql.Tx) error {
		var about []message.ID
		rows, err := q.QueryContext(ctx, waitingReports, micros(now), limit)
		all, err = collect(rows, err, func(r rowScanner, in *store.Inboxed) error {
			var id message.ID
			err := r.Scan(append(inboxedInto(in), octets{id[:]})...)
			about = append(about, id)
			return err
		})
		if err != nil {
			return err
		}
		known, err := records(ctx, q, about)
		if err != nil {
			return err
		}
		byID := make(map[message.ID]*message.Record, len(known))
		for i := range known {
			byID[known[i].Message.ID] = &known[i]
		}
		for i, id := range about {
			all[i].Record = byID[id]
		}
		return nil
	})
	return all, err
}

const (
	lastTo     = `select ` + messageColumns + ` from message m where m.address = ? and m.channel = ?`
	lastTexted = `select ` + messageColumns + ` from message m where m.address = ? and m.channel = 'sms' and 'sms' = ?`
	newest     = ` order by m.accepted_at desc, m.id desc limit 1`
)

// LastTo implements [store.Inbox].
func (s *Store) LastTo(ctx context.Context, channel message.Channel, address customer.Address) (m message.Message, err error) {
	query := lastTo
	if channel == message.SMS { // in the index's own words
		query = lastTexted
	}
	err = s.read(ctx, "looking for the last message to an address", func(q *sql.Tx) error {
		return q.QueryRowContext(ctx, query+newest, address.Reveal(), string(channel)).Scan(messageInto(&m)...)
	})
	return m, err
}

// Deadlines implements [store.Inbox].
func (s *Store) Deadlines(ctx context.Context, now time.Time, limit int) (all []store.Passed, err error) {
	err = s.read(ctx, "reading deadlines", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx,
			`select at, message, kind from deadline where at <= ? order by at, message, kind limit ?`, micros(now), limit)
		passed, err := collect(rows, err, func(r rowScanner, d *message.Deadline) error {
			return r.Scan(moment{&d.At}, octets{d.Message[:]}, &d.Kind)
		})
		if err != nil {
			return err
		}
		ids := make([]message.ID, len(passed))
		for i, d := range passed {
			ids[i] = d.Message
		}
		known, err := records(ctx, q, ids)
		if err != nil {
			return err
		}
		next := 0
		for _, d := range passed { // known is in the same order, without what is not there
			if next < len(known) && known[next].Message.ID == d.Message {
				all = append(all, store.Passed{Deadline: d, Record: known[next]})
				next++
			}
		}
		return nil
	})
	return all, err
}
