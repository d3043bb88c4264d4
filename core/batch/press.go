package batch

import (
	"context"
	"time"

	"carillon/core/extract"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

// PressProvider is who says so in the evidence of letters.
const PressProvider = "dms"

// resume sends every frozen letter of the run that is not settled, and settles it.
func (l *Letters) resume(ctx context.Context, now time.Time, run extract.Run) error {
	after := int64(0)
	for {
		waiting, err := l.Facts.Unsent(ctx, run.Batch, run.Number, after, letterPage)
		if err != nil || len(waiting) == 0 {
			return err
		}
		after = waiting[len(waiting)-1].Letter.Number
		letters := make([]extract.Letter, len(waiting))
		for i, w := range waiting {
			letters[i] = w.Letter
		}
		answers := l.Press.Print(ctx, letters)
		if len(answers) != len(letters) {
			return fault.New(fault.Ambiguous, "the press did not answer for every letter")
		}
		settled, err := l.settle(ctx, now, waiting, answers)
		if err != nil {
			return err
		}
		if settled < len(waiting) { // the run must not be closed over them
			return fault.New(fault.Conflict, "letters of the run lost a race: it is resumed later")
		}
	}
}

// settle records what the press answered. Letters it did not take stay frozen and unsent; their first fault ends the
// turn, so that the run is resumed later and none is lost. It returns how many were settled.
func (l *Letters) settle(ctx context.Context, now time.Time, waiting []store.FrozenLetter, answers []error) (int, error) {
	var sets []store.Writes
	var trouble error
	for i, w := range waiting {
		life := w.Record.Life()
		o := message.Observation{At: now, Provider: PressProvider}
		var move message.Move
		var err error
		switch {
		case answers[i] == nil:
			move, err = life.Sent(o)
		case fault.Is(answers[i], fault.Refused):
			o.Reason, o.Code = "refused", fault.CodeOf(answers[i])
			move, err = life.Refuse(o)
		default:
			trouble = answers[i]
			continue
		}
		if err != nil || w.Record.Due == nil {
			continue // settled meanwhile
		}
		set, err := l.settled(ctx, now, w.Record.Message, *w.Record.Due, move)
		if err != nil {
			return 0, err
		}
		sets = append(sets, set)
	}
	if len(sets) == 0 {
		return 0, trouble
	}
	verdicts, err := l.Store.Apply(ctx, sets...)
	if err != nil {
		return 0, err
	}
	settled := 0
	for _, v := range verdicts {
		if v.Outcome == store.Applied {
			settled++
		}
	}
	return settled, trouble
}

// close adds the run up, durably, then hands the manifest over. From the moment it is added up no letter joins it: a
// gateway that is killed in between hands over the very same manifest when it resumes the run.
func (l *Letters) close(ctx context.Context, now time.Time, run extract.Run) (extract.Run, error) {
	digest, err := l.digest(ctx, run)
	if err != nil {
		return run, err
	}
	run.Hash, run.Letters = digest.Sum()
	run.ClosedAt, run.Version = l.Clock(), run.Version+1
	if err := l.write(ctx, run, ledger.RunClosed, now); err != nil {
		return run, err
	}
	return l.tell(ctx, run)
}

// tell hands over the manifest of a run that was added up. It may be handed over twice: the receiver knows it by its
// run number, and it says the same.
func (l *Letters) tell(ctx context.Context, run extract.Run) (extract.Run, error) {
	m := extract.Manifest{
		Batch: run.Batch, Run: run.Number, BusinessDate: run.BusinessDate, OpenedAt: run.OpenedAt.UTC().Format(ledger.TimeFormat),
		ClosedAt: run.ClosedAt.UTC().Format(ledger.TimeFormat), Letters: run.Letters, SHA256: run.Hash,
	}
	if err := l.Press.Close(ctx, m); err != nil {
		return run, err
	}
	run.ToldAt, run.Version = l.Clock(), run.Version+1
	record, err := l.record(ctx, run.ToldAt, run, nil)
	if err != nil {
		return run, err
	}
	return run, l.applyOne(ctx, record.And(store.Writes{Letter: &store.LetterWrites{Runs: []extract.Run{run}}}))
}

// digest adds up the letters that were handed over; one the press refused is not among them.
func (l *Letters) digest(ctx context.Context, run extract.Run) (*extract.Digest, error) {
	d := extract.NewDigest()
	after := int64(0)
	for {
		page, err := l.Facts.Letters(ctx, run.Batch, run.Number, after, letterPage)
		if err != nil || len(page) == 0 {
			return d, err
		}
		ids := make([]message.ID, len(page))
		for i, letter := range page {
			ids[i] = letter.Message
		}
		records, err := l.Facts.Messages(ctx, ids)
		if err != nil {
			return d, err
		}
		sent := make(map[message.ID]bool, len(records))
		for _, r := range records {
			sent[r.Message.ID] = wasSent(r)
		}
		for _, letter := range page {
			if sent[letter.Message] {
				d.Add(letter.Record)
			}
			after = letter.Number
		}
	}
}

func wasSent(r message.Record) bool {
	for _, e := range r.Evidence {
		if e.Kind == message.Sent {
			return true
		}
	}
	return false
}
