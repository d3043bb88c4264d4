package message

import (
	"time"

	"carillon/core/fault"
)

// Work is what is being done with a message.
type Work uint8

// The work states.
const (
	Queued   Work = iota + 1 // a due row exists without an owner
	Claimed                  // a due row exists under an owner's fence; the call may have been made
	Doubted                  // the call may have been made and nobody is calling
	Finished                 // nothing is being done
)

// String is the state's word in the API.
func (w Work) String() string {
	switch w {
	case Queued:
		return "queued"
	case Claimed:
		return "claimed"
	case Doubted:
		return "in_doubt"
	default:
		return "done"
	}
}

// Life is what is known of a message: the work state and the place its evidence amounts to. The zero Life is
// that of a message about to be accepted.
type Life struct {
	Work     Work
	Place    Place
	Seq      int32 // last evidence number
	Attempts int16 // attempts spent since it was accepted or last replayed
	Replays  int16 // how often a person put it back into the queue
}

// Born is the life of a message that was just accepted and waits.
func Born() Life { return Life{Work: Queued, Place: Pending} }

// Tell folds a message's evidence (in order of Seq) and its due row, nil when there is none, into its life.
func Tell(due *Due, seen []Evidence) Life {
	l := Born()
	for _, e := range seen {
		l.Seq = e.Seq
		switch {
		case e.Kind.IsAttempt():
			l.Attempts = e.Attempt
		case e.Kind == Replayed:
			l.Attempts, l.Replays = 0, l.Replays+1
		}
		l.Place = after(l.Place, e.Kind)
	}
	switch {
	case due != nil && due.Owner != "":
		l.Work, l.Place = Claimed, Pending
	case due != nil:
		l.Work, l.Place = Queued, Pending
	case l.Place == InDoubt:
		l.Work = Doubted
	default:
		l.Work = Finished
	}
	if due != nil && due.Attempt > l.Attempts {
		l.Attempts = due.Attempt
	}
	return l
}

// after is the place a message is in when evidence of the kind was seen in place p. Late evidence refines, a
// bounce after a delivery for one; nothing goes back to sent or unconfirmed once more is known.
func after(p Place, k EvidenceKind) Place {
	switch k {
	case Sent:
		return AtSent
	case Retried, Replayed:
		return Pending
	case Refused, GaveUp, Failed:
		return AtFailed
	case Doubtful:
		return InDoubt
	case Suppressed:
		return AtSuppressed
	case CancelledE:
		return AtCancelled
	case ExpiredE:
		return AtExpired
	case Silent:
		return AtUnconfirmed
	case Delivered:
		return AtDelivered
	default:
		return p
	}
}

// Move is what a lawful step changes: the next life, the evidence to append (nil for none) and, when the
// message waits again, when and why.
type Move struct {
	From, To Life
	Evidence *Evidence
	Again    time.Time // of a move back to the queue
	Reason   WaitReason
}

// Moved reports whether the message changed its place.
func (m Move) Moved() bool { return m.From.Place != m.To.Place }

// Observation is what a call or a report tells about a message.
type Observation struct {
	At       time.Time
	Reason   string
	Code     string
	Provider string
	Ref      string
	Took     time.Duration
}

func (l Life) move(work Work, kind EvidenceKind, o Observation) Move {
	next := l
	next.Work = work
	next.Seq = l.Seq + 1
	next.Place = after(l.Place, kind)
	e := Evidence{
		Seq: next.Seq, At: o.At, Kind: kind, Reason: o.Reason, Code: o.Code,
		Provider: o.Provider, Ref: o.Ref, Took: o.Took,
	}
	if kind.IsAttempt() {
		next.Attempts++
		e.Attempt = next.Attempts
	}
	return Move{From: l, To: next, Evidence: &e}
}

func lawful(ok bool, move string, l Life) error {
	if ok {
		return nil
	}
	return fault.New(fault.Conflict, "a message that is "+l.Work.String()+" and "+l.Place.String()+" cannot be "+move)
}

// Claim begins a call. Only what is queued can be claimed; a lapsed claim is claimed anew.
func (l Life) Claim() (Life, error) {
	if err := lawful(l.Work == Queued || l.Work == Claimed, "claimed", l); err != nil {
		return l, err
	}
	l.Work = Claimed
	return l, nil
}

// Sent settles a claimed message that the provider took.
func (l Life) Sent(o Observation) (Move, error) {
	if err := lawful(l.Work == Claimed, "sent", l); err != nil {
		return Move{}, err
	}
	return l.move(Finished, Sent, o), nil
}

// Refuse settles a claimed message that the provider refused for good.
func (l Life) Refuse(o Observation) (Move, error) {
	if err := lawful(l.Work == Claimed, "refused", l); err != nil {
		return Move{}, err
	}
	return l.move(Finished, Refused, o), nil
}

// Retry settles a failed call of a claimed message; it waits until again. The attempt is spent.
func (l Life) Retry(o Observation, again time.Time) (Move, error) {
	if err := lawful(l.Work == Claimed, "retried", l); err != nil {
		return Move{}, err
	}
	m := l.move(Queued, Retried, o)
	m.Again, m.Reason = again, WaitRetry
	return m, nil
}

// GiveUp settles a failed call of a claimed message that has no attempts left.
func (l Life) GiveUp(o Observation) (Move, error) {
	if err := lawful(l.Work == Claimed, "given up", l); err != nil {
		return Move{}, err
	}
	return l.move(Finished, GaveUp, o), nil
}

