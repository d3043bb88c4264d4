package main

import (
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"carillon/core/batch"
	"carillon/core/message"
	"carillon/core/porttest"
	"carillon/core/store"
)

// TestDrift: a counter that is wrong is seen by the chore, in the metric, and by doctor, in the hour.
func TestDrift(t *testing.T) {
	t.Parallel()
	a := operated(t, nil)
	now := clock()
	w := porttest.NewAcceptance(porttest.NewRand(1), porttest.Given{At: now.Add(-3 * time.Hour), Channel: message.Email})
	w.Counts[0].Delta += 2
	if _, err := a.store.Apply(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	r := &batch.Recounter{Store: a.store, Facts: a.store, By: "one", Back: 48 * time.Hour}
	if err := a.recount(t.Context(), now, r); err != nil {
		t.Fatal(err)
	}
	all := families(t, a)
	if got := gauge(all["carillon_conservation_drift_messages"], "email"); got != 2 {
		t.Errorf("the metric says %v, want 2", got)
	}
	if got := gauge(all["carillon_conservation_drift_messages"], "sms"); got != 0 {
		t.Errorf("the metric of texts says %v", got)
	}
	if got := all["carillon_conservation_recounted_timestamp_seconds"].GetMetric()[0].GetGauge().GetValue(); got != float64(now.Unix()) {
		t.Errorf("recounted at %v", got)
	}
	if err := a.store.Close(); err != nil {
		t.Fatal(err)
	}
	code, out, errOut := command(t, "doctor", "--store", a.settings.Store, "--hours", "5")
	if code != 1 || !strings.Contains(out, "1 of 5 hours differ") || !strings.Contains(out, "accepted") {
		t.Errorf("doctor --hours: status %d\n%s%s", code, out, errOut)
	}
	if code, out, _ := command(t, "doctor", "--store", a.settings.Store, "--hours", "2"); code != 0 || !strings.Contains(out, "0 of 2 hours differ") {
		t.Errorf("doctor --hours 2: status %d\n%s", code, out)
	}
}

// gauge is the value of the series whose one label has the value.
func gauge(f *dto.MetricFamily, label string) float64 {
	for _, m := range f.GetMetric() {
		if len(m.GetLabel()) == 1 && m.GetLabel()[0].GetValue() == label {
			return m.GetGauge().GetValue()
		}
	}
	return -1
}

// TestPurgeChore takes away what is older than its window, and only that.
func TestPurgeChore(t *testing.T) {
	t.Parallel()
	a := operated(t, nil)
	now := clock()
	old := porttest.NewAcceptance(porttest.NewRand(1), porttest.Given{At: now.AddDate(-2, 0, 0)})
	young := porttest.NewAcceptance(porttest.NewRand(2), porttest.Given{At: now.AddDate(-1, 0, 0)})
	if _, err := a.store.Apply(t.Context(), old, young); err != nil {
		t.Fatal(err)
	}
	if _, err := a.purge(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	known := func(w store.Writes) bool {
		_, err := a.store.Key(t.Context(), w.Keys[0].Kind, w.Keys[0].Source, w.Keys[0].Key)
		return err == nil
	}
	if known(old) || !known(young) {
		t.Errorf("the old key is known: %t; the young one: %t", known(old), known(young))
	}
}
