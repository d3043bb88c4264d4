package guard

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/core/fault"
)

// outcomeOK is the outcome label of a call that succeeded; the other outcomes are the words of the fault kinds.
const outcomeOK = "ok"

// Metrics are the series of all guards of a process. Their labels come from closed sets: adapters and routes from
// the configuration, ops from [Config.Ops], outcomes from [fault.Kinds].
type Metrics struct {
	calls   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
	refused *prometheus.CounterVec
	changes *prometheus.CounterVec
	gauges  *gauges
}

// NewMetrics makes the metrics of guards and registers them; it fails when reg has them already.
func NewMetrics(reg prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_calls_total",
			Help: "Calls made to the outside, by outcome: ok or the kind of fault.",
		}, []string{"adapter", "route", "op", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "carillon_call_seconds",
			Help:    "How long calls to the outside took.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"adapter", "route", "op"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_calls_refused_total",
			Help: "Calls that were not made: breaker_open, bulkhead_full, or not_begun because the caller had given up.",
		}, []string{"adapter", "route", "reason"}),
		changes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_breaker_changes_total",
			Help: "Changes of a breaker into a state.",
		}, []string{"adapter", "route", "state"}),
		gauges: newGauges(),
	}
	var wrong []error
	for _, c := range []prometheus.Collector{m.calls, m.seconds, m.refused, m.changes, m.gauges} {
		wrong = append(wrong, reg.Register(c))
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, fmt.Errorf("registering the metrics of guards: %w", err)
	}
	return m, nil
}

// series makes all series of a guard, at zero.
func (m *Metrics) series(cfg Config) *series {
	s := &series{
		ops:     make(map[string]opSeries, len(cfg.Ops)+1),
		refusal: make(map[string]prometheus.Counter),
		change:  make(map[State]prometheus.Counter),
	}
	for _, op := range append([]string{OtherOp}, cfg.Ops...) {
		outcomes := make(map[fault.Kind]prometheus.Counter)
		for _, kind := range fault.Kinds() {
			outcomes[kind] = m.calls.WithLabelValues(cfg.Adapter, cfg.Route, op, kind.String())
		}
		s.ops[op] = opSeries{
			ok:      m.calls.WithLabelValues(cfg.Adapter, cfg.Route, op, outcomeOK),
			faults:  outcomes,
			seconds: m.seconds.WithLabelValues(cfg.Adapter, cfg.Route, op),
		}
	}
	for _, reason := range []string{fault.CodeBreakerOpen, fault.CodeBulkheadFull, fault.CodeNotBegun} {
		s.refusal[reason] = m.refused.WithLabelValues(cfg.Adapter, cfg.Route, reason)
	}
	for _, state := range States() {
		s.change[state] = m.changes.WithLabelValues(cfg.Adapter, cfg.Route, state.String())
	}
	return s
}

func (m *Metrics) watch(g *Guard) {
	m.gauges.mu.Lock()
	defer m.gauges.mu.Unlock()
	m.gauges.guards[[2]string{g.cfg.Adapter, g.cfg.Route}] = g
}

// series are the counters of one guard, looked up once; read-only after it is made.
type series struct {
	ops     map[string]opSeries
	refusal map[string]prometheus.Counter
	change  map[State]prometheus.Counter
}

type opSeries struct {
	ok      prometheus.Counter
	faults  map[fault.Kind]prometheus.Counter
	seconds prometheus.Observer
}

func (s *series) called(op string, err error, took time.Duration) {
	o, known := s.ops[op]
	if !known {
		o = s.ops[OtherOp]
	}
	o.seconds.Observe(took.Seconds())
	if err == nil {
		o.ok.Inc()
		return
	}
	outcome, known := o.faults[fault.KindOf(err)]
	if !known {
		outcome = o.faults[fault.Unknown]
	}
	outcome.Inc()
}

func (s *series) refused(reason string) { s.refusal[reason].Inc() }

func (s *series) changed(to State) { s.change[to].Inc() }

// gauges asks the guards at scrape: a breaker that went half-open is noticed only when someone asks.
type gauges struct {
	state    *prometheus.Desc
	inflight *prometheus.Desc
	probe    *prometheus.Desc
	tripped  *prometheus.Desc

	mu     sync.Mutex
	guards map[[2]string]*Guard
}

func newGauges() *gauges {
	labels := []string{"adapter", "route"}
	return &gauges{
		state: prometheus.NewDesc("carillon_breaker_state",
			"State of a breaker: 0 closed, 1 half-open, 2 open.", labels, nil),
		inflight: prometheus.NewDesc("carillon_calls_inflight",
			"Calls to the outside that are out now.", labels, nil),
		probe: prometheus.NewDesc("carillon_breaker_next_probe_timestamp_seconds",
			"When an open breaker may be tried again, in seconds since the epoch; 0 while it is closed or tripped.", labels, nil),
		tripped: prometheus.NewDesc("carillon_breaker_tripped",
			"1 while a person holds the breaker open.", labels, nil),
		guards: make(map[[2]string]*Guard),
	}
}

// Describe implements [prometheus.Collector].
func (c *gauges) Describe(out chan<- *prometheus.Desc) {
	out <- c.state
	out <- c.inflight
	out <- c.probe
	out <- c.tripped
}

// Collect implements [prometheus.Collector].
func (c *gauges) Collect(out chan<- prometheus.Metric) {
	c.mu.Lock()
	shown := make([]Snapshot, 0, len(c.guards))
	for _, g := range c.guards {
		shown = append(shown, g.Snapshot())
	}
	c.mu.Unlock()
	for _, s := range shown {
		out <- prometheus.MustNewConstMetric(c.state, prometheus.GaugeValue, float64(s.State), s.Adapter, s.Route)
		out <- prometheus.MustNewConstMetric(c.inflight, prometheus.GaugeValue, float64(s.Inflight), s.Adapter, s.Route)
		out <- prometheus.MustNewConstMetric(c.probe, prometheus.GaugeValue, seconds(s.Until), s.Adapter, s.Route)
		out <- prometheus.MustNewConstMetric(c.tripped, prometheus.GaugeValue, number(s.Tripped), s.Adapter, s.Route)
	}
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
