package porttest

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"carillon/core/config"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/todo"
)

// newToDo is an entry as somebody opens it, with all its fields; what it is about is its own.
func (st *stand) newToDo(change func(*todo.Entry)) todo.Entry {
	st.t.Helper()
	first, err := st.s.Numbers(st.t.Context(), "todo", 1)
	st.ok(err, "drawing a number")
	e := todo.Entry{
		ID: todo.ID(first), Type: "TD-CCCB", About: "reminder:" + strconv.FormatInt(first, 10), Source: "cis", Division: "north",
		Contact: NewContactID(st.r), Message: NewMessage(st.r, Noon()).ID, Reason: "reminder", Role: "BILLING", Priority: 3, Subject: "call back",
		Comments: "as she asked", Text: plugin.Text{Category: "CARILLON", Number: 7, Parameters: []string{"1000000001", ""}},
		Drill: []string{"1000000001", "7"}, Sort: []string{"b", "a"}, Skills: []config.Skill{{Type: "LOAN SHARK", Level: 3}, {Type: "X", Level: 9}},
		Characteristics: []plugin.Characteristic{{Type: "ACCOUNT", Value: "4711"}, {Type: "PERSON", Value: "1000000009"}},
		Batch:           "TD-CCCB", Run: 12, OpenedBy: "clerk", OpenedAt: Noon(), Revision: 1,
	}
	if change != nil {
		change(&e)
	}
	return e
}

// opened opens an entry and returns it as it is read.
func (st *stand) opened(change func(*todo.Entry)) todo.Entry {
	st.t.Helper()
	e := st.newToDo(change)
	st.applied(store.Writes{ToDo: &store.ToDoWrites{ToDos: []todo.Entry{e}}})
	return st.toDo(e.ID)
}

func (st *stand) toDo(id todo.ID) todo.Entry {
	st.t.Helper()
	e, err := st.s.ToDo(st.t.Context(), id)
	st.ok(err, "reading a To Do")
	return e
}

func (st *stand) toDoIDs(f todo.Filter, after todo.ID, limit int) (ids []todo.ID) {
	st.t.Helper()
	all, err := st.s.ToDoList(st.t.Context(), f, after, limit)
	st.ok(err, "reading To Dos")
	for _, e := range all {
		ids = append(ids, e.ID)
	}
	if after == 0 && len(all) < limit {
		n, err := st.s.ToDoCount(st.t.Context(), f)
		st.ok(err, "counting To Dos")
		st.same("how many", n, int64(len(all)))
	}
	return ids
}

func (st *stand) toDoLog(id todo.ID) []todo.LogRow {
	st.t.Helper()
	rows, err := st.s.ToDoLog(st.t.Context(), id)
	st.ok(err, "reading the log")
	return rows
}

// moved makes a move; that it is lawful is for the noun's own tests.
func (st *stand) moved(m todo.Move, err error) todo.Move {
	st.t.Helper()
	st.ok(err, "moving")
	return m
}

func (st *stand) applyMoves(moves ...todo.Move) {
	st.t.Helper()
	st.applied(store.Writes{ToDo: &store.ToDoWrites{ToDoMoves: moves}})
}

func openedToDos() []sentence {
	return []sentence{
		{"reads a To Do back as it was opened, with the first row of its log", func(st *stand) {
			e := st.newToDo(func(e *todo.Entry) { e.User = "ada" })
			st.applied(store.Writes{ToDo: &store.ToDoWrites{ToDos: []todo.Entry{e}}})
			want, log := todo.NewEntry(e)
			st.same("entry", st.toDo(e.ID), want)
			st.check(want.AssignedAt.Equal(Noon()) && want.AssignedBy == "clerk", "it is assigned from the start")
			st.same("log", st.toDoLog(e.ID), []todo.LogRow{log})
			_, err := st.s.ToDo(st.t.Context(), e.ID+1_000_000)
			st.check(fault.Is(err, fault.NotFound), "another is not there")
		}},
		{"opens nothing, characteristics neither, where one is open about the same, and says nothing of it", func(st *stand) {
			e := st.opened(nil)
			again := st.newToDo(func(a *todo.Entry) { a.About = e.About })
			nameless := again
			nameless.ID = 0
			st.applied(store.Writes{ToDo: &store.ToDoWrites{ToDos: []todo.Entry{again}}}, store.Writes{ToDo: &store.ToDoWrites{ToDos: []todo.Entry{nameless}}})
			_, err := st.s.ToDo(st.t.Context(), again.ID)
			st.check(fault.Is(err, fault.NotFound) && len(st.toDoLog(again.ID)) == 0, "it is not there")
			f := todo.Filter{Characteristics: e.Characteristics}
			st.same("of the characteristics", st.toDoIDs(f, 0, 9), []todo.ID{e.ID})
		}},
		{"numbers the entries that have no number, each once", func(st *stand) {
			var sets []store.Writes
			for range 3 {
				a, b := st.newToDo(nil), st.newToDo(nil)
				a.ID, b.ID = 0, 0
				sets = append(sets, store.Writes{ToDo: &store.ToDoWrites{ToDos: []todo.Entry{a, b}}})
			}
			st.applied(sets...)
			ids := st.toDoIDs(todo.Filter{}, 0, 99)
			slices.Sort(ids)
			st.check(len(slices.Compact(ids)) == 6 && len(ids[0].String()) == 14, "six of fourteen digits")
			for _, id := range ids {
				st.check(len(st.toDoLog(id)) == 1 && len(st.toDo(id).Characteristics) == 2, "each with its own")
			}
		}},
		{"loses a set that brings a number which is there", func(st *stand) {
			e := st.opened(nil)
			st.conflict(store.LostToDo, store.Writes{ToDo: &store.ToDoWrites{ToDos: []todo.Entry{st.newToDo(func(a *todo.Entry) { a.ID = e.ID })}}})
		}},
	}
}

