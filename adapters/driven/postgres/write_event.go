package postgres

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/jackc/pgx/v5"

	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/store"
)

// System events and the tasks that create contacts.
const (
	insertEvents = `
insert into source_event (source, kind, object, sequence, division, hash, made, at, by)
select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bytea[], $7::text[], $8::bigint[], $9::text[])`

	insertTasks = `
insert into contact_task (id, source, division, type, creator, event, status, contact, problem, tries, revision, created_at, changed_at, by)
select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::text[],
    $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::text[])`

	updateTask = `
with put as (
    update contact_task set event = $3, status = $4, contact = $5, problem = $6, tries = $7, revision = $2, changed_at = $8, by = $9
    where id = $1 and revision = $2 - 1 returning 1)
select expect_rows((select count(*) from put), 1, 'version')`
)

// queueEvents puts events in the order of their keys, so that two calls with the same ones wait for each other in one
// order.
func queueEvents(batch *pgx.Batch, jobs []*job) {
	events := slices.SortedFunc(slices.Values(flat(jobs, func(w *store.Writes) []store.SourceEvent { return store.Of(w.Event).Events })), byKey)
	if len(events) > 0 {
		batch.Queue(insertEvents,
			col(events, func(e *store.SourceEvent) string { return text(e.Key.Source) }),
			col(events, func(e *store.SourceEvent) string { return string(e.Key.Kind) }),
			col(events, func(e *store.SourceEvent) string { return text(e.Key.Object) }),
			col(events, func(e *store.SourceEvent) int64 { return int64(e.Key.Sequence) }),
			col(events, func(e *store.SourceEvent) string { return text(e.Division) }),
			col(events, func(e *store.SourceEvent) []byte { return e.Hash[:] }),
			col(events, func(e *store.SourceEvent) string { return text(inJSON(e.Made)) }),
			col(events, func(e *store.SourceEvent) int64 { return micros(e.At) }),
			col(events, func(e *store.SourceEvent) string { return text(e.By) }))
	}
	var first []contact.Task
	for _, t := range flat(jobs, func(w *store.Writes) []contact.Task { return store.Of(w.Event).Tasks }) {
		if t.Revision == 1 {
			first = append(first, t)
			continue
		}
		batch.Queue(updateTask, int64(t.ID), t.Revision, text(t.Event), string(t.Status), int64(t.Contact), text(inJSON(t.Problem)),
			int64(t.Tries), micros(t.ChangedAt), text(t.By))
	}
	if len(first) > 0 {
		queueTasks(batch, first)
	}
}

func byKey(a, b store.SourceEvent) int {
	return cmp.Or(cmp.Compare(a.Key.Source, b.Key.Source), cmp.Compare(a.Key.Kind, b.Key.Kind), cmp.Compare(a.Key.Object, b.Key.Object),
		cmp.Compare(a.Key.Sequence, b.Key.Sequence))
}

func queueTasks(batch *pgx.Batch, tasks []contact.Task) {
	batch.Queue(insertTasks,
		col(tasks, func(t *contact.Task) int64 { return int64(t.ID) }),
		col(tasks, func(t *contact.Task) string { return text(t.Source) }),
		col(tasks, func(t *contact.Task) string { return text(t.Division) }),
		col(tasks, func(t *contact.Task) string { return text(t.Type) }),
		col(tasks, func(t *contact.Task) string { return text(t.Creator) }),
		col(tasks, func(t *contact.Task) string { return text(t.Event) }),
		col(tasks, func(t *contact.Task) string { return string(t.Status) }),
		col(tasks, func(t *contact.Task) int64 { return int64(t.Contact) }),
		col(tasks, func(t *contact.Task) string { return text(inJSON(t.Problem)) }),
		col(tasks, func(t *contact.Task) int64 { return int64(t.Tries) }),
		col(tasks, func(t *contact.Task) int64 { return t.Revision }),
		col(tasks, func(t *contact.Task) int64 { return micros(t.CreatedAt) }),
		col(tasks, func(t *contact.Task) int64 { return micros(t.ChangedAt) }),
		col(tasks, func(t *contact.Task) string { return text(t.By) }))
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

// touchesEvents names tasks, which may be tried one after the other.
func touchesEvents(w *store.Writes, is func(touch)) {
	for i := range store.Of(w.Event).Tasks {
		is(touch{what: 'k', n: int64(store.Of(w.Event).Tasks[i].ID)})
	}
}
