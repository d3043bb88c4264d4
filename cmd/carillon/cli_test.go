package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"carillon/cmd/internal/parttest"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs the command line as people do; see testdata/script.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true})
}

// TestMetrics checks what a gateway shows, before and after work, by Prometheus's own rules.
func TestMetrics(t *testing.T) {
	t.Parallel()
	sims := simulate(t, within)
	g := serve(t, within, t.TempDir()+"/carillon.db", configFile(t, nil), sims, allowed()...)
	fresh := g.metrics(t)
	for _, series := range []string{
		`carillon_messages_total{channel="voice",outcome="delivered",urgency="emergency"} 0`,
		`carillon_attempts_total{channel="sms",outcome="in_doubt",urgency="bulk"} 0`,
		`carillon_breaker_state{adapter="sns",route="sms-north"} 0`,
		`carillon_breaker_state{adapter="ses",route="email-south"} 0`,
		`carillon_due_oldest_seconds{channel="letter",urgency="regulatory"} 0`,
		`carillon_conservation_messages{channel="email",place="accepted",urgency="service"} 0`,
		`carillon_conservation_balanced 1`,
	} {
		if !strings.Contains(fresh, series+"\n") {
			t.Errorf("no %s from the start", series)
		}
	}
	for i, kind := range []string{aText, anEmail, aCall, aLetter} {
		g.post(t, kind, contactOf(kind, "NORTH", "METRICS", i))
	}
	g.letters(t)
	newFollower().settle(t, g, 4, 30*time.Second)
	after := g.metrics(t)
	if !strings.Contains(after, `carillon_attempts_total{channel="sms",outcome="sent",urgency="service"} 1`+"\n") {
		t.Error("the text is not counted")
	}
	if strings.Contains(after, "+1212") || strings.Contains(after, "@example.com") || strings.Contains(after, "METRICS-") {
		t.Error("personal data in the metrics")
	}
	problems, err := promlint.New(strings.NewReader(after)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("promlint: %s: %s", p.Metric, p.Text)
	}
	t.Run("promtool", func(t *testing.T) {
		check := exec.CommandContext(t.Context(), parttest.RealPart(t, "TEST_PROMTOOL"), "check", "metrics")
		check.Stdin = strings.NewReader(after)
		if text, err := check.CombinedOutput(); err != nil || len(bytes.TrimSpace(text)) > 0 {
			t.Errorf("promtool: %v: %s", err, text)
		}
	})
}

// metrics is what the gateway shows at /metrics.
func (g *instance) metrics(t *testing.T) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.url+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("metrics: %d %v", answer.StatusCode, err)
	}
	return string(text)
}

// TestNotUnderstood sees that a command line that makes no sense ends with status 2 and says so.
func TestNotUnderstood(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"nonsense"}, {"run", "--contacts", "many"}, {"key", "create"}, {"serve", "--environment", "home"}} {
		var out, errOut bytes.Buffer
		_, run := programOf(args)
		if code := run(context.WithoutCancel(t.Context()), args, &out, &errOut); code != 2 || errOut.Len() == 0 {
			t.Errorf("%v: status %d: %s", args, code, &errOut)
		}
	}
}
