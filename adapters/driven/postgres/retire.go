package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"carillon/core/store"
)

// cohort are tables whose partitions have the same bounds and go together. The statements of it take the bounds of a
// partition; the first table says how old it is.
type cohort struct {
	parents  []string
	sequence string   // numbers it is cut by; empty: months
	stepOn   string   // begins a new block in a new month, so that a block holds a month at most
	newest   string   // the time of the newest row, near enough
	younger  string   // whether a row is younger than the time; it may read the whole partition
	refers   string   // what still refers to it; empty: nothing
	keep     []string // copy what is held
}

// underHold asks whether a row x with an account and a person is held.
const underHold = `exists (select from hold h where h.lifted_at = 0
    and (h.kind = 'account' and h.subject = x.account or h.kind = 'person' and h.subject = lpad(x.person::text, 10, '0')))`

// named asks whether a ledger entry x belongs to what is held.
const named = `(exists (select from contact_held c where c.id = x.contact)
    or exists (select from hold h where h.lifted_at = 0 and position('"' || h.kind || '":' || to_json(h.subject)::text in x.body) > 0))`

func messageCohort() cohort {
	return cohort{
		parents: []string{"message", "evidence"},
		refers: `
select case
    when exists (select from due where message >= $1 and message < $2) then 'a due row'
    when exists (select from deadline where message >= $1 and message < $2) then 'a deadline'
    when exists (select from report where not done and message >= $1 and message < $2) then 'a report that waits'
    when exists (select from run r join letter l on l.batch = r.batch and l.run = r.number
        where r.told_at = 0 and l.message >= $1 and l.message < $2) then 'an open run'
    else '' end`,
		keep: []string{
			`insert into message_held select x.* from message x where x.id >= $1 and x.id < $2 and ` + underHold + ` on conflict do nothing`,
			`insert into evidence_held select e.* from evidence e join message_held m on m.id = e.message
where e.message >= $1 and e.message < $2 on conflict do nothing`,
			`insert into letter_held select l.* from letter l join message_held m on m.id = l.message
where l.message >= $1 and l.message < $2 on conflict do nothing`,
		},
	}
}

func contactCohort() cohort {
	return cohort{
		parents:  []string{"contact", "plan", "step"},
		sequence: "contact",
		stepOn: `
update number n set next = p.high from partition p
where n.name = 'contact' and p.parent = 'contact' and n.next > p.low and n.next < p.high and p.high < 9000000000
    and (select c.accepted_at from contact c where c.id >= p.low and c.id < p.high order by c.id limit 1) < $1`,
		newest:  `select coalesce((select accepted_at from contact where id >= $1 and id < $2 order by id desc limit 1), 0)`,
		younger: `select exists (select from contact where id >= $1 and id < $2 and accepted_at >= $3)`,
		refers: `
select case
    when exists (select from due d join message m on m.id = d.message where m.contact >= $1 and m.contact < $2) then 'a due row'
    when exists (select from deadline d join message m on m.id = d.message where m.contact >= $1 and m.contact < $2) then 'a deadline'
    when exists (select from reminder where contact >= $1 and contact < $2 and todo = 0) then 'a reminder that waits'
    else '' end`,
		keep: []string{
			`insert into contact_held select x.* from contact x where x.id >= $1 and x.id < $2 and ` + underHold + ` on conflict do nothing`,
			`insert into plan_held select p.* from plan p join contact_held c on c.id = p.contact
where p.contact >= $1 and p.contact < $2 on conflict do nothing`,
			`insert into step_held select s.* from step s join contact_held c on c.id = s.contact
where s.contact >= $1 and s.contact < $2 on conflict do nothing`,
		},
	}
}

func ledgerCohort() cohort {
	return cohort{
		parents:  []string{"ledger_entry"},
		sequence: ledgerNumbers,
		stepOn: `
update number n set next = p.high from partition p
where n.name = 'ledger' and p.parent = 'ledger_entry' and n.next > p.low and n.next < p.high
    and (select e.at from ledger_entry e where e.id >= p.low and e.id < p.high order by e.id limit 1) < $1`,
		newest:  `select coalesce((select at from ledger_entry where id >= $1 and id < $2 order by id desc limit 1), 0)`,
		younger: `select exists (select from ledger_entry where id >= $1 and id < $2 and at >= $3)`,
		refers: `
select case
    when exists (select from ledger_mark where first < $2 and first + n > $1) then 'an unsealed stretch'
    when exists (select from ledger_seal where first < $2 and first + n > $1
        and first_leaf + n > (select size from ledger_tree where id = 1)) then 'a leaf that is not in the tree'
    when exists (select from cursor where next < (select max(first_leaf + n) from ledger_seal where first < $2 and first + n > $1))
        then 'a reader of the ledger that is behind'
    else '' end`,
		keep: []string{
			`insert into ledger_entry_held select x.* from ledger_entry x where x.id >= $1 and x.id < $2 and (` + named + `
    or exists (select from contact c where c.id = x.contact and ` + heldContactRow + `)) on conflict do nothing`,
		},
	}
}

