package ticker

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/core/store"
)

// ledgerGauges show the ledger's tree and what waits for the sealer.
type ledgerGauges struct {
	unsealed   prometheus.Gauge // carillon_ledger_unsealed_entries
	lag        prometheus.Gauge // carillon_ledger_lag_seconds
	leaves     prometheus.Gauge // carillon_ledger_leaves
	checkpoint prometheus.Gauge // carillon_ledger_checkpoint_timestamp_seconds
	keyAge     prometheus.Gauge // carillon_ledger_key_age_seconds
}

func newLedgerGauges() ledgerGauges {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	return ledgerGauges{
		unsealed:   gauge("carillon_ledger_unsealed_entries", "Ledger entries that nobody has sealed."),
		lag:        gauge("carillon_ledger_lag_seconds", "How long the oldest of them waits."),
		leaves:     gauge("carillon_ledger_leaves", "Leaves of the ledger's tree."),
		checkpoint: gauge("carillon_ledger_checkpoint_timestamp_seconds", "When the newest checkpoint was signed; 0: the newest tree is not signed."),
		keyAge:     gauge("carillon_ledger_key_age_seconds", "Since when the key signs that signed last; 0: none did."),
	}
}

func (g ledgerGauges) all() []prometheus.Collector {
	return []prometheus.Collector{g.unsealed, g.lag, g.leaves, g.checkpoint, g.keyAge}
}

// Ledger shows the ledger's tree and what waits for the sealer.
func (m *Metrics) Ledger(now time.Time, head store.Head, u store.Unsealed) {
	g := m.ledger
	g.unsealed.Set(float64(u.Entries))
	g.lag.Set(age(now, u.Since))
	g.leaves.Set(float64(head.Tree.N))
	g.keyAge.Set(age(now, head.KeySince))
	signed := 0.0
	if head.Note != "" {
		signed = float64(head.At.Unix())
	}
	g.checkpoint.Set(signed)
}

// age is how long ago something was, in seconds; 0 for what never was.
func age(now, since time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return max(now.Sub(since), 0).Seconds()
}
