package rest

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"carillon/adapters/driving/api/contract"
	"carillon/core/access"
	"carillon/core/desk/worklist"
	"carillon/core/fault"
	"carillon/core/plugin"
	"carillon/core/todo"
)

func (s *server) todoOperations() []operation {
	return []operation{
		op("listToDos", s.listToDos),
		op("getToDo", s.getToDo),
		op("addToDo", s.addToDo),
		op("changeToDo", s.changeToDo),
		op("actOnToDo", s.actOnToDo).answering(ToDoView{}),
		op("actOnToDos", s.actOnToDos),
	}
}

// ToDos is the work that only people can do. All return fault.Forbidden for a caller that may not, and fault.NotFound
// for what the caller does not see.
type ToDos interface {
	// List lists entries; next is 0 at the end.
	List(ctx context.Context, p access.Principal, f worklist.Filter, after todo.ID, limit int) (rows []worklist.Row, next todo.ID, err error)
	// View reads an entry with what is known around it.
	View(ctx context.Context, p access.Principal, id todo.ID) (worklist.View, error)
	// Add opens an entry by hand; fault.Conflict when one is open about the same, fault.Invalid naming fields.
	Add(ctx context.Context, now time.Time, p access.Principal, in worklist.NewToDo) (worklist.View, error)
	// Act does something with an entry; fault.Conflict for what the entry cannot do, and for another revision. The view has no
	// id when the caller does not see the entry any more.
	Act(ctx context.Context, now time.Time, p access.Principal, id todo.ID, a worklist.Action) (worklist.View, error)
	// ActMany does the same with many entries, each by itself.
	ActMany(ctx context.Context, now time.Time, p access.Principal, ids []todo.ID, a worklist.Action) ([]worklist.Result, error)
}

// ToDoPage is a page of To Do entries.
type ToDoPage struct {
	Todos []ToDo `json:"todos"`
	Next  string `json:"next,omitzero"`
}

// ToDo is work that only a person can do.
type ToDo struct {
	ID              string               `json:"id"`
	Type            todo.Type            `json:"type"`
	Status          todo.Status          `json:"status"`
	Information     string               `json:"information,omitzero"`
	Source          string               `json:"source"`
	Division        string               `json:"division"`
	Role            string               `json:"role,omitzero"`
	User            string               `json:"user,omitzero"`
	AssignedAt      contract.Moment      `json:"assignedAt,omitzero"`
	AssignedBy      string               `json:"assignedBy,omitzero"`
	Work            todo.Work            `json:"work,omitzero"`
	Priority        int                  `json:"priority"`
	Subject         string               `json:"subject,omitzero"`
	Comments        string               `json:"comments,omitzero"`
	About           string               `json:"about,omitzero"`
	Contact         string               `json:"contact,omitzero"`
	Message         string               `json:"message,omitzero"`
	DrillKeys       []string             `json:"drillKeys,omitempty"`
	SortKeys        []string             `json:"sortKeys,omitempty"`
	Characteristics []ToDoCharacteristic `json:"characteristics,omitempty"`
	Skills          []ToDoSkill          `json:"skills,omitempty"`
	Reason          string               `json:"reason"`
	Batch           string               `json:"batch,omitzero"`
	Run             int64                `json:"run,omitzero"`
	OpenedBy        string               `json:"openedBy,omitzero"`
	OpenedAt        contract.Moment      `json:"openedAt"`
	RoutedAt        contract.Moment      `json:"routedAt,omitzero"`
	CompletedAt     contract.Moment      `json:"completedAt,omitzero"`
	By              string               `json:"by,omitzero"`
	Outcome         string               `json:"outcome,omitzero"`
	Revision        int64                `json:"revision"`
}

// ToDoCharacteristic is a typed value that hangs on a To Do.
type ToDoCharacteristic struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// ToDoSkill is a skill that a To Do needs.
type ToDoSkill struct {
	Type  string `json:"type"`
	Level int    `json:"level"`
}

// ToDoView is an entry with what is known around it.
type ToDoView struct {
	Todo     ToDo         `json:"todo"`
	Text     string       `json:"text,omitzero"`
	Target   string       `json:"target,omitzero"`
	Log      []ToDoLogRow `json:"log"`
	Related  []ToDo       `json:"related"`
	Relating int64        `json:"relating"`
	Warnings []string     `json:"warnings"`
}

// ToDoLogRow is one thing that happened to a To Do.
type ToDoLogRow struct {
	At      contract.Moment `json:"at"`
	Kind    todo.Happening  `json:"kind"`
	By      string          `json:"by,omitzero"`
	User    string          `json:"user,omitzero"`
	Role    string          `json:"role,omitzero"`
	Comment string          `json:"comment,omitzero"`
	Message string          `json:"message,omitzero"`
}

