package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/parttest"
	"carillon/cmd/internal/settings"
	"carillon/core/access"
)

// operated is a gateway as production wires it, on a store of its own: every adapter is there, and none is called.
func operated(t *testing.T, change func(*settings.Settings)) *Gateway {
	t.Helper()
	s := parttest.Unplugged(t)
	if change != nil {
		change(&s)
	}
	a, err := Build(t.Context(), s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return a
}

// families are the metrics that a gateway shows before anything has happened.
func families(t *testing.T, a *Gateway) map[string]*dto.MetricFamily {
	t.Helper()
	all, err := a.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]*dto.MetricFamily, len(all))
	for _, f := range all {
		out[f.GetName()] = f
	}
	return out
}

func TestMetricsAreWellFormed(t *testing.T) {
	t.Parallel()
	a := operated(t, nil)
	problems, err := testutil.GatherAndLint(a.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "carillon_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

// TestMetricsExistAtZero is the promise of the README, for the requests nobody has made yet.
func TestMetricsExistAtZero(t *testing.T) {
	t.Parallel()
	a := operated(t, nil)
	before := testutil.CollectAndCount(a.registry, "carillon_requests_total", "carillon_request_seconds", "carillon_store_seconds")
	if before == 0 {
		t.Fatal("there are no series")
	}
	for _, path := range []string{"/livez", "/readyz", "/v1/lanes", "/nowhere"} {
		w := httptest.NewRecorder()
		a.handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	}
	if after := testutil.CollectAndCount(a.registry, "carillon_requests_total", "carillon_request_seconds", "carillon_store_seconds"); after != before {
		t.Errorf("there are %d series after the first requests, and were %d before", after, before)
	}
	if n := samples(families(t, a)["carillon_store_seconds"], "op", "check"); n != 1 {
		t.Errorf("asking /readyz timed %d checks of the store", n)
	}
}

// samples is how often a histogram was observed where a label has a value.
func samples(f *dto.MetricFamily, label, value string) uint64 {
	for _, m := range f.GetMetric() {
		for _, l := range m.GetLabel() {
			if l.GetName() == label && l.GetValue() == value {
				return m.GetHistogram().GetSampleCount()
			}
		}
	}
	return 0
}

func TestStoreIsTimed(t *testing.T) {
	t.Parallel()
	a := operated(t, nil)
	ctx, now := t.Context(), clock.Now()
	before := families(t, a)["carillon_store_seconds"]
	counts := make(map[string]uint64)
	for _, m := range before.GetMetric() {
		op := m.GetLabel()[0].GetValue()
		counts[op] = m.GetHistogram().GetSampleCount()
	}
	_, err := a.store.Apply(ctx)
	_, _ = a.store.Principal(ctx, access.KeyHash{}) // there is none, and asking took time
	_, _ = a.store.Contact(ctx, 1)                  // the same
	for _, ask := range []func() error{
		func() error { return err },
		func() error { _, err := a.store.GateFacts(ctx, nil); return err },
		func() error { _, err := a.store.Inbox(ctx, now, 1); return err },
		func() error { _, err := a.store.LaneStates(ctx, now); return err },
		func() error { _, err := a.store.Leaves(ctx, 0, 1); return err },
		func() error { _, err := a.store.Sums(ctx, now, now); return err },
		func() error { return a.store.Check(ctx) },
	} {
		if err := ask(); err != nil {
			t.Error(err)
		}
	}
	after := families(t, a)["carillon_store_seconds"]
	for op, n := range counts {
		if got := samples(after, "op", op); got != n+1 {
			t.Errorf("%s was timed %d times, want %d", op, got, n+1)
		}
	}
}

func TestWardensTurn(t *testing.T) {
	t.Parallel()
	a := operated(t, nil)
	var names []string
	for _, s := range a.ticker.States() {
		names = append(names, s.Name)
	}
	for _, n := range []string{"keys", "certificates", "lanes"} {
		if !slices.Contains(names, n) {
			t.Errorf("there is no chore %s", n)
		}
	}
}
