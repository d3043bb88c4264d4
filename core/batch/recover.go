package batch

import (
	"context"
	"slices"
	"time"

	"carillon/core/extract"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

// RecoverBatch is the batch code under which recoveries are kept as runs: the run's number is the time that the store was
// restored to, in microseconds, so that there is one recovery for each.
const RecoverBatch = "RECOVER"

// Restored is the reason in the evidence of a message that the lost future may have sent.
const Restored = "restored"

// Stretches by which numbers jump past whatever the lost future can have handed out.
const (
	numberStretch = 10_000_000
	runStretch    = 100_000
	recoverPage   = 200
)

// RecoveryFacts is what a recovery reads.
type RecoveryFacts interface {
	store.Recovery
	store.Numbers
	OpenRun(ctx context.Context, batch string) (extract.Run, error)
	RunList(ctx context.Context, batch string, below int64, limit int) ([]extract.Run, error)
	NextLeaf(ctx context.Context) (int64, error)
}

// Recovery makes a store that was restored from a backup safe to run on: what the lost future may have sent is not
// silently sent again, and no number is given twice.
type Recovery struct {
	Store   store.Applier
	Facts   RecoveryFacts
	Dedupes func(message.Message) bool // the receiver knows a message by its id, and takes it once
	Seen    func(n int)                // told after each page how many messages were looked at; may be nil
}

// Recovered is what a recovery found and did. The counts are of this turn.
type Recovered struct {
	Since     time.Time
	Dry       bool
	Before    bool  // it was done before: nothing was changed
	InDoubt   int   // may have been sent, and are held
	Repeated  int   // may have been sent, and their type says repeat: they stay queued, with evidence
	Kept      int   // stay as they are: their receiver knows them by their id, or they wait for a person
	OpenRun   int64 // run of LTRPRT that was open: look at it together with the receiver of letters; 0 when none was
	LastRun   int64 // runs of LTRPRT go on after this number
	NextLeaf  int64 // readers of the changes begin anew here
	Contacts  int64 // contact numbers go on from here
	Persons   int64
	Addresses int64 // contact points
}

// Run recovers, or says what it would do when dry is set. It is resumed when it was broken off, and changes nothing when
// it was done. Errors: Conflict while other programs of ours are at the store.
func (r *Recovery) Run(ctx context.Context, now, since time.Time, by string, dry bool) (Recovered, error) {
	out := Recovered{Since: since, Dry: dry}
	if err := r.alone(ctx, now, since, dry); err != nil {
		return out, err
	}
	run, known, err := r.known(ctx, since)
	if err != nil {
		return out, err
	}
	if known && !run.ClosedAt.IsZero() {
		out.Before = true
		return out, nil
	}
	if err := r.read(ctx, &out); err != nil {
		return out, err
	}
	if !known {
		run = extract.Run{Batch: RecoverBatch, Number: since.UnixMicro(), BusinessDate: now.Format(time.DateOnly), OpenedAt: now, Version: 1, By: by}
	}
	if !dry {
		if err := r.jump(ctx, now, run, known, &out); err != nil {
			return out, err
		}
	}
	if err := r.messages(ctx, now, run.OpenedAt, dry, &out); err != nil || dry {
		return out, err
	}
	run.ClosedAt, run.ToldAt, run.Letters, run.Version = now, now, int64(out.InDoubt+out.Repeated), run.Version+1
	return out, r.apply(ctx, store.Writes{Letter: &store.LetterWrites{Runs: []extract.Run{run}}})
}

// alone refuses a recovery that would race with gateways, or to a time that has not come.
func (r *Recovery) alone(ctx context.Context, now, since time.Time, dry bool) error {
	if !since.Before(now) {
		return fault.New(fault.Invalid, "since lies in the future")
	}
	others, err := r.Facts.Elsewhere(ctx)
	if err == nil && others > 0 && !dry {
		err = fault.New(fault.Conflict, "gateways are at the store: stop them first")
	}
	return err
}

// known finds a recovery to the same time.
func (r *Recovery) known(ctx context.Context, since time.Time) (extract.Run, bool, error) {
	runs, err := r.Facts.RunList(ctx, RecoverBatch, 0, recoverPage)
	if err != nil {
		return extract.Run{}, false, err
	}
	i := slices.IndexFunc(runs, func(run extract.Run) bool { return run.Number == since.UnixMicro() })
	if i < 0 {
		return extract.Run{}, false, nil
	}
	return runs[i], true, nil
}

// read finds where runs and leaves are.
func (r *Recovery) read(ctx context.Context, out *Recovered) error {
	runs, err := r.Facts.RunList(ctx, extract.LTRPRT, 0, 1)
	if err != nil {
		return err
	}
	for _, run := range runs {
		out.LastRun = run.Number
	}
	open, err := r.Facts.OpenRun(ctx, extract.LTRPRT)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	out.OpenRun = open.Number
	out.NextLeaf, err = r.Facts.NextLeaf(ctx)
	return err
}

// jump opens the recovery and moves every number past what the lost future can have handed out. The runs of LTRPRT go on
// after an empty one that says who put it there.
func (r *Recovery) jump(ctx context.Context, now time.Time, run extract.Run, known bool, out *Recovered) error {
	for _, sequence := range []struct {
		name string
		next *int64
	}{{"contact", &out.Contacts}, {"person", &out.Persons}, {"point", &out.Addresses}, {"account", new(int64)}, {"premise", new(int64)}, {"agreement", new(int64)}, {"log", new(int64)}} {
		first, err := r.Facts.Numbers(ctx, sequence.name, numberStretch)
		if err != nil {
			return err
		}
		*sequence.next = first + numberStretch
	}
	if known { // broken off: the runs have jumped
		return nil
	}
	out.LastRun += runStretch
	return r.apply(ctx, store.Writes{
		Letter: &store.LetterWrites{Runs: []extract.Run{run, {
			Batch: extract.LTRPRT, Number: out.LastRun, BusinessDate: run.BusinessDate, OpenedAt: now, ClosedAt: now, ToldAt: now, Version: 1, By: run.By,
		}}},
		Ledger: &store.LedgerWrites{Entries: []ledger.Entry{{At: now, Kind: ledger.StoreRestored, Reason: Restored, Code: out.Since.UTC().Format(ledger.TimeFormat), By: run.By}}},
	})
}

func (r *Recovery) apply(ctx context.Context, sets ...store.Writes) error {
	verdicts, err := r.Store.Apply(ctx, sets...)
	for _, v := range verdicts {
		if err == nil && v.Outcome != store.Applied {
			err = fault.New(fault.Conflict, "somebody else is at work: stop every gateway and recover again; lost "+string(v.What))
		}
	}
	return err
}

// messages goes through what was claimable when the recovery began, page by page.
func (r *Recovery) messages(ctx context.Context, now, began time.Time, dry bool, out *Recovered) error {
	var after message.ID
	for {
		page, err := r.Facts.Claimable(ctx, began, after, recoverPage)
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].Message.ID
		var sets []store.Writes
		for _, rec := range page {
			set, touched, err := r.one(now, began, rec, out)
			if err != nil {
				return err
			}
			if touched {
				sets = append(sets, set)
			}
		}
		if !dry {
			if err := r.apply(ctx, sets...); err != nil {
				return err
			}
		}
		if r.Seen != nil {
			r.Seen(len(page))
		}
	}
}

