package sqlite

import (
	"context"
	"time"

	"carillon/core/contact"
	"carillon/core/message"
	"carillon/core/store"
)

// What retention takes away here, so many rows a turn. Nothing that a due row, a deadline, a report that waits, an open
// run or a hold refers to.
const (
	retirePage = 500

	// underHold asks whether a row x with an account and a person is held.
	underHold = `exists (select 1 from hold h where h.lifted_at = 0
    and (h.kind = 'account' and h.subject = x.account or h.kind = 'person' and h.subject = printf('%010d', x.person)))`

	oldMessages = `
select x.id from message x
where x.accepted_at < ? and not ` + underHold + `
    and not exists (select 1 from due d where d.message = x.id)
    and not exists (select 1 from deadline d where d.message = x.id)
    and not exists (select 1 from report r where r.done = 0 and r.message = x.id)
    and not exists (select 1 from letter l join run r on r.batch = l.batch and r.number = l.run where l.message = x.id and r.told_at = 0)
order by x.accepted_at limit ?`

	oldContacts = `
select x.id from contact x
where x.accepted_at < ? and not ` + underHold + `
    and not exists (select 1 from step s join message m on m.id = s.message where s.contact = x.id)
    and not exists (select 1 from reminder r where r.contact = x.id and r.todo = 0)
limit ?`

	// ledgerFloor is the first entry that stays: one that is younger, unsealed, not in the tree, not read by every
	// reader, or held. Proofs need the entries above the floor to be without gaps, so that one that is held keeps all
	// that follow it.
	ledgerFloor = `
with young as (
    select min(s.first) as id from ledger_seal s
    where s.at >= ?1 or s.first_leaf + s.n > (select size from ledger_tree where id = 1)
        or s.first_leaf + s.n > (select min(next) from cursor)
        or s.first_leaf = (select max(first_leaf) from ledger_seal)),
open as (select min(first) as id from ledger_mark),
held as (
    select min(e.id) as id from ledger_entry e
    where exists (select 1 from hold where lifted_at = 0) and (
        exists (select 1 from hold h where h.lifted_at = 0 and h.subject = json_extract(e.body, '$.' || h.kind))
        or exists (select 1 from contact x where x.id = cast(json_extract(e.body, '$.contact') as integer) and ` + underHold + `)))
select coalesce(min(id), 0) from (select id from young union all select id from open union all select id from held)`

	dropEntries = `delete from ledger_entry where id in (select id from ledger_entry where id < ? order by id limit ?)`
)

// Retire implements [store.Upkeep]: a page of each kind.
func (s *Store) Retire(ctx context.Context, now time.Time, keep store.Retention) (r store.Retired, err error) {
	err = s.commits.run(ctx, 1, func(ctx context.Context, x *tx) error {
		r = store.Retired{}
		if keep.Messages > 0 {
			if err := x.retireMessages(ctx, now.Add(-keep.Messages), &r); err != nil {
				return err
			}
			if err := x.retireContacts(ctx, now.Add(-keep.Messages), &r); err != nil {
				return err
			}
		}
		if keep.Ledger > 0 {
			return x.retireEntries(ctx, now.Add(-keep.Ledger), &r)
		}
		return nil
	})
	return r, classify("taking away what is older than retention", err)
}

// gone adds up what a page took away.
func gone(r *store.Retired, n int64) {
	r.Rows += n
	r.More = r.More || n == retirePage
}

func (x *tx) retireMessages(ctx context.Context, cutoff time.Time, r *store.Retired) error {
	rows, err := x.rows(ctx, oldMessages, micros(cutoff), retirePage)
	ids, err := collect(rows, err, func(row rowScanner, id *message.ID) error { return row.Scan(octets{id[:]}) })
	if err != nil {
		return err
	}
	for _, id := range ids {
		for _, statement := range []string{
			`delete from evidence where message = ?`, `delete from letter where message = ?`, `delete from dead_letter where message = ?`,
			`delete from retry where former = ?`, `delete from message where id = ?`,
		} {
			if _, err := x.exec(ctx, statement, id[:]); err != nil {
				return err
			}
		}
	}
	gone(r, int64(len(ids)))
	return nil
}

func (x *tx) retireContacts(ctx context.Context, cutoff time.Time, r *store.Retired) error {
	rows, err := x.rows(ctx, oldContacts, micros(cutoff), retirePage)
	ids, err := collect(rows, err, func(row rowScanner, id *contact.ID) error { return row.Scan(id) })
	if err != nil {
		return err
	}
	for _, id := range ids {
		for _, statement := range []string{
			`delete from step where contact = ?`, `delete from plan where contact = ?`, `delete from halt where contact = ?`,
			`delete from contact where id = ?`,
			`delete from contact_desk where contact = ?`, `delete from contact_log where contact = ?`, `delete from reminder where contact = ?`,
		} {
			if _, err := x.exec(ctx, statement, int64(id)); err != nil {
				return err
			}
		}
	}
	gone(r, int64(len(ids)))
	return nil
}

func (x *tx) retireEntries(ctx context.Context, cutoff time.Time, r *store.Retired) error {
	var floor int64
	if err := x.row(ctx, ledgerFloor, micros(cutoff)).Scan(&floor); err != nil {
		return err
	}
	n, err := x.exec(ctx, dropEntries, floor, retirePage)
	gone(r, n)
	return err
}
