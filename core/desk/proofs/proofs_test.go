package proofs_test

import (
	"context"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"carillon/core/access"
	"carillon/core/desk/proofs"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
)

// tree is a ledger of 300 leaves: the first ten were dropped by retention, every third is of the south, and those by
// ten are of no division.
type tree struct {
	leaves []ledger.Leaf
	tiles  []ledger.Tile
	head   store.Head
	blind  error
}

func newTree(t *testing.T) *tree {
	t.Helper()
	s := &tree{}
	var hashes []tlog.Hash
	for n := range int64(300) {
		l := ledger.Leaf{Number: n, Source: "cis", Division: "north"}
		switch {
		case n%10 == 0:
			l.Source, l.Division = "", ""
		case n%3 == 0:
			l.Division = "south"
		}
		l.Body = ledger.Entry{At: noon(), Kind: ledger.MessageMoved, Source: l.Source, Division: l.Division, Run: n + 1}.Canonical()
		hashes = append(hashes, ledger.LeafHash(l.Body))
		if n >= 10 {
			s.leaves = append(s.leaves, l)
		}
	}
	var edge ledger.Edge
	s.tiles = edge.Grow(hashes)
	var err error
	if s.head.Tree, err = edge.Tree(); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *tree) Head(context.Context) (store.Head, error) { return s.head, s.blind }

func (s *tree) Tiles(_ context.Context, ids []ledger.TileID) (out []ledger.Tile, err error) {
	for _, t := range s.tiles {
		for _, id := range ids {
			if t.TileID == id {
				out = append(out, t)
			}
		}
	}
	return out, s.blind
}

func (s *tree) Leaves(_ context.Context, from int64, limit int) (out []ledger.Leaf, err error) {
	for _, l := range s.leaves {
		if l.Number >= from && len(out) < limit {
			out = append(out, l)
		}
	}
	return out, s.blind
}

func TestProveLeaf(t *testing.T) {
	t.Parallel()
	ops, csr := who("ops", "north", access.SRE), who("desk", "north", access.CSR)
	for _, row := range []struct {
		says string
		p    access.Principal
		leaf int64
		seen bool
	}{
		{"one's own entry", cis(), 41, true},
		{"an entry of another division", csr, 42, false},
		{"an entry of no division, to a CSR", csr, 50, false},
		{"an entry of no division, to who runs the gateway", ops, 50, true},
		{"an entry that was dropped, to a CIS", cis(), 5, false},
		{"an entry that was dropped, to who runs the gateway", ops, 5, true},
		{"a leaf that is not there yet", ops, 300, false},
		{"a leaf below all", ops, -1, false},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			s := newTree(t)
			p, err := (&proofs.Service{Feed: s, Tree: s}).ProveLeaf(t.Context(), row.p, row.leaf)
			if !row.seen {
				if !fault.Is(err, fault.NotFound) || p.Leaf.Body != "" {
					t.Errorf("%+v: %v", p, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := tlog.CheckRecord(p.Proof, p.Tree.N, p.Tree.Hash, row.leaf, p.Hash); err != nil {
				t.Error(err)
			}
			if (p.Leaf.Body == "") != (row.leaf < 10) || p.Leaf.Body != "" && ledger.LeafHash(p.Leaf.Body) != p.Hash {
				t.Errorf("%+v", p)
			}
		})
	}
}

func TestProver(t *testing.T) {
	t.Parallel()
	t.Run("proves that the ledger only grew", func(t *testing.T) {
		t.Parallel()
		s := newTree(t)
		prover := &proofs.Service{Feed: s, Tree: s}
		for _, c := range []struct{ from, to, want int64 }{{1, 0, 300}, {41, 256, 256}, {300, 300, 300}} {
			p, err := prover.ProveGrowth(t.Context(), cis(), c.from, c.to)
			if err != nil || p.To.N != c.want || p.From.N != c.from {
				t.Fatalf("%+v: %v", p, err)
			}
			if err := tlog.CheckTree(p.Proof, p.To.N, p.To.Hash, p.From.N, p.From.Hash); err != nil {
				t.Error(err)
			}
		}
		for _, c := range [][2]int64{{0, 5}, {-1, 5}, {6, 5}, {5, 301}, {301, 0}} {
			if _, err := prover.ProveGrowth(t.Context(), cis(), c[0], c[1]); !fault.Is(err, fault.Invalid) {
				t.Errorf("%v: %v", c, err)
			}
		}
	})
	t.Run("shows a checkpoint when there is one", func(t *testing.T) {
		t.Parallel()
		s := newTree(t)
		if _, err := (&proofs.Service{Tree: s}).Checkpoint(t.Context(), cis()); !fault.Is(err, fault.NotFound) {
			t.Errorf("%v", err)
		}
		s.head.Note = "signed"
		if got, err := (&proofs.Service{Tree: s}).Checkpoint(t.Context(), cis()); err != nil || got.Note != "signed" {
			t.Errorf("%+v: %v", got, err)
		}
	})
	t.Run("proves nothing from what was altered", func(t *testing.T) {
		t.Parallel()
		for _, harm := range []func(s *tree){
			func(s *tree) { s.leaves[31].Body += " " },
			func(s *tree) { s.tiles[0].Hashes[41*32]++ },
			func(s *tree) { s.tiles = s.tiles[1:] },
			func(s *tree) { s.head.Tree.Hash[0]++ },
		} {
			s := newTree(t)
			harm(s)
			if p, err := (&proofs.Service{Feed: s, Tree: s}).ProveLeaf(t.Context(), cis(), 41); !fault.Is(err, fault.Unknown) {
				t.Errorf("%+v: %v", p, err)
			}
		}
	})
	t.Run("tells trouble of the store as it is", func(t *testing.T) {
		t.Parallel()
		s := newTree(t)
		s.blind = fault.New(fault.Unavailable, "x")
		prover := &proofs.Service{Feed: s, Tree: s}
		_, first := prover.Checkpoint(t.Context(), cis())
		_, second := prover.ProveLeaf(t.Context(), cis(), 41)
		_, third := prover.ProveGrowth(t.Context(), cis(), 1, 2)
		for _, err := range []error{first, second, third} {
			if !fault.Is(err, fault.Unavailable) {
				t.Errorf("%v", err)
			}
		}
	})
}
