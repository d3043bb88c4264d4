package batch

import (
	"context"
	"time"

	"carillon/core/ledger"
	"carillon/core/store"
)

// SealFacts is what the sealer reads.
type SealFacts interface {
	Marks(ctx context.Context, limit int) ([]store.Mark, error)
	NextLeaf(ctx context.Context) (int64, error)
}

// Sealer numbers committed ledger entries as leaves. It is the only one that does; when two race, one loses and
// reads again.
type Sealer struct {
	Store store.Applier
	Facts SealFacts
}

// sealPage is how many stretches one turn seals.
const sealPage = 1000

// Seal seals what is marked and returns how many entries it numbered; more tells that there may be more.
func (s *Sealer) Seal(ctx context.Context, now time.Time) (sealed int64, more bool, err error) {
	marks, err := s.Facts.Marks(ctx, sealPage)
	if err != nil || len(marks) == 0 {
		return 0, false, err
	}
	leaf, err := s.Facts.NextLeaf(ctx)
	if err != nil {
		return 0, false, err
	}
	var set store.Writes
	for _, m := range marks {
		set.Seals = append(set.Seals, store.Seal{Mark: m, FirstLeaf: leaf + sealed, At: now})
		sealed += m.N
	}
	verdicts, err := s.Store.Apply(ctx, set)
	if err != nil {
		return 0, false, err
	}
	if verdicts[0].Outcome != store.Applied {
		return 0, true, nil
	}
	return sealed, len(marks) == sealPage, nil
}

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
	_, err = r.Store.Apply(ctx, store.Writes{Cursors: []store.Cursor{{Name: r.Name, From: from, Next: next}}})
	return len(leaves), len(leaves) == relayPage, err
}
