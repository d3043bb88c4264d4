package postgres

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/todo"
)

const (
	toDoColumns = `t.id, t.type, t.about, t.source, t.division, t.contact, t.message, t.reason, t.role, t.assignee, t.assigned_at,
    t.assigned_by, t.work, t.priority, t.subject, t.comments, t.category, t.number, t.parameters, t.drill, t.sort, t.skills, t.batch,
    t.run, t.opened_by, t.opened_at, t.routed_at, t.completed_at, t.by, t.outcome, t.revision`

	selectToDo = `select ` + toDoColumns + ` from todo t where t.id = $1`

	selectToDoCharacteristics = `
select todo, type, value from todo_characteristic where todo = any($1::bigint[]) order by todo, type, value`

	selectToDoLog = `
select todo, at, kind, by, assignee, role, comment, message from todo_log where todo = $1 order by id`
)

func toDoOf(row pgx.CollectableRow) (e todo.Entry, err error) {
	var assigned, opened, routed, completed int64
	var id *[16]byte
	var parameters, drill, sort, skills string
	err = row.Scan((*int64)(&e.ID), (*string)(&e.Type), &e.About, &e.Source, &e.Division, (*int64)(&e.Contact), &id, &e.Reason, &e.Role,
		&e.User, &assigned, &e.AssignedBy, (*string)(&e.Work), &e.Priority, &e.Subject, &e.Comments, &e.Text.Category, &e.Text.Number,
		&parameters, &drill, &sort, &skills, &e.Batch, &e.Run, &e.OpenedBy, &opened, &routed, &completed, &e.By, &e.Outcome, &e.Revision)
	e.AssignedAt, e.OpenedAt, e.RoutedAt, e.CompletedAt = timeOf(assigned), timeOf(opened), timeOf(routed), timeOf(completed)
	e.Text.Parameters, e.Drill, e.Sort, e.Skills = todo.Parted(parameters), todo.Parted(drill), todo.Parted(sort), todo.PartedSkills(skills)
	if id != nil {
		e.Message = *id
	}
	return e, err
}

// ToDo implements [store.ToDos].
func (s *Store) ToDo(ctx context.Context, id todo.ID) (todo.Entry, error) {
	e, err := one(ctx, s, "reading a To Do", toDoOf, selectToDo, int64(id))
	if err != nil {
		return e, err
	}
	entries := []todo.Entry{e}
	err = s.characterise(ctx, entries)
	return entries[0], err
}

// characterise reads the characteristics of entries.
func (s *Store) characterise(ctx context.Context, entries []todo.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	at := make(map[int64]*todo.Entry, len(entries))
	for i := range entries {
		at[int64(entries[i].ID)] = &entries[i]
	}
	return s.look(ctx, "reading the characteristics of To Dos", func(batch *pgx.Batch) {
		batch.Queue(selectToDoCharacteristics, slices.Collect(maps.Keys(at))).Query(func(rows pgx.Rows) error {
			var id int64
			var c plugin.Characteristic
			_, err := pgx.ForEachRow(rows, []any{&id, &c.Type, &c.Value}, func() error {
				at[id].Characteristics = append(at[id].Characteristics, c)
				return nil
			})
			return err
		})
	})
}

// ToDoLog implements [store.ToDos].
func (s *Store) ToDoLog(ctx context.Context, id todo.ID) ([]todo.LogRow, error) {
	return all(ctx, s, "reading the log of a To Do", func(row pgx.CollectableRow) (l todo.LogRow, err error) {
		var at int64
		var sent *[16]byte
		err = row.Scan((*int64)(&l.ToDo), &at, (*string)(&l.Kind), &l.By, &l.User, &l.Role, &l.Comment, &sent)
		l.At = timeOf(at)
		if sent != nil {
			l.Message = *sent
		}
		return l, err
	}, selectToDoLog, int64(id))
}

// toDoQuery writes the conditions of a filter.
type toDoQuery struct {
	where []string
	args  []any
}

// and adds a condition; every ? of it is the place of an argument.
func (q *toDoQuery) and(condition string, args ...any) {
	for _, a := range args {
		q.args = append(q.args, a)
		condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(q.args)), 1)
	}
	q.where = append(q.where, condition)
}

