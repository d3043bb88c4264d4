package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"carillon/adapters/kit/guard"
	"carillon/adapters/simulators/faults"
	"carillon/cmd/internal/cli"
	"carillon/cmd/internal/clock"
	"carillon/core/contact"
	"carillon/core/message"
)

// Times of a game day. A provider that stalls does so for longer than a call may take.
const (
	gamedayLease   = 5 * time.Second
	gamedayTimeout = 2 * time.Second
	gamedayStall   = 3500 // milliseconds
	gamedayEvery   = 60 * time.Millisecond
	gamedayLook    = 250 * time.Millisecond
)

// errLost ends a game day that lost or doubled something, after it has said what.
var errLost = errors.New("something was lost, or reached somebody twice in silence")

// act is one thing that goes wrong on a game day.
type act struct {
	name      string
	who       []string // simulators
	fault     faults.Fault
	customers string // what customers notice
	sres      string // what whoever is on call sees
}

func gamedayActs() []act {
	return []act{
		{
			"throttle",
			[]string{"sns", "ses"},
			faults.Fault{ThrottlePerSecond: 3},
			"texts and emails come later, emergencies first",
			"attempts are throttled and cost nothing; lanes grow, most urgent ones last",
		},
		{
			"stall",
			[]string{"sns"},
			faults.Fault{DelayMillis: gamedayStall},
			"texts come later; a few wait for a report",
			"calls run out of time: in doubt, or repeated where the contact type says so; the breaker opens",
		},
		{
			"lost answers",
			[]string{"sns", "ses", "dialer"},
			faults.Fault{LoseAnswers: 0.4},
			"everything comes; some outage texts come twice", "in doubt grows; calls are repeated under their id, and ring once",
		},
		{
			"provider down",
			[]string{"ses", "dialer"},
			faults.Fault{Down: true},
			"texts and letters come; emails and calls wait",
			"breakers are open and named; no attempt is spent; other lanes run on",
		},
	}
}

// scene is what an act did.
type scene struct {
	Act       string        `json:"act"`
	Posted    int           `json:"posted"`
	Waiting   int64         `json:"mostWaiting"`
	Breakers  []string      `json:"breakers"`
	InDoubt   int64         `json:"inDoubt"`
	Recovered time.Duration `json:"-"`
	Seconds   float64       `json:"recoveredSeconds"`
	Well      bool          `json:"recovered"`
}

// traffic is the steady stream of contacts of a game day.
type traffic struct {
	mu     sync.Mutex
	posted map[string]contact.ID // mark → contact
	wrong  error
}

// count is how many were accepted, and what went wrong.
func (s *traffic) count() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.posted), s.wrong
}

