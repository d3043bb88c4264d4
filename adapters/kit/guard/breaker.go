package guard

import (
	"errors"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"carillon/core/fault"
)

// leastWait is the shortest wait a refusal names; 0 would mean that nobody knows.
const leastWait = time.Millisecond

// errLapsed ends a probe that stayed out longer than its time.
var errLapsed error = fault.New(fault.Ambiguous, "the probe stayed out longer than its time")

// breaker puts a growing pause, a time limit for probes and a permission to probe around gobreaker, which has
// none of them. Every use of inner happens under mu, so what inner calls back may touch the fields, and nothing
// that inner calls back may call inner.
type breaker struct {
	tripAfter     uint32
	rest, maxRest time.Duration
	lease         time.Duration // how long a probe, or the permission to make one, may stay out
	changed       func(State)   // told of every change; must not call back

	mu       sync.Mutex
	inner    *gobreaker.TwoStepCircuitBreaker[struct{}]
	inside   gobreaker.State // inner's, told by itself
	tripped  bool            // held open by a person
	era      uint64          // grows with every change of inside; what began in an earlier era decides nothing
	until    time.Time       // end of the pause
	pause    time.Duration   // length of the next pause
	probe    *pass           // the one that is out while half-open
	allowed  time.Time       // until when the permission to probe is taken
	trial    bool            // closed by a read-only probe; the first real call decides
	since    time.Time       // of the trial
	failures uint32
	last     string // kind word of the last counted failure
}

// pass is the right to make one call; it ends in settle.
type pass struct {
	era      uint64
	readOnly bool
	lapses   time.Time // of a probe
	done     func(error)
}

func newBreaker(cfg Config, changed func(State)) *breaker {
	b := &breaker{
		tripAfter: cfg.TripAfter, rest: cfg.Rest, maxRest: cfg.MaxRest, lease: cfg.Timeout,
		changed: changed, pause: cfg.Rest,
	}
	b.renew(cfg.Adapter + "/" + cfg.Route)
	return b
}

// renew puts a closed breaker in the place of what was there.
func (b *breaker) renew(name string) {
	b.inner = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:          name,
		MaxRequests:   1,
		Timeout:       1, // the pause is ours; 0 would mean a minute
		ReadyToTrip:   func(c gobreaker.Counts) bool { return b.trial || c.ConsecutiveFailures >= b.tripAfter },
		OnStateChange: func(_ string, _, to gobreaker.State) { b.inside, b.era = to, b.era+1 },
		IsSuccessful:  func(err error) bool { return err == nil },
		IsExcluded:    func(err error) bool { return err != nil && fault.Excluded(fault.KindOf(err)) },
	})
	b.inside, b.era = gobreaker.StateClosed, b.era+1
}

// trip is [Guard.Trip].
func (b *breaker) trip() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tripped {
		return
	}
	b.tripped = true
	b.changed(Open)
}

// reset is [Guard.Reset]: what is out decides nothing any more.
func (b *breaker) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := b.tripped || b.inside != gobreaker.StateClosed
	b.renew(b.inner.Name())
	b.tripped, b.trial, b.probe, b.failures = false, false, nil, 0
	b.until, b.allowed, b.pause = time.Time{}, time.Time{}, b.rest
	if was {
		b.changed(Closed)
	}
}

// admit gives a pass, or none and the time to wait.
func (b *breaker) admit(now time.Time, readOnly bool) (*pass, time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lapse(now)
	if b.state(now) == Open {
		return nil, max(b.until.Sub(now), leastWait)
	}
	was := b.inside
	done, err := b.inner.Allow()
	if was != b.inside {
		b.changed(HalfOpen)
	}
	switch {
	case errors.Is(err, gobreaker.ErrTooManyRequests) && b.probe != nil:
		return nil, max(b.probe.lapses.Sub(now), leastWait)
	case err != nil:
		return nil, leastWait
	}
	p := &pass{era: b.era, readOnly: readOnly, done: done}
	if b.inside == gobreaker.StateHalfOpen {
		p.lapses = now.Add(b.lease)
		b.probe = p
	}
	return p, 0
}

// settle ends a pass with the call's verdict.
func (b *breaker) settle(p *pass, now time.Time, verdict error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.decide(p, now, verdict)
}

func (b *breaker) decide(p *pass, now time.Time, verdict error) {
	if p.era != b.era {
		return
	}
	if b.probe == p {
		b.probe, b.allowed = nil, time.Time{}
	}
	switch kind := fault.KindOf(verdict); {
	case verdict == nil:
		b.failures = 0
		if !p.readOnly {
			b.trial, b.pause = false, b.rest
		}
	case fault.Trips(kind):
		b.failures++
		b.last = kind.String()
	}
	was := b.inside
	p.done(verdict)
	if was == b.inside {
		return
	}
	if b.inside == gobreaker.StateClosed {
		b.trial, b.since = p.readOnly, now
		b.changed(Closed)
		return
	}
	b.until = now.Add(min(max(b.pause, fault.WaitOf(verdict)), b.maxRest))
	b.pause += min(b.pause, b.maxRest-b.pause)
	b.changed(Open)
}

// lapse fails the probe that stayed out longer than its time.
func (b *breaker) lapse(now time.Time) {
	if b.probe != nil && !now.Before(b.probe.lapses) {
		b.decide(b.probe, b.probe.lapses, errLapsed)
	}
}

// state is what the breaker would do now; inner may not have noticed yet that the pause is over.
func (b *breaker) state(now time.Time) State {
	switch {
	case b.tripped:
		return Open
	case b.inside == gobreaker.StateClosed:
		return Closed
	case now.Before(b.until):
		return Open
	}
	return HalfOpen
}

// ready is [Guard.Ready].
func (b *breaker) ready(now time.Time) (bool, time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lapse(now)
	switch state := b.state(now); {
	case state == Closed:
		return true, time.Time{}
	case state == Open:
		return false, b.until
	case b.probe != nil:
		return false, b.probe.lapses
	case now.Before(b.allowed):
		return false, b.allowed
	}
	b.allowed = now.Add(b.lease)
	return true, b.allowed
}

// room is how many of free slots the breaker would let be used, with out calls in flight.
func (b *breaker) room(now time.Time, free, out int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lapse(now)
	switch state := b.state(now); {
	case state == Open, b.probe != nil:
		return 0
	case state == HalfOpen:
		return min(free, 1)
	case b.trial:
		return min(free, max(1-out, 0))
	}
	return free
}

func (b *breaker) snapshot(now time.Time) Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lapse(now)
	s := Snapshot{State: b.state(now), Tripped: b.tripped, ConsecutiveFailures: b.failures, LastFaultKind: b.last}
	if s.State == Closed && b.trial {
		s.Trial = b.since
	}
	switch {
	case b.tripped: // nobody knows until when
	case s.State == Open:
		s.Until = b.until
	case b.probe != nil:
		s.Until = b.probe.lapses
	}
	return s
}
