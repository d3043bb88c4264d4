package postgres

import (
	"github.com/jackc/pgx/v5"

	"carillon/core/ledger"
	"carillon/core/store"
)

// The ledger's tree.
const (
	// growTree moves the one row of the tree. Sealers wait for one another here, and all but the first find another size.
	growTree = `
with grown as (
    update ledger_tree set size = $2, root = $3, note = $4, at = $6,
        key = case when $5 = '' then key else $5 end,
        key_since = case when $5 in ('', key) then key_since else $6 end
    where id = 1 and size = $1
    returning 1)
select expect_rows((select count(*) from grown), 1, 'version')`

	// putTiles writes whole tiles and the partial ones at the right edge, which grow in their rows.
	putTiles = `
insert into ledger_tile (level, n, hashes)
select * from unnest($1::smallint[], $2::bigint[], $3::bytea[])
on conflict (level, n) do update set hashes = excluded.hashes`
)

func queueGrowth(batch *pgx.Batch, g *store.Growth) {
	if g == nil {
		return
	}
	batch.Queue(growTree, g.From, g.Tree.N, g.Tree.Hash[:], text(g.Note), text(g.Key), micros(g.At))
	if len(g.Tiles) == 0 {
		return
	}
	batch.Queue(putTiles,
		col(g.Tiles, func(t *ledger.Tile) int16 { return int16(t.Level) }), //nolint:gosec // a tree has at most eight levels
		col(g.Tiles, func(t *ledger.Tile) int64 { return t.N }),
		col(g.Tiles, func(t *ledger.Tile) []byte { return t.Hashes }))
}