// postSteadily posts contacts, one after the other, until ctx ends. Each is repeated under its key until it has an
// answer.
func (s *traffic) postSteadily(ctx context.Context, u *utility, client cli.Client) {
	tick := time.NewTicker(gamedayEvery)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		mark := gamedayMark(u.seed, i)
		id, err := u.postMarked(context.WithoutCancel(ctx), client, i, mark)
		s.mu.Lock()
		if err == nil {
			s.posted[mark] = id
		}
		s.wrong = errors.Join(s.wrong, err)
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// gameday plays the acts, sees every message through, and tells what became of them.
func (d *demo) gameday(ctx context.Context) error {
	u, poster, err := d.openUtility(ctx)
	if err != nil {
		return err
	}
	stream := &traffic{posted: make(map[string]contact.ID)}
	pouring, stop := context.WithCancel(ctx)
	defer stop()
	var running sync.WaitGroup
	running.Go(func() { stream.postSteadily(pouring, u, poster.client) })
	all := gamedayActs()
	scenes := make([]scene, 0, len(all))
	for i, a := range all {
		s, err := d.playAct(ctx, i, a, stream)
		if err != nil {
			return errors.Join(err, ctx.Err())
		}
		scenes = append(scenes, s)
	}
	stop()
	running.Wait()
	if _, err := stream.count(); err != nil {
		return err
	}
	d.announce(map[string]any{"event": "settling"}, "\nThe stream has ended. Letters go by LTRPRT, and what is in doubt waits for a report.\n")
	rows, err := d.settle(ctx)
	if err != nil {
		return err
	}
	found, err := d.judge(ctx, stream.posted)
	if err != nil {
		return err
	}
	return d.verdict(scenes, found, rows)
}

// playAct lays down the fault of an act, watches, takes it away, and waits until the gateway has recovered.
func (d *demo) playAct(ctx context.Context, i int, a act, stream *traffic) (scene, error) {
	before, err := stream.count()
	if err != nil {
		return scene{}, err
	}
	doubts, err := d.doubts()
	if err != nil {
		return scene{}, err
	}
	s := scene{Act: a.name, Breakers: []string{}}
	d.announce(map[string]any{"event": "act", "phase": "begins", "act": a.name, "providers": a.who, "customers": a.customers, "operators": a.sres},
		"\nAct %d: %s (%s)\n  customers  %s\n  operators  %s\n", i+1, a.name, strings.Join(a.who, ", "), a.customers, a.sres)
	for _, who := range a.who {
		if err := d.sims.Faults(who).Put("", a.fault); err != nil {
			return s, err
		}
	}
	err = d.watch(ctx, &s, d.cmd.Act, func(int64, []string) bool { return false })
	for _, who := range a.who {
		d.sims.Faults(who).Clear("")
	}
	if err != nil {
		return s, err
	}
	ended := clock.Now()
	err = d.watch(ctx, &s, d.cmd.Patience, func(late int64, open []string) bool {
		s.Well = late == 0 && len(open) == 0
		return s.Well
	})
	if err != nil {
		return s, err
	}
	now, err := d.doubts()
	if err != nil {
		return s, err
	}
	after, err := stream.count()
	s.Posted, s.InDoubt, s.Recovered = after-before, now-doubts, clock.Now().Sub(ended)
	s.Seconds = s.Recovered.Seconds()
	d.announce(map[string]any{"event": "act", "phase": "ended", "scene": s},
		"  it ended: %d contacts were taken meanwhile, at most %d messages waited, breakers that opened: %s, in doubt: %d, recovered in %.1f s\n",
		s.Posted, s.Waiting, orNone(s.Breakers), s.InDoubt, s.Seconds)
	return s, err
}

// watch looks at lanes and breakers until what it sees is enough, or the time is over.
func (d *demo) watch(ctx context.Context, s *scene, most time.Duration, enough func(late int64, open []string) bool) error {
	tick := time.NewTicker(gamedayLook)
	defer tick.Stop()
	over := time.After(most)
	for {
		select {
		case <-tick.C:
		case <-over:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
		waiting, late, err := d.backlog(ctx)
		if err != nil {
			return err
		}
		s.Waiting = max(s.Waiting, waiting)
		var open []string
		for _, b := range d.app.Breakers() {
			if b.State != guard.Closed {
				open = append(open, b.Route)
			}
			if b.State == guard.Open && !slices.Contains(s.Breakers, b.Route) {
				s.Breakers = append(s.Breakers, b.Route)
			}
		}
		if enough(late, open) {
			return nil
		}
	}
}

// backlog counts what waits in the lanes that are called as soon as something is due, and the lanes in which something
// has been due for longer than a second. Letters wait for LTRPRT, and are not among them.
func (d *demo) backlog(ctx context.Context) (waiting, late int64, err error) {
	now := clock.Now()
	states, err := d.app.Store().LaneStates(ctx, now)
	for _, l := range states {
		if c, known := d.app.ChannelOf(l.Lane); !known || c == message.Letter {
			continue
		}
		waiting += l.Queued
		if !l.OldestDue.IsZero() && now.Sub(l.OldestDue) > time.Second {
			late++
		}
	}
	return waiting, late, err
}

// doubts counts the messages that were ever in doubt, as the metrics tell it.
func (d *demo) doubts() (n int64, err error) {
	families, err := d.app.Metrics().Gather()
	for _, f := range families {
		if f.GetName() != "carillon_messages_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetValue() == message.InDoubt.String() {
					n += int64(m.GetCounter().GetValue())
				}
			}
		}
	}
	return n, err
}

func orNone(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

func gamedayMark(seed uint64, i int) string { return fmt.Sprintf("G%d-%06d", seed, i) }
