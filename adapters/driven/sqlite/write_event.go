package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"

	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/occurrence"
	"carillon/core/store"
)

// happened puts system events and the tasks that create their contacts.
func (x *tx) happened(ctx context.Context, w *store.Writes) error {
	if err := each(ctx, store.Of(w.Event).Events, x.sourceEvent)(); err != nil {
		return err
	}
	return each(ctx, store.Of(w.Event).Tasks, x.task)()
}

const insertEvent = `
insert into source_event (source, kind, object, sequence, division, hash, made, at, by) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (x *tx) sourceEvent(ctx context.Context, e store.SourceEvent) error {
	return x.must(ctx, store.LostEvent, insertEvent, e.Key.Source, string(e.Key.Kind), e.Key.Object, e.Key.Sequence, e.Division, e.Hash[:],
		inJSON(e.Made), micros(e.At), e.By)
}

const (
	insertTask = `
insert into contact_task (id, source, division, type, creator, event, status, contact, problem, tries, revision, created_at, changed_at, by)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	updateTask = `
update contact_task set event = ?, status = ?, contact = ?, problem = ?, tries = ?, revision = ?, changed_at = ?, by = ?
where id = ? and revision = ?`
)

func (x *tx) task(ctx context.Context, t contact.Task) error {
	if t.Revision == 1 {
		return x.must(ctx, store.LostContactTask, insertTask, int64(t.ID), t.Source, t.Division, t.Type, t.Creator, t.Event, string(t.Status), int64(t.Contact),
			inJSON(t.Problem), t.Tries, t.Revision, micros(t.CreatedAt), micros(t.ChangedAt), t.By)
	}
	return x.must(ctx, store.LostVersion, updateTask, t.Event, string(t.Status), int64(t.Contact), inJSON(t.Problem), t.Tries, t.Revision,
		micros(t.ChangedAt), t.By, int64(t.ID), t.Revision-1)
}

// inJSON is a list as stored; none is empty.
func inJSON[T contact.Made | fault.Violation](all []T) string {
	if len(all) == 0 {
		return ""
	}
	b, err := json.Marshal(all)
	if err != nil { // texts and numbers always marshal
		return ""
	}
	return string(b)
}

const (
	selectEvent = `
select source, kind, object, sequence, division, hash, made, at, by from source_event
where source = ? and kind = ? and object = ? and sequence = ?`

	selectTask = `
select id, source, division, type, creator, event, status, contact, problem, tries, revision, created_at, changed_at, by
from contact_task where id = ?`
)

// SourceEvents implements [store.Events].
func (s *Store) SourceEvents(ctx context.Context, keys []occurrence.Key) (all []store.SourceEvent, err error) {
	err = s.read(ctx, "reading system events", func(q *sql.Tx) error {
		for _, k := range keys {
			rows, err := q.QueryContext(ctx, selectEvent, k.Source, string(k.Kind), k.Object, k.Sequence)
			found, err := collect(rows, err, scanEvent)
			if err != nil {
				return err
			}
			all = append(all, found...)
		}
		return nil
	})
	return all, err
}

func scanEvent(r rowScanner, e *store.SourceEvent) error {
	return r.Scan(&e.Key.Source, &e.Key.Kind, &e.Key.Object, &e.Key.Sequence, &e.Division, octets{e.Hash[:]}, inText[contact.Made]{&e.Made},
		moment{&e.At}, &e.By)
}

// ContactTasks implements [store.Events].
func (s *Store) ContactTasks(ctx context.Context, ids []contact.TaskID) (all []contact.Task, err error) {
	err = s.read(ctx, "reading contact tasks", func(q *sql.Tx) error {
		for _, id := range ids {
			rows, err := q.QueryContext(ctx, selectTask, int64(id))
			found, err := collect(rows, err, scanTask)
			if err != nil {
				return err
			}
			all = append(all, found...)
		}
		return nil
	})
	return all, err
}

func scanTask(r rowScanner, t *contact.Task) error {
	return r.Scan(&t.ID, &t.Source, &t.Division, &t.Type, &t.Creator, &t.Event, &t.Status, &t.Contact, inText[fault.Violation]{&t.Problem}, &t.Tries,
		&t.Revision, moment{&t.CreatedAt}, moment{&t.ChangedAt}, &t.By)
}

// inText reads a list as [inJSON] writes it.
type inText[T any] struct{ to *[]T }

// Scan implements sql.Scanner.
func (l inText[T]) Scan(src any) error {
	*l.to = nil
	var stored sql.NullString
	if err := stored.Scan(src); err != nil || stored.String == "" {
		return err
	}
	return json.Unmarshal([]byte(stored.String), l.to)
}
