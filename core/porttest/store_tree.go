package porttest

import (
	"fmt"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"carillon/core/ledger"
	"carillon/core/store"
)

func trees() []sentence {
	return []sentence{
		{"begins with the empty tree, which nobody signed", func(st *stand) {
			st.same("head", st.head(), store.Head{Tree: ledger.EmptyTree()})
			unsealed, err := st.s.Unsealed(st.t.Context())
			st.ok(err, "reading what is unsealed")
			st.same("unsealed", unsealed, store.Unsealed{})
		}},
		{"grows with its seals: leaves, tiles and root are there together", func(st *stand) {
			for _, n := range []int{3, 300, 1, 700} {
				st.applied(store.Writes{Ledger: &store.LedgerWrites{Entries: st.draw(n)}}, store.Writes{Ledger: &store.LedgerWrites{Entries: st.draw(2)}})
				set, want := st.growth("", "")
				st.check(st.head().Marked, "what was appended is marked")
				st.applied(set)
				head := st.head()
				st.same("tree", head.Tree, want)
				st.same("leaves", head.Leaves, want.N)
				st.check(!head.Marked && head.At.Equal(Noon()), "nothing is left, and the head tells when it grew")
			}
			st.proven()
		}},
		{"keeps one sealer: of two that race one is in conflict, and nothing of it is written", func(st *stand) {
			st.applied(store.Writes{Ledger: &store.LedgerWrites{Entries: st.draw(5)}})
			first, want := st.growth("first", "key")
			second, _ := st.growth("second", "other")
			verdicts := st.apply(first, second)
			st.check(verdicts[0].Outcome == store.Applied, "the first wins")
			st.check(verdicts[1].Outcome == store.Conflict && verdicts[1].What == store.LostVersion, "the second is in conflict")
			st.conflict(store.LostVersion, second)
			head := st.head()
			st.same("tree and note", []any{head.Tree, head.Note, head.Key}, []any{want, "first", "key"})
			st.proven()
		}},
		{"takes neither seals without their growth nor a growth without its seals", func(st *stand) {
			st.applied(store.Writes{Ledger: &store.LedgerWrites{Entries: st.draw(5)}})
			set, _ := st.growth("", "")
			wrong := set.Clone()
			stale := *store.Of(set.Ledger).Growth
			stale.From = 4
			store.In(&wrong.Ledger).Growth = &stale
			st.conflict(store.LostVersion, wrong)
			wrong = set.Clone()
			store.In(&wrong.Ledger).Seals = []store.Seal{{Mark: store.Of(set.Ledger).Seals[0].Mark, FirstLeaf: 1, At: Noon()}}
			st.conflict(store.LostVersion, wrong)
			st.same("head", st.head(), store.Head{Tree: ledger.EmptyTree(), Marked: true})
			tiles, err := st.s.Tiles(st.t.Context(), []ledger.TileID{{}})
			st.ok(err, "reading tiles")
			st.check(len(tiles) == 0, "no tile of a set that lost is there")
			st.applied(set)
		}},
		{"loses and doubles nothing when many seal at once", manySealers},
		{"remembers since when a key signs", func(st *stand) {
			for i, row := range []struct {
				note, key, want string
				since           int
			}{{"a", "one", "one", 0}, {"b", "one", "one", 0}, {"", "", "one", 0}, {"c", "two", "two", 3}} {
				st.applied(store.Writes{Ledger: &store.LedgerWrites{Entries: st.draw(1)}})
				set, _ := st.growth(row.note, row.key)
				store.Of(set.Ledger).Growth.At = Noon().Add(time.Duration(i) * time.Hour)
				st.applied(set)
				head := st.head()
				st.same("note and key", [2]string{head.Note, head.Key}, [2]string{row.note, row.want})
				st.check(head.KeySince.Equal(Noon().Add(time.Duration(row.since)*time.Hour)), "the key's first use is told")
			}
		}},
		{"can be signed without growing", func(st *stand) {
			st.applied(store.Writes{Ledger: &store.LedgerWrites{Growth: &store.Growth{Tree: ledger.EmptyTree(), Note: "signed", Key: "one", At: Noon()}}})
			st.same("note", st.head().Note, "signed")
		}},
		{"reads the entries of stretches in order, and leaves out what is not there", func(st *stand) {
			entries := st.draw(7)
			st.applied(store.Writes{Ledger: &store.LedgerWrites{Entries: entries}})
			marks, err := st.s.Marks(st.t.Context(), 10)
			st.ok(err, "reading marks")
			first := marks[0].First
			got, err := st.s.Entries(st.t.Context(), []store.Mark{
				{First: first + 3, N: 2}, {First: first, N: 7}, {First: first + 1000, N: 5}, {First: first + 6, N: 3},
			})
			st.ok(err, "reading entries")
			st.check(len(got) == 4 && len(got[0]) == 2 && len(got[1]) == 7 && len(got[2]) == 0 && len(got[3]) == 1, "each stretch has its entries")
			for i, e := range entries {
				st.same("bytes", got[1][i], e.Canonical())
			}
			st.same("part of a stretch", got[0], got[1][3:5])
			st.same("end of a stretch", got[3], got[1][6:])
		}},
		{"tells seals from the one that holds a leaf on", func(st *stand) {
			for range 4 {
				st.applied(store.Writes{Ledger: &store.LedgerWrites{Entries: st.draw(10)}})
				st.sealed()
			}
			all, err := st.s.Seals(st.t.Context(), 0, 100)
			st.ok(err, "reading seals")
			st.check(len(all) == 4 && all[0].FirstLeaf == 0 && all[3].FirstLeaf == 30 && all[1].Mark.N == 10 && all[1].At.Equal(Noon()), "all of them")
			for leaf, from := range map[int64]int{0: 0, 9: 0, 10: 1, 25: 2, 39: 3} {
				page, err := st.s.Seals(st.t.Context(), leaf, 2)
				st.ok(err, "reading seals")
				st.same("page", page, all[from:min(from+2, 4)])
			}
		}},
		{"tells what is unsealed, since when, and from where on entries are kept", func(st *stand) {
			st.applied(store.Writes{Ledger: &store.LedgerWrites{Entries: st.draw(3)}})
			st.applied(store.Writes{Ledger: &store.LedgerWrites{Entries: st.draw(4)}})
			marks, err := st.s.Marks(st.t.Context(), 10)
			st.ok(err, "reading marks")
			u, err := st.s.Unsealed(st.t.Context())
			st.ok(err, "reading what is unsealed")
			st.same("entries", u.Entries, int64(7))
			st.same("the oldest that is kept", u.Kept, marks[0].First)
			st.check(!u.Since.IsZero(), "a time is told")
			st.sealed()
			after, err := st.s.Unsealed(st.t.Context())
			st.ok(err, "reading what is unsealed")
			st.same("after sealing", after, store.Unsealed{Kept: u.Kept})
		}},
	}
}

