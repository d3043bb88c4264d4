package ticker

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"carillon/adapters/kit/telemetry"
	"carillon/core/dispatch"
	"carillon/core/fault"
	"carillon/core/message"
)

// unhinted is how many exchanges use the low-water hint before one does without, for stragglers.
const unhinted = 100

// lane is the loop of one lane.
type lane struct {
	t     *Ticker
	to    Exchanger
	way   *dispatch.Way
	id    message.Lane
	slots int
	loop  *telemetry.Loop

	calls  context.Context //nolint:containedctx // outlives the loop's own context by the grace
	cancel context.CancelFunc
	under  sync.WaitGroup // calls under way

	mu    sync.Mutex
	done  []dispatch.Result
	out   int // calls under way
	low   time.Time
	turns int
}

func newLane(t *Ticker, to Exchanger, way *dispatch.Way, id message.Lane, slots int) *lane {
	l := &lane{t: t, to: to, way: way, id: id, slots: slots}
	l.calls, l.cancel = context.WithCancel(context.Background())
	cfg := telemetry.LoopConfig{
		Name: "lane:" + way.Route + ":" + id.Urgency().String(), Every: t.cfg.Idle, Backoff: 100 * time.Millisecond, MaxBackoff: 5 * time.Second,
	}
	l.loop = telemetry.NewLoop(cfg, t.loops, t.log, t.clock, l.turn)
	return l
}

func (l *lane) run(ctx context.Context) {
	defer l.cancel()
	l.loop.Run(ctx)
	l.finish(ctx)
}

// exchangeTimeout bounds one exchange with the store.
const exchangeTimeout = 30 * time.Second

// turn makes one exchange. It is not interrupted by the program's stop: half an exchange is none.
func (l *lane) turn(ctx context.Context, now time.Time) (time.Time, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exchangeTimeout)
	defer cancel()
	l.t.first.hurry(l.id)
	defer l.t.first.done(l.id)
	l.t.first.yield(ctx, l.id)
	ask := l.ask(true)
	turn, err := l.to.Exchange(ctx, now, ask)
	if err != nil {
		l.put(ask.Done)
		return time.Time{}, err
	}
	l.told(ctx, turn.Settled)
	l.put(turn.Stopped)
	l.put(turn.Left)
	l.keep(turn.Low)
	for _, c := range turn.Calls {
		l.begin(c) //nolint:contextcheck // a call outlives the exchange that began it: it runs under l.calls
	}
	switch {
	case len(turn.Stopped) > 0:
		return now, nil
	case len(turn.Left) > 0:
		return now.Add(time.Second), nil
	case !turn.Next.IsZero() && turn.Next.Before(now.Add(l.t.cfg.Idle)):
		return turn.Next, nil
	}
	return time.Time{}, nil
}

// ask gathers what came back and how much may be taken.
func (l *lane) ask(claim bool) dispatch.Ask {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := dispatch.Ask{Lane: l.id, Way: l.way, Done: l.done}
	l.done = nil
	if claim {
		a.Free = l.slots - l.out
	}
	l.turns++
	if l.turns%unhinted != 0 {
		a.Low = l.low
	}
	return a
}

func (l *lane) put(results []dispatch.Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = append(l.done, results...)
}

func (l *lane) keep(low time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.low = low
}

// begin makes one call in a goroutine of its own, unless its lease has passed.
func (l *lane) begin(c dispatch.Call) {
	l.mu.Lock()
	l.out++
	l.mu.Unlock()
	l.under.Go(func() {
		results := l.call(c)
		l.mu.Lock()
		l.out--
		l.done = append(l.done, results...)
		l.mu.Unlock()
		l.loop.Wake()
	})
}

// call makes the call and measures it; a panic in a channel is an answer too.
func (l *lane) call(c dispatch.Call) (results []dispatch.Result) {
	began := l.t.clock()
	if !began.Before(c.Lease) {
		return c.NotBegun(began)
	}
	defer func() {
		if r := recover(); r != nil {
			l.t.log.Error("a channel panicked", slog.String("route", l.way.Route))
			ended := l.t.clock()
			answers := make([]message.Answer, len(c.Batch))
			for i := range answers {
				answers[i].Err = fault.New(fault.Unknown, "the channel panicked")
			}
			results = c.Done(answers, ended, ended.Sub(began))
		}
	}()
	ctx, cancel := context.WithDeadline(l.calls, c.Lease)
	defer cancel()
	answers := c.Way.Channel.Send(ctx, c.Batch)
	ended := l.t.clock()
	return c.Done(answers, ended, ended.Sub(began))
}

// finish waits for calls under way within the grace, then settles all that came back, although ctx has ended.
func (l *lane) finish(ctx context.Context) {
	stop := time.AfterFunc(l.t.cfg.Grace, l.cancel)
	l.under.Wait()
	stop.Stop()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exchangeTimeout)
	defer cancel()
	for range 5 {
		ask := l.ask(false)
		if len(ask.Done) == 0 {
			return
		}
		turn, err := l.to.Exchange(ctx, l.t.clock(), ask)
		if err != nil {
			l.put(ask.Done)
			l.t.log.Error("settling while stopping", slog.String("route", l.way.Route), slog.String("error", err.Error()))
			continue
		}
		l.told(ctx, turn.Settled)
		l.put(turn.Left)
	}
}

// told writes the one wide line of each attempt and counts it.
func (l *lane) told(ctx context.Context, settled []dispatch.Told) {
	for _, s := range settled {
		m := s.Result.Taken.Message
		code := ""
		if s.Result.Answer.Err != nil {
			code = fault.CodeOf(s.Result.Answer.Err)
		}
		l.t.metrics.settled(m, s)
		l.t.log.LogAttrs(ctx, slog.LevelInfo, "attempt",
			slog.String("message", m.ID.String()), slog.String("channel", string(m.Channel)), slog.String("provider", l.way.Provider),
			slog.String("route", l.way.Route), slog.String("urgency", m.Urgency.String()), slog.String("division", m.Division),
			slog.String("outcome", s.Place.String()), slog.String("reason", s.Reason), slog.String("code", code),
			slog.Int("attempt", int(s.Attempt)), slog.Bool("begun", s.Result.Begun), slog.Float64("took_ms", float64(s.Result.Took.Microseconds())/1000),
		)
	}
}