func listedToDos() []sentence {
	return []sentence{
		{"lists what is not complete by priority, sort keys and age, page by page", func(st *stand) {
			put := func(priority int, sort string, minute int) todo.ID {
				return st.opened(func(e *todo.Entry) {
					e.Priority, e.Sort, e.OpenedAt = priority, []string{sort}, Noon().Add(time.Duration(minute)*time.Minute)
				}).ID
			}
			last, third, second, first, fourth := put(5, "A", 0), put(2, "b", 1), put(2, "B", 3), put(2, "B", 2), put(2, "c", 0)
			want := []todo.ID{first, second, third, fourth, last}
			st.same("all", st.toDoIDs(todo.Filter{}, 0, 99), want)
			var paged []todo.ID
			for after := todo.ID(0); ; after = paged[len(paged)-1] {
				page := st.toDoIDs(todo.Filter{}, after, 2)
				if len(page) == 0 {
					break
				}
				paged = append(paged, page...)
			}
			st.same("paged", paged, want)
		}},
		{"finds entries by role, user, type, status, division, what they are about and what they carry", func(st *stand) {
			open := st.opened(nil)
			mine := st.opened(func(e *todo.Entry) { e.User, e.Role, e.Priority = "ada", "LOANS", 4 })
			nobodys := st.opened(func(e *todo.Entry) {
				e.Role, e.Type, e.Division, e.Priority = "", "IN-DOUBT", "south", 5
				e.Characteristics = []plugin.Characteristic{{Type: "ACCOUNT", Value: "4712"}}
			})
			done := st.opened(nil)
			st.applyMoves(st.moved(done.Finish("worked", todo.Act{At: Noon().Add(time.Hour), By: "ada"})))
			ada := todo.Scope{Actor: &todo.Actor{Name: "ada", Roles: []string{"OTHER"}}}
			chief := todo.Scope{Actor: &todo.Actor{Name: "chief", Supervises: true}, Divisions: []string{"north"}}
			for says, row := range map[string]struct {
				f    todo.Filter
				want []todo.ID
			}{
				"not complete":          {todo.Filter{}, []todo.ID{open.ID, mine.ID, nobodys.ID}},
				"open":                  {todo.Filter{Status: todo.IsOpen}, []todo.ID{open.ID, nobodys.ID}},
				"assigned":              {todo.Filter{Status: todo.IsAssigned}, []todo.ID{mine.ID}},
				"complete":              {todo.Filter{Status: todo.IsComplete}, []todo.ID{done.ID}},
				"role":                  {todo.Filter{Role: "LOANS"}, []todo.ID{mine.ID}},
				"user":                  {todo.Filter{User: "ada"}, []todo.ID{mine.ID}},
				"user and role":         {todo.Filter{User: "ada", Role: "BILLING"}, nil},
				"type":                  {todo.Filter{Type: "IN-DOUBT"}, []todo.ID{nobodys.ID}},
				"division":              {todo.Filter{Division: "south"}, []todo.ID{nobodys.ID}},
				"about":                 {todo.Filter{About: open.About}, []todo.ID{open.ID}},
				"characteristic":        {todo.Filter{Characteristics: open.Characteristics[:1]}, []todo.ID{open.ID, mine.ID}},
				"any characteristic":    {todo.Filter{Characteristics: append(slices.Clone(open.Characteristics), nobodys.Characteristics...)}, []todo.ID{open.ID, mine.ID, nobodys.ID}},
				"but one":               {todo.Filter{Characteristics: open.Characteristics, But: open.ID}, []todo.ID{mine.ID}},
				"what ada sees":         {todo.Filter{Scope: ada}, []todo.ID{mine.ID, nobodys.ID}},
				"what a chief sees":     {todo.Filter{Scope: chief}, []todo.ID{open.ID, mine.ID}},
				"what nowhere can see":  {todo.Filter{Scope: todo.Scope{Divisions: []string{}}}, nil},
				"not routed of a type":  {todo.Filter{Unrouted: true, Type: "TD-CCCB"}, []todo.ID{open.ID, mine.ID}},
				"in progress":           {todo.Filter{User: "ada", Work: todo.InProgress}, nil},
				"complete of the about": {todo.Filter{Status: todo.IsComplete, About: done.About}, []todo.ID{done.ID}},
			} {
				st.same(says, st.toDoIDs(row.f, 0, 99), row.want)
			}
		}},
	}
}

