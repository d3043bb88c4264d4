package guard_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"carillon/adapters/kit/guard"
	"carillon/core/fault"
)

// value is the series' value, -1 when there is no such series.
func value(t *testing.T, reg *prometheus.Registry, name string, labels map[string]string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			same := family.GetName() == name
			for _, pair := range metric.GetLabel() {
				want, asked := labels[pair.GetName()]
				same = same && (!asked || want == pair.GetValue())
			}
			if same {
				return metric.GetCounter().GetValue() + metric.GetGauge().GetValue() + float64(metric.GetHistogram().GetSampleCount())
			}
		}
	}
	return -1
}

func TestMetrics(t *testing.T) {
	t.Run("have good names", func(t *testing.T) {
		_, reg := newGuard(t, config())
		problems, err := testutil.GatherAndLint(reg)
		if err != nil || len(problems) != 0 {
			t.Errorf("got %v, %v", problems, err)
		}
	})
	t.Run("exist at zero from construction", func(t *testing.T) {
		_, reg := newGuard(t, config())
		outcomes := []string{"ok"}
		for _, kind := range fault.Kinds() {
			outcomes = append(outcomes, kind.String())
		}
		for _, op := range []string{"publish", "probe", guard.OtherOp} {
			for _, outcome := range outcomes {
				if got := value(t, reg, "carillon_calls_total", map[string]string{"op": op, "outcome": outcome}); got != 0 {
					t.Errorf("calls of %s, %s: %v", op, outcome, got)
				}
			}
			if got := value(t, reg, "carillon_call_seconds", map[string]string{"op": op}); got != 0 {
				t.Errorf("seconds of %s: %v", op, got)
			}
		}
		for _, state := range guard.States() {
			if got := value(t, reg, "carillon_breaker_changes_total", map[string]string{"state": state.String()}); got != 0 {
				t.Errorf("changes to %s: %v", state, got)
			}
		}
		for _, name := range []string{"carillon_breaker_state", "carillon_calls_inflight", "carillon_calls_refused_total"} {
			if got := value(t, reg, name, map[string]string{"adapter": "sns", "route": "otp"}); got != 0 {
				t.Errorf("%s: %v", name, got)
			}
		}
	})
	t.Run("do not grow with undeclared ops", func(t *testing.T) {
		g, reg := newGuard(t, config())
		before := testutil.CollectAndCount(reg)
		_, _ = guard.Do(t.Context(), g, "subscribe", func(context.Context) (int, error) { return 0, fault.New(99, "no such kind") })
		if after := testutil.CollectAndCount(reg); after != before {
			t.Errorf("%d series became %d", before, after)
		}
		if got := value(t, reg, "carillon_calls_total", map[string]string{"op": guard.OtherOp, "outcome": "unknown"}); got != 1 {
			t.Errorf("counted %v", got)
		}
	})
	t.Run("cannot be registered twice", func(t *testing.T) {
		_, reg := newGuard(t, config())
		if _, err := guard.NewMetrics(reg); err == nil {
			t.Error("registered twice")
		}
	})
}

func TestMetricsFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, reg := newGuard(t, config())
		state := func() float64 { return value(t, reg, "carillon_breaker_state", nil) }
		trip(t, g)
		if state() != 2 {
			t.Errorf("state is %v, want 2", state())
		}
		wantKind(t, end(g, nil), fault.Unavailable, fault.CodeBreakerOpen)
		time.Sleep(time.Minute)
		if state() != 1 { // nobody but the scrape asked
			t.Errorf("state is %v, want 1", state())
		}
		_ = end(g, fault.New(fault.Throttled, "decides nothing"))
		_ = end(g, nil)
		if state() != 0 {
			t.Errorf("state is %v, want 0", state())
		}
		go func() { _ = hang(t.Context(), g) }()
		synctest.Wait()
		for name, want := range map[string]float64{
			"carillon_calls_inflight": 1, "carillon_call_seconds": 5,
		} {
			if got := value(t, reg, name, map[string]string{"op": "publish"}); got != want {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
		for outcome, want := range map[string]float64{"ok": 1, "unavailable": 3, "throttled": 1} {
			if got := value(t, reg, "carillon_calls_total", map[string]string{"op": "publish", "outcome": outcome}); got != want {
				t.Errorf("calls %s: %v, want %v", outcome, got, want)
			}
		}
		for _, word := range []string{"open", "half_open", "closed"} {
			if got := value(t, reg, "carillon_breaker_changes_total", map[string]string{"state": word}); got != 1 {
				t.Errorf("changes to %s: %v, want 1", word, got)
			}
		}
		if got := value(t, reg, "carillon_calls_refused_total", map[string]string{"reason": fault.CodeBreakerOpen}); got != 1 {
			t.Errorf("refused %v, want 1", got)
		}
		time.Sleep(3 * time.Second)
	})
}

func TestConfig(t *testing.T) {
	t.Run("needs no more than its names", func(t *testing.T) {
		cfg := guard.Config{Adapter: "sns", Route: "otp"}
		if err := cfg.Validate(); err != nil {
			t.Error(err)
		}
		filled := cfg.WithDefaults()
		if err := filled.Validate(); err != nil || filled.Timeout != 10*time.Second || filled.Slots != 16 ||
			filled.TripAfter != 5 || filled.Rest != 5*time.Second || filled.MaxRest != 5*time.Minute {
			t.Errorf("got %+v, %v", filled, err)
		}
	})
	t.Run("reports everything that is wrong", func(t *testing.T) {
		err := guard.Config{
			Timeout: -1, Slots: -1, Patience: -1, Rest: -1, MaxRest: -1, Ops: []string{"", "other", "a", "a"},
		}.Validate()
		if err == nil {
			t.Fatal("found nothing wrong")
		}
		for _, word := range []string{"adapter", "route", "timeout", "slots", "patience", ": rest", "max rest", "no name", "other", "twice"} {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("does not report %q: %v", word, err)
			}
		}
		if (guard.Config{Adapter: "a", Route: "b", Rest: time.Hour, MaxRest: time.Minute}).Validate() == nil {
			t.Error("takes a longest pause shorter than the first")
		}
	})
	t.Run("that is wrong still makes a working guard", func(t *testing.T) {
		g, _ := newGuard(t, guard.Config{Timeout: -1, Slots: -1, Patience: -1, Rest: -1, MaxRest: -1})
		if err := end(g, nil); err != nil || g.Free() != 16 {
			t.Errorf("got %v, free %d", err, g.Free())
		}
	})
}

func TestSnapshot(t *testing.T) {
	g, _ := newGuard(t, config())
	got, err := json.Marshal(g.Snapshot())
	want := `{"adapter":"sns","route":"otp","state":"closed","consecutive_failures":0,"inflight":0,"slots":4}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func BenchmarkDo(b *testing.B) {
	g, _ := newGuard(b, config())
	for b.Loop() {
		_, _ = guard.Do(b.Context(), g, "publish", func(context.Context) (int, error) { return 1, nil })
	}
}
