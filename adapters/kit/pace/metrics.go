package pace

import (
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics show pacers, read when they are scraped. Their label is the pacer's name: a route, or an account of a
// provider.
type Metrics struct {
	clock                            func() time.Time
	limit, rate, throttled, leftOver *prometheus.Desc

	mu     sync.Mutex
	pacers []*Pacer
}

// NewMetrics makes the metrics of pacers and registers them; it fails when reg has them already.
func NewMetrics(reg prometheus.Registerer, clock func() time.Time) (*Metrics, error) {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, []string{"route"}, nil)
	}
	m := &Metrics{
		clock:     clock,
		limit:     desc("carillon_pace_limit_units", "Units per second that the provider allows the whole fleet; 0 when no limit is known."),
		rate:      desc("carillon_pace_rate_units", "Units per second that this gateway may use now: its share, and less after throttle answers; 0 when no limit is known."),
		throttled: desc("carillon_pace_throttled_total", "Answers of the provider that asked to slow down."),
		leftOver:  desc("carillon_pace_daily_left_units", "Units that this gateway may still use of the day's budget; NaN when none is known."),
	}
	if err := reg.Register(m); err != nil {
		return nil, fmt.Errorf("registering the metrics of pacers: %w", err)
	}
	return m, nil
}

// Watch adds a pacer.
func (m *Metrics) Watch(p *Pacer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pacers = append(m.pacers, p)
}

// Describe implements [prometheus.Collector].
func (m *Metrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.limit, m.rate, m.throttled, m.leftOver} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (m *Metrics) Collect(to chan<- prometheus.Metric) {
	for _, s := range m.Snapshots() {
		rate := s.Rate
		if math.IsInf(rate, 1) {
			rate = 0
		}
		to <- prometheus.MustNewConstMetric(m.limit, prometheus.GaugeValue, s.Limit, s.Name)
		to <- prometheus.MustNewConstMetric(m.rate, prometheus.GaugeValue, rate, s.Name)
		to <- prometheus.MustNewConstMetric(m.throttled, prometheus.CounterValue, float64(s.Throttled), s.Name)
		to <- prometheus.MustNewConstMetric(m.leftOver, prometheus.GaugeValue, s.Left, s.Name)
	}
}

// Snapshots are what all pacers show of themselves now.
func (m *Metrics) Snapshots() []Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock()
	out := make([]Snapshot, len(m.pacers))
	for i, p := range m.pacers {
		out[i] = p.Snapshot(now)
	}
	return out
}
