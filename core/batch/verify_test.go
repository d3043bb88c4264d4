package batch_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"carillon/core/batch"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
)

// sealedLog is a log of some 20,000 leaves, signed.
func sealedLog(tb testing.TB, by ledger.Signatory) *log {
	tb.Helper()
	l := newLog()
	for i := range 90 {
		l.append(1 + i*7%450)
	}
	sealUp(tb, l, by)
	return l
}

func sealUp(tb testing.TB, l *log, by ledger.Signatory) {
	tb.Helper()
	s := batch.Sealer{Store: l, Facts: l, By: by}
	for more := true; more; {
		var err error
		if _, more, err = s.Seal(context.Background(), noon()); err != nil {
			tb.Fatal(err)
		}
	}
}

// entryOf is the number of a leaf's entry.
func (l *log) entryOf(leaf int64) int64 {
	for _, s := range l.seals {
		if leaf >= s.FirstLeaf && leaf < s.FirstLeaf+s.Mark.N {
			return s.Mark.First + leaf - s.FirstLeaf
		}
	}
	return 0
}

// drop drops all entries of a number below, as retention does.
func (l *log) drop(below int64) {
	for id := range l.entries {
		if id < below {
			delete(l.entries, id)
		}
	}
	l.kept = below
}

func verify(tb testing.TB, l *log, keys ...note.Verifier) batch.Verified {
	tb.Helper()
	v := batch.Verifier{Facts: l, Keys: keys}
	out, err := v.Verify(context.Background(), noon())
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func TestVerify(t *testing.T) {
	t.Parallel()
	by := signatory(t, 1)
	t.Run("a ledger as it was sealed is intact, however long it is", func(t *testing.T) {
		t.Parallel()
		for _, turns := range [][]int{{}, {1}, {255, 1}, {256}, {300, 8000, 1}, {70_000}} {
			l := newLog()
			total := int64(0)
			for _, n := range turns {
				l.append(n)
				total += int64(n)
				sealUp(t, l, by)
			}
			sealUp(t, l, by) // the empty one is signed as well
			far := int64(0)
			v := batch.Verifier{Facts: l, Keys: []note.Verifier{verifier(t, by)}, Progress: func(n int64) { far = n }}
			out, err := v.Verify(t.Context(), noon())
			if err != nil || !out.Intact() || out.Recomputed != total || out.HashOnly != 0 || out.Tree.N != total || far != total {
				t.Errorf("%v: %+v: %v", turns, out, err)
			}
			if out.Signature != batch.SignatureValid || out.Origin != by.Origin || out.Tiles != int64(len(l.tiles)) || out.FirstWrong() != -1 {
				t.Errorf("%v: %+v, %d tiles", turns, out, len(l.tiles))
			}
		}
	})
	t.Run("entries that retention dropped are checked by their hashes", func(t *testing.T) {
		t.Parallel()
		l := sealedLog(t, by)
		l.drop(l.entryOf(9_000))
		out := verify(t, l, verifier(t, by))
		if !out.Intact() || out.HashOnly != 9_000 || out.Recomputed != out.Tree.N-9_000 {
			t.Errorf("%+v", out)
		}
		l.tiles[ledger.TileID{N: 4}][70]++
		if out := verify(t, l); out.FirstWrong() != 1024 || out.Intact() { // the tile above knows it, and not which leaf
			t.Errorf("%+v", out)
		}
	})
	t.Run("retention may go on meanwhile", func(t *testing.T) {
		t.Parallel()
		l := sealedLog(t, by)
		l.between = func() { l.drop(l.entryOf(100)) }
		if out := verify(t, l); !out.Intact() || out.HashOnly != 100 {
			t.Errorf("%+v", out)
		}
	})
	t.Run("the ledger may grow meanwhile", func(t *testing.T) {
		t.Parallel()
		l := sealedLog(t, by)
		size := l.head.Tree.N
		l.between = func() {
			l.append(700)
			sealUp(t, l, by)
		}
		if out := verify(t, l); !out.Intact() || out.Recomputed != size {
			t.Errorf("%+v", out)
		}
	})
	t.Run("what nobody signed is intact, and says so; what was signed before must be", func(t *testing.T) {
		t.Parallel()
		l := sealedLog(t, ledger.Signatory{})
		if out := verify(t, l); !out.Intact() || out.Signature != batch.SignatureNone {
			t.Errorf("%+v", out)
		}
		if out := verify(t, l, verifier(t, by)); out.Intact() {
			t.Error("a key is asked for, and no signature is missed")
		}
		l.head.Key = by.Verifier
		if out := verify(t, l); out.Intact() {
			t.Error("a signature that was taken away is not missed")
		}
	})
	t.Run("the key of another is not believed", func(t *testing.T) {
		t.Parallel()
		l := sealedLog(t, by)
		if out := verify(t, l, verifier(t, signatory(t, 2))); out.Intact() || out.Signature != batch.SignatureInvalid {
			t.Errorf("%+v", out)
		}
	})
	t.Run("trouble with reading is told as such", func(t *testing.T) {
		t.Parallel()
		l := sealedLog(t, by)
		l.blind = fault.New(fault.Unavailable, "x")
		if _, err := (&batch.Verifier{Facts: l}).Verify(t.Context(), noon()); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%v", err)
		}
	})
}

