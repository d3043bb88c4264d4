// Package ticker turns time into use cases: a loop for every lane, and one for every chore.
//
// A lane's loop makes the calls that dispatch hands it, each in a goroutine of its own and never more than the lane
// has slots, and brings the results to the next exchange. It sleeps until something is due, a call comes back, or it
// is woken because something was accepted. When the program stops, calls under way may finish within a grace; what
// was not begun goes back to the queue.
package ticker

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"carillon/adapters/kit/telemetry"
	"carillon/core/config"
	"carillon/core/dispatch"
	"carillon/core/message"
)

// Config says how a ticker runs.
type Config struct {
	Idle  time.Duration // longest sleep of a lane; default 1 s
	Grace time.Duration // for calls under way when the program stops; default 10 s
}

func (c Config) withDefaults() Config {
	if c.Idle <= 0 {
		c.Idle = time.Second
	}
	if c.Grace <= 0 {
		c.Grace = 10 * time.Second
	}
	return c
}

// Exchanger is dispatch as a lane sees it.
type Exchanger interface {
	// Exchange settles what is done and claims what may be called.
	Exchange(ctx context.Context, now time.Time, ask dispatch.Ask) (dispatch.Turn, error)
}

// Ticker runs lanes and chores. Make one with [New].
type Ticker struct {
	cfg     Config
	metrics *Metrics
	loops   *telemetry.LoopMetrics
	log     *slog.Logger
	clock   func() time.Time

	lanes  map[message.Lane]*lane
	chores map[string]*telemetry.Loop
	first  precedence
}

// New returns a ticker with nothing to do.
func New(cfg Config, m *Metrics, loops *telemetry.LoopMetrics, log *slog.Logger, clock func() time.Time) *Ticker {
	return &Ticker{
		cfg: cfg.withDefaults(), metrics: m, loops: loops, log: log, clock: clock,
		lanes: make(map[message.Lane]*lane), chores: make(map[string]*telemetry.Loop),
	}
}

// Lanes adds the four lanes of a route. It is called before Run.
func (t *Ticker) Lanes(to Exchanger, way *dispatch.Way, route config.Route) {
	for _, id := range route.Lanes() {
		t.lanes[id] = newLane(t, to, way, id, route.SlotsOf(id.Urgency()))
	}
}

// A chore that fails comes back within these bounds: one that is made often comes back soon.
const (
	shortBackoff = 5 * time.Second
	longBackoff  = 30 * time.Second
)

// Chore adds a background job. It is called before Run.
func (t *Ticker) Chore(name string, every time.Duration, turn telemetry.Turn) {
	cfg := telemetry.LoopConfig{Name: name, Every: every, MaxBackoff: min(max(every, shortBackoff), longBackoff)}
	t.chores[name] = telemetry.NewLoop(cfg, t.loops, t.log, t.clock, turn)
}

// WakeLane tells a lane that something is due. A lane nobody dispatches here is passed over.
func (t *Ticker) WakeLane(id message.Lane) {
	if l, ours := t.lanes[id]; ours {
		t.first.hurry(id)
		l.loop.Wake()
	}
}

// WakeChore tells a job that there is something to do.
func (t *Ticker) WakeChore(name string) {
	if c, ours := t.chores[name]; ours {
		c.Wake()
	}
}

// States is what every loop shows of itself.
func (t *Ticker) States() []telemetry.LoopState {
	out := make([]telemetry.LoopState, 0, len(t.lanes)+len(t.chores))
	for _, c := range t.chores {
		out = append(out, c.State())
	}
	for _, l := range t.lanes {
		out = append(out, l.loop.State())
	}
	return out
}

// Run runs every loop until ctx ends, then lets calls under way finish within the grace and settles them.
func (t *Ticker) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, c := range t.chores {
		running.Go(func() { c.Run(ctx) })
	}
	for _, l := range t.lanes {
		running.Go(func() { l.run(ctx) })
	}
	running.Wait()
}
