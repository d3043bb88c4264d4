// Package dispatch tries what is due and settles it.
//
// [Service.Exchange] settles what came back and claims what may be called at once, in one transaction. It never
// claims more than the free slots, the breaker and the pace allow, so after a crash at most that many messages are doubtful:
// claiming is beginning. What was claimed passes the gate, read again now; what the gate stops is settled with the
// next exchange. The core keeps no clock and starts no goroutine: the ticker makes the calls, measures them, and
// comes back with the results.
package dispatch

import (
	"context"
	"time"

	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

// Channel makes calls.
type Channel interface {
	// Send makes one call for the batch and answers in its order. An answer's error is a fault: Refused, Throttled,
	// Exhausted, Misconfigured, Unavailable (not taken), Ambiguous (may have been taken), Cancelled.
	Send(ctx context.Context, batch []message.Taken) []message.Answer
}

// Breaker says whether calls may be begun now. It is asked before anything is claimed.
type Breaker interface {
	// Ready reports whether a call may be begun; if not, until when there is no use in asking.
	Ready(now time.Time) (ok bool, until time.Time)
	// Free is how many calls may be begun at once.
	Free() int
	// Row is how many calls have failed one after the other.
	Row() int
	// Trial is since when the next real call decides whether the breaker stays closed; the zero time when none does.
	Trial() time.Time
}

// Way is a route's way out.
type Way struct {
	Route    string
	Provider string // who says so in evidence and refs: "sns", "ses", "dialer", "dms"
	Channel  Channel
	Breaker  Breaker
	Dedupes  bool  // the receiver dedupes our id, so that a call may be repeated when its answer was lost
	Batch    int   // messages per call
	Pace     Pace  // nil: nothing holds the route back but its slots
	Meter    Meter // nil: every message is one unit
}

// Facts is what dispatch reads.
type Facts interface {
	GateFacts(ctx context.Context, messages []message.Message) ([]consent.Facts, error)
	Messages(ctx context.Context, ids []message.ID) ([]message.Record, error)
	NextDue(ctx context.Context, lane message.Lane) (time.Time, error)
}

// Configs hands out configurations.
type Configs interface {
	Current() *config.Snapshot
}

// Steps starts what follows a step that fell.
type Steps interface {
	// NextStep returns the write set that starts the next step, empty when there is none. An error is of the moment:
	// the result is brought again. A lasting one is told loudly by whoever provides this, and starts nothing.
	NextStep(ctx context.Context, now time.Time, id contact.ID, fell int16, why string) (store.Writes, error)
}

// Service dispatches.
type Service struct {
	Store   store.Applier
	Facts   Facts
	Configs Configs
	Steps   Steps
	Allow   consent.Allow
	Owner   string        // of this process's claims; new at every start
	Lease   time.Duration // how long a claim holds; no call begins after it
}

// Result is what became of one claimed message: a call's answer, or what kept it from being called.
type Result struct {
	Taken  message.Taken
	Way    *Way
	Answer message.Answer
	Begun  bool             // the call was begun
	Gate   *consent.Verdict // not nil: the gate stopped it
	At     time.Time        // when it ended
	Took   time.Duration
	Row    int // failures in a row on the route when it ended
}

// Call is one call to make: messages of one way. Settle what it brings with the next exchange.
type Call struct {
	Way   *Way
	Batch []message.Taken
	Lease time.Time // not to be begun after
}

// NotBegun is the result of a call that was not made: every message goes back to the queue.
func (c Call) NotBegun(at time.Time) []Result {
	out := make([]Result, len(c.Batch))
	for i, t := range c.Batch {
		out[i] = Result{Taken: t, Way: c.Way, At: at, Answer: message.Answer{Err: fault.New(fault.Cancelled, "not begun")}}
	}
	return out
}

// Done pairs a call's messages with its answers. An answer that is missing is ambiguous.
func (c Call) Done(answers []message.Answer, at time.Time, took time.Duration) []Result {
	out := make([]Result, len(c.Batch))
	for i, t := range c.Batch {
		a := message.Answer{Err: fault.New(fault.Ambiguous, "the channel gave no answer")}
		if i < len(answers) {
			a = answers[i]
		}
		out[i] = Result{Taken: t, Way: c.Way, Answer: a, Begun: begun(a.Err), At: at, Took: took, Row: c.Way.Breaker.Row()}
	}
	return out
}

// begun tells whether a fault leaves open that the provider saw the call.
func begun(err error) bool { return !fault.NotMade(err) }

// Told is what an exchange settled, for the one wide log line and the metrics of each attempt.
type Told struct {
	Result  Result
	Place   message.Place
	Attempt int16
	Reason  string
}

// Turn is what an exchange brought.
type Turn struct {
	Calls   []Call
	Stopped []Result // what the gate stopped: settle it with the next exchange
	Settled []Told
	Left    []Result  // not settled because the store or a fact was not to be had: bring them again
	Next    time.Time // when to exchange again; the zero time: as soon as there is something to do
	Low     time.Time // hint for the next claim
}

// Ask is what an exchange is asked for.
type Ask struct {
	Lane message.Lane
	Way  *Way
	Done []Result
	Free int       // calls the ticker can take; 0 claims nothing
	Low  time.Time // Turn.Low of the exchange before; now and then none
}

// Exchange settles what is done and claims what may be called. The error is of the whole exchange: nothing was
// settled, and everything in ask.Done is to be brought again.
func (s *Service) Exchange(ctx context.Context, now time.Time, ask Ask) (Turn, error) {
	var turn Turn
	sets, settled, left := s.settle(ctx, now, ask.Done)
	turn.Left = left
	claim, grant := paced(now, ask, s.claim(now, ask))
	if claim != nil {
		sets = append(sets, store.Writes{Message: &store.MessageWrites{Claim: claim}})
	}
	if len(sets) == 0 {
		err := s.rest(ctx, now, ask, grant, &turn)
		return turn, err
	}
	verdicts, err := s.Store.Apply(ctx, sets...)
	if err != nil {
		spend(now, ask, grant, 0, &turn)
		return Turn{}, err
	}
	throttles(now, ask)
	for i, told := range settled {
		if verdicts[i].Outcome == store.Applied {
			turn.Settled = append(turn.Settled, told)
			continue
		}
		if err := s.reload(ctx, now, told, &turn); err != nil {
			turn.Left = append(turn.Left, told.Result)
		}
	}
	if claim == nil {
		err := s.rest(ctx, now, ask, grant, &turn)
		return turn, err
	}
	claimed := verdicts[len(verdicts)-1].Claimed
	err = s.begin(ctx, now, ask, claimed, claim, &turn)
	spend(now, ask, grant, len(claimed), &turn)
	return turn, err
}

// claim decides how much may be claimed: never more than can be called at once.
func (s *Service) claim(now time.Time, ask Ask) *store.Claim {
	if ask.Free <= 0 {
		return nil
	}
	if ok, _ := ask.Way.Breaker.Ready(now); !ok {
		return nil
	}
	if _, is := early(ask.Way.Breaker, ask.Lane, now); is {
		return nil
	}
	calls := min(ask.Free, ask.Way.Breaker.Free())
	if calls <= 0 {
		return nil
	}
	return &store.Claim{
		Lane: ask.Lane, Now: now, Lease: now.Add(s.Lease), Owner: s.Owner, Limit: calls * max(ask.Way.Batch, 1), Low: ask.Low,
	}
}

// begin passes what was claimed through the gate and makes calls of it.
func (s *Service) begin(ctx context.Context, now time.Time, ask Ask, taken []message.Taken, claim *store.Claim, turn *Turn) error {
	if len(taken) == 0 {
		return s.rest(ctx, now, ask, Grant{}, turn)
	}
	if len(taken) == claim.Limit { // more may wait behind: a lane that has run dry is read whole, for stragglers
		turn.Low = taken[0].Due.FirstAt
	}
	taken = lapsed(now, ask.Way, taken, turn)
	verdicts, err := s.gate(ctx, now, taken)
	if err != nil { // nothing was begun: all of it goes back
		turn.Stopped = append(turn.Stopped, Call{Way: ask.Way, Batch: taken}.NotBegun(now)...)
		return nil //nolint:nilerr // what is given back tells it
	}
	var pass []message.Taken
	for i, t := range taken {
		switch {
		case !verdicts[i].Pass:
			turn.Stopped = append(turn.Stopped, Result{Taken: t, Way: ask.Way, Gate: &verdicts[i], At: now})
		default:
			pass = append(pass, t)
		}
	}
	turn.Calls = calls(ask.Way, unfit(now, ask.Way, pass, turn), claim.Lease)
	return nil
}

// lapsed settles uncalled what may have been called under a claim that lapsed, unless the receiver dedupes; it returns
// the others.
func lapsed(now time.Time, way *Way, taken []message.Taken, turn *Turn) []message.Taken {
	others := make([]message.Taken, 0, len(taken))
	for _, t := range taken {
		if t.Lapsed == "" || way.Dedupes {
			others = append(others, t)
			continue
		}
		turn.Stopped = append(turn.Stopped, Result{
			Taken: t, Way: way, Begun: true, At: now, Answer: message.Answer{Err: fault.Provider(fault.Ambiguous, "lapsed_claim", "the claim lapsed", nil)},
		})
	}
	return others
}

func calls(way *Way, pass []message.Taken, lease time.Time) []Call {
	size := max(way.Batch, 1)
	var out []Call
	for len(pass) > 0 {
		n := min(size, len(pass))
		out = append(out, Call{Way: way, Batch: pass[:n], Lease: lease})
		pass = pass[n:]
	}
	return out
}

// rest tells when the lane is worth another look.
func (s *Service) rest(ctx context.Context, now time.Time, ask Ask, g Grant, turn *Turn) error {
	if ok, until := ask.Way.Breaker.Ready(now); !ok {
		turn.Next = until
		return nil
	}
	if until, is := early(ask.Way.Breaker, ask.Lane, now); is {
		turn.Next = until
		return nil
	}
	if ask.Free <= 0 {
		return nil
	}
	next, err := s.Facts.NextDue(ctx, ask.Lane)
	if err != nil {
		return nil //nolint:nilerr // the ticker looks again after its usual pause
	}
	turn.Next = held(now, ask, g, next)
	return nil
}

// gate asks for each claimed message whether it may still be called.
func (s *Service) gate(ctx context.Context, now time.Time, taken []message.Taken) ([]consent.Verdict, error) {
	return Gate(ctx, now, s.Facts, s.Configs.Current(), s.Allow, taken)
}