// GiveBack returns a claimed message to the queue uncalled or throttled; no attempt is spent.
func (l Life) GiveBack(again time.Time, why WaitReason) (Move, error) {
	if err := lawful(l.Work == Claimed, "given back", l); err != nil {
		return Move{}, err
	}
	next := l
	next.Work = Queued
	return Move{From: l, To: next, Again: again, Reason: why}, nil
}

// Doubt settles a claimed message whose call may have been made.
func (l Life) Doubt(o Observation) (Move, error) {
	if err := lawful(l.Work == Claimed, "doubted", l); err != nil {
		return Move{}, err
	}
	return l.move(Doubted, Doubtful, o), nil
}

// Suppress ends a message that may not be sent. Only what was not begun, or is under our own claim before the
// call, can be suppressed.
func (l Life) Suppress(o Observation) (Move, error) {
	if err := lawful(l.Work == Queued || l.Work == Claimed, "suppressed", l); err != nil {
		return Move{}, err
	}
	return l.move(Finished, Suppressed, o), nil
}

// Expire ends a message whose time has passed before it was begun.
func (l Life) Expire(o Observation) (Move, error) {
	if err := lawful(l.Work == Queued || l.Work == Claimed, "expired", l); err != nil {
		return Move{}, err
	}
	return l.move(Finished, ExpiredE, o), nil
}

// Cancel ends a message that was not begun.
func (l Life) Cancel(o Observation) (Move, error) {
	if err := lawful(l.Work == Queued, "cancelled", l); err != nil {
		return Move{}, err
	}
	return l.move(Finished, CancelledE, o), nil
}

// Recall withdraws a call that a dialer vendor has leased; a result that still comes refines the outcome.
func (l Life) Recall(o Observation) (Move, error) {
	if err := lawful(l.Work == Claimed, "recalled", l); err != nil {
		return Move{}, err
	}
	return l.move(Finished, CancelledE, o), nil
}

// Deliver records a report that the recipient was reached. A message that is still claimed is settled by it:
// only the holder of the claim may do so (a leased call's result). One that waits for another attempt, or was
// replayed, waits no more: nobody is contacted twice.
func (l Life) Deliver(o Observation) (Move, error) {
	if err := lawful(l.Work != Queued || l.Attempts > 0 || l.Replays > 0, "delivered", l); err != nil {
		return Move{}, err
	}
	return l.report(Delivered, o), nil
}

// Fail records a report that the recipient was not reached. Of a message that was replayed and waits it tells what is
// known, and is not lawful.
func (l Life) Fail(o Observation) (Move, error) {
	if err := lawful(l.Work != Queued || l.Attempts > 0, "failed", l); err != nil {
		return Move{}, err
	}
	return l.report(Failed, o), nil
}

// Confirm records a report that the provider took the message; it resolves a doubt and is noted otherwise.
func (l Life) Confirm(o Observation) (Move, error) {
	if l.Work == Doubted {
		m := l.move(Finished, Noted, o)
		m.To.Place, m.Evidence.Kind = AtSent, Sent
		m.Evidence.Attempt = l.Attempts
		return m, nil
	}
	return l.Note(o)
}

// Note appends what was seen without changing the place.
func (l Life) Note(o Observation) (Move, error) {
	return l.move(l.Work, Noted, o), nil
}

// Silence ends the wait for a report: of what was sent, what is in doubt, or a leased call past its expiry.
func (l Life) Silence(o Observation) (Move, error) {
	ok := l.Place == AtSent || l.Work == Doubted || l.Work == Claimed
	if err := lawful(ok, "unconfirmed", l); err != nil {
		return Move{}, err
	}
	return l.move(Finished, Silent, o), nil
}

// Replay puts a message back into the queue because a person asks for it: one that ended without reaching anybody, one
// that nobody reported on, or one that is in doubt. It may be claimed at once from at on; its attempts begin anew.
func (l Life) Replay(o Observation, at time.Time) (Move, error) {
	over := l.Work == Finished && (l.Place.Fallen() || l.Place == AtUnconfirmed)
	if err := lawful(over || l.Work == Doubted, "replayed", l); err != nil {
		return Move{}, err
	}
	m := l.move(Queued, Replayed, o)
	m.To.Attempts, m.To.Replays = 0, l.Replays+1
	m.Again, m.Reason = at, WaitNew
	return m, nil
}

func (l Life) report(kind EvidenceKind, o Observation) Move { return l.move(Finished, kind, o) }

// Deltas are the counters of a move: out of one place, into another.
func (m Move) Deltas(msg Message) []Count {
	if !m.Moved() {
		return nil
	}
	at := func(p Place, n int64) Count {
		return Count{
			Hour: msg.AcceptedAt.Truncate(time.Hour), Channel: msg.Channel, Urgency: msg.Urgency, Place: p, Delta: n,
		}
	}
	return []Count{at(m.From.Place, -1), at(m.To.Place, 1)}
}

// Arrival are the counters of a message that was just accepted into a place.
func Arrival(msg Message, p Place) []Count {
	hour := msg.AcceptedAt.Truncate(time.Hour)
	return []Count{
		{Hour: hour, Channel: msg.Channel, Urgency: msg.Urgency, Place: Accepted, Delta: 1},
		{Hour: hour, Channel: msg.Channel, Urgency: msg.Urgency, Place: p, Delta: 1},
	}
}