func (q *toDoQuery) is(column, value string) {
	if value != "" {
		q.and(column+" = ?", text(value))
	}
}

func toDosOf(f todo.Filter) *toDoQuery {
	q := &toDoQuery{}
	switch f.Status {
	case todo.IsComplete:
		q.and("t.completed_at <> 0")
	case todo.IsAssigned:
		q.and("t.completed_at = 0 and t.assignee <> ''")
	case todo.IsOpen:
		q.and("t.completed_at = 0 and t.assignee = ''")
	default:
		q.and("t.completed_at = 0")
	}
	q.is("t.type", string(f.Type))
	q.is("t.role", f.Role)
	if f.User != "" {
		q.and("t.assignee = ? and t.assignee <> ''", text(f.User))
	}
	q.is("t.work", string(f.Work))
	q.is("t.division", f.Division)
	q.is("t.about", f.About)
	if f.But != 0 {
		q.and("t.id <> ?", int64(f.But))
	}
	if f.Unrouted {
		q.and("t.routed_at = 0")
	}
	if f.Divisions != nil {
		q.and("t.division = any(?::text[])", f.Divisions)
	}
	if a := f.Actor; a != nil && !a.Supervises {
		q.and("(t.role = '' or t.role = any(?::text[]) or t.assignee = ?)", a.Roles, text(a.Name))
	}
	if len(f.Characteristics) > 0 {
		q.and(`t.id in (select c.todo from unnest(?::text[], ?::text[]) as i (type, value)
    join todo_characteristic c on c.type = i.type and c.value = i.value)`,
			col(f.Characteristics, func(c *plugin.Characteristic) string { return text(c.Type) }),
			col(f.Characteristics, func(c *plugin.Characteristic) string { return text(c.Value) }))
	}
	return q
}

// String is the conditions.
func (q *toDoQuery) String() string { return ` from todo t where ` + strings.Join(q.where, " and ") }

// ToDoList implements [store.ToDos].
func (s *Store) ToDoList(ctx context.Context, f todo.Filter, after todo.ID, limit int) ([]todo.Entry, error) {
	q, order := toDosOf(f), "t.priority, t.sort, t.opened_at, t.id"
	switch {
	case f.Status == todo.IsComplete || f.Unrouted:
		q.and("t.id > ?", int64(after))
		order = "t.id"
	case after != 0:
		q.and("(t.priority, t.sort, t.opened_at, t.id) > (select a.priority, a.sort, a.opened_at, a.id from todo a where a.id = ?)", int64(after))
	}
	q.args = append(q.args, limit)
	statement := `select ` + toDoColumns + q.String() + ` order by ` + order + ` limit $` + strconv.Itoa(len(q.args))
	read := all[todo.Entry]
	if len(f.Characteristics) > 0 { // they lead to a few entries, which are sorted
		read = tally[todo.Entry]
	}
	entries, err := read(ctx, s, "reading To Dos", toDoOf, statement, q.args...)
	if err != nil {
		return nil, err
	}
	return entries, s.characterise(ctx, entries)
}

// ToDoCount implements [store.ToDos].
func (s *Store) ToDoCount(ctx context.Context, f todo.Filter) (int64, error) {
	q := toDosOf(f)
	return s.scalar(ctx, "counting To Dos", `select count(*)`+q.String(), q.args...)
}

const selectToDosToPurge = `
select t.id from todo t
where t.completed_at <> 0 and t.completed_at < coalesce((select i.before from unnest($1::text[], $2::bigint[]) as i (type, before) where i.type = t.type), $3)
order by t.completed_at, t.id limit $4`

// ToDosToPurge implements [store.ToDos].
func (s *Store) ToDosToPurge(ctx context.Context, r todo.Retention, limit int) ([]todo.ID, error) {
	types := make([]string, 0, len(r.Before))
	before := make([]int64, 0, len(r.Before))
	for kind, at := range r.Before {
		types, before = append(types, text(string(kind))), append(before, micros(at))
	}
	return all(ctx, s, "looking for old To Dos", func(row pgx.CollectableRow) (id todo.ID, err error) {
		err = row.Scan((*int64)(&id))
		return id, err
	}, selectToDosToPurge, types, before, micros(r.Others), limit)
}

var _ store.ToDos = (*Store)(nil)
