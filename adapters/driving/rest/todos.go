package rest

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/command"
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
	f := desk.ToDoFilter{
		Mine: params.Mine.Value, Status: todo.Status(params.Status.Value), Type: todo.Type(params.Type.Value), Role: string(params.Role.Value),
		User: params.User.Value, Division: string(params.Division.Value), About: params.About.Value,
	}
	f.Characteristic.Type, f.Characteristic.Value, _ = strings.Cut(params.Characteristic.Value, "=")
	entries, next, err := s.ToDos.List(ctx, caller(ctx), f, after, params.Limit.Value)
	if err != nil {
		return nil, err
	}
	out := &api.ToDoPage{Todos: toDoRows(entries)}
	if next != 0 {
		out.Next = api.NewOptToDoID(api.ToDoID(next.String()))
	}
	return out, nil
}

// toDoID reads the number of an entry in a path.
func toDoID(id api.ToDoID) (todo.ID, error) {
	n, err := todo.ParseID(string(id))
	if err != nil {
		return 0, fault.New(fault.NotFound, "there is no such To Do")
	}
	return n, nil
}

// GetToDo reads an entry.
func (s *server) GetToDo(ctx context.Context, params api.GetToDoParams) (api.GetToDoRes, error) {
	id, err := toDoID(params.ID)
	if err != nil {
		return nil, err
	}
	view, err := s.ToDos.View(ctx, caller(ctx), id)
	if err != nil {
		return nil, err
	}
	return toDoAnswer(view), nil
}

// AddToDo opens an entry by hand.
func (s *server) AddToDo(ctx context.Context, req *api.ToDoRequest) (api.AddToDoRes, error) {
	in := desk.NewToDo{
		Type: string(req.Type), Division: string(req.Division), Role: string(req.Role.Value), User: req.User.Value, Priority: req.Priority.Value,
		Subject: req.Subject, Comments: req.Comments.Value, Drill: req.DrillKeys, Sort: req.SortKeys,
	}
	if req.Priority.Set && in.Priority == 0 {
		in.Priority = -1 // none of 1 to 9: the desk says so
	}
	for _, c := range req.Characteristics {
		in.Characteristics = append(in.Characteristics, command.Characteristic{Type: c.Type, Value: c.Value})
	}
	view, err := s.ToDos.Add(ctx, s.cfg.Clock(), caller(ctx), in)
	if err != nil {
		return nil, err
	}
	return toDoAnswer(view), nil
}

// ChangeToDo sets priority, subject or comments.
func (s *server) ChangeToDo(ctx context.Context, req *api.ToDoChange, params api.ChangeToDoParams) (api.ChangeToDoRes, error) {
	a := desk.ToDoAction{Verb: desk.ChangeToDo}
	if req.Priority.Set {
		a.Revised.Priority = &req.Priority.Value
	}
	if req.Subject.Set {
		a.Revised.Subject = &req.Subject.Value
	}
	if req.Comments.Set {
		a.Revised.Comments = &req.Comments.Value
	}
	view, err := s.actOn(ctx, params.ID, params.IfMatch, a)
	if err != nil {
		return nil, err
	}
	return toDoAnswer(view), nil
}

// ActOnToDo does something with an entry.
func (s *server) ActOnToDo(ctx context.Context, req api.OptToDoActionRequest, params api.ActOnToDoParams) (api.ActOnToDoRes, error) {
	view, err := s.actOn(ctx, params.ID, params.IfMatch, desk.ToDoAction{
		Verb: toDoVerb(params.Action), User: req.Value.User.Value, Role: string(req.Value.Role.Value), Comment: req.Value.Comment.Value,
	})
	switch {
	case err != nil:
		return nil, err
	case view.ID == 0:
		return &api.ActOnToDoNoContent{}, nil
	}
	return toDoAnswer(view), nil
}

func (s *server) actOn(ctx context.Context, number api.ToDoID, ifMatch string, a desk.ToDoAction) (desk.ToDoView, error) {
	id, err := toDoID(number)
	if err != nil {
		return desk.ToDoView{}, err
	}
	a.Revision, err = strconv.ParseInt(strings.Trim(ifMatch, `"`), 10, 64)
	if err != nil || a.Revision == 0 { // no entry ever has it
		return desk.ToDoView{}, fault.New(fault.Conflict, "the To Do has another revision now: look again")
	}
	return s.ToDos.Act(ctx, s.cfg.Clock(), caller(ctx), id, a)
}

