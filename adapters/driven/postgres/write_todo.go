package postgres

import (
	"github.com/jackc/pgx/v5"

	"carillon/core/message"
	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/todo"
)

// To Do entries: opened, moved, completed, purged. Each has its log.
const (
	completeToDos = `
with done as (
    update todo t set completed_at = i.at, by = i.by, outcome = i.outcome, work = '', revision = t.revision + 1
    from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[]) as i (type, about, at, by, outcome)
    where t.type = i.type and t.about = i.about and t.completed_at = 0
    returning t.id, t.completed_at, t.by, t.assignee, t.role, t.outcome)
insert into todo_log (todo, at, kind, by, assignee, role, comment)
select id, completed_at, 'completed', by, assignee, role, outcome from done`

	insertToDos = `
insert into todo (id, type, about, source, division, contact, message, reason, opened_at, role, assignee, assigned_at, assigned_by,
    priority, subject, comments, category, number, parameters, drill, sort, skills, batch, run, opened_by)
select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::uuid[], $8::text[],
    $9::bigint[], $10::text[], $11::text[], $12::bigint[], $13::text[], $14::smallint[], $15::text[], $16::text[], $17::text[],
    $18::integer[], $19::text[], $20::text[], $21::text[], $22::text[], $23::text[], $24::bigint[], $25::text[])
on conflict (type, about) where completed_at = 0 do nothing`

	// An entry that was passed over is not there under its number, and nothing hangs on it.
	insertToDoCharacteristics = `
insert into todo_characteristic (todo, type, value)
select i.todo, i.type, i.value from unnest($1::bigint[], $2::text[], $3::text[]) as i (todo, type, value) join todo t on t.id = i.todo
on conflict do nothing`

	insertToDoBirths = `
insert into todo_log (todo, at, kind, by, assignee, role, comment)
select i.todo, i.at, i.kind, i.by, i.assignee, i.role, i.comment
from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
    as i (todo, at, kind, by, assignee, role, comment)
join todo t on t.id = i.todo`

	moveToDos = `
with moved as (
    update todo t set role = i.role, assignee = i.assignee, assigned_at = i.assigned_at, assigned_by = i.assigned_by, work = i.work,
        priority = i.priority, subject = i.subject, comments = i.comments, routed_at = i.routed_at, completed_at = i.completed_at,
        by = i.by, outcome = i.outcome, revision = i.revision + 1
    from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::smallint[],
        $9::text[], $10::text[], $11::bigint[], $12::bigint[], $13::text[], $14::text[])
        as i (id, revision, role, assignee, assigned_at, assigned_by, work, priority, subject, comments, routed_at, completed_at, by, outcome)
    where t.id = i.id and t.revision = i.revision and t.completed_at = 0
    returning 1)
select expect_rows((select count(*) from moved), $15, 'todo')`

	insertToDoLog = `
insert into todo_log (todo, at, kind, by, assignee, role, comment, message)
select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[])`

	purgeToDos = `
with gone as (delete from todo where id = any($1::bigint[]) and completed_at <> 0 returning id),
chars as (delete from todo_characteristic c using gone where c.todo = gone.id)
delete from todo_log l using gone where l.todo = gone.id`
)

// born is an entry as it is inserted.
type born struct {
	todo.Entry

	log todo.LogRow
}

// queueDone completes entries; it comes before others are opened.
func queueDone(batch *pgx.Batch, jobs []*job) {
	if rows := flat(jobs, func(w *store.Writes) []todo.Completion { return store.Of(w.ToDo).Done }); len(rows) > 0 {
		batch.Queue(completeToDos,
			col(rows, func(c *todo.Completion) string { return text(string(c.Type)) }),
			col(rows, func(c *todo.Completion) string { return text(c.About) }),
			col(rows, func(c *todo.Completion) int64 { return micros(c.At) }),
			col(rows, func(c *todo.Completion) string { return text(c.By) }),
			col(rows, func(c *todo.Completion) string { return text(c.Outcome) }))
	}
	if ids := flat(jobs, func(w *store.Writes) []todo.ID { return store.Of(w.ToDo).ToDoPurges }); len(ids) > 0 {
		batch.Queue(purgeToDos, col(ids, func(id *todo.ID) int64 { return int64(*id) }))
	}
}

