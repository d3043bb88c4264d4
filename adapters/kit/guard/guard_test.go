package guard_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"carillon/adapters/kit/guard"
	"carillon/core/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func config() guard.Config {
	return guard.Config{
		Adapter: "sns", Route: "otp", Ops: []string{"publish", "probe"},
		Timeout: 2 * time.Second, Slots: 4, TripAfter: 3, Rest: time.Minute, MaxRest: 4 * time.Minute,
	}
}

func newGuard(tb testing.TB, cfg guard.Config) (*guard.Guard, *prometheus.Registry) {
	tb.Helper()
	reg := prometheus.NewRegistry()
	m, err := guard.NewMetrics(reg)
	if err != nil {
		tb.Fatal(err)
	}
	return guard.New(cfg, m, time.Now), reg
}

// end makes one real call that ends with err.
func end(g *guard.Guard, err error) error {
	_, got := guard.Do(context.Background(), g, "publish", func(context.Context) (string, error) { return "", err })
	return got
}

// hang makes one real call that is only ended by its context.
func hang(ctx context.Context, g *guard.Guard) error {
	_, err := guard.Do(ctx, g, "publish", func(ctx context.Context) (string, error) {
		<-ctx.Done()
		return "", fmt.Errorf("posting: %w", ctx.Err())
	})
	return err
}

func trip(tb testing.TB, g *guard.Guard) {
	tb.Helper()
	for range 3 {
		_ = end(g, fault.New(fault.Unavailable, "down"))
	}
	if g.State() != guard.Open {
		tb.Fatalf("is %s after three failures, want open", g.State())
	}
}

func wantKind(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	if fault.KindOf(err) != kind || (code != "" && fault.CodeOf(err) != code) {
		t.Fatalf("got kind %s, code %s: %v; want %s, %s", fault.KindOf(err), fault.CodeOf(err), err, kind, code)
	}
}

func TestDo(t *testing.T) {
	t.Run("returns what the call returned", func(t *testing.T) {
		g, _ := newGuard(t, config())
		broken := fault.New(fault.Refused, "no such number")
		got, err := guard.Do(t.Context(), g, "publish", func(context.Context) (int, error) { return 7, broken })
		if got != 7 || !errors.Is(err, broken) {
			t.Errorf("got %d, %v", got, err)
		}
	})
	t.Run("does not begin for a caller that gave up", func(t *testing.T) {
		g, _ := newGuard(t, config())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		wantKind(t, hang(ctx, g), fault.Cancelled, fault.CodeNotBegun)
		late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer cancel()
		wantKind(t, hang(late, g), fault.Unavailable, fault.CodeNotBegun)
	})
}

func TestDoClassifies(t *testing.T) {
	bare := errors.New("connection reset")
	type cause func(caller context.CancelFunc, within context.Context) error
	sleep := func(then error) cause {
		return func(_ context.CancelFunc, within context.Context) error { <-within.Done(); return then }
	}
	giveUp := func(then error) cause {
		return func(caller context.CancelFunc, _ context.Context) error { caller(); return then }
	}
	now := func(then error) cause {
		return func(context.CancelFunc, context.Context) error { return then }
	}
	for name, row := range map[string]struct {
		call cause
		want fault.Kind
	}{
		"its deadline, unclassified: ambiguous":        {sleep(bare), fault.Ambiguous},
		"its deadline, as the context says: ambiguous": {sleep(context.DeadlineExceeded), fault.Ambiguous},
		"its deadline, nobody knew: ambiguous":         {sleep(fault.Wrap(fault.Unknown, "posting", bare)), fault.Ambiguous},
		"its deadline, classified: as told":            {sleep(fault.Wrap(fault.Unavailable, "dialing", bare)), fault.Unavailable},
		"its deadline, yet it succeeded: fine":         {sleep(nil), 255},
		"caller gave up, unclassified: cancelled":      {giveUp(bare), fault.Cancelled},
		"caller gave up, classified: as told":          {giveUp(fault.New(fault.Ambiguous, "lost")), fault.Ambiguous},
		"caller gave up, yet it succeeded: fine":       {giveUp(nil), 255},
		"a client that cancels itself: ambiguous":      {now(context.Canceled), fault.Ambiguous},
		"a client with its own deadline: ambiguous":    {now(context.DeadlineExceeded), fault.Ambiguous},
		"unclassified: unknown":                        {now(bare), fault.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, _ := newGuard(t, config())
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				began := time.Now()
				_, err := guard.Do(ctx, g, "publish", func(within context.Context) (string, error) {
					return "", row.call(cancel, within)
				})
				if row.want == 255 {
					if err != nil {
						t.Fatalf("got %v, want no fault", err)
					}
					return
				}
				wantKind(t, err, row.want, "")
				if took := time.Since(began); took > config().Timeout {
					t.Errorf("took %s, want no more than the deadline", took)
				}
			})
		})
	}
}

