package guard_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"carillon/adapters/kit/guard"
	"carillon/core/fault"
)

var errDown error = fault.New(fault.Unavailable, "down")

func TestPause(t *testing.T) {
	t.Run("refuses with the time until the next probe", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g, _ := newGuard(t, config())
			trip(t, g)
			time.Sleep(20 * time.Second)
			err := end(g, nil)
			wantKind(t, err, fault.Unavailable, fault.CodeBreakerOpen)
			if fault.WaitOf(err) != 40*time.Second {
				t.Errorf("waits %s, want 40s", fault.WaitOf(err))
			}
			if ok, until := g.Ready(time.Now()); ok || time.Until(until) != 40*time.Second || g.Free() != 0 {
				t.Errorf("ready %t, until %s, free %d", ok, until, g.Free())
			}
		})
	})
	t.Run("doubles up to its longest, and starts anew after a success", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g, _ := newGuard(t, config())
			trip(t, g)
			for _, want := range []time.Duration{1, 2, 4, 4, 4} {
				if got := time.Until(g.Snapshot().Until); got != want*time.Minute {
					t.Fatalf("rests %s, want %d minutes", got, want)
				}
				time.Sleep(want*time.Minute - 1)
				wantKind(t, end(g, nil), fault.Unavailable, fault.CodeBreakerOpen)
				time.Sleep(time.Nanosecond)
				if g.State() != guard.HalfOpen {
					t.Fatalf("is %s after its pause", g.State())
				}
				_ = end(g, errDown)
			}
			time.Sleep(4 * time.Minute)
			if err := end(g, nil); err != nil || g.State() != guard.Closed {
				t.Fatalf("got %v, is %s", err, g.State())
			}
			trip(t, g)
			if got := time.Until(g.Snapshot().Until); got != time.Minute {
				t.Errorf("rests %s after it had recovered, want a minute", got)
			}
		})
	})
	t.Run("is as long as the provider asked, up to the longest", func(t *testing.T) {
		for asked, want := range map[time.Duration]time.Duration{
			time.Second: time.Minute, 2 * time.Minute: 2 * time.Minute, time.Hour: 4 * time.Minute,
		} {
			synctest.Test(t, func(t *testing.T) {
				g, _ := newGuard(t, config())
				for range 3 {
					_ = end(g, &fault.Error{Kind: fault.Unavailable, Wait: asked})
				}
				if got := time.Until(g.Snapshot().Until); got != want {
					t.Errorf("asked for %s, rests %s, want %s", asked, got, want)
				}
			})
		}
	})
	t.Run("is not touched by calls that began before it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			for _, late := range []error{nil, errDown} {
				g, _ := newGuard(t, config())
				go func() {
					_, _ = guard.Do(t.Context(), g, "publish", func(context.Context) (int, error) {
						time.Sleep(time.Second)
						return 0, late
					})
				}()
				synctest.Wait()
				trip(t, g)
				before := g.Snapshot().Until
				time.Sleep(2 * time.Second)
				if s := g.Snapshot(); s.State != guard.Open || !s.Until.Equal(before) || s.ConsecutiveFailures != 3 {
					t.Errorf("got %+v", s)
				}
			}
		})
	})
}

