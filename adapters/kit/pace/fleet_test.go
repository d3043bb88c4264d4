package pace_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/adapters/kit/pace"
)

func noon() time.Time { return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC) }

// alive is a gateway of the model: it beats when its time has come, unless it is frozen or the store is down.
type alive struct {
	know   *pace.Fleet
	next   time.Time
	frozen time.Time // until when
	skew   time.Duration
}

// house is a fleet with its table, in simulated time.
type house struct {
	now   time.Time
	table map[string]time.Time
	lives map[string]*alive
	down  time.Time // the store, until when
	made  int
}

func (h *house) join(skew time.Duration) {
	h.made++
	name := fmt.Sprintf("g%d", h.made)
	h.lives[name] = &alive{know: pace.NewFleet(name), next: h.now, skew: skew}
}

// beat is what cmd does: put, read, forget. Its clock is its own.
func (h *house) beat(name string, g *alive) {
	own := h.now.Add(g.skew)
	h.table[name] = own
	members := make([]pace.Member, 0, len(h.table))
	for n, at := range h.table {
		members = append(members, pace.Member{Name: n, SeenAt: at})
	}
	for _, m := range g.know.Heard(own, own, members) {
		if h.table[m.Name].Equal(m.SeenAt) {
			delete(h.table, m.Name)
		}
	}
	g.next = h.now.Add(pace.Beat)
}

// pass lets time go by.
func (h *house) pass(step time.Duration) {
	h.now = h.now.Add(step)
	for _, name := range slices.Sorted(maps.Keys(h.lives)) {
		if g := h.lives[name]; !h.now.Before(g.next) && !h.now.Before(g.frozen) && !h.now.Before(h.down) {
			h.beat(name, g)
		}
	}
}

// shares is what those that may pace now take of the whole, and how many they are.
func (h *house) shares() (sum float64, pacing int) {
	for _, g := range h.lives {
		if n, ok, _ := g.know.Share(h.now.Add(g.skew)); ok && !h.now.Before(g.frozen) {
			sum += 1 / float64(n)
			pacing++
		}
	}
	return sum, pacing
}

// TestFleetNeverTakesMoreThanTheWhole: while gateways join, leave, freeze and die, and the store comes and goes, the
// shares of those that pace never add up to more than the whole; and when all is quiet, they add up to it.
func TestFleetNeverTakesMoreThanTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := &house{now: noon(), table: map[string]time.Time{}, lives: map[string]*alive{}}
		skew := rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.IntRange(-3_600_000, 3_600_000).Draw(t, "skew")) * time.Millisecond
		})
		anyone := func(t *rapid.T) string {
			if len(h.lives) == 0 {
				t.Skip("nobody lives")
			}
			return rapid.SampledFrom(slices.Sorted(maps.Keys(h.lives))).Draw(t, "who")
		}
		seconds := func(most int) time.Duration {
			return time.Duration(rapid.IntRange(1, most*1000).Draw(t, "ms")) * time.Millisecond
		}
		t.Repeat(map[string]func(*rapid.T){
			"join":   func(t *rapid.T) { h.join(skew.Draw(t, "skew")) },
			"die":    func(t *rapid.T) { delete(h.lives, anyone(t)) },
			"leave":  func(t *rapid.T) { who := anyone(t); delete(h.lives, who); delete(h.table, who) },
			"freeze": func(t *rapid.T) { h.lives[anyone(t)].frozen = h.now.Add(seconds(20)) },
			"outage": func(*rapid.T) { h.down = h.now.Add(seconds(15)) },
			"pass": func(*rapid.T) {
				for range rapid.IntRange(1, 60).Draw(t, "steps") {
					h.pass(137 * time.Millisecond)
					if sum, n := h.shares(); sum > 1+1e-9 {
						t.Fatalf("%d gateways take %.3f of the whole", n, sum)
					}
				}
			},
			"quiet": func(t *rapid.T) {
				if len(h.lives) == 0 {
					h.join(0)
				}
				for range 400 {
					h.pass(137 * time.Millisecond)
				}
				if sum, n := h.shares(); sum < 1-1e-9 || n != len(h.lives) {
					t.Fatalf("%d of %d gateways take %.3f of the whole though nothing happens", n, len(h.lives), sum)
				}
			},
		})
	})
}

func TestFleet(t *testing.T) {
	t.Parallel()
	row := func(name string, beat int) pace.Member {
		return pace.Member{Name: name, SeenAt: noon().Add(time.Duration(beat) * pace.Beat)}
	}
	at := func(beat float64) time.Time { return noon().Add(time.Duration(beat * float64(pace.Beat))) }
	may := func(t *testing.T, f *pace.Fleet, now time.Time, want int) {
		t.Helper()
		if n, ok, _ := f.Share(now); ok != (want > 0) || ok && n != want {
			t.Errorf("divides by %d (%t), want %d", n, ok, want)
		}
	}
	t.Run("who is alone paces at once", func(t *testing.T) {
		t.Parallel()
		f := pace.NewFleet("a")
		may(t, f, at(0), 0)
		f.Heard(at(0), at(0), []pace.Member{row("a", 0)})
		may(t, f, at(0), 1)
	})
	t.Run("a newcomer paces nothing until the others have counted it", func(t *testing.T) {
		t.Parallel()
		f := pace.NewFleet("b")
		f.Heard(at(0), at(0), []pace.Member{row("a", 0), row("b", 0)})
		f.Heard(at(1), at(1), []pace.Member{row("a", 1), row("b", 1)})
		may(t, f, at(1.9), 0)
		f.Heard(at(2), at(2), []pace.Member{row("a", 2), row("b", 2)})
		may(t, f, at(2), 2)
	})
	t.Run("who cannot beat stops, and is a newcomer again afterwards", func(t *testing.T) {
		t.Parallel()
		f := pace.NewFleet("a")
		f.Heard(at(0), at(0), []pace.Member{row("a", 0)})
		may(t, f, at(2), 1)
		may(t, f, at(2.1), 0)
		f.Heard(at(5), at(5), []pace.Member{row("a", 5), row("b", 1)})
		may(t, f, at(6.9), 0)
		f.Heard(at(6), at(6), []pace.Member{row("a", 6), row("b", 2)})
		may(t, f, at(7), 2)
	})
	t.Run("who is silent for three beats is to be forgotten, and counted until then", func(t *testing.T) {
		t.Parallel()
		f := pace.NewFleet("a")
		for beat := range 3 {
			if gone := f.Heard(at(float64(beat)), at(float64(beat)), []pace.Member{row("a", beat), row("b", 0)}); len(gone) > 0 {
				t.Errorf("forgotten after %d beats: %v", beat, gone)
			}
		}
		may(t, f, at(2), 2)
		if gone := f.Heard(at(3), at(3), []pace.Member{row("a", 3), row("b", 0)}); len(gone) != 1 || gone[0] != row("b", 0) {
			t.Errorf("to be forgotten: %v", gone)
		}
		f.Heard(at(4), at(4), []pace.Member{row("a", 4)})
		may(t, f, at(4), 1)
	})
	t.Run("the first by name is the first, unless it has no share", func(t *testing.T) {
		t.Parallel()
		a, b := pace.NewFleet("a"), pace.NewFleet("b")
		for beat := range 4 {
			both := []pace.Member{row("a", beat), row("b", beat)}
			a.Heard(at(float64(beat)), at(float64(beat)), both)
			b.Heard(at(float64(beat)), at(float64(beat)), both)
		}
		if !a.First(at(3)) || b.First(at(3)) || a.First(at(9)) {
			t.Error("the wrong one is first")
		}
	})
}
