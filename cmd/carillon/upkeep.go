package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"carillon/core/batch"
	"carillon/core/store"
)

// KeepSettings say how long what is kept.
type KeepSettings struct {
	Retention       time.Duration `help:"How long contacts and messages are kept, a month or a block of numbers at a time; 0: for ever. Legal holds are kept longer."`
	LedgerRetention time.Duration `help:"How long entries of the ledger are kept, not shorter than the messages; 0: for ever. The tree they are proved by stays."`

	KeyWindow     time.Duration `help:"How long idempotency keys, source references and references of providers are known." default:"9600h"`
	ReportWindow  time.Duration `help:"How long consumed reports are known, so that a repeated one is passed over." default:"2160h"`
	TickWindow    time.Duration `help:"How long it is kept which gateway ran which chore." default:"168h"`
	CounterWindow time.Duration `help:"How long the sums of an hour are kept, and the hour is recounted." default:"9600h"`
}

// The shortest windows that make sense: a source repeats a request for days, a provider a report, and chores are nightly.
const (
	leastKeys  = 7 * 24 * time.Hour
	leastTicks = 48 * time.Hour
	leastSums  = 72 * time.Hour
)

// leastRetention is the shortest retention: a plan, its receipts and its holds come to their end within it.
const leastRetention = 30 * 24 * time.Hour

func (k KeepSettings) validate() error {
	var wrong []error
	if k.Retention != 0 && k.Retention < leastRetention {
		wrong = append(wrong, errors.New("retention: is 0 or at least "+leastRetention.String()))
	}
	if k.LedgerRetention != 0 && (k.Retention == 0 || k.LedgerRetention < k.Retention) {
		wrong = append(wrong, errors.New("ledger-retention: is 0, or not shorter than retention"))
	}
	for _, w := range []struct {
		name          string
		window, least time.Duration
	}{
		{"key-window", k.KeyWindow, leastKeys},
		{"report-window", k.ReportWindow, leastKeys},
		{"tick-window", k.TickWindow, leastTicks},
		{"counter-window", k.CounterWindow, leastSums},
	} {
		if w.window != 0 && w.window < w.least {
			wrong = append(wrong, errors.New(w.name+": must not be shorter than "+w.least.String()))
		}
	}
	return errors.Join(wrong...)
}

// orDefaults are the settings with what is not said as the flags have it.
func (k KeepSettings) orDefaults() KeepSettings {
	const day = 24 * time.Hour
	k.KeyWindow, k.ReportWindow = cmp.Or(k.KeyWindow, 400*day), cmp.Or(k.ReportWindow, 90*day)
	k.TickWindow, k.CounterWindow = cmp.Or(k.TickWindow, 7*day), cmp.Or(k.CounterWindow, 400*day)
	return k
}

// windows are what is purged, and when it is old.
func (k KeepSettings) windows() map[store.Purgeable]time.Duration {
	k = k.orDefaults()
	return map[store.Purgeable]time.Duration{
		store.PurgeKeys: k.KeyWindow, store.PurgeRefs: k.KeyWindow, store.PurgeReports: k.ReportWindow, store.PurgeTicks: k.TickWindow,
		store.PurgeCounters: k.CounterWindow, store.PurgeRecounts: k.CounterWindow,
		store.PurgeEvents: k.KeyWindow, store.PurgeTasks: k.KeyWindow,
	}
}

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
func (a *app) upkeep() {
	a.ticker.Chore(choreUpkeep, extendEvery, a.extend)
	a.ticker.Chore(chorePurge, purgeEvery, a.purge)
	a.ticker.Chore(choreRetire, retireEvery, a.retire)
	recounter := &batch.Recounter{Store: a.store, Facts: a.store, By: a.dispatch.Owner, Back: a.settings.recountBack()}
	a.ticker.Chore(choreRecount, recountEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		return time.Time{}, a.recount(ctx, now, recounter)
	})
}

// recount takes a turn at recounting and tells what it found: loudly, once per hour and difference.
func (a *app) recount(ctx context.Context, now time.Time, r *batch.Recounter) error {
	turn, err := r.Recount(ctx, now)
	if err != nil {
		return err
	}
	a.watch.Recounted(turn)
	for _, r := range turn.Fresh {
		for _, d := range r.Drift {
			a.log.Error("the counters of an hour differ from its tables: carillon doctor --hours shows where",
				slog.Time("hour", r.Hour), slog.String("channel", string(d.Channel)), slog.Int64("messages", d.Messages))
		}
	}
	return nil
}

// recountBack is how far back hours are recounted: as long as their sums are kept.
func (s Settings) recountBack() time.Duration {
	return s.Keep.orDefaults().CounterWindow - 24*time.Hour
}

// extend makes room ahead in the store's tables.
func (a *app) extend(ctx context.Context, now time.Time) (time.Time, error) {
	made, err := a.store.Extend(ctx, now)
	if made > 0 {
		a.log.Info("partitions were made ahead", slog.Int("partitions", made))
	}
	return time.Time{}, err
}

// purge takes away what is older than its window, on one gateway, so many rows of each kind a turn.
func (a *app) purge(ctx context.Context, now time.Time) (time.Time, error) {
	if ours, err := batch.Take(ctx, a.store, chorePurge, now.Truncate(purgeEvery), a.dispatch.Owner); err != nil || !ours {
		return time.Time{}, err
	}
	windows := a.settings.Keep.windows()
	for _, what := range store.Purgeables() {
		purge := store.Purge{What: what, Before: now.Add(-windows[what]), Limit: purgePage}
		for range purgePages {
			verdicts, err := a.store.Apply(ctx, store.Writes{Purges: []store.Purge{purge}})
			if err != nil {
				return time.Time{}, err
			}
			a.watch.Purged(what, verdicts[0].Purged)
			if verdicts[0].Purged < purgePage {
				break
			}
		}
	}
	return time.Time{}, nil
}

// retire takes away what is older than it is to be kept, on one gateway, so much a turn.
func (a *app) retire(ctx context.Context, now time.Time) (time.Time, error) {
	keep := store.Retention{Messages: a.settings.Keep.Retention, Ledger: a.settings.Keep.LedgerRetention}
	if keep == (store.Retention{}) {
		return time.Time{}, nil
	}
	if ours, err := batch.Take(ctx, a.store, choreRetire, now.Truncate(retireEvery), a.dispatch.Owner); err != nil || !ours {
		return time.Time{}, err
	}
	for range retireTurns {
		r, err := a.store.Retire(ctx, now, keep)
		if err != nil {
			return time.Time{}, err
		}
		a.watch.Retired(r)
		if len(r.Dropped) > 0 || r.Rows > 0 {
			a.log.Info("what is older than its retention was taken away", slog.Any("tables", r.Dropped), slog.Int64("rows", r.Rows))
		}
		if !r.More {
			for _, why := range r.Kept {
				a.log.Warn("retention is held up", slog.String("why", why))
			}
			break
		}
	}
	_, err := a.store.Extend(ctx, now) // a new month may have begun new blocks
	return time.Time{}, err
}
