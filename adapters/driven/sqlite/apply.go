package sqlite

import (
	"context"
	"errors"

	"carillon/core/store"
)

// applySet applies one write set under a savepoint. A set that loses is undone alone; an error is of the whole call.
// Before are the verdicts on the call's sets before it.
func (x *tx) applySet(ctx context.Context, w *store.Writes, before []store.Verdict) (store.Verdict, error) {
	ofMessage := store.Of(w.Message)
	if _, err := x.exec(ctx, "savepoint one_set"); err != nil {
		return store.Verdict{}, err
	}
	v := store.Verdict{Outcome: store.Applied}
	err := x.write(ctx, w)
	if err == nil {
		err = each(ctx, withVerdicts(store.Of(w.Intake).Batches, before), x.flush)()
	}
	if err == nil {
		v.Purged, err = x.purges(ctx, store.Of(w.Upkeep).Purges)
	}
	if err == nil && ofMessage.Claim != nil {
		v.Claimed, err = x.claim(ctx, ofMessage.Claim)
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
	for _, c := range store.Of(w.Message).Counts {
		delta := c.Delta
		c.Delta = 0
		x.counts[c] += delta
	}
	x.entries = append(x.entries, store.Of(w.Ledger).Entries...)
}

// write writes the set but for its claim, its counters, its entries and its flushes. What a set takes away goes before
// what it puts there, so that a settlement may put the message's next deadline.
func (x *tx) write(ctx context.Context, w *store.Writes) error {
	return inTurn(
		func() error { return x.keys(ctx, store.Of(w.Intake).Keys) },
		func() error { return x.batches(ctx, w) },
		x.takeAway(ctx, w),
		x.customers(ctx, w),
		x.putContacts(ctx, w),
		func() error { return x.files(ctx, w) },
		func() error { return x.happened(ctx, w) },
		x.putReports(ctx, w),
		x.operate(ctx, w),
		x.keepUp(ctx, w),
	)()
}

// takeAway takes rows away.
func (x *tx) takeAway(ctx context.Context, w *store.Writes) func() error {
	ofMessage, ofToDo, ofReport := store.Of(w.Message), store.Of(w.ToDo), store.Of(w.Report)
	return inTurn(
		each(ctx, ofMessage.Settles, x.settle),
		each(ctx, ofMessage.Requeues, x.requeue),
		each(ctx, ofMessage.Undues, x.undue),
		each(ctx, ofMessage.Undeadlines, x.undeadline),
		each(ctx, ofMessage.Spent, x.spent),
		each(ctx, ofMessage.Undead, x.undead),
		each(ctx, ofToDo.Done, x.completed),
		each(ctx, ofToDo.ToDoPurges, x.purgeToDo),
		each(ctx, ofReport.Consumed, x.consume),
		each(ctx, ofReport.Deferred, x.deferReport),
		each(ctx, store.Of(w.Consent).Lifted, x.lift),
	)
}

// putContacts writes contacts with their messages and the work they make.
func (x *tx) putContacts(ctx context.Context, w *store.Writes) func() error {
	ofContact, ofMessage, ofToDo := store.Of(w.Contact), store.Of(w.Message), store.Of(w.ToDo)
	return inTurn(
		each(ctx, ofContact.Contacts, x.contact),
		each(ctx, ofContact.Plans, x.plan),
		each(ctx, ofContact.Steps, x.step),
		each(ctx, ofMessage.Messages, x.message),
		each(ctx, ofMessage.Dues, x.due),
		each(ctx, ofMessage.Evidence, x.evidence),
		each(ctx, ofMessage.Refs, x.ref),
		each(ctx, ofMessage.Deadlines, x.deadline),
		each(ctx, ofMessage.Dead, x.dead),
		each(ctx, ofToDo.ToDos, x.toDo),
		func() error { return x.toDoMoves(ctx, ofToDo.ToDoMoves) },
		each(ctx, ofContact.Halts, x.halt),
		each(ctx, ofContact.Retries, x.retry),
	)
}

// putReports writes what was heard, and what follows for addresses and letters.
func (x *tx) putReports(ctx context.Context, w *store.Writes) func() error {
	return inTurn(
		each(ctx, store.Of(w.Report).Reports, x.report),
		each(ctx, store.Of(w.Customer).Marks, x.mark),
		each(ctx, store.Of(w.Consent).Suppressions, x.suppress),
		each(ctx, store.Of(w.Letter).Runs, x.run),
		each(ctx, store.Of(w.Letter).Letters, x.letter),
	)
}

// operate writes what people who run the gateway change.
func (x *tx) operate(ctx context.Context, w *store.Writes) func() error {
	ofLane, ofAdmin := store.Of(w.Lane), store.Of(w.Admin)
	return inTurn(
		each(ctx, ofLane.Pauses, x.pause),
		each(ctx, ofLane.Trips, x.trip),
		each(ctx, ofAdmin.Principals, x.principal),
		each(ctx, ofAdmin.Revoked, x.revoke),
		one(ctx, ofAdmin.Config, x.config),
	)
}

// keepUp writes what chores and gateways change.
func (x *tx) keepUp(ctx context.Context, w *store.Writes) func() error {
	ofLedger, ofUpkeep, ofFleet := store.Of(w.Ledger), store.Of(w.Upkeep), store.Of(w.Fleet)
	return inTurn(
		each(ctx, ofLedger.Cursors, x.cursor),
		one(ctx, ofLedger.Growth, x.grow),
		each(ctx, ofLedger.Seals, x.seal),
		each(ctx, ofUpkeep.Folds, x.fold),
		each(ctx, ofUpkeep.Recounts, x.recounted),
		each(ctx, ofUpkeep.Unholds, x.unhold),
		each(ctx, ofUpkeep.Holds, x.hold),
		each(ctx, ofUpkeep.Ticks, x.tick),
		each(ctx, store.Of(w.Intake).Ranges, x.intakeRange),
		each(ctx, ofFleet.Beats, x.beat),
		each(ctx, ofFleet.Farewells, x.farewell),
		each(ctx, ofFleet.Spends, x.spend),
	)
}

// customers writes persons and what they have.
func (x *tx) customers(ctx context.Context, w *store.Writes) func() error {
	ofCustomer := store.Of(w.Customer)
	return inTurn(
		each(ctx, ofCustomer.Persons, x.person),
		each(ctx, ofCustomer.Sightings, x.sighting),
		each(ctx, ofCustomer.Premises, x.premise),
		each(ctx, ofCustomer.Accounts, x.account),
		each(ctx, ofCustomer.Agreements, x.agreement),
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
	ofBatch := store.Of(w.Batch)
	for _, part := range []func() error{
		each(ctx, ofBatch.BatchRuns, x.batchRun),
		each(ctx, ofBatch.BatchThreads, x.batchThread),
		each(ctx, ofBatch.BatchErrors, x.batchError),
		each(ctx, ofBatch.BatchPauses, x.batchPause),
		each(ctx, store.Of(w.Customer).Reviews, x.review),
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
