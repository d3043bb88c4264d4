package worklist_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/desk/worklist"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/todo"
)

// drawer keeps entries as a store does, as far as the desk needs it.
type drawer struct {
	entries map[todo.ID]todo.Entry
	log     map[todo.ID][]todo.LogRow
	applied []store.Writes
	lost    bool // every set loses
	down    error
	next    todo.ID
	cfg     *config.Snapshot
}

func (d *drawer) Current() *config.Snapshot               { return d.cfg }
func (d *drawer) ToDo(_ context.Context) (todo.ID, error) { d.next++; return d.next, nil }
func (d *drawer) facts() drawerFacts                      { return drawerFacts{d} }
func (d *drawer) put(e todo.Entry) todo.Entry             { e, _ = todo.NewEntry(e); d.entries[e.ID] = e; return e }

func (d *drawer) Apply(_ context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	if d.down != nil {
		return nil, d.down
	}
	verdicts := make([]store.Verdict, len(sets))
	for i, w := range sets {
		verdicts[i].Outcome = store.Applied
		for _, m := range store.Of(w.ToDo).ToDoMoves {
			if d.lost || d.entries[m.From.ID].Revision != m.From.Revision {
				verdicts[i] = store.Verdict{Outcome: store.Conflict, What: store.LostToDo}
			}
		}
		if verdicts[i].Outcome != store.Applied {
			continue
		}
		d.applied = append(d.applied, w)
		for _, e := range store.Of(w.ToDo).ToDos {
			e, row := todo.NewEntry(e)
			d.entries[e.ID] = e
			d.log[e.ID] = append(d.log[e.ID], row)
		}
		for _, m := range store.Of(w.ToDo).ToDoMoves {
			d.entries[m.To.ID] = m.To
			d.log[m.To.ID] = append(d.log[m.To.ID], m.Log)
		}
	}
	return verdicts, nil
}

type drawerFacts struct{ *drawer }

func (d drawerFacts) ToDo(_ context.Context, id todo.ID) (todo.Entry, error) {
	if e, there := d.entries[id]; there {
		return e, nil
	}
	return todo.Entry{}, fault.New(fault.NotFound, "none")
}

func (d drawerFacts) ToDoLog(_ context.Context, id todo.ID) ([]todo.LogRow, error) {
	return d.log[id], nil
}

func (d drawerFacts) ToDoList(_ context.Context, f todo.Filter, after todo.ID, limit int) (found []todo.Entry, err error) {
	for id := after + 1; id <= 99 && len(found) < limit; id++ {
		if e, there := d.entries[id]; there && meant(f, e) {
			found = append(found, e)
		}
	}
	return found, nil
}

func (d drawerFacts) ToDoCount(ctx context.Context, f todo.Filter) (int64, error) {
	found, err := d.ToDoList(ctx, f, 0, 1000)
	return int64(len(found)), err
}

func (d drawerFacts) ToDosToPurge(context.Context, todo.Retention, int) ([]todo.ID, error) {
	return nil, nil
}

func meant(f todo.Filter, e todo.Entry) bool {
	for want, is := range map[string]string{
		string(f.Type): string(e.Type), f.Role: e.Role, f.User: e.User, string(f.Work): string(e.Work), f.Division: e.Division, f.About: e.About,
	} {
		if want != "" && want != is {
			return false
		}
	}
	carries := len(f.Characteristics) == 0 || slices.ContainsFunc(f.Characteristics, func(c plugin.Characteristic) bool {
		return slices.Contains(e.Characteristics, c)
	})
	return carries && e.ID != f.But && f.Sees(e) && (f.Status == e.Status() || f.Status == "" && !e.Complete())
}

