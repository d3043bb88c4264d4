package chores

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"carillon/adapters/driving/ticker"
	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/settings"
	"carillon/cmd/internal/stores"
	"carillon/core/batch"
	"carillon/core/message"
	"carillon/core/porttest"
	"carillon/core/store"
)

// kept are the chores that keep a store of their own in shape.
func kept(t *testing.T, keep settings.Keep) (*Chores, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewRegistry()
	watch, err := ticker.NewMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	st, err := stores.Open(t.Context(), settings.Settings{Store: filepath.Join(t.TempDir(), "carillon.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stores.Close(st) })
	return &Chores{Store: st, Watch: watch, Keep: keep, Owner: "gateway:1", Log: slog.New(slog.DiscardHandler)}, registry
}

// families are the metrics that are shown.
func families(t *testing.T, registry *prometheus.Registry) map[string]*dto.MetricFamily {
	t.Helper()
	all, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]*dto.MetricFamily, len(all))
	for _, f := range all {
		out[f.GetName()] = f
	}
	return out
}

// TestDrift: a counter that is wrong is seen by the chore, in the metric.
func TestDrift(t *testing.T) {
	t.Parallel()
	c, registry := kept(t, settings.Keep{})
	now := clock.Now()
	w := porttest.NewAcceptance(porttest.NewRand(1), porttest.Given{At: now.Add(-3 * time.Hour), Channel: message.Email})
	store.Of(w.Message).Counts[0].Delta += 2
	if _, err := c.Store.Apply(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	r := &batch.Recounter{Store: c.Store, Facts: c.Store, By: "one", Back: 48 * time.Hour}
	if err := c.recount(t.Context(), now, r); err != nil {
		t.Fatal(err)
	}
	all := families(t, registry)
	if got := gauge(all["carillon_conservation_drift_messages"], "email"); got != 2 {
		t.Errorf("the metric says %v, want 2", got)
	}
	if got := gauge(all["carillon_conservation_drift_messages"], "sms"); got != 0 {
		t.Errorf("the metric of texts says %v", got)
	}
	if got := all["carillon_conservation_recounted_timestamp_seconds"].GetMetric()[0].GetGauge().GetValue(); got != float64(now.Unix()) {
		t.Errorf("recounted at %v", got)
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
	c, _ := kept(t, settings.Keep{})
	now := clock.Now()
	old := porttest.NewAcceptance(porttest.NewRand(1), porttest.Given{At: now.AddDate(-2, 0, 0)})
	young := porttest.NewAcceptance(porttest.NewRand(2), porttest.Given{At: now.AddDate(-1, 0, 0)})
	if _, err := c.Store.Apply(t.Context(), old, young); err != nil {
		t.Fatal(err)
	}
	if _, err := c.purge(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	known := func(w store.Writes) bool {
		_, err := c.Store.Key(t.Context(), store.Of(w.Intake).Keys[0].Kind, store.Of(w.Intake).Keys[0].Source, store.Of(w.Intake).Keys[0].Key)
		return err == nil
	}
	if known(old) || !known(young) {
		t.Errorf("the old key is known: %t; the young one: %t", known(old), known(young))
	}
}

// TestRetireChore takes away what is older than its retention, but for what is held.
func TestRetireChore(t *testing.T) {
	t.Parallel()
	c, _ := kept(t, settings.Keep{Retention: 60 * 24 * time.Hour})
	now := clock.Now()
	r := porttest.NewRand(1)
	old, held, young := porttest.NewAcceptance(r, porttest.Given{At: now.AddDate(-1, 0, 0)}),
		porttest.NewAcceptance(r, porttest.Given{At: now.AddDate(-1, 0, 0)}), porttest.NewAcceptance(r, porttest.Given{At: now.AddDate(0, 0, -1)})
	hold := store.Hold{Number: 1, Kind: store.HoldAccount, Subject: store.Of(held.Contact).Contacts[0].Account, Reason: "case", By: "counsel", At: now}
	for _, w := range []store.Writes{old, held, young, {Upkeep: &store.UpkeepWrites{Holds: []store.Hold{hold}}}} {
		store.In(&w.Message).Dues, store.In(&w.Message).Deadlines = nil, nil
		if _, err := c.Store.Apply(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.retire(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	for says, row := range map[string]struct {
		w    store.Writes
		want bool
	}{"old": {old, false}, "held": {held, true}, "young": {young, true}} {
		if _, err := c.Store.Contact(t.Context(), store.Of(row.w.Contact).Contacts[0].ID); (err == nil) != row.want {
			t.Errorf("what is %s: %v", says, err)
		}
	}
}
