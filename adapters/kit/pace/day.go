package pace

import (
	"math"
	"time"
)

// day is a budget for a longer time than a second, as far as this gateway knows it.
type day struct {
	rest   float64 // what this gateway might use when it was told; infinite: no budget is known
	aside  float64 // set aside by grants
	untold int64   // spent, and nobody else knows
	told   int64   // spent, and being told
}

// left is what this gateway may still use.
func (d *day) left() float64 { return d.rest - d.aside - float64(d.untold+d.told) }

// Report returns the units spent since the last report that was taken. It is followed by [Pacer.Budget] when whoever
// keeps the books has them, or by [Pacer.Untold].
func (p *Pacer) Report() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.day.told, p.day.untold = p.day.told+p.day.untold, 0
	return p.day.told
}

// Untold takes a report back that did not arrive.
func (p *Pacer) Untold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.day.untold, p.day.told = p.day.untold+p.day.told, 0
}

// Budget tells what n gateways together may still spend, the last report taken into account; infinite: no budget is
// known. Between two reports the fleet can spend more than its budget by what it sends in that time, and no more.
func (p *Pacer) Budget(left float64, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.day.told, p.day.rest = 0, left/float64(max(n, 1))
}

// Snapshot is what a pacer shows of itself.
type Snapshot struct {
	Name      string
	Limit     float64          // units per second of the whole fleet; 0: none is known
	Rate      float64          // units per second of this gateway now; infinite: no limit
	Throttled int64            // throttle answers
	Left      float64          // units left of the budget for this gateway; NaN: no budget is known
	Held      [Lanes]time.Time // until when a lane was told to wait; zero: it was not
	Routes    []string         // which routes it limits; whoever knows fills it in
}

// Snapshot is what the pacer shows of itself now.
func (p *Pacer) Snapshot(now time.Time) Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	rate, _ := p.refill(now)
	s := Snapshot{Name: p.name, Limit: p.limit, Rate: rate, Throttled: p.brake.asked, Left: math.NaN()}
	if left := p.day.left(); !math.IsInf(left, 1) {
		s.Left = max(left, 0)
	}
	for i, l := range p.lanes {
		if now.Before(l.held) {
			s.Held[i] = l.held
		}
	}
	return s
}
