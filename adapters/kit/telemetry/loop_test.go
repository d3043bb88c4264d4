package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"carillon/adapters/kit/telemetry"
	"carillon/core/fault"
)

// watched is a loop with what it leaves behind.
type watched struct {
	*telemetry.Loop
	reg   *prometheus.Registry
	began time.Time
	stop  context.CancelFunc
	ended chan struct{}

	mu    sync.Mutex
	lines bytes.Buffer
	turns []time.Duration // since began
}

// Write takes a log line.
func (w *watched) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lines.Write(line)
}

func (w *watched) turned(at time.Time) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.turns = append(w.turns, at.Sub(w.began))
	return len(w.turns)
}

// seen is what the loop left behind so far.
func (w *watched) seen() ([]time.Duration, string) {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.turns), w.lines.String()
}

// start runs a loop in the bubble until the test ends.
func start(t *testing.T, cfg telemetry.LoopConfig, turn func(ctx context.Context, n int) (time.Time, error)) *watched {
	t.Helper()
	w := &watched{reg: prometheus.NewRegistry(), began: time.Now(), ended: make(chan struct{})}
	m, err := telemetry.NewLoopMetrics(w.reg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Name = "settle"
	log := telemetry.NewLogger(w, slog.LevelInfo, telemetry.JSON)
	w.Loop = telemetry.NewLoop(cfg, m, log, time.Now, func(ctx context.Context, now time.Time) (time.Time, error) {
		return turn(ctx, w.turned(now))
	})
	ctx, stop := context.WithCancel(t.Context())
	w.stop = stop
	go func() { defer close(w.ended); w.Run(ctx) }()
	t.Cleanup(stop)
	return w
}

func (w *watched) wantTurns(t *testing.T, seconds ...float64) {
	t.Helper()
	turns, _ := w.seen()
	same := len(turns) == len(seconds)
	for i := range min(len(turns), len(seconds)) {
		same = same && turns[i] == time.Duration(seconds[i]*float64(time.Second))
	}
	if !same {
		t.Errorf("turned at %v, want %v seconds", turns, seconds)
	}
}

func TestLoopTurns(t *testing.T) {
	t.Run("at its usual pause, or when the turn says", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := start(t, telemetry.LoopConfig{Every: 10 * time.Second}, func(_ context.Context, n int) (time.Time, error) {
				switch n {
				case 2:
					return time.Now().Add(3 * time.Second), nil
				case 3:
					return time.Now().Add(-time.Hour), nil // due already
				}
				return time.Time{}, nil
			})
			time.Sleep(30 * time.Second)
			w.wantTurns(t, 0, 10, 13, 13, 23)
		})
	})
	t.Run("at once when woken, once for many wakes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := start(t, telemetry.LoopConfig{Every: 10 * time.Second}, func(context.Context, int) (time.Time, error) {
				return time.Time{}, nil
			})
			time.Sleep(4 * time.Second)
			w.Wake()
			w.Wake()
			w.Wake()
			time.Sleep(time.Second)
			w.wantTurns(t, 0, 4, 4)
			time.Sleep(10 * time.Second)
			w.wantTurns(t, 0, 4, 4, 14)
		})
	})
}

func TestLoopFails(t *testing.T) {
	t.Run("and goes on with growing pauses, not hurried by wakes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cfg := telemetry.LoopConfig{Every: time.Hour, Backoff: time.Second, MaxBackoff: 5 * time.Second}
			w := start(t, cfg, func(_ context.Context, n int) (time.Time, error) {
				switch {
				case n == 2:
					panic("the number is +31612345678")
				case n < 6:
					return time.Time{}, fault.New(fault.Unavailable, "store is away")
				case n == 6:
					return time.Now().Add(time.Minute), nil
				}
				return time.Time{}, errors.New("once more")
			})
			time.Sleep(500 * time.Millisecond)
			w.Wake()
			time.Sleep(17500 * time.Millisecond)
			synctest.Wait() // pauses of 1, 2, 4, 5, 5 seconds; then the turn of the wake, which fails, and the next
			if s := w.State(); !s.Running || s.Failures != 2 || s.LastFaultKind != "unknown" || s.LastTurn.Sub(w.began) != 17*time.Second {
				t.Errorf("got %+v", s)
			}
			time.Sleep(70 * time.Second)
			w.stop()
			<-w.ended
			turns, lines := w.seen()
			if len(turns) < 8 || turns[5] != 17*time.Second || turns[6] != 17*time.Second {
				t.Errorf("turned at %v", turns)
			}
			if s := w.State(); s.Running || s.Failures == 0 || s.LastFaultKind != "unknown" {
				t.Errorf("got %+v", s)
			}
			if strings.Contains(lines, "316") || !strings.Contains(lines, `"code":"panic"`) || !strings.Contains(lines, `"loop":"settle"`) ||
				!strings.Contains(lines, "loop_test.go") {
				t.Errorf("logged %s", lines)
			}
		})
	})
}

func TestLoopStops(t *testing.T) {
	for name, turn := range map[string]func(ctx context.Context) error{
		"in a pause":                            func(context.Context) error { return nil },
		"after a failure":                       func(context.Context) error { return errors.New("x") },
		"in a turn that heeds its context":      func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"in a turn that ends well all the same": func(ctx context.Context) error { <-ctx.Done(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := start(t, telemetry.LoopConfig{Every: time.Hour, Backoff: time.Hour}, func(ctx context.Context, _ int) (time.Time, error) {
					return time.Time{}, turn(ctx)
				})
				time.Sleep(time.Minute)
				_, before := w.seen()
				w.stop()
				<-w.ended
				w.wantTurns(t, 0)
				if _, after := w.seen(); after != before || w.State().Running {
					t.Errorf("logged %s, %+v", after, w.State())
				}
			})
		})
	}
}

func TestLoopMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, telemetry.LoopConfig{Every: time.Minute}, func(_ context.Context, n int) (time.Time, error) {
			if n == 1 {
				time.Sleep(time.Second)
				return time.Time{}, errors.New("x")
			}
			return time.Time{}, nil
		})
		want := func(last string, failures string) {
			t.Helper()
			synctest.Wait()
			text := `# HELP carillon_loop_failures_total Turns of a background loop that failed or panicked.
# TYPE carillon_loop_failures_total counter
carillon_loop_failures_total{loop="settle"} ` + failures + `
# HELP carillon_loop_last_turn_timestamp_seconds When a background loop last ended a turn well or gave a sign of life; 0 before its first.
# TYPE carillon_loop_last_turn_timestamp_seconds gauge
carillon_loop_last_turn_timestamp_seconds{loop="settle"} ` + last + `
`
			if err := testutil.GatherAndCompare(w.reg, strings.NewReader(text)); err != nil {
				t.Error(err)
			}
		}
		want("0", "0")
		time.Sleep(time.Second)
		want("0", "1")
		time.Sleep(time.Second)
		want("9.46684802e+08", "1") // the bubble begins with the year 2000
		time.Sleep(time.Second)
		w.Beat()
		want("9.46684803e+08", "1")
		problems, err := testutil.GatherAndLint(w.reg)
		if err != nil || len(problems) != 0 {
			t.Errorf("got %v, %v", problems, err)
		}
		if _, err := telemetry.NewLoopMetrics(w.reg); err == nil {
			t.Error("registered twice")
		}
	})
}
