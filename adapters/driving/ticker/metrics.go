package ticker

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/core/batch"
	"carillon/core/dispatch"
	"carillon/core/message"
	"carillon/core/store"
)

// Metrics are what lanes and chores show. All series exist at zero from construction.
type Metrics struct {
	attempts     *prometheus.CounterVec // carillon_attempts_total
	settledBy    *prometheus.CounterVec // carillon_messages_total
	waiting      *prometheus.GaugeVec   // carillon_due_messages
	oldest       *prometheus.GaugeVec   // carillon_due_oldest_seconds
	conservation *prometheus.GaugeVec   // carillon_conservation_messages
	balanced     prometheus.Gauge       // carillon_conservation_balanced
	drift        *prometheus.GaugeVec   // carillon_conservation_drift_messages
	recounted    prometheus.Gauge       // carillon_conservation_recounted_timestamp_seconds
	purged       *prometheus.CounterVec // carillon_purged_rows_total
	retired      *prometheus.CounterVec // carillon_retention_drops_total
	reports      *prometheus.CounterVec // carillon_reports_total
	sealed       prometheus.Counter     // carillon_ledger_sealed_total
	relayed      prometheus.Counter     // carillon_ledger_relayed_total
	ledger       ledgerGauges
}

// NewMetrics makes the metrics and registers them.
func NewMetrics(reg prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_attempts_total", Help: "Calls that were begun and settled, by what became of the message.",
		}, []string{"channel", "urgency", "outcome"}),
		settledBy: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_messages_total", Help: "Messages settled by this process, by the place they came to.",
		}, []string{"channel", "urgency", "outcome"}),
		waiting: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "carillon_due_messages", Help: "Messages that wait (queued) or are being called (claimed), counted up to ten thousand a lane that are due and ten thousand that are not.",
		}, []string{"channel", "urgency", "state"}),
		oldest: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "carillon_due_oldest_seconds", Help: "Age of the oldest message that is due now.",
		}, []string{"channel", "urgency"}),
		conservation: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "carillon_conservation_messages", Help: "Messages accepted in the last 48 hours, by the place they are in now; accepted is what the places add up to.",
		}, []string{"channel", "urgency", "place"}),
		balanced: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "carillon_conservation_balanced", Help: "1 while the conservation equation holds in every row, 0 when it does not.",
		}),
		drift: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "carillon_conservation_drift_messages", Help: "By how many messages the counters differ from the tables in all closed hours as last recounted: absolute differences, added up.",
		}, []string{"channel"}),
		recounted: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "carillon_conservation_recounted_timestamp_seconds", Help: "When a closed hour was last recounted from the tables, by whichever gateway; 0 when none was.",
		}),
		retired: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_retention_drops_total", Help: "Months and blocks of a table that this process dropped because their retention had passed.",
		}, []string{"table"}),
		purged: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_purged_rows_total", Help: "Rows this process took away because their window had passed.",
		}, []string{"kind"}),
		reports: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carillon_reports_total", Help: "Reports of providers that the inbox dealt with.",
		}, []string{"outcome"}),
		sealed:  prometheus.NewCounter(prometheus.CounterOpts{Name: "carillon_ledger_sealed_total", Help: "Ledger entries this process numbered as leaves."}),
		relayed: prometheus.NewCounter(prometheus.CounterOpts{Name: "carillon_ledger_relayed_total", Help: "Ledger entries this process handed to the status topic."}),
		ledger:  newLedgerGauges(),
	}
	for _, c := range append(m.ledger.all(),
		m.attempts, m.settledBy, m.waiting, m.oldest, m.conservation, m.balanced, m.drift, m.recounted, m.purged, m.retired, m.reports, m.sealed, m.relayed,
	) {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	m.zero()
	return m, nil
}

func (m *Metrics) zero() {
	m.balanced.Set(1)
	for _, o := range []string{"applied", "unmatched"} {
		m.reports.WithLabelValues(o)
	}
	for _, table := range store.Partitioned() {
		m.retired.WithLabelValues(table)
	}
	for _, p := range store.Purgeables() {
		m.purged.WithLabelValues(p.String())
	}
	for _, c := range message.Channels() {
		m.drift.WithLabelValues(string(c))
		for _, u := range message.Urgencies() {
			m.zeroLane(string(c), u.String())
		}
	}
}

