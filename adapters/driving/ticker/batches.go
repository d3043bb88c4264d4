package ticker

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/core/batch"
	"carillon/core/control"
)

// Batches are what batches show. All series exist at zero from construction.
type Batches struct {
	runs    *prometheus.CounterVec // carillon_batch_runs_total
	records *prometheus.CounterVec // carillon_batch_records_total
	threads *prometheus.GaugeVec   // carillon_batch_threads
	success *prometheus.GaugeVec   // carillon_batch_last_success_timestamp_seconds
	failed  *prometheus.GaugeVec   // carillon_batch_failed
	late    *prometheus.GaugeVec   // carillon_batch_late_seconds
}

// NewBatches makes the metrics of the batches and registers them.
func NewBatches(reg prometheus.Registerer, codes []string) (*Batches, error) {
	counter := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"batch", label})
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"batch"})
	}
	b := &Batches{
		runs:    counter("carillon_batch_runs_total", "Runs that this process ended, by how they ended.", "end"),
		records: counter("carillon_batch_records_total", "Records of batches that this process did, and those that had an error.", "outcome"),
		threads: gauge("carillon_batch_threads", "Threads of the batch that gateways work on."),
		success: gauge("carillon_batch_last_success_timestamp_seconds", "When a run of the batch was complete last; 0: none was."),
		failed:  gauge("carillon_batch_failed", "1 while the last run of the batch is one that ended with an error."),
		late:    gauge("carillon_batch_late_seconds", "For how long an occurrence of the batch's schedule has waited to be run."),
	}
	for _, c := range []prometheus.Collector{b.runs, b.records, b.threads, b.success, b.failed, b.late} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	for _, code := range codes {
		for _, s := range []control.State{control.Complete, control.Failed, control.Cancelled} {
			b.runs.WithLabelValues(code, s.String())
		}
		b.records.WithLabelValues(code, "done")
		b.records.WithLabelValues(code, "error")
		for _, g := range []*prometheus.GaugeVec{b.threads, b.success, b.failed, b.late} {
			g.WithLabelValues(code)
		}
	}
	return b, nil
}

// Committed implements [batch.Watch].
func (b *Batches) Committed(code string, done, wrong int64) {
	b.records.WithLabelValues(code, "done").Add(float64(done))
	b.records.WithLabelValues(code, "error").Add(float64(wrong))
}

// Ended implements [batch.Watch].
func (b *Batches) Ended(run control.Run) { b.runs.WithLabelValues(run.Batch, run.State.String()).Inc() }

// Show shows where the batches stand.
func (b *Batches) Show(now time.Time, cards []batch.Card, open []control.View) {
	threads := make(map[string]int)
	for _, v := range open {
		for _, t := range v.Threads {
			if t.State == control.Running {
				threads[v.Run.Batch]++
			}
		}
	}
	for _, c := range cards {
		b.threads.WithLabelValues(c.Code).Set(float64(threads[c.Code]))
		b.late.WithLabelValues(c.Code).Set(c.Plan.Late(now).Seconds())
		failed, success := 0.0, 0.0
		if c.Standing.Last.State == control.Failed {
			failed = 1
		}
		if at := c.Standing.SuccessAt; !at.IsZero() {
			success = float64(at.Unix())
		}
		b.failed.WithLabelValues(c.Code).Set(failed)
		b.success.WithLabelValues(c.Code).Set(success)
	}
}
