package ticker_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"carillon/adapters/driving/ticker"
	"carillon/adapters/kit/telemetry"
	"carillon/core/config"
	"carillon/core/dispatch"
	"carillon/core/fault"
	"carillon/core/message"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// healthy is a breaker that never opens.
type healthy struct{}

func (healthy) Ready(now time.Time) (bool, time.Time) { return true, now }
func (healthy) Free() int                             { return 100 }
func (healthy) Row() int                              { return 0 }
func (healthy) Trial() time.Time                      { return time.Time{} }

// queue is dispatch for one lane: it hands out what waits, up to what is free, and keeps what comes back.
type queue struct {
	way   *dispatch.Way
	lease time.Duration

	mu      sync.Mutex
	waiting int
	failing int // exchanges that fail first
	most    int // calls that were out at once
	out     int
	done    []dispatch.Result
}

func (q *queue) Exchange(_ context.Context, now time.Time, ask dispatch.Ask) (dispatch.Turn, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.failing > 0 {
		q.failing--
		return dispatch.Turn{}, fault.New(fault.Unavailable, "away")
	}
	var turn dispatch.Turn
	for _, r := range ask.Done {
		q.out--
		q.done = append(q.done, r)
		turn.Settled = append(turn.Settled, dispatch.Told{Result: r, Place: message.AtSent, Attempt: 1})
	}
	for n := min(ask.Free, q.waiting); n > 0; n-- {
		q.waiting--
		q.out++
		m := message.Message{ID: message.ID{byte(q.waiting)}, Channel: message.SMS, Urgency: ask.Lane.Urgency()}
		turn.Calls = append(turn.Calls, dispatch.Call{Way: q.way, Batch: []message.Taken{{Message: m}}, Lease: now.Add(q.lease)})
	}
	q.most = max(q.most, q.out)
	return turn, nil
}

func (q *queue) settled() []dispatch.Result {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.done
}

// channel makes calls as it is told.
type channel func(ctx context.Context, batch []message.Taken) []message.Answer

func (c channel) Send(ctx context.Context, batch []message.Taken) []message.Answer {
	return c(ctx, batch)
}

func taken(context.Context, []message.Taken) []message.Answer { return []message.Answer{{}} }

// start runs a ticker with one route, of which only one lane has something waiting; the returned function stops it.
func start(t *testing.T, waiting int, slots int, grace time.Duration, c channel) (*queue, *prometheus.Registry, func()) {
	t.Helper()
	registry := prometheus.NewRegistry()
	metrics, err := ticker.NewMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	loops, err := telemetry.NewLoopMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	way := &dispatch.Way{Route: "r", Provider: "p", Channel: c, Breaker: healthy{}, Batch: 1}
	q := &queue{way: way, waiting: waiting, lease: time.Hour}
	tick := ticker.New(ticker.Config{Grace: grace}, metrics, loops, slog.New(slog.DiscardHandler), time.Now)
	tick.Lanes(q, way, config.Route{Code: "r", Number: 1, Slots: slots})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { tick.Run(ctx); close(ended) }()
	return q, registry, func() { cancel(); <-ended }
}

func TestLane(t *testing.T) {
	t.Parallel()
	t.Run("makes every call and brings every result back", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			q, registry, stop := start(t, 50, 4, time.Second, taken)
			time.Sleep(time.Minute)
			stop()
			if len(q.settled()) != 50 {
				t.Errorf("%d of 50 were settled", len(q.settled()))
			}
			if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
				t.Errorf("the metrics: %v, %v", problems, err)
			}
		})
	})
	t.Run("never has more calls out than its slots", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			q, _, stop := start(t, 100, 3, time.Second, func(context.Context, []message.Taken) []message.Answer {
				time.Sleep(20 * time.Millisecond)
				return []message.Answer{{}}
			})
			time.Sleep(time.Minute)
			stop()
			if len(q.settled()) != 100 || q.most > 4*3 { // four lanes share this queue
				t.Errorf("%d settled, %d out at once", len(q.settled()), q.most)
			}
		})
	})
	t.Run("brings results again when the store is away", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			q, _, stop := start(t, 10, 2, time.Second, taken)
			q.mu.Lock()
			q.failing = 20
			q.mu.Unlock()
			time.Sleep(5 * time.Minute)
			stop()
			if len(q.settled()) != 10 {
				t.Errorf("%d of 10 were settled", len(q.settled()))
			}
		})
	})
	t.Run("answers for a channel that panics", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			q, _, stop := start(t, 1, 1, time.Second, func(context.Context, []message.Taken) []message.Answer { panic("no") })
			time.Sleep(time.Minute)
			stop()
			if done := q.settled(); len(done) != 1 || !done[0].Begun || !fault.Is(done[0].Answer.Err, fault.Unknown) {
				t.Errorf("%+v", done)
			}
		})
	})
	t.Run("does not begin a call whose lease has passed", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			called := false
			q, _, stop := start(t, 0, 1, time.Second, func(context.Context, []message.Taken) []message.Answer {
				called = true
				return []message.Answer{{}}
			})
			q.mu.Lock()
			q.lease, q.waiting = -time.Second, 1
			q.mu.Unlock()
			time.Sleep(time.Minute)
			stop()
			if done := q.settled(); called || len(done) != 1 || done[0].Begun {
				t.Errorf("called: %v, %+v", called, done)
			}
		})
	})
}

func TestStop(t *testing.T) {
	t.Parallel()
	slow := func(ctx context.Context, _ []message.Taken) []message.Answer {
		select {
		case <-ctx.Done():
			return []message.Answer{{Err: ctx.Err()}}
		case <-time.After(2500 * time.Millisecond):
			return []message.Answer{{}}
		}
	}
	for name, tt := range map[string]struct {
		grace time.Duration
		cut   bool
	}{
		"a call under way may finish within the grace":      {5 * time.Second, false},
		"one that takes longer is cut, and settled as such": {time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q, _, stop := start(t, 1, 1, tt.grace, slow)
				time.Sleep(time.Second)
				began := time.Now()
				stop()
				done := q.settled()
				if len(done) != 1 || errors.Is(done[0].Answer.Err, context.Canceled) != tt.cut || time.Since(began) > tt.grace {
					t.Errorf("after %v: %+v", time.Since(began), done)
				}
			})
		})
	}
}