func TestDoPanics(t *testing.T) {
	g, _ := newGuard(t, config())
	boom := func(p any) error {
		_, err := guard.Do(t.Context(), g, "publish", func(context.Context) (string, error) { panic(p) })
		return err
	}
	t.Run("is an unknown fault that does not tell the value", func(t *testing.T) {
		err := boom("the number is +31612345678")
		wantKind(t, err, fault.Unknown, guard.CodePanic)
		var p *guard.PanicError
		if !errors.As(err, &p) || len(p.Stack) == 0 || strings.Contains(p.Error()+err.Error(), "316") {
			t.Errorf("got %v caused by %v", err, p)
		}
	})
	t.Run("tells a runtime error", func(t *testing.T) {
		_, err := guard.Do(t.Context(), g, "publish", func(context.Context) (int, error) { return []int{}[g.Free()], nil })
		var p *guard.PanicError
		if !errors.As(err, &p) || !strings.Contains(p.Error(), "index out of range") {
			t.Errorf("got %v", p)
		}
	})
	t.Run("counts, and keeps no slot", func(t *testing.T) {
		if err := boom(nil); err == nil || g.State() != guard.Open || g.Snapshot().Inflight != 0 {
			t.Errorf("got %v, %+v", err, g.Snapshot())
		}
	})
	t.Run("stays a panic when its context has ended", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g, _ := newGuard(t, config())
			ctx, cancel := context.WithCancel(t.Context())
			for _, wait := range []func(context.Context){func(within context.Context) { <-within.Done() }, func(context.Context) { cancel() }} {
				_, err := guard.Do(ctx, g, "publish", func(within context.Context) (int, error) { wait(within); panic("boom") })
				wantKind(t, err, fault.Unknown, guard.CodePanic)
			}
			if s := g.Snapshot(); s.ConsecutiveFailures != 2 {
				t.Errorf("got %+v", s)
			}
		})
	})
	t.Run("a call that ends its goroutine counts too", func(t *testing.T) {
		g, _ := newGuard(t, config())
		var group sync.WaitGroup
		group.Go(func() {
			_, _ = guard.Do(t.Context(), g, "publish", func(context.Context) (int, error) { runtime.Goexit(); return 0, nil })
		})
		group.Wait()
		if s := g.Snapshot(); s.ConsecutiveFailures != 1 || s.Inflight != 0 || s.LastFaultKind != "unknown" {
			t.Errorf("got %+v", s)
		}
	})
}

func TestKindsThatCount(t *testing.T) {
	for _, kind := range fault.Kinds() {
		t.Run(kind.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, _ := newGuard(t, config())
				for range 10 {
					_ = end(g, fault.New(kind, "x"))
				}
				want := guard.Closed
				if fault.Trips(kind) {
					want = guard.Open
				}
				if g.State() != want {
					t.Fatalf("is %s after ten of it, want %s", g.State(), want)
				}
				if fault.Trips(kind) != (g.Snapshot().LastFaultKind == kind.String()) {
					t.Errorf("shows the last kind %q", g.Snapshot().LastFaultKind)
				}
			})
		})
		t.Run(kind.String()+" of a probe", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, _ := newGuard(t, config())
				trip(t, g)
				time.Sleep(time.Minute)
				if ok, _ := g.Ready(time.Now()); !ok {
					t.Fatal("not ready after the pause")
				}
				_ = end(g, fault.New(kind, "x"))
				want := guard.HalfOpen
				if fault.Trips(kind) {
					want = guard.Open
				}
				if g.State() != want {
					t.Fatalf("is %s after it, want %s", g.State(), want)
				}
				if ok, _ := g.Ready(time.Now()); ok == fault.Trips(kind) {
					t.Errorf("ready says %t", ok)
				}
			})
		})
		t.Run(kind.String()+" does not end a row of failures unless it is counted", func(t *testing.T) {
			g, _ := newGuard(t, config())
			for _, k := range []fault.Kind{fault.Unavailable, kind, fault.Unavailable, fault.Unavailable} {
				_ = end(g, fault.New(k, "x"))
			}
			if g.State() != guard.Open {
				t.Errorf("is %s", g.State())
			}
		})
	}
	t.Run("a success ends a row of failures", func(t *testing.T) {
		g, _ := newGuard(t, config())
		for _, err := range []error{errors.New("x"), errors.New("x"), nil, errors.New("x"), errors.New("x")} {
			_ = end(g, err)
		}
		if g.State() != guard.Closed || g.Snapshot().ConsecutiveFailures != 2 {
			t.Errorf("got %+v", g.Snapshot())
		}
	})
	t.Run("a caller that gives up does not count, whatever the adapter made of it", func(t *testing.T) {
		g, _ := newGuard(t, config())
		for range 10 {
			ctx, cancel := context.WithCancel(t.Context())
			_, _ = guard.Do(ctx, g, "publish", func(context.Context) (int, error) {
				cancel()
				return 0, fault.New(fault.Ambiguous, "connection closed")
			})
		}
		if g.State() != guard.Closed {
			t.Errorf("is %s", g.State())
		}
	})
	t.Run("deadlines in a row count", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g, _ := newGuard(t, config())
			for range 3 {
				wantKind(t, hang(t.Context(), g), fault.Ambiguous, "")
			}
			if g.State() != guard.Open {
				t.Errorf("is %s", g.State())
			}
		})
	})
}

