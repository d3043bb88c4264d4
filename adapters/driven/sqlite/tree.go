package sqlite

import (
	"context"
	"database/sql"

	"carillon/core/ledger"
	"carillon/core/store"
)

const (
	growTree = `
update ledger_tree set size = ?2, root = ?3, note = ?4, at = ?6,
    key = case when ?5 = '' then key else ?5 end,
    key_since = case when ?5 in ('', key) then key_since else ?6 end
where id = 1 and size = ?1`

	putTile = `
insert into ledger_tile (level, n, hashes) values (?, ?, ?)
on conflict (level, n) do update set hashes = excluded.hashes`
)

// grow moves the tree on and writes its tiles.
func (x *tx) grow(ctx context.Context, g store.Growth) error {
	err := x.must(ctx, store.LostVersion, growTree, g.From, g.Tree.N, g.Tree.Hash[:], g.Note, g.Key, micros(g.At))
	if err != nil {
		return err
	}
	for _, t := range g.Tiles {
		if _, err := x.exec(ctx, putTile, t.Level, t.N, t.Hashes); err != nil {
			return err
		}
	}
	return nil
}

const selectHead = `
select size, root, note, key, key_since, at, (` + nextLeaf + `), exists (select 1 from ledger_mark)
from ledger_tree where id = 1`

// Head implements [store.Log].
func (s *Store) Head(ctx context.Context) (h store.Head, err error) {
	err = s.read(ctx, "reading the head of the ledger", func(q *sql.Tx) error {
		return q.QueryRowContext(ctx, selectHead).Scan(&h.Tree.N, octets{h.Tree.Hash[:]}, &h.Note, &h.Key, moment{&h.KeySince},
			moment{&h.At}, &h.Leaves, &h.Marked)
	})
	return h, err
}

const selectSeals = `
select first_leaf, first, n, at from ledger_seal
where first_leaf >= coalesce((select max(first_leaf) from ledger_seal where first_leaf <= ?), 0)
order by first_leaf limit ?`

// Seals implements [store.Log].
func (s *Store) Seals(ctx context.Context, leaf int64, limit int) (all []store.Seal, err error) {
	err = s.read(ctx, "reading seals", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, selectSeals, leaf, limit)
		all, err = collect(rows, err, func(r rowScanner, s *store.Seal) error {
			return r.Scan(&s.FirstLeaf, &s.Mark.First, &s.Mark.N, moment{&s.At})
		})
		return err
	})
	return all, err
}

// Entries implements [store.Log].
func (s *Store) Entries(ctx context.Context, stretches []store.Mark) (bodies [][]string, err error) {
	err = s.read(ctx, "reading entries", func(q *sql.Tx) error {
		bodies = make([][]string, len(stretches))
		for i, m := range stretches {
			rows, err := q.QueryContext(ctx, `select body from ledger_entry where id >= ? and id < ? order by id`, m.First, m.First+m.N)
			bodies[i], err = collect(rows, err, func(r rowScanner, body *string) error { return r.Scan(body) })
			if err != nil {
				return err
			}
		}
		return nil
	})
	return bodies, err
}

// Tiles implements [store.Log].
func (s *Store) Tiles(ctx context.Context, ids []ledger.TileID) (all []ledger.Tile, err error) {
	err = s.read(ctx, "reading tiles", func(q *sql.Tx) error {
		all = nil
		for _, id := range ids {
			t := ledger.Tile{TileID: id}
			err := q.QueryRowContext(ctx, `select hashes from ledger_tile where level = ? and n = ?`, id.Level, id.N).Scan(&t.Hashes)
			switch {
			case isNone(err):
			case err != nil:
				return err
			default:
				all = append(all, t)
			}
		}
		return nil
	})
	return all, err
}

const selectUnsealed = `
select coalesce(sum(n), 0), (select at from ledger_mark order by first limit 1), coalesce((select min(id) from ledger_entry), 0)
from ledger_mark`

// Unsealed implements [store.Log].
func (s *Store) Unsealed(ctx context.Context) (u store.Unsealed, err error) {
	err = s.read(ctx, "reading what waits for the sealer", func(q *sql.Tx) error {
		return q.QueryRowContext(ctx, selectUnsealed).Scan(&u.Entries, moment{&u.Since}, &u.Kept)
	})
	return u, err
}
