package batch

import (
	"context"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
)

// Verifier recomputes the ledger from its entries: every leaf, every tile, the root and its signature.
type Verifier struct {
	Facts    store.Log
	Keys     []note.Verifier    // whose signature counts; none: the key that the store names, which proves less
	Progress func(leaves int64) // told how far it has come; may be nil
}

// Finding is something that is not as it was sealed.
type Finding struct {
	Leaf int64 // the first leaf it is about; -1: it is about none
	What string
}

// Signature is what became of checking the newest checkpoint.
type Signature string

// The signatures.
const (
	SignatureValid   Signature = "valid"
	SignatureInvalid Signature = "invalid"
	SignatureNone    Signature = "none"
)

// Verified is what the verifier found.
type Verified struct {
	Tree       tlog.Tree
	Origin     string // of a checkpoint that is signed
	Key        string // the verifier key the store names; empty: nobody signed yet
	Signature  Signature
	Recomputed int64 // leaves that were hashed from their entries
	HashOnly   int64 // leaves whose entry retention has dropped: only their hash could be checked
	Tiles      int64
	Unsealed   int64 // entries that wait for the sealer
	Wrong      int64 // how many findings there are
	Findings   []Finding
}

// Intact reports whether all is as it was sealed.
func (v Verified) Intact() bool { return v.Wrong == 0 }

// FirstWrong is the lowest leaf that something is wrong with; -1 when there is none.
func (v Verified) FirstWrong() int64 {
	first := int64(-1)
	for _, f := range v.Findings {
		if f.Leaf >= 0 && (first < 0 || f.Leaf < first) {
			first = f.Leaf
		}
	}
	return first
}

// What a verification holds at once, what it tells at most, and how long an entry may wait for the sealer.
const (
	verifyLeaves   = 32 * ledger.TileLeaves
	verifySeals    = 1000
	verifyFindings = 50
	sealWithin     = time.Minute
)

// Verify recomputes the newest tree. It needs little memory, however large the ledger is, and may run while the ledger
// grows. An error is a failure to read; what is wrong with the ledger is told by the findings.
func (v *Verifier) Verify(ctx context.Context, now time.Time) (Verified, error) {
	head, err := v.Facts.Head(ctx)
	if err != nil {
		return Verified{}, err
	}
	waits, err := v.Facts.Unsealed(ctx)
	if err != nil {
		return Verified{}, err
	}
	w := &walk{
		facts: v.Facts, head: head, kept: waits.Kept,
		out: Verified{Tree: head.Tree, Key: head.Key, Unsealed: waits.Entries},
	}
	for leaf := int64(0); leaf < head.Tree.N; {
		end := min(leaf+verifyLeaves, head.Tree.N)
		if err := w.page(ctx, leaf, end); err != nil {
			return w.out, err
		}
		leaf = end
		if v.Progress != nil {
			v.Progress(leaf)
		}
	}
	if err := w.edgeAndRoot(ctx); err != nil {
		return w.out, err
	}
	w.signature(v.Keys)
	return w.out, w.late(ctx, now, waits)
}

// walk is one verification on its way from the first leaf to the last.
type walk struct {
	facts store.Log
	head  store.Head
	kept  int64
	out   Verified

	edge  ledger.Edge  // the tree of the leaves so far
	blind bool         // a hash is gone for good: the tree above it cannot be recomputed
	seals []store.Seal // read ahead
}

// wrong notes a finding. The lowest leaf is always kept.
func (w *walk) wrong(leaf int64, what string) {
	w.out.Wrong++
	if len(w.out.Findings) < verifyFindings {
		w.out.Findings = append(w.out.Findings, Finding{Leaf: leaf, What: what})
		return
	}
	if last := &w.out.Findings[verifyFindings-1]; leaf >= 0 && leaf < w.out.FirstWrong() {
		*last = Finding{Leaf: leaf, What: what}
	}
}

// known reports whether a leaf of a range is wrong already, so that a hash above it is wrong by that.
func (w *walk) known(from, to int64) bool {
	return slices.ContainsFunc(w.out.Findings, func(f Finding) bool { return f.Leaf >= from && f.Leaf < to })
}

// page checks the leaves of whole tiles, and the whole tiles above that they complete.
func (w *walk) page(ctx context.Context, leaf, end int64) error {
	stored, err := w.stored(ctx, leaf, end)
	if err != nil {
		return err
	}
	found, err := w.entries(ctx, leaf, end)
	if err != nil {
		return err
	}
	if err := w.dropped(ctx, found); err != nil {
		return err
	}
	hashes := make([]tlog.Hash, end-leaf)
	for i := range hashes {
		if !w.leaf(leaf+int64(i), found[i], stored[i], &hashes[i]) {
			w.blind = true
		}
	}
	if w.blind {
		return nil
	}
	above := slices.DeleteFunc(w.edge.Grow(hashes), func(t ledger.Tile) bool { return t.Level == 0 || !t.Whole() })
	return w.tiles(ctx, above)
}