// queueToDos opens entries and moves others. Those that leave their user's hands move before those that are begun: a user
// has one in progress.
func queueToDos(batch *pgx.Batch, jobs []*job) {
	if rows := births(jobs); len(rows) > 0 {
		queueBirths(batch, rows)
	}
	var leave, begin []todo.Move
	for _, m := range flat(jobs, func(w *store.Writes) []todo.Move { return store.Of(w.ToDo).ToDoMoves }) {
		if m.To.Work == todo.InProgress {
			begin = append(begin, m)
		} else {
			leave = append(leave, m)
		}
	}
	queueMoves(batch, leave)
	queueMoves(batch, begin)
}

// births are the entries that sets open, with their numbers.
func births(jobs []*job) (rows []born) {
	for _, j := range jobs {
		next := j.todos
		for _, e := range store.Of(j.writes.ToDo).ToDos {
			if e.ID == 0 {
				e.ID = todo.ID(next)
				next++
			}
			var b born
			b.Entry, b.log = todo.NewEntry(e)
			rows = append(rows, b)
		}
	}
	return rows
}

func queueBirths(batch *pgx.Batch, rows []born) {
	batch.Queue(insertToDos,
		col(rows, func(e *born) int64 { return int64(e.ID) }),
		col(rows, func(e *born) string { return text(string(e.Type)) }),
		col(rows, func(e *born) string { return text(e.About) }),
		col(rows, func(e *born) string { return text(e.Source) }),
		col(rows, func(e *born) string { return text(e.Division) }),
		col(rows, func(e *born) int64 { return int64(e.Contact) }),
		col(rows, func(e *born) *[16]byte { return idOrNone(&e.Message) }),
		col(rows, func(e *born) string { return text(e.Reason) }),
		col(rows, func(e *born) int64 { return micros(e.OpenedAt) }),
		col(rows, func(e *born) string { return text(e.Role) }),
		col(rows, func(e *born) string { return text(e.User) }),
		col(rows, func(e *born) int64 { return micros(e.AssignedAt) }),
		col(rows, func(e *born) string { return text(e.AssignedBy) }),
		col(rows, func(e *born) int16 { return int16(e.Priority) }), //nolint:gosec // 1 to 9
		col(rows, func(e *born) string { return text(e.Subject) }),
		col(rows, func(e *born) string { return text(e.Comments) }),
		col(rows, func(e *born) string { return text(e.Text.Category) }),
		col(rows, func(e *born) int32 { return int32(e.Text.Number) }), //nolint:gosec // a message's number is small
		col(rows, func(e *born) string { return text(todo.Joined(e.Text.Parameters)) }),
		col(rows, func(e *born) string { return text(todo.Joined(e.Drill)) }),
		col(rows, func(e *born) string { return text(todo.Joined(e.Sort)) }),
		col(rows, func(e *born) string { return text(todo.JoinedSkills(e.Skills)) }),
		col(rows, func(e *born) string { return text(e.Batch) }),
		col(rows, func(e *born) int64 { return e.Run }),
		col(rows, func(e *born) string { return text(e.OpenedBy) }))
	queueBirthLog(batch, rows)
	type carried struct {
		todo todo.ID
		of   plugin.Characteristic
	}
	var chars []carried
	for _, e := range rows {
		for _, c := range e.Characteristics {
			chars = append(chars, carried{e.ID, c})
		}
	}
	if len(chars) > 0 {
		batch.Queue(insertToDoCharacteristics,
			col(chars, func(c *carried) int64 { return int64(c.todo) }),
			col(chars, func(c *carried) string { return text(c.of.Type) }),
			col(chars, func(c *carried) string { return text(c.of.Value) }))
	}
}