func newWorklist(t *testing.T) (*worklist.Service, *drawer) {
	t.Helper()
	cfg, err := config.Compile(1, config.Document{
		Divisions: []config.Division{
			{Code: "NORTH", Zone: "America/New_York", Country: "US", Language: "en-US"},
			{Code: "SOUTH", Zone: "America/Chicago", Country: "US", Language: "en-US"},
		},
		Elements: config.Elements{
			CharacteristicTypes: []config.CharacteristicType{
				{Code: "ACCT", Entities: []string{"todo"}, Names: "account", Pattern: "[0-9]+"}, {Code: "VIP", Entities: []string{"todo"}, Values: []string{"Y", "N"}},
			},
			Users:             []config.User{{Name: "me"}, {Name: "ada"}, {Name: "ben"}, {Name: "cleo"}, {Name: "dev", Inactive: true}},
			ToDoRoles:         []config.ToDoRole{{Code: "BILLING", Users: []string{"me", "ada", "ben", "dev"}}, {Code: "LOANS", Users: []string{"cleo"}}, {Code: "OPS"}},
			NavigationOptions: []config.NavigationOption{{Code: "CONTACT", Target: "/v1/contacts/{1}"}},
			ToDoTypes: []config.ToDoType{
				{
					Code: "WORK", Manual: true, Roles: []string{"BILLING", "LOANS"}, DefaultRole: "BILLING", Navigation: "CONTACT",
					DrillKeys: []string{"contact"}, SortKeys: []string{"name"}, Skills: nil,
					Characteristics: []plugin.CharacteristicUse{{Sequence: 10, Type: "ACCT", Required: true}, {Sequence: 20, Type: "VIP"}},
				},
				{Code: "SYSTEM", Roles: []string{"BILLING"}, DefaultRole: "BILLING"},
			},
			Plugs: []config.Plug{
				{Owner: "todo_type:WORK", Event: "assignment", Sequence: 10, Code: "SKILL"},
				{Owner: "todo_type:WORK", Event: "role_change", Sequence: 10, Code: "ROLE"},
				{Owner: "installation", Event: "todo_information", Sequence: 10, Code: "INFO"},
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	d := &drawer{entries: map[todo.ID]todo.Entry{}, log: map[todo.ID][]todo.LogRow{}, next: 20, cfg: cfg}
	w := &worklist.Service{Store: d, Facts: d.facts(), Configs: d, IDs: d, Algorithms: todo.Algorithms{
		Assignment: map[string]todo.Assignment{"SKILL": func(_ todo.Subject, u config.User, _ plugin.Parameters) ([]string, bool) {
			switch u.Name {
			case "ben":
				return []string{"has not the skill A, which is needed at level 3", "has not the skill B, which is needed at level 1"}, true
			case "ada":
				return []string{"take care"}, false
			}
			return nil, true
		}},
		RoleChange: map[string]todo.RoleChange{"ROLE": func(s todo.Subject, _ string, _ plugin.Parameters) string {
			if s.Entry.Subject == "approve" {
				return "may not be changed for this To Do Type"
			}
			return ""
		}},
		Information: map[string]todo.Information{"INFO": func(s todo.Subject, _ plugin.Parameters) string { return "about " + s.Entry.About }},
	}}
	return w, d
}

func clerk(name string) access.Principal {
	return access.Principal{Name: name, Source: "desk", Divisions: []string{"NORTH"}, Roles: []access.Role{access.CSR}}
}

func chief() access.Principal {
	return access.Principal{Name: "chief", Source: "desk", Divisions: []string{"NORTH"}, Roles: []access.Role{access.Supervisor}}
}

func work(id todo.ID, change func(*todo.Entry)) todo.Entry {
	e := todo.Entry{ID: id, Type: "WORK", About: "x:" + id.String(), Division: "NORTH", Role: "BILLING", OpenedAt: noon(), Drill: []string{"1000000417"}}
	if change != nil {
		change(&e)
	}
	return e
}

// TestToDosSeen: users see the entries of their roles, supervisors all of their divisions.
func TestToDosSeen(t *testing.T) {
	t.Parallel()
	w, d := newWorklist(t)
	d.put(work(1, nil))
	d.put(work(2, func(e *todo.Entry) { e.Role = "LOANS" }))
	d.put(work(3, func(e *todo.Entry) { e.Role = "" }))
	d.put(work(4, func(e *todo.Entry) { e.Division = "SOUTH" }))
	d.put(work(5, func(e *todo.Entry) { e.Role, e.User = "LOANS", "ada" }))
	d.put(work(6, func(e *todo.Entry) { e.CompletedAt = noon() }))
	everywhere := access.Principal{Name: "root", Divisions: []string{access.AllDivisions}, Roles: []access.Role{access.Admin}}
	for _, row := range []struct {
		says string
		p    access.Principal
		want []todo.ID
	}{
		{"a user of billing", clerk("me"), []todo.ID{1, 3}},
		{"one who has another's in hand", clerk("ada"), []todo.ID{1, 3, 5}},
		{"a user of loans", clerk("cleo"), []todo.ID{2, 3, 5}},
		{"a supervisor of the division", chief(), []todo.ID{1, 2, 3, 5}},
		{"an administrator of all", everywhere, []todo.ID{1, 2, 3, 4, 5}},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			var got []todo.ID
			for after, first := todo.ID(0), true; first || after != 0; first = false {
				rows, next, err := w.List(t.Context(), row.p, worklist.Filter{}, after, 2)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range rows {
					got = append(got, r.ID)
					if r.Information != "about "+r.About {
						t.Errorf("%q", r.Information)
					}
				}
				after = next
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("%v, want %v", got, row.want)
			}
			for id := todo.ID(1); id <= 6; id++ {
				_, err := w.View(t.Context(), row.p, id)
				sees := slices.Contains(row.want, id) || id == 6 && row.p.Name != "cleo" // a complete one can be looked up
				if sees != (err == nil) || err != nil && !fault.Is(err, fault.NotFound) {
					t.Errorf("%d: %v", id, err)
				}
			}
		})
	}
	for _, f := range []worklist.Filter{{Mine: true}, {User: "ada"}, {Role: "LOANS", User: "ada"}} {
		if rows, _, err := w.List(t.Context(), clerk("ada"), f, 0, 9); err != nil || len(rows) != 1 || rows[0].ID != 5 {
			t.Errorf("%+v: %+v: %v", f, rows, err)
		}
	}
	for _, p := range []access.Principal{cis(), who("ops", "*", access.SRE)} {
		if _, _, err := w.List(t.Context(), p, worklist.Filter{}, 0, 9); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%v: %v", p.Roles, err)
		}
	}
}

// TestToDoView: what is shown around an entry.
func TestToDoView(t *testing.T) {
	t.Parallel()
	w, d := newWorklist(t)
	acct := func(value string) func(*todo.Entry) {
		return func(e *todo.Entry) {
			e.Characteristics = []plugin.Characteristic{{Type: "ACCT", Value: value}, {Type: "VIP", Value: "Y"}}
		}
	}
	d.put(work(1, acct("1")))
	d.put(work(2, acct("1")))
	d.put(work(3, acct("2"))) // as important, which relates nobody
	for id := todo.ID(30); id < 55; id++ {
		d.put(work(id, acct("3")))
	}
	view, err := w.View(t.Context(), clerk("me"), 1)
	if err != nil || view.Relating != 1 || len(view.Related) != 1 || view.Related[0].ID != 2 || view.Target != "/v1/contacts/1000000417" {
		t.Errorf("%+v: %v", view, err)
	}
	if view, err := w.View(t.Context(), clerk("me"), 30); err != nil || view.Relating != 24 || len(view.Related) != 20 {
		t.Errorf("%d of %d: %v", len(view.Related), view.Relating, err)
	}
}

// TestToDoActs: what people do, and who may.
func TestToDoActs(t *testing.T) {
	t.Parallel()
	open, mine, hers := work(1, nil), work(1, func(e *todo.Entry) { e.User = "me" }), work(1, func(e *todo.Entry) { e.User = "ada" })
	loans := work(1, func(e *todo.Entry) { e.Role = "LOANS" })
	from := work(1, func(e *todo.Entry) { e.User, e.AssignedBy, e.AssignedAt = "me", "ada", noon() })
	fixed := work(1, func(e *todo.Entry) { e.User, e.Subject = "me", "approve" })
	high := 10
	nine := 9
	for _, row := range []struct {
		says string
		p    access.Principal
		e    todo.Entry
		a    worklist.Action
		want string // user/role/status of it afterwards, or the fault
	}{
		{"takes an open one", clerk("me"), open, worklist.Action{Verb: worklist.TakeToDo}, "me/BILLING/assigned"},
		{"takes none of others", clerk("me"), loans, worklist.Action{Verb: worklist.TakeToDo}, "not_found"},
		{"takes none that another has", clerk("me"), hers, worklist.Action{Verb: worklist.TakeToDo}, "forbidden"},
		{"gives an open one to another", clerk("me"), open, worklist.Action{Verb: worklist.AssignToDo, User: "ada"}, "ada/BILLING/assigned"},
		{"gives none to who lacks the skills", clerk("me"), open, worklist.Action{Verb: worklist.AssignToDo, User: "ben"}, "/user has not the skill A, which is needed at level 3; /user has not the skill B, which is needed at level 1"},
		{"gives none to another role's user", clerk("me"), open, worklist.Action{Verb: worklist.AssignToDo, User: "cleo"}, "/user is no active user of the To Do's role"},
		{"gives none to who has left", clerk("me"), open, worklist.Action{Verb: worklist.AssignToDo, User: "dev"}, "/user is no active user of the To Do's role"},
		{"gives none to nobody", clerk("me"), open, worklist.Action{Verb: worklist.AssignToDo}, "/user is required"},
		{"a supervisor gives another's work away", chief(), hers, worklist.Action{Verb: worklist.AssignToDo, User: "me"}, "me/BILLING/assigned"},
		{"a supervisor checks the skills too", chief(), hers, worklist.Action{Verb: worklist.AssignToDo, User: "ben"}, "/user has not the skill A, which is needed at level 3; /user has not the skill B, which is needed at level 1"},
		{"forwards to a user", clerk("me"), mine, worklist.Action{Verb: worklist.ForwardToDo, User: "ada"}, "ada/BILLING/assigned"},
		{"checks the skills when forwarding", clerk("me"), mine, worklist.Action{Verb: worklist.ForwardToDo, User: "ben"}, "/user has not the skill A, which is needed at level 3; /user has not the skill B, which is needed at level 1"},
		{"forwards to a role, and sees it no more", clerk("me"), mine, worklist.Action{Verb: worklist.ForwardToDo, Role: "LOANS"}, "/LOANS/open"},
		{"forwards to no role of other types", clerk("me"), mine, worklist.Action{Verb: worklist.ForwardToDo, Role: "OPS"}, "/role is no role of the To Do Type"},
		{"leaves the role that must stay", clerk("me"), fixed, worklist.Action{Verb: worklist.ForwardToDo, Role: "LOANS"}, "/role may not be changed for this To Do Type"},
		{"forwards it within that role", clerk("me"), fixed, worklist.Action{Verb: worklist.ForwardToDo, Role: "BILLING"}, "/BILLING/open"},
		{"forwards no open one", clerk("me"), open, worklist.Action{Verb: worklist.ForwardToDo, User: "ada"}, "conflict"},
		{"forwards to a user or a role", clerk("me"), mine, worklist.Action{Verb: worklist.ForwardToDo, User: "ada", Role: "LOANS"}, "/user is required, or a role; one of the two"},
		{"sends back to whom it came from", clerk("me"), from, worklist.Action{Verb: worklist.SendBackToDo}, "ada/BILLING/assigned"},
		{"sends nothing back that came from nobody", clerk("me"), mine, worklist.Action{Verb: worklist.SendBackToDo}, "conflict"},
		{"un-assigns", clerk("me"), mine, worklist.Action{Verb: worklist.UnassignToDo}, "/BILLING/open"},
		{"un-assigns no other's", clerk("me"), hers, worklist.Action{Verb: worklist.UnassignToDo}, "forbidden"},
		{"a supervisor does", chief(), hers, worklist.Action{Verb: worklist.UnassignToDo}, "/BILLING/open"},
		{"starts", clerk("me"), mine, worklist.Action{Verb: worklist.StartToDo}, "me/BILLING/assigned in_progress"},
		{"starts no open one", clerk("me"), open, worklist.Action{Verb: worklist.StartToDo}, "conflict"},
		{"a supervisor starts no other's", chief(), hers, worklist.Action{Verb: worklist.StartToDo}, "forbidden"},
		{"holds", clerk("me"), mine, worklist.Action{Verb: worklist.HoldToDo}, "me/BILLING/assigned on_hold"},
		{"stops what is not begun", clerk("me"), mine, worklist.Action{Verb: worklist.StopToDo}, "conflict"},
		{"completes", clerk("me"), mine, worklist.Action{Verb: worklist.CompleteToDo, Comment: "done"}, "me/BILLING/complete"},
		{"completes an open one", clerk("me"), open, worklist.Action{Verb: worklist.CompleteToDo}, "/BILLING/complete"},
		{"completes no other's", clerk("me"), hers, worklist.Action{Verb: worklist.CompleteToDo}, "forbidden"},
		{"a supervisor completes no other's", chief(), hers, worklist.Action{Verb: worklist.CompleteToDo}, "forbidden"},
		{"comments on another's", clerk("me"), hers, worklist.Action{Verb: worklist.CommentToDo, Comment: "hm"}, "ada/BILLING/assigned"},
		{"comments with words", clerk("me"), hers, worklist.Action{Verb: worklist.CommentToDo}, "/comment is required"},
		{"comments with not too many", clerk("me"), hers, worklist.Action{Verb: worklist.CommentToDo, Comment: strings.Repeat("x", 4001)}, "/comment is no longer than 4000 bytes"},
		{"changes", clerk("me"), mine, worklist.Action{Verb: worklist.ChangeToDo, Revised: todo.Revised{Priority: &nine}}, "me/BILLING/assigned"},
		{"changes to what there is", clerk("me"), mine, worklist.Action{Verb: worklist.ChangeToDo, Revised: todo.Revised{Priority: &high}}, "/priority is from 1 to 9"},
		{"changes something", clerk("me"), mine, worklist.Action{Verb: worklist.ChangeToDo}, "/priority is required, unless there is a subject or comments"},
		{"changes no other's", clerk("me"), hers, worklist.Action{Verb: worklist.ChangeToDo, Revised: todo.Revised{Priority: &nine}}, "forbidden"},
		{"does what there is", clerk("me"), mine, worklist.Action{Verb: "eat"}, "invalid"},
		{"under the revision", clerk("me"), mine, worklist.Action{Verb: worklist.CompleteToDo, Revision: 1}, "me/BILLING/complete"},
		{"under no other", clerk("me"), mine, worklist.Action{Verb: worklist.CompleteToDo, Revision: 2}, "conflict"},
		{"a system does nothing", cis(), open, worklist.Action{Verb: worklist.CommentToDo, Comment: "x"}, "forbidden"},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			w, d := newWorklist(t)
			before := d.put(row.e)
			view, err := w.Act(t.Context(), noon(), row.p, 1, row.a)
			if err != nil {
				if got := reason(err); got != row.want || len(d.applied) != 0 {
					t.Errorf("%s, want %s; %+v", got, row.want, d.applied)
				}
				return
			}
			e := d.entries[1]
			if got := strings.TrimSpace(e.User + "/" + e.Role + "/" + string(e.Status()) + " " + string(e.Work)); got != row.want || e.Revision != before.Revision+1 {
				t.Errorf("%s, want %s", got, row.want)
			}
			if gone := e.Role == "LOANS"; gone != (view.ID == 0) {
				t.Errorf("shows %+v", view)
			}
			if careful := e.User == "ada" && before.User != "ada"; careful != slices.Equal(view.Warnings, []string{"take care"}) {
				t.Errorf("warns %v", view.Warnings)
			}
			kind, set := ledger.ToDoMoved, d.applied[0]
			if e.Complete() {
				kind = ledger.ToDoCompleted
				if len(store.Of(set.Desk).RemindersDone) != 1 || store.Of(set.Desk).RemindersDone[0].ToDo != 1 {
					t.Errorf("its reminder waits: %+v", store.Of(set.Desk).RemindersDone)
				}
			}
			if told := store.Of(set.Ledger).Entries[0]; told.Kind != kind || told.ToDo != e.ID.String() || told.By != row.p.Name || told.Reason != string(store.Of(set.ToDo).ToDoMoves[0].Log.Kind) {
				t.Errorf("%+v", told)
			}
		})
	}
}

