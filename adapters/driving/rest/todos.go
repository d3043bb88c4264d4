package rest

import (
	"context"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/desk"
	"carillon/core/fault"
	"carillon/core/todo"
)

// ListToDos lists work that only a person can do.
func (s *server) ListToDos(ctx context.Context, params api.ListToDosParams) (api.ListToDosRes, error) {
	var after todo.ID
	if params.After.Set {
		var err error
		if after, err = todo.ParseID(string(params.After.Value)); err != nil {
			return nil, fault.Refuse(fault.Violation{Field: "query/after", Reason: "is a cursor that was given out"})
		}
	}
	f := desk.ToDoFilter{Type: todo.Type(params.Type.Value), Division: string(params.Division.Value)}
	if params.Status.Value == api.ListToDosStatusComplete {
		f.Status = todo.IsComplete
	}
	entries, next, err := s.ToDos.List(ctx, caller(ctx), f, after, params.Limit.Value)
	if err != nil {
		return nil, err
	}
	out := &api.ToDoPage{Todos: make([]api.ToDo, 0, len(entries))}
	if next != 0 {
		out.Next = api.NewOptToDoID(api.ToDoID(next.String()))
	}
	for _, e := range entries {
		out.Todos = append(out.Todos, toDoView(e.Entry))
	}
	return out, nil
}

func toDoView(e todo.Entry) api.ToDo {
	out := api.ToDo{
		ID: api.ToDoID(e.ID.String()), Type: api.ToDoType(e.Type), Status: api.ToDoStatusOpen, Source: e.Source, Division: e.Division,
		Reason: e.Reason, OpenedAt: stamp(e.OpenedAt), CompletedAt: maybe(e.CompletedAt), By: text(e.By), Outcome: text(e.Outcome),
	}
	if e.Complete() {
		out.Status = api.ToDoStatusComplete
	}
	if e.Contact != 0 {
		out.Contact = api.NewOptContactID(api.ContactID(e.Contact.String()))
	}
	if !e.Message.IsZero() {
		out.Message = api.NewOptMessageID(api.MessageID(e.Message.String()))
	}
	return out
}
