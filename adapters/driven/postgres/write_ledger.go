package postgres

import (
	"github.com/jackc/pgx/v5"

	"carillon/core/ledger"
	"carillon/core/store"
)

// The ledger's rows.
const (
	insertEntries = `
insert into ledger_entry (id, at, kind, source, division, contact, body)
select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[])`

	insertMarks = `insert into ledger_mark (first, n) select * from unnest($1::bigint[], $2::bigint[])`

	// seal takes marked stretches as the next leaves. Its stretches follow each other without a gap; the first must
	// follow what is sealed.
	seal = `
with gone as (
    delete from ledger_mark m using unnest($2::bigint[], $3::bigint[]) as i (first, n)
    where m.first = i.first and m.n = i.n
    returning m.first),
put as (
    insert into ledger_seal (first_leaf, first, n, at)
    select i.first_leaf, i.first, i.n, i.at
    from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) as i (first_leaf, first, n, at)
    join gone on gone.first = i.first
    where $5::bigint = (` + nextLeaf + `)
    returning 1)
select expect_rows((select count(*) from put), $6, 'version')`

	nextLeaf = `select coalesce((select first_leaf + n from ledger_seal order by first_leaf desc limit 1), 0)`
)

// entry is a ledger entry with its number.
type entry struct {
	*ledger.Entry
	id int64
}

func queueLedger(batch *pgx.Batch, jobs []*job) {
	for _, j := range jobs {
		queueGrowth(batch, store.Of(j.writes.Ledger).Growth)
		queueSeals(batch, store.Of(j.writes.Ledger).Seals)
	}
	var rows []entry
	var marks []store.Mark
	for _, j := range jobs {
		n := int64(len(store.Of(j.writes.Ledger).Entries))
		if n == 0 {
			continue
		}
		for i := range store.Of(j.writes.Ledger).Entries {
			rows = append(rows, entry{&store.In(&j.writes.Ledger).Entries[i], j.entries + int64(i)})
		}
		if last := len(marks) - 1; last >= 0 && marks[last].First+marks[last].N == j.entries {
			marks[last].N += n
			continue
		}
		marks = append(marks, store.Mark{First: j.entries, N: n})
	}
	if len(rows) == 0 {
		return
	}
	batch.Queue(insertEntries,
		col(rows, func(e *entry) int64 { return e.id }),
		col(rows, func(e *entry) int64 { return micros(e.At) }),
		col(rows, func(e *entry) string { return text(string(e.Kind)) }),
		col(rows, func(e *entry) string { return text(e.Source) }),
		col(rows, func(e *entry) string { return text(e.Division) }),
		col(rows, func(e *entry) int64 { return int64(e.Contact) }),
		col(rows, func(e *entry) string { return text(e.Canonical()) }))
	batch.Queue(insertMarks,
		col(marks, func(m *store.Mark) int64 { return m.First }),
		col(marks, func(m *store.Mark) int64 { return m.N }))
}

// lostVersion aborts a transaction whose set contradicts itself.
const lostVersion = `select expect_rows(0, 1, 'version')`

func queueSeals(batch *pgx.Batch, seals []store.Seal) {
	if len(seals) == 0 {
		return
	}
	for i := 1; i < len(seals); i++ {
		if seals[i].FirstLeaf != seals[i-1].FirstLeaf+seals[i-1].Mark.N {
			batch.Queue(lostVersion)
			return
		}
	}
	batch.Queue(seal,
		col(seals, func(s *store.Seal) int64 { return s.FirstLeaf }),
		col(seals, func(s *store.Seal) int64 { return s.Mark.First }),
		col(seals, func(s *store.Seal) int64 { return s.Mark.N }),
		col(seals, func(s *store.Seal) int64 { return micros(s.At) }),
		seals[0].FirstLeaf, len(seals))
}
