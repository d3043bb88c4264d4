package sqlite

import (
	"context"
	"errors"

	"carillon/core/store"
	"carillon/core/todo"
)

// toDoNumbers is the sequence of To Do entries.
const toDoNumbers = "todo"

// reserveToDos takes numbers from where the table takes its own: what the release before this one lets the table number
// never meets them.
func (x *tx) reserveToDos(ctx context.Context, n int64) (first int64, err error) {
	err = x.row(ctx, `update sqlite_sequence set seq = seq + ? where name = 'todo' returning seq - ? + 1`, n, n).Scan(&first)
	return first, err
}

const openToDo = `
insert into todo (id, type, about, source, division, contact, message, reason, opened_at, role, assignee, assigned_at, assigned_by,
    priority, subject, comments, category, number, parameters, drill, sort, skills, batch, run, opened_by)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (type, about) where completed_at = 0 do nothing`

// toDo opens an entry, unless one of its type is open about the same.
func (x *tx) toDo(ctx context.Context, e todo.Entry) error {
	if e.ID == 0 {
		id, err := x.reserveToDos(ctx, 1)
		if err != nil {
			return err
		}
		e.ID = todo.ID(id)
	}
	e, born := todo.NewEntry(e)
	n, err := x.exec(ctx, openToDo, int64(e.ID), string(e.Type), e.About, e.Source, e.Division, int64(e.Contact), idOrNone(e.Message), e.Reason,
		micros(e.OpenedAt), e.Role, e.User, micros(e.AssignedAt), e.AssignedBy, e.Priority, e.Subject, e.Comments, e.Text.Category,
		e.Text.Number, todo.Joined(e.Text.Parameters), todo.Joined(e.Drill), todo.Joined(e.Sort), todo.JoinedSkills(e.Skills), e.Batch,
		e.Run, e.OpenedBy)
	if isTwice(err) {
		return lose(store.LostToDo)
	}
	if err != nil || n == 0 {
		return err
	}
	for _, c := range e.Characteristics {
		if _, err := x.exec(ctx, `insert into todo_characteristic (todo, type, value) values (?, ?, ?) on conflict do nothing`,
			int64(e.ID), c.Type, c.Value); err != nil {
			return err
		}
	}
	return x.toDoLog(ctx, born)
}

const insertToDoLog = `insert into todo_log (todo, at, kind, by, assignee, role, comment, message) values (?, ?, ?, ?, ?, ?, ?, ?)`

func (x *tx) toDoLog(ctx context.Context, l todo.LogRow) error {
	_, err := x.exec(ctx, insertToDoLog, int64(l.ToDo), micros(l.At), string(l.Kind), l.By, l.User, l.Role, l.Comment, idOrNone(l.Message))
	return err
}

const (
	completedToDo = `
insert into todo_log (todo, at, kind, by, assignee, role, comment)
select id, ?1, 'completed', ?2, assignee, role, ?3 from todo where type = ?4 and about = ?5 and completed_at = 0`

	completeToDo = `
update todo set completed_at = ?, by = ?, outcome = ?, work = '', revision = revision + 1
where type = ? and about = ? and completed_at = 0`
)

func (x *tx) completed(ctx context.Context, c todo.Completion) error {
	if _, err := x.exec(ctx, completedToDo, micros(c.At), c.By, c.Outcome, string(c.Type), c.About); err != nil {
		return err
	}
	_, err := x.exec(ctx, completeToDo, micros(c.At), c.By, c.Outcome, string(c.Type), c.About)
	return err
}

// toDoMoves moves entries. Those that leave their user's hands move before those that are begun: a user has one in
// progress.
func (x *tx) toDoMoves(ctx context.Context, moves []todo.Move) error {
	for _, begins := range []bool{false, true} {
		for _, m := range moves {
			if (m.To.Work == todo.InProgress) != begins {
				continue
			}
			if err := x.toDoMove(ctx, m); err != nil {
				return err
			}
		}
	}
	return nil
}

const moveToDo = `
update todo set role = ?, assignee = ?, assigned_at = ?, assigned_by = ?, work = ?, priority = ?, subject = ?, comments = ?,
    routed_at = ?, completed_at = ?, by = ?, outcome = ?, revision = revision + 1
where id = ? and revision = ? and completed_at = 0`

func (x *tx) toDoMove(ctx context.Context, m todo.Move) error {
	err := x.must(ctx, store.LostToDo, moveToDo, m.To.Role, m.To.User, micros(m.To.AssignedAt), m.To.AssignedBy, string(m.To.Work), m.To.Priority,
		m.To.Subject, m.To.Comments, micros(m.To.RoutedAt), micros(m.To.CompletedAt), m.To.By, m.To.Outcome, int64(m.From.ID), m.From.Revision)
	if err != nil {
		return err
	}
	return x.toDoLog(ctx, m.Log)
}

// purgeToDo takes a complete entry away.
func (x *tx) purgeToDo(ctx context.Context, id todo.ID) error {
	n, err := x.exec(ctx, `delete from todo where id = ? and completed_at <> 0`, int64(id))
	if err != nil || n == 0 {
		return err
	}
	_, err = x.exec(ctx, `delete from todo_characteristic where todo = ?`, int64(id))
	_, failed := x.exec(ctx, `delete from todo_log where todo = ?`, int64(id))
	return errors.Join(err, failed)
}
