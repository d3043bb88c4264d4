package chores

import (
	"context"
	"log/slog"
	"time"

	"carillon/core/batch"
	"carillon/core/store"
)

// How often the store is kept in shape, and how much of it at a time.
const (
	extendEvery  = 15 * time.Minute
	purgeEvery   = 10 * time.Minute
	retireEvery  = time.Hour
	retireTurns  = 20
	recountEvery = time.Minute
	purgePage    = 5000
	purgePages   = 20
)

// upkeep gives the ticker the chores that keep the store in shape.
func (c *Chores) upkeep() {
	c.Ticker.Chore(choreUpkeep, extendEvery, c.extend)
	c.Ticker.Chore(chorePurge, purgeEvery, c.purge)
	c.Ticker.Chore(choreRetire, retireEvery, c.retire)
	recounter := &batch.Recounter{Store: c.Store, Facts: c.Store, By: c.Owner, Back: c.Keep.RecountBack()}
	c.Ticker.Chore(choreRecount, recountEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		return time.Time{}, c.recount(ctx, now, recounter)
	})
}

// recount takes a turn at recounting and tells what it found: loudly, once per hour and difference.
func (c *Chores) recount(ctx context.Context, now time.Time, r *batch.Recounter) error {
	turn, err := r.Recount(ctx, now)
	if err != nil {
		return err
	}
	c.Watch.Recounted(turn)
	for _, r := range turn.Fresh {
		for _, d := range r.Drift {
			c.Log.Error("the counters of an hour differ from its tables: carillon doctor --hours shows where",
				slog.Time("hour", r.Hour), slog.String("channel", string(d.Channel)), slog.Int64("messages", d.Messages))
		}
	}
	return nil
}

// extend makes room ahead in the store's tables.
func (c *Chores) extend(ctx context.Context, now time.Time) (time.Time, error) {
	made, err := c.Store.Extend(ctx, now)
	if made > 0 {
		c.Log.Info("partitions were made ahead", slog.Int("partitions", made))
	}
	return time.Time{}, err
}

// purge takes away what is older than its window, on one gateway, so many rows of each kind a turn.
func (c *Chores) purge(ctx context.Context, now time.Time) (time.Time, error) {
	if ours, err := batch.Take(ctx, c.Store, chorePurge, now.Truncate(purgeEvery), c.Owner); err != nil || !ours {
		return time.Time{}, err
	}
	windows := c.Keep.Windows()
	for _, what := range store.Purgeables() {
		purge := store.Purge{What: what, Before: now.Add(-windows[what]), Limit: purgePage}
		for range purgePages {
			verdicts, err := c.Store.Apply(ctx, store.Writes{Upkeep: &store.UpkeepWrites{Purges: []store.Purge{purge}}})
			if err != nil {
				return time.Time{}, err
			}
			c.Watch.Purged(what, verdicts[0].Purged)
			if verdicts[0].Purged < purgePage {
				break
			}
		}
	}
	return time.Time{}, nil
}

// retire takes away what is older than it is to be kept, on one gateway, so much a turn.
func (c *Chores) retire(ctx context.Context, now time.Time) (time.Time, error) {
	keep := store.Retention{Messages: c.Keep.Retention, Ledger: c.Keep.LedgerRetention}
	if keep == (store.Retention{}) {
		return time.Time{}, nil
	}
	if ours, err := batch.Take(ctx, c.Store, choreRetire, now.Truncate(retireEvery), c.Owner); err != nil || !ours {
		return time.Time{}, err
	}
	for range retireTurns {
		r, err := c.Store.Retire(ctx, now, keep)
		if err != nil {
			return time.Time{}, err
		}
		c.Watch.Retired(r)
		if len(r.Dropped) > 0 || r.Rows > 0 {
			c.Log.Info(
				"what is older than its retention was taken away",
				slog.Any("tables", r.Dropped),
				slog.Int64("rows", r.Rows),
			)
		}
		if !r.More {
			for _, why := range r.Kept {
				c.Log.Warn("retention is held up", slog.String("why", why))
			}
			break
		}
	}
	_, err := c.Store.Extend(ctx, now) // a new month may have begun new blocks
	return time.Time{}, err
}
