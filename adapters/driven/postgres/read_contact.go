package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
)

// Contacts with all that hangs on them, in one round trip.
const (
	numbered = `(select distinct unnest($1::bigint[]) as id) i`

	contactColumns = `
select c.id, c.accepted_at, c.source, c.division, c.reference, c.class, c.type, c.person, c.account, c.premise, c.data, c.inline,
    c.expires_at, c.config, c.by
from `
	selectContacts = contactColumns + numbered + ` cross join lateral (select * from contact c where c.id = i.id offset 0) c order by c.id`
	heldContacts   = contactColumns + `contact_held c where c.id = any($1::bigint[]) order by c.id`

	selectPlans = `select p.contact, p.steps from ` + numbered + ` cross join lateral (select * from plan p where p.contact = i.id offset 0) p`
	heldPlans   = `select contact, steps from plan_held where contact = any($1::bigint[])`

	stepColumns = `
select s.contact, s.number, s.message, s.started_at, s.why from `
	selectSteps = stepColumns + numbered + ` cross join lateral (select * from step s where s.contact = i.id offset 0) s order by s.contact, s.number`
	heldSteps   = stepColumns + `step_held s where s.contact = any($1::bigint[]) order by s.contact, s.number`

	theirs = `(
    select s.message as id from ` + numbered + ` cross join lateral (select * from step s where s.contact = i.id offset 0) s
    union select r.message from retry r where r.contact = any($1::bigint[])) i`
	contactsMessages = messagesFrom + theirs + messagesJoin
	contactsDues     = duesWhere + ` = any(array(select i.id from ` + theirs + `))`
	contactsEvidence = evidenceFrom + theirs + evidenceJoin

	selectKey = `
select kind, source, division, key, hash, contact, at from intake_key where kind = $1 and source = $2 and key = $3`

	selectKeys = `
select kind, source, division, key, hash, contact, at from intake_key where kind = $1 and source = $2 and key = any ($3)`
)

// Contact implements [store.Contacts].
func (s *Store) Contact(ctx context.Context, id contact.ID) (store.ContactView, error) {
	views, err := s.ContactViews(ctx, []contact.ID{id})
	switch {
	case err != nil:
		return store.ContactView{}, err
	case len(views) == 0:
		return store.ContactView{}, fault.New(fault.NotFound, "there is no such contact")
	}
	return views[0], nil
}

// ContactViews implements [store.Failures].
func (s *Store) ContactViews(ctx context.Context, ids []contact.ID) ([]store.ContactView, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var v contactRows
	records := map[message.ID]*message.Record{}
	numbers := col(ids, func(id *contact.ID) int64 { return int64(*id) })
	err := s.look(ctx, "reading contacts", func(batch *pgx.Batch) {
		v.queue(batch, numbers, selectContacts, selectPlans, selectSteps)
		queueRead(batch, &v.retries, retryOf, selectRetries, numbers)
		queueRead(batch, &v.halts, contactIDOf, selectHalts, numbers)
		batch.Queue(contactsMessages, numbers).Query(func(rows pgx.Rows) error { return fillMessages(rows, records) })
		batch.Queue(contactsDues, numbers).Query(func(rows pgx.Rows) error { return fillDues(rows, records) })
		batch.Queue(contactsEvidence, numbers).Query(func(rows pgx.Rows) error { return fillEvidence(rows, records) })
	})
	if err == nil {
		err = s.held(ctx, ids, &v, records)
	}
	if err != nil {
		return nil, err
	}
	return store.Views(v.contacts, v.plans, v.steps, v.retries, v.halts, records), nil
}

// contactRows are rows of contacts.
type contactRows struct {
	contacts []contact.Contact
	plans    []plan.Plan
	steps    []plan.Step
	retries  []plan.Retry
	halts    []contact.ID
}

func (v *contactRows) queue(batch *pgx.Batch, numbers []int64, contacts, plans, steps string) {
	queueRead(batch, &v.contacts, contactOf, contacts, numbers)
	queueRead(batch, &v.plans, planOf, plans, numbers)
	queueRead(batch, &v.steps, stepOf, steps, numbers)
}

func contactOf(row pgx.CollectableRow) (c contact.Contact, err error) {
	var accepted, expires int64
	err = row.Scan((*int64)(&c.ID), &accepted, &c.Source, &c.Division, &c.Reference, &c.Class, &c.Type, (*int64)(&c.Person),
		&c.Account, &c.Premise, &c.Data, &c.Inline, &expires, &c.Config, &c.By)
	c.AcceptedAt, c.ExpiresAt = timeOf(accepted), timeOf(expires)
	return c, err
}

func planOf(row pgx.CollectableRow) (p plan.Plan, err error) {
	err = row.Scan((*int64)(&p.Contact), &p.Steps)
	return p, err
}

func stepOf(row pgx.CollectableRow) (step plan.Step, err error) {
	var started int64
	err = row.Scan((*int64)(&step.Contact), &step.Number, (*[16]byte)(&step.Message), &started, &step.Why)
	step.StartedAt = timeOf(started)
	return step, err
}

// Key implements [store.Contacts].
func (s *Store) Key(ctx context.Context, kind store.KeyKind, source, key string) (store.IntakeKey, error) {
	return one(ctx, s, "reading an intake key", keyOf, selectKey, int16(kind), text(source), text(key))
}

// Keys implements [store.Many].
func (s *Store) Keys(ctx context.Context, kind store.KeyKind, source string, keys []string) ([]store.IntakeKey, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	return all(ctx, s, "reading intake keys", keyOf, selectKeys, int16(kind), text(source), col(keys, func(k *string) string { return text(*k) }))
}

func keyOf(row pgx.CollectableRow) (k store.IntakeKey, err error) {
	var kind int16
	var hash []byte
	var at int64
	if err = row.Scan(&kind, &k.Source, &k.Division, &k.Key, &hash, (*int64)(&k.Contact), &at); err != nil {
		return k, err
	}
	k.Kind, k.At = store.KeyKind(kind), timeOf(at) //nolint:gosec // written from a KeyKind
	copy(k.Hash[:], hash)
	return k, nil
}
