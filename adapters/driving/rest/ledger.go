package rest

import (
	"context"

	"golang.org/x/mod/sumdb/tlog"

	"carillon/core/access"
	"carillon/core/desk/proofs"
	"carillon/core/store"
)

func (s *server) ledgerOperations() []operation {
	return []operation{
		op("getCheckpoint", s.getCheckpoint),
		op("proveLeaf", s.proveLeaf),
		op("proveConsistency", s.proveConsistency),
	}
}

// LeafProof proves that an entry is in the ledger.
type LeafProof struct {
	Leaf       int64    `json:"leaf"`
	Entry      string   `json:"entry,omitzero"`
	Hash       string   `json:"hash"`
	Size       int64    `json:"size"`
	Root       string   `json:"root"`
	Proof      []string `json:"proof"`
	Checkpoint string   `json:"checkpoint,omitzero"`
}

// ConsistencyProof proves that the ledger only grew.
type ConsistencyProof struct {
	From     int64    `json:"from"`
	FromRoot string   `json:"fromRoot"`
	To       int64    `json:"to"`
	ToRoot   string   `json:"toRoot"`
	Proof    []string `json:"proof"`
}

// Proofs proves what the ledger holds.
type Proofs interface {
	// Checkpoint returns the newest tree, signed; fault.NotFound when nobody signed it.
	Checkpoint(ctx context.Context, p access.Principal) (store.Head, error)
	// ProveLeaf proves a leaf against the newest tree; fault.NotFound for what the caller does not see.
	ProveLeaf(ctx context.Context, p access.Principal, leaf int64) (proofs.LeafProof, error)
	// ProveGrowth proves that a tree is the beginning of another; to is the newest when 0. fault.Invalid.
	ProveGrowth(ctx context.Context, p access.Principal, from, to int64) (proofs.GrowthProof, error)
}

// getCheckpoint gives out the newest signed checkpoint.
func (s *server) getCheckpoint(ctx context.Context, c call[nothing]) (answer[nothing], error) {
	head, err := s.Proofs.Checkpoint(ctx, c.caller)
	if err != nil {
		return failed[nothing](err)
	}
	return document("text/plain; charset=utf-8", []byte(head.Note)), nil
}

// proveLeaf proves that an entry is in the ledger.
func (s *server) proveLeaf(ctx context.Context, c call[nothing]) (answer[LeafProof], error) {
	p, err := s.Proofs.ProveLeaf(ctx, c.caller, c.Integer("leaf"))
	if err != nil {
		return failed[LeafProof](err)
	}
	return ok(LeafProof{
		Leaf: p.Leaf.Number, Entry: p.Leaf.Body, Hash: p.Hash.String(), Size: p.Tree.N,
		Root: p.Tree.Hash.String(), Proof: hashesOf(p.Proof), Checkpoint: p.Note,
	}), nil
}

// proveConsistency proves that the ledger only grew.
func (s *server) proveConsistency(ctx context.Context, c call[nothing]) (answer[ConsistencyProof], error) {
	p, err := s.Proofs.ProveGrowth(ctx, c.caller, c.Integer("from"), c.Integer("to"))
	if err != nil {
		return failed[ConsistencyProof](err)
	}
	return ok(ConsistencyProof{
		From: p.From.N, FromRoot: p.From.Hash.String(), To: p.To.N,
		ToRoot: p.To.Hash.String(), Proof: hashesOf(p.Proof),
	}), nil
}

// hashesOf writes the hashes of a proof.
func hashesOf(proof []tlog.Hash) []string {
	out := make([]string, len(proof))
	for i, h := range proof {
		out[i] = h.String()
	}
	return out
}
