package settings

import (
	"cmp"
	"errors"
	"time"

	"carillon/core/store"
)

// Keep says how long what is kept.
type Keep struct {
	Retention       time.Duration `help:"How long contacts and messages are kept, a month or a block of numbers at a time; 0: for ever. Legal holds are kept longer."`
	LedgerRetention time.Duration `help:"How long entries of the ledger are kept, not shorter than the messages; 0: for ever. The tree they are proved by stays."`

	KeyWindow     time.Duration `help:"How long idempotency keys, source references and references of providers are known." default:"9600h"`
	ReportWindow  time.Duration `help:"How long consumed reports are known, so that a repeated one is passed over." default:"2160h"`
	TickWindow    time.Duration `help:"How long it is kept which gateway ran which chore." default:"168h"`
	CounterWindow time.Duration `help:"How long the sums of an hour are kept, and the hour is recounted." default:"9600h"`
}

// The shortest windows that make sense: a source repeats a request for days, a provider a report, and chores are
// nightly.
const (
	leastKeys  = 7 * 24 * time.Hour
	leastTicks = 48 * time.Hour
	leastSums  = 72 * time.Hour
)

// leastRetention is the shortest retention: a plan, its receipts and its holds come to their end within it.
const leastRetention = 30 * 24 * time.Hour

func (k Keep) validate() error {
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
func (k Keep) orDefaults() Keep {
	const day = 24 * time.Hour
	k.KeyWindow, k.ReportWindow = cmp.Or(k.KeyWindow, 400*day), cmp.Or(k.ReportWindow, 90*day)
	k.TickWindow, k.CounterWindow = cmp.Or(k.TickWindow, 7*day), cmp.Or(k.CounterWindow, 400*day)
	return k
}

// Windows are what is purged, and when it is old.
func (k Keep) Windows() map[store.Purgeable]time.Duration {
	k = k.orDefaults()
	return map[store.Purgeable]time.Duration{
		store.PurgeKeys: k.KeyWindow, store.PurgeRefs: k.KeyWindow, store.PurgeReports: k.ReportWindow,
		store.PurgeTicks:    k.TickWindow,
		store.PurgeCounters: k.CounterWindow, store.PurgeRecounts: k.CounterWindow,
		store.PurgeEvents: k.KeyWindow, store.PurgeTasks: k.KeyWindow,
	}
}

// RecountBack is how far back hours are recounted: as long as their sums are kept.
func (k Keep) RecountBack() time.Duration {
	return k.orDefaults().CounterWindow - 24*time.Hour
}