func queueBirthLog(batch *pgx.Batch, rows []born) {
	batch.Queue(insertToDoBirths,
		col(rows, func(e *born) int64 { return int64(e.log.ToDo) }),
		col(rows, func(e *born) int64 { return micros(e.log.At) }),
		col(rows, func(e *born) string { return text(string(e.log.Kind)) }),
		col(rows, func(e *born) string { return text(e.log.By) }),
		col(rows, func(e *born) string { return text(e.log.User) }),
		col(rows, func(e *born) string { return text(e.log.Role) }),
		col(rows, func(e *born) string { return text(e.log.Comment) }))
}

func queueMoves(batch *pgx.Batch, rows []todo.Move) {
	if len(rows) == 0 {
		return
	}
	batch.Queue(moveToDos,
		col(rows, func(m *todo.Move) int64 { return int64(m.From.ID) }),
		col(rows, func(m *todo.Move) int64 { return m.From.Revision }),
		col(rows, func(m *todo.Move) string { return text(m.To.Role) }),
		col(rows, func(m *todo.Move) string { return text(m.To.User) }),
		col(rows, func(m *todo.Move) int64 { return micros(m.To.AssignedAt) }),
		col(rows, func(m *todo.Move) string { return text(m.To.AssignedBy) }),
		col(rows, func(m *todo.Move) string { return string(m.To.Work) }),
		col(rows, func(m *todo.Move) int16 { return int16(m.To.Priority) }), //nolint:gosec // 1 to 9
		col(rows, func(m *todo.Move) string { return text(m.To.Subject) }),
		col(rows, func(m *todo.Move) string { return text(m.To.Comments) }),
		col(rows, func(m *todo.Move) int64 { return micros(m.To.RoutedAt) }),
		col(rows, func(m *todo.Move) int64 { return micros(m.To.CompletedAt) }),
		col(rows, func(m *todo.Move) string { return text(m.To.By) }),
		col(rows, func(m *todo.Move) string { return text(m.To.Outcome) }),
		len(rows))
	batch.Queue(insertToDoLog,
		col(rows, func(m *todo.Move) int64 { return int64(m.From.ID) }),
		col(rows, func(m *todo.Move) int64 { return micros(m.Log.At) }),
		col(rows, func(m *todo.Move) string { return text(string(m.Log.Kind)) }),
		col(rows, func(m *todo.Move) string { return text(m.Log.By) }),
		col(rows, func(m *todo.Move) string { return text(m.Log.User) }),
		col(rows, func(m *todo.Move) string { return text(m.Log.Role) }),
		col(rows, func(m *todo.Move) string { return text(m.Log.Comment) }),
		col(rows, func(m *todo.Move) *[16]byte { return idOrNone(&m.Log.Message) }))
}

// idOrNone is an identifier as stored where it may be none.
func idOrNone(id *message.ID) *[16]byte {
	if id.IsZero() {
		return nil
	}
	return (*[16]byte)(id)
}

// touchesToDos names what sets may change one after the other: an entry, what one is open about, and what a user is at.
func touchesToDos(w *store.Writes, is func(touch)) {
	for i := range store.Of(w.ToDo).ToDos {
		is(touch{what: 't', a: string(store.Of(w.ToDo).ToDos[i].Type), b: store.Of(w.ToDo).ToDos[i].About})
	}
	for i := range store.Of(w.ToDo).Done {
		is(touch{what: 't', a: string(store.Of(w.ToDo).Done[i].Type), b: store.Of(w.ToDo).Done[i].About})
	}
	for i := range store.Of(w.ToDo).ToDoMoves {
		m := &store.In(&w.ToDo).ToDoMoves[i]
		is(touch{what: 't', a: string(m.From.Type), b: m.From.About})
		if m.From.Work == todo.InProgress || m.To.Work == todo.InProgress {
			is(touch{what: 'w', a: m.To.User})
			is(touch{what: 'w', a: m.From.User})
		}
	}
	for _, id := range store.Of(w.ToDo).ToDoPurges {
		is(touch{what: 'd', n: int64(id)})
	}
}
