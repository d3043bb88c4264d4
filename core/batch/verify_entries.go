package batch

import (
	"context"
	"slices"

	"carillon/core/store"
)

// kept is the entry of a leaf as it was found.
type kept struct {
	id    int64 // its number; 0: no stretch holds the leaf
	body  string
	there bool
}

// piece is a part of a stretch with its leaf.
type piece struct {
	leaf int64
	mark store.Mark
}

// entries reads the entries of leaves.
func (w *walk) entries(ctx context.Context, leaf, end int64) ([]kept, error) {
	pieces, err := w.pieces(ctx, leaf, end)
	if err != nil {
		return nil, err
	}
	found := make([]kept, end-leaf)
	for _, p := range pieces {
		for i := range p.mark.N {
			found[p.leaf-leaf+i].id = p.mark.First + i
		}
	}
	return found, w.fill(ctx, leaf, pieces, found)
}

// fill reads the bodies of the pieces. A piece that lacks some of its entries is read again one by one.
func (w *walk) fill(ctx context.Context, leaf int64, pieces []piece, found []kept) error {
	if len(pieces) == 0 {
		return nil
	}
	marks := make([]store.Mark, len(pieces))
	for i, p := range pieces {
		marks[i] = p.mark
	}
	bodies, err := w.facts.Entries(ctx, marks)
	if err != nil {
		return err
	}
	var singles []piece
	for i, p := range pieces {
		if n := int64(len(bodies[i])); n > 0 && n < p.mark.N {
			for at := range p.mark.N {
				singles = append(singles, piece{leaf: p.leaf + at, mark: store.Mark{First: p.mark.First + at, N: 1}})
			}
			continue
		}
		for at, body := range bodies[i] {
			e := &found[p.leaf-leaf+int64(at)]
			e.body, e.there = body, true
		}
	}
	return w.fill(ctx, leaf, singles, found)
}

// dropped looks again from where on entries are kept when one is missing: retention may have gone on meanwhile.
func (w *walk) dropped(ctx context.Context, found []kept) error {
	if !slices.ContainsFunc(found, func(e kept) bool { return !e.there && e.id >= w.kept }) {
		return nil
	}
	now, err := w.facts.Unsealed(ctx)
	if err == nil {
		w.kept = max(w.kept, now.Kept)
	}
	return err
}

// pieces are the parts of stretches that hold the leaves. Leaves must be dense: no gap, and none twice.
func (w *walk) pieces(ctx context.Context, leaf, end int64) ([]piece, error) {
	var pieces []piece
	for leaf < end {
		if len(w.seals) == 0 {
			seals, err := w.facts.Seals(ctx, leaf, verifySeals)
			if err != nil {
				return nil, err
			}
			w.seals = slices.DeleteFunc(seals, func(s store.Seal) bool { return s.FirstLeaf+s.Mark.N <= leaf })
			if len(w.seals) == 0 {
				w.wrong(leaf, "the leaf has no seal")
				return pieces, nil
			}
		}
		s := w.seals[0]
		if s.FirstLeaf > leaf {
			w.wrong(leaf, "the leaf has no seal")
			leaf = min(s.FirstLeaf, end)
			continue
		}
		from, to := leaf, min(s.FirstLeaf+s.Mark.N, end)
		if to > from {
			pieces = append(pieces, piece{leaf: from, mark: store.Mark{First: s.Mark.First + from - s.FirstLeaf, N: to - from}})
			leaf = to
		}
		if s.FirstLeaf+s.Mark.N <= leaf {
			w.next()
		}
	}
	return pieces, nil
}

// next goes on to the next seal, which must begin where the last one ends.
func (w *walk) next() {
	ends := w.seals[0].FirstLeaf + w.seals[0].Mark.N
	w.seals = w.seals[1:]
	for len(w.seals) > 0 && w.seals[0].FirstLeaf < ends {
		w.wrong(w.seals[0].FirstLeaf, "the leaf has two seals")
		if w.seals[0].FirstLeaf+w.seals[0].Mark.N > ends {
			return
		}
		w.seals = w.seals[1:]
	}
}
