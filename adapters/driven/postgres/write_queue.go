package postgres

import (
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"carillon/core/message"
	"carillon/core/store"
)

// What happens to the due table, to deadlines and to evidence.
const (
	deleteDeadlines = `delete from deadline where message = any($1::uuid[])`

	// settle finds its rows by the primary key; what is not there under its fence aborts the transaction. The owner is
	// asked for by its length: statistics taken while nothing was claimed say that no row has one, and the planner
	// would then begin with the owned rows and search the array for each of them (a hundred times slower).
	settle = `
with gone as (
    delete from due d
    using unnest($1::smallint[], $2::bigint[], $3::uuid[], $4::integer[]) as f (lane, lease, message, fence)
    where d.lane = f.lane and d.due_at = f.lease and d.message = f.message and d.fence = f.fence and length(d.owner) > 0
    returning 1)
select expect_rows((select count(*) from gone), $5, 'fence')`

	requeue = `
with back as (
    update due d
    set due_at = f.at, reason = f.reason, attempt = f.attempt, seq = f.seq,
        owner = case when f.keep then d.owner else '' end
    from unnest($1::smallint[], $2::bigint[], $3::uuid[], $4::integer[], $5::bigint[], $6::smallint[], $7::smallint[],
        $8::integer[], $9::boolean[]) as f (lane, lease, message, fence, at, reason, attempt, seq, keep)
    where d.lane = f.lane and d.due_at = f.lease and d.message = f.message and d.fence = f.fence and length(d.owner) > 0
    returning 1)
select expect_rows((select count(*) from back), $10, 'fence')`

	undue = `
with gone as (delete from due where message = any($1::uuid[]) and owner = '' returning 1)
select expect_rows((select count(*) from gone), $2, 'fence')`

	insertDues = `
insert into due (lane, due_at, message, first_due_at, reason, priority, attempt, seq, fence, owner)
select * from unnest($1::smallint[], $2::bigint[], $3::uuid[], $4::bigint[], $5::smallint[], $6::smallint[], $7::smallint[],
    $8::integer[], $9::integer[], $10::text[])`

	insertEvidence = `
insert into evidence (message, seq, at, kind, attempt, reason, code, provider, ref, took)
select * from unnest($1::uuid[], $2::integer[], $3::bigint[], $4::smallint[], $5::smallint[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::bigint[])`

	insertRefs = `
insert into provider_ref (provider, ref, message, at)
select * from unnest($1::text[], $2::text[], $3::uuid[], $4::bigint[])
on conflict do nothing`

	insertDeadlines = `
insert into deadline (message, kind, at)
select * from unnest($1::uuid[], $2::smallint[], $3::bigint[])
on conflict (message, kind) do update set at = excluded.at`

	insertCounts = `
insert into counter (hour, channel, urgency, place, delta)
select * from unnest($1::bigint[], $2::text[], $3::smallint[], $4::smallint[], $5::bigint[])`
)

// spendDeadlines takes away deadlines that have passed, unless they were put anew meanwhile.
const spendDeadlines = `
delete from deadline d using unnest($1::uuid[], $2::smallint[], $3::bigint[]) as i (message, kind, at)
where d.message = i.message and d.kind = i.kind and d.at = i.at`

