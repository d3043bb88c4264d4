// Package confkeeper keeps configurations at hand, and holds the one that is shipped.
package confkeeper

import (
	"context"
	_ "embed"
	"sync"
	"sync/atomic"

	"carillon/cmd/internal/clock"
	"carillon/core/algorithm"
	"carillon/core/batch"
	"carillon/core/config"
	"carillon/core/desk/administration"
	"carillon/core/plugin"
	"carillon/core/store"
)

// Keeper keeps configurations at hand: the newest, and every version that was asked for.
type Keeper struct {
	from    store.Configs
	current atomic.Pointer[config.Snapshot]

	mu   sync.Mutex
	kept map[int64]*config.Snapshot
}

// RulesOf are the rules that every configuration of the house is checked by.
func RulesOf(forms administration.Checker) administration.Rules {
	return administration.Rules{
		Forms:      forms,
		Catalog:    algorithm.Catalog(),
		Batches:    batchParameters(),
		Validators: algorithm.Validators(),
	}
}

// Open reads the newest configuration; a store without one gets the first under version 1.
func Open(ctx context.Context, st store.Store, first First, rules administration.Rules) (*Keeper, error) {
	c := &Keeper{from: st, kept: make(map[int64]*config.Snapshot)}
	version, err := st.LatestConfig(ctx)
	if err != nil {
		return nil, err
	}
	if version == 0 {
		d, err := first()
		if err != nil {
			return nil, err
		}
		set, err := administration.ConfigWrites(clock.Now(), "carillon", 1, d, nil, rules)
		if err != nil {
			return nil, err
		}
		if _, err := st.Apply(ctx, set); err != nil { // another gateway may have been first: either way it is there
			return nil, err
		}
	}
	return c, c.Refresh(ctx)
}

// Current is the newest configuration.
func (c *Keeper) Current() *config.Snapshot { return c.current.Load() }

// At is the configuration of a version.
func (c *Keeper) At(ctx context.Context, version int64) (*config.Snapshot, error) {
	c.mu.Lock()
	s, there := c.kept[version]
	c.mu.Unlock()
	if there {
		return s, nil
	}
	rows, err := c.from.ConfigRows(ctx, version)
	if err != nil {
		return nil, err
	}
	d, err := config.FromRows(rows)
	if err != nil {
		return nil, err
	}
	if s, err = config.Compile(version, d); err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.kept[version] = s
	c.mu.Unlock()
	return s, nil
}

// Refresh reads the newest configuration.
func (c *Keeper) Refresh(ctx context.Context) error {
	version, err := c.from.LatestConfig(ctx)
	if err != nil {
		return err
	}
	if now := c.Current(); now != nil && now.Version == version {
		return nil
	}
	s, err := c.At(ctx, version)
	if err != nil {
		return err
	}
	c.current.Store(s)
	return nil
}

// batchParameters are what each batch takes, which hangs on nothing that runs.
func batchParameters() map[string][]plugin.Parameter {
	takes := make(map[string][]plugin.Parameter)
	for _, d := range batch.NewBook(batch.Parts{}) {
		takes[d.Code] = d.Accepts()
	}
	return takes
}

// BatchErrorType is the To Do Type of batches that failed, by the newest configuration.
func (c *Keeper) BatchErrorType() string { return c.Current().Installation().BatchErrorType }
