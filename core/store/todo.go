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
	opens := func(w Writes) bool { return len(w.ToDos) > 0 }
	if !slices.ContainsFunc(sets, opens) {
		return o.Applier.Apply(ctx, sets...)
	}
	rules, filled := o.Rules(), slices.Clone(sets)
	for i := range filled {
		filled[i].ToDos = fill(rules, filled[i].ToDos)
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

// andToDos adds what another write set does with To Dos.
func (w *Writes) andToDos(o Writes) {
	w.ToDos = append(w.ToDos, o.ToDos...)
	w.Done = append(w.Done, o.Done...)
	w.ToDoMoves = append(w.ToDoMoves, o.ToDoMoves...)
	w.ToDoPurges = append(w.ToDoPurges, o.ToDoPurges...)
}
