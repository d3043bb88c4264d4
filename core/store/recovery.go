package store

import (
	"context"
	"time"

	"carillon/core/message"
)

// Recovery reads what a store that was restored from a backup must not call as if nothing had happened.
type Recovery interface {
	// Claimable returns messages that are claimed, or whose due row is due at the time, in the order of their ids from
	// the one after on.
	Claimable(ctx context.Context, at time.Time, after message.ID, limit int) ([]message.Record, error)
	// Elsewhere counts the connections of other programs of ours to the store.
	Elsewhere(ctx context.Context) (int, error)
}