func TestBulkhead(t *testing.T) {
	fill := func(t *testing.T, g *guard.Guard) (release context.CancelFunc) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		for range 4 {
			go func() { _ = hang(ctx, g) }()
		}
		synctest.Wait()
		return cancel
	}
	t.Run("refuses at once when full, and does not count it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g, _ := newGuard(t, config())
			release := fill(t, g)
			if g.Free() != 0 || g.Snapshot().Inflight != 4 {
				t.Fatalf("free %d, %+v", g.Free(), g.Snapshot())
			}
			for range 10 {
				wantKind(t, end(g, nil), fault.Unavailable, fault.CodeBulkheadFull)
			}
			release()
			synctest.Wait()
			if g.Free() != 4 || g.State() != guard.Closed || g.Snapshot().ConsecutiveFailures != 0 {
				t.Errorf("free %d, %+v", g.Free(), g.Snapshot())
			}
		})
	})
	t.Run("waits as long as its patience lasts", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cfg := config()
			cfg.Patience = time.Second
			g, _ := newGuard(t, cfg)
			release := fill(t, g)
			began := time.Now()
			wantKind(t, end(g, nil), fault.Unavailable, fault.CodeBulkheadFull)
			if time.Since(began) != time.Second {
				t.Errorf("waited %s", time.Since(began))
			}
			time.AfterFunc(time.Second/2, release)
			if err := end(g, nil); err != nil {
				t.Errorf("got %v, want the slot that came free", err)
			}
			synctest.Wait()
		})
	})
	t.Run("waits no longer than the caller", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cfg := config()
			cfg.Patience = time.Hour
			g, _ := newGuard(t, cfg)
			release := fill(t, g)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			wantKind(t, hang(ctx, g), fault.Unavailable, fault.CodeNotBegun)
			release()
			synctest.Wait()
		})
	})
	t.Run("does not wait for a slot of an open breaker", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cfg := config()
			cfg.Patience, cfg.Slots = time.Hour, 1
			g, _ := newGuard(t, cfg)
			trip(t, g)
			time.Sleep(time.Minute)
			stuck := make(chan struct{})
			go func() {
				_, _ = guard.Do(t.Context(), g, "publish", func(context.Context) (int, error) { <-stuck; return 0, nil })
			}()
			time.Sleep(10 * time.Second) // the probe has lapsed, its slot is still held
			began := time.Now()
			err := end(g, nil)
			wantKind(t, err, fault.Unavailable, fault.CodeBreakerOpen)
			if time.Since(began) != 0 || fault.WaitOf(err) != 112*time.Second {
				t.Errorf("took %s, waits %s", time.Since(began), fault.WaitOf(err))
			}
			close(stuck)
			synctest.Wait()
		})
	})
}

// TestGuardHoldsUnderLoad runs calls of every kind side by side; the race detector and the counts at the end judge.
func TestGuardHoldsUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _ := newGuard(t, config())
		var group sync.WaitGroup
		for worker := range 16 {
			group.Go(func() {
				random := rand.New(rand.NewPCG(1, uint64(worker)))
				for range 200 {
					act(t.Context(), g, random)
				}
			})
		}
		group.Wait()
		recovers(t, g)
	})
}
