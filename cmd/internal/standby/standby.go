// Package standby has one gateway of several relay the ledger, and the others stand by.
package standby

import (
	"context"
	"time"

	"carillon/adapters/driving/ticker"
	"carillon/core/batch"
	"carillon/core/store"
)

// patience is how long a gateway leaves the relay to the first one that seems to do nothing.
const patience = 10 * time.Second

// Relay relays on one gateway: the first of the fleet. Twice is lawful and of no use; not at all is neither, so that
// the others step in when leaves wait and the cursor stands still: the first may not reach the brokers.
type Relay struct {
	To    *batch.Relay
	Facts store.Ledger
	First func(now time.Time) bool // whether this gateway is the first of the fleet

	seen  int64     // the cursor
	since time.Time // since when leaves wait there
	took  bool      // this gateway moved it last, in place of the first
}

// Forward relays what is this gateway's to relay.
func (s *Relay) Forward(ctx context.Context, now time.Time) (n int, more bool, err error) {
	first := s.First(now)
	if !first {
		ours, err := s.stalled(ctx, now)
		if err != nil || !ours {
			return 0, false, err
		}
	}
	n, more, err = s.To.Forward(ctx)
	if !first && n > 0 {
		s.seen, s.took = s.seen+int64(n), true
	}
	return n, more, err
}

// stalled reports whether leaves have waited for long at a cursor that nobody else moves.
func (s *Relay) stalled(ctx context.Context, now time.Time) (bool, error) {
	cursor, err := s.Facts.CursorAt(ctx, s.To.Name)
	if err != nil {
		return false, err
	}
	next, err := s.Facts.NextLeaf(ctx)
	if err != nil {
		return false, err
	}
	if cursor != s.seen || s.since.IsZero() { // somebody else is at it
		s.seen, s.since, s.took = cursor, now, false
	}
	if cursor >= next {
		s.since = now
		return false, nil
	}
	return s.took || now.Sub(s.since) >= patience, nil
}

// Chore is the chore that relays.
const Chore = "relay"

// Schedule gives the ticker the chore; watch counts what is relayed.
func (s *Relay) Schedule(t *ticker.Ticker, watch *ticker.Metrics) {
	t.Chore(Chore, time.Second, func(ctx context.Context, now time.Time) (time.Time, error) {
		n, more, err := s.Forward(ctx, now)
		watch.Relayed(n)
		if more {
			return now, err
		}
		return time.Time{}, err
	})
}
