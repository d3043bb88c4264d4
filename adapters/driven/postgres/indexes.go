package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Indexes of big tables that came after them. A migration makes them of the table alone; here the partitions that were
// there get theirs, one at a time and without keeping anybody from writing: on a full store that takes minutes. Every step
// can be repeated.
const (
	// lacking finds partitions without an index that their table has. The statement that makes it is the table's own.
	lacking = `
select p.relname, i.relname, pg_get_indexdef(x.indexrelid), coalesce(own_x.indisvalid, false)
from pg_index x
join pg_class i on i.oid = x.indexrelid and i.relkind = 'I'
join pg_inherits h on h.inhparent = x.indrelid
join pg_class p on p.oid = h.inhrelid
left join pg_class own on own.relnamespace = p.relnamespace and own.relkind = 'i'
    and own.relname = p.relname || substr(i.relname, length(x.indrelid::regclass::text) + 1)
left join pg_index own_x on own_x.indexrelid = own.oid
where not x.indisvalid and x.indrelid::regclass::text in ('contact', 'ledger_entry')
    and not exists (select from pg_inherits a join pg_index ax on ax.indexrelid = a.inhrelid
        where a.inhparent = x.indexrelid and ax.indrelid = p.oid)
order by i.relname, p.relname`

	// A process that waits for a lock would be waited for by the index: only one tries, the others go on without.
	tryIndexes  = `select pg_try_advisory_lock(7264203)`
	doneIndexes = `select pg_advisory_unlock(7264203)`
)

// lackingIndex is an index that a partition lacks.
type lackingIndex struct {
	Part, Of, Made string
	Valid          bool
}

// statements make the index and give it to that of the table. What a making that was cut short left behind goes first.
func (x lackingIndex) statements() []string {
	table, _, _ := strings.Cut(x.Part, "_p")
	own := x.Part + strings.TrimPrefix(x.Of, table)
	name, part, of := pgx.Identifier{own}.Sanitize(), pgx.Identifier{x.Part}.Sanitize(), pgx.Identifier{x.Of}.Sanitize()
	_, columns, _ := strings.Cut(x.Made, " USING ")
	attach := "alter index " + of + " attach partition " + name
	if x.Valid {
		return []string{attach}
	}
	return []string{
		"drop index concurrently if exists " + name, "create index concurrently " + name + " on " + part + " using " + columns, attach,
	}
}

// index makes the indexes that partitions lack.
func index(ctx context.Context, url *pgx.ConnConfig) (err error) {
	conn, err := pgx.ConnectConfig(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it gives the lock back, too
	var ours bool
	if err := conn.QueryRow(ctx, tryIndexes).Scan(&ours); err != nil || !ours {
		return err
	}
	rows, err := conn.Query(ctx, lacking)
	if err != nil {
		return err
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[lackingIndex])
	if err != nil {
		return err
	}
	for _, x := range all {
		for _, statement := range x.statements() {
			if _, err := conn.Exec(ctx, statement); err != nil {
				return err
			}
		}
	}
	_, err = conn.Exec(ctx, doneIndexes)
	return err
}
