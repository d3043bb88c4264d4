package rest

import (
	"context"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/access"
	"carillon/core/desk"
	"carillon/core/store"
)

// Proofs proves what the ledger holds.
type Proofs interface {
	// Checkpoint returns the newest tree, signed; fault.NotFound when nobody signed it.
	Checkpoint(ctx context.Context, p access.Principal) (store.Head, error)
	// ProveLeaf proves a leaf against the newest tree; fault.NotFound for what the caller does not see.
	ProveLeaf(ctx context.Context, p access.Principal, leaf int64) (desk.LeafProof, error)
	// ProveGrowth proves that a tree is the beginning of another; to is the newest when 0. fault.Invalid.
	ProveGrowth(ctx context.Context, p access.Principal, from, to int64) (desk.GrowthProof, error)
}

// GetCheckpoint gives out the newest signed checkpoint.
func (s *server) GetCheckpoint(ctx context.Context) (api.GetCheckpointRes, error) {
	head, err := s.Proofs.Checkpoint(ctx, caller(ctx))
	if err != nil {
		return nil, err
	}
	return &api.GetCheckpointOK{Data: strings.NewReader(head.Note)}, nil
}

// ProveLeaf proves that an entry is in the ledger.
func (s *server) ProveLeaf(ctx context.Context, params api.ProveLeafParams) (api.ProveLeafRes, error) {
	p, err := s.Proofs.ProveLeaf(ctx, caller(ctx), params.Leaf)
	if err != nil {
		return nil, err
	}
	return &api.LeafProof{
		Leaf: p.Leaf.Number, Entry: text(p.Leaf.Body), Hash: api.MerkleHash(p.Hash.String()), Size: p.Tree.N,
		Root: api.MerkleHash(p.Tree.Hash.String()), Proof: path(p.Proof), Checkpoint: text(p.Note),
	}, nil
}

// ProveConsistency proves that the ledger only grew.
func (s *server) ProveConsistency(ctx context.Context, params api.ProveConsistencyParams) (api.ProveConsistencyRes, error) {
	p, err := s.Proofs.ProveGrowth(ctx, caller(ctx), params.From, params.To.Value)
	if err != nil {
		return nil, err
	}
	return &api.ConsistencyProof{
		From: p.From.N, FromRoot: api.MerkleHash(p.From.Hash.String()), To: p.To.N,
		ToRoot: api.MerkleHash(p.To.Hash.String()), Proof: path(p.Proof),
	}, nil
}

// path writes the hashes of a proof.
func path(proof []tlog.Hash) []api.MerkleHash {
	out := make([]api.MerkleHash, len(proof))
	for i, h := range proof {
		out[i] = api.MerkleHash(h.String())
	}
	return out
}
