// Package chores is what a gateway does on the clock and not because somebody asks, and who wakes it before its time.
package chores

import (
	"context"
	"log/slog"
	"time"

	"carillon/adapters/driving/ticker"
	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/confkeeper"
	"carillon/cmd/internal/letters"
	"carillon/cmd/internal/settings"
	"carillon/cmd/internal/standby"
	"carillon/cmd/internal/wardens"
	"carillon/core/batch"
	"carillon/core/message"
	"carillon/core/report"
	"carillon/core/store"
)

// The chores by name.
const (
	Reports        = "reports"
	choreDeadlines = "deadlines"
	choreSealer    = "sealer"
	choreLedger    = "ledger"
	choreLanes     = "lanes"
	choreSums      = "conservation"
	choreConfig    = "configuration"
	choreLetters   = "letters"
	choreFold      = "fold"
	choreUpkeep    = "upkeep"
	chorePurge     = "purge"
	choreRecount   = "recount"
	choreRetire    = "retire"
)

// How often chores look for themselves, when nothing wakes them.
const (
	reportsEvery = 250 * time.Millisecond
	sealEvery    = time.Second
	watchEvery   = 5 * time.Second
	sumsEvery    = 15 * time.Second
	foldEvery    = 10 * time.Minute
	sumsBack     = 48 * time.Hour
)

// again is when a turn wants to come back: at once when there may be more.
func again(now time.Time, more bool) time.Time {
	if more {
		return now
	}
	return time.Time{}
}

// Chores are a gateway's. All fields are needed.
type Chores struct {
	Ticker   *ticker.Ticker
	Watch    *ticker.Metrics
	Shifts   *ticker.Batches
	Log      *slog.Logger
	Store    store.Store
	Configs  *confkeeper.Keeper
	Keep     settings.Keep
	Owner    string // the gateway's name
	Sealer   *batch.Sealer
	Report   *report.Service
	Wardens  *wardens.Wardens
	Letters  *letters.Engine
	Operator *batch.Operator
	Hands    []*batch.Worker
	Wired    map[string]bool // routes that were there at the start
}

// Schedule gives the ticker its jobs.
func (c *Chores) Schedule() {
	c.Ticker.Chore(Reports, reportsEvery, c.worked(c.Report.Work))
	c.Ticker.Chore(choreDeadlines, sealEvery, c.worked(c.Report.Deadlines))
	c.Ticker.Chore(choreSealer, sealEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		n, more, err := c.Sealer.Seal(ctx, now)
		c.Watch.Sealed(n)
		if n > 0 {
			c.Ticker.WakeChore(standby.Chore)
		}
		return again(now, more), err
	})
	c.Ticker.Chore(choreLedger, watchEvery, c.watchLedger)
	c.Ticker.Chore(choreLanes, watchEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		states, err := c.Store.LaneStates(ctx, now)
		if err == nil {
			c.Watch.Lanes(now, states, c.ChannelOf)
			c.Wardens.Lanes(c.Configs.Current().Routes(), states)
		}
		return time.Time{}, err
	})
	c.Ticker.Chore(choreSums, sumsEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		counts, err := c.Store.Sums(ctx, now.Add(-sumsBack).Truncate(time.Hour), now.Add(time.Hour))
		if err == nil {
			c.Watch.Conservation(batch.Add(counts))
		}
		return time.Time{}, err
	})
	c.Ticker.Chore(choreFold, foldEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		if ours, err := batch.Take(ctx, c.Store, choreFold, now.Truncate(foldEvery), c.Owner); err != nil || !ours {
			return time.Time{}, err
		}
		_, err := c.Store.Apply(ctx, store.Writes{Upkeep: &store.UpkeepWrites{
			Folds: []store.Fold{{Before: now.Add(-2 * time.Hour).Truncate(time.Hour)}},
		}})
		return time.Time{}, err
	})
	c.upkeep()
	c.Ticker.Chore(choreConfig, watchEvery, func(ctx context.Context, _ time.Time) (time.Time, error) {
		err := c.Configs.Refresh(ctx) // another gateway may have configured
		c.strangers()
		return time.Time{}, err
	})
	c.batches()
}

// SealRest seals what was written last, so that a gateway that stops leaves nothing to the next one.
func (c *Chores) SealRest(ctx context.Context) {
	for more := true; more; {
		var err error
		if _, more, err = c.Sealer.Seal(ctx, clock.Now()); err != nil {
			c.Log.Warn(
				"the last entries of the ledger wait for the next gateway to seal them",
				slog.String("error", err.Error()),
			)
			return
		}
	}
}

// watchLedger shows the tree and what waits for the sealer.
func (c *Chores) watchLedger(ctx context.Context, now time.Time) (time.Time, error) {
	head, err := c.Store.Head(ctx)
	if err != nil {
		return time.Time{}, err
	}
	unsealed, err := c.Store.Unsealed(ctx)
	if err == nil {
		c.Watch.Ledger(now, head, unsealed)
	}
	return time.Time{}, err
}

// strangers tells of routes that were configured after the start: their messages wait until a restart wires them.
func (c *Chores) strangers() {
	for _, r := range c.Configs.Current().Routes() {
		if !c.Wired[r.Code] {
			c.Wired[r.Code] = true
			c.Log.Warn("a route was added: a restart wires it, and its messages wait until then", slog.String("route", r.Code))
		}
	}
}

// ChannelOf is the channel of a lane, if its route is known.
func (c *Chores) ChannelOf(l message.Lane) (message.Channel, bool) {
	r, known := c.Configs.Current().RouteOf(l)
	return r.Channel, known
}

// worked makes a turn of one of report's jobs.
func (c *Chores) worked(
	job func(context.Context, time.Time) (report.Done, error),
) func(context.Context, time.Time) (time.Time, error) {
	return func(ctx context.Context, now time.Time) (time.Time, error) {
		done, err := job(ctx, now)
		c.Watch.Reports(done.Applied, done.Unmatched)
		return again(now, done.Full), err
	}
}
