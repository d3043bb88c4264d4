package pace_test

import (
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/adapters/kit/pace"
)

// sending is a call of the model: when, and how many units.
type sending struct {
	at    time.Time
	units int
}

// TestReplicasKeepTheLimit: while gateways join, leave, freeze and die, each sending as much as it may, what all of them
// send in any minute never exceeds the limit by more than one burst (a second's allowance, and three units for each gateway);
// and when all is quiet, nothing of the limit is wasted.
func TestReplicasKeepTheLimit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Float64Range(5, 200).Draw(t, "limit")
		h := &house{now: noon(), table: map[string]time.Time{}, lives: map[string]*alive{}}
		pacers := map[string]*pace.Pacer{}
		var sent []sending
		most, sum := 0, 0
		run := func(t *rapid.T, length time.Duration) (units int) {
			const step = 50 * time.Millisecond
			for range int(length / step) {
				h.pass(step)
				most = max(most, len(h.lives))
				for _, name := range slices.Sorted(maps.Keys(h.lives)) {
					g := h.lives[name]
					if h.now.Before(g.frozen) {
						continue
					}
					if pacers[name] == nil {
						pacers[name] = pace.New("texts", g.know, usual())
						pacers[name].Limit(limit)
					}
					own := h.now.Add(g.skew)
					for _, lane := range []int{emergency, bulk} {
						grant := pacers[name].Take(own, lane, 1000)
						pacers[name].Spend(own, lane, grant, grant.Messages, grant.Messages)
						units += grant.Messages
						if grant.Messages > 0 {
							sent = append(sent, sending{h.now, grant.Messages})
							sum += grant.Messages
						}
					}
				}
				for len(sent) > 0 && h.now.Sub(sent[0].at) > time.Minute {
					sum -= sent[0].units
					sent = sent[1:]
				}
				if float64(sum) > limit*61+float64(3*most) {
					t.Fatalf("%d units in a minute at %.1f/s", sum, limit)
				}
			}
			return units
		}
		for range rapid.IntRange(1, 4).Draw(t, "gateways") {
			h.join(time.Duration(rapid.IntRange(-60_000, 60_000).Draw(t, "skew")) * time.Millisecond)
		}
		for range rapid.IntRange(3, 12).Draw(t, "events") {
			names := slices.Sorted(maps.Keys(h.lives))
			who := rapid.SampledFrom(names).Draw(t, "who")
			switch rapid.SampledFrom([]string{"join", "die", "leave", "freeze", "outage"}).Draw(t, "event") {
			case "join":
				h.join(0)
			case "die":
				if len(names) > 1 {
					delete(h.lives, who)
				}
			case "leave":
				if len(names) > 1 {
					delete(h.lives, who)
					delete(h.table, who)
				}
			case "freeze":
				h.lives[who].frozen = h.now.Add(time.Duration(rapid.IntRange(1, 20).Draw(t, "s")) * time.Second)
			case "outage":
				h.down = h.now.Add(time.Duration(rapid.IntRange(1, 15).Draw(t, "s")) * time.Second)
			}
			run(t, time.Duration(rapid.IntRange(1, 30).Draw(t, "s"))*time.Second)
		}
		run(t, 40*time.Second) // all are awake and have counted each other
		if got := float64(run(t, 60*time.Second)); got < 0.97*limit*60-float64(2*most) {
			t.Fatalf("only %.0f units in a quiet minute at %.1f/s", got, limit)
		}
	})
}

