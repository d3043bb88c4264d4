package pace

import (
	"math"
	"sync"
	"time"
)

// Lanes is how many lanes share a limit. The first is served strictly before the others.
const Lanes = 4

const (
	// burst is how much of a second's allowance gathers while nobody asks: half for the first lane, and half for all.
	// Together they are one second's allowance.
	burst = 500 * time.Millisecond
	// worth is how much of a second's allowance a lane waits for, so that it does not go to the store for every unit.
	worth = 100 * time.Millisecond
	// patience is how much longer than told a hungry lane is waited for before the others may take its share.
	patience = 250 * time.Millisecond
	// turns is how soon a lane asks again that let another go first.
	turns = 50 * time.Millisecond
	// shortest is the shortest wait that is told.
	shortest = 5 * time.Millisecond
)

// How a rate adapts to throttle answers.
const (
	halfLife  = time.Second // a rate is halved at most once in this time
	recovery  = 0.05        // of the limit comes back in each second without a throttle answer
	leastPart = 1.0 / 64    // of the limit stays, whatever the provider says
	leastRate = 0.1         // units per second stay, whatever the provider says
)

// Sharer says how many divide a limit. [Fleet] is one.
type Sharer interface {
	// Share is by how many the whole is divided; when not ok there is no share until then.
	Share(now time.Time) (n int, ok bool, until time.Time)
}

// Grant is leave to claim messages. What is granted is set aside until [Pacer.Spend] tells what became of it.
type Grant struct {
	Messages int       // how many may be claimed now
	Units    float64   // what was set aside for them
	Until    time.Time // when to ask again, if fewer were granted than wanted; else zero
}

// Pacer is one limit of a provider as one gateway keeps it. It is safe for use by many goroutines.
type Pacer struct {
	name  string
	fleet Sharer

	mu      sync.Mutex
	limit   float64 // units per second of the whole fleet; 0: none is known
	at      time.Time
	total   float64 // what everybody may use; below zero: a debt
	first   float64 // what the first lane may use, whatever the others did
	virtual float64 // where a lane begins that comes back from rest
	lanes   [Lanes]lane
	brake   brake
	day     day
}

// lane is one lane's account.
type lane struct {
	weight float64   // its guaranteed part of what the first leaves
	served float64   // units it was served, divided by its weight
	mean   float64   // units of a message, as seen lately
	hungry time.Time // until when it is waited for, because it wants more than it was given
	held   time.Time // until when it was told to wait
}

// New makes a pacer without a limit; the shares are those of the lanes after the first, of which only the proportions
// count.
func New(name string, fleet Sharer, shares [Lanes]float64) *Pacer {
	p := &Pacer{name: name, fleet: fleet}
	p.brake.factor = 1
	p.day.rest = math.Inf(1)
	for i := range p.lanes {
		p.lanes[i].mean = 1
	}
	p.Share(shares)
	return p
}

// leastShare keeps a lane without a share from being divided by zero: it gets what the others leave.
const leastShare = 0.001

// Share sets the guaranteed shares of the lanes after the first; only their proportions count.
func (p *Pacer) Share(shares [Lanes]float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sum := 0.0
	for _, s := range shares[1:] {
		sum += max(s, 0)
	}
	for i := range p.lanes {
		p.lanes[i].weight = leastShare
		if sum > 0 {
			p.lanes[i].weight = max(shares[i]/sum, leastShare)
		}
	}
}

// Limit sets the limit of the whole fleet in units per second; 0 lifts it.
func (p *Pacer) Limit(perSecond float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if perSecond == p.limit {
		return
	}
	p.limit = max(perSecond, 0)
	p.brake.release()
}

// Take asks for up to want messages of a lane. What is granted is set aside, by what messages of the lane cost lately.
func (p *Pacer) Take(now time.Time, lane, want int) Grant {
	p.mu.Lock()
	defer p.mu.Unlock()
	rate, until := p.refill(now)
	if want <= 0 {
		return Grant{}
	}
	l := &p.lanes[lane]
	room := p.room(now, lane, rate)
	messages := min(want, fitting(room, l.mean))
	if left := p.day.left(); left < float64(messages)*l.mean {
		messages = min(messages, fitting(left, l.mean))
		until = later(until, now.Add(time.Second))
	}
	g := Grant{Messages: messages, Units: float64(messages) * l.mean}
	if now.After(l.hungry) { // it comes back from rest: what it did not use is gone
		l.served = max(l.served, p.virtual)
	}
	p.virtual = max(p.virtual, min(l.served, p.behind(now, lane)))
	p.use(lane, g.Units)
	p.day.aside += g.Units
	l.hungry, l.held = now.Add(patience), time.Time{}
	if messages < want {
		g.Until = later(until, now.Add(p.wait(lane, rate)))
		l.hungry = g.Until.Add(patience)
		if messages == 0 {
			l.held = g.Until
		}
	}
	return g
}

