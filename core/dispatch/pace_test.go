package dispatch_test

import (
	"slices"
	"testing"
	"time"

	"carillon/core/dispatch"
	"carillon/core/fault"
	"carillon/core/message"
)

// pacing grants what it is told to, and keeps what it is told.
type pacing struct {
	grants    []dispatch.Grant // in order; nothing when there is none
	spent     []spent
	throttled []time.Time
}

type spent struct {
	grant          dispatch.Grant
	claimed, units int
}

func (p *pacing) Take(_ time.Time, _ message.Urgency, want int) dispatch.Grant {
	if len(p.grants) == 0 {
		return dispatch.Grant{Until: noon().Add(time.Second)}
	}
	g := p.grants[0]
	p.grants = p.grants[1:]
	g.Messages = min(g.Messages, want)
	return g
}

func (p *pacing) Spend(_ time.Time, _ message.Urgency, g dispatch.Grant, claimed, units int) {
	p.spent = append(p.spent, spent{g, claimed, units})
}

func (p *pacing) Throttled(_, begun time.Time) { p.throttled = append(p.throttled, begun) }

// parts makes each message of a number as many units.
type parts struct{}

func (parts) Units(m message.Message) int { return int(m.ID[15]) }

func TestPace(t *testing.T) {
	t.Parallel()
	later := noon().Add(300 * time.Millisecond)
	paced := func(t *testing.T, waiting int, grants ...dispatch.Grant) (*stand, *pacing) {
		t.Helper()
		s, p := newStand(t), &pacing{grants: grants}
		s.way.Pace, s.way.Meter = p, parts{}
		for n := range waiting {
			one := taken(byte(n + 1))
			one.Due.Owner, one.Due.At = "", noon()
			s.tables.waiting[lane()] = append(s.tables.waiting[lane()], one)
		}
		if waiting > 0 {
			s.tables.next = noon()
		}
		return s, p
	}
	exchange := func(t *testing.T, s *stand, done ...dispatch.Result) dispatch.Turn {
		t.Helper()
		turn, err := s.Exchange(t.Context(), noon(), dispatch.Ask{Lane: lane(), Way: s.way, Free: 4, Done: done})
		if err != nil {
			t.Fatal(err)
		}
		return turn
	}
	t.Run("trims the claim, is told what it cost, and says when to come back", func(t *testing.T) {
		t.Parallel()
		s, p := paced(t, 4, dispatch.Grant{Messages: 2, Until: later, Aside: []float64{2}})
		turn := exchange(t, s)
		if len(turn.Calls) != 2 || !turn.Next.Equal(later) {
			t.Errorf("%d calls, next at %s", len(turn.Calls), turn.Next)
		}
		if len(p.spent) != 1 || p.spent[0].claimed != 2 || p.spent[0].units != 1+2 || p.spent[0].grant.Aside[0] != 2 {
			t.Errorf("was told %+v", p.spent)
		}
	})
	t.Run("what the gate stops costs nothing", func(t *testing.T) {
		t.Parallel()
		s, p := paced(t, 2, dispatch.Grant{Messages: 2})
		s.tables.waiting[lane()][1].Message.ExpiresAt = noon().Add(-time.Minute)
		turn := exchange(t, s)
		if len(turn.Calls) != 1 || len(p.spent) != 1 || p.spent[0].claimed != 2 || p.spent[0].units != 1 {
			t.Errorf("%d calls; was told %+v", len(turn.Calls), p.spent)
		}
	})
	t.Run("a lane it holds back claims nothing, and comes when it is told to", func(t *testing.T) {
		t.Parallel()
		s, p := paced(t, 4)
		turn := exchange(t, s)
		if len(turn.Calls) != 0 || len(s.tables.applied) != 0 || !turn.Next.Equal(noon().Add(time.Second)) {
			t.Errorf("%d calls, %d sets, next at %s", len(turn.Calls), len(s.tables.applied), turn.Next)
		}
		if len(p.spent) != 0 {
			t.Errorf("a lane that waits said that nothing does: %+v", p.spent)
		}
	})
	t.Run("a lane in which nothing waits says so, and comes when something is due", func(t *testing.T) {
		t.Parallel()
		s, p := paced(t, 0)
		s.tables.next = noon().Add(time.Hour)
		turn := exchange(t, s)
		if len(p.spent) != 1 || p.spent[0].grant.Messages != 0 || !turn.Next.Equal(noon().Add(time.Hour)) {
			t.Errorf("was told %+v, next at %s", p.spent, turn.Next)
		}
	})
	t.Run("gets everything back when the store is lost", func(t *testing.T) {
		t.Parallel()
		s, p := paced(t, 4, dispatch.Grant{Messages: 4, Aside: []float64{4}})
		s.tables.down = unavailable()
		if _, err := s.Exchange(t.Context(), noon(), dispatch.Ask{Lane: lane(), Way: s.way, Free: 4}); err == nil {
			t.Fatal("the store is not lost")
		}
		if len(p.spent) != 1 || p.spent[0].claimed != 0 || p.spent[0].units != 0 {
			t.Errorf("was told %+v", p.spent)
		}
	})
	t.Run("is not asked while the breaker is open", func(t *testing.T) {
		t.Parallel()
		s, p := paced(t, 4, dispatch.Grant{Messages: 4})
		s.breaker.open = noon().Add(time.Minute)
		exchange(t, s)
		if len(p.grants) != 1 || len(p.spent) != 0 {
			t.Errorf("%d grants are left, was told %+v", len(p.grants), p.spent)
		}
	})
	t.Run("is told of every answer that asks to slow down, and when its call was begun", func(t *testing.T) {
		t.Parallel()
		s, p := paced(t, 0)
		slow := answered(fault.New(fault.Throttled, "x"))
		slow.Way, slow.At, slow.Took = s.way, noon(), time.Second
		well := answered(nil)
		well.Way, well.At = s.way, noon()
		exchange(t, s, slow, well)
		if !slices.Equal(p.throttled, []time.Time{noon().Add(-time.Second)}) {
			t.Errorf("was told of %v", p.throttled)
		}
	})
}
