package ledger_test

import (
	"bytes"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"carillon/core/fault"
	"carillon/core/ledger"
)

// fataler is a test, or a property of one.
type fataler interface {
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// shelf keeps tiles as a store does: a wider tile replaces a narrower one.
type shelf map[ledger.TileID][]byte

func (s shelf) put(tiles []ledger.Tile) {
	for _, t := range tiles {
		s[t.TileID] = bytes.Clone(t.Hashes)
	}
}

func (s shelf) read(ids []ledger.TileID) (found []ledger.Tile, err error) {
	for _, id := range ids {
		if hashes, there := s[id]; there {
			found = append(found, ledger.Tile{TileID: id, Hashes: hashes})
		}
	}
	return found, nil
}

// reference is a log kept as tlog itself keeps one: every stored hash in a row.
type reference []tlog.Hash

func (r *reference) add(t fataler, n int64, leaf tlog.Hash) {
	hashes, err := tlog.StoredHashesForRecordHash(n, leaf, r)
	if err != nil {
		t.Fatal(err)
	}
	*r = append(*r, hashes...)
}

func (r *reference) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = (*r)[x]
	}
	return out, nil
}

// grown is a log that has grown in batches, beside tlog's own.
type grown struct {
	tree   tlog.Tree
	shelf  shelf
	own    reference
	leaves []tlog.Hash
}

// grow adds a batch as the sealer does: it knows nothing but the root and the tiles that were kept.
func (g *grown) grow(t fataler, n int) {
	tiles, _ := g.shelf.read(ledger.EdgeIDs(g.tree.N))
	edge, err := ledger.NewEdge(g.tree, tiles)
	if err != nil {
		t.Fatal(err)
	}
	batch := make([]tlog.Hash, n)
	for i := range batch {
		at := g.tree.N + int64(i)
		batch[i] = ledger.LeafHash(fmt.Sprintf("entry %d", at))
		g.own.add(t, at, batch[i])
	}
	g.shelf.put(edge.Grow(batch))
	if g.tree, err = edge.Tree(); err != nil {
		t.Fatal(err)
	}
	g.leaves = append(g.leaves, batch...)
}

func TestTree(t *testing.T) {
	t.Parallel()
	t.Run("has the root of tlog's own, in whatever batches it grew, and proves every leaf and every size", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			g := &grown{tree: ledger.EmptyTree(), shelf: shelf{}}
			sizes := rapid.OneOf(rapid.IntRange(0, 5), rapid.IntRange(250, 260), rapid.IntRange(0, 3000))
			for _, n := range rapid.SliceOfN(sizes, 1, 8).Draw(t, "batches") {
				g.grow(t, n)
				want, err := tlog.TreeHash(g.tree.N, &g.own)
				if err != nil || want != g.tree.Hash || g.tree.N != int64(len(g.leaves)) {
					t.Fatalf("the root of %d leaves is not tlog's: %v", g.tree.N, err)
				}
			}
			if g.tree.N == 0 {
				return
			}
			leaf, to := rapid.Int64Range(0, g.tree.N-1).Draw(t, "leaf"), rapid.Int64Range(1, g.tree.N).Draw(t, "to")
			g.proves(t, leaf, rapid.Int64Range(1, to).Draw(t, "from"), to)
		})
	})
	t.Run("of two levels of whole tiles is that of tlog", func(t *testing.T) {
		t.Parallel()
		g := &grown{tree: ledger.EmptyTree(), shelf: shelf{}}
		for _, n := range []int{1<<16 - 3, 2, 7} {
			g.grow(t, n)
		}
		want, err := tlog.TreeHash(g.tree.N, &g.own)
		if err != nil || want != g.tree.Hash {
			t.Fatalf("the root of %d leaves is not tlog's: %v", g.tree.N, err)
		}
		if len(g.shelf[ledger.TileID{Level: 2}]) != tlog.HashSize {
			t.Fatal("level 2 has not its one hash")
		}
		g.proves(t, 1<<16, 1<<16-1, g.tree.N)
		g.proves(t, 3, 1<<16, 1<<16+2)
	})
}

// proves checks the proofs of a leaf and of two sizes against tlog's checkers.
func (g *grown) proves(t fataler, leaf, from, to int64) {
	inclusion, err := ledger.Included(g.tree, leaf, g.shelf.read)
	if err != nil {
		t.Fatal(err)
	}
	if err := tlog.CheckRecord(inclusion, g.tree.N, g.tree.Hash, leaf, g.leaves[leaf]); err != nil {
		t.Fatalf("leaf %d of %d: %v", leaf, g.tree.N, err)
	}
	if tlog.CheckRecord(inclusion, g.tree.N, g.tree.Hash, leaf, ledger.LeafHash("another")) == nil {
		t.Fatal("the proof holds for another entry")
	}
	if h, err := ledger.LeafHashAt(g.tree, leaf, g.shelf.read); err != nil || h != g.leaves[leaf] {
		t.Fatalf("the hash of leaf %d is another: %v", leaf, err)
	}
	proof, old, later, err := ledger.Consistent(g.tree, from, to, g.shelf.read)
	if err != nil {
		t.Fatal(err)
	}
	if err := tlog.CheckTree(proof, to, later.Hash, from, old.Hash); err != nil {
		t.Fatalf("from %d to %d: %v", from, to, err)
	}
	want, err := tlog.TreeHash(from, &g.own)
	if err != nil || old.Hash != want {
		t.Fatalf("the root of the first %d leaves is another: %v", from, err)
	}
}