func TestVerifyFinds(t *testing.T) {
	t.Parallel()
	by := signatory(t, 1)
	for _, row := range []struct {
		says string
		harm func(l *log)
		leaf int64
	}{
		{"an altered entry", func(l *log) { l.entries[l.entryOf(5000)] += " " }, 5000},
		{"an entry that was taken away", func(l *log) { delete(l.entries, l.entryOf(12_345)) }, 12_345},
		{"two entries that were swapped", func(l *log) {
			a, b := l.entryOf(300), l.entryOf(9000)
			l.entries[a], l.entries[b] = l.entries[b], l.entries[a]
		}, 300},
		{"two stretches that were swapped", func(l *log) {
			i := slices.IndexFunc(l.seals, func(s store.Seal) bool { return s.FirstLeaf > 4000 })
			l.seals[i].Mark.First, l.seals[i+1].Mark.First = l.seals[i+1].Mark.First, l.seals[i].Mark.First
		}, -2},
		{"a tile of leaves that was dropped", func(l *log) { delete(l.tiles, ledger.TileID{N: 3}) }, 768},
		{"a tile of leaves that was cut", func(l *log) { l.tiles[ledger.TileID{N: 3}] = l.tiles[ledger.TileID{N: 3}][:320] }, 778},
		{"an altered hash of a leaf", func(l *log) { l.tiles[ledger.TileID{N: 3}][64]++ }, 770},
		{"an altered hash above", func(l *log) { l.tiles[ledger.TileID{Level: 1}][32*5]++ }, 5 * 256},
		{"a tile above that was dropped", func(l *log) { delete(l.tiles, ledger.TileID{Level: 1}) }, 0},
		{"an entry that was altered with its hash", func(l *log) {
			l.entries[l.entryOf(600)] = "x"
			h := ledger.LeafHash("x")
			copy(l.tiles[ledger.TileID{N: 2}][(600-512)*32:], h[:])
		}, 512},
		{"an entry that was altered with every hash, without the key", func(l *log) {
			l.entries[l.entryOf(600)] = "x"
			marks := l.seals
			l.head, l.tiles, l.seals = store.Head{Tree: ledger.EmptyTree(), Note: l.head.Note, Key: l.head.Key}, map[ledger.TileID][]byte{}, nil
			for _, s := range marks {
				l.marks = append(l.marks, s.Mark)
			}
			note, key := l.head.Note, l.head.Key
			sealUp(t, l, ledger.Signatory{})
			l.head.Note, l.head.Key = note, key
		}, -1},
		{"a seal that was taken away", func(l *log) { l.seals = slices.Delete(l.seals, 0, 1) }, 0},
		{"a last seal that was taken away", func(l *log) { l.seals = l.seals[:len(l.seals)-1] }, -2},
		{"a leaf that is sealed twice", func(l *log) {
			again := l.seals[20]
			again.FirstLeaf++
			l.seals = slices.Insert(l.seals, 21, again)
		}, -2},
		{"another root", func(l *log) { l.head.Tree.Hash[0]++ }, -1},
		{"a checkpoint of another tree", func(l *log) {
			l.head.Note, _ = by.Sign(ledger.EmptyTree())
		}, -1},
		{"a key that is none", func(l *log) { l.head.Key = "x" }, -1},
		{"a signature that was taken away", func(l *log) { l.head.Note = "" }, -1},
		{"leaves that have no seal", func(l *log) { l.head.Leaves -= 5 }, -2},
	} {
		t.Run("finds "+row.says, func(t *testing.T) {
			t.Parallel()
			l := sealedLog(t, by)
			row.harm(l)
			out := verify(t, l)
			if out.Intact() || len(out.Findings) == 0 {
				t.Fatalf("is not found: %+v", out)
			}
			if got := out.FirstWrong(); got != row.leaf && row.leaf != -2 || got < 0 && row.leaf == -2 {
				t.Errorf("leaf %d first, want %d: %+v", got, row.leaf, out.Findings)
			}
		})
	}
	t.Run("finds what waits too long", func(t *testing.T) {
		t.Parallel()
		l := sealedLog(t, by)
		l.append(3)
		for _, marked := range []bool{true, false} {
			if !marked {
				l.sealBlindly()
			}
			for wait, intact := range map[time.Duration]bool{30 * time.Second: true, 2 * time.Minute: false} {
				out, err := (&batch.Verifier{Facts: l}).Verify(t.Context(), noon().Add(wait))
				if err != nil || out.Intact() != intact {
					t.Errorf("marked %t, after %v: %+v: %v", marked, wait, out, err)
				}
			}
		}
	})
	t.Run("finds any byte that was altered, and counts more than it tells", func(t *testing.T) {
		t.Parallel()
		l := sealedLog(t, by)
		rapid.Check(t, func(r *rapid.T) {
			id := l.entryOf(rapid.Int64Range(0, l.head.Tree.N-1).Draw(r, "leaf"))
			was := l.entries[id]
			at := rapid.IntRange(0, len(was)-1).Draw(r, "at")
			harmed := []byte(was)
			harmed[at] ^= 1 << rapid.IntRange(0, 7).Draw(r, "bit")
			l.entries[id] = string(harmed)
			out := verify(t, l)
			l.entries[id] = was
			if out.Wrong != 1 || l.entryOf(out.FirstWrong()) != id {
				r.Fatalf("%+v", out)
			}
		})
		for id := range l.entries {
			l.entries[id] = "x"
		}
		if out := verify(t, l); out.Wrong < out.Tree.N || len(out.Findings) > 100 || out.FirstWrong() != 0 {
			t.Errorf("%d wrong, %d told", out.Wrong, len(out.Findings))
		}
	})
}
