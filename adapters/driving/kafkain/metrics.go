package kafkain

import (
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The outcomes of a record.
const (
	outcomeTaken  = "taken"  // its report is in the inbox; or it was answered on the result topic
	outcomeRun    = "run"    // about a whole run: understood, and no report
	outcomePoison = "poison" // not understood, and passed over or given to the dead-letter topic
)

// Metrics are what a consumer shows.
type Metrics struct {
	records *prometheus.CounterVec // carillon_intake_records_total
	lag     *prometheus.GaugeVec   // carillon_intake_lag_records
	last    *prometheus.GaugeVec   // carillon_intake_alive_timestamp_seconds

	mu     sync.Mutex
	lags   map[string]map[int32]int64 // by topic and partition
	seen   map[string]time.Time       // by topic
	topics []string
}

// State is what a consumer shows of itself to /livez.
type State struct {
	Topic string
	Seen  time.Time // when a partition was last read, or had nothing new; zero before the first
	Lag   int64     // records of the partitions read here that are not taken yet
}

// States are the states of the consumers, by topic as they were given.
func (m *Metrics) States() []State {
	m.mu.Lock()
	defer m.mu.Unlock()
	states := make([]State, len(m.topics))
	for i, t := range m.topics {
		states[i] = State{Topic: t, Seen: m.seen[t]}
		for _, n := range m.lags[t] {
			states[i].Lag += n
		}
	}
	return states
}

// NewMetrics makes the metrics for a topic and registers them; their series exist at zero.
func NewMetrics(reg prometheus.Registerer, topics ...string) (*Metrics, error) {
	m := &Metrics{
		records: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_intake_records_total", Help: "Records read from Kafka, by what became of them.",
		}, []string{"topic", "outcome"}),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "carillon_intake_lag_records", Help: "Records of the partitions read here that are not in the inbox yet.",
		}, []string{"topic"}),
		last: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "carillon_intake_alive_timestamp_seconds",
			Help: "When a partition was last read, or was seen to have nothing new; 0 before the first.",
		}, []string{"topic"}),
		lags: map[string]map[int32]int64{}, seen: map[string]time.Time{}, topics: topics,
	}
	for _, t := range topics {
		for _, outcome := range []string{outcomeTaken, outcomeRun, outcomePoison} {
			m.records.WithLabelValues(t, outcome)
		}
		m.lag.WithLabelValues(t)
		m.last.WithLabelValues(t)
	}
	return m, errors.Join(reg.Register(m.records), reg.Register(m.lag), reg.Register(m.last))
}

// alive tells that a partition of the topic is being read and is not stuck.
func (m *Metrics) alive(topic string, now time.Time) {
	m.last.WithLabelValues(topic).Set(float64(now.UnixMilli()) / 1000)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen[topic] = now
}

// behind tells how far a partition is behind.
func (m *Metrics) behind(topic string, partition int32, records int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lags[topic] == nil {
		m.lags[topic] = map[int32]int64{}
	}
	m.lags[topic][partition] = max(records, 0)
	m.show(topic)
}

// forget leaves out a partition that is read here no more.
func (m *Metrics) forget(topic string, partition int32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.lags[topic], partition)
	m.show(topic)
}

// show sums the partitions up; mu is held.
func (m *Metrics) show(topic string) {
	var sum int64
	for _, records := range m.lags[topic] {
		sum += records
	}
	m.lag.WithLabelValues(topic).Set(float64(sum))
}
