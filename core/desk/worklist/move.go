package worklist

import (
	"context"
	"time"

	"carillon/core/access"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
	"carillon/core/todo"
)

// Verb is what a person does with an entry.
type Verb string

// The verbs.
const (
	AssignToDo   Verb = "assign"   // to a user; an entry that is assigned is forwarded
	TakeToDo     Verb = "take"     // an open one, to oneself
	ForwardToDo  Verb = "forward"  // an assigned one, to a user or a role
	SendBackToDo Verb = "sendback" // to whom it came from
	UnassignToDo Verb = "unassign"
	StartToDo    Verb = "start"
	HoldToDo     Verb = "hold"
	StopToDo     Verb = "stop"
	CompleteToDo Verb = "complete"
	CommentToDo  Verb = "comment"
	ChangeToDo   Verb = "change"
)

// Action is one thing that a person does with an entry.
type Action struct {
	Verb     Verb
	Revision int64  // of the entry as the person saw it; 0: whatever it is
	User     string // of assign and forward
	Role     string // of forward
	Comment  string // for the log
	Revised  todo.Revised
}

// Result is what became of one entry of many.
type Result struct {
	ID  todo.ID
	Err error // nil: done
}

// toDoPage bounds how many entries one request may move.
const toDoPage = 200

// worked is the outcome of an entry that a person completed.
const worked = "worked"

// Longest texts of an entry.
const (
	longestTitle   = 254
	longestComment = 4000
)

// Act does something with an entry that the caller sees. Whoever sees it may comment; everything else is for whom it is
// assigned to, or, while it is open, for the users of its role; supervisors may say who does it. Errors: NotFound;
// Forbidden; Invalid naming fields; Conflict for a move the entry cannot make, and when it has another revision.
func (w *Service) Act(ctx context.Context, now time.Time, p access.Principal, id todo.ID, a Action) (View, error) {
	warnings, err := w.act(ctx, now, p, id, a)
	if err != nil {
		return View{}, err
	}
	view, err := w.View(ctx, p, id)
	if fault.Is(err, fault.NotFound) { // who gives an entry away may not see it any more
		view, err = View{}, nil
	}
	view.Warnings = warnings
	return view, err
}

// ActMany does the same with many entries; each succeeds or fails by itself. Invalid for too many.
func (w *Service) ActMany(ctx context.Context, now time.Time, p access.Principal, ids []todo.ID, a Action) ([]Result, error) {
	if _, err := w.actor(p); err != nil {
		return nil, err
	}
	if len(ids) == 0 || len(ids) > toDoPage {
		return nil, fault.Refuse(fault.Violation{Field: "/todos", Reason: "names 1 to 200 To Dos"})
	}
	results := make([]Result, len(ids))
	for i, id := range ids {
		_, err := w.act(ctx, now, p, id, a)
		if fault.Is(err, fault.Unavailable) { // what was done stays done; ask again for the others
			return nil, err
		}
		results[i] = Result{ID: id, Err: err}
	}
	return results, nil
}

func (w *Service) act(ctx context.Context, now time.Time, p access.Principal, id todo.ID, a Action) ([]string, error) {
	if wrong := a.check(); len(wrong) > 0 {
		return nil, fault.Refuse(wrong...)
	}
	e, actor, err := w.see(ctx, p, id)
	if err != nil {
		return nil, err
	}
	if a.Revision != 0 && a.Revision != e.Revision {
		return nil, fault.New(fault.Conflict, "the To Do has another revision now: look again")
	}
	if !a.allowed(actor, e) {
		return nil, fault.New(fault.Forbidden, "the To Do is not assigned to you, and not open in one of your roles")
	}
	act := todo.Act{At: now, By: p.Name, Comment: a.Comment}
	move, warnings, err := w.move(e, a, act)
	if err != nil {
		return nil, err
	}
	set := store.Writes{ToDo: &store.ToDoWrites{ToDoMoves: []todo.Move{move}}}
	if a.Verb == StartToDo {
		if err := w.parkOthers(ctx, &set, act); err != nil {
			return nil, err
		}
	}
	kind := ledger.ToDoMoved
	if move.To.Complete() {
		kind = ledger.ToDoCompleted
		store.In(&set.Desk).RemindersDone = []store.ReminderDone{{ToDo: id, At: now}}
	}
	store.In(&set.Ledger).Entries = []ledger.Entry{told(now, kind, move.To, move.Log.Kind, p.Name)}
	return warnings, w.apply(ctx, set)
}