func TestReady(t *testing.T) {
	t.Run("says yes to all while closed", func(t *testing.T) {
		g, _ := newGuard(t, config())
		for range 3 {
			if ok, until := g.Ready(time.Now()); !ok || !until.IsZero() {
				t.Errorf("ready %t, until %s", ok, until)
			}
		}
	})
	t.Run("allows one probe after the pause", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g, _ := newGuard(t, config())
			trip(t, g)
			time.Sleep(time.Minute)
			if ok, until := g.Ready(time.Now()); !ok || time.Until(until) != 2*time.Second || g.Free() != 1 {
				t.Fatalf("ready %t, until %s, free %d", ok, until, g.Free())
			}
			if ok, until := g.Ready(time.Now()); ok || time.Until(until) != 2*time.Second {
				t.Fatalf("a second: ready %t, until %s", ok, until)
			}
			if err := end(g, nil); err != nil || g.State() != guard.Closed || g.Free() != 4 {
				t.Fatalf("got %v, %+v", err, g.Snapshot())
			}
		})
	})
	t.Run("allows another when the probe was never made", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g, _ := newGuard(t, config())
			trip(t, g)
			time.Sleep(time.Minute)
			for range 5 {
				if ok, _ := g.Ready(time.Now()); !ok {
					t.Fatal("not ready")
				}
				time.Sleep(2*time.Second - 1)
				if ok, _ := g.Ready(time.Now()); ok {
					t.Fatal("ready before the permission lapsed")
				}
				time.Sleep(time.Nanosecond)
			}
		})
	})
	t.Run("says when the probe that is out ends, and refuses others meanwhile", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g, _ := newGuard(t, config())
			trip(t, g)
			time.Sleep(time.Minute)
			go func() { _ = hang(t.Context(), g) }()
			synctest.Wait()
			time.Sleep(time.Second)
			if ok, until := g.Ready(time.Now()); ok || time.Until(until) != time.Second || g.Free() != 0 {
				t.Errorf("ready %t, until %s, free %d", ok, until, g.Free())
			}
			err := end(g, nil)
			wantKind(t, err, fault.Unavailable, fault.CodeBreakerOpen)
			if fault.WaitOf(err) != time.Second {
				t.Errorf("waits %s", fault.WaitOf(err))
			}
			time.Sleep(time.Second)
			synctest.Wait()
			if s := g.Snapshot(); s.State != guard.Open || time.Until(s.Until) != 2*time.Minute {
				t.Errorf("got %+v", s)
			}
		})
	})
	t.Run("is not blocked by a probe that ignores its deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g, _ := newGuard(t, config())
			trip(t, g)
			time.Sleep(time.Minute)
			stuck := make(chan struct{})
			go func() {
				_, _ = guard.Do(t.Context(), g, "publish", func(context.Context) (int, error) { <-stuck; return 0, nil })
			}()
			synctest.Wait()
			time.Sleep(2 * time.Second)
			if s := g.Snapshot(); s.State != guard.Open || s.LastFaultKind != "ambiguous" || s.Inflight != 1 {
				t.Fatalf("got %+v", s)
			}
			time.Sleep(2 * time.Minute)
			if ok, _ := g.Ready(time.Now()); !ok || end(g, nil) != nil || g.State() != guard.Closed {
				t.Fatalf("ready %t, %+v", ok, g.Snapshot())
			}
			close(stuck)
			synctest.Wait()
			if g.Free() != 4 {
				t.Errorf("free %d", g.Free())
			}
		})
	})
}

func TestProbe(t *testing.T) {
	probe := func(g *guard.Guard, err error) error {
		return g.Probe(context.Background(), "probe", func(context.Context) error { return err })
	}
	t.Run("is refused during the pause", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g, _ := newGuard(t, config())
			trip(t, g)
			wantKind(t, probe(g, nil), fault.Unavailable, fault.CodeBreakerOpen)
		})
	})
	t.Run("closes on trial: the first real call decides", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g, _ := newGuard(t, config())
			trip(t, g)
			time.Sleep(time.Minute)
			if err := probe(g, nil); err != nil || g.State() != guard.Closed || g.Free() != 1 {
				t.Fatalf("got %v, is %s, free %d", err, g.State(), g.Free())
			}
			_ = end(g, fault.New(fault.Refused, "decides nothing"))
			_ = probe(g, nil)
			_ = end(g, errDown)
			if s := g.Snapshot(); s.State != guard.Open || time.Until(s.Until) != 2*time.Minute {
				t.Fatalf("got %+v, want open for two minutes", s)
			}
			time.Sleep(2 * time.Minute)
			if err := errors.Join(probe(g, nil), end(g, nil)); err != nil || g.Free() != 4 {
				t.Fatalf("got %v, free %d", err, g.Free())
			}
			trip(t, g)
			if got := time.Until(g.Snapshot().Until); got != time.Minute {
				t.Errorf("rests %s, want a minute", got)
			}
		})
	})
	t.Run("opens again when it fails", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g, _ := newGuard(t, config())
			trip(t, g)
			time.Sleep(time.Minute)
			_ = probe(g, errDown)
			if s := g.Snapshot(); s.State != guard.Open || time.Until(s.Until) != 2*time.Minute {
				t.Errorf("got %+v", s)
			}
		})
	})
}