func (st *stand) head() store.Head {
	st.t.Helper()
	head, err := st.s.Head(st.t.Context())
	st.ok(err, "reading the head")
	return head
}

// growth is what a sealer would write now.
func (st *stand) growth(note, key string) (store.Writes, tlog.Tree) {
	st.t.Helper()
	set, err := growth(st, note, key)
	st.ok(err, "growing the tree")
	return set, store.Of(set.Ledger).Growth.Tree
}

func growth(st *stand, note, key string) (w store.Writes, err error) {
	ctx := st.t.Context()
	head, err := st.s.Head(ctx)
	if err != nil {
		return w, err
	}
	marks, err := st.s.Marks(ctx, 1000)
	if err != nil {
		return w, err
	}
	stretches, err := st.s.Entries(ctx, marks)
	if err != nil {
		return w, err
	}
	tiles, err := st.s.Tiles(ctx, ledger.EdgeIDs(head.Tree.N))
	if err != nil {
		return w, err
	}
	edge, err := ledger.NewEdge(head.Tree, tiles)
	if err != nil {
		return w, err
	}
	leaf := head.Leaves
	var leaves []tlog.Hash
	for i, m := range marks {
		store.In(&w.Ledger).Seals = append(store.Of(w.Ledger).Seals, store.Seal{Mark: m, FirstLeaf: leaf, At: Noon()})
		leaf += m.N
		for _, body := range stretches[i] {
			leaves = append(leaves, ledger.LeafHash(body))
		}
	}
	store.In(&w.Ledger).Growth = &store.Growth{From: head.Tree.N, Tiles: edge.Grow(leaves), Note: note, Key: key, At: Noon()}
	store.Of(w.Ledger).Growth.Tree, err = edge.Tree()
	return w, err
}