// toDoVerb is the desk's word for an action.
func toDoVerb(a api.ToDoAction) desk.ToDoVerb {
	if a == api.ToDoActionComments {
		return desk.CommentToDo
	}
	return desk.ToDoVerb(a)
}

// ActOnToDos does the same with many entries.
func (s *server) ActOnToDos(ctx context.Context, req *api.ToDoActions) (api.ActOnToDosRes, error) {
	ids := make([]todo.ID, len(req.Todos))
	for i, text := range req.Todos {
		id, err := toDoID(text)
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	results, err := s.ToDos.ActMany(ctx, s.cfg.Clock(), caller(ctx), ids, desk.ToDoAction{
		Verb: toDoVerb(req.Action), User: req.User.Value, Role: string(req.Role.Value), Comment: req.Comment.Value,
	})
	if err != nil {
		return nil, err
	}
	out := &api.ToDoResults{Results: make([]api.ToDoResultsResultsItem, len(results))}
	for i, r := range results {
		out.Results[i] = api.ToDoResultsResultsItem{ID: api.ToDoID(r.ID.String()), Done: r.Err == nil, Problem: text(whyNot(r.Err))}
	}
	return out, nil
}

// whyNot says in one line why something was not done.
func whyNot(err error) string {
	f, is := errors.AsType[*fault.Error](err)
	switch {
	case err == nil:
		return ""
	case !is:
		return fault.KindOf(err).String()
	case len(f.Violations) == 0:
		return f.Text
	}
	told := make([]string, len(f.Violations))
	for i, v := range f.Violations {
		told[i] = v.Field + " " + v.Reason
	}
	return strings.Join(told, "; ")
}

func toDoAnswer(v desk.ToDoView) *api.ToDoHeaders {
	out := api.ToDoView{
		Todo: toDoView(v.ToDoRow), Text: text(v.Text), Target: text(v.Target), Log: make([]api.ToDoLogRow, 0, len(v.Log)),
		Related: toDoRows(v.Related), Relating: v.Relating, Warnings: there(v.Warnings),
	}
	for _, l := range v.Log {
		row := api.ToDoLogRow{
			At: stamp(l.At), Kind: api.ToDoLogRowKind(l.Kind), By: text(l.By), User: text(l.User), Role: text(l.Role), Comment: text(l.Comment),
		}
		if !l.Message.IsZero() {
			row.Message = api.NewOptMessageID(api.MessageID(l.Message.String()))
		}
		out.Log = append(out.Log, row)
	}
	return &api.ToDoHeaders{ETag: etag(v.Revision), Response: out}
}

func toDoRows(rows []desk.ToDoRow) []api.ToDo {
	out := make([]api.ToDo, 0, len(rows))
	for _, r := range rows {
		out = append(out, toDoView(r))
	}
	return out
}

func toDoView(e desk.ToDoRow) api.ToDo {
	out := api.ToDo{
		ID: api.ToDoID(e.ID.String()), Type: api.ToDoType(e.Type), Status: api.ToDoStatus(e.Status()), Information: text(e.Information),
		Source: e.Source, Division: e.Division, Role: text(e.Role), User: text(e.User), AssignedAt: maybe(e.AssignedAt),
		AssignedBy: text(e.AssignedBy), Priority: e.Priority, Subject: text(e.Subject), Comments: text(e.Comments), About: text(e.About),
		DrillKeys: e.Drill, SortKeys: e.Sort, Reason: e.Reason, Batch: text(e.Batch), OpenedBy: text(e.OpenedBy), OpenedAt: stamp(e.OpenedAt),
		RoutedAt: maybe(e.RoutedAt), CompletedAt: maybe(e.CompletedAt), By: text(e.By), Outcome: text(e.Outcome), Revision: e.Revision,
	}
	if e.Work != todo.Untouched {
		out.Work = api.NewOptToDoWork(api.ToDoWork(e.Work))
	}
	if e.Contact != 0 {
		out.Contact = api.NewOptContactID(api.ContactID(e.Contact.String()))
	}
	if !e.Message.IsZero() {
		out.Message = api.NewOptMessageID(api.MessageID(e.Message.String()))
	}
	if e.Run != 0 {
		out.Run = api.NewOptInt64(e.Run)
	}
	for _, c := range e.Characteristics {
		out.Characteristics = append(out.Characteristics, api.ToDoCharacteristic{Type: c.Type, Value: c.Value})
	}
	for _, k := range e.Skills {
		out.Skills = append(out.Skills, api.ToDoSkillsItem{Type: k.Type, Level: k.Level})
	}
	return out
}
