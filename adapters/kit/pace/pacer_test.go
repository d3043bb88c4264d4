package pace_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/adapters/kit/pace"
)

// among is a share that does not change.
type among int

func (n among) Share(time.Time) (int, bool, time.Time) { return int(n), true, time.Time{} }

// usual are the default shares.
func usual() [pace.Lanes]float64 { return [pace.Lanes]float64{0, 50, 30, 20} }

const (
	emergency = iota
	regulatory
	service
	bulk
)

// asker is a lane's loop in simulated time: it asks when it was told to, late as a busy machine is, and spends what it
// claims a little later.
type asker struct {
	lane    int
	hungry  bool
	slots   int
	cost    func() int
	next    time.Time
	pending []spending
	units   int
	calls   int
}

type spending struct {
	at    time.Time
	grant pace.Grant
}

func (a *asker) turn(r *rand.Rand, p *pace.Pacer, now time.Time) {
	for len(a.pending) > 0 && !now.Before(a.pending[0].at) {
		g, claimed, units := a.pending[0].grant, 0, 0
		a.pending = a.pending[1:]
		if a.hungry {
			claimed = g.Messages
			for range claimed {
				units += a.cost()
			}
		}
		p.Spend(now, a.lane, g, claimed, units)
		a.units += units
		a.calls += claimed
	}
	if now.Before(a.next) || len(a.pending) > 0 {
		return
	}
	g := p.Take(now, a.lane, a.slots)
	if g.Messages == 0 && !a.hungry {
		p.Spend(now, a.lane, g, 0, 0)
		g.Until = time.Time{}
	}
	if g.Messages > 0 {
		a.pending = append(a.pending, spending{now.Add(time.Duration(r.IntN(20)) * time.Millisecond), g})
	}
	a.next = now.Add(time.Second)
	if !g.Until.IsZero() {
		a.next = g.Until
	}
	if g.Until.IsZero() && a.hungry { // slots come free when calls return
		a.next = now.Add(20 * time.Millisecond)
	}
	a.next = a.next.Add(time.Duration(r.IntN(10)) * time.Millisecond)
}

func costs(r *rand.Rand, most int) func() int { return func() int { return 1 + r.IntN(most) } }

// due is when it does something next.
func (a *asker) due() time.Time {
	if len(a.pending) > 0 {
		return a.pending[0].at
	}
	return a.next
}

// simulate lets askers ask for some time, from one event to the next.
func simulate(r *rand.Rand, p *pace.Pacer, from time.Time, length time.Duration, askers ...*asker) time.Time {
	end := from.Add(length)
	for now := from; ; {
		for _, i := range r.Perm(len(askers)) {
			askers[i].turn(r, p, now)
		}
		next := end
		for _, a := range askers {
			if at := a.due(); at.Before(next) {
				next = at
			}
		}
		if !next.Before(end) {
			return end
		}
		now = next
	}
}

// TestSharesHold: with all lanes hungry, each gets its share in the long run, whatever its messages cost, and together
// they get what the limit allows.
func TestSharesHold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		limit := rapid.Float64Range(3, 400).Draw(t, "limit")
		shares := [pace.Lanes]float64{0}
		sum := 0.0
		for i := 1; i < pace.Lanes; i++ {
			shares[i] = float64(rapid.IntRange(5, 90).Draw(t, "share"))
			sum += shares[i]
		}
		p := pace.New("texts", among(1), shares)
		p.Limit(limit)
		askers := make([]*asker, 0, pace.Lanes)
		for lane := regulatory; lane <= bulk; lane++ {
			most := rapid.IntRange(1, 4).Draw(t, "most")
			askers = append(askers, &asker{lane: lane, hungry: true, slots: rapid.IntRange(8, 32).Draw(t, "slots"), cost: costs(r, most)})
		}
		seconds := max(60, 400/limit)
		simulate(r, p, noon(), time.Duration(seconds*float64(time.Second)), askers...)
		whole := 0
		for _, a := range askers {
			whole += a.units
		}
		if most, least := limit*seconds+limit+8, 0.9*limit*seconds-8; float64(whole) > most || float64(whole) < least {
			t.Fatalf("%d units in %.0f s at %.1f/s", whole, seconds, limit)
		}
		for _, a := range askers {
			if got, want := float64(a.units)/float64(whole), shares[a.lane]/sum; math.Abs(got-want) > 0.05 {
				t.Fatalf("lane %d got %.3f of %d units, its share is %.3f", a.lane, got, whole, want)
			}
		}
	})
}

