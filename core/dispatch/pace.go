package dispatch

import (
	"time"

	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

// Meter says what messages cost in the unit that the provider counts: SMS parts, recipients.
type Meter interface {
	// Units is what calling the message costs, one at least.
	Units(m message.Message) int
}

// Pace keeps a route within what its provider allows. It is asked before anything is claimed, and told afterwards what
// the batch really cost: debts are repaid, so that the long-run rate is exact.
type Pace interface {
	// Take asks for up to want messages of the urgency. What is granted is set aside until Spend.
	Take(now time.Time, u message.Urgency, want int) Grant
	// Spend tells what became of a grant: how many messages were claimed, and the units of those that are called. With
	// fewer than granted, or a grant of nothing, it tells that nothing more waits.
	Spend(now time.Time, u message.Urgency, g Grant, claimed, units int)
	// Throttled tells that the provider asked to slow down, in answer to a call that was begun then.
	Throttled(now, begun time.Time)
}

// Grant is leave to claim messages.
type Grant struct {
	Messages int
	Until    time.Time // when to ask again, if fewer were granted than wanted; else zero
	Aside    []float64 // what each of the pace's limits set aside; its own to read
}

// paced trims a claim to what the route's pace allows now; nil when that is nothing.
func paced(now time.Time, ask Ask, claim *store.Claim) (*store.Claim, Grant) {
	if claim == nil || ask.Way.Pace == nil {
		return claim, Grant{}
	}
	g := ask.Way.Pace.Take(now, ask.Lane.Urgency(), claim.Limit)
	if g.Messages <= 0 {
		return nil, g
	}
	claim.Limit = g.Messages
	return claim, g
}

// spend tells the pace what became of its grant. A lane that could claim all it was allowed comes back when there is
// more to be had.
func spend(now time.Time, ask Ask, g Grant, claimed int, turn *Turn) {
	if ask.Way.Pace == nil || g.Messages == 0 {
		return
	}
	units := 0
	for _, c := range turn.Calls {
		for _, t := range c.Batch {
			units += ask.Way.units(t.Message)
		}
	}
	ask.Way.Pace.Spend(now, ask.Lane.Urgency(), g, claimed, units)
	if !g.Until.IsZero() && claimed == g.Messages {
		turn.Next = g.Until
	}
}

// held tells when a lane that its pace holds back is to ask again. A lane in which nothing waits is not held: it says
// so, and others may take its share.
func held(now time.Time, ask Ask, g Grant, next time.Time) time.Time {
	if g.Messages > 0 || g.Until.IsZero() {
		return next
	}
	if next.IsZero() || next.After(now) {
		ask.Way.Pace.Spend(now, ask.Lane.Urgency(), g, 0, 0)
		return next
	}
	return g.Until
}

// units is what calling a message costs on this way.
func (w *Way) units(m message.Message) int {
	if w.Meter == nil {
		return 1
	}
	return max(w.Meter.Units(m), 1)
}

// throttles tells the pace of the answers that asked to slow down.
func throttles(now time.Time, ask Ask) {
	if ask.Way.Pace == nil {
		return
	}
	for _, r := range ask.Done {
		if r.Begun && fault.Is(r.Answer.Err, fault.Throttled) {
			ask.Way.Pace.Throttled(now, r.At.Add(-r.Took))
		}
	}
}