func TestThrottled(t *testing.T) {
	t.Parallel()
	rate := func(p *pace.Pacer, now time.Time) float64 { return p.Snapshot(now).Rate }
	fresh := func(limit float64) *pace.Pacer {
		p := pace.New("texts", among(1), usual())
		p.Limit(limit)
		p.Snapshot(noon())
		return p
	}
	at := func(seconds float64) time.Time { return noon().Add(time.Duration(seconds * float64(time.Second))) }
	near := func(t *testing.T, what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 0.01*want {
			t.Errorf("%s: %.3f, want %.3f", what, got, want)
		}
	}
	t.Run("halves the rate, once a second, and once for what was begun before", func(t *testing.T) {
		t.Parallel()
		p := fresh(80)
		for range 5 {
			p.Throttled(at(0), at(-1))
		}
		near(t, "at once", rate(p, at(0)), 40)
		p.Throttled(at(0.9), at(0.5))
		near(t, "within the second", rate(p, at(0.9)), 40)
		p.Throttled(at(1.1), at(-0.5))
		near(t, "what was begun before it was halved", rate(p, at(1.1)), 40)
		p.Throttled(at(1.2), at(0.5))
		near(t, "what was begun afterwards", rate(p, at(1.2)), 20)
		if n := p.Snapshot(at(1.2)).Throttled; n != 8 {
			t.Errorf("%d answers were counted", n)
		}
	})
	t.Run("and each second without one gives a twentieth of the limit back, until it is whole", func(t *testing.T) {
		t.Parallel()
		p := fresh(80)
		p.Throttled(at(0), at(0))
		for s := range 30 {
			want := min(80, 40+4*max(0, float64(s)-1))
			near(t, "later", rate(p, at(float64(s))), want)
		}
	})
	t.Run("has a floor", func(t *testing.T) {
		t.Parallel()
		p, slow := fresh(640), fresh(1)
		for s := range 40 {
			p.Throttled(at(float64(s)*1.001), at(float64(s)*1.001))
			slow.Throttled(at(float64(s)*1.001), at(float64(s)*1.001))
		}
		near(t, "a sixty-fourth", rate(p, at(39.1)), 10)
		near(t, "a tenth of a unit", rate(slow, at(39.1)), 0.1)
	})
	t.Run("stands for the limit that nobody knows by half of what was sent, until it has come back", func(t *testing.T) {
		t.Parallel()
		p := fresh(0)
		if !math.IsInf(rate(p, at(0)), 1) {
			t.Error("there is a limit")
		}
		for range 20 {
			g := p.Take(at(0.1), bulk, 5)
			p.Spend(at(0.1), bulk, g, 5, 5)
		}
		p.Throttled(at(0.5), at(0.1))
		near(t, "half of a hundred", rate(p, at(0.5)), 50)
		near(t, "some seconds later", rate(p, at(3.5)), 60)
		if !math.IsInf(rate(p, at(13)), 1) {
			t.Errorf("still %.1f/s", rate(p, at(13)))
		}
	})
}

func TestPacer(t *testing.T) {
	t.Parallel()
	t.Run("without a limit grants what is wanted", func(t *testing.T) {
		t.Parallel()
		p := pace.New("texts", pace.NewFleet("nobody heard of"), usual())
		if g := p.Take(noon(), bulk, 64); g.Messages != 64 || !g.Until.IsZero() {
			t.Errorf("granted %+v", g)
		}
	})
	t.Run("whose gateway has no share grants nothing", func(t *testing.T) {
		t.Parallel()
		p := pace.New("texts", pace.NewFleet("nobody heard of"), usual())
		p.Limit(100)
		p.Snapshot(noon())
		if g := p.Take(noon().Add(time.Hour), emergency, 64); g.Messages != 0 || g.Until.IsZero() {
			t.Errorf("granted %+v", g)
		}
	})
	t.Run("repays what a message costs beyond what was there", func(t *testing.T) {
		t.Parallel()
		p := pace.New("texts", among(1), usual())
		p.Limit(2)
		p.Snapshot(noon())
		now := noon().Add(time.Minute)
		g := p.Take(now, bulk, 1)
		p.Spend(now, bulk, g, 1, 10)
		g = p.Take(now, bulk, 1)
		if wait := g.Until.Sub(now).Seconds(); g.Messages != 0 || wait < 4.7 || wait > 4.8 {
			t.Errorf("granted %d, next after %.2f s; ten units and the next one at two a second, less the one and a half that were there, are 4.75 s", g.Messages, wait)
		}
	})
	t.Run("gives back what was not used", func(t *testing.T) {
		t.Parallel()
		p := pace.New("texts", among(1), usual())
		p.Limit(100)
		p.Snapshot(noon())
		now := noon().Add(time.Minute)
		for range 100 {
			g := p.Take(now, bulk, 50)
			if g.Messages != 50 {
				t.Fatalf("granted %d", g.Messages)
			}
			p.Spend(now, bulk, g, 0, 0)
		}
	})
	t.Run("grants no more than what is left of the day", func(t *testing.T) {
		t.Parallel()
		p := pace.New("texts", among(1), usual())
		p.Budget(10, 2)
		g := p.Take(noon(), bulk, 64)
		if g.Messages != 5 {
			t.Errorf("granted %d of half of ten", g.Messages)
		}
		p.Spend(noon(), bulk, g, 5, 4)
		if told := p.Report(); told != 4 {
			t.Errorf("reports %d", told)
		}
		p.Untold()
		if told := p.Report(); told != 4 {
			t.Errorf("reports %d after a report was lost", told)
		}
		if left := p.Snapshot(noon()).Left; left != 1 {
			t.Errorf("%.0f left", left)
		}
		p.Budget(0, 2)
		if g := p.Take(noon(), emergency, 1); g.Messages != 0 {
			t.Error("granted what is not there")
		}
		p.Budget(math.Inf(1), 2)
		if g := p.Take(noon(), bulk, 64); g.Messages != 64 {
			t.Errorf("granted %d without a budget", g.Messages)
		}
	})
}
