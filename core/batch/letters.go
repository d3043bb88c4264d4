package batch

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/extract"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

// Press hands letters to the document management system, which dedupes them by id.
type Press interface {
	// Print returns one error per letter: nil, Refused, Unavailable, Ambiguous or Misconfigured.
	Print(ctx context.Context, letters []extract.Letter) []error
	// Close hands over the manifest of a finished run.
	Close(ctx context.Context, m extract.Manifest) error
}

// Freezer makes a message into the bytes of a letter.
type Freezer interface {
	// Freeze returns the letter; fault.Refused when the message cannot become one.
	Freeze(run extract.Run, number int64, m message.Message, names []string, postal customer.Postal, now time.Time) (extract.Letter, error)
}

// Breaker says whether the press can be reached; it is asked before anything is claimed.
type Breaker interface {
	Ready(now time.Time) (ok bool, until time.Time)
}

// LetterFacts is what a run reads.
type LetterFacts interface {
	OpenRun(ctx context.Context, batch string) (extract.Run, error)
	RunList(ctx context.Context, batch string, below int64, limit int) ([]extract.Run, error)
	Letters(ctx context.Context, batch string, run, after int64, limit int) ([]extract.Letter, error)
	Unsent(ctx context.Context, batch string, run, after int64, limit int) ([]store.FrozenLetter, error)
	Messages(ctx context.Context, ids []message.ID) ([]message.Record, error)
}

// Gate asks whether claimed letters may still leave.
type Gate interface {
	Gate(ctx context.Context, now time.Time, taken []message.Taken) ([]consent.Verdict, error)
}

// Steps starts what follows a step that fell.
type Steps interface {
	NextStep(ctx context.Context, now time.Time, id contact.ID, fell int16, why string) (store.Writes, error)
}

// Configs hands out configurations.
type Configs interface{ Current() *config.Snapshot }

// Letters is LTRPRT (process 3.4.1.1, step 2.6): it freezes the letters that wait, stamps them with batch code and
// run number, hands them to the press and closes the run with a manifest. An unfinished run is resumed under its
// number before a new one opens.
type Letters struct {
	Store    store.Applier
	Facts    LetterFacts
	Controls RunFacts
	Configs  Configs
	Gate     Gate
	Steps    Steps
	Freezer  Freezer
	Press    Press
	Breaker  Breaker
	Clock    func() time.Time // a long run's leases begin when they are taken, not when the run did
	Lease    time.Duration    // how long a claim of a page of letters holds; zero: a minute
}

// Sizes and times of a run.
const (
	letterPage  = 500
	letterLease = time.Minute
)

// Run runs LTRPRT once. When nothing waits and no run is open it opens none, unless empty is set. Errors:
// Unavailable or Misconfigured when the press cannot take letters: the run stays open and is resumed.
func (l *Letters) Run(ctx context.Context, now time.Time, by string, empty bool) (extract.Run, error) {
	run, err := l.turn(ctx, now, by, empty)
	if err != nil && run.Number != 0 {
		err = errors.Join(err, l.failed(ctx, now, run, err))
	}
	return run, err
}

func (l *Letters) turn(ctx context.Context, now time.Time, by string, empty bool) (extract.Run, error) {
	if ok, _ := l.Breaker.Ready(now); !ok {
		return extract.Run{}, fault.New(fault.Unavailable, "the document management system is not reached")
	}
	run, err := l.Facts.OpenRun(ctx, extract.LTRPRT)
	switch {
	case err == nil && !run.ClosedAt.IsZero():
		return l.finish(ctx, now, run, by)
	case err == nil:
		if err := l.resume(ctx, now, run); err != nil {
			return run, err
		}
	case !fault.Is(err, fault.NotFound):
		return extract.Run{}, err
	}
	return l.fill(ctx, now, run, by, empty)
}

