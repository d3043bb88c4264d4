package guard_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"carillon/adapters/kit/guard"
	"carillon/core/fault"
)

func TestTrip(t *testing.T) {
	t.Run("holds the breaker open until it is reset, whatever the provider answers", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g, reg := newGuard(t, config())
			g.Trip()
			for range 2 {
				wantKind(t, end(g, nil), fault.Unavailable, fault.CodeBreakerOpen)
				time.Sleep(time.Hour)
			}
			s := g.Snapshot()
			if ok, _ := g.Ready(time.Now()); ok || g.Free() != 0 || s.State != guard.Open || !s.Tripped || !s.Until.IsZero() {
				t.Errorf("ready %t, %+v", ok, s)
			}
			if got := value(t, reg, "carillon_breaker_tripped", nil); got != 1 {
				t.Errorf("the gauge says %v", got)
			}
			g.Reset()
			if err := end(g, nil); err != nil || g.State() != guard.Closed || g.Snapshot().Tripped {
				t.Errorf("%v, %s", err, g.State())
			}
		})
	})
	t.Run("lets a call that is out end, and its success closes nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g, _ := newGuard(t, config())
			_, err := guard.Do(t.Context(), g, "publish", func(context.Context) (int, error) { g.Trip(); return 1, nil })
			if err != nil || g.State() != guard.Open {
				t.Errorf("%v, %s", err, g.State())
			}
		})
	})
}

func TestReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, reg := newGuard(t, config())
		trip(t, g)
		if got := value(t, reg, "carillon_breaker_next_probe_timestamp_seconds", nil); got != float64(time.Now().Add(time.Minute).Unix()) {
			t.Errorf("next probe at %v", got)
		}
		time.Sleep(time.Minute)
		_ = end(g, errDown)
		g.Reset()
		if got := value(t, reg, "carillon_breaker_next_probe_timestamp_seconds", nil); got != 0 || g.State() != guard.Closed || g.Free() != 4 {
			t.Errorf("next probe at %v, %s", got, g.State())
		}
		trip(t, g)
		if got := time.Until(g.Snapshot().Until); got != time.Minute {
			t.Errorf("rests %s: how long the pauses had grown is not forgotten", got)
		}
	})
}

func TestTrial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _ := newGuard(t, config())
		trip(t, g)
		if !g.Snapshot().Trial.IsZero() {
			t.Error("open is no trial")
		}
		time.Sleep(time.Minute)
		_ = g.Probe(t.Context(), "probe", func(context.Context) error { return nil })
		if s := g.Snapshot(); s.State != guard.Closed || !s.Trial.Equal(time.Now()) {
			t.Errorf("%+v", s)
		}
		_ = end(g, nil)
		if s := g.Snapshot(); !s.Trial.IsZero() {
			t.Errorf("the trial is over: %+v", s)
		}
	})
}