// one decides a message: the lost future may have claimed it, so it is as if it had. What its contact type says of doubts
// then holds: it is in doubt, or waits again with the evidence that it may be the second time.
func (r *Recovery) one(now, began time.Time, rec message.Record, out *Recovered) (store.Writes, bool, error) {
	seen := func(e message.Evidence) bool { return e.Reason == Restored && !e.At.Before(began) }
	switch {
	case rec.Due == nil, slices.ContainsFunc(rec.Evidence, seen):
		return store.Writes{}, false, nil
	case rec.Message.AcceptedAt.After(began), rec.Due.Reason == message.WaitOperator, r.Dedupes(rec.Message):
		out.Kept++
		return store.Writes{}, false, nil
	}
	life, err := rec.Life().Claim()
	if err != nil {
		return store.Writes{}, false, err
	}
	o := message.Observation{At: now, Reason: Restored}
	gone := store.Writes{Message: &store.MessageWrites{Undues: []store.Undue{{Message: rec.Message.ID}}}}
	if rec.Due.Owner != "" {
		gone = store.Writes{Message: &store.MessageWrites{Settles: []store.Settle{{Fence: message.FenceOf(*rec.Due)}}}}
	}
	if rec.Message.Doubt != message.Repeat {
		move, err := life.Doubt(o)
		out.InDoubt++
		return store.Tell(rec.Message, move).And(gone), true, err
	}
	move, err := life.Retry(o, now)
	due := *rec.Due
	due.At, due.Reason, due.Attempt, due.Seq, due.Fence, due.Owner = move.Again, move.Reason, move.To.Attempts, move.To.Seq, due.Fence+1, ""
	out.Repeated++
	return store.Tell(rec.Message, move).And(gone).And(store.Writes{Message: &store.MessageWrites{Dues: []message.Due{due}}}), true, err
}