// ToDoRequest opens a To Do by hand.
type ToDoRequest struct {
	Type            todo.Type            `json:"type"`
	Division        string               `json:"division"`
	Role            string               `json:"role,omitzero"`
	User            string               `json:"user,omitzero"`
	Priority        *int                 `json:"priority,omitzero"`
	Subject         string               `json:"subject"`
	Comments        string               `json:"comments,omitzero"`
	DrillKeys       []string             `json:"drillKeys,omitzero"`
	SortKeys        []string             `json:"sortKeys,omitzero"`
	Characteristics []ToDoCharacteristic `json:"characteristics,omitzero"`
}

// ToDoChange changes a To Do; what is left out stays as it is.
type ToDoChange struct {
	Priority *int    `json:"priority,omitzero"`
	Subject  *string `json:"subject,omitzero"`
	Comments *string `json:"comments,omitzero"`
}

// ToDoActionRequest says to whom, and why.
type ToDoActionRequest struct {
	User    string `json:"user,omitzero"`
	Role    string `json:"role,omitzero"`
	Comment string `json:"comment,omitzero"`
}

// ToDoActions does the same with many To Dos.
type ToDoActions struct {
	Action  string   `json:"action"`
	Todos   []string `json:"todos"`
	User    string   `json:"user,omitzero"`
	Role    string   `json:"role,omitzero"`
	Comment string   `json:"comment,omitzero"`
}

// ToDoResults is what became of each.
type ToDoResults struct {
	Results []ToDoResult `json:"results"`
}

// ToDoResult is what became of one To Do.
type ToDoResult struct {
	ID      string `json:"id"`
	Done    bool   `json:"done"`
	Problem string `json:"problem,omitzero"`
}

// listToDos lists work that only a person can do.
func (s *server) listToDos(ctx context.Context, c call[nothing]) (answer[ToDoPage], error) {
	var after todo.ID
	if c.Given("after") {
		var err error
		if after, err = todo.ParseID(c.Text("after")); err != nil {
			wrong := fault.Violation{Field: "query/after", Reason: "is a cursor that was given out"}
			return failed[ToDoPage](fault.Refuse(wrong))
		}
	}
	f := worklist.Filter{
		Mine: yes(c.Flag("mine"), false), Status: todo.Status(c.Text("status")), Type: todo.Type(c.Text("type")),
		Role: c.Text("role"), User: c.Text("user"), Division: c.Text("division"), About: c.Text("about"),
	}
	f.Characteristic.Type, f.Characteristic.Value, _ = strings.Cut(c.Text("characteristic"), "=")
	entries, next, err := s.ToDos.List(ctx, c.caller, f, after, int(c.Integer("limit")))
	if err != nil {
		return failed[ToDoPage](err)
	}
	out := ToDoPage{Todos: toDoRows(entries)}
	if next != 0 {
		out.Next = next.String()
	}
	return ok(out), nil
}

// toDoID is the entry that a path names.
func toDoID(x *exchange) (todo.ID, error) { return pathID(x, "id", todo.ParseID, "To Do") }

// getToDo reads an entry.
func (s *server) getToDo(ctx context.Context, c call[nothing]) (answer[ToDoView], error) {
	id, err := toDoID(c.exchange)
	if err != nil {
		return failed[ToDoView](err)
	}
	view, err := s.ToDos.View(ctx, c.caller, id)
	return toDoAnswer(view, err)
}

// addToDo opens an entry by hand.
func (s *server) addToDo(ctx context.Context, c call[ToDoRequest]) (answer[ToDoView], error) {
	in := worklist.NewToDo{
		Type: string(c.body.Type), Division: c.body.Division, Role: c.body.Role, User: c.body.User, Subject: c.body.Subject,
		Comments: c.body.Comments, Drill: c.body.DrillKeys, Sort: c.body.SortKeys,
	}
	if p := c.body.Priority; p != nil {
		in.Priority = *p
		if *p == 0 {
			in.Priority = -1 // none of 1 to 9: the desk says so
		}
	}
	for _, one := range c.body.Characteristics {
		in.Characteristics = append(in.Characteristics, plugin.Characteristic(one))
	}
	view, err := s.ToDos.Add(ctx, c.now, c.caller, in)
	a, err := toDoAnswer(view, err)
	return a.as(http.StatusCreated), err
}

// changeToDo sets priority, subject or comments.
func (s *server) changeToDo(ctx context.Context, c call[ToDoChange]) (answer[ToDoView], error) {
	a := worklist.Action{Verb: worklist.ChangeToDo}
	a.Revised.Priority, a.Revised.Subject, a.Revised.Comments = c.body.Priority, c.body.Subject, c.body.Comments
	view, err := s.actOn(ctx, c.exchange, a)
	return toDoAnswer(view, err)
}

