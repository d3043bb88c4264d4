package dispatch

import (
	"context"
	"encoding/binary"
	"strconv"
	"time"

	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

// Pauses after answers that ask for patience without saying how much.
const (
	throttledPause = time.Second
	exhaustedPause = time.Hour
	gatePause      = time.Second
	// What a bug stopped waits for a person: a century, so that no ticker takes it up by itself.
	operatorPause = 100 * 365 * 24 * time.Hour
)

// settle decides every result and returns the write sets with what they tell, and what could not be decided.
func (s *Service) settle(ctx context.Context, now time.Time, done []Result) ([]store.Writes, []Told, []Result) {
	sets := make([]store.Writes, 0, len(done)+1)
	settled := make([]Told, 0, len(done))
	var left []Result
	for _, r := range done {
		life := message.Life{Work: message.Claimed, Place: message.Pending, Seq: r.Taken.Due.Seq, Attempts: r.Taken.Due.Attempt}
		set, told, err := s.one(ctx, now, r, life)
		if err != nil {
			left = append(left, r)
			continue
		}
		sets, settled = append(sets, set), append(settled, told)
	}
	return sets, settled, left
}

// one turns a result into the write set that settles its message.
func (s *Service) one(ctx context.Context, now time.Time, r Result, life message.Life) (store.Writes, Told, error) {
	route, known := s.Configs.Current().RouteOf(r.Taken.Due.Lane)
	if !known {
		route = config.Route{Attempts: 1}
	}
	move, err := decide(r, life, route)
	if err != nil {
		return store.Writes{}, Told{}, err
	}
	set := store.Tell(r.Taken.Message, move).And(due(r, move))
	if p, stop := pause(r, route); stop {
		set = set.And(p)
	}
	told := Told{Result: r, Place: move.To.Place, Attempt: move.To.Attempts, Reason: reason(r, move)}
	if move.To.Place.Fallen() && r.Taken.Message.TellsPlan() {
		next, err := s.Steps.NextStep(ctx, now, r.Taken.Message.Origin.Contact, r.Taken.Message.Origin.Step, told.Reason)
		if err != nil {
			return store.Writes{}, Told{}, err
		}
		set = set.And(next)
	}
	return set, told, nil
}

func reason(r Result, move message.Move) string {
	if move.Evidence != nil && move.Evidence.Reason != "" {
		return move.Evidence.Reason
	}
	if move.Reason != "" {
		return string(move.Reason)
	}
	if r.Answer.Err != nil {
		return fault.KindOf(r.Answer.Err).String()
	}
	return "taken"
}

// due says what becomes of the due row: it goes when the message is settled, else it waits again.
func due(r Result, move message.Move) store.Writes {
	fence := message.FenceOf(r.Taken.Due)
	if move.To.Work != message.Queued {
		return store.Writes{Message: &store.MessageWrites{Settles: []store.Settle{{Fence: fence}}}}
	}
	return store.Writes{Message: &store.MessageWrites{Requeues: []store.Requeue{{
		Fence: fence, At: move.Again, Reason: move.Reason, Attempt: move.To.Attempts, Seq: move.To.Seq,
	}}}}
}

// decide is the whole of what dispatch does with a message: the table of faults (package fault) as moves.
func decide(r Result, life message.Life, route config.Route) (message.Move, error) {
	seen := message.Observation{At: r.At, Provider: r.Way.Provider, Took: r.Took}
	if r.Gate != nil {
		return gated(*r.Gate, life, seen)
	}
	if r.Answer.Err == nil {
		seen.Ref = r.Answer.Receipt.Ref
		return life.Sent(seen)
	}
	kind := fault.KindOf(r.Answer.Err)
	seen.Reason, seen.Code = kind.String(), fault.CodeOf(r.Answer.Err)
	if !r.Begun && kind != fault.Unknown {
		return life.GiveBack(r.At.Add(fault.WaitOf(r.Answer.Err)), message.WaitReturned)
	}
	switch kind {
	case fault.Suppressed:
		return life.Suppress(seen)
	case fault.Refused, fault.Invalid, fault.NotFound, fault.Forbidden, fault.Unauthorized, fault.Conflict:
		return life.Refuse(seen)
	case fault.Throttled:
		return life.GiveBack(r.At.Add(max(fault.WaitOf(r.Answer.Err), throttledPause)), message.WaitThrottled)
	case fault.Exhausted, fault.Misconfigured:
		return life.GiveBack(r.At, message.WaitReturned)
	case fault.Unavailable:
		return unavailable(r, life, seen, route)
	case fault.Cancelled:
		return stopped(r, life, seen, route)
	default:
		return doubtful(r, life, seen, route)
	}
}

func gated(v consent.Verdict, life message.Life, seen message.Observation) (message.Move, error) {
	switch {
	case v.Suppress != "":
		seen.Reason, seen.Provider = v.Suppress, ""
		return life.Suppress(seen)
	case v.Expire:
		seen.Reason, seen.Provider = "expired", ""
		return life.Expire(seen)
	}
	at := v.Wait
	if at.IsZero() {
		at = seen.At.Add(gatePause)
	}
	return life.GiveBack(at, message.WaitWindow)
}

// unavailable backs off. The attempt is the message's own to spend only when the route is otherwise well: a failure
// among failures is the route's, and so is a message's first. So an outage costs no attempts, and a message that
// fails by itself still comes to an end.
func unavailable(r Result, life message.Life, seen message.Observation, route config.Route) (message.Move, error) {
	wait := max(backoff(route, r.Taken.Message.ID, life.Attempts), fault.WaitOf(r.Answer.Err))
	if (r.Row > 1 || r.Taken.Was != message.WaitRetry) && !old(r, route) {
		return life.GiveBack(r.At.Add(wait), message.WaitRetry)
	}
	return again(r, life, seen, route, wait)
}

// old reports whether a message has been tried for as long as its route tries one of its urgency. Only one whose call has
// failed before can be: what waited behind a backlog for days has not been tried, and a throttle answer means later,
// never failed.
func old(r Result, route config.Route) bool {
	return r.Taken.Was == message.WaitRetry && r.At.Sub(r.Taken.Due.FirstAt) >= route.AgeOf(r.Taken.Message.Urgency)
}

// again spends an attempt and waits, or gives up when it was the last or the message is too old.
func again(r Result, life message.Life, seen message.Observation, route config.Route, wait time.Duration) (message.Move, error) {
	if life.Attempts+1 >= route.Attempts || old(r, route) {
		return life.GiveUp(seen)
	}
	return life.Retry(seen, r.At.Add(wait))
}

// stopped settles a call that was given up because the program stops: what was begun may have been taken, and says so.
func stopped(r Result, life message.Life, seen message.Observation, route config.Route) (message.Move, error) {
	switch {
	case !r.Begun || r.Way.Dedupes:
		return life.GiveBack(r.At, message.WaitReturned)
	case r.Taken.Message.Doubt == message.Repeat:
		return again(r, life, seen, route, 0)
	}
	return life.Doubt(seen)
}

// doubtful settles what may have been taken: repeated where the receiver dedupes or the contact type allows it, in
// doubt elsewhere. A bug before the call leaves the message to a person.
func doubtful(r Result, life message.Life, seen message.Observation, route config.Route) (message.Move, error) {
	if !r.Begun {
		return life.GiveBack(r.At.Add(operatorPause), message.WaitOperator)
	}
	if r.Way.Dedupes || r.Taken.Message.Doubt == message.Repeat {
		return again(r, life, seen, route, backoff(route, r.Taken.Message.ID, life.Attempts))
	}
	return life.Doubt(seen)
}

// backoff doubles from the route's first pause to its longest, less a jitter of up to a quarter taken from the
// message's own id, so that a decision stays a pure function.
func backoff(route config.Route, id message.ID, attempts int16) time.Duration {
	wait := route.First.Of()
	for range attempts {
		wait = min(wait*2, route.Longest.Of())
	}
	jitter := time.Duration(binary.BigEndian.Uint16(id[14:])) * wait / (4 * 0xffff)
	return wait - jitter
}

// pause stops the route's lanes after an answer that says the account cannot send: until the quota resets, or until
// a person has mended the settings.
func pause(r Result, route config.Route) (store.Writes, bool) {
	p := store.LanePause{Paused: true, By: r.Way.Provider}
	switch fault.KindOf(r.Answer.Err) {
	case fault.Exhausted:
		p.Until = r.At.Add(max(fault.WaitOf(r.Answer.Err), exhaustedPause))
	case fault.Misconfigured:
	default:
		return store.Writes{}, false
	}
	if r.Answer.Err == nil {
		return store.Writes{}, false
	}
	p.Reason = fault.KindOf(r.Answer.Err).String() + ": " + fault.CodeOf(r.Answer.Err)
	var w store.Writes
	for _, lane := range route.Lanes() {
		p.Lane = lane
		store.In(&w.Lane).Pauses = append(store.Of(w.Lane).Pauses, p)
	}
	store.In(&w.Ledger).Entries = []ledger.Entry{{At: r.At, Kind: ledger.LanePaused, Division: r.Taken.Message.Division, Reason: route.Code, Code: p.Reason, By: p.By}}
	return w, true
}

// reload settles a result whose write set lost a race: evidence was added meanwhile, or the claim was lost. What
// was done under a lost claim is kept as a report.
func (s *Service) reload(ctx context.Context, now time.Time, told Told, turn *Turn) error {
	r := told.Result
	records, err := s.Facts.Messages(ctx, []message.ID{r.Taken.Message.ID})
	if err != nil || len(records) == 0 {
		return err
	}
	rec := records[0]
	if rec.Due != nil && rec.Due.Owner == r.Taken.Due.Owner && rec.Due.Fence == r.Taken.Due.Fence {
		r.Taken.Due = *rec.Due
		set, again, err := s.one(ctx, now, r, rec.Life())
		if err != nil {
			return err
		}
		return s.apply(ctx, set, again, turn)
	}
	set, worth := lost(r)
	if !worth {
		return nil
	}
	return s.apply(ctx, set, told, turn)
}

func (s *Service) apply(ctx context.Context, set store.Writes, told Told, turn *Turn) error {
	verdicts, err := s.Store.Apply(ctx, set)
	if err != nil {
		return err
	}
	if verdicts[0].Outcome != store.Applied {
		return fault.New(fault.Conflict, "lost the race again for "+string(verdicts[0].What))
	}
	turn.Settled = append(turn.Settled, told)
	return nil
}

// lost keeps what a call brought whose claim was lost: the inbox matches it like any report.
func lost(r Result) (store.Writes, bool) {
	if !r.Begun {
		return store.Writes{}, false
	}
	rep := message.Report{
		Provider: r.Way.Provider, Key: "settlement:" + r.Taken.Message.ID.String() + ":" + strconv.Itoa(int(r.Taken.Due.Fence)),
		Message: r.Taken.Message.ID, At: r.At,
	}
	switch {
	case r.Answer.Err == nil:
		rep.Says, rep.Ref = message.SaysTaken, r.Answer.Receipt.Ref
	case fault.Is(r.Answer.Err, fault.Refused):
		rep.Says, rep.Reason, rep.Code = message.SaysFailed, "refused", fault.CodeOf(r.Answer.Err)
	default:
		return store.Writes{}, false
	}
	return store.Writes{Report: &store.ReportWrites{Reports: []message.Report{rep}}}, true
}
