package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"carillon/core/access"
	"carillon/core/desk/proofs"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
)

// shelf is a ledger of 300 leaves, signed, as a prover reads it.
type shelf struct {
	leaves []ledger.Leaf
	tiles  []ledger.Tile
	head   store.Head
}

func newShelf() *shelf {
	s := &shelf{}
	var hashes []tlog.Hash
	for n := range int64(300) {
		body := ledger.Entry{At: now(), Kind: ledger.MessageMoved, Source: "CIS-W", Division: "WEST", Run: n + 1}.Canonical()
		s.leaves = append(s.leaves, ledger.Leaf{Number: n, Source: "CIS-W", Division: "WEST", Body: body})
		hashes = append(hashes, ledger.LeafHash(body))
	}
	var edge ledger.Edge
	s.tiles = edge.Grow(hashes)
	tree, err := edge.Tree()
	if err != nil {
		panic(err)
	}
	secret, public, err := note.GenerateKey(bytes.NewReader(make([]byte, 64)), "west.example/carillon")
	if err != nil {
		panic(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		panic(err)
	}
	by := ledger.Signatory{Origin: "west.example/carillon", Signer: signer, Verifier: public}
	s.head = store.Head{Tree: tree, Key: public, Leaves: tree.N}
	if s.head.Note, err = by.Sign(tree); err != nil {
		panic(err)
	}
	return s
}

func (s *shelf) Head(context.Context) (store.Head, error) { return s.head, nil }

func (s *shelf) Tiles(_ context.Context, ids []ledger.TileID) (out []ledger.Tile, err error) {
	for _, t := range s.tiles {
		for _, id := range ids {
			if t.TileID == id {
				out = append(out, t)
			}
		}
	}
	return out, nil
}

func (s *shelf) Leaves(_ context.Context, from int64, limit int) ([]ledger.Leaf, error) {
	from = min(from, int64(len(s.leaves)))
	return s.leaves[from:min(from+int64(limit), int64(len(s.leaves)))], nil
}

// prover proves from a shelf, so that the recorded examples are proofs that hold.
func prover() *proofs.Service {
	s := newShelf()
	return &proofs.Service{Feed: s, Tree: s}
}

func (h *house) Checkpoint(ctx context.Context, p access.Principal) (store.Head, error) {
	if err := h.asked(p); err != nil {
		return store.Head{}, err
	}
	if h.unsigned {
		return store.Head{}, fault.New(fault.NotFound, "the newest tree of the ledger is not signed")
	}
	return prover().Checkpoint(ctx, p)
}

func (h *house) ProveLeaf(ctx context.Context, p access.Principal, leaf int64) (proofs.LeafProof, error) {
	if err := h.asked(p); err != nil {
		return proofs.LeafProof{}, err
	}
	return prover().ProveLeaf(ctx, p, leaf)
}

func (h *house) ProveGrowth(ctx context.Context, p access.Principal, from, to int64) (proofs.GrowthProof, error) {
	if err := h.asked(p); err != nil {
		return proofs.GrowthProof{}, err
	}
	return prover().ProveGrowth(ctx, p, from, to)
}

// TestProofsHold checks what is answered as an auditor would, with nothing but the answers and the verifier key.
func TestProofsHold(t *testing.T) {
	handler := open(t, &house{})
	get := func(path string, into any) string {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, example{Method: "GET", Path: path}.request(t, access.CSR))
		if w.Code != 200 {
			t.Fatalf("%s gives %d: %s", path, w.Code, w.Body)
		}
		if into != nil {
			if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
				t.Fatal(err)
			}
		}
		return w.Body.String()
	}
	verifier, err := note.NewVerifier(newShelf().head.Key)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := ledger.OpenCheckpoint(get("/v1/ledger/checkpoint", nil), verifier)
	if err != nil || signed.Tree.N != 300 {
		t.Fatalf("%+v: %v", signed, err)
	}
	var leaf struct {
		Leaf, Size        int64
		Entry, Checkpoint string
		Root              tlog.Hash
		Proof             tlog.RecordProof
	}
	get("/v1/ledger/leaves/271", &leaf)
	if err := tlog.CheckRecord(leaf.Proof, leaf.Size, leaf.Root, leaf.Leaf, ledger.LeafHash(leaf.Entry)); err != nil {
		t.Error(err)
	}
	if c, err := ledger.OpenCheckpoint(leaf.Checkpoint, verifier); err != nil || c.Tree != (tlog.Tree{N: leaf.Size, Hash: leaf.Root}) {
		t.Errorf("%+v: %v", c, err)
	}
	var grown struct {
		From, To         int64
		FromRoot, ToRoot tlog.Hash
		Proof            tlog.TreeProof
	}
	get("/v1/ledger/consistency?from=41", &grown)
	if err := tlog.CheckTree(grown.Proof, grown.To, grown.ToRoot, grown.From, grown.FromRoot); err != nil || grown.ToRoot != signed.Tree.Hash {
		t.Errorf("from %d to %d: %v", grown.From, grown.To, err)
	}
}
