package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"

	"carillon/core/contact"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
)

const insertKey = `
insert into intake_key (kind, source, key, division, hash, contact, at) values (?, ?, ?, ?, ?, ?, ?)
on conflict do nothing`

// keys takes the intake keys of a set. One that is there with the same hash answers the set, whatever the others say;
// otherwise the first that is there loses it.
func (x *tx) keys(ctx context.Context, all []store.IntakeKey) error {
	var lost error
	for _, k := range all {
		err := x.key(ctx, k)
		if l := (*loss)(nil); errors.As(err, &l) {
			lost = cmp.Or(lost, err)
			continue
		}
		if err != nil {
			return err
		}
	}
	return lost
}

// key takes an intake key, or is answered by who has it.
func (x *tx) key(ctx context.Context, k store.IntakeKey) error {
	n, err := x.exec(ctx, insertKey, int64(k.Kind), k.Source, k.Key, k.Division, k.Hash[:], int64(k.Contact), micros(k.At))
	if err != nil || n == 1 {
		return err
	}
	var hash [32]byte
	var holder contact.ID
	err = x.row(ctx, `select hash, contact from intake_key where kind = ? and source = ? and key = ?`,
		int64(k.Kind), k.Source, k.Key).Scan(octets{hash[:]}, &holder)
	switch {
	case err != nil:
		return err
	case hash == k.Hash:
		return &replay{store.Verdict{Outcome: store.Replayed, Contact: holder}}
	case k.Kind == store.SourceReference:
		return lose(store.LostReference)
	}
	return lose(store.LostIntakeKey)
}

const insertContact = `
insert into contact (id, accepted_at, source, division, reference, class, type, person, account, premise, data, inline, expires_at, config, by)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (x *tx) contact(ctx context.Context, c contact.Contact) error {
	return x.must(ctx, store.LostContact, insertContact, int64(c.ID), micros(c.AcceptedAt), c.Source, c.Division, c.Reference,
		c.Class, c.Type, int64(c.Person), c.Account, c.Premise, c.Data, c.Inline, micros(c.ExpiresAt), c.Config, c.By)
}

func (x *tx) plan(ctx context.Context, p plan.Plan) error {
	return x.must(ctx, store.LostPlan, `insert into plan (contact, steps) values (?, ?)`, int64(p.Contact), p.Steps)
}

const insertStep = `insert into step (contact, number, message, started_at, why) values (?, ?, ?, ?, ?)`

func (x *tx) step(ctx context.Context, s plan.Step) error {
	return x.must(ctx, store.LostStep, insertStep, int64(s.Contact), s.Number, s.Message[:], micros(s.StartedAt), s.Why)
}

const (
	messageColumns = `m.id, m.accepted_at, m.source, m.division, m.origin, m.contact, m.step, m.steps, m.channel,
m.urgency, m.route, m.lane, m.person, m.point, m.name, m.language, m.address, m.zones, m.account, m.reference,
m.template, m.config, m.content, m.expires_at, m.receipt, m.hold, m.doubt, m.marketing`

	insertMessage = `
insert into message (id, accepted_at, source, division, origin, contact, step, steps, channel,
    urgency, route, lane, person, point, name, language, address, zones, account, reference,
    template, config, content, expires_at, receipt, hold, doubt, marketing)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

func (x *tx) message(ctx context.Context, m message.Message) error {
	to := m.Recipient
	return x.must(ctx, store.LostMessage, insertMessage, m.ID[:], micros(m.AcceptedAt), m.Source, m.Division,
		int64(m.Origin.Kind), m.Origin.Of(), m.Origin.Step, m.Origin.Steps, string(m.Channel),
		int64(m.Urgency), m.Route, int64(m.Lane), int64(to.Person), int64(to.Point), to.Name, to.Language,
		to.Address.Reveal(), list(to.Zones), m.Account, m.Reference, m.Template, m.Config, m.Content,
		micros(m.ExpiresAt), m.Receipt.Microseconds(), m.Hold.Microseconds(), int64(m.Doubt), m.Marketing)
}

// messageInto says where the columns of a message go.
func messageInto(m *message.Message) []any {
	to := &m.Recipient
	return []any{
		octets{m.ID[:]},
		moment{&m.AcceptedAt},
		&m.Source, &m.Division, &m.Origin.Kind,
		origin{&m.Origin},
		&m.Origin.Step, &m.Origin.Steps, &m.Channel, &m.Urgency, &m.Route, &m.Lane, &to.Person, &to.Point, &to.Name,
		&to.Language, &to.Address,
		words[string]{&to.Zones},
		&m.Account, &m.Reference, &m.Template, &m.Config, &m.Content,
		moment{&m.ExpiresAt},
		span{&m.Receipt},
		span{&m.Hold},
		&m.Doubt, &m.Marketing,
	}
}

const (
	dueColumns = `d.lane, d.due_at, d.message, d.first_due_at, d.seq, d.fence, d.reason, d.priority, d.attempt, d.owner`

	insertDue = `
insert into due (lane, due_at, message, first_due_at, seq, fence, reason, priority, attempt, owner)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

func (x *tx) due(ctx context.Context, d message.Due) error {
	return x.must(ctx, store.LostFence, insertDue, int64(d.Lane), micros(d.At), d.Message[:], micros(d.FirstAt), d.Seq, d.Fence,
		string(d.Reason), d.Priority, d.Attempt, d.Owner)
}

// dueInto says where the columns of a due row go.
func dueInto(d *message.Due) []any {
	return []any{
		&d.Lane,
		moment{&d.At},
		octets{d.Message[:]},
		moment{&d.FirstAt},
		&d.Seq, &d.Fence, &d.Reason, &d.Priority,
		&d.Attempt, &d.Owner,
	}
}

// isNone reports whether a statement found no row.
func isNone(err error) bool { return errors.Is(err, sql.ErrNoRows) }
