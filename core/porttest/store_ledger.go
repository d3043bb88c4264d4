package porttest

import (
	"fmt"
	"slices"
	"time"

	"carillon/core/extract"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

func ledgers() []sentence {
	return []sentence{
		{"marks the entries of each transaction as stretches that do not overlap", func(st *stand) {
			for n := 1; n <= 4; n++ {
				st.applied(store.Writes{Ledger: &store.LedgerWrites{Entries: st.draw(n)}}, store.Writes{Ledger: &store.LedgerWrites{Entries: st.draw(n)}})
			}
			marks, err := st.s.Marks(st.t.Context(), 100)
			st.ok(err, "reading marks")
			seen := map[int64]bool{}
			for _, m := range marks {
				st.check(m.N > 0, "no stretch is empty")
				for i := range m.N {
					st.check(!seen[m.First+i], "no entry stands in two stretches")
					seen[m.First+i] = true
				}
			}
			st.same("entries", len(seen), 20)
			few, err := st.s.Marks(st.t.Context(), 2)
			st.ok(err, "reading marks")
			st.same("no more marks than asked", few, marks[:2])
		}},
		{"has no entries of sets that lost", func(st *stand) {
			verdicts := st.apply(store.Writes{Ledger: &store.LedgerWrites{Entries: st.draw(3)}, Report: &store.ReportWrites{Consumed: []int64{5}}}, store.Writes{Ledger: &store.LedgerWrites{Entries: st.draw(2)}})
			st.check(verdicts[0].Outcome == store.Conflict && verdicts[1].Outcome == store.Applied, "one loses, one wins")
			st.same("entries", st.entries(), int64(2))
		}},
		{"reads sealed entries in order, whole and without gaps", readSealed},
		{"shows nothing that is not sealed", func(st *stand) {
			st.applied(store.Writes{Ledger: &store.LedgerWrites{Entries: st.draw(2)}})
			leaves, err := st.s.Leaves(st.t.Context(), 0, 10)
			st.ok(err, "reading leaves")
			st.check(len(leaves) == 0, "nothing is sealed yet")
		}},
		{"seals densely: a wrong first leaf is a conflict", func(st *stand) {
			st.applied(store.Writes{Ledger: &store.LedgerWrites{Entries: st.draw(3)}})
			marks, err := st.s.Marks(st.t.Context(), 10)
			st.ok(err, "reading marks")
			for _, leaf := range []int64{1, 3, -1} {
				st.conflict(store.LostVersion, store.Writes{Ledger: &store.LedgerWrites{Seals: []store.Seal{{Mark: marks[0], FirstLeaf: leaf, At: Noon()}}}})
			}
			st.sealed()
			st.same("next leaf", st.nextLeaf(), int64(3))
		}},
		{"seals a mark once: one that is gone is a conflict", func(st *stand) {
			st.applied(store.Writes{Ledger: &store.LedgerWrites{Entries: st.draw(3)}})
			marks, err := st.s.Marks(st.t.Context(), 10)
			st.ok(err, "reading marks")
			st.sealed()
			st.conflict(store.LostVersion, store.Writes{Ledger: &store.LedgerWrites{Seals: []store.Seal{{Mark: marks[0], FirstLeaf: st.nextLeaf(), At: Noon()}}}})
			st.conflict(store.LostVersion, store.Writes{Ledger: &store.LedgerWrites{Seals: []store.Seal{{Mark: store.Mark{First: 9999, N: 1}, FirstLeaf: st.nextLeaf(), At: Noon()}}}})
			st.same("next leaf", st.nextLeaf(), int64(3))
		}},
	}
}

func cursors() []sentence {
	return []sentence{
		{"move forward only, from where they are", func(st *stand) {
			st.cursor("webhook", 0)
			st.applied(store.Writes{Ledger: &store.LedgerWrites{Cursors: []store.Cursor{{Name: "webhook", Next: 5}}}})
			st.cursor("webhook", 5)
			st.cursor("status", 0)
			for _, wrong := range []store.Cursor{{From: 0, Next: 6}, {From: 6, Next: 7}, {From: 5, Next: 4}} {
				wrong.Name = "webhook"
				st.conflict(store.LostVersion, store.Writes{Ledger: &store.LedgerWrites{Cursors: []store.Cursor{wrong}}})
			}
			st.conflict(store.LostVersion, store.Writes{Ledger: &store.LedgerWrites{Cursors: []store.Cursor{{Name: "status", From: 3, Next: 4}}}})
			st.cursor("status", 0)
			st.applied(store.Writes{Ledger: &store.LedgerWrites{Cursors: []store.Cursor{{Name: "webhook", From: 5, Next: 9}, {Name: "status", Next: 1}}}})
			st.cursor("webhook", 9)
			st.cursor("status", 1)
		}},
	}
}

func (st *stand) draw(n int) []ledger.Entry {
	entries := make([]ledger.Entry, n)
	for i := range entries {
		entries[i] = NewEntry(st.r)
	}
	return entries
}

func (st *stand) cursor(name string, want int64) {
	st.t.Helper()
	at, err := st.s.CursorAt(st.t.Context(), name)
	st.ok(err, "reading a cursor")
	st.same("cursor "+name, at, want)
}

func (st *stand) nextLeaf() int64 {
	st.t.Helper()
	next, err := st.s.NextLeaf(st.t.Context())
	st.ok(err, "reading the next leaf")
	return next
}

// sealed seals every mark, in the order the store tells them.
func (st *stand) sealed() {
	st.t.Helper()
	marks, err := st.s.Marks(st.t.Context(), 1000)
	st.ok(err, "reading marks")
	next := st.nextLeaf()
	var w store.Writes
	for _, m := range marks {
		store.In(&w.Ledger).Seals = append(store.Of(w.Ledger).Seals, store.Seal{Mark: m, FirstLeaf: next, At: Noon()})
		next += m.N
	}
	st.applied(w)
	st.same("next leaf", st.nextLeaf(), next)
	marks, err = st.s.Marks(st.t.Context(), 1000)
	st.ok(err, "reading marks")
	st.check(len(marks) == 0, "nothing is left to seal")
}

func readSealed(st *stand) {
	st.same("next leaf", st.nextLeaf(), int64(0))
	var written [][]ledger.Entry
	for n := 1; n <= 5; n++ {
		entries := st.draw(n)
		st.applied(store.Writes{Ledger: &store.LedgerWrites{Entries: entries}})
		written = append(written, entries)
		if n%2 == 0 {
			st.sealed()
		}
	}
	st.sealed()
	all, err := st.s.Leaves(st.t.Context(), 0, 1000)
	st.ok(err, "reading leaves")
	st.check(len(all) == 15, "every entry is a leaf")
	position := map[string]int{}
	for i, leaf := range all {
		st.same("number", leaf.Number, int64(i))
		position[leaf.Body] = i
	}
	for _, entries := range written {
		for i, e := range entries {
			at, ok := position[e.Canonical()]
			st.check(ok, "a leaf holds the canonical bytes of its entry")
			st.same("source and division", [2]string{all[at].Source, all[at].Division}, [2]string{e.Source, e.Division})
			st.check(at == position[entries[0].Canonical()]+i, "entries of one set are consecutive")
		}
	}
	for from := range int64(16) {
		page, err := st.s.Leaves(st.t.Context(), from, 4)
		st.ok(err, "reading leaves")
		st.check(slices.Equal(page, all[from:min(from+4, 15)]), "a page starts at its leaf and holds no more than asked")
	}
}

func runs() []sentence {
	return []sentence{
		{"open once and are found while they are open", func(st *stand) {
			_, err := st.s.OpenRun(st.t.Context(), extract.LTRPRT)
			st.kind(err, fault.NotFound)
			run := newRun(7)
			st.applied(store.Writes{Letter: &store.LetterWrites{Runs: []extract.Run{run}}})
			got, err := st.s.OpenRun(st.t.Context(), extract.LTRPRT)
			st.ok(err, "reading the open run")
			st.same("run", got, run)
			st.conflict(store.LostVersion, store.Writes{Letter: &store.LetterWrites{Runs: []extract.Run{run}}})
			_, err = st.s.OpenRun(st.t.Context(), "OTHER")
			st.kind(err, fault.NotFound)
		}},
		{"are changed under their version, and a stale writer loses", func(st *stand) {
			run := newRun(7)
			st.applied(store.Writes{Letter: &store.LetterWrites{Runs: []extract.Run{run}}})
			closed := run
			closed.Version, closed.ClosedAt, closed.Letters, closed.Hash = 2, Noon().Add(time.Hour), 3, "abc"
			closed.ToldAt = closed.ClosedAt.Add(time.Second)
			stale, ahead := run, run
			stale.Version, ahead.Version = 2, 4
			verdicts := st.apply(store.Writes{Letter: &store.LetterWrites{Runs: []extract.Run{closed}}}, store.Writes{Letter: &store.LetterWrites{Runs: []extract.Run{stale}}}, store.Writes{Letter: &store.LetterWrites{Runs: []extract.Run{ahead}}})
			st.check(verdicts[0].Outcome == store.Applied, "the first writer wins")
			st.check(verdicts[1].Outcome == store.Conflict && verdicts[1].What == store.LostVersion, "the stale one loses")
			st.check(verdicts[2].Outcome == store.Conflict && verdicts[2].What == store.LostVersion, "one that skips a version loses")
			st.conflict(store.LostVersion, store.Writes{Letter: &store.LetterWrites{Runs: []extract.Run{{Batch: extract.LTRPRT, Number: 99, OpenedAt: Noon(), Version: 2}}}})
			_, err := st.s.OpenRun(st.t.Context(), extract.LTRPRT)
			st.kind(err, fault.NotFound)
			all, err := st.s.RunList(st.t.Context(), extract.LTRPRT, 0, 10)
			st.ok(err, "listing runs")
			st.same("runs", all, []extract.Run{closed})
		}},
		{"are listed newest first", func(st *stand) {
			for n := int64(1); n <= 4; n++ {
				run := newRun(n)
				run.ClosedAt = run.OpenedAt.Add(time.Minute)
				st.applied(store.Writes{Letter: &store.LetterWrites{Runs: []extract.Run{run}}})
			}
			all, err := st.s.RunList(st.t.Context(), extract.LTRPRT, 0, 3)
			st.ok(err, "listing runs")
			st.check(len(all) == 3 && all[0].Number == 4 && all[1].Number == 3 && all[2].Number == 2, "newest first, no more than asked")
		}},
		{"hold their letters in order, and tell which are not settled", letters},
	}
}

func newRun(number int64) extract.Run {
	return extract.Run{
		Batch: extract.LTRPRT, Number: number, BusinessDate: "2026-03-02", Version: 1, By: "schedule",
		OpenedAt: Noon().Add(time.Duration(number) * time.Hour),
	}
}

func letters(st *stand) {
	l := lane()
	st.waiting(5, l, Noon())
	taken := st.claim(l, Noon().Add(time.Minute), 9)
	w := store.Writes{Letter: &store.LetterWrites{Runs: []extract.Run{newRun(1), newRun(2)}}}
	for i, t := range taken {
		store.In(&w.Letter).Letters = append(store.Of(w.Letter).Letters, extract.Letter{
			Batch: extract.LTRPRT, Run: 1, Number: int64(i + 1), Message: t.Message.ID, Key: t.Message.OrderKey(),
			Route: t.Message.Route, Record: fmt.Sprintf(`{"n":%d,"é":"—"}`, i),
		})
	}
	store.Of(w.Letter).Letters[4].Run, store.Of(w.Letter).Letters[4].Number = 2, 1
	st.applied(w)
	page, err := st.s.Letters(st.t.Context(), extract.LTRPRT, 1, 1, 2)
	st.ok(err, "reading letters")
	st.same("letters after the first", page, store.Of(w.Letter).Letters[1:3])
	st.applied(st.sent(taken[1], Noon()))
	unsent, err := st.s.Unsent(st.t.Context(), extract.LTRPRT, 1, 0, 10)
	st.ok(err, "reading unsent letters")
	st.check(len(unsent) == 3, "one of four was settled")
	for i, want := range []int{0, 2, 3} {
		st.same("letter", unsent[i].Letter, store.Of(w.Letter).Letters[want])
		st.same("record", unsent[i].Record, st.record(taken[want].Message.ID))
		st.same("work", unsent[i].Record.Life().Work, message.Claimed)
	}
	unsent, err = st.s.Unsent(st.t.Context(), extract.LTRPRT, 1, 0, 2)
	st.ok(err, "reading unsent letters")
	st.check(len(unsent) == 2, "no more than asked")
	again := store.Of(w.Letter).Letters[0]
	again.Record = "other"
	st.conflict("", store.Writes{Letter: &store.LetterWrites{Letters: []extract.Letter{again}}})
}
