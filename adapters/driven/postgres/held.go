package postgres

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"carillon/core/contact"
	"carillon/core/message"
	"carillon/core/store"
)

// held finds, among what was kept of dropped partitions, the contacts and messages that were not found. It asks nothing
// when all were.
func (s *Store) held(ctx context.Context, ids []contact.ID, v *contactRows, records map[message.ID]*message.Record) error {
	found := make(map[contact.ID]bool, len(v.contacts))
	for i := range v.contacts {
		found[v.contacts[i].ID] = true
	}
	var gone []int64
	for _, id := range ids {
		if !found[id] {
			gone = append(gone, int64(id))
		}
	}
	if len(gone) > 0 {
		var kept contactRows
		err := s.look(ctx, "reading contacts that are held", func(batch *pgx.Batch) {
			kept.queue(batch, gone, heldContacts, heldPlans, heldSteps)
		})
		if err != nil {
			return err
		}
		v.contacts, v.plans, v.steps = append(v.contacts, kept.contacts...), append(v.plans, kept.plans...), append(v.steps, kept.steps...)
		slices.SortFunc(v.contacts, func(a, b contact.Contact) int { return cmp.Compare(a.ID, b.ID) })
	}
	var messages []message.ID
	for i := range v.steps {
		messages = append(messages, v.steps[i].Message)
	}
	for i := range v.retries {
		messages = append(messages, v.retries[i].Message)
	}
	return s.heldRecords(ctx, messages, records)
}

// heldRecords adds the records of messages that were not found and are held.
func (s *Store) heldRecords(ctx context.Context, ids []message.ID, records map[message.ID]*message.Record) error {
	gone := slices.DeleteFunc(slices.Clone(ids), func(id message.ID) bool { return records[id] != nil })
	if len(gone) == 0 {
		return nil
	}
	return s.look(ctx, "reading messages that are held", func(batch *pgx.Batch) {
		batch.Queue(heldMessages, uuids(gone)).Query(func(rows pgx.Rows) error { return fillMessages(rows, records) })
		batch.Queue(heldEvidence, uuids(gone)).Query(func(rows pgx.Rows) error { return fillEvidence(rows, records) })
	})
}

const selectHolds = `
select number, kind, subject, reason, by, at, lifted_at, lifted_by from hold
where $1 or lifted_at = 0 order by number desc limit 1000`

// HoldList implements [store.Holds].
func (s *Store) HoldList(ctx context.Context, lifted bool) ([]store.Hold, error) {
	return all(ctx, s, "listing holds", holdOf, selectHolds, lifted)
}

func holdOf(row pgx.CollectableRow) (h store.Hold, err error) {
	var at, lifted int64
	err = row.Scan(&h.Number, (*string)(&h.Kind), &h.Subject, &h.Reason, &h.By, &at, &lifted, &h.LiftedBy)
	h.At, h.LiftedAt = timeOf(at), timeOf(lifted)
	return h, err
}
