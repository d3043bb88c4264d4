package chores

import (
	"context"
	"slices"

	"carillon/adapters/driving/ticker"
	"carillon/cmd/internal/breakers"
	"carillon/cmd/internal/keyring"
	"carillon/core/control"
	"carillon/core/store"
)

// Waker tells those concerned what was just written: the ticker of lanes with something due, of reports in the inbox
// and of orders of breakers, the keyring of keys that open nothing any more.
type Waker struct {
	To     store.Applier
	Ticker *ticker.Ticker
	Keys   *keyring.Keyring
}

// Apply implements store.Applier.
func (w Waker) Apply(ctx context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	verdicts, err := w.To.Apply(ctx, sets...)
	if err != nil {
		return verdicts, err
	}
	for i, v := range verdicts {
		if v.Outcome == store.Applied {
			w.wakeConcerned(sets[i])
		}
	}
	return verdicts, nil
}

func (w Waker) wakeConcerned(s store.Writes) {
	for _, d := range store.Of(s.Message).Dues {
		w.Ticker.WakeLane(d.Lane)
	}
	if len(store.Of(s.Admin).Revoked) > 0 {
		w.Keys.Forget()
	}
	if len(store.Of(s.Lane).Trips) > 0 {
		w.Ticker.WakeChore(breakers.Chore)
	}
	for _, p := range store.Of(s.Lane).Pauses {
		if !p.Paused {
			w.Ticker.WakeLane(p.Lane)
		}
	}
	if len(store.Of(s.Report).Reports) > 0 {
		w.Ticker.WakeChore(Reports)
	}
	if slices.ContainsFunc(store.Of(s.Batch).BatchRuns, func(r control.Run) bool { return r.State.Open() }) {
		for _, name := range WorkerNames() {
			w.Ticker.WakeChore(name)
		}
	}
}
