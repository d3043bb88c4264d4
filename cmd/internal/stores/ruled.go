package stores

import (
	"context"

	"carillon/core/algorithm"
	"carillon/core/config"
	"carillon/core/store"
	"carillon/core/todo"
)

// ruled is a store at whose door the configuration says of every To Do entry whose it is.
type ruled struct {
	store.Store

	door store.Opener
}

// Configs hands out configurations.
type Configs interface{ Current() *config.Snapshot }

// WithToDoRules puts the rules in force at the door of a store.
func WithToDoRules(to store.Store, configs Configs) store.Store {
	return ruled{Store: to, door: store.Opener{Applier: to, Rules: func() todo.Rules {
		return todo.Rules{Config: configs.Current(), Algorithms: algorithm.ToDos()}
	}}}
}

// Apply implements [store.Applier].
func (r ruled) Apply(ctx context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	return r.door.Apply(ctx, sets...)
}
