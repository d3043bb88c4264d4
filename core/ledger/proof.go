package ledger

import (
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// ReadTiles reads tiles by their addresses, in any order; those that are not there are left out.
type ReadTiles func(ids []TileID) ([]Tile, error)

// Included proves that a leaf is in the tree (RFC 6962, 2.1.1). Every tile it reads is checked against the root.
func Included(tree tlog.Tree, leaf int64, read ReadTiles) (tlog.RecordProof, error) {
	return tlog.ProveRecord(tree.N, leaf, tlog.TileHashReader(tree, tiles{read}))
}

// Consistent proves that the tree of the first from leaves is the beginning of that of the first to leaves (RFC 6962,
// 2.1.2), and returns both. Neither may be larger than the tree; from is at least 1.
func Consistent(tree tlog.Tree, from, to int64, read ReadTiles) (proof tlog.TreeProof, old, later tlog.Tree, err error) {
	reader := tlog.TileHashReader(tree, tiles{read})
	if proof, err = tlog.ProveTree(to, from, reader); err != nil {
		return nil, old, later, err
	}
	old.N, later.N = from, to
	if old.Hash, err = tlog.TreeHash(from, reader); err != nil {
		return nil, old, later, err
	}
	later.Hash, err = tlog.TreeHash(to, reader)
	return proof, old, later, err
}

// LeafHashAt reads the hash of a leaf from the tree, for a leaf whose entry is not kept any more.
func LeafHashAt(tree tlog.Tree, leaf int64, read ReadTiles) (tlog.Hash, error) {
	hashes, err := tlog.TileHashReader(tree, tiles{read}).ReadHashes([]int64{tlog.StoredHashIndex(0, leaf)})
	if err != nil {
		return tlog.Hash{}, err
	}
	return hashes[0], nil
}

// tiles reads tiles as tlog asks for them.
type tiles struct{ read ReadTiles }

// Height implements tlog.TileReader.
func (tiles) Height() int { return tileHeight }

// SaveTiles implements tlog.TileReader.
func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadTiles implements tlog.TileReader. A tile that has grown since holds what it held.
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	ids := make([]TileID, len(wanted))
	for i, w := range wanted {
		ids[i] = TileID{Level: w.L, N: w.N}
	}
	found, err := t.read(ids)
	if err != nil {
		return nil, err
	}
	data := make([][]byte, len(wanted))
	for i, w := range wanted {
		at := slices.IndexFunc(found, func(f Tile) bool { return f.TileID == ids[i] })
		if at < 0 || len(found[at].Hashes) < w.W*tlog.HashSize {
			return nil, fmt.Errorf("tile %d/%d is missing, or has not %d hashes", w.L, w.N, w.W)
		}
		data[i] = found[at].Hashes[:w.W*tlog.HashSize]
	}
	return data, nil
}
