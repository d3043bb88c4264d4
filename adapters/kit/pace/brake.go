package pace

import (
	"math"
	"time"
)

// brake is how a rate adapts to a provider that asks to slow down.
type brake struct {
	factor  float64   // of the limit that is left
	ceiling float64   // what stands for the limit where none is known: what was sent in a second when it was too much
	cut     time.Time // when the rate was halved last
	last    time.Time // when the provider asked last
	asked   int64     // how often it did

	second time.Time // the second that is being measured
	units  float64   // sent in it
	before float64   // sent in the one before
}

// release forgets what was learnt.
func (b *brake) release() { b.factor, b.ceiling = 1, 0 }

// press halves the rate, and reports whether it did.
func (b *brake) press(now, begun time.Time, limit float64) bool {
	b.asked++
	b.last = later(b.last, now)
	if !b.cut.IsZero() && (now.Sub(b.cut) < halfLife || begun.Before(b.cut)) {
		return false
	}
	if limit == 0 {
		if b.ceiling == 0 {
			b.ceiling = max(b.measured(now), 1)
		}
		limit = b.ceiling
	}
	b.cut = now
	b.factor = min(1, max(b.factor/2, leastPart, leastRate/limit))
	return true
}

// ease gives some of the rate back when the provider has not asked for a second.
func (b *brake) ease(now time.Time, passed time.Duration) {
	if quiet := now.Sub(b.last) - halfLife; quiet > 0 && b.factor < 1 {
		b.factor = min(1, b.factor+recovery*min(passed, quiet).Seconds())
	}
	if b.factor == 1 {
		b.ceiling = 0
	}
}

// alone is the rate where no limit is known.
func (b *brake) alone() float64 {
	if b.ceiling == 0 {
		return math.Inf(1)
	}
	return b.ceiling * b.factor
}

// sent measures what is sent.
func (b *brake) sent(now time.Time, units int) {
	b.turn(now)
	b.units += float64(units)
}

// measured is what was sent in a second lately.
func (b *brake) measured(now time.Time) float64 {
	b.turn(now)
	return max(b.units, b.before)
}

func (b *brake) turn(now time.Time) {
	second := now.Truncate(time.Second)
	if second.Equal(b.second) {
		return
	}
	b.before = 0
	if second.Sub(b.second) == time.Second {
		b.before = b.units
	}
	b.second, b.units = second, 0
}
