package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"carillon/core/customer"
	"carillon/core/message"
)

// messageColumns are the columns of a message m, in the order of messageRow.columns.
const messageColumns = `m.id, m.accepted_at, m.source, m.division, m.origin, m.contact, m.step, m.steps, m.channel, m.urgency,
    m.route, m.lane, m.person, m.point, m.name, m.language, m.address, m.zones, m.account, m.reference, m.template, m.config,
    m.content, m.expires_at, m.receipt, m.hold, m.doubt, m.marketing`

// messageRow is a message on its way out of the table.
type messageRow struct {
	m                                  message.Message
	acceptedAt, expires, receipt, hold int64
	of                                 int64
	origin, urgency, doubt             int16
	zones                              string
}

// columns are where the columns go.
func (r *messageRow) columns() []any {
	m := &r.m
	return []any{
		(*[16]byte)(&m.ID), &r.acceptedAt, &m.Source, &m.Division, &r.origin, &r.of, &m.Origin.Step,
		&m.Origin.Steps, (*string)(&m.Channel), &r.urgency, &m.Route, (*int16)(&m.Lane), (*int64)(&m.Recipient.Person),
		(*int64)(&m.Recipient.Point), &m.Recipient.Name, &m.Recipient.Language, (*string)(&m.Recipient.Address), &r.zones,
		&m.Account, &m.Reference, &m.Template, &m.Config, &m.Content, &r.expires, &r.receipt, &r.hold, &r.doubt, &m.Marketing,
	}
}

// message is the row as the core knows it.
func (r *messageRow) message() message.Message {
	m := r.m
	m.AcceptedAt, m.ExpiresAt = timeOf(r.acceptedAt), timeOf(r.expires)
	m.Receipt, m.Hold = time.Duration(r.receipt)*time.Microsecond, time.Duration(r.hold)*time.Microsecond
	m.Origin.Kind = message.OriginKind(r.origin) //nolint:gosec // written from one
	m.Origin.Is(r.of)
	m.Urgency = message.Urgency(r.urgency) //nolint:gosec // written from one
	m.Doubt = message.DoubtPolicy(r.doubt) //nolint:gosec // written from one
	m.Recipient.Zones = words[string](r.zones)
	return m
}

func messageOf(row pgx.CollectableRow) (message.Message, error) {
	var r messageRow
	err := row.Scan(r.columns()...)
	return r.message(), err
}

// What a record is read from: one statement per table, for any number of messages. Each is looked up alone, so that only
// the partition that can hold it is looked into; "= any" would look into all. The offset keeps the planner from joining the
// other way round.
const (
	messagesFrom = `
select coalesce(p.reason, ''), ` + messageColumns + `
from `
	messagesJoin = ` cross join lateral (select * from message m where m.id = i.id offset 0) m left join lane_pause p on p.lane = m.lane`

	duesWhere = `
select d.lane, d.due_at, d.message, d.first_due_at, d.reason, d.priority, d.attempt, d.seq, d.fence, d.owner
from due d where d.message`

	evidenceFrom = `
select e.message, e.seq, e.at, e.kind, e.attempt, e.reason, e.code, e.provider, e.ref, e.took
from `
	evidenceJoin = ` cross join lateral (select * from evidence e where e.message = i.id offset 0) e order by e.message, e.seq`

	these          = `(select distinct unnest($1::uuid[]) as id) i`
	selectMessages = messagesFrom + these + messagesJoin
	selectDues     = duesWhere + ` = any($1::uuid[])`
	selectEvidence = evidenceFrom + these + evidenceJoin

	heldMessages = messagesFrom + `message_held m left join lane_pause p on p.lane = m.lane where m.id = any($1::uuid[])`
	heldEvidence = evidenceFrom + `evidence_held e where e.message = any($1::uuid[]) order by e.message, e.seq`
)

