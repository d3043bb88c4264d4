package batch

import (
	"context"

	"carillon/core/ledger"
	"carillon/core/store"
)

// Publisher takes sealed entries to the status topic.
type Publisher interface {
	// Publish hands leaves over in order; it returns when all of them are taken.
	Publish(ctx context.Context, leaves []ledger.Leaf) error
}

// RelayFacts is what the relay reads.
type RelayFacts interface {
	Leaves(ctx context.Context, from int64, limit int) ([]ledger.Leaf, error)
	CursorAt(ctx context.Context, name string) (int64, error)
}

// Relay is a reader of the ledger with a cursor: it hands every sealed entry to a publisher, in order, at least once.
type Relay struct {
	Name      string
	Store     store.Applier
	Facts     RelayFacts
	Publisher Publisher
}

// relayPage is how many entries one turn hands over.
const relayPage = 1000

// Forward hands over what is new; more tells that there may be more.
func (r *Relay) Forward(ctx context.Context) (n int, more bool, err error) {
	from, err := r.Facts.CursorAt(ctx, r.Name)
	if err != nil {
		return 0, false, err
	}
	leaves, err := r.Facts.Leaves(ctx, from, relayPage)
	if err != nil || len(leaves) == 0 {
		return 0, false, err
	}
	if err := r.Publisher.Publish(ctx, leaves); err != nil {
		return 0, false, err
	}
	next := leaves[len(leaves)-1].Number + 1
	_, err = r.Store.Apply(ctx, store.Writes{Ledger: &store.LedgerWrites{Cursors: []store.Cursor{{Name: r.Name, From: from, Next: next}}}})
	return len(leaves), len(leaves) == relayPage, err
}