// finish hands over the manifest of a run that was added up; what waits now goes into the next one.
func (l *Letters) finish(ctx context.Context, now time.Time, run extract.Run, by string) (extract.Run, error) {
	told, err := l.tell(ctx, run)
	if err != nil {
		return told, err
	}
	next, err := l.fill(ctx, now, extract.Run{}, by, false)
	if next.Number == 0 && err == nil {
		return told, nil
	}
	return next, err
}

// fill freezes and sends what waits, then closes the run.
func (l *Letters) fill(ctx context.Context, now time.Time, run extract.Run, by string, empty bool) (extract.Run, error) {
	for _, lane := range l.lanes() {
		for {
			taken, err := l.take(ctx, now, lane, run)
			if err != nil {
				return run, err
			}
			if len(taken) == 0 {
				break
			}
			if run.Number == 0 {
				if run, err = l.open(ctx, now, by); err != nil {
					return run, err
				}
			}
			if run, err = l.freeze(ctx, now, run, taken); err != nil {
				return run, err
			}
			if err := l.resume(ctx, now, run); err != nil {
				return run, err
			}
		}
	}
	if run.Number == 0 {
		if !empty {
			return run, nil
		}
		var err error
		if run, err = l.open(ctx, now, by); err != nil {
			return run, err
		}
	}
	return l.close(ctx, now, run)
}

// lanes are the lanes that only LTRPRT claims, most urgent first.
func (l *Letters) lanes() []message.Lane {
	var out []message.Lane
	for _, u := range message.Urgencies() {
		for _, r := range l.Configs.Current().Routes() {
			if r.Channel == message.Letter {
				out = append(out, message.NewLane(r.Number, u))
			}
		}
	}
	return out
}

func (l *Letters) take(ctx context.Context, now time.Time, lane message.Lane, run extract.Run) ([]message.Taken, error) {
	verdicts, err := l.Store.Apply(ctx, store.Writes{Message: &store.MessageWrites{Claim: &store.Claim{
		Lane: lane, Now: now, Lease: l.Clock().Add(cmp.Or(l.Lease, letterLease)), Owner: extract.LTRPRT + "/" + strconv.FormatInt(run.Number, 10), Reason: message.WaitRun, Limit: letterPage,
	}}})
	if err != nil {
		return nil, err
	}
	return verdicts[0].Claimed, nil
}

func (l *Letters) open(ctx context.Context, now time.Time, by string) (extract.Run, error) {
	last, err := l.Facts.RunList(ctx, extract.LTRPRT, 0, 1)
	if err != nil {
		return extract.Run{}, err
	}
	run := extract.Run{Batch: extract.LTRPRT, Number: 1, BusinessDate: l.businessDate(now), OpenedAt: now, Version: 1, By: by}
	if len(last) > 0 {
		run.Number = last[0].Number + 1
	}
	return run, l.write(ctx, run, ledger.RunOpened, now)
}

// businessDate is the date in the zone of the first division: one run serves them all.
func (l *Letters) businessDate(now time.Time) string {
	cfg := l.Configs.Current()
	for _, d := range cfg.Document().Divisions {
		return now.In(cfg.Zone(d.Code)).Format(time.DateOnly)
	}
	return now.Format(time.DateOnly)
}

func (l *Letters) write(ctx context.Context, run extract.Run, kind ledger.Kind, now time.Time) error {
	record, err := l.record(ctx, now, run, nil)
	if err != nil {
		return err
	}
	return l.applyOne(ctx, record.And(store.Writes{
		Letter: &store.LetterWrites{Runs: []extract.Run{run}},
		Ledger: &store.LedgerWrites{Entries: []ledger.Entry{{At: now, Kind: kind, Run: run.Number, Reason: run.Batch, By: run.By}}},
	}))
}

func (l *Letters) applyOne(ctx context.Context, w store.Writes) error {
	verdicts, err := l.Store.Apply(ctx, w)
	if err != nil {
		return err
	}
	if verdicts[0].Outcome != store.Applied {
		return fault.New(fault.Conflict, "another gateway works on this run: lost "+string(verdicts[0].What))
	}
	return nil
}