// Messages implements [store.Contacts].
func (s *Store) Messages(ctx context.Context, ids []message.ID) ([]message.Record, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	records, err := s.records(ctx, ids)
	if err != nil {
		return nil, err
	}
	found := make([]message.Record, 0, len(ids))
	for _, id := range ids {
		if r, ok := records[id]; ok {
			found = append(found, *r)
		}
	}
	return found, nil
}

// records reads the records of the messages in one round trip.
func (s *Store) records(ctx context.Context, ids []message.ID) (map[message.ID]*message.Record, error) {
	records := make(map[message.ID]*message.Record, len(ids))
	if len(ids) == 0 {
		return records, nil
	}
	err := s.look(ctx, "reading messages", func(batch *pgx.Batch) { queueRecords(batch, records, uuids(ids)) })
	if err == nil {
		err = s.heldRecords(ctx, ids, records)
	}
	return records, err
}

// queueRecords queues the statements that fill the records.
func queueRecords(batch *pgx.Batch, records map[message.ID]*message.Record, ids [][16]byte) {
	batch.Queue(selectMessages, ids).Query(func(rows pgx.Rows) error { return fillMessages(rows, records) })
	batch.Queue(selectDues, ids).Query(func(rows pgx.Rows) error { return fillDues(rows, records) })
	batch.Queue(selectEvidence, ids).Query(func(rows pgx.Rows) error { return fillEvidence(rows, records) })
}

func fillMessages(rows pgx.Rows, records map[message.ID]*message.Record) error {
	defer rows.Close()
	for rows.Next() {
		var r messageRow
		var pause string
		if err := rows.Scan(append([]any{&pause}, r.columns()...)...); err != nil {
			return err
		}
		records[r.m.ID] = &message.Record{Message: r.message(), Pause: pause}
	}
	return rows.Err()
}

func fillDues(rows pgx.Rows, records map[message.ID]*message.Record) error {
	defer rows.Close()
	for rows.Next() {
		var d message.Due
		var at, first int64
		var reason int16
		if err := rows.Scan((*int16)(&d.Lane), &at, (*[16]byte)(&d.Message), &first, &reason, &d.Priority, &d.Attempt, &d.Seq,
			&d.Fence, &d.Owner); err != nil {
			return err
		}
		d.At, d.FirstAt, d.Reason = timeOf(at), timeOf(first), reasonOf(reason)
		if r, ok := records[d.Message]; ok {
			r.Due = &d
		}
	}
	return rows.Err()
}

func fillEvidence(rows pgx.Rows, records map[message.ID]*message.Record) error {
	defer rows.Close()
	for rows.Next() {
		var e message.Evidence
		var at, took int64
		var kind int16
		if err := rows.Scan((*[16]byte)(&e.Message), &e.Seq, &at, &kind, &e.Attempt, &e.Reason, &e.Code, &e.Provider, &e.Ref,
			&took); err != nil {
			return err
		}
		e.At, e.Kind, e.Took = timeOf(at), message.EvidenceKind(kind), time.Duration(took)*time.Microsecond //nolint:gosec // written from one
		if r, ok := records[e.Message]; ok {
			r.Evidence = append(r.Evidence, e)
		}
	}
	return rows.Err()
}

// The newest message to an address. Texts have an index of their own, because only they are answered.
const (
	lastText = `
select ` + messageColumns + ` from message m
where m.channel = 'sms' and m.address = $1 order by m.accepted_at desc, m.id desc limit 1`

	lastOther = `
select ` + messageColumns + ` from message m
where m.channel = $2 and m.address = $1 order by m.accepted_at desc, m.id desc limit 1`
)

// LastTo implements [store.Inbox].
func (s *Store) LastTo(ctx context.Context, channel message.Channel, to customer.Address) (message.Message, error) {
	statement, args := lastText, []any{address(to)}
	if channel != message.SMS {
		statement, args = lastOther, []any{address(to), string(channel)}
	}
	return one(ctx, s, "looking for the last message to an address", messageOf, statement, args...)
}
