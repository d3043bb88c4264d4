package postgres

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/occurrence"
	"carillon/core/store"
)

const (
	selectEvents = `
select e.source, e.kind, e.object, e.sequence, e.division, e.hash, e.made, e.at, e.by
from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as i (source, kind, object, sequence)
join source_event e using (source, kind, object, sequence)`

	selectTasks = `
select id, source, division, type, creator, event, status, contact, problem, tries, revision, created_at, changed_at, by
from contact_task where id = any($1::bigint[])`
)

// SourceEvents implements [store.Events].
func (s *Store) SourceEvents(ctx context.Context, keys []occurrence.Key) ([]store.SourceEvent, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	return all(ctx, s, "reading system events", eventOf, selectEvents,
		col(keys, func(k *occurrence.Key) string { return text(k.Source) }),
		col(keys, func(k *occurrence.Key) string { return text(string(k.Kind)) }),
		col(keys, func(k *occurrence.Key) string { return text(k.Object) }),
		col(keys, func(k *occurrence.Key) int64 { return int64(k.Sequence) }))
}

func eventOf(row pgx.CollectableRow) (e store.SourceEvent, err error) {
	var hash []byte
	var made string
	var sequence, at int64
	err = row.Scan(&e.Key.Source, (*string)(&e.Key.Kind), &e.Key.Object, &sequence, &e.Division, &hash, &made, &at, &e.By)
	if err != nil {
		return e, err
	}
	copy(e.Hash[:], hash)
	e.Key.Sequence, e.At = int(sequence), timeOf(at)
	e.Made, err = madeOf[contact.Made](made)
	return e, err
}

// ContactTasks implements [store.Events].
func (s *Store) ContactTasks(ctx context.Context, ids []contact.TaskID) ([]contact.Task, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return all(ctx, s, "reading contact tasks", taskOf, selectTasks, col(ids, func(id *contact.TaskID) int64 { return int64(*id) }))
}

func taskOf(row pgx.CollectableRow) (t contact.Task, err error) {
	var problem string
	var tries, created, changed int64
	err = row.Scan((*int64)(&t.ID), &t.Source, &t.Division, &t.Type, &t.Creator, &t.Event, (*string)(&t.Status), (*int64)(&t.Contact), &problem,
		&tries, &t.Revision, &created, &changed, &t.By)
	if err != nil {
		return t, err
	}
	t.Tries, t.CreatedAt, t.ChangedAt = int(tries), timeOf(created), timeOf(changed)
	t.Problem, err = madeOf[fault.Violation](problem)
	return t, err
}

// madeOf is a list as read; none is nil.
func madeOf[T contact.Made | fault.Violation](stored string) (all []T, err error) {
	if stored == "" {
		return nil, nil
	}
	err = json.Unmarshal([]byte(stored), &all)
	return all, err
}
