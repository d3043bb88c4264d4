package kafkain

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	m, err := NewMetrics(registry, "t")
	if err != nil {
		t.Fatal(err)
	}
	lag := func() float64 { return testutil.ToFloat64(m.lag.WithLabelValues("t")) }
	m.behind("t", 0, 5)
	m.behind("t", 1, 7)
	if lag() != 12 {
		t.Errorf("lag %v of two partitions; want 12", lag())
	}
	m.behind("t", 1, 0)
	m.behind("u", 0, 3)
	if lag() != 5 {
		t.Errorf("lag %v after one has caught up; want 5", lag())
	}
	m.forget("t", 0)
	if lag() != 0 {
		t.Errorf("lag %v after the other is gone; want 0", lag())
	}
	m.alive("t", time.UnixMilli(1500))
	if got := testutil.ToFloat64(m.last.WithLabelValues("t")); got != 1.5 {
		t.Errorf("alive at %v", got)
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}
