package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/core/fault"
)

// Turn is one turn of a loop. It returns when the next one is due: a zero time means after the loop's usual pause,
// one that has passed means at once.
type Turn func(ctx context.Context, now time.Time) (next time.Time, err error)

// LoopConfig says how a loop turns. A zero value means the default.
type LoopConfig struct {
	// Name is the loop's label, one of a closed set.
	Name string
	// Every is the usual pause between turns. Default 1s.
	Every time.Duration
	// Backoff is the pause after a failed turn; it doubles with each further failure. Default 1s.
	Backoff time.Duration
	// MaxBackoff is the longest pause after a failed turn. Default 1m.
	MaxBackoff time.Duration
}

// Loop repeats a turn in the background until its context ends. A turn that fails or panics is logged, counted and,
// after a pause, followed by the next. It is safe for use by many goroutines, but [Loop.Run] is for one.
type Loop struct {
	cfg    LoopConfig
	turn   Turn
	log    *slog.Logger
	clock  func() time.Time
	series loopSeries
	wake   chan struct{}

	mu    sync.Mutex
	state LoopState
}

// LoopState is what a loop shows of itself to /livez and the console.
type LoopState struct {
	Name          string    `json:"name"`
	Running       bool      `json:"running"`
	LastTurn      time.Time `json:"last_turn,omitzero"`       // end of the last turn that succeeded, or the last [Loop.Beat]
	Failures      int       `json:"failures"`                 // turns that failed since then
	LastFaultKind string    `json:"last_fault_kind,omitzero"` // kind word of the last failure
}

// NewLoop makes a loop; its series exist in m from now on. clock is [time.Now] but in tests.
func NewLoop(cfg LoopConfig, m *LoopMetrics, log *slog.Logger, clock func() time.Time, turn Turn) *Loop {
	positive := func(d, fallback time.Duration) time.Duration {
		if d > 0 {
			return d
		}
		return fallback
	}
	cfg.Every = positive(cfg.Every, time.Second)
	cfg.Backoff = positive(cfg.Backoff, time.Second)
	cfg.MaxBackoff = max(positive(cfg.MaxBackoff, time.Minute), cfg.Backoff)
	return &Loop{
		cfg: cfg, turn: turn, log: log.With(slog.String("loop", cfg.Name)), clock: clock, series: m.series(cfg.Name),
		wake: make(chan struct{}, 1), state: LoopState{Name: cfg.Name},
	}
}

// Run turns the loop until ctx ends. The turn that is under way then may finish; it is given ctx.
func (l *Loop) Run(ctx context.Context) {
	l.running(true)
	defer l.running(false)
	backoff := l.cfg.Backoff
	for ctx.Err() == nil {
		next, err := l.protected(ctx)
		var pause time.Duration
		wake := l.wake
		switch {
		case err == nil:
			l.Beat()
			backoff = l.cfg.Backoff
			pause = l.until(next)
		case ctx.Err() != nil && !panicked(err):
			return
		default:
			l.failed(ctx, err, backoff)
			pause, wake = backoff, nil // a failing loop is not hurried
			backoff += min(backoff, l.cfg.MaxBackoff-backoff)
		}
		if !rest(ctx, pause, wake) {
			return
		}
	}
}

// Wake has the next turn begin at once, unless the last one failed. Wakes do not add up.
func (l *Loop) Wake() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Beat tells that the loop is alive; a turn that goes on for long, such as one that consumes, calls it as it works.
func (l *Loop) Beat() {
	now := l.clock()
	l.series.lastTurn.Set(float64(now.UnixMilli()) / 1000)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state.LastTurn, l.state.Failures, l.state.LastFaultKind = now, 0, ""
}

// State is what the loop shows of itself.
func (l *Loop) State() LoopState {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

func (l *Loop) running(is bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state.Running = is
}

func (l *Loop) until(next time.Time) time.Duration {
	if next.IsZero() {
		return l.cfg.Every
	}
	return max(next.Sub(l.clock()), 0)
}

func (l *Loop) failed(ctx context.Context, err error, pause time.Duration) {
	kind := fault.KindOf(err).String()
	l.series.failures.Inc()
	l.mu.Lock()
	l.state.Failures++
	l.state.LastFaultKind = kind
	failures := l.state.Failures
	l.mu.Unlock()
	attrs := []slog.Attr{
		slog.String("kind", kind), slog.String("code", fault.CodeOf(err)), slog.String("error", err.Error()),
		slog.Int("failures", failures), slog.Duration("pause", pause),
	}
	if p, panicked := errors.AsType[*panicError](err); panicked {
		attrs = append(attrs, slog.String("stack", string(p.stack)))
	}
	l.log.LogAttrs(ctx, slog.LevelError, "loop failed", attrs...)
}

// protected makes one turn and turns a panic into its fault.
func (l *Loop) protected(ctx context.Context) (next time.Time, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = caught(p)
		}
	}()
	return l.turn(ctx, l.clock())
}

// rest waits; it reports whether the loop goes on.
func rest(ctx context.Context, pause time.Duration, wake <-chan struct{}) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-wake:
	}
	return true
}

// panicError is the cause of a turn that panicked. Its text names the panic's type, not its value, which can hold
// a person's data.
type panicError struct {
	text  string
	stack []byte
}

// Error implements error.
func (e *panicError) Error() string { return e.text }

func caught(p any) error {
	cause := &panicError{text: fmt.Sprintf("panic of type %T", p), stack: debug.Stack()}
	if bug, ok := p.(runtime.Error); ok {
		cause.text = "panic: " + bug.Error()
	}
	return fault.Provider(fault.Unknown, "panic", cause.text, cause)
}

func panicked(err error) bool {
	var p *panicError
	return errors.As(err, &p)
}

// LoopMetrics are the series of all loops of a process.
type LoopMetrics struct {
	lastTurn *prometheus.GaugeVec
	failures *prometheus.CounterVec
}

type loopSeries struct {
	lastTurn prometheus.Gauge
	failures prometheus.Counter
}

// NewLoopMetrics makes the metrics of loops and registers them; it fails when reg has them already.
func NewLoopMetrics(reg prometheus.Registerer) (*LoopMetrics, error) {
	m := &LoopMetrics{
		lastTurn: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "carillon_loop_last_turn_timestamp_seconds",
			Help: "When a background loop last ended a turn well or gave a sign of life; 0 before its first.",
		}, []string{"loop"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_loop_failures_total",
			Help: "Turns of a background loop that failed or panicked.",
		}, []string{"loop"}),
	}
	if err := errors.Join(reg.Register(m.lastTurn), reg.Register(m.failures)); err != nil {
		return nil, fmt.Errorf("registering the metrics of loops: %w", err)
	}
	return m, nil
}

func (m *LoopMetrics) series(name string) loopSeries {
	return loopSeries{lastTurn: m.lastTurn.WithLabelValues(name), failures: m.failures.WithLabelValues(name)}
}