// Spend tells what became of a grant: how many messages were claimed, and the units of those that are called. What is
// over is given back, what is missing is a debt. A lane that claimed less than it might has nothing more that waits; so
// has one that spends a grant of nothing.
func (p *Pacer) Spend(now time.Time, lane int, g Grant, claimed, units int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rate, _ := p.refill(now)
	l := &p.lanes[lane]
	p.use(lane, float64(units)-g.Units)
	p.keep(rate)
	p.day.aside -= g.Units
	p.day.untold += int64(units)
	p.brake.sent(now, units)
	if claimed > 0 {
		const lately = 0.2
		l.mean = max(1, l.mean+lately*(float64(units)/float64(claimed)-l.mean))
	}
	l.hungry = later(l.hungry, now.Add(patience))
	if claimed < g.Messages || g.Messages == 0 {
		l.hungry, l.held = time.Time{}, time.Time{}
	}
}

// Throttled tells that the provider asked to slow down, in answer to a call that was begun then. The rate is halved, at
// most once for what was begun before it was, and at most once in a second.
func (p *Pacer) Throttled(now, begun time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refill(now)
	if p.brake.press(now, begun, p.limit) {
		p.total, p.first = min(p.total, 0), min(p.first, 0)
	}
}

// refill brings the buckets to now and returns the gateway's rate; until is set when it has no share before then.
func (p *Pacer) refill(now time.Time) (rate float64, until time.Time) {
	passed := now.Sub(p.at)
	if p.at.IsZero() || passed < 0 {
		passed = 0
	}
	p.at = later(p.at, now)
	p.brake.ease(now, passed)
	rate, until = p.rate(now)
	if !math.IsInf(rate, 1) {
		p.total += rate * passed.Seconds()
		p.first += rate * passed.Seconds()
	}
	p.keep(rate)
	return rate, until
}

// rate is what this gateway may use in a second now.
func (p *Pacer) rate(now time.Time) (float64, time.Time) {
	if p.limit == 0 {
		return p.brake.alone(), time.Time{}
	}
	n, ok, until := p.fleet.Share(now)
	if !ok {
		return 0, until
	}
	return p.limit * p.brake.factor / float64(n), time.Time{}
}

// keep bounds what has gathered; without a limit there is nothing to gather or to owe.
func (p *Pacer) keep(rate float64) {
	if math.IsInf(rate, 1) {
		p.total, p.first = 0, 0
		return
	}
	most := size(rate)
	p.total, p.first = min(p.total, most), min(p.first, most)
}

// leastSize is more than a unit, so that the slowest rate lets something through, and loses nothing by being asked late.
const leastSize = 1.5

// size is how much gathers at a rate.
func size(rate float64) float64 {
	if rate == 0 {
		return 0
	}
	return max(leastSize, rate*burst.Seconds())
}

// room is what a lane may use now: the first what it has, another what all have, if it is not ahead of one that waits.
func (p *Pacer) room(now time.Time, lane int, rate float64) float64 {
	switch {
	case math.IsInf(rate, 1):
		return rate
	case lane == 0:
		return p.first
	}
	l := p.lanes[lane]
	ahead := l.served
	if now.After(l.hungry) {
		ahead = max(ahead, p.virtual)
	}
	if (ahead-p.behind(now, lane))*l.weight > size(rate) {
		return 0
	}
	return p.total
}

// behind is the account of the lane that has got least among those that are waited for; infinite when none is.
func (p *Pacer) behind(now time.Time, but int) float64 {
	least := math.Inf(1)
	for i := 1; i < Lanes; i++ {
		if i != but && !now.After(p.lanes[i].hungry) {
			least = min(least, p.lanes[i].served)
		}
	}
	return least
}

// use takes units for a lane, or gives them back when there are fewer than none.
func (p *Pacer) use(lane int, units float64) {
	p.total -= units
	if lane == 0 {
		p.first -= units
		return
	}
	p.lanes[lane].served += units / p.lanes[lane].weight
}

// wait is how long it takes until it is worth asking again.
func (p *Pacer) wait(lane int, rate float64) time.Duration {
	if rate == 0 || math.IsInf(rate, 1) {
		return time.Second
	}
	if lane != 0 && p.total >= 1 {
		return turns // others come first
	}
	has, wants := p.total, min(max(1, rate*worth.Seconds()), size(rate))
	if lane == 0 {
		has, wants = p.first, 1
	}
	return max(time.Duration(math.Ceil((wants-has)/rate*1e6))*time.Microsecond, shortest)
}

// almost forgives what adding up fractions loses.
const almost = 1e-9

// fitting is how many messages of a mean cost fit into room. What holds a unit holds a message: the rest is a debt.
func fitting(room, mean float64) int {
	switch {
	case math.IsInf(room, 1):
		return math.MaxInt
	case room < 1-almost:
		return 0
	}
	return max(1, int(room/mean+almost))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
