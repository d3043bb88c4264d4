package sqlite

import (
	"context"
	"errors"

	"carillon/core/store"
)

// applySet applies one write set under a savepoint. A set that loses is undone alone; an error is of the whole call.
// Before are the verdicts on the call's sets before it.
func (x *tx) applySet(ctx context.Context, w *store.Writes, before []store.Verdict) (store.Verdict, error) {
	if _, err := x.exec(ctx, "savepoint one_set"); err != nil {
		return store.Verdict{}, err
	}
	v := store.Verdict{Outcome: store.Applied}
	err := x.write(ctx, w)
	if err == nil {
		err = each(ctx, withVerdicts(w.Batches, before), x.flush)()
	}
	if err == nil {
		v.Purged, err = x.purges(ctx, w.Purges)
	}
	if err == nil && w.Claim != nil {
		v.Claimed, err = x.claim(ctx, w.Claim)
	}
	if err == nil {
		_, err = x.exec(ctx, "release one_set")
		x.gather(w)
		return v, err
	}
	if v, err = verdictOf(err); err != nil {
		return store.Verdict{}, err
	}
	if _, err := x.exec(ctx, "rollback to one_set"); err != nil {
		return store.Verdict{}, err
	}
	_, err = x.exec(ctx, "release one_set")
	return v, err
}

// verdictOf turns a loss into the set's verdict; any other error stays one.
func verdictOf(err error) (store.Verdict, error) {
	if r := (*replay)(nil); errors.As(err, &r) {
		return r.verdict, nil
	}
	if l := (*loss)(nil); errors.As(err, &l) {
		return store.Verdict{Outcome: store.Conflict, What: l.what}, nil
	}
	return store.Verdict{}, err
}

// gather takes what the set only appends.
func (x *tx) gather(w *store.Writes) {
	for _, c := range w.Counts {
		delta := c.Delta
		c.Delta = 0
		x.counts[c] += delta
	}
	x.entries = append(x.entries, w.Entries...)
}

// write writes the set but for its claim, its counters, its entries and its flushes. What a set takes away goes before what it
// puts there, so that a settlement may put the message's next deadline.
func (x *tx) write(ctx context.Context, w *store.Writes) error {
	return inTurn(
		func() error { return x.keys(ctx, w.Keys) },
		func() error { return x.batches(ctx, w) },
		each(ctx, w.Settles, x.settle),
		each(ctx, w.Requeues, x.requeue),
		each(ctx, w.Undues, x.undue),
		each(ctx, w.Undeadlines, x.undeadline),
		each(ctx, w.Spent, x.spent),
		each(ctx, w.Undead, x.undead),
		each(ctx, w.Done, x.completed),
		each(ctx, w.ToDoPurges, x.purgeToDo),
		each(ctx, w.Consumed, x.consume),
		each(ctx, w.Deferred, x.deferReport),
		each(ctx, w.Lifted, x.lift),
		x.customers(ctx, w),
		each(ctx, w.Contacts, x.contact),
		each(ctx, w.Plans, x.plan),
		each(ctx, w.Steps, x.step),
		each(ctx, w.Messages, x.message),
		each(ctx, w.Dues, x.due),
		each(ctx, w.Evidence, x.evidence),
		each(ctx, w.Refs, x.ref),
		each(ctx, w.Deadlines, x.deadline),
		each(ctx, w.Dead, x.dead),
		each(ctx, w.ToDos, x.toDo),
		func() error { return x.toDoMoves(ctx, w.ToDoMoves) },
		each(ctx, w.Halts, x.halt),
		each(ctx, w.Retries, x.retry),
		func() error { return x.files(ctx, w) },
		func() error { return x.happened(ctx, w) },
		each(ctx, w.Reports, x.report),
		each(ctx, w.Marks, x.mark),
		each(ctx, w.Suppressions, x.suppress),
		each(ctx, w.Runs, x.run),
		each(ctx, w.Letters, x.letter),
		each(ctx, w.Pauses, x.pause),
		each(ctx, w.Trips, x.trip),
		each(ctx, w.Principals, x.principal),
		each(ctx, w.Revoked, x.revoke),
		each(ctx, w.Cursors, x.cursor),
		one(ctx, w.Growth, x.grow),
		each(ctx, w.Seals, x.seal),
		each(ctx, w.Folds, x.fold),
		each(ctx, w.Recounts, x.recounted),
		each(ctx, w.Unholds, x.unhold),
		each(ctx, w.Holds, x.hold),
		each(ctx, w.Ticks, x.tick),
		each(ctx, w.Ranges, x.intakeRange),
		each(ctx, w.Beats, x.beat),
		each(ctx, w.Farewells, x.farewell),
		each(ctx, w.Spends, x.spend),
		one(ctx, w.Config, x.config),
	)()
}

// customers writes persons and what they have.
func (x *tx) customers(ctx context.Context, w *store.Writes) func() error {
	return inTurn(
		each(ctx, w.Persons, x.person),
		each(ctx, w.Sightings, x.sighting),
		each(ctx, w.Premises, x.premise),
		each(ctx, w.Accounts, x.account),
		each(ctx, w.Agreements, x.agreement),
	)
}

// inTurn does one part after the other until one fails.
func inTurn(parts ...func() error) func() error {
	return func() error {
		for _, part := range parts {
			if err := part(); err != nil {
				return err
			}
		}
		return nil
	}
}

// batches writes what the batch framework keeps.
func (x *tx) batches(ctx context.Context, w *store.Writes) error {
	for _, part := range []func() error{
		each(ctx, w.BatchRuns, x.batchRun),
		each(ctx, w.BatchThreads, x.batchThread),
		each(ctx, w.BatchErrors, x.batchError),
		each(ctx, w.BatchPauses, x.batchPause),
		each(ctx, w.Reviews, x.review),
	} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// each writes rows one after the other until one fails.
func each[T any](ctx context.Context, rows []T, write func(context.Context, T) error) func() error {
	return func() error {
		for _, row := range rows {
			if err := write(ctx, row); err != nil {
				return err
			}
		}
		return nil
	}
}

// one writes a row that need not be there.
func one[T any](ctx context.Context, row *T, write func(context.Context, T) error) func() error {
	return func() error {
		if row == nil {
			return nil
		}
		return write(ctx, *row)
	}
}
