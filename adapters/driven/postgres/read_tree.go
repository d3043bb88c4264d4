package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"carillon/core/ledger"
	"carillon/core/store"
)

// The ledger's tree, and what is hashed into it.
const (
	selectHead = `
select size, root, note, key, key_since, at, (` + nextLeaf + `), exists (select 1 from ledger_mark)
from ledger_tree where id = 1`

	selectSeals = `
select first_leaf, first, n, at from ledger_seal
where first_leaf >= coalesce((select max(first_leaf) from ledger_seal where first_leaf <= $1), 0)
order by first_leaf limit $2`

	// selectEntries reads the bodies of many stretches, one row each: a row of its own for each entry costs both sides a
	// third more.
	selectEntries = `
select i.place, array(select e.body from ledger_entry e where e.id >= i.first and e.id < i.first + i.n order by e.id)
from unnest($1::bigint[], $2::bigint[]) with ordinality as i (first, n, place)`

	// selectKept reads stretches of which retention has dropped a part, with what a legal hold has kept of them.
	selectKept = `
select i.place, array(
    select e.body from (
        select id, body from ledger_entry where id >= i.first and id < i.first + i.n
        union select id, body from ledger_entry_held where id >= i.first and id < i.first + i.n) e order by e.id)
from unnest($1::bigint[], $2::bigint[]) with ordinality as i (first, n, place)`

	selectTiles = `
select t.level, t.n, t.hashes
from unnest($1::smallint[], $2::bigint[]) as i (level, n)
join ledger_tile t on t.level = i.level and t.n = i.n`

	selectUnsealed = `
select coalesce(sum(n), 0)::bigint, coalesce((select at from ledger_mark order by number limit 1), 0),
    coalesce((select id from ledger_entry order by id limit 1), 0)
from ledger_mark`
)

// Head implements [store.Log]. It is one statement, because the sealer asks all day long.
func (s *Store) Head(ctx context.Context) (h store.Head, err error) {
	var root []byte
	var since, at int64
	err = s.pool.QueryRow(ctx, selectHead).Scan(&h.Tree.N, &root, &h.Note, &h.Key, &since, &at, &h.Leaves, &h.Marked)
	if err != nil {
		return h, classify("reading the head of the ledger", err)
	}
	copy(h.Tree.Hash[:], root)
	h.KeySince, h.At = timeOf(since), timeOf(at)
	return h, nil
}

// Seals implements [store.Log].
func (s *Store) Seals(ctx context.Context, leaf int64, limit int) ([]store.Seal, error) {
	return all(ctx, s, "reading seals", sealOf, selectSeals, leaf, limit)
}

func sealOf(row pgx.CollectableRow) (s store.Seal, err error) {
	var at int64
	err = row.Scan(&s.FirstLeaf, &s.Mark.First, &s.Mark.N, &at)
	s.At = timeOf(at)
	return s, err
}

// Entries implements [store.Log]. What is short is read again with what holds have kept.
func (s *Store) Entries(ctx context.Context, stretches []store.Mark) ([][]string, error) {
	bodies, err := s.entries(ctx, selectEntries, stretches)
	if err != nil {
		return nil, err
	}
	var short []store.Mark
	var places []int
	for i, m := range stretches {
		if int64(len(bodies[i])) < m.N {
			short, places = append(short, m), append(places, i)
		}
	}
	if len(short) == 0 {
		return bodies, nil
	}
	held, err := s.entries(ctx, selectKept, short)
	if err != nil {
		return nil, err
	}
	for i, place := range places {
		bodies[place] = held[i]
	}
	return bodies, nil
}

func (s *Store) entries(ctx context.Context, statement string, stretches []store.Mark) ([][]string, error) {
	type stretch struct {
		Place  int64
		Bodies []string
	}
	rows, err := all(ctx, s, "reading entries", pgx.RowToStructByPos[stretch], statement,
		col(stretches, func(m *store.Mark) int64 { return m.First }),
		col(stretches, func(m *store.Mark) int64 { return m.N }))
	if err != nil {
		return nil, err
	}
	bodies := make([][]string, len(stretches))
	for _, r := range rows {
		bodies[r.Place-1] = r.Bodies
	}
	return bodies, nil
}

// Tiles implements [store.Log].
func (s *Store) Tiles(ctx context.Context, ids []ledger.TileID) ([]ledger.Tile, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return all(ctx, s, "reading tiles", tileOf, selectTiles,
		col(ids, func(id *ledger.TileID) int16 { return int16(id.Level) }), //nolint:gosec // a tree has at most eight levels
		col(ids, func(id *ledger.TileID) int64 { return id.N }))
}

func tileOf(row pgx.CollectableRow) (t ledger.Tile, err error) {
	var level int16
	err = row.Scan(&level, &t.N, &t.Hashes)
	t.Level = int(level)
	return t, err
}

// Unsealed implements [store.Log].
func (s *Store) Unsealed(ctx context.Context) (u store.Unsealed, err error) {
	var since int64
	err = s.pool.QueryRow(ctx, selectUnsealed).Scan(&u.Entries, &since, &u.Kept)
	u.Since = timeOf(since)
	return u, classify("reading what waits for the sealer", err)
}
