package todo_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/todo"
)

func act(by string) todo.Act { return todo.Act{At: noon(), By: by, Comment: "because"} }

// moves are all that can happen to an entry by a person.
func moves() map[string]func(todo.Entry, string) (todo.Move, error) {
	nine := 9
	return map[string]func(todo.Entry, string) (todo.Move, error){
		"assign":   func(e todo.Entry, who string) (todo.Move, error) { return e.Assign(who, act("chief")) },
		"take":     func(e todo.Entry, who string) (todo.Move, error) { return e.Assign(who, act(who)) },
		"forward":  func(e todo.Entry, who string) (todo.Move, error) { return e.ForwardTo("ROLE-"+who, act(who)) },
		"sendback": func(e todo.Entry, who string) (todo.Move, error) { return e.SendBack(act(who)) },
		"unassign": func(e todo.Entry, who string) (todo.Move, error) { return e.Unassign(act(who)) },
		"start":    func(e todo.Entry, who string) (todo.Move, error) { return e.Start(act(who)) },
		"hold":     func(e todo.Entry, who string) (todo.Move, error) { return e.Hold(act(who)) },
		"stop":     func(e todo.Entry, who string) (todo.Move, error) { return e.Stop(act(who)) },
		"change": func(e todo.Entry, who string) (todo.Move, error) {
			return e.Change(todo.Revised{Priority: &nine}, act(who))
		},
		"comment":  func(e todo.Entry, who string) (todo.Move, error) { return e.Comment(act(who)) },
		"route":    func(e todo.Entry, _ string) (todo.Move, error) { return e.Route(message.ID{1}, act("F1-TDEER")) },
		"complete": func(e todo.Entry, who string) (todo.Move, error) { return e.Finish("worked", act(who)) },
	}
}

// lawful is the transition table of process 3.4.1.1, steps 1.7 to 2.1: what is not in it does not happen.
func lawful(from todo.Status, move string, to todo.Status) bool {
	switch move {
	case "assign", "take":
		return from != todo.IsComplete && to == todo.IsAssigned
	case "forward", "unassign":
		return from == todo.IsAssigned && to == todo.IsOpen
	case "sendback", "start", "hold", "stop":
		return from == todo.IsAssigned && to == todo.IsAssigned
	case "complete":
		return from != todo.IsComplete && to == todo.IsComplete
	default:
		return from != todo.IsComplete && to == from
	}
}

// TestWalk walks entries at random through everything people do.
func TestWalk(t *testing.T) {
	t.Parallel()
	all := moves()
	rapid.Check(t, func(t *rapid.T) {
		e, born := todo.NewEntry(todo.Entry{ID: 7, Type: "T", Role: "R", User: rapid.SampledFrom([]string{"", "ada"}).Draw(t, "user"), OpenedAt: noon(), OpenedBy: "batch"})
		if born.Kind != todo.Opened || born.User != e.User || born.ToDo != 7 || e.Priority != todo.DefaultPriority {
			t.Fatalf("%+v of %+v", born, e)
		}
		revision := int64(1)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			name := rapid.SampledFrom([]string{"assign", "take", "forward", "sendback", "unassign", "start", "hold", "stop", "change", "comment", "route", "complete"}).Draw(t, "move")
			m, err := all[name](e, rapid.SampledFrom([]string{"ada", "ben", "cleo"}).Draw(t, "who"))
			if err != nil {
				if !fault.Is(err, fault.Conflict) {
					t.Fatalf("%s: %v", name, err)
				}
				continue
			}
			if !lawful(e.Status(), name, m.To.Status()) {
				t.Fatalf("%s leads from %s to %s", name, e.Status(), m.To.Status())
			}
			if m.Log.ToDo != 7 || m.Log.User != m.To.User || m.Log.Role != m.To.Role || m.Log.Comment != "because" || m.Log.By == "" || !m.Log.At.Equal(noon()) {
				t.Fatalf("%s says %+v", name, m.Log)
			}
			e, revision = m.To, revision+1
			whole(t, e, revision)
		}
	})
}

// whole checks what always goes for an entry.
func whole(t *rapid.T, e todo.Entry, revision int64) {
	t.Helper()
	switch {
	case e.Revision != revision:
		t.Fatalf("revision %d, want %d", e.Revision, revision)
	case (e.User == "") != e.AssignedAt.IsZero():
		t.Fatalf("assigned to %q at %s", e.User, e.AssignedAt)
	case e.User == "" && e.AssignedBy != "":
		t.Fatalf("nobody's, assigned by %q", e.AssignedBy)
	case e.Work != todo.Untouched && e.Status() != todo.IsAssigned:
		t.Fatalf("%s and %s", e.Status(), e.Work)
	case e.Complete() != (e.Outcome == "worked" && e.By != ""):
		t.Fatalf("%+v", e)
	}
}