// heldContactRow is underHold of a contact c.
const heldContactRow = `exists (select from hold h where h.lifted_at = 0
    and (h.kind = 'account' and h.subject = c.account or h.kind = 'person' and h.subject = lpad(c.person::text, 10, '0')))`

// Retire implements [store.Upkeep]. Of each kind it drops the oldest month or block, when it is wholly older and nothing
// refers to it: a short transaction that waits half a second for its locks.
func (s *Store) Retire(ctx context.Context, now time.Time, keep store.Retention) (r store.Retired, err error) {
	if err := s.sweep(ctx); err != nil {
		return r, err
	}
	for _, k := range []struct {
		of  cohort
		age time.Duration
	}{{messageCohort(), keep.Messages}, {contactCohort(), keep.Messages}, {ledgerCohort(), keep.Ledger}} {
		if k.age <= 0 {
			continue
		}
		if err := s.retire(ctx, now, now.Add(-k.age), k.of, &r); err != nil {
			return r, err
		}
	}
	return r, s.release(ctx)
}

// part is a partition of a cohort, with its bounds as the statements take them.
type part struct {
	low, high int64
	from, to  any
}

const oldestPart = `select low, high from partition where parent = $1 and dropped_at = 0 order by low limit 1`

func (s *Store) retire(ctx context.Context, now, cutoff time.Time, c cohort, r *store.Retired) error {
	if c.stepOn != "" {
		month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
		if _, err := s.pool.Exec(ctx, c.stepOn, micros(month)); err != nil {
			return classify("beginning a new block", err)
		}
	}
	var p part
	if err := s.pool.QueryRow(ctx, oldestPart, c.parents[0]).Scan(&p.low, &p.high); err != nil {
		return classify("looking for the oldest partition", err)
	}
	p.from, p.to = p.low, p.high
	if c.sequence == "" {
		p.from, p.to = boundOf(time.UnixMilli(p.low)), boundOf(time.UnixMilli(p.high))
	}
	old, err := s.outlived(ctx, c, p, cutoff)
	if err != nil || !old {
		return err
	}
	why, err := s.drop(ctx, now, c, p)
	switch {
	case err != nil:
		return err
	case why != "":
		r.Kept = append(r.Kept, fmt.Sprintf("the oldest rows of %s stay: %s refers to them", c.parents[0], why))
		return nil
	}
	r.Dropped, r.More = append(r.Dropped, c.parents...), true
	return s.sweep(ctx)
}

// outlived reports whether a partition is wholly older than the cutoff and nothing is written there any more.
func (s *Store) outlived(ctx context.Context, c cohort, p part, cutoff time.Time) (bool, error) {
	if c.sequence == "" {
		return p.high <= cutoff.UnixMilli(), nil
	}
	var next int64
	if err := s.pool.QueryRow(ctx, `select next from number where name = $1`, c.sequence).Scan(&next); err != nil {
		return false, classify("reading a sequence", err)
	}
	newest, err := s.scalar(ctx, "asking how old a partition is", c.newest, p.from, p.to)
	if err != nil || next < p.high || newest >= micros(cutoff) {
		return false, err
	}
	var younger bool
	err = s.pool.QueryRow(ctx, c.younger, p.from, p.to, micros(cutoff)).Scan(&younger)
	return !younger, classify("asking how old a partition is", err)
}

// inForce tells which holds are in force.
const inForce = `select coalesce(string_agg(number::text, ',' order by number), '') from hold where lifted_at = 0`

// drop copies what is held and detaches the partition, unless something refers to it. Holds put meanwhile are seen: the
// copy is then made anew by the next turn.
func (s *Store) drop(ctx context.Context, now time.Time, c cohort, p part) (why string, err error) {
	if err := s.pool.QueryRow(ctx, c.refers, p.from, p.to).Scan(&why); err != nil || why != "" {
		return why, classify("asking what refers to a partition", err)
	}
	var holds string
	if err := s.pool.QueryRow(ctx, inForce).Scan(&holds); err != nil {
		return "", classify("reading holds", err)
	}
	if holds != "" {
		for _, statement := range c.keep {
			if _, err := s.pool.Exec(ctx, statement, p.from, p.to); err != nil {
				return "", classify("copying what is held", err)
			}
		}
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		why, err = detach(ctx, tx, now, c, p, holds)
		return err
	})
	if locked := (*pgconn.PgError)(nil); errors.As(err, &locked) && locked.Code == codeLocked {
		return "a transaction under way", nil
	}
	return why, classify("detaching a partition", err)
}

