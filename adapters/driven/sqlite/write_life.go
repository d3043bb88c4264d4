package sqlite

import (
	"cmp"
	"context"
	"math"
	"time"

	"carillon/core/message"
	"carillon/core/store"
)

// held is the condition that a claim still holds.
const held = ` where lane = ? and due_at = ? and message = ? and fence = ? and owner <> ''`

func (x *tx) settle(ctx context.Context, s store.Settle) error {
	f := s.Fence
	return x.must(ctx, store.LostFence, `delete from due`+held, int64(f.Lane), micros(f.Lease), f.Message[:], f.Number)
}

const requeueRow = `
update due set due_at = ?, reason = ?, attempt = ?, seq = ?, owner = case when ? then owner else '' end` + held

func (x *tx) requeue(ctx context.Context, r store.Requeue) error {
	f := r.Fence
	return x.must(ctx, store.LostFence, requeueRow, micros(r.At), string(r.Reason), r.Attempt, r.Seq, r.Keep,
		int64(f.Lane), micros(f.Lease), f.Message[:], f.Number)
}

func (x *tx) undue(ctx context.Context, u store.Undue) error {
	return x.must(ctx, store.LostFence, `delete from due where message = ? and owner = ''`, u.Message[:])
}

const (
	claimable = `
select ` + dueColumns + `, ` + messageColumns + `
from (select * from due where lane = ? and due_at <= ? and due_at >= ? and not exists (
    select 1 from lane_pause p where p.lane = due.lane and (p.until = 0 or p.until > ?))
    order by due_at, message limit ?) d
join message m on m.id = d.message
order by d.due_at, d.message`

	claimRow = `
update due set due_at = ?, owner = ?, reason = ?, fence = fence + 1
where lane = ? and due_at = ? and message = ?`
)

// claim takes what is due. A row that still has an owner is a claim that has lapsed.
func (x *tx) claim(ctx context.Context, c *store.Claim) ([]message.Taken, error) {
	if c.Limit < 1 {
		return nil, nil
	}
	low := int64(math.MinInt64)
	if !c.Low.IsZero() {
		low = micros(c.Low)
	}
	rows, err := x.rows(ctx, claimable, int64(c.Lane), micros(c.Now), low, micros(c.Now), c.Limit)
	taken, err := collect(rows, err, func(r rowScanner, t *message.Taken) error {
		return r.Scan(append(dueInto(&t.Due), messageInto(&t.Message)...)...)
	})
	if err != nil {
		return nil, err
	}
	reason := cmp.Or(c.Reason, message.WaitCalled)
	for i := range taken {
		d := &taken[i].Due
		err := x.must(ctx, store.LostFence, claimRow, micros(c.Lease), c.Owner, string(reason),
			int64(d.Lane), micros(d.At), d.Message[:])
		if err != nil {
			return nil, err
		}
		taken[i].Lapsed, taken[i].Was = d.Owner, d.Reason
		d.At, d.Owner, d.Reason = timeOf(micros(c.Lease)), c.Owner, reason
		d.Fence++
	}
	return taken, nil
}

const insertEvidence = `
insert into evidence (message, seq, at, kind, attempt, reason, code, provider, ref, took)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (x *tx) evidence(ctx context.Context, e message.Evidence) error {
	return x.must(ctx, store.LostEvidence, insertEvidence, e.Message[:], e.Seq, micros(e.At), int64(e.Kind), e.Attempt, e.Reason,
		e.Code, e.Provider, e.Ref, e.Took.Microseconds())
}

const evidenceColumns = `e.message, e.seq, e.at, e.kind, e.attempt, e.reason, e.code, e.provider, e.ref, e.took`

func scanEvidence(r rowScanner, e *message.Evidence) error {
	return r.Scan(octets{e.Message[:]}, &e.Seq, moment{&e.At}, &e.Kind, &e.Attempt, &e.Reason, &e.Code, &e.Provider,
		&e.Ref, span{&e.Took})
}

const insertRef = `insert into provider_ref (provider, ref, message, at) values (?, ?, ?, ?) on conflict do nothing`

// ref keeps a provider's reference; the first message that has it keeps it.
func (x *tx) ref(ctx context.Context, r store.ProviderRef) error {
	_, err := x.exec(ctx, insertRef, r.Provider, r.Ref, r.Message[:], micros(r.At))
	return err
}

const putDeadline = `
insert into deadline (message, kind, at) values (?, ?, ?) on conflict (message, kind) do update set at = excluded.at`

// deadline puts a deadline; a message has one of a kind.
func (x *tx) deadline(ctx context.Context, d message.Deadline) error {
	_, err := x.exec(ctx, putDeadline, d.Message[:], int64(d.Kind), micros(d.At))
	return err
}

func (x *tx) undeadline(ctx context.Context, id message.ID) error {
	_, err := x.exec(ctx, `delete from deadline where message = ?`, id[:])
	return err
}

// spent takes a deadline that has passed away, unless it was put anew meanwhile.
func (x *tx) spent(ctx context.Context, d message.Deadline) error {
	_, err := x.exec(ctx, `delete from deadline where message = ? and kind = ? and at = ?`, d.Message[:], int64(d.Kind), micros(d.At))
	return err
}

const insertReport = `
insert into report (provider, key, message, ref, at, says, reason, code, undeliverable, suppress, from_address,
    to_sender, word, received_at, look_at)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
on conflict do nothing`

// report puts a report into the inbox, where it is due at once. When it came is the one thing the store reads from
// a clock of its own; nothing is decided by it.
func (x *tx) report(ctx context.Context, r message.Report) error {
	_, err := x.exec(ctx, insertReport, r.Provider, r.Key, idOrNone(r.Message), r.Ref, micros(r.At), string(r.Says),
		r.Reason, r.Code, r.Undeliverable, r.Suppress, r.From.Reveal(), r.To, r.Word, micros(time.Now()))
	return err
}

const reportColumns = `r.number, r.provider, r.key, r.message, r.ref, r.at, r.says, r.reason, r.code, r.undeliverable,
r.suppress, r.from_address, r.to_sender, r.word, r.received_at`

func inboxedInto(in *store.Inboxed) []any {
	r := &in.Report
	return []any{
		&in.Number, &r.Provider, &r.Key,
		octets{r.Message[:]},
		&r.Ref,
		moment{&r.At},
		&r.Says, &r.Reason, &r.Code,
		&r.Undeliverable, &r.Suppress, &r.From, &r.To, &r.Word,
		moment{&in.ReceivedAt},
	}
}

func (x *tx) consume(ctx context.Context, number int64) error {
	return x.must(ctx, store.LostReport, `update report set done = 1 where number = ? and done = 0`, number)
}

func (x *tx) deferReport(ctx context.Context, d store.Deferral) error {
	_, err := x.exec(ctx, `update report set look_at = ? where number = ? and done = 0`, micros(d.At), d.Number)
	return err
}
