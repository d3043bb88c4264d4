package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"carillon/core/fault"
	"carillon/core/message"
)

// The big tables are partitioned by range (migration 00002): message and evidence by the month in the message's
// identifier, the others by blocks of their numbers. The table partition says what there is. There is no partition that
// takes the rest: one that is missing is a refused insertion, so that they are made far ahead, and [Store.Check] fails
// long before the last is full.
const (
	extend = `select partitions_ahead($1)`

	// extendNow is extend by the server's clock, for a store that was shut for months.
	extendNow = `select partitions_ahead((extract(epoch from clock_timestamp()) * 1000000)::bigint)`

	// short names a table that has less than ten days or half a block before it.
	short = `
select p.parent from (select parent, max(high) as high, partition_blocks(parent) as block from partition group by parent) p
where case p.block
    when 0 then p.high <= (extract(epoch from clock_timestamp()) * 1000)::bigint + 864000000
    else p.high <= p.block / 2 + (select n.next from number n where n.name = case p.parent when 'ledger_entry' then 'ledger' else 'contact' end)
    end
order by 1 limit 1`
)

// Extend implements [store.Upkeep].
func (s *Store) Extend(ctx context.Context, now time.Time) (made int, err error) {
	n, err := s.scalar(ctx, "making partitions ahead", extend, micros(now))
	return int(n), err
}

// room fails when a partition is missing soon.
func room(parents []string) error {
	if len(parents) == 0 {
		return nil
	}
	return fault.New(fault.Misconfigured, "the partitions of table "+parents[0]+" come to their end: the chore \"upkeep\" does not make new ones")
}

// Check writes and reads back, and looks whether there is room for what comes.
func (s *Store) Check(ctx context.Context) error {
	var beats int64
	var shortage []string
	batch := &pgx.Batch{}
	batch.Queue(beat).QueryRow(func(row pgx.Row) error { return row.Scan(&beats) })
	queueRead(batch, &shortage, pgx.RowTo[string], short)
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return classify("checking the store", err)
	}
	return room(shortage)
}

// parentOf is the table that a partition is of: a failure names the partition.
func parentOf(table string) string {
	at := strings.LastIndex(table, "_p")
	if at < 0 || strings.Trim(table[at+2:], "0123456789") != "" {
		return table
	}
	return table[:at]
}

// boundOf is the smallest identifier a message of the time can have; the bounds of message_bound in SQL.
func boundOf(t time.Time) (id [16]byte) {
	made := message.NewID(t, [10]byte{})
	copy(id[:6], made[:6])
	return id
}