// queueGone takes away what waits.
func queueGone(batch *pgx.Batch, jobs []*job) {
	if rows := flat(jobs, func(w *store.Writes) []message.Deadline { return store.Of(w.Message).Spent }); len(rows) > 0 {
		batch.Queue(spendDeadlines,
			col(rows, func(d *message.Deadline) [16]byte { return d.Message }),
			col(rows, func(d *message.Deadline) int16 { return int16(d.Kind) }),
			col(rows, func(d *message.Deadline) int64 { return micros(d.At) }))
	}
	if ids := flat(jobs, func(w *store.Writes) []message.ID { return store.Of(w.Message).Undeadlines }); len(ids) > 0 {
		batch.Queue(deleteDeadlines, uuids(ids))
	}
	if rows := flat(jobs, func(w *store.Writes) []store.Settle { return store.Of(w.Message).Settles }); len(rows) > 0 {
		batch.Queue(settle,
			col(rows, func(s *store.Settle) int16 { return int16(s.Fence.Lane) }),
			col(rows, func(s *store.Settle) int64 { return micros(s.Fence.Lease) }),
			col(rows, func(s *store.Settle) [16]byte { return s.Fence.Message }),
			col(rows, func(s *store.Settle) int32 { return s.Fence.Number }),
			len(rows))
	}
	if rows := flat(jobs, func(w *store.Writes) []store.Requeue { return store.Of(w.Message).Requeues }); len(rows) > 0 {
		batch.Queue(requeue,
			col(rows, func(r *store.Requeue) int16 { return int16(r.Fence.Lane) }),
			col(rows, func(r *store.Requeue) int64 { return micros(r.Fence.Lease) }),
			col(rows, func(r *store.Requeue) [16]byte { return r.Fence.Message }),
			col(rows, func(r *store.Requeue) int32 { return r.Fence.Number }),
			col(rows, func(r *store.Requeue) int64 { return micros(r.At) }),
			col(rows, func(r *store.Requeue) int16 { return reasonNumber(r.Reason) }),
			col(rows, func(r *store.Requeue) int16 { return r.Attempt }),
			col(rows, func(r *store.Requeue) int32 { return r.Seq }),
			col(rows, func(r *store.Requeue) bool { return r.Keep }),
			len(rows))
	}
	if rows := flat(jobs, func(w *store.Writes) []store.Undue { return store.Of(w.Message).Undues }); len(rows) > 0 {
		batch.Queue(undue, col(rows, func(u *store.Undue) [16]byte { return u.Message }), len(rows))
	}
}

func queueQueue(batch *pgx.Batch, jobs []*job) {
	if rows := flat(jobs, func(w *store.Writes) []message.Due { return store.Of(w.Message).Dues }); len(rows) > 0 {
		queueDues(batch, rows)
	}
	if rows := flat(jobs, func(w *store.Writes) []message.Evidence { return store.Of(w.Message).Evidence }); len(rows) > 0 {
		queueEvidence(batch, rows)
	}
	if rows := flat(jobs, func(w *store.Writes) []store.ProviderRef { return store.Of(w.Message).Refs }); len(rows) > 0 {
		batch.Queue(insertRefs,
			col(rows, func(r *store.ProviderRef) string { return text(r.Provider) }),
			col(rows, func(r *store.ProviderRef) string { return text(r.Ref) }),
			col(rows, func(r *store.ProviderRef) [16]byte { return r.Message }),
			col(rows, func(r *store.ProviderRef) int64 { return micros(r.At) }))
	}
	if rows := lastDeadlines(flat(jobs, func(w *store.Writes) []message.Deadline { return store.Of(w.Message).Deadlines })); len(rows) > 0 {
		batch.Queue(insertDeadlines,
			col(rows, func(d *message.Deadline) [16]byte { return d.Message }),
			col(rows, func(d *message.Deadline) int16 { return int16(d.Kind) }),
			col(rows, func(d *message.Deadline) int64 { return micros(d.At) }))
	}
	queueCounts(batch, jobs)
}

// lastDeadlines leaves of several deadlines of one kind the last: a message has one.
func lastDeadlines(rows []message.Deadline) []message.Deadline {
	type place struct {
		message message.ID
		kind    message.DeadlineKind
	}
	at := make(map[place]int, len(rows))
	last := make([]message.Deadline, 0, len(rows))
	for _, d := range rows {
		if i, there := at[place{d.Message, d.Kind}]; there {
			last[i] = d
			continue
		}
		at[place{d.Message, d.Kind}] = len(last)
		last = append(last, d)
	}
	return last
}

