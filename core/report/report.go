// Package report takes what providers say later (SES events, SMS status, STOP replies, DMS acknowledgements, dialer
// results) through one inbox, and turns it into evidence, outcomes, next steps, suppressions and marks.
//
// A report is kept durably before its sender is answered. It may come twice, in any order, and before the settlement
// it belongs to: it waits in the inbox until its message is known and settled. Deadlines are the reports nobody
// sent: a receipt that did not come, a doubt nobody resolved, a message that expired.
package report

import (
	"context"
	"time"

	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

// Facts is what reports are matched against.
type Facts interface {
	Inbox(ctx context.Context, now time.Time, limit int) ([]store.Inboxed, error)
	LastTo(ctx context.Context, channel message.Channel, address customer.Address) (message.Message, error)
	Deadlines(ctx context.Context, now time.Time, limit int) ([]store.Passed, error)
	Suppressions(ctx context.Context, channel message.Channel, address customer.Address) ([]consent.Suppression, error)
}

// Configs hands out configurations.
type Configs interface{ Current() *config.Snapshot }

// Steps starts what follows.
type Steps interface {
	// NextStep returns the write set that starts the step after one that fell, empty when there is none. An error is
	// of the moment: the report is looked at again. A lasting one is told loudly by whoever provides this.
	NextStep(ctx context.Context, now time.Time, id contact.ID, fell int16, why string) (store.Writes, error)
	// Reply returns the write set that answers a recipient's own text.
	Reply(ctx context.Context, now time.Time, to message.Message, address customer.Address, template string) (store.Writes, error)
}

// Service works the inbox.
type Service struct {
	Store   store.Applier
	Facts   Facts
	Configs Configs
	Steps   Steps
}

// batch is how many reports or deadlines one turn takes.
const batch = 500

// Waits of reports whose message is not there yet, and how long they are kept.
const (
	settleWait = 200 * time.Millisecond // its message is being settled
	firstWait  = 500 * time.Millisecond // its message is not known: it may be settled any moment
	longest    = 30 * time.Minute
	keep       = 96 * time.Hour // SNS delivery logs lag up to 72 h
)

// Receive keeps reports. It returns when they are durable; one that is there already is passed over.
func (s *Service) Receive(ctx context.Context, _ time.Time, reports []message.Report) error {
	if len(reports) == 0 {
		return nil
	}
	_, err := s.Store.Apply(ctx, store.Writes{Report: &store.ReportWrites{Reports: reports}})
	return err
}

// Done is what a turn did.
type Done struct {
	Looked    int // reports or deadlines looked at
	Applied   int
	Unmatched int  // reports given up because their message never showed
	Full      bool // there may be more: come again at once
}

// Work takes reports that are due a look and settles them.
func (s *Service) Work(ctx context.Context, now time.Time) (Done, error) {
	waiting, err := s.Facts.Inbox(ctx, now, batch)
	if err != nil || len(waiting) == 0 {
		return Done{}, err
	}
	done := Done{Looked: len(waiting), Full: len(waiting) == batch}
	seen := make(map[string]bool, len(waiting))
	var sets []store.Writes
	for _, in := range waiting {
		about := subject(in)
		if about != "" && seen[about] {
			done.Full = true // a message, or a number that writes back, takes one report a turn; the next comes at once
			continue
		}
		seen[about] = true
		set, err := s.decide(ctx, now, in)
		if err != nil {
			if fault.KindOf(err) == fault.Unavailable {
				return done, err
			}
			set = deferred(in, now.Add(longest))
		}
		if in.Record == nil && in.Report.Says != message.SaysReply && now.Sub(in.ReceivedAt) > keep {
			done.Unmatched++
		}
		sets = append(sets, set)
	}
	return s.apply(ctx, sets, done)
}

// subject is what two reports must not tell of in one turn: their message, or the number that wrote back.
func subject(in store.Inboxed) string {
	switch {
	case in.Report.Says == message.SaysReply:
		return in.Report.From.Reveal()
	case in.Record != nil:
		return in.Record.Message.ID.String()
	}
	return ""
}

func (s *Service) apply(ctx context.Context, sets []store.Writes, done Done) (Done, error) {
	verdicts, err := s.Store.Apply(ctx, sets...)
	if err != nil {
		return done, err
	}
	for _, v := range verdicts {
		if v.Outcome == store.Applied {
			done.Applied++
		} else {
			done.Full = true // lost a race: read again, decide again
		}
	}
	return done, nil
}

func deferred(in store.Inboxed, at time.Time) store.Writes {
	return store.Writes{Report: &store.ReportWrites{Deferred: []store.Deferral{{Number: in.Number, At: at}}}}
}

// decide turns one waiting report into its write set.
func (s *Service) decide(ctx context.Context, now time.Time, in store.Inboxed) (store.Writes, error) {
	consume := store.Writes{Report: &store.ReportWrites{Consumed: []int64{in.Number}}}
	if in.Report.Says == message.SaysReply {
		set, err := s.reply(ctx, now, in.Report)
		return set.And(consume), err
	}
	if in.Record == nil {
		if now.Sub(in.ReceivedAt) > keep {
			return consume, nil
		}
		return deferred(in, now.Add(wait(now.Sub(in.ReceivedAt)))), nil
	}
	rec := *in.Record
	life := rec.Life()
	if life.Work == message.Claimed && !message.LeasedByVendor(rec.Due) {
		return deferred(in, now.Add(settleWait)), nil
	}
	if in.Report.Says == message.SaysTaken && in.Report.Reason == "" && life.Work != message.Doubted {
		return consume, nil // tells what the settlement told
	}
	move, err := saying(in.Report, life)
	if fault.Is(err, fault.Conflict) { // says nothing this message can still hear: kept as a note
		move, err = life.Note(observed(in.Report))
	}
	if err != nil {
		return store.Writes{}, err
	}
	set, err := s.moved(ctx, now, rec, move)
	if err != nil {
		return store.Writes{}, err
	}
	return set.And(consequences(rec.Message, in.Report)).And(consume), nil
}

// wait grows with the age of a report: an early one is matched at once, a stray one costs little.
func wait(age time.Duration) time.Duration { return min(max(firstWait, age/4), longest) }

func observed(r message.Report) message.Observation {
	return message.Observation{At: r.At, Reason: r.Reason, Code: r.Code, Provider: r.Provider, Ref: r.Ref}
}

// handBackWait is how long a call that was not dialled rests before it is offered again.
const handBackWait = 5 * time.Minute

// saying is what a report does to a message.
func saying(r message.Report, life message.Life) (message.Move, error) {
	o := observed(r)
	switch r.Says {
	case message.SaysTaken:
		return life.Confirm(o)
	case message.SaysDelivered:
		return life.Deliver(o)
	case message.SaysFailed:
		return life.Fail(o)
	case message.SaysReturned:
		if life.Work == message.Claimed {
			return life.GiveBack(r.At.Add(handBackWait), message.WaitReturned)
		}
		return life.Fail(o) // pushed: the vendor would dedupe it, so it cannot be offered again
	default:
		return life.Note(o)
	}
}

// moved records a move of a message, with what becomes of its due row and with the step that follows a fall.
func (s *Service) moved(ctx context.Context, now time.Time, rec message.Record, move message.Move) (store.Writes, error) {
	set := store.Tell(rec.Message, move).And(dueAfter(rec, move))
	if !move.Moved() || !move.To.Place.Fallen() || !rec.Message.TellsPlan() {
		return set, nil
	}
	why := move.To.Place.String()
	if move.Evidence != nil && move.Evidence.Reason != "" {
		why = move.Evidence.Reason
	}
	next, err := s.Steps.NextStep(ctx, now, rec.Message.Origin.Contact, rec.Message.Origin.Step, why)
	return set.And(next), err
}

func dueAfter(rec message.Record, move message.Move) store.Writes {
	switch {
	case rec.Due == nil:
		return store.Writes{}
	case move.To.Work == message.Queued && move.From.Work == message.Claimed:
		return store.Writes{Message: &store.MessageWrites{Requeues: []store.Requeue{{
			Fence: message.FenceOf(*rec.Due), At: move.Again, Reason: move.Reason, Attempt: move.To.Attempts, Seq: move.To.Seq,
		}}}}
	case move.To.Work == message.Queued || move.To.Work == message.Claimed:
		return store.Writes{} // noted on the way
	case rec.Due.Owner == "":
		return store.Writes{Message: &store.MessageWrites{Undues: []store.Undue{{Message: rec.Message.ID}}}}
	}
	return store.Writes{Message: &store.MessageWrites{Settles: []store.Settle{{Fence: message.FenceOf(*rec.Due)}}}}
}
