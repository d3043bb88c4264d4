package postgres

import (
	"cmp"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"

	"carillon/core/message"
	"carillon/core/store"
)

// claim reads the previous owner before it overwrites it: one that is there tells a lapsed claim.
const claim = `
with c as materialized (
    select ctid as t, due_at as was, owner as previous, reason as waited
    from due
    where lane = $1 and due_at <= $2 and due_at >= $3
        and not exists (select from lane_pause p where p.lane = $1 and (p.until = 0 or p.until > $2))
    order by due_at, message
    limit $4
    for update skip locked),
u as (
    update due d
    set due_at = $5, owner = $6, reason = $7, fence = d.fence + 1
    from c
    where d.ctid = c.t
    returning d.message, d.first_due_at, d.priority, d.attempt, d.seq, d.fence, c.was, c.previous, c.waited)
select u.was, u.first_due_at, u.priority, u.attempt, u.seq, u.fence, u.previous, u.waited, ` + messageColumns + `
from u join message m on m.id = u.message`

// queueClaim queues the claim of a set and puts what it takes into the set's verdict.
func queueClaim(batch *pgx.Batch, j *job) {
	c := store.Of(j.writes.Message).Claim
	if c == nil || c.Limit < 1 {
		return
	}
	low := int64(math.MinInt64)
	if !c.Low.IsZero() {
		low = micros(c.Low)
	}
	batch.Queue(claim, int16(c.Lane), micros(c.Now), low, c.Limit, micros(c.Lease), text(c.Owner),
		reasonNumber(cmp.Or(c.Reason, message.WaitCalled))).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (taking, error) { return takingOf(row, c) })
		slices.SortFunc(found, taking.compare)
		j.verdict.Claimed = col(found, func(t *taking) message.Taken { return t.taken })
		return err
	})
}

// taking is a claimed message with when it was due.
type taking struct {
	was   int64
	taken message.Taken
}

func (t taking) compare(other taking) int {
	return cmp.Or(cmp.Compare(t.was, other.was),
		slices.Compare(t.taken.Message.ID[:], other.taken.Message.ID[:]))
}

func takingOf(row pgx.CollectableRow, c *store.Claim) (taking, error) {
	var t taking
	var m messageRow
	var first int64
	var waited int16
	d := &t.taken.Due
	err := row.Scan(append([]any{&t.was, &first, &d.Priority, &d.Attempt, &d.Seq, &d.Fence, &t.taken.Lapsed, &waited}, m.columns()...)...)
	t.taken.Message, t.taken.Was = m.message(), reasonOf(waited)
	d.Lane, d.Message, d.FirstAt, d.Reason = c.Lane, t.taken.Message.ID, timeOf(first), cmp.Or(c.Reason, message.WaitCalled)
	d.At, d.Owner = timeOf(micros(c.Lease)), c.Owner
	return t, err
}