func movedToDos() []sentence {
	act := todo.Act{At: Noon().Add(time.Minute), By: "ada", Comment: "because"}
	return []sentence{
		{"moves an entry under its revision and adds a row to its log", func(st *stand) {
			e := st.opened(nil)
			m := st.moved(e.Assign("ada", act))
			st.applyMoves(m)
			st.same("entry", st.toDo(e.ID), m.To)
			st.conflict(store.LostToDo, store.Writes{ToDo: &store.ToDoWrites{ToDoMoves: []todo.Move{m}}})
			sent := st.moved(st.toDo(e.ID).Route(NewMessage(st.r, Noon()).ID, act))
			st.applyMoves(sent)
			log := st.toDoLog(e.ID)
			st.same("log", log[1:], []todo.LogRow{m.Log, sent.Log})
			n, subject := 9, "later"
			st.applyMoves(st.moved(st.toDo(e.ID).Change(todo.Revised{Priority: &n, Subject: &subject, Comments: &subject}, act)))
			done := st.moved(st.toDo(e.ID).Finish("worked", act))
			st.applyMoves(done)
			st.same("complete", st.toDo(e.ID), done.To)
			st.check(done.To.Revision == 5 && done.To.Priority == 9 && !done.To.RoutedAt.IsZero() && len(st.toDoLog(e.ID)) == 5, "everything is kept")
			st.conflict(store.LostToDo, store.Writes{ToDo: &store.ToDoWrites{ToDoMoves: []todo.Move{done}}})
		}},
		{"lets one of two moves win, and the loser's set changes nothing", func(st *stand) {
			e, other := st.opened(nil), st.opened(nil)
			a, b := st.moved(e.Assign("ada", act)), st.moved(e.Assign("bob", act))
			with := st.moved(other.Assign("bob", act))
			verdicts := st.apply(store.Writes{ToDo: &store.ToDoWrites{ToDoMoves: []todo.Move{a}}}, store.Writes{ToDo: &store.ToDoWrites{ToDoMoves: []todo.Move{b, with}}})
			st.check(verdicts[0].Outcome == store.Applied && verdicts[1].Outcome == store.Conflict && verdicts[1].What == store.LostToDo, "the first wins")
			st.check(st.toDo(e.ID).User == "ada" && st.toDo(other.ID).User == "", "nothing of the other")
		}},
		{"has one entry of a user in progress", func(st *stand) {
			one := st.opened(func(e *todo.Entry) { e.User = "ada" })
			two := st.opened(func(e *todo.Entry) { e.User = "ada" })
			first := st.moved(one.Start(act))
			st.applyMoves(first)
			second := st.moved(two.Start(act))
			st.conflict(store.LostToDo, store.Writes{ToDo: &store.ToDoWrites{ToDoMoves: []todo.Move{second}}})
			hold := st.moved(first.To.Hold(act))
			st.applyMoves(second, hold) // in any order
			st.same("in progress", st.toDoIDs(todo.Filter{Work: todo.InProgress}, 0, 9), []todo.ID{two.ID})
			back, again := st.moved(hold.To.Start(act)), st.moved(second.To.Hold(act))
			st.applied(store.Writes{ToDo: &store.ToDoWrites{ToDoMoves: []todo.Move{again}}}, store.Writes{ToDo: &store.ToDoWrites{ToDoMoves: []todo.Move{back}}})
			st.applyMoves(st.moved(back.To.Finish("worked", act)))
			st.applyMoves(st.moved(again.To.Start(act)))
		}},
		{"completes by the course of things, whoever is at it, and writes it to the log", func(st *stand) {
			e := st.opened(func(e *todo.Entry) { e.User = "ada" })
			started := st.moved(e.Start(act))
			st.applyMoves(started)
			at := Noon().Add(time.Hour)
			st.applied(store.Writes{ToDo: &store.ToDoWrites{Done: []todo.Completion{{Type: e.Type, About: e.About, At: at, By: "sns", Outcome: "delivered"}}}})
			want := started.To
			want.Work, want.CompletedAt, want.By, want.Outcome, want.Revision = todo.Untouched, at, "sns", "delivered", 3
			st.same("entry", st.toDo(e.ID), want)
			log := st.toDoLog(e.ID)
			st.same("log", log[len(log)-1], todo.LogRow{ToDo: e.ID, At: at, Kind: todo.Completed, By: "sns", User: "ada", Role: "BILLING", Comment: "delivered"})
			st.conflict(store.LostToDo, store.Writes{ToDo: &store.ToDoWrites{ToDoMoves: []todo.Move{st.moved(started.To.Hold(act))}}})
			st.applied(store.Writes{ToDo: &store.ToDoWrites{Done: []todo.Completion{{Type: e.Type, About: e.About, At: at}}}})
			st.check(len(st.toDoLog(e.ID)) == len(log), "once")
		}},
		{"starts one of the entries that a user begins at the same moment", func(st *stand) {
			var sets []store.Writes
			for range 8 {
				e := st.opened(func(e *todo.Entry) { e.User = "ada" })
				sets = append(sets, store.Writes{ToDo: &store.ToDoWrites{ToDoMoves: []todo.Move{st.moved(e.Start(act))}}})
			}
			won := make([]bool, len(sets))
			var together sync.WaitGroup
			for i := range sets {
				together.Go(func() { won[i] = st.apply(sets[i])[0].Outcome == store.Applied })
			}
			together.Wait()
			st.check(len(slices.DeleteFunc(won, func(w bool) bool { return !w })) == 1, "one wins")
		}},
		{"purges complete entries when their type's time has come, with everything that hangs on them", func(st *stand) {
			at := func(day int) time.Time { return Noon().Add(time.Duration(day) * 24 * time.Hour) }
			finish := func(kind todo.Type, day int) todo.ID {
				e := st.opened(func(e *todo.Entry) { e.Type = kind })
				st.applyMoves(st.moved(e.Finish("worked", todo.Act{At: at(day), By: "ada"})))
				return e.ID
			}
			old, young, kept, short := finish("A", 1), finish("A", 5), finish("LONG", 1), finish("SHORT", 5)
			open := st.opened(func(e *todo.Entry) { e.Type = "A" })
			due, err := st.s.ToDosToPurge(st.t.Context(), todo.Retention{
				Before: map[todo.Type]time.Time{"LONG": at(0), "SHORT": at(9)}, Others: at(4),
			}, 9)
			st.ok(err, "looking for old ones")
			st.same("due", due, []todo.ID{old, short})
			st.applied(store.Writes{ToDo: &store.ToDoWrites{ToDoPurges: append(due, open.ID)}})
			for _, id := range due {
				_, err := st.s.ToDo(st.t.Context(), id)
				st.check(fault.Is(err, fault.NotFound) && len(st.toDoLog(id)) == 0, "it is gone")
			}
			st.same("left", st.toDoIDs(todo.Filter{Status: todo.IsComplete}, 0, 9), []todo.ID{young, kept})
			st.same("open", st.toDoIDs(todo.Filter{}, 0, 9), []todo.ID{open.ID})
			carries := todo.Filter{Status: todo.IsComplete, Characteristics: open.Characteristics}
			st.same("what they carried", st.toDoIDs(carries, 0, 9), []todo.ID{young, kept})
		}},
		{"reads a message back that tells of a To Do", func(st *stand) {
			w := NewAcceptance(st.r, Given{})
			store.In(&w.Contact).Plans, store.In(&w.Contact).Steps = nil, nil
			store.Of(w.Message).Messages[0].Origin = message.Origin{Kind: message.FromToDo, ToDo: 20000000000007}
			st.applied(w)
			st.same("origin", st.record(store.Of(w.Message).Messages[0].ID).Message.Origin, store.Of(w.Message).Messages[0].Origin)
		}},
	}
}