func TestMoves(t *testing.T) {
	t.Parallel()
	open := todo.Entry{ID: 7, Role: "R"}
	mine := todo.Entry{ID: 7, Role: "R", User: "ada", AssignedBy: "chief", AssignedAt: noon(), Work: todo.InProgress}
	own := mine
	own.AssignedBy = "ada"
	done := todo.Entry{ID: 7, CompletedAt: noon()}
	routed := todo.Entry{ID: 7, RoutedAt: noon()}
	for _, row := range []struct {
		says  string
		move  string
		e     todo.Entry
		kind  todo.Happening // "": a conflict
		user  string
		role  string
		work  todo.Work
		error string
	}{
		{"an open entry is assigned", "assign", open, todo.Given, "ben", "R", "", ""},
		{"an assigned one is forwarded, and work begins anew", "assign", mine, todo.Forwarded, "ben", "R", "", ""},
		{"one is taken", "take", open, todo.Given, "ben", "R", "", ""},
		{"an assigned one goes to a role", "forward", mine, todo.Forwarded, "", "ROLE-ben", "", ""},
		{"an open one does not", "forward", open, "", "", "", "", "the To Do is open: it is assigned to nobody"},
		{"it goes back to whom it came from", "sendback", mine, todo.SentBack, "chief", "R", "", ""},
		{"what one took goes back to nobody", "sendback", own, "", "", "", "", "nobody forwarded the To Do: un-assign it"},
		{"an open one goes back to nobody", "sendback", open, "", "", "", "", "the To Do is open: it is assigned to nobody"},
		{"it is opened to its role again", "unassign", mine, todo.Unassigned, "", "R", "", ""},
		{"what is in progress is not begun again", "start", mine, "", "", "", "", "the To Do is in that state already"},
		{"it is put on hold", "hold", mine, todo.Held, "ada", "R", todo.OnHold, ""},
		{"it is left", "stop", mine, todo.Stopped, "ada", "R", "", ""},
		{"nobody begins what is open", "start", open, "", "", "", "", "the To Do is open: it is assigned to nobody"},
		{"an open one is completed", "complete", open, todo.Completed, "", "R", "", ""},
		{"an assigned one is completed, and nobody is at it any more", "complete", mine, todo.Completed, "ada", "R", "", ""},
		{"what is complete stays so", "complete", done, "", "", "", "", "the To Do is complete"},
		{"nothing is said about it", "comment", done, "", "", "", "", "the To Do is complete"},
		{"it is not assigned", "assign", done, "", "", "", "", "the To Do is complete"},
		{"it is sent outside", "route", open, todo.Routed, "", "R", "", ""},
		{"once", "route", routed, "", "", "", "", "the To Do was routed"},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			m, err := moves()[row.move](row.e, "ben")
			if row.kind == "" {
				if !fault.Is(err, fault.Conflict) || err.Error() != "conflict: "+row.error {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil || m.Log.Kind != row.kind || m.To.User != row.user || m.To.Role != row.role || m.To.Work != row.work {
				t.Errorf("%+v: %v", m, err)
			}
		})
	}
	t.Run("the user has it already", func(t *testing.T) {
		t.Parallel()
		if _, err := mine.Assign("ada", act("chief")); !fault.Is(err, fault.Conflict) {
			t.Error(err)
		}
	})
	t.Run("a change sets what it names", func(t *testing.T) {
		t.Parallel()
		priority, subject, comments := 2, "s", "c"
		m, err := open.Change(todo.Revised{Priority: &priority, Subject: &subject, Comments: &comments}, act("ada"))
		if err != nil || m.To.Priority != 2 || m.To.Subject != "s" || m.To.Comments != "c" {
			t.Errorf("%+v: %v", m, err)
		}
		m, err = m.To.Change(todo.Revised{}, act("ada"))
		if err != nil || m.To.Priority != 2 || m.To.Subject != "s" || m.To.Comments != "c" {
			t.Errorf("%+v: %v", m, err)
		}
	})
}

// TestSecurity is who may do what with which entry.
func TestSecurity(t *testing.T) {
	t.Parallel()
	ada := todo.Actor{Name: "ada", Roles: []string{"CREDIT", "LOANS"}}
	chief := todo.Actor{Name: "chief", Supervises: true}
	for _, row := range []struct {
		says                 string
		who                  todo.Actor
		e                    todo.Entry
		sees, works, assigns bool
	}{
		{"open in one of my roles", ada, todo.Entry{Role: "LOANS"}, true, true, true},
		{"open in nobody's role", ada, todo.Entry{}, true, true, true},
		{"open in a role of others", ada, todo.Entry{Role: "OPS"}, false, false, false},
		{"assigned to me", ada, todo.Entry{Role: "CREDIT", User: "ada"}, true, true, true},
		{"assigned to me, in a role of others", ada, todo.Entry{Role: "OPS", User: "ada"}, true, true, true},
		{"assigned to another of my role", ada, todo.Entry{Role: "CREDIT", User: "ben"}, true, false, false},
		{"a supervisor, open in a role of others", chief, todo.Entry{Role: "OPS"}, true, false, true},
		{"a supervisor, assigned to another", chief, todo.Entry{Role: "OPS", User: "ben"}, true, false, true},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			if row.who.Sees(row.e) != row.sees || row.who.Works(row.e) != row.works || row.who.Assigns(row.e) != row.assigns {
				t.Errorf("sees %t, works %t, assigns %t", row.who.Sees(row.e), row.who.Works(row.e), row.who.Assigns(row.e))
			}
		})
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]todo.Entry{"open O": {}, "assigned W": {User: "ada"}, "complete C": {User: "ada", CompletedAt: noon().Add(time.Hour)}} {
		if got := string(e.Status()) + " " + e.Status().Code(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestStored: lists are read as they were written.
func TestStored(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.StringMatching(`[ -~äé中]{1,9}`), 1, 5).Draw(t, "keys")
		got := todo.Parted(todo.Joined(keys))
		if len(got) != len(keys) {
			t.Fatalf("%q of %q", got, keys)
		}
		for i := range keys {
			if got[i] != keys[i] {
				t.Fatalf("%q of %q", got, keys)
			}
		}
	})
	if todo.Parted("") != nil || todo.PartedSkills("") != nil {
		t.Error("nothing is something")
	}
}
