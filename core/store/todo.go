package store

import (
	"context"
	"slices"

	"carillon/core/todo"
)

// Opener is an applier that fills in what the configuration says about To Do entries that are opened without asking it:
// role, priority, characteristics, skills. A pure decision that opens one, deep in a settlement, need not know the
// configuration; and whoever opens one, the same rules choose whose it is. An entry whose message is suppressed is not
// opened.
type Opener struct {
	Applier

	Rules func() todo.Rules // those in force
}

// Apply implements [Applier].
func (o Opener) Apply(ctx context.Context, sets ...Writes) ([]Verdict, error) {
	opens := func(w Writes) bool { return len(Of(w.ToDo).ToDos) > 0 }
	if !slices.ContainsFunc(sets, opens) {
		return o.Applier.Apply(ctx, sets...)
	}
	rules, filled := o.Rules(), slices.Clone(sets)
	for i := range filled {
		filled[i].ToDo = cloned(filled[i].ToDo) // the caller's own stays as it is
		if opens(filled[i]) {
			filled[i].ToDo.ToDos = fill(rules, filled[i].ToDo.ToDos)
		}
	}
	return o.Applier.Apply(ctx, filled...)
}

func fill(rules todo.Rules, entries []todo.Entry) []todo.Entry {
	var out []todo.Entry
	for _, e := range entries {
		if e, suppressed := rules.Fill(e); !suppressed {
			out = append(out, e)
		}
	}
	return out
}

// ToDoWrites is what a decision changes of To Do entries. Empty fields change nothing.
type ToDoWrites struct {
	ToDos      []todo.Entry      // opened; where one of the type is open about the same, it is passed over
	Done       []todo.Completion // before ToDos of the set are opened
	ToDoMoves  []todo.Move       // the set is a Conflict "todo" when an entry is not as its move says, or its user has another in progress
	ToDoPurges []todo.ID         // complete entries that go with everything that hangs on them; others stay
}

func (to *ToDoWrites) and(from *ToDoWrites) {
	to.ToDos = slices.Concat(to.ToDos, from.ToDos)
	to.Done = slices.Concat(to.Done, from.Done)
	to.ToDoMoves = slices.Concat(to.ToDoMoves, from.ToDoMoves)
	to.ToDoPurges = slices.Concat(to.ToDoPurges, from.ToDoPurges)
}