// freeze stamps what passes the gate with the run's next numbers, in one write set with the run itself, and settles
// the rest.
func (l *Letters) freeze(ctx context.Context, now time.Time, run extract.Run, taken []message.Taken) (extract.Run, error) {
	verdicts, err := l.Gate.Gate(ctx, now, taken)
	if err != nil {
		return run, err
	}
	var frozen store.Writes
	var others []store.Writes
	next := run.Letters
	for i, t := range taken {
		letter, stop := l.one(now, run, next+1, t, verdicts[i])
		if stop != nil {
			set, err := l.stopped(ctx, now, t, *stop)
			if err != nil {
				return run, err
			}
			others = append(others, set)
			continue
		}
		next++
		store.In(&frozen.Letter).Letters = append(store.Of(frozen.Letter).Letters, letter)
	}
	run.Letters, run.Version = next, run.Version+1
	store.In(&frozen.Letter).Runs = []extract.Run{run}
	verdictsOf, err := l.Store.Apply(ctx, append([]store.Writes{frozen}, others...)...)
	if err != nil {
		return run, err
	}
	if verdictsOf[0].Outcome != store.Applied {
		return run, fault.New(fault.Conflict, "another gateway works on this run: lost "+string(verdictsOf[0].What))
	}
	return run, nil
}

// halt is why a claimed letter does not leave.
type halt struct {
	verdict consent.Verdict
	refused error
}

func (l *Letters) one(now time.Time, run extract.Run, number int64, t message.Taken, v consent.Verdict) (extract.Letter, *halt) {
	if !v.Pass {
		return extract.Letter{}, &halt{verdict: v}
	}
	postal, err := customer.ParsePostal(t.Message.Recipient.Address)
	if err != nil {
		return extract.Letter{}, &halt{refused: fault.Provider(fault.Refused, "no_address", "the recipient has no postal address", err)}
	}
	letter, err := l.Freezer.Freeze(run, number, t.Message, strings.Split(t.Message.Recipient.Name, "\n"), postal, now)
	if err != nil {
		return extract.Letter{}, &halt{refused: err}
	}
	return letter, nil
}

func (l *Letters) stopped(ctx context.Context, now time.Time, t message.Taken, h halt) (store.Writes, error) {
	life := claimedLife(t.Due)
	o := message.Observation{At: now}
	var move message.Move
	var err error
	switch {
	case h.refused != nil:
		o.Reason, o.Code = "refused", fault.CodeOf(h.refused)
		move, err = life.Refuse(o)
	case h.verdict.Suppress != "":
		o.Reason = h.verdict.Suppress
		move, err = life.Suppress(o)
	case h.verdict.Expire:
		o.Reason = "expired"
		move, err = life.Expire(o)
	default:
		move, err = life.GiveBack(now.Add(time.Hour), message.WaitWindow)
	}
	if err != nil {
		return store.Writes{}, err
	}
	return l.settled(ctx, now, t.Message, t.Due, move)
}

func claimedLife(d message.Due) message.Life {
	return message.Life{Work: message.Claimed, Place: message.Pending, Seq: d.Seq, Attempts: d.Attempt}
}

// settled is the write set of a letter's move, with the step that follows a fall.
func (l *Letters) settled(ctx context.Context, now time.Time, m message.Message, d message.Due, move message.Move) (store.Writes, error) {
	set := store.Tell(m, move)
	if move.To.Work == message.Queued {
		store.In(&set.Message).Requeues = []store.Requeue{{Fence: message.FenceOf(d), At: move.Again, Reason: move.Reason, Attempt: d.Attempt, Seq: move.To.Seq}}
		return set, nil
	}
	store.In(&set.Message).Settles = []store.Settle{{Fence: message.FenceOf(d)}}
	if !move.To.Place.Fallen() || !m.TellsPlan() {
		return set, nil
	}
	next, err := l.Steps.NextStep(ctx, now, m.Origin.Contact, m.Origin.Step, move.Evidence.Reason)
	return set.And(next), err
}