// proven proves every leaf by the stored tiles.
func (st *stand) proven() {
	st.t.Helper()
	ctx, head := st.t.Context(), st.head()
	leaves, err := st.s.Leaves(ctx, 0, 10_000)
	st.ok(err, "reading leaves")
	st.same("leaves", int64(len(leaves)), head.Tree.N)
	read := func(ids []ledger.TileID) ([]ledger.Tile, error) { return st.s.Tiles(ctx, ids) }
	for _, l := range leaves {
		proof, err := ledger.Included(head.Tree, l.Number, read)
		st.ok(err, "proving a leaf")
		st.ok(tlog.CheckRecord(proof, head.Tree.N, head.Tree.Hash, l.Number, ledger.LeafHash(l.Body)), "checking a proof")
	}
}

// manySealers lets sealers race for entries that are being appended.
func manySealers(st *stand) {
	const sealers, writers, each = 4, 3, 20
	var writing, sealing sync.WaitGroup
	wrong := make(chan error, sealers+writers)
	done := make(chan struct{})
	for range writers {
		sets := make([]store.Writes, each)
		for i := range sets {
			sets[i] = store.Writes{Ledger: &store.LedgerWrites{Entries: st.draw(1 + i%9)}}
		}
		writing.Go(func() {
			for _, set := range sets {
				if _, err := st.s.Apply(st.t.Context(), set); err != nil {
					wrong <- err
					return
				}
			}
		})
	}
	for n := range sealers {
		sealing.Go(func() {
			for last := false; !last; {
				select {
				case <-done:
					last = true // one more look, after the last entry
				default:
				}
				set, err := growth(st, fmt.Sprint(n), "key")
				if err != nil {
					continue // it read while another wrote: parts of two trees
				}
				if _, err := st.s.Apply(st.t.Context(), set); err != nil {
					wrong <- err
					return
				}
			}
		})
	}
	writing.Wait()
	close(done)
	sealing.Wait()
	select {
	case err := <-wrong:
		st.t.Fatal(err)
	default:
	}
	if set, want := st.growth("last", "key"); len(store.Of(set.Ledger).Seals) > 0 {
		st.applied(set)
		st.same("tree", st.head().Tree, want)
	}
	total := int64(0)
	for i := range each {
		total += writers * int64(1+i%9)
	}
	st.same("leaves", st.head().Tree.N, total)
	leaves, err := st.s.Leaves(st.t.Context(), 0, 10_000)
	st.ok(err, "reading leaves")
	seen := map[string]bool{}
	for _, l := range leaves {
		st.check(!seen[l.Body], "no entry is two leaves")
		seen[l.Body] = true
	}
	st.proven()
	st.same("the tree of the leaves", st.rebuilt(leaves), st.head().Tree)
}

func (st *stand) rebuilt(leaves []ledger.Leaf) tlog.Tree {
	st.t.Helper()
	hashes := make([]tlog.Hash, len(leaves))
	for i, l := range leaves {
		hashes[i] = ledger.LeafHash(l.Body)
	}
	var edge ledger.Edge
	edge.Grow(hashes)
	tree, err := edge.Tree()
	st.ok(err, "hashing the leaves")
	return tree
}