func (m *Metrics) zeroLane(channel, urgency string) {
	for _, p := range message.Places() {
		m.attempts.WithLabelValues(channel, urgency, p.String())
		m.settledBy.WithLabelValues(channel, urgency, p.String())
		m.conservation.WithLabelValues(channel, urgency, p.String())
	}
	m.conservation.WithLabelValues(channel, urgency, message.Accepted.String())
	m.oldest.WithLabelValues(channel, urgency)
	for _, s := range []string{"queued", "claimed"} {
		m.waiting.WithLabelValues(channel, urgency, s)
	}
}

func (m *Metrics) settled(msg message.Message, t dispatch.Told) {
	if t.Result.Begun {
		m.attempts.WithLabelValues(string(msg.Channel), msg.Urgency.String(), t.Place.String()).Inc()
	}
	if t.Place != message.Pending {
		m.settledBy.WithLabelValues(string(msg.Channel), msg.Urgency.String(), t.Place.String()).Inc()
	}
}

// Lanes shows what waits. Channels are told by route number.
func (m *Metrics) Lanes(now time.Time, states []store.LaneState, channel func(message.Lane) (message.Channel, bool)) {
	type key struct{ c, u string }
	oldest := make(map[key]time.Duration)
	queued, claimed := make(map[key]int64), make(map[key]int64)
	for _, s := range states {
		c, known := channel(s.Lane)
		if !known {
			continue
		}
		k := key{string(c), s.Lane.Urgency().String()}
		queued[k] += s.Queued
		claimed[k] += s.Claimed
		if !s.OldestDue.IsZero() {
			oldest[k] = max(oldest[k], now.Sub(s.OldestDue))
		}
	}
	for _, c := range message.Channels() {
		for _, u := range message.Urgencies() {
			k := key{string(c), u.String()}
			m.waiting.WithLabelValues(k.c, k.u, "queued").Set(float64(queued[k]))
			m.waiting.WithLabelValues(k.c, k.u, "claimed").Set(float64(claimed[k]))
			m.oldest.WithLabelValues(k.c, k.u).Set(oldest[k].Seconds())
		}
	}
}

// Conservation shows the sums.
func (m *Metrics) Conservation(rows []batch.Sum) {
	balanced := 1.0
	for _, r := range rows {
		m.conservation.WithLabelValues(string(r.Channel), r.Urgency.String(), message.Accepted.String()).Set(float64(r.Accepted))
		for _, p := range message.Places() {
			m.conservation.WithLabelValues(string(r.Channel), r.Urgency.String(), p.String()).Set(float64(r.Places[p]))
		}
		if !r.Balanced() {
			balanced = 0
		}
	}
	m.balanced.Set(balanced)
}

// Recounted shows by how much counters and tables differ.
func (m *Metrics) Recounted(t batch.Turn) {
	for _, c := range message.Channels() {
		m.drift.WithLabelValues(string(c)).Set(float64(t.Drift[c]))
	}
	if !t.Last.IsZero() {
		m.recounted.Set(float64(t.Last.Unix()))
	}
}

// Purged counts rows that were taken away because their window had passed.
func (m *Metrics) Purged(what store.Purgeable, n int64) {
	m.purged.WithLabelValues(what.String()).Add(float64(n))
}

// Retired counts what retention dropped.
func (m *Metrics) Retired(r store.Retired) {
	for _, table := range r.Dropped {
		m.retired.WithLabelValues(table).Inc()
	}
}

// Reports counts what the inbox dealt with.
func (m *Metrics) Reports(applied, unmatched int) {
	m.reports.WithLabelValues("applied").Add(float64(applied))
	m.reports.WithLabelValues("unmatched").Add(float64(unmatched))
}

// Sealed counts entries numbered as leaves.
func (m *Metrics) Sealed(n int64) { m.sealed.Add(float64(n)) }

// Relayed counts entries handed to the status topic.
func (m *Metrics) Relayed(n int) { m.relayed.Add(float64(n)) }