// reason is what a fault names, or its kind.
func reason(err error) string {
	f, is := errors.AsType[*fault.Error](err)
	if !is || len(f.Violations) == 0 {
		return fault.KindOf(err).String()
	}
	var all []string
	for _, v := range f.Violations {
		all = append(all, v.Field+" "+v.Reason)
	}
	return strings.Join(all, "; ")
}

func TestToDoStarts(t *testing.T) {
	t.Parallel()
	w, d := newWorklist(t)
	me := func(e *todo.Entry) { e.User = "me" }
	d.put(work(1, me))
	d.put(work(2, me))
	for _, id := range []todo.ID{1, 2, 1} {
		if _, err := w.Act(t.Context(), noon(), clerk("me"), id, worklist.Action{Verb: worklist.StartToDo, Comment: "now"}); err != nil {
			t.Fatal(err)
		}
		other := 3 - id
		if d.entries[id].Work != todo.InProgress || d.entries[other].Work == todo.InProgress {
			t.Errorf("%s and %s", d.entries[id].Work, d.entries[other].Work)
		}
	}
	if log := d.log[2]; len(log) != 2 || log[1].Kind != todo.Held || log[1].Comment != "" {
		t.Errorf("%+v", log)
	}
	d.lost = true
	if _, err := w.Act(t.Context(), noon(), clerk("me"), 2, worklist.Action{Verb: worklist.StartToDo}); !fault.Is(err, fault.Conflict) {
		t.Errorf("a lost race is %v", err)
	}
}