func TestEdge(t *testing.T) {
	t.Parallel()
	kept := shelf{}
	edge, err := ledger.NewEdge(ledger.EmptyTree(), nil)
	if err != nil {
		t.Fatal(err)
	}
	leaves := make([]tlog.Hash, 600)
	for i := range leaves {
		leaves[i] = ledger.LeafHash(fmt.Sprint(i))
	}
	kept.put(edge.Grow(leaves))
	tree, err := edge.Tree()
	if err != nil {
		t.Fatal(err)
	}
	if len(edge.Tiles()) != 2 || len(kept) != 4 {
		t.Fatalf("%d tiles at the edge, %d in all; want 2 and 4", len(edge.Tiles()), len(kept))
	}
	for _, row := range []struct {
		says string
		harm func(tiles []ledger.Tile) []ledger.Tile
	}{
		{"that lacks a tile", func(tiles []ledger.Tile) []ledger.Tile { return tiles[1:] }},
		{"with a tile that is too narrow", func(tiles []ledger.Tile) []ledger.Tile {
			tiles[0].Hashes = tiles[0].Hashes[:32]
			return tiles
		}},
		{"with a tile that is too wide", func(tiles []ledger.Tile) []ledger.Tile {
			tiles[1].Hashes = append(tiles[1].Hashes, make([]byte, 32)...)
			return tiles
		}},
		{"with an altered byte", func(tiles []ledger.Tile) []ledger.Tile { tiles[0].Hashes[5]++; return tiles }},
	} {
		t.Run("an edge "+row.says+" is refused", func(t *testing.T) {
			t.Parallel()
			if _, err := ledger.NewEdge(tree, row.harm(edge.Tiles())); err == nil {
				t.Error("is taken")
			}
		})
	}
	t.Run("a proof is refused when a tile is missing or altered", func(t *testing.T) {
		t.Parallel()
		for _, harm := range []func(shelf){
			func(s shelf) { delete(s, ledger.TileID{N: 1}) },
			func(s shelf) { s[ledger.TileID{N: 1}][40]++ },
			func(s shelf) { s[ledger.TileID{Level: 1}][40]++ },
		} {
			harmed := shelf{}
			for id, hashes := range kept {
				harmed[id] = bytes.Clone(hashes)
			}
			harm(harmed)
			if _, err := ledger.Included(tree, 300, harmed.read); err == nil {
				t.Error("is given")
			}
		}
	})
	t.Run("a tile knows its leaves", func(t *testing.T) {
		t.Parallel()
		if got := (ledger.TileID{Level: 1, N: 2}).Leaf(3); got != (2*256+3)*256 {
			t.Errorf("leaf %d", got)
		}
	})
}

func TestCheckpoint(t *testing.T) {
	t.Parallel()
	key := func(seed byte) (note.Signer, note.Verifier) {
		secret, public, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 64)), "utility.example/ledger")
		if err != nil {
			t.Fatal(err)
		}
		signer, err := note.NewSigner(secret)
		if err != nil {
			t.Fatal(err)
		}
		verifier, err := note.NewVerifier(public)
		if err != nil {
			t.Fatal(err)
		}
		return signer, verifier
	}
	ours, known := key(1)
	_, stranger := key(2)
	c := ledger.Checkpoint{Origin: "utility.example/ledger", Tree: tlog.Tree{N: 20852163, Hash: ledger.LeafHash("x")}}
	t.Run("is three lines", func(t *testing.T) {
		t.Parallel()
		want := "utility.example/ledger\n20852163\n" + c.Tree.Hash.String() + "\n"
		if c.Text() != want {
			t.Errorf("%q", c.Text())
		}
		if got, err := ledger.ParseCheckpoint(want + "an extension\n"); err != nil || got != c {
			t.Errorf("%+v: %v", got, err)
		}
	})
	t.Run("is opened with the key that signed it and no other", func(t *testing.T) {
		t.Parallel()
		signed, err := c.Sign(ours)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ledger.OpenCheckpoint(signed, stranger, known); err != nil || got != c {
			t.Errorf("%+v: %v", got, err)
		}
		for _, wrong := range []string{"", signed[1:], "x" + signed, signed + "x"} {
			if _, err := ledger.OpenCheckpoint(wrong, known); !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", wrong, err)
			}
		}
		if _, err := ledger.OpenCheckpoint(signed, stranger); !fault.Is(err, fault.Invalid) {
			t.Errorf("a stranger's key opens it: %v", err)
		}
	})
	t.Run("is refused when it is none", func(t *testing.T) {
		t.Parallel()
		root := c.Tree.Hash.String()
		for _, wrong := range []string{
			"", "x\n1\n", "x\n1\n" + root, "\n1\n" + root + "\n", "x\n01\n" + root + "\n", "x\n-1\n" + root + "\n",
			"x\n1\n" + root[1:] + "\n", "x\x07\n1\n" + root + "\n",
		} {
			if _, err := ledger.ParseCheckpoint(wrong); !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", wrong, err)
			}
		}
	})
}
