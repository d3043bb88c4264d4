package sqlite

import (
	"context"
	"database/sql"
	"strings"

	"carillon/core/config"
	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/todo"
)

const toDoColumns = `t.id, t.type, t.about, t.source, t.division, t.contact, t.message, t.reason, t.role, t.assignee, t.assigned_at,
    t.assigned_by, t.work, t.priority, t.subject, t.comments, t.category, t.number, t.parameters, t.drill, t.sort, t.skills, t.batch,
    t.run, t.opened_by, t.opened_at, t.routed_at, t.completed_at, t.by, t.outcome, t.revision`

// keys reads a list of keys as stored.
type keys struct{ to *[]string }

// Scan implements sql.Scanner.
func (k keys) Scan(src any) error {
	var stored sql.NullString
	err := stored.Scan(src)
	*k.to = todo.Parted(stored.String)
	return err
}

// skills reads a list of skills as stored.
type skills struct{ to *[]config.Skill }

// Scan implements sql.Scanner.
func (k skills) Scan(src any) error {
	var stored sql.NullString
	err := stored.Scan(src)
	*k.to = todo.PartedSkills(stored.String)
	return err
}

func scanToDo(r rowScanner, e *todo.Entry) error {
	return r.Scan(&e.ID, &e.Type, &e.About, &e.Source, &e.Division, &e.Contact, octets{e.Message[:]}, &e.Reason, &e.Role, &e.User,
		moment{&e.AssignedAt}, &e.AssignedBy, &e.Work, &e.Priority, &e.Subject, &e.Comments, &e.Text.Category, &e.Text.Number,
		keys{&e.Text.Parameters}, keys{&e.Drill}, keys{&e.Sort}, skills{&e.Skills}, &e.Batch, &e.Run, &e.OpenedBy, moment{&e.OpenedAt},
		moment{&e.RoutedAt}, moment{&e.CompletedAt}, &e.By, &e.Outcome, &e.Revision)
}

// toDos reads entries with their characteristics.
func toDos(ctx context.Context, q *sql.Tx, where string, args ...any) ([]todo.Entry, error) {
	all, err := readAll(ctx, q, `select `+toDoColumns+where, args, scanToDo)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].Characteristics, err = readAll(ctx, q, `select type, value from todo_characteristic where todo = ? order by type, value`,
			[]any{int64(all[i].ID)}, func(r rowScanner, c *plugin.Characteristic) error { return r.Scan(&c.Type, &c.Value) })
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// ToDo implements [store.ToDos].
func (s *Store) ToDo(ctx context.Context, id todo.ID) (e todo.Entry, err error) {
	err = s.read(ctx, "reading a To Do", func(q *sql.Tx) error {
		all, err := toDos(ctx, q, ` from todo t where t.id = ?`, int64(id))
		if err == nil && len(all) == 0 {
			err = sql.ErrNoRows
		}
		if err == nil {
			e = all[0]
		}
		return err
	})
	return e, err
}

// ToDoLog implements [store.ToDos].
func (s *Store) ToDoLog(ctx context.Context, id todo.ID) (rows []todo.LogRow, err error) {
	err = s.read(ctx, "reading the log of a To Do", func(q *sql.Tx) error {
		rows, err = readAll(ctx, q, `select todo, at, kind, by, assignee, role, comment, message from todo_log where todo = ? order by id`,
			[]any{int64(id)}, func(r rowScanner, l *todo.LogRow) error {
				return r.Scan(&l.ToDo, moment{&l.At}, &l.Kind, &l.By, &l.User, &l.Role, &l.Comment, octets{l.Message[:]})
			})
		return err
	})
	return rows, err
}

// toDoQuery writes the conditions of a filter.
type toDoQuery struct {
	where []string
	args  []any
}

func (q *toDoQuery) and(condition string, args ...any) {
	q.where, q.args = append(q.where, condition), append(q.args, args...)
}

func (q *toDoQuery) is(column, value string) {
	if value != "" {
		q.and(column+" = ?", value)
	}
}

// in adds that a column is one of the words; there may be none.
func in(column string, words []string) (condition string, args []any) {
	if len(words) == 0 {
		return "false", nil
	}
	for _, w := range words {
		args = append(args, w)
	}
	return column + " in (?" + strings.Repeat(", ?", len(words)-1) + ")", args
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
	q.is("t.assignee", f.User)
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
		condition, args := in("t.division", f.Divisions)
		q.and(condition, args...)
	}
	if a := f.Actor; a != nil && !a.Supervises {
		condition, args := in("t.role", a.Roles)
		q.and("(t.role = '' or "+condition+" or t.assignee = ?)", append(args, a.Name)...)
	}
	if n := len(f.Characteristics); n > 0 {
		args := make([]any, 0, 2*n)
		for _, c := range f.Characteristics {
			args = append(args, c.Type, c.Value)
		}
		q.and("t.id in (select todo from todo_characteristic where (type, value) in (values (?, ?)"+strings.Repeat(", (?, ?)", n-1)+"))", args...)
	}
	return q
}

// String is the conditions.
func (q *toDoQuery) String() string { return ` from todo t where ` + strings.Join(q.where, " and ") }

// ToDoList implements [store.ToDos].
func (s *Store) ToDoList(ctx context.Context, f todo.Filter, after todo.ID, limit int) (all []todo.Entry, err error) {
	q, order := toDosOf(f), "t.priority, t.sort, t.opened_at, t.id"
	switch {
	case f.Status == todo.IsComplete || f.Unrouted:
		q.and("t.id > ?", int64(after))
		order = "t.id"
	case after != 0:
		q.and("(t.priority, t.sort, t.opened_at, t.id) > (select a.priority, a.sort, a.opened_at, a.id from todo a where a.id = ?)", int64(after))
	}
	err = s.read(ctx, "reading To Dos", func(tx *sql.Tx) error {
		all, err = toDos(ctx, tx, q.String()+` order by `+order+` limit ?`, append(q.args, limit)...)
		return err
	})
	return all, err
}

// ToDoCount implements [store.ToDos].
func (s *Store) ToDoCount(ctx context.Context, f todo.Filter) (n int64, err error) {
	q := toDosOf(f)
	err = s.read(ctx, "counting To Dos", func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `select count(*)`+q.String(), q.args...).Scan(&n)
	})
	return n, err
}

// ToDosToPurge implements [store.ToDos].
func (s *Store) ToDosToPurge(ctx context.Context, r todo.Retention, limit int) (ids []todo.ID, err error) {
	before, args := `?`, []any{}
	if len(r.Before) > 0 {
		before = `case t.type` + strings.Repeat(` when ? then ?`, len(r.Before)) + ` else ? end`
	}
	for kind, at := range r.Before {
		args = append(args, string(kind), micros(at))
	}
	args = append(args, micros(r.Others), limit)
	err = s.read(ctx, "looking for old To Dos", func(q *sql.Tx) error {
		ids, err = readAll(ctx, q, `
select t.id from todo t where t.completed_at <> 0 and t.completed_at < `+before+` order by t.completed_at, t.id limit ?`, args,
			func(r rowScanner, id *todo.ID) error { return r.Scan(id) })
		return err
	})
	return ids, err
}

var _ store.ToDos = (*Store)(nil)
