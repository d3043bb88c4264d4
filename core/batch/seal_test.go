package batch_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"carillon/core/batch"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
)

// log is a store of entries, marks, seals and tiles, as strict as a real one.
type log struct {
	entries map[int64]string
	next    int64 // the number of the next entry
	kept    int64 // entries below were dropped
	marks   []store.Mark
	seals   []store.Seal
	tiles   map[ledger.TileID][]byte
	head    store.Head

	queries int
	between func() // runs once, after the head was read
	down    error
	blind   error
}

func newLog() *log {
	return &log{
		entries: map[int64]string{}, next: 1, tiles: map[ledger.TileID][]byte{}, head: store.Head{Tree: ledger.EmptyTree()},
	}
}

// append appends entries of one transaction; a gap in the numbers follows.
func (l *log) append(n int) {
	l.marks = append(l.marks, store.Mark{First: l.next, N: int64(n)})
	for range n {
		l.entries[l.next] = fmt.Sprintf(`{"entry":%d}`, l.next)
		l.next++
	}
	l.next += 3
}

func (l *log) Head(context.Context) (store.Head, error) {
	l.queries++
	h := l.head
	h.Marked = len(l.marks) > 0
	if then := l.between; then != nil {
		l.between = nil
		then()
	}
	return h, l.blind
}

func (l *log) Marks(_ context.Context, limit int) ([]store.Mark, error) {
	l.queries++
	return slices.Clone(l.marks[:min(limit, len(l.marks))]), l.blind
}

func (l *log) Seals(_ context.Context, leaf int64, limit int) (out []store.Seal, err error) {
	for _, s := range l.seals {
		if s.FirstLeaf+s.Mark.N > leaf && len(out) < limit {
			out = append(out, s)
		}
	}
	return out, l.blind
}

func (l *log) Entries(_ context.Context, stretches []store.Mark) ([][]string, error) {
	l.queries++
	out := make([][]string, len(stretches))
	for i, m := range stretches {
		for id := m.First; id < m.First+m.N; id++ {
			if body, there := l.entries[id]; there {
				out[i] = append(out[i], body)
			}
		}
	}
	return out, l.blind
}

func (l *log) Tiles(_ context.Context, ids []ledger.TileID) (out []ledger.Tile, err error) {
	l.queries++
	for _, id := range ids {
		if hashes, there := l.tiles[id]; there {
			out = append(out, ledger.Tile{TileID: id, Hashes: bytes.Clone(hashes)})
		}
	}
	return out, l.blind
}

func (l *log) Unsealed(context.Context) (store.Unsealed, error) {
	u := store.Unsealed{Kept: l.kept}
	for _, m := range l.marks {
		u.Entries += m.N
		u.Since = noon()
	}
	return u, l.blind
}

func (l *log) Apply(_ context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	if l.down != nil {
		return nil, l.down
	}
	w := sets[0]
	lost := []store.Verdict{{Outcome: store.Conflict, What: store.LostVersion}}
	leaf := l.head.Leaves
	for _, s := range store.Of(w.Ledger).Seals {
		if s.FirstLeaf != leaf || !slices.Contains(l.marks, s.Mark) {
			return lost, nil
		}
		leaf += s.Mark.N
	}
	if g := store.Of(w.Ledger).Growth; g != nil {
		if g.From != l.head.Tree.N {
			return lost, nil
		}
		l.head.Tree, l.head.Note, l.head.Key, l.head.At = g.Tree, g.Note, g.Key, g.At
		for _, t := range g.Tiles {
			l.tiles[t.TileID] = bytes.Clone(t.Hashes)
		}
	}
	for _, s := range store.Of(w.Ledger).Seals {
		l.marks = slices.DeleteFunc(l.marks, func(m store.Mark) bool { return m == s.Mark })
	}
	l.head.Leaves, l.seals = leaf, append(l.seals, store.Of(w.Ledger).Seals...)
	return []store.Verdict{{Outcome: store.Applied}}, nil
}

// sealBlindly numbers all that is marked as a release did that did not know the tree.
func (l *log) sealBlindly() {
	for _, m := range l.marks {
		l.seals = append(l.seals, store.Seal{Mark: m, FirstLeaf: l.head.Leaves, At: noon()})
		l.head.Leaves += m.N
	}
	l.marks = nil
}

// root is the root of the leaves, by tlog's own way of storing hashes.
func (l *log) root(t interface{ Fatal(args ...any) }) tlog.Tree {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = stored[x]
		}
		return out, nil
	})
	n := int64(0)
	for _, s := range l.seals {
		for id := s.Mark.First; id < s.Mark.First+s.Mark.N; id++ {
			hashes, err := tlog.StoredHashes(n, []byte(l.entries[id]), reader)
			if err != nil {
				t.Fatal(err)
			}
			stored = append(stored, hashes...)
			n++
		}
	}
	root, err := tlog.TreeHash(n, reader)
	if err != nil {
		t.Fatal(err)
	}
	return tlog.Tree{N: n, Hash: root}
}

// signatory has a key of its own, made from the seed.
func signatory(tb testing.TB, seed byte) ledger.Signatory {
	tb.Helper()
	secret, public, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 64)), "utility.example/ledger")
	if err != nil {
		tb.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		tb.Fatal(err)
	}
	return ledger.Signatory{Origin: "utility.example/ledger", Signer: signer, Verifier: public}
}