func TestManyToDos(t *testing.T) {
	t.Parallel()
	w, d := newWorklist(t)
	d.put(work(1, nil))
	d.put(work(2, func(e *todo.Entry) { e.User = "ada" }))
	d.put(work(3, func(e *todo.Entry) { e.Role = "LOANS" }))
	results, err := w.ActMany(t.Context(), noon(), clerk("me"), []todo.ID{1, 2, 3, 1}, worklist.Action{Verb: worklist.CompleteToDo})
	if err != nil || len(results) != 4 || results[0].Err != nil || !fault.Is(results[1].Err, fault.Forbidden) || !fault.Is(results[2].Err, fault.NotFound) || !fault.Is(results[3].Err, fault.Conflict) {
		t.Errorf("%+v: %v", results, err)
	}
	for _, ids := range [][]todo.ID{nil, make([]todo.ID, 201)} {
		if _, err := w.ActMany(t.Context(), noon(), clerk("me"), ids, worklist.Action{Verb: worklist.TakeToDo}); reason(err) != "/todos names 1 to 200 To Dos" {
			t.Error(err)
		}
	}
	d.down = fault.New(fault.Unavailable, "away")
	if _, err := w.ActMany(t.Context(), noon(), clerk("ada"), []todo.ID{2}, worklist.Action{Verb: worklist.CompleteToDo}); !fault.Is(err, fault.Unavailable) {
		t.Error(err)
	}
}