// act does one random thing with g.
func act(ctx context.Context, g *guard.Guard, random *rand.Rand) {
	kinds := fault.Kinds()
	call := func(ctx context.Context) (int, error) {
		time.Sleep(time.Duration(random.IntN(1000)) * time.Millisecond)
		switch random.IntN(8) {
		case 0:
			panic("boom")
		case 1:
			<-ctx.Done()
			return 0, ctx.Err()
		case 2:
			time.Sleep(time.Duration(random.IntN(10)) * time.Second) // ignores its deadline
			return 0, nil
		case 3, 4:
			return 0, nil
		}
		return 0, fault.New(kinds[random.IntN(len(kinds))], "x")
	}
	within, cancel := context.WithTimeout(ctx, time.Duration(random.IntN(20))*time.Second)
	defer cancel()
	switch random.IntN(8) {
	case 0:
		g.Ready(time.Now())
	case 1:
		time.Sleep(time.Duration(random.IntN(300)) * time.Second)
	case 2:
		_ = g.Probe(within, "probe", func(ctx context.Context) error { _, err := call(ctx); return err })
	case 3:
		time.AfterFunc(time.Duration(random.IntN(1000))*time.Millisecond, cancel)
		_, _ = guard.Do(within, g, "publish", call)
	default:
		_, _ = guard.Do(within, g, "publish", call)
	}
}

// recovers checks that nothing is held, and that a provider that is well again is used again, within one longest
// pause and one lapsed permission.
func recovers(t *testing.T, g *guard.Guard) {
	t.Helper()
	synctest.Wait()
	if s := g.Snapshot(); s.Inflight != 0 {
		t.Fatalf("%d slots are held: %+v", s.Inflight, s)
	}
	var last time.Time
	for began := time.Now(); time.Since(began) <= 4*time.Minute+2*time.Second; {
		ok, until := g.Ready(time.Now())
		if !ok {
			if !until.After(last) {
				t.Fatalf("is told to wait until %s again: %+v", until, g.Snapshot())
			}
			last = until
			time.Sleep(time.Until(until))
			continue
		}
		if err := end(g, nil); err != nil {
			t.Fatalf("ready, and then refused: %v", err)
		}
		if g.State() != guard.Closed || g.Free() != 4 {
			t.Fatalf("got %+v, free %d", g.Snapshot(), g.Free())
		}
		return
	}
	t.Fatalf("never ready: %+v", g.Snapshot())
}

// TestGuardIsNeverStuck walks at random; whatever happened, no slot is held and the breaker comes back.
func TestGuardIsNeverStuck(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 7))
				g, _ := newGuard(t, config())
				for range 1 + random.IntN(60) {
					act(t.Context(), g, random)
					checkPause(t, g)
				}
				recovers(t, g)
			})
		})
	}
}

// checkPause checks what must hold at any moment.
func checkPause(t *testing.T, g *guard.Guard) {
	t.Helper()
	s := g.Snapshot()
	if left := time.Until(s.Until); s.State == guard.Open && (left <= 0 || left > 4*time.Minute) {
		t.Fatalf("open, and %s are left: %+v", left, s)
	}
	if s.State == guard.Closed && !s.Until.IsZero() {
		t.Fatalf("closed, yet until: %+v", s)
	}
	if free := g.Free(); free < 0 || free+s.Inflight > s.Slots || (s.State == guard.HalfOpen && free > 1) {
		t.Fatalf("free %d: %+v", free, s)
	}
}
