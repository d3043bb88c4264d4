// Package proofs proves what the ledger holds, and that it only grew (RFC 6962).
package proofs

import (
	"context"

	"golang.org/x/mod/sumdb/tlog"

	"carillon/core/access"
	"carillon/core/desk"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
)

// Tree is the ledger's tree as proofs are made from it.
type Tree interface {
	Head(ctx context.Context) (store.Head, error)
	Tiles(ctx context.Context, ids []ledger.TileID) ([]ledger.Tile, error)
}

// Service proves what the ledger holds, to whoever may see it.
type Service struct {
	Feed desk.Feed
	Tree Tree
}

// LeafProof proves that an entry is in the ledger.
type LeafProof struct {
	Leaf  ledger.Leaf // without a body when the entry is not kept any more
	Hash  tlog.Hash
	Tree  tlog.Tree
	Proof tlog.RecordProof
	Note  string // the signed checkpoint of the tree; empty: nobody signed it
}

// GrowthProof proves that the ledger of one size is the beginning of that of another.
type GrowthProof struct {
	From, To tlog.Tree
	Proof    tlog.TreeProof
}

// Checkpoint returns the newest tree with its signed checkpoint; fault.NotFound when nobody signed it.
func (s *Service) Checkpoint(ctx context.Context, _ access.Principal) (store.Head, error) {
	head, err := s.Tree.Head(ctx)
	if err == nil && head.Note == "" {
		err = fault.New(fault.NotFound, "the newest tree of the ledger is not signed")
	}
	return head, err
}

// ProveLeaf proves a leaf against the newest tree; fault.NotFound when the principal may not see its entry. Of an entry
// that retention has dropped, only its hash can be proven, to whom every entry is shown that has no division.
func (s *Service) ProveLeaf(ctx context.Context, p access.Principal, leaf int64) (LeafProof, error) {
	head, err := s.Tree.Head(ctx)
	if err != nil {
		return LeafProof{}, err
	}
	if leaf < 0 || leaf >= head.Tree.N {
		return LeafProof{}, desk.Hidden()
	}
	found, err := s.Feed.Leaves(ctx, leaf, 1)
	if err != nil {
		return LeafProof{}, err
	}
	out := LeafProof{Leaf: ledger.Leaf{Number: leaf}, Tree: head.Tree, Note: head.Note}
	if len(found) == 1 && found[0].Number == leaf {
		out.Leaf = found[0]
	}
	if !desk.MayRead(p, out.Leaf) {
		return LeafProof{}, desk.Hidden()
	}
	read := s.reader(ctx)
	if out.Hash, err = ledger.LeafHashAt(head.Tree, leaf, read); err == nil {
		out.Proof, err = ledger.Included(head.Tree, leaf, read)
	}
	if err == nil && out.Leaf.Body != "" && ledger.LeafHash(out.Leaf.Body) != out.Hash {
		err = fault.New(fault.Unknown, "the entry of the leaf is not the one that was sealed")
	}
	return out, damaged(err)
}

// ProveGrowth proves that the tree of the first from leaves is the beginning of that of the first to leaves; to is the
// newest tree when 0. fault.Invalid when the ledger has no such trees.
func (s *Service) ProveGrowth(ctx context.Context, _ access.Principal, from, to int64) (out GrowthProof, err error) {
	head, err := s.Tree.Head(ctx)
	if err != nil {
		return out, err
	}
	if to == 0 {
		to = head.Tree.N
	}
	switch {
	case to > head.Tree.N:
		return out, fault.Refuse(fault.Violation{Field: "query/to", Reason: "is larger than the ledger"})
	case from < 1 || from > to:
		return out, fault.Refuse(fault.Violation{Field: "query/from", Reason: "is from 1 to the size of the later tree"})
	}
	out.Proof, out.From, out.To, err = ledger.Consistent(head.Tree, from, to, s.reader(ctx))
	return out, damaged(err)
}

func (s *Service) reader(ctx context.Context) ledger.ReadTiles {
	return func(ids []ledger.TileID) ([]ledger.Tile, error) { return s.Tree.Tiles(ctx, ids) }
}

// damaged says what it means that a proof cannot be made. What the store tells stays what it is.
func damaged(err error) error {
	if err == nil || fault.KindOf(err) != fault.Unknown {
		return err
	}
	return fault.Wrap(fault.Unknown, "the ledger's tree is damaged", err)
}