func verifier(tb testing.TB, by ledger.Signatory) note.Verifier {
	tb.Helper()
	v, err := note.NewVerifier(by.Verifier)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func TestSeal(t *testing.T) {
	t.Parallel()
	t.Run("makes every entry a leaf of the tree once, whatever was marked when, and by which release", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(r *rapid.T) {
			l := newLog()
			s := batch.Sealer{Store: l, Facts: l}
			total := int64(0)
			for range rapid.IntRange(1, 5).Draw(r, "turns") {
				for _, n := range rapid.SliceOfN(rapid.IntRange(1, 400), 0, 5).Draw(r, "marks") {
					l.append(n)
					total += int64(n)
				}
				if rapid.Bool().Draw(r, "the old release seals") {
					l.sealBlindly()
				}
				if rapid.Bool().Draw(r, "the new release seals") {
					if _, _, err := s.Seal(context.Background(), noon()); err != nil {
						r.Fatal(err)
					}
				}
			}
			for more := true; more; {
				var err error
				if _, more, err = s.Seal(context.Background(), noon()); err != nil {
					r.Fatal(err)
				}
			}
			if l.head.Tree != l.root(r) || l.head.Tree.N != total || len(l.marks) != 0 {
				r.Fatalf("the tree has %d of %d leaves, or another root", l.head.Tree.N, total)
			}
		})
	})
	t.Run("signs the tree of each turn", func(t *testing.T) {
		t.Parallel()
		l, by := newLog(), signatory(t, 1)
		s := batch.Sealer{Store: l, Facts: l, By: by}
		for _, n := range []int{0, 5, 7} { // the empty tree is signed as well
			if n > 0 {
				l.append(n)
			}
			if _, _, err := s.Seal(t.Context(), noon()); err != nil {
				t.Fatal(err)
			}
			c, err := ledger.OpenCheckpoint(l.head.Note, verifier(t, by))
			if err != nil || c.Tree != l.head.Tree || c.Tree != l.root(t) || c.Origin != by.Origin || l.head.Key != by.Verifier {
				t.Errorf("after %d: %+v: %v", n, c, err)
			}
		}
	})
	t.Run("asks one thing when there is nothing to do", func(t *testing.T) {
		t.Parallel()
		l := newLog()
		s := batch.Sealer{Store: l, Facts: l, By: signatory(t, 1)}
		l.append(3)
		for range 2 {
			l.queries = 0
			if _, more, err := s.Seal(t.Context(), noon()); err != nil || more {
				t.Fatalf("more %t: %v", more, err)
			}
		}
		if l.queries != 1 {
			t.Errorf("%d queries", l.queries)
		}
	})
	t.Run("comes again at once when there is more than a turn takes", func(t *testing.T) {
		t.Parallel()
		l := newLog()
		for range 3 {
			l.append(12_000)
		}
		s := batch.Sealer{Store: l, Facts: l}
		if n, more, err := s.Seal(t.Context(), noon()); err != nil || !more || n != 24_000 {
			t.Errorf("%d, more %t: %v", n, more, err)
		}
		if n, more, err := s.Seal(t.Context(), noon()); err != nil || more || n != 12_000 {
			t.Errorf("%d, more %t: %v", n, more, err)
		}
	})
	t.Run("reads again when another sealed first", func(t *testing.T) {
		t.Parallel()
		l := newLog()
		s := batch.Sealer{Store: l, Facts: l}
		l.append(300)
		l.between = func() {
			if _, _, err := s.Seal(t.Context(), noon()); err != nil {
				t.Error(err)
			}
		}
		if n, more, err := s.Seal(t.Context(), noon()); err != nil || n != 0 || !more {
			t.Errorf("%d, more %t: %v", n, more, err)
		}
		l.append(2)
		l.between = func() { // and one whose tiles are of another tree than the head
			if _, _, err := s.Seal(t.Context(), noon()); err != nil {
				t.Error(err)
			}
			l.append(1)
		}
		if n, more, err := s.Seal(t.Context(), noon()); err != nil || n != 0 || !more {
			t.Errorf("%d, more %t: %v", n, more, err)
		}
	})
	t.Run("does not build on a tree that is damaged", func(t *testing.T) {
		t.Parallel()
		for _, harm := range []func(l *log){
			func(l *log) { l.tiles[ledger.TileID{}][7]++ },
			func(l *log) { delete(l.tiles, ledger.TileID{}) },
			func(l *log) { l.head.Tree.Hash[0]++ },
			func(l *log) { delete(l.entries, l.marks[0].First) },
		} {
			l := newLog()
			s := batch.Sealer{Store: l, Facts: l}
			l.append(5)
			if _, _, err := s.Seal(t.Context(), noon()); err != nil {
				t.Fatal(err)
			}
			l.append(5)
			harm(l)
			if n, _, err := s.Seal(t.Context(), noon()); !fault.Is(err, fault.Unknown) || n != 0 || l.head.Tree.N != 5 {
				t.Errorf("%d leaves, %d more: %v", l.head.Tree.N, n, err)
			}
		}
	})
	t.Run("tells trouble", func(t *testing.T) {
		t.Parallel()
		gone := fault.New(fault.Unavailable, "x")
		for _, l := range []*log{{marks: []store.Mark{{}}, head: store.Head{Tree: ledger.EmptyTree()}, down: gone}, {blind: gone}} {
			if _, _, err := (&batch.Sealer{Store: l, Facts: l}).Seal(t.Context(), noon()); !fault.Is(err, fault.Unavailable) {
				t.Errorf("%v", err)
			}
		}
	})
}
