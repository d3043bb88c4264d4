package chores

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"carillon/cmd/internal/clock"
)

// The chores of batches.
const (
	choreSchedule = "schedule"
	choreBatches  = "batches"
	choreWorker   = "worker-" // with the worker's number
)

// Workers is how many threads a gateway works on at once.
const Workers = 2

// How often the schedule is looked at, and workers look for threads, when nothing wakes them.
const (
	scheduleEvery = time.Second
	workEvery     = 2 * time.Second
)

// WorkerNames are the names of the chores of workers.
func WorkerNames() []string {
	names := make([]string, Workers)
	for i := range names {
		names[i] = choreWorker + strconv.Itoa(i+1)
	}
	return names
}

// batches gives the ticker what batches do on the clock.
func (c *Chores) batches() {
	for i, name := range WorkerNames() {
		hand := c.Hands[i]
		c.Ticker.Chore(name, workEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
			more, err := hand.Turn(ctx, now)
			return again(now, more), err
		})
	}
	c.Ticker.Chore(choreSchedule, scheduleEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		return time.Time{}, c.Operator.Tick(ctx, now, c.Owner, false)
	})
	c.Ticker.Chore(choreLetters, sealEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		if err := c.Operator.Tick(ctx, now, c.Owner, true); err != nil {
			return time.Time{}, err
		}
		return time.Time{}, c.Letters.Unfinished(ctx, now)
	})
	c.Ticker.Chore(choreBatches, watchEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		cards, err := c.Operator.Cards(ctx, now)
		if err != nil {
			return time.Time{}, err
		}
		open, err := c.Store.OpenBatchRuns(ctx)
		if err == nil {
			c.Shifts.Show(now, cards, open)
		}
		return time.Time{}, err
	})
}

// ReleaseThreads gives up what workers hold, so that other gateways go on with it at once.
func (c *Chores) ReleaseThreads(ctx context.Context) {
	for _, hand := range c.Hands {
		if err := hand.Release(ctx, clock.Now()); err != nil {
			c.Log.Warn("a thread of a batch waits for its lease to run out", slog.String("error", err.Error()))
		}
	}
}
