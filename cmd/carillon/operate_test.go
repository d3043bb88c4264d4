package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"carillon/adapters/kit/secret"
	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/message"
	"carillon/core/store"
)

// operated is a gateway as production wires it, on a store of its own: every adapter is there, and none is called.
func operated(t *testing.T, change func(*Settings)) *app {
	t.Helper()
	s := Settings{
		Store: filepath.Join(t.TempDir(), "carillon.db"), Environment: "test", Lease: time.Minute, CallTimeout: time.Second, LettersSchedule: "0 2 * * *",
		Kafka: KafkaSettings{
			Brokers: []string{"127.0.0.1:1"}, Version: "2.8.0", Letters: "letters", Manifests: "manifests", LetterStatus: "letter-status",
			Status: "status", Group: "carillon", Timeout: time.Second,
		},
		SNS:    AWSSettings{Region: "us-east-1", Endpoint: "http://127.0.0.1:1", AccessKey: "x", SecretKey: secret.New("x")},
		SES:    AWSSettings{Region: "us-east-1", Endpoint: "http://127.0.0.1:1", AccessKey: "x", SecretKey: secret.New("x")},
		Dialer: DialerSettings{URL: "http://127.0.0.1:1", Key: secret.New("x")},
	}
	if change != nil {
		change(&s)
	}
	a, err := build(t.Context(), s, slog.New(slog.DiscardHandler))
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
func families(t *testing.T, a *app) map[string]*dto.MetricFamily {
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
	ctx, now := t.Context(), clock()
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

func TestWardens(t *testing.T) {
	t.Parallel()
	t.Run("show who has paused which lane", func(t *testing.T) {
		t.Parallel()
		a := operated(t, nil)
		route, there := a.configs.Current().Route("sms-north")
		voice, too := a.configs.Current().Route("voice-north")
		if !there || !too {
			t.Fatal("the shipped configuration has no such route")
		}
		show := func(by string, want map[string]float64) {
			t.Helper()
			lane := message.NewLane(route.Number, message.Emergency)
			a.wardens.lanes([]config.Route{route, voice}, []store.LaneState{
				{Lane: lane, Pause: store.LanePause{Lane: lane, Paused: by != "", By: by}},
				{Lane: message.NewLane(voice.Number, message.Emergency), Pause: store.LanePause{Paused: true, By: "dialer:belltower"}},
			})
			for who, value := range want {
				if got := testutil.ToFloat64(a.wardens.paused.WithLabelValues("sms-north", "emergency", who)); got != value {
					t.Errorf("paused by %q: %s is %v, want %v", by, who, got, value)
				}
			}
			if testutil.ToFloat64(a.wardens.paused.WithLabelValues("sms-north", "bulk", pausedByPerson)) != 0 {
				t.Error("another lane is shown as paused")
			}
			if testutil.ToFloat64(a.wardens.paused.WithLabelValues("voice-north", "emergency", pausedByGateway)) != 1 {
				t.Error("a lane that the vendor's answer paused is not shown")
			}
		}
		show("oncall", map[string]float64{pausedByPerson: 1, pausedByGateway: 0})
		show("sns", map[string]float64{pausedByPerson: 0, pausedByGateway: 1})
		show("", map[string]float64{pausedByPerson: 0, pausedByGateway: 0})
	})
	t.Run("show the oldest key in force of each role", func(t *testing.T) {
		t.Parallel()
		a, now := operated(t, nil), clock()
		at := func(age time.Duration, revoked bool, roles ...access.Role) access.Principal {
			p := access.Principal{CreatedAt: now.Add(-age), Roles: roles}
			if revoked {
				p.RevokedAt = now
			}
			return p
		}
		a.wardens.ages(now, []access.Principal{at(time.Hour, false, access.CIS), at(2*time.Hour, false, access.CIS, access.SRE), at(9*time.Hour, true, access.CIS)})
		for role, want := range map[access.Role]time.Duration{access.CIS: 2 * time.Hour, access.SRE: 2 * time.Hour, access.Admin: 0} {
			if got := testutil.ToFloat64(a.wardens.keys.WithLabelValues(string(role))); got != want.Seconds() {
				t.Errorf("the oldest key of %s is %v s old, want %v", role, got, want.Seconds())
			}
		}
	})
	t.Run("show when the first certificate of a file runs out, and tell of a file without one", func(t *testing.T) {
		t.Parallel()
		a := operated(t, nil)
		now := clock().Truncate(time.Second)
		file := filepath.Join(t.TempDir(), "ca.pem")
		pems := append(certificatePEM(t, now.Add(48*time.Hour)), certificatePEM(t, now.Add(24*time.Hour))...)
		if err := os.WriteFile(file, pems, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := a.wardens.certificates(map[string]string{"kafka-ca-file": file, "sns-ca-file": ""}); err != nil {
			t.Fatal(err)
		}
		shows := func(setting string, want int64) {
			t.Helper()
			if got := testutil.ToFloat64(a.wardens.expiry.WithLabelValues(setting)); got != float64(want) {
				t.Errorf("%s runs out at %v, want %v", setting, got, want)
			}
		}
		shows("kafka-ca-file", now.Add(24*time.Hour).Unix())
		shows("sns-ca-file", 0)
		if err := os.WriteFile(file, []byte("nothing"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := a.wardens.certificates(map[string]string{"kafka-ca-file": file}); err == nil || !strings.Contains(err.Error(), "kafka-ca-file") {
			t.Errorf("got %v", err)
		}
		shows("kafka-ca-file", now.Add(24*time.Hour).Unix())
	})
	t.Run("know every setting that names a file of certificates", func(t *testing.T) {
		t.Parallel()
		var want []string
		for _, f := range child(commandLine(t).Node, "serve").Flags {
			if strings.HasSuffix(f.Name, "-ca-file") || strings.HasSuffix(f.Name, "-cert-file") || strings.HasSuffix(f.Name, "-trust-file") {
				want = append(want, f.Name)
			}
		}
		known := Settings{}.certificateFiles()
		for _, name := range want {
			if _, there := known[name]; !there {
				t.Errorf("nobody looks when %s runs out", name)
			}
		}
		if len(known) != len(want) || len(want) < 6 {
			t.Errorf("the settings are %v", want)
		}
	})
	t.Run("turn by themselves", func(t *testing.T) {
		t.Parallel()
		a := operated(t, nil)
		var names []string
		for _, s := range a.ticker.States() {
			names = append(names, s.Name)
		}
		for _, n := range []string{choreKeys, choreCertificates, choreLanes} {
			if !slices.Contains(names, n) {
				t.Errorf("there is no chore %s", n)
			}
		}
	})
}