// leaf checks one leaf and takes its hash; it is false when there is none to take.
func (w *walk) leaf(n int64, e kept, stored *tlog.Hash, take *tlog.Hash) bool {
	switch {
	case e.there:
		w.out.Recomputed++
		*take = ledger.LeafHash(e.body)
		if stored != nil && *stored != *take {
			w.wrong(n, "the entry is not the one that was sealed")
		}
	case e.id == 0: // told when its seal was looked for
	case e.id < w.kept:
		w.out.HashOnly++
	default:
		w.wrong(n, "the entry is missing")
	}
	if stored != nil {
		*take = *stored // so that one wrong entry is one finding
	}
	return stored != nil || e.there
}

// stored reads the hashes of leaves from the tiles; nil where there is none.
func (w *walk) stored(ctx context.Context, leaf, end int64) ([]*tlog.Hash, error) {
	var ids []ledger.TileID
	for n := leaf / ledger.TileLeaves; n*ledger.TileLeaves < end; n++ {
		ids = append(ids, ledger.TileID{N: n})
	}
	tiles, err := w.facts.Tiles(ctx, ids)
	if err != nil {
		return nil, err
	}
	hashes := make([]*tlog.Hash, end-leaf)
	for _, id := range ids {
		i := slices.IndexFunc(tiles, func(t ledger.Tile) bool { return t.TileID == id })
		if i < 0 {
			w.wrong(id.Leaf(0), "the tile of the leaf's hash is missing")
			continue
		}
		w.out.Tiles++
		for at := range ledger.TileLeaves {
			n := id.Leaf(at)
			if n >= end {
				break
			}
			h, there := tiles[i].At(at)
			if !there {
				w.wrong(n, "the tile of the leaf's hash is cut")
				break
			}
			hashes[n-leaf] = &h
		}
	}
	return hashes, nil
}

// tiles compares recomputed tiles with the stored ones, which may have grown since.
func (w *walk) tiles(ctx context.Context, own []ledger.Tile) error {
	ids := make([]ledger.TileID, len(own))
	for i, t := range own {
		ids[i] = t.TileID
	}
	stored, err := w.facts.Tiles(ctx, ids)
	if err != nil {
		return err
	}
	for _, t := range own {
		i := slices.IndexFunc(stored, func(s ledger.Tile) bool { return s.TileID == t.TileID })
		if i < 0 {
			w.wrong(t.Leaf(0), "a tile above the leaf is missing")
			continue
		}
		w.out.Tiles++
		for at := range ledger.TileLeaves {
			want, there := t.At(at)
			if !there {
				break
			}
			if got, _ := stored[i].At(at); got != want && !w.known(t.Leaf(at), t.Leaf(at+1)) {
				w.wrong(t.Leaf(at), "a tile above the leaf holds another hash")
				break
			}
		}
	}
	return nil
}

// edgeAndRoot checks the partial tiles at the right edge, and the root.
func (w *walk) edgeAndRoot(ctx context.Context) error {
	if w.blind {
		w.wrong(-1, "the root cannot be recomputed")
		return nil
	}
	edge := slices.DeleteFunc(w.edge.Tiles(), func(t ledger.Tile) bool { return t.Level == 0 })
	if err := w.tiles(ctx, edge); err != nil {
		return err
	}
	tree, err := w.edge.Tree()
	if err != nil {
		return fault.Wrap(fault.Unknown, "hashing the ledger's tree", err)
	}
	if tree != w.head.Tree {
		w.wrong(-1, "the root is not that of the leaves")
	}
	return nil
}

// signature checks the newest checkpoint.
func (w *walk) signature(keys []note.Verifier) {
	w.out.Signature = SignatureNone
	if w.head.Note == "" {
		if len(keys) > 0 || w.head.Key != "" {
			w.wrong(-1, "the newest tree is not signed")
		}
		return
	}
	w.out.Signature = SignatureInvalid
	if len(keys) == 0 {
		named, err := note.NewVerifier(w.head.Key)
		if err != nil {
			w.wrong(-1, "the store names no key that can be read")
			return
		}
		keys = append(keys, named)
	}
	c, err := ledger.OpenCheckpoint(w.head.Note, keys...)
	switch {
	case err != nil:
		w.wrong(-1, "the checkpoint is not signed by a key we know")
	case c.Tree != w.head.Tree:
		w.wrong(-1, "the checkpoint is of another tree")
	default:
		w.out.Signature, w.out.Origin = SignatureValid, c.Origin
	}
}

// late finds what has waited too long for the sealer.
func (w *walk) late(ctx context.Context, now time.Time, waits store.Unsealed) error {
	if waits.Entries > 0 && now.Sub(waits.Since) > sealWithin {
		w.wrong(-1, "entries wait for the sealer since "+waits.Since.UTC().Format(time.RFC3339)+": does a gateway run?")
	}
	switch {
	case w.head.Tree.N > w.head.Leaves:
		w.wrong(w.head.Leaves, "the leaf has no seal")
	case w.head.Tree.N < w.head.Leaves:
		first, err := w.facts.Seals(ctx, w.head.Tree.N, 1)
		if err != nil {
			return err
		}
		if len(first) > 0 && now.Sub(first[0].At) > sealWithin {
			w.wrong(w.head.Tree.N, "the leaf is not in the tree")
		}
	}
	return nil
}