// actOnToDo does something with an entry. There is nothing to show of one that the caller does not see any more.
func (s *server) actOnToDo(ctx context.Context, c call[ToDoActionRequest]) (answer[any], error) {
	view, err := s.actOn(ctx, c.exchange, worklist.Action{
		Verb: toDoVerb(c.Text("action")), User: c.body.User, Role: c.body.Role, Comment: c.body.Comment,
	})
	if err == nil && view.ID == 0 {
		return done().anyBody(), nil
	}
	a, err := toDoAnswer(view, err)
	return a.anyBody(), err
}

func (s *server) actOn(ctx context.Context, x *exchange, a worklist.Action) (worklist.View, error) {
	id, err := toDoID(x)
	if err != nil {
		return worklist.View{}, err
	}
	a.Revision, err = strconv.ParseInt(strings.Trim(x.Text("If-Match"), `"`), 10, 64)
	if err != nil || a.Revision == 0 { // no entry ever has it
		return worklist.View{}, fault.New(fault.Conflict, "the To Do has another revision now: look again")
	}
	return s.ToDos.Act(ctx, x.now, x.caller, id, a)
}

// toDoVerb is the desk's word for an action.
func toDoVerb(action string) worklist.Verb {
	if action == "comments" {
		return worklist.CommentToDo
	}
	return worklist.Verb(action)
}

// actOnToDos does the same with many entries.
func (s *server) actOnToDos(ctx context.Context, c call[ToDoActions]) (answer[ToDoResults], error) {
	ids := make([]todo.ID, len(c.body.Todos))
	for i, text := range c.body.Todos {
		id, err := todo.ParseID(text)
		if err != nil {
			return failed[ToDoResults](fault.New(fault.NotFound, "there is no such To Do"))
		}
		ids[i] = id
	}
	results, err := s.ToDos.ActMany(ctx, c.now, c.caller, ids, worklist.Action{
		Verb: toDoVerb(c.body.Action), User: c.body.User, Role: c.body.Role, Comment: c.body.Comment,
	})
	if err != nil {
		return failed[ToDoResults](err)
	}
	out := ToDoResults{Results: make([]ToDoResult, len(results))}
	for i, r := range results {
		out.Results[i] = ToDoResult{ID: r.ID.String(), Done: r.Err == nil, Problem: whyNot(r.Err)}
	}
	return ok(out), nil
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

// toDoAnswer shows an entry with its revision.
func toDoAnswer(v worklist.View, err error) (answer[ToDoView], error) {
	if err != nil {
		return failed[ToDoView](err)
	}
	out := ToDoView{
		Todo: toDoView(v.Row), Text: v.Text, Target: v.Target, Related: toDoRows(v.Related), Relating: v.Relating,
		Warnings: v.Warnings,
	}
	for _, l := range v.Log {
		row := ToDoLogRow{
			At: contract.Moment(l.At), Kind: l.Kind, By: l.By, User: l.User, Role: l.Role, Comment: l.Comment,
		}
		if !l.Message.IsZero() {
			row.Message = l.Message.String()
		}
		out.Log = append(out.Log, row)
	}
	return ok(out).revised(v.Revision), nil
}

func toDoRows(rows []worklist.Row) []ToDo {
	out := make([]ToDo, 0, len(rows))
	for _, r := range rows {
		out = append(out, toDoView(r))
	}
	return out
}

func toDoView(e worklist.Row) ToDo {
	out := ToDo{
		ID: e.ID.String(), Type: e.Type, Status: e.Status(), Information: e.Information, Source: e.Source,
		Division: e.Division, Role: e.Role, User: e.User, AssignedAt: contract.Moment(e.AssignedAt),
		AssignedBy: e.AssignedBy, Priority: e.Priority, Subject: e.Subject, Comments: e.Comments, About: e.About,
		DrillKeys: e.Drill, SortKeys: e.Sort, Reason: e.Reason, Batch: e.Batch, Run: e.Run, OpenedBy: e.OpenedBy,
		OpenedAt: contract.Moment(e.OpenedAt), RoutedAt: contract.Moment(e.RoutedAt),
		CompletedAt: contract.Moment(e.CompletedAt), By: e.By, Outcome: e.Outcome, Revision: e.Revision,
	}
	if e.Work != todo.Untouched {
		out.Work = e.Work
	}
	if e.Contact != 0 {
		out.Contact = e.Contact.String()
	}
	if !e.Message.IsZero() {
		out.Message = e.Message.String()
	}
	for _, c := range e.Characteristics {
		out.Characteristics = append(out.Characteristics, ToDoCharacteristic(c))
	}
	for _, k := range e.Skills {
		out.Skills = append(out.Skills, ToDoSkill{Type: k.Type, Level: k.Level})
	}
	return out
}
