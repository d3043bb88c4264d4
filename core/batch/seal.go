package batch

import (
	"context"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
)

// SealFacts is what the sealer reads.
type SealFacts interface {
	Head(ctx context.Context) (store.Head, error)
	Marks(ctx context.Context, limit int) ([]store.Mark, error)
	Seals(ctx context.Context, leaf int64, limit int) ([]store.Seal, error)
	Entries(ctx context.Context, stretches []store.Mark) ([][]string, error)
	Tiles(ctx context.Context, ids []ledger.TileID) ([]ledger.Tile, error)
}

// Sealer numbers committed ledger entries as leaves, puts them into the tree and signs its checkpoint, all in one write
// set. It is the only one that does; when two race, one loses and reads again.
type Sealer struct {
	Store store.Applier
	Facts SealFacts
	By    ledger.Signatory
}

// What one turn takes at most, unless a single stretch has more.
const (
	sealStretches = 2000
	sealEntries   = 20_000
)

// Seal seals what is marked and returns how many entries it numbered; more tells that there may be more. A turn with
// nothing to do is one query.
//
// Leaves that are not in the tree, because a release that did not know the tree numbered them, come first.
func (s *Sealer) Seal(ctx context.Context, now time.Time) (sealed int64, more bool, err error) {
	head, err := s.Facts.Head(ctx)
	if err != nil || s.idle(head) {
		return 0, false, err
	}
	stretches, more, err := s.stretches(ctx, head)
	if err != nil {
		return 0, false, err
	}
	set, err := s.set(ctx, now, head, stretches)
	switch {
	case err != nil && s.raced(ctx, head, err):
		return 0, true, nil
	case err != nil:
		return 0, false, err
	}
	verdicts, err := s.Store.Apply(ctx, set)
	if err != nil {
		return 0, false, err
	}
	if verdicts[0].Outcome != store.Applied {
		return 0, true, nil
	}
	for _, seal := range store.Of(set.Ledger).Seals {
		sealed += seal.Mark.N
	}
	return sealed, more || behind(head), nil
}

// behind reports whether there are leaves that are not in the tree.
func behind(head store.Head) bool { return head.Tree.N < head.Leaves }

// idle reports whether there is nothing to seal, to put in or to sign.
func (s *Sealer) idle(head store.Head) bool {
	return !behind(head) && !head.Marked && (head.Note != "" || !s.By.Signs())
}

// set is what seals the stretches and grows the tree by them.
func (s *Sealer) set(ctx context.Context, now time.Time, head store.Head, stretches []store.Mark) (w store.Writes, err error) {
	if store.In(&w.Ledger).Growth, err = s.grow(ctx, now, head, stretches); err != nil || behind(head) {
		return w, err
	}
	leaf := head.Leaves
	for _, m := range stretches {
		store.In(&w.Ledger).Seals = append(store.Of(w.Ledger).Seals, store.Seal{Mark: m, FirstLeaf: leaf, At: now})
		leaf += m.N
	}
	return w, nil
}

// stretches are those the tree takes next: what is sealed and not in it or, when there is nothing of the kind, what is
// marked.
func (s *Sealer) stretches(ctx context.Context, head store.Head) (next []store.Mark, more bool, err error) {
	if !behind(head) {
		next, err = s.Facts.Marks(ctx, sealStretches)
	} else {
		var seals []store.Seal
		seals, err = s.Facts.Seals(ctx, head.Tree.N, sealStretches)
		for _, sealed := range seals {
			gone := max(head.Tree.N-sealed.FirstLeaf, 0)
			next = append(next, store.Mark{First: sealed.Mark.First + gone, N: sealed.Mark.N - gone})
		}
	}
	entries := int64(0)
	for i, m := range next {
		if entries += m.N; entries >= sealEntries {
			return next[:i+1], true, err
		}
	}
	return next, len(next) == sealStretches, err
}

// grow makes the tree that holds the stretches too.
func (s *Sealer) grow(ctx context.Context, now time.Time, head store.Head, stretches []store.Mark) (*store.Growth, error) {
	leaves, err := s.leaves(ctx, stretches)
	if err != nil {
		return nil, err
	}
	tiles, err := s.Facts.Tiles(ctx, ledger.EdgeIDs(head.Tree.N))
	if err != nil {
		return nil, err
	}
	edge, err := ledger.NewEdge(head.Tree, tiles)
	if err != nil {
		return nil, fault.Wrap(fault.Unknown, "the ledger's tree is damaged", err)
	}
	g := &store.Growth{From: head.Tree.N, Tiles: edge.Grow(leaves), Key: s.By.Verifier, At: now}
	if g.Tree, err = edge.Tree(); err != nil {
		return nil, fault.Wrap(fault.Unknown, "hashing the ledger's tree", err)
	}
	g.Note, err = s.By.Sign(g.Tree)
	return g, err
}

// leaves are the hashes of the entries of the stretches.
func (s *Sealer) leaves(ctx context.Context, stretches []store.Mark) ([]tlog.Hash, error) {
	if len(stretches) == 0 {
		return nil, nil
	}
	bodies, err := s.Facts.Entries(ctx, stretches)
	if err != nil {
		return nil, err
	}
	var leaves []tlog.Hash
	for i, m := range stretches {
		if int64(len(bodies[i])) != m.N {
			return nil, fault.New(fault.Unknown, "the ledger lacks entries that were marked")
		}
		for _, body := range bodies[i] {
			leaves = append(leaves, ledger.LeafHash(body))
		}
	}
	return leaves, nil
}

// raced reports whether a failure came of reading a tree in part while another sealer grew it.
func (s *Sealer) raced(ctx context.Context, was store.Head, failed error) bool {
	if fault.KindOf(failed) != fault.Unknown {
		return false
	}
	head, err := s.Facts.Head(ctx)
	return err == nil && head.Tree != was.Tree
}