// codeLocked is a lock that was not to be had in time.
const codeLocked = "55P03"

func detach(ctx context.Context, tx pgx.Tx, now time.Time, c cohort, p part, holds string) (why string, err error) {
	if _, err := tx.Exec(ctx, `select set_config('lock_timeout', '500ms', true)`); err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, `lock table hold in share mode`); err != nil {
		return "", err
	}
	var held string
	if err := tx.QueryRow(ctx, inForce).Scan(&held); err != nil || held != holds {
		return "a hold that was just put", err
	}
	if err := tx.QueryRow(ctx, c.refers, p.from, p.to).Scan(&why); err != nil || why != "" {
		return why, err
	}
	for _, parent := range c.parents {
		var name string
		if err := tx.QueryRow(ctx, `update partition set dropped_at = $3 where parent = $1 and low = $2 returning name`, parent, p.low, micros(now)).
			Scan(&name); err != nil {
			return "", err
		}
		if _, err := tx.Exec(ctx, `alter table `+pgx.Identifier{parent}.Sanitize()+` detach partition `+pgx.Identifier{name}.Sanitize()); err != nil {
			return "", err
		}
	}
	return "", nil
}

// selectDetached names the tables that were detached and are still there.
const selectDetached = `select name from partition where dropped_at <> 0 and to_regclass(name) is not null order by name`

// sweeps take away, five thousand rows at a time, what hung on messages and contacts that are gone: letters, whose held ones
// were copied, and what is kept of failures, unless its message or contact is held.
func sweeps() []string {
	const (
		message = `(select message_bound(min(low)) from partition where parent = 'message' and dropped_at = 0)`
		contact = `(select min(low) from partition where parent = 'contact' and dropped_at = 0)`
	)
	of := func(table, where string) string {
		return `delete from ` + table + ` where ctid = any(array(select x.ctid from ` + table + ` x where ` + where + ` limit 5000))`
	}
	return []string{
		of("letter", `x.message < `+message),
		of("dead_letter", `x.message < `+message+` and not exists (select from message_held h where h.id = x.message)`),
		of("retry", `x.former < `+message+` and not exists (select from message_held h where h.id = x.former)`),
		of("halt", `x.contact < `+contact+` and not exists (select from contact_held h where h.id = x.contact)`),
		of("contact_desk", `x.contact < `+contact+` and not exists (select from contact_held h where h.id = x.contact)`),
		of("contact_log", `x.contact < `+contact+` and not exists (select from contact_held h where h.id = x.contact)`),
		of("reminder", `x.contact < `+contact+` and not exists (select from contact_held h where h.id = x.contact)`),
	}
}

// sweep takes away what drops left behind, also those that a crash cut short.
func (s *Store) sweep(ctx context.Context) error {
	rows, err := s.pool.Query(ctx, selectDetached)
	if err != nil {
		return classify("looking for detached partitions", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return classify("looking for detached partitions", err)
	}
	for _, name := range names {
		if _, err := s.pool.Exec(ctx, `drop table if exists `+pgx.Identifier{name}.Sanitize()); err != nil {
			return classify("dropping a partition", err)
		}
	}
	for _, statement := range sweeps() {
		if err := s.sweepRows(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// sweepRows repeats a sweep until nothing is left, or has been enough for a turn.
func (s *Store) sweepRows(ctx context.Context, statement string) error {
	for range 100 {
		tag, err := s.pool.Exec(ctx, statement)
		if err != nil || tag.RowsAffected() == 0 {
			return classify("taking away what hung on dropped rows", err)
		}
	}
	return nil
}

// release takes away copies that no hold keeps any more; all of them are older than retention.
func (s *Store) release(ctx context.Context) error {
	batch := &pgx.Batch{}
	for _, statement := range []string{
		`delete from contact_held x where not ` + underHold,
		`delete from plan_held p where not exists (select from contact_held c where c.id = p.contact)`,
		`delete from step_held s where not exists (select from contact_held c where c.id = s.contact)`,
		`delete from message_held x where not ` + underHold,
		`delete from evidence_held e where not exists (select from message_held m where m.id = e.message)`,
		`delete from letter_held l where not exists (select from message_held m where m.id = l.message)`,
		`delete from ledger_entry_held x where not ` + named + `
    and not exists (select from contact c where c.id = x.contact and ` + heldContactRow + `)`,
	} {
		batch.Queue(statement)
	}
	return classify("releasing what was held", s.pool.SendBatch(ctx, batch).Close())
}