func TestToDoAdded(t *testing.T) {
	t.Parallel()
	good := worklist.NewToDo{
		Type: "WORK", Division: "NORTH", Subject: "Call back", Comments: "after six", Drill: []string{"1000000417"}, Sort: []string{"a"},
		Characteristics: []plugin.Characteristic{{Type: "ACCT", Value: "4711"}},
	}
	with := func(change func(*worklist.NewToDo)) worklist.NewToDo {
		in := good
		change(&in)
		return in
	}
	for _, row := range []struct {
		says string
		in   worklist.NewToDo
		want string // user/role/status and what it is about, or the fault
	}{
		{"opens to the default role", good, "/BILLING/open desk:1000000417"},
		{"opens to a role", with(func(in *worklist.NewToDo) { in.Role = "LOANS" }), "/LOANS/open desk:1000000417"},
		{"gives it to a user", with(func(in *worklist.NewToDo) { in.User = "ada" }), "ada/BILLING/assigned desk:1000000417"},
		{"without drill keys it is about itself", with(func(in *worklist.NewToDo) { in.Drill = nil }), "/BILLING/open manual:00000000000021"},
		{"checks the skills", with(func(in *worklist.NewToDo) { in.User = "ben" }), "/user has not the skill A, which is needed at level 3; /user has not the skill B, which is needed at level 1"},
		{"knows its users", with(func(in *worklist.NewToDo) { in.User = "zoe" }), "/user is no active user of a role of the To Do Type"},
		{"knows its roles", with(func(in *worklist.NewToDo) { in.Role = "OPS" }), "/role is no role of the To Do Type"},
		{"knows its types", with(func(in *worklist.NewToDo) { in.Type, in.Drill, in.Sort, in.Characteristics = "WORKS", nil, nil, nil }), "/type names no To Do Type"},
		{"leaves the system's to the system", with(func(in *worklist.NewToDo) { in.Type, in.Drill, in.Sort, in.Characteristics = "SYSTEM", nil, nil, nil }), "/type is opened by the system only"},
		{"knows its divisions", with(func(in *worklist.NewToDo) { in.Division = "EAST" }), "/division names no division"},
		{"is for one's own division", with(func(in *worklist.NewToDo) { in.Division = "SOUTH" }), "forbidden"},
		{"has a lawful priority", with(func(in *worklist.NewToDo) { in.Priority = 10 }), "/priority is from 1 to 9"},
		{"has a subject", with(func(in *worklist.NewToDo) { in.Subject = " " }), "/subject is required, and no longer than 254 bytes"},
		{"has comments that can be read", with(func(in *worklist.NewToDo) { in.Comments = strings.Repeat("x", 4001) }), "/comments is no longer than 4000 bytes"},
		{"has as many drill keys as the type", with(func(in *worklist.NewToDo) { in.Drill = []string{"1", "2"} }), "/drillKeys are as many as the type has, or none"},
		{"has no more sort keys than the type", with(func(in *worklist.NewToDo) { in.Sort = []string{"1", "2"} }), "/sortKeys are as many as the type has at most"},
		{"has keys that can be printed", with(func(in *worklist.NewToDo) { in.Drill = []string{"a\x1fb"} }), "/drillKeys/0 has 1 to 254 characters that can be printed"},
		{"has the characteristics of its type", with(func(in *worklist.NewToDo) {
			in.Characteristics = append(slices.Clone(in.Characteristics), plugin.Characteristic{Type: "TAG", Value: "x"})
		}), "/characteristics/1/type is no characteristic of the To Do Type"},
		{"has lawful values", with(func(in *worklist.NewToDo) {
			in.Characteristics = []plugin.Characteristic{{Type: "ACCT", Value: "x"}, {Type: "VIP", Value: "maybe"}}
		}), "/characteristics/0/value is not of the form of its characteristic type; /characteristics/1/value is one of Y, N"},
		{"has what is required", with(func(in *worklist.NewToDo) { in.Characteristics = nil }), "/characteristics needs ACCT"},
		{"names everything at once", worklist.NewToDo{Type: "WORK", Priority: -1}, "/division names no division; /priority is from 1 to 9; /subject is required, and no longer than 254 bytes; /characteristics needs ACCT"},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			w, d := newWorklist(t)
			view, err := w.Add(t.Context(), noon(), clerk("me"), row.in)
			if err != nil {
				if got := reason(err); got != row.want || len(d.applied) != 0 || len(d.entries) != 0 {
					t.Errorf("%s, want %s; %+v", got, row.want, d.applied)
				}
				return
			}
			e := d.entries[21]
			if got := e.User + "/" + e.Role + "/" + string(e.Status()) + " " + e.About; got != row.want || view.ID != 21 || e.OpenedBy != "me" || e.Source != "desk" {
				t.Errorf("%s, want %s: %+v", got, row.want, view)
			}
			if told := store.Of(d.applied[0].Ledger).Entries; len(told) != 1 || told[0].Kind != ledger.ToDoOpened || told[0].Code != "WORK" {
				t.Errorf("%+v", told)
			}
			if _, err := w.Add(t.Context(), noon(), clerk("me"), row.in); (len(row.in.Drill) > 0) != fault.Is(err, fault.Conflict) {
				t.Errorf("again: %v", err)
			}
		})
	}
}
