package main

import (
	"fmt"
	"net/http"
	"slices"
	"syscall"
	"time"
)

// disaster is one way in which a part fails; begin returns what it did and how it ends.
type disaster struct {
	name  string
	full  bool // only where there is time, or a Kafka of the test's own
	begin func(f *fire) (what string, end func())
}

// disasters of processes and links.
func disasters() []disaster {
	return []disaster{
		{"kill -9 of a gateway", false, func(f *fire) (string, func()) {
			g, i := f.any()
			g.kill(f.t)
			return fmt.Sprintf("gateway %d", i), func() { g.again(f.t) }
		}},
		{"a gateway sleeps past its lease", false, func(f *fire) (string, func()) {
			g, i := f.any()
			f.do(g, syscall.SIGSTOP)
			return fmt.Sprintf("gateway %d", i), func() { f.rest(fireLease + time.Second); f.do(g, syscall.SIGCONT) }
		}},
		{"rolling restart", false, func(f *fire) (string, func()) {
			return "all gateways", func() {
				for _, g := range f.gateways {
					if code := g.stop(f.t, 25*time.Second); code != 0 {
						f.t.Errorf("a gateway stopped with status %d", code)
					}
					g.again(f.t)
				}
			}
		}},
		{"PostgreSQL restart, fast", false, func(f *fire) (string, func()) {
			f.postgres.stop(f.t, syscall.SIGINT)
			return "", func() { f.postgres.start(f.t) }
		}},
		{"PostgreSQL restart, immediate", false, func(f *fire) (string, func()) {
			f.postgres.stop(f.t, syscall.SIGQUIT)
			return "", func() { f.postgres.start(f.t) }
		}},
		{"Kafka restart", true, func(f *fire) (string, func()) {
			f.kafka.stop(f.t, syscall.SIGTERM)
			return "", func() { f.kafka.start(f.t) }
		}},
		{"Kafka killed", true, func(f *fire) (string, func()) {
			f.kafka.stop(f.t, syscall.SIGKILL)
			return "", func() { f.kafka.start(f.t) }
		}},
		{"simulators die", true, func(f *fire) (string, func()) {
			f.sims.kill(f.t)
			return "SNS, SES, the dialer and the DMS", f.resurrect
		}},
		{"a link is cut", false, func(f *fire) (string, func()) {
			l := f.link()
			l.cut()
			return l.name, func() { l.join(f.t) }
		}},
		{"a link is slow", false, func(f *fire) (string, func()) {
			l := f.link()
			l.spoil(f.t, "latency", fmt.Sprintf(`{"latency":%d,"jitter":200}`, 100+f.rnd.IntN(1400)))
			return l.name, l.heal
		}},
		{"a link is reset", false, func(f *fire) (string, func()) {
			l := f.link()
			l.spoil(f.t, "reset_peer", `{"timeout":100}`)
			return l.name, l.heal
		}},
		{"a link swallows answers", false, func(f *fire) (string, func()) {
			l := f.link()
			l.spoil(f.t, "timeout", `{"timeout":3000}`)
			return l.name, l.heal
		}},
	}
}

// moods are how the providers misbehave by themselves.
func moods() []disaster {
	fault := func(name string, body map[string]any) disaster {
		return disaster{"providers " + name, false, func(f *fire) (string, func()) {
			who := []string{"sns", "ses", "dialer", "dms"}[f.rnd.IntN(4)]
			f.sims.control(f.t, http.MethodPut, "/control/"+who, body)
			return who, func() { f.sims.control(f.t, http.MethodDelete, "/control/"+who, nil) }
		}}
	}
	return []disaster{
		fault("throttle", map[string]any{"throttlePerSecond": 2}),
		fault("stall", map[string]any{"delayMillis": 5000}),
		fault("answer late", map[string]any{"lateAnswers": 0.5, "lateMillis": 3000}),
		fault("lose answers", map[string]any{"loseAnswers": 0.5}),
		fault("are down", map[string]any{"down": true}),
	}
}

// link draws one of the links.
func (f *fire) link() *link {
	all := append(slices.Clone(f.stores), f.sns, f.ses, f.dialer)
	if f.brokers != nil {
		all = append(all, f.brokers)
	}
	return all[f.rnd.IntN(len(all))]
}

// deck is the disasters in a random order, each once: what is drawn from a deck comes before it comes again.
func (f *fire) deck(all []disaster) []disaster {
	all = slices.DeleteFunc(all, func(d disaster) bool { return d.full && !f.full })
	f.rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// rage does disasters until the time is over, with providers in a mood during one in two, and quiet between. Where there
// is little time there is little quiet.
func (f *fire) rage(until time.Time) {
	f.t.Helper()
	var hits, tempers []disaster
	quiet := 500 * time.Millisecond
	if f.full {
		quiet = 3 * time.Second
	}
	for time.Now().Before(until) && !f.t.Failed() {
		if len(hits) == 0 {
			hits = f.deck(disasters())
		}
		if len(tempers) == 0 {
			tempers = f.deck(moods())
		}
		calm := func() {}
		if !f.full || f.rnd.IntN(2) == 0 {
			calm = f.strike(tempers[0])
			tempers = tempers[1:]
		}
		end := f.strike(hits[0])
		hits = hits[1:]
		f.rest(f.between(quiet/2, quiet))
		end()
		f.rest(f.between(0, quiet/2))
		calm()
		f.rest(f.between(quiet/4, quiet))
	}
}

// strike begins a disaster; end ends it and writes it down.
func (f *fire) strike(d disaster) (end func()) {
	f.t.Helper()
	from := time.Now().UTC()
	what, stop := d.begin(f)
	at := len(f.timeline)
	f.timeline = append(f.timeline, event{name: d.name, what: what, from: from})
	return func() {
		stop()
		f.timeline[at].to = time.Now().UTC()
	}
}