// TestIdleSharesAreUsed: what some lanes do not use, the others get, in proportion.
func TestIdleSharesAreUsed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		limit := rapid.Float64Range(3, 400).Draw(t, "limit")
		busy := rapid.IntRange(1, 7).Draw(t, "busy") // a bit for each lane
		p := pace.New("texts", among(1), usual())
		p.Limit(limit)
		var askers []*asker
		sum := 0.0
		for lane := regulatory; lane <= bulk; lane++ {
			a := &asker{lane: lane, hungry: busy>>(lane-1)&1 == 1, slots: 16, cost: costs(r, 1)}
			askers = append(askers, a)
			if a.hungry {
				sum += usual()[lane]
			}
		}
		seconds := max(60, 400/limit)
		simulate(r, p, noon(), time.Duration(seconds*float64(time.Second)), askers...)
		for _, a := range askers {
			want := 0.0
			if a.hungry {
				want = usual()[a.lane] / sum
			}
			if got := float64(a.units) / (limit * seconds); math.Abs(got-want) > 0.1 {
				t.Fatalf("lane %d (hungry %t) got %.3f of the limit, want %.3f", a.lane, a.hungry, got, want)
			}
		}
	})
}

// TestEmergenciesComeFirst: whatever the others do, an emergency waits at most for one unit's time, as long as there are
// not more emergencies than the limit allows; and when there are, the others get nothing.
func TestEmergenciesComeFirst(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))
		limit := rapid.Float64Range(3, 200).Draw(t, "limit")
		p := pace.New("texts", among(1), usual())
		p.Limit(limit)
		others := []*asker{
			{lane: regulatory, hungry: true, slots: 16, cost: costs(r, 6)},
			{lane: service, hungry: true, slots: 16, cost: costs(r, 6)},
			{lane: bulk, hungry: true, slots: 16, cost: costs(r, 6)},
		}
		now := simulate(r, p, noon(), 10*time.Second, others...)
		unit := time.Duration(float64(time.Second) / limit)
		for range 200 { // an emergency now and then, at half the limit
			now = simulate(r, p, now, 2*unit+time.Duration(r.IntN(int(unit))), others...)
			g := p.Take(now, emergency, 1)
			if g.Messages == 0 && g.Until.Sub(now) > unit+5*time.Millisecond {
				t.Fatalf("an emergency waits %s at %.1f/s", g.Until.Sub(now), limit)
			}
			if g.Messages == 0 {
				now = simulate(r, p, now, g.Until.Sub(now), others...)
				if g = p.Take(now, emergency, 1); g.Messages == 0 {
					t.Fatal("an emergency was told when to come, and came in vain")
				}
			}
			p.Spend(now, emergency, g, 1, 1)
		}
		flood := &asker{lane: emergency, hungry: true, slots: 1000, cost: costs(r, 1)}
		now = simulate(r, p, now, 5*time.Second, append(others, flood)...)
		before := [3]int{others[0].units, others[1].units, others[2].units}
		flood.units = 0
		seconds := max(20, 100/limit)
		simulate(r, p, now, time.Duration(seconds*float64(time.Second)), append(others, flood)...)
		for i, a := range others {
			if a.units != before[i] {
				t.Fatalf("lane %d got %d units while emergencies waited", a.lane, a.units-before[i])
			}
		}
		if got := float64(flood.units); got > limit*(seconds+1)+1 || got < 0.9*limit*seconds-2 {
			t.Fatalf("%.0f emergencies in %.0f s at %.1f/s", got, seconds, limit)
		}
	})
}
