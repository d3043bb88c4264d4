package sqlite

import (
	"context"
	"slices"

	"carillon/core/store"
)

func (x *tx) intakeRange(ctx context.Context, r store.IntakeRange) error {
	return x.must(ctx, store.LostIntakeRange, `insert into intake_range (first, batch, n) values (?, ?, ?)`, int64(r.First), r.Batch, r.N)
}

const flushBatch = `
insert into intake_batch as b (id, source, division, by, started_at, ended_at, touched_at, lines, accepted, replayed, refused, state)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (id) do update
set ended_at = excluded.ended_at, touched_at = excluded.touched_at, lines = b.lines + excluded.lines,
    accepted = b.accepted + excluded.accepted, replayed = b.replayed + excluded.replayed,
    refused = b.refused + excluded.refused, state = excluded.state
where b.source = excluded.source`

// flush makes a batch or adds to it; one that another source sends is lost.
func (x *tx) flush(ctx context.Context, f store.BatchFlush) error {
	return x.must(ctx, store.LostBatch, flushBatch, f.ID, f.Source, f.Division, f.By, micros(f.StartedAt), micros(f.EndedAt), micros(f.TouchedAt),
		f.Lines, f.Accepted, f.Replayed, f.Refused, int64(f.State))
}

// withVerdicts adds the verdicts on the sets before to the flushes that ask for them.
func withVerdicts(flushes []store.BatchFlush, before []store.Verdict) []store.BatchFlush {
	flushes = slices.Clone(flushes)
	for i := range flushes {
		f := &flushes[i]
		if !f.Counted {
			continue
		}
		f.Lines += int64(len(before))
		for _, v := range before {
			switch v.Outcome {
			case store.Applied:
				f.Accepted++
			case store.Replayed:
				f.Replayed++
			case store.Conflict:
				f.Refused++
			}
		}
	}
	return flushes
}
