package main

import (
	"context"
	"time"

	"carillon/core/batch"
	"carillon/core/store"
)

// standbyPatience is how long a gateway leaves the relay to the first one that seems to do nothing.
const standbyPatience = 10 * time.Second

// standby relays on one gateway: the first of the fleet. Twice is lawful and of no use; not at all is neither, so that
// the others step in when leaves wait and the cursor stands still: the first may not reach the brokers.
type standby struct {
	relay *batch.Relay
	facts store.Ledger
	first func(now time.Time) bool

	seen  int64     // the cursor
	since time.Time // since when leaves wait there
	took  bool      // this gateway moved it last, in place of the first
}

// forward relays what is this gateway's to relay.
func (s *standby) forward(ctx context.Context, now time.Time) (n int, more bool, err error) {
	first := s.first(now)
	if !first {
		ours, err := s.stalled(ctx, now)
		if err != nil || !ours {
			return 0, false, err
		}
	}
	n, more, err = s.relay.Forward(ctx)
	if !first && n > 0 {
		s.seen, s.took = s.seen+int64(n), true
	}
	return n, more, err
}

// stalled reports whether leaves have waited for long at a cursor that nobody else moves.
func (s *standby) stalled(ctx context.Context, now time.Time) (bool, error) {
	cursor, err := s.facts.CursorAt(ctx, s.relay.Name)
	if err != nil {
		return false, err
	}
	next, err := s.facts.NextLeaf(ctx)
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
	return s.took || now.Sub(s.since) >= standbyPatience, nil
}
