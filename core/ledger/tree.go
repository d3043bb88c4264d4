package ledger

import (
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// The tree of the ledger is that of RFC 6962, kept in tiles of height 8 as C2SP tlog-tiles addresses them.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	tileBytes  = tileWidth * tlog.HashSize
)

// TileLeaves is how many leaves a whole tile of level 0 holds.
const TileLeaves = tileWidth

// TileID is the address of a tile, tile/<Level>/<N> in C2SP tlog-tiles.
type TileID struct {
	Level int
	N     int64
}

// Leaf is the first leaf below the i-th hash of the tile.
func (id TileID) Leaf(i int) int64 { return (id.N<<tileHeight + int64(i)) << (tileHeight * id.Level) }

// Tile is 256 neighbouring hashes of one level or, at the right edge of the tree, those there are. Level 0 holds the
// hashes of leaves, every other level those of whole tiles of the level below.
type Tile struct {
	TileID

	Hashes []byte // 32 bytes each
}

// Whole reports whether the tile will never change.
func (t Tile) Whole() bool { return len(t.Hashes) == tileBytes }

// At is the i-th hash of the tile; ok is false when the tile does not reach that far.
func (t Tile) At(i int) (h tlog.Hash, ok bool) {
	if i < 0 || len(t.Hashes) < (i+1)*tlog.HashSize {
		return h, false
	}
	return tlog.Hash(t.Hashes[i*tlog.HashSize : (i+1)*tlog.HashSize]), true
}

// hash is the hash of a whole tile, as the level above holds it.
func (t Tile) hash() tlog.Hash {
	row := slices.Clone(t.Hashes)
	for len(row) > tlog.HashSize {
		for i := range len(row) / (2 * tlog.HashSize) {
			pair := row[2*i*tlog.HashSize:]
			parent := tlog.NodeHash(tlog.Hash(pair[:tlog.HashSize]), tlog.Hash(pair[tlog.HashSize:2*tlog.HashSize]))
			copy(row[i*tlog.HashSize:], parent[:])
		}
		row = row[:len(row)/2]
	}
	return tlog.Hash(row)
}

// LeafHash is the hash of an entry's canonical bytes as a leaf.
func LeafHash(body string) tlog.Hash { return tlog.RecordHash([]byte(body)) }

// EmptyTree is the tree without leaves.
func EmptyTree() tlog.Tree {
	root, _ := tlog.TreeHash(0, nil) // that of nothing needs no hashes
	return tlog.Tree{Hash: root}
}

// EdgeIDs are the addresses of the partial tiles at the right edge of a tree, lowest level first.
func EdgeIDs(size int64) []TileID {
	var ids []TileID
	for level := 0; size>>(tileHeight*level) > 0; level++ {
		if size>>(tileHeight*level)&(tileWidth-1) != 0 {
			ids = append(ids, TileID{Level: level, N: size >> (tileHeight * (level + 1))})
		}
	}
	return ids
}

// Edge is the right edge of a tree: all that is needed to add leaves to it. The zero Edge is that of the empty tree.
type Edge struct {
	size    int64
	partial [][]byte // the hashes of the partial tile of each level
}

// NewEdge makes the edge of a tree from the tiles that [EdgeIDs] names. It is an error when a tile is missing or has
// another width than the size says, or when the tiles do not hash to the root.
func NewEdge(tree tlog.Tree, tiles []Tile) (*Edge, error) {
	e := &Edge{size: tree.N}
	for _, id := range EdgeIDs(tree.N) {
		i := slices.IndexFunc(tiles, func(t Tile) bool { return t.TileID == id })
		width := int(tree.N >> (tileHeight * id.Level) & (tileWidth - 1))
		if i < 0 || len(tiles[i].Hashes) != width*tlog.HashSize {
			return nil, fmt.Errorf("tile %d/%d at the edge of a tree of %d leaves is missing, or has not %d hashes", id.Level, id.N, tree.N, width)
		}
		for len(e.partial) <= id.Level {
			e.partial = append(e.partial, nil)
		}
		e.partial[id.Level] = slices.Clone(tiles[i].Hashes)
	}
	own, err := e.Tree()
	if err != nil {
		return nil, err
	}
	if own.Hash != tree.Hash {
		return nil, fmt.Errorf("the tiles at the edge of a tree of %d leaves do not hash to its root", tree.N)
	}
	return e, nil
}

// Grow adds leaves and returns the tiles that became whole or wider by it, lowest level first.
func (e *Edge) Grow(leaves []tlog.Hash) []Tile {
	var written []Tile
	fresh := make([]byte, 0, len(leaves)*tlog.HashSize)
	for _, h := range leaves {
		fresh = append(fresh, h[:]...)
	}
	for level := 0; len(fresh) > 0; level++ {
		if level == len(e.partial) {
			e.partial = append(e.partial, nil)
		}
		row := append(e.partial[level], fresh...)
		fresh = nil
		n := e.size >> (tileHeight * (level + 1))
		for ; len(row) >= tileBytes; n++ {
			t := Tile{TileID: TileID{Level: level, N: n}, Hashes: row[:tileBytes:tileBytes]}
			above := t.hash()
			written, fresh, row = append(written, t), append(fresh, above[:]...), row[tileBytes:]
		}
		e.partial[level] = slices.Clone(row)
		if len(row) > 0 {
			written = append(written, Tile{TileID: TileID{Level: level, N: n}, Hashes: e.partial[level][:len(row):len(row)]})
		}
	}
	e.size += int64(len(leaves))
	return written
}

// Tiles are the partial tiles of the edge, lowest level first.
func (e *Edge) Tiles() []Tile {
	var tiles []Tile
	for _, id := range EdgeIDs(e.size) {
		tiles = append(tiles, Tile{TileID: id, Hashes: slices.Clone(e.partial[id.Level])})
	}
	return tiles
}

// Tree is the size and root of the tree.
func (e *Edge) Tree() (tlog.Tree, error) {
	root, err := tlog.TreeHash(e.size, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			at := tlog.TileForIndex(tileHeight, index)
			var err error
			if hashes[i], err = tlog.HashFromTile(at, e.partial[at.L], index); err != nil {
				return nil, err
			}
		}
		return hashes, nil
	}))
	return tlog.Tree{N: e.size, Hash: root}, err
}
