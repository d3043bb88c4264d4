// Package worklist is the work that only people can do, as people at the desk do it: To Do entries listed, added, assigned,
// worked and completed (process 3.4.1.1, step 2.1; 3.3.2.3, steps 3.1 and 3.2).
package worklist

import (
	"context"
	"slices"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/desk"
	"carillon/core/fault"
	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/todo"
)

// Service is the To Do entries as people at the desk work them (process 3.4.1.1, step 2.1; 3.3.2.3, steps 3.1 and 3.2).
// Users see the entries of their To Do Roles, of none, and what is assigned to them; supervisors and administrators see
// all of their divisions. Another entry is as if it were not there.
type Service struct {
	Store      store.Applier
	Facts      store.ToDos
	Configs    Snapshots
	IDs        ToDoIDs
	Algorithms todo.Algorithms
}

// Snapshots hands out the configuration in force.
type Snapshots interface {
	Current() *config.Snapshot
}

// ToDoIDs hands out numbers of entries.
type ToDoIDs interface {
	ToDo(ctx context.Context) (todo.ID, error)
}

// Filter says which entries are meant. Empty fields ask for nothing.
type Filter struct {
	Mine           bool        // assigned to who asks
	Status         todo.Status // empty: those that are not complete
	Type           todo.Type
	Role           string
	User           string
	Division       string
	About          string
	Characteristic plugin.Characteristic
}

// Row is an entry in a list.
type Row struct {
	todo.Entry

	Information string // what it is about, in one line
}

// View is an entry with what is known around it.
type View struct {
	Row

	Text     string // its message, in the language of the installation
	Target   string // where its type's Navigation Option leads
	Log      []todo.LogRow
	Related  []Row    // others that are not complete and concern the same object; the first of them
	Relating int64    // how many there are
	Warnings []string // of the assignment that was just made
}

// relatedPage is how many related entries are shown.
const relatedPage = 20

func (w *Service) rules() todo.Rules {
	return todo.Rules{Config: w.Configs.Current(), Algorithms: w.Algorithms}
}

// actor is the caller as a user of To Dos.
func (w *Service) actor(p access.Principal) (todo.Actor, error) {
	if !p.Has(access.CSR, access.Supervisor, access.Admin) {
		return todo.Actor{}, fault.New(fault.Forbidden, "this key may not see To Dos")
	}
	return todo.Actor{
		Name: p.Name, Roles: w.Configs.Current().RolesOf(p.Name), Supervises: p.Has(access.Supervisor, access.Admin),
	}, nil
}

func scope(p access.Principal, a todo.Actor) todo.Scope {
	s := todo.Scope{Divisions: slices.Clone(p.Divisions), Actor: &a}
	if slices.Contains(p.Divisions, access.AllDivisions) {
		s.Divisions = nil
	}
	return s
}

// List lists entries that the caller sees: those that are not complete by priority, sort keys and age, complete ones by
// number; from behind an entry on. next is 0 at the end.
func (w *Service) List(ctx context.Context, p access.Principal, f Filter, after todo.ID, limit int) ([]Row, todo.ID, error) {
	actor, err := w.actor(p)
	if err != nil {
		return nil, 0, err
	}
	limit = min(max(limit, 1), desk.ScanPage)
	asked := todo.Filter{
		Scope: scope(p, actor), Status: f.Status, Type: f.Type, Role: f.Role, User: f.User, Division: f.Division, About: f.About,
	}
	if f.Mine {
		asked.User = p.Name
	}
	if f.Characteristic.Type != "" {
		asked.Characteristics = []plugin.Characteristic{f.Characteristic}
	}
	entries, err := w.Facts.ToDoList(ctx, asked, after, limit+1)
	if err != nil {
		return nil, 0, err
	}
	var next todo.ID
	if len(entries) > limit {
		entries = entries[:limit]
		next = entries[limit-1].ID
	}
	return w.rows(entries), next, nil
}

func (w *Service) rows(entries []todo.Entry) []Row {
	rules, rows := w.rules(), make([]Row, len(entries))
	for i, e := range entries {
		rows[i] = Row{Entry: e, Information: rules.Information(e)}
	}
	return rows
}

// see reads an entry that the caller sees; NotFound.
func (w *Service) see(ctx context.Context, p access.Principal, id todo.ID) (todo.Entry, todo.Actor, error) {
	actor, err := w.actor(p)
	if err != nil {
		return todo.Entry{}, actor, err
	}
	e, err := w.Facts.ToDo(ctx, id)
	if err != nil {
		return e, actor, desk.Hide(err)
	}
	if !p.InDivision(e.Division) || !actor.Sees(e) {
		return e, actor, desk.Hidden()
	}
	return e, actor, nil
}

// View reads an entry with its log and what relates to it: entries that are not complete and share a characteristic that
// names an object, as an account or a premise (inferred).
func (w *Service) View(ctx context.Context, p access.Principal, id todo.ID) (View, error) {
	e, actor, err := w.see(ctx, p, id)
	if err != nil {
		return View{}, err
	}
	rules := w.rules()
	view := View{Row: Row{e, rules.Information(e)}, Text: rules.Text(e, "")}
	if kind, known := rules.Config.ToDoType(string(e.Type)); known {
		option, _ := rules.Config.NavigationOption(kind.Navigation)
		view.Target = option.Led(e.Drill...)
	}
	if view.Log, err = w.Facts.ToDoLog(ctx, id); err != nil {
		return view, err
	}
	f := todo.Filter{Scope: scope(p, actor), But: e.ID, Characteristics: naming(rules.Config, e.Characteristics)}
	if len(f.Characteristics) == 0 {
		return view, nil
	}
	related, err := w.Facts.ToDoList(ctx, f, 0, relatedPage)
	if err != nil {
		return view, err
	}
	view.Related = w.rows(related)
	if view.Relating = int64(len(related)); view.Relating == relatedPage {
		view.Relating, err = w.Facts.ToDoCount(ctx, f)
	}
	return view, err
}

// naming are the characteristics whose value is the number of an object.
func naming(cfg *config.Snapshot, chars []plugin.Characteristic) []plugin.Characteristic {
	return slices.DeleteFunc(slices.Clone(chars), func(c plugin.Characteristic) bool {
		kind, known := cfg.CharacteristicType(c.Type)
		return !known || kind.Names == ""
	})
}