func queueDues(batch *pgx.Batch, rows []message.Due) {
	batch.Queue(insertDues,
		col(rows, func(d *message.Due) int16 { return int16(d.Lane) }),
		col(rows, func(d *message.Due) int64 { return micros(d.At) }),
		col(rows, func(d *message.Due) [16]byte { return d.Message }),
		col(rows, func(d *message.Due) int64 { return micros(d.FirstAt) }),
		col(rows, func(d *message.Due) int16 { return reasonNumber(d.Reason) }),
		col(rows, func(d *message.Due) int16 { return d.Priority }),
		col(rows, func(d *message.Due) int16 { return d.Attempt }),
		col(rows, func(d *message.Due) int32 { return d.Seq }),
		col(rows, func(d *message.Due) int32 { return d.Fence }),
		col(rows, func(d *message.Due) string { return text(d.Owner) }))
}

func queueEvidence(batch *pgx.Batch, rows []message.Evidence) {
	batch.Queue(insertEvidence,
		col(rows, func(e *message.Evidence) [16]byte { return e.Message }),
		col(rows, func(e *message.Evidence) int32 { return e.Seq }),
		col(rows, func(e *message.Evidence) int64 { return micros(e.At) }),
		col(rows, func(e *message.Evidence) int16 { return int16(e.Kind) }),
		col(rows, func(e *message.Evidence) int16 { return e.Attempt }),
		col(rows, func(e *message.Evidence) string { return text(e.Reason) }),
		col(rows, func(e *message.Evidence) string { return text(e.Code) }),
		col(rows, func(e *message.Evidence) string { return text(e.Provider) }),
		col(rows, func(e *message.Evidence) string { return text(e.Ref) }),
		col(rows, func(e *message.Evidence) int64 { return e.Took.Microseconds() }))
}

// queueCounts adds the deltas of the sets up first: five hundred acceptances of one hour are two rows.
func queueCounts(batch *pgx.Batch, jobs []*job) {
	type cell struct {
		hour    int64
		channel message.Channel
		urgency message.Urgency
		place   message.Place
	}
	sums := map[cell]int64{}
	var cells []cell
	for _, j := range jobs {
		for _, c := range store.Of(j.writes.Message).Counts {
			at := cell{micros(c.Hour.Truncate(time.Hour)), c.Channel, c.Urgency, c.Place}
			if _, there := sums[at]; !there {
				cells = append(cells, at)
			}
			sums[at] += c.Delta
		}
	}
	cells = slices.DeleteFunc(cells, func(c cell) bool { return sums[c] == 0 })
	if len(cells) == 0 {
		return
	}
	batch.Queue(insertCounts,
		col(cells, func(c *cell) int64 { return c.hour }),
		col(cells, func(c *cell) string { return string(c.channel) }),
		col(cells, func(c *cell) int16 { return int16(c.urgency) }),
		col(cells, func(c *cell) int16 { return int16(c.place) }),
		col(cells, func(c *cell) int64 { return sums[*c] }))
}

func uuids(ids []message.ID) [][16]byte {
	return col(ids, func(id *message.ID) [16]byte { return *id })
}

// reasons are numbered by their place, from 1 on; the numbers are stored and never change.
func reasons() [9]message.WaitReason {
	return [...]message.WaitReason{
		message.WaitNew, message.WaitRetry, message.WaitThrottled, message.WaitWindow, message.WaitReturned,
		message.WaitOperator, message.WaitRun, message.WaitCalled, message.WaitLeased,
	}
}

func reasonNumber(r message.WaitReason) int16 {
	known := reasons()
	return int16(slices.Index(known[:], r) + 1) //nolint:gosec // at most nine
}

func reasonOf(number int16) message.WaitReason {
	known := reasons()
	if number < 1 || int(number) > len(known) {
		return ""
	}
	return known[number-1]
}