// check names what is wrong with an action, whatever the entry.
func (a Action) check() (wrong []fault.Violation) {
	add := func(bad bool, field, reason string) {
		if bad {
			wrong = append(wrong, fault.Violation{Field: field, Reason: reason})
		}
	}
	r := a.Revised
	add(a.Verb == AssignToDo && a.User == "", "/user", "is required")
	add(a.Verb == ForwardToDo && (a.User == "") == (a.Role == ""), "/user", "is required, or a role; one of the two")
	add(a.Verb == CommentToDo && a.Comment == "", "/comment", "is required")
	add(len(a.Comment) > longestComment, "/comment", "is no longer than 4000 bytes")
	if a.Verb == ChangeToDo {
		add(r == todo.Revised{}, "/priority", "is required, unless there is a subject or comments")
		add(r.Priority != nil && !lawful(*r.Priority), "/priority", "is from 1 to 9")
		add(r.Subject != nil && len(*r.Subject) > longestTitle, "/subject", "is no longer than 254 bytes")
		add(r.Comments != nil && len(*r.Comments) > longestComment, "/comments", "is no longer than 4000 bytes")
	}
	return wrong
}

func lawful(priority int) bool { return priority >= 1 && priority <= 9 }

// allowed reports whether the actor may do it.
func (a Action) allowed(actor todo.Actor, e todo.Entry) bool {
	switch a.Verb {
	case CommentToDo:
		return true
	case AssignToDo, ForwardToDo, UnassignToDo, SendBackToDo:
		return actor.Assigns(e)
	default:
		return actor.Works(e)
	}
}

// move decides on the entry alone.
func (w *Service) move(e todo.Entry, a Action, act todo.Act) (m todo.Move, warnings []string, err error) {
	switch a.Verb {
	case AssignToDo:
		return w.give(e, a.User, act)
	case TakeToDo:
		return w.give(e, act.By, act)
	case ForwardToDo:
		return w.forward(e, a, act)
	case SendBackToDo:
		if m, err = e.SendBack(act); err == nil {
			warnings, err = w.rules().Assignable(e, m.To.User)
		}
	case CompleteToDo:
		m, err = e.Finish(worked, act)
	case ChangeToDo:
		m, err = e.Change(a.Revised, act)
	default:
		m, err = plainly(e, a.Verb, act)
	}
	return m, warnings, err
}

// plainly makes a move that needs nothing but the entry.
func plainly(e todo.Entry, v Verb, act todo.Act) (todo.Move, error) {
	move, known := map[Verb]func(todo.Act) (todo.Move, error){
		UnassignToDo: e.Unassign, StartToDo: e.Start, HoldToDo: e.Hold, StopToDo: e.Stop, CommentToDo: e.Comment,
	}[v]
	if !known {
		return todo.Move{}, fault.New(fault.Invalid, "there is no such thing to do with a To Do")
	}
	return move(act)
}

// give assigns the entry, if the user can have it.
func (w *Service) give(e todo.Entry, user string, act todo.Act) (todo.Move, []string, error) {
	m, err := e.Assign(user, act)
	if err != nil {
		return m, nil, err
	}
	warnings, err := w.rules().Assignable(e, user)
	return m, warnings, err
}

func (w *Service) forward(e todo.Entry, a Action, act todo.Act) (todo.Move, []string, error) {
	if a.Role != "" {
		m, err := e.ForwardTo(a.Role, act)
		if err == nil {
			err = w.rules().Forwardable(e, a.Role)
		}
		return m, nil, err
	}
	if e.Status() == todo.IsOpen {
		return todo.Move{}, nil, fault.New(fault.Conflict, "the To Do is open: assign it")
	}
	return w.give(e, a.User, act)
}

// parkOthers puts on hold what the user has in progress.
func (w *Service) parkOthers(ctx context.Context, set *store.Writes, act todo.Act) error {
	begun, err := w.Facts.ToDoList(ctx, todo.Filter{User: act.By, Work: todo.InProgress}, 0, 2)
	if err != nil {
		return err
	}
	act.Comment = ""
	for _, e := range begun {
		m, err := e.Hold(act)
		if err != nil {
			return err
		}
		store.In(&set.ToDo).ToDoMoves = append(store.Of(set.ToDo).ToDoMoves, m)
	}
	return nil
}

// apply applies one write set; Conflict when it lost.
func (w *Service) apply(ctx context.Context, set store.Writes) error {
	verdicts, err := w.Store.Apply(ctx, set)
	if err != nil {
		return err
	}
	if verdicts[0].Outcome != store.Applied {
		return fault.New(fault.Conflict, "the To Do was changed meanwhile: look again")
	}
	return nil
}

// told is the ledger's entry of what a person did with an entry.
func told(now time.Time, kind ledger.Kind, e todo.Entry, how todo.Happening, by string) ledger.Entry {
	return ledger.Entry{
		At: now, Kind: kind, Source: e.Source, Division: e.Division, Contact: e.Contact, Message: e.Message, ToDo: e.ID.String(),
		Reason: string(how), Code: string(e.Type), By: by,
	}
}
