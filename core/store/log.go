package store

import (
	"context"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"carillon/core/ledger"
)

// Growth is the tree of the ledger with more leaves, written in the transaction that seals them, so that leaves, tiles
// and root always agree. A growth by nothing only brings a signature.
type Growth struct {
	From  int64     // the size the tree grew from; the set is a Conflict "version" when it has another
	Tree  tlog.Tree // what it is now
	Tiles []ledger.Tile
	Note  string // the tree's checkpoint, signed; empty: nobody signed it
	Key   string // the verifier key of who signed; empty: nobody
	At    time.Time
}

// Head is the newest tree of the ledger, and whether there is more to put into it.
type Head struct {
	Tree     tlog.Tree
	Note     string    // its signed checkpoint; empty: nobody signed it
	Key      string    // the verifier key that signed last; empty: none ever did
	KeySince time.Time // since when it is that key
	At       time.Time // when the tree grew last
	Leaves   int64     // the number the next sealed entry gets; the tree lags behind it while leaves wait to be put in
	Marked   bool      // there are entries that nobody has sealed
}

// Log reads the Merkle log over the ledger.
type Log interface {
	// Head returns the newest tree; that of nothing when none was written.
	Head(ctx context.Context) (Head, error)
	// Seals returns stretches in the order of their leaves, from the one that holds the leaf on.
	Seals(ctx context.Context, leaf int64, limit int) ([]Seal, error)
	// Entries returns the canonical bytes of the entries of each stretch, in order. Entries that are not kept any more are
	// left out.
	Entries(ctx context.Context, stretches []Mark) ([][]string, error)
	// Tiles returns the tiles, by level and number; those that are not there are left out.
	Tiles(ctx context.Context, ids []ledger.TileID) ([]ledger.Tile, error)
	// Unsealed tells what waits for the sealer.
	Unsealed(ctx context.Context) (Unsealed, error)
}

// Unsealed is what waits for the sealer.
type Unsealed struct {
	Entries int64
	Since   time.Time // when the oldest of them was appended; zero when there are none
	Kept    int64     // the number of the oldest entry that is kept, sealed or not; those below were dropped by retention. 0: there are none
}

// LedgerWrites is what a decision appends to the ledger, and how far it is sealed and read. Empty fields change nothing.
type LedgerWrites struct {
	Entries []ledger.Entry
	Cursors []Cursor
	Seals   []Seal
	Growth  *Growth // of the ledger's tree, with Seals
}

func (to *LedgerWrites) and(from *LedgerWrites) {
	to.Entries = slices.Concat(to.Entries, from.Entries)
	to.Cursors = slices.Concat(to.Cursors, from.Cursors)
	to.Seals = slices.Concat(to.Seals, from.Seals)
	if from.Growth != nil {
		to.Growth = from.Growth
	}
}
