package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"carillon/cmd/internal/gateway"
	"carillon/cmd/internal/parttest"

	dto "github.com/prometheus/client_model/go"
	"gopkg.in/yaml.v3"
)

// What is shipped under deploy is a contract too: an alert or a graph of a metric that is not there never says so by
// itself.

const (
	deployDir     = "../../deploy"
	rulesFile     = deployDir + "/prometheus/carillon.rules.yml"
	ruleTestFile  = deployDir + "/prometheus/carillon_test.yml"
	dashboardFile = deployDir + "/grafana/carillon.json"
	runbooksDir   = deployDir + "/runbooks"
)

// alertRule is an alert as Prometheus reads it.
type alertRule struct {
	Alert       string
	Expr        string
	For         string
	Labels      map[string]string
	Annotations map[string]string
}

func alertRules(t *testing.T) []alertRule {
	t.Helper()
	var file struct {
		Groups []struct {
			Name  string
			Rules []alertRule
		}
	}
	readYAML(t, rulesFile, &file)
	var all []alertRule
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) < 30 {
		t.Fatalf("%s has %d alerts", rulesFile, len(all))
	}
	return all
}

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// query is an expression with the place it stands in.
type query struct{ where, expr string }

// queries are all expressions that are shipped: of alerts, of the dashboard and of the runbooks.
func queries(t *testing.T) []query {
	t.Helper()
	var all []query
	for _, r := range alertRules(t) {
		all = append(all, query{"alert " + r.Alert, r.Expr})
	}
	for _, p := range dashboard(t).Panels {
		for _, to := range p.Targets {
			all = append(all, query{"panel " + p.Title, strings.ReplaceAll(to.Expr, "$__rate_interval", "5m")})
		}
	}
	for name, text := range runbooks(t) {
		for _, b := range blocksOf(text) {
			if b.kind != "promql" {
				continue
			}
			for line := range strings.SplitSeq(strings.TrimSpace(b.text), "\n") {
				all = append(all, query{"runbook " + name, line})
			}
		}
	}
	return all
}

// families are the metrics that a gateway shows before anything has happened.
func families(t *testing.T) map[string]*dto.MetricFamily {
	t.Helper()
	a, err := gateway.Build(t.Context(), parttest.Unplugged(t), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	all, err := a.Metrics().Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]*dto.MetricFamily, len(all))
	for _, f := range all {
		out[f.GetName()] = f
	}
	return out
}

// TestQueriesNameWhatThereIs looks up every metric, label and label value of the shipped queries in a gateway.
func TestQueriesNameWhatThereIs(t *testing.T) {
	t.Parallel()
	known := families(t)
	for _, q := range queries(t) {
		if !strings.Contains(q.expr, "carillon_") && !strings.Contains(q.expr, `job="carillon"`) {
			t.Errorf("%s: %s asks about anybody", q.where, q.expr)
		}
		for _, wrong := range unknownIn(known, q.expr) {
			t.Errorf("%s: %s in %s", q.where, wrong, q.expr)
		}
	}
}

// TestQueriesCatch shows that the look-up can fail.
func TestQueriesCatch(t *testing.T) {
	t.Parallel()
	known := families(t)
	for expr, says := range map[string]string{
		`carillon_nothing > 0`:                                                             "carillon_nothing",
		`carillon_due_oldest_seconds{urgency="emergency"} > 0`:                             "",
		`carillon_due_oldest_seconds{urgency="urgent"}`:                                    "urgent",
		`carillon_due_oldest_seconds{colour="red"}`:                                        "colour",
		`max by (colour) (carillon_due_oldest_seconds)`:                                    "colour",
		`rate(carillon_due_oldest_seconds[5m])`:                                            "no counter",
		`increase(carillon_attempts_total[5m])`:                                            "",
		`carillon_store_seconds_bucket{op="apply", le="1"}`:                                "",
		`carillon_conservation_balanced_bucket`:                                            "carillon_conservation_balanced_bucket",
		`carillon_store_seconds`:                                                           "histogram",
		`carillon_loop_failures_total{loop=~"lane:.*|sealer"}`:                             "",
		`carillon_loop_failures_total{loop=~"lane:.*|sailor"}`:                             "sailor",
		`carillon_conservation_messages{place="in_doubt", instance="a"}`:                   "",
		`sum by (channel) (carillon_attempts_total) / sum by (adapter) (carillon_gateway)`: "carillon_gateway",
	} {
		wrong := strings.Join(unknownIn(known, expr), "; ")
		if says == "" && wrong != "" || !strings.Contains(wrong, says) {
			t.Errorf("%s: found %q, want %q", expr, wrong, says)
		}
	}
}

// unknownIn names what a query asks for and no gateway shows.
func unknownIn(known map[string]*dto.MetricFamily, expr string) []string {
	var wrong []string
	labels := []string{"instance", "job", "le"}
	for _, m := range regexp.MustCompile(`((?:rate|increase)\()?\b((?:carillon|go|process)_\w+)(?:\{([^}]*)\})?`).FindAllStringSubmatch(expr, -1) {
		f, part := familyOf(known, m[2])
		switch {
		case f == nil:
			wrong = append(wrong, "there is no "+m[2])
			continue
		case !part && f.GetType() == dto.MetricType_HISTOGRAM:
			wrong = append(wrong, m[2]+" is a histogram")
		case m[1] != "" && !part && f.GetType() != dto.MetricType_COUNTER:
			wrong = append(wrong, m[2]+" is no counter")
		}
		has := valuesOf(f)
		for name := range has {
			labels = append(labels, name)
		}
		wrong = append(wrong, unmatched(has, m[3])...)
	}
	for _, m := range regexp.MustCompile(`\b(?:by|on|without|ignoring) ?\(([^)]*)\)`).FindAllStringSubmatch(expr, -1) {
		for name := range strings.SplitSeq(m[1], ",") {
			if name = strings.TrimSpace(name); !slices.Contains(labels, name) {
				wrong = append(wrong, "nothing has the label "+name)
			}
		}
	}
	return wrong
}

// familyOf finds the family of a series; part says that it is a part of a histogram.
func familyOf(known map[string]*dto.MetricFamily, series string) (f *dto.MetricFamily, part bool) {
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if base, cut := strings.CutSuffix(series, suffix); cut && known[base] != nil && known[base].GetType() == dto.MetricType_HISTOGRAM {
			return known[base], true
		}
	}
	return known[series], false
}

// valuesOf are the values of each label of a family: every series exists at zero.
func valuesOf(f *dto.MetricFamily) map[string][]string {
	all := make(map[string][]string)
	for _, m := range f.GetMetric() {
		for _, l := range m.GetLabel() {
			all[l.GetName()] = append(all[l.GetName()], l.GetValue())
		}
	}
	return all
}

// unmatched names the labels of a selector that are not there, and the values that no series has.
func unmatched(has map[string][]string, selector string) []string {
	var wrong []string
	for _, m := range regexp.MustCompile(`(\w+) ?(=~|!~|!=|=) ?"([^"]*)"`).FindAllStringSubmatch(selector, -1) {
		name, operator, value := m[1], m[2], m[3]
		if slices.Contains([]string{"instance", "job", "le"}, name) {
			continue
		}
		if has[name] == nil {
			wrong = append(wrong, "there is no label "+name)
			continue
		}
		each := []string{value}
		if strings.HasSuffix(operator, "~") {
			each = strings.Split(value, "|")
		} else {
			each[0] = regexp.QuoteMeta(value)
		}
		for _, v := range each {
			if !slices.ContainsFunc(has[name], regexp.MustCompile("^(?:"+v+")$").MatchString) {
				wrong = append(wrong, fmt.Sprintf("no %s is %s", name, v))
			}
		}
	}
	return wrong
}

// ruleTest is one group of carillon_test.yml.
type ruleTest struct {
	Name   string
	Series []struct{ Series, Values string } `yaml:"input_series"`
	Asked  []struct {
		Expr    string
		Samples []struct {
			Labels string
			Value  float64
		} `yaml:"exp_samples"`
	} `yaml:"promql_expr_test"`
}

// TestAlertsAreTested wants of every alert that it is seen to fire and seen to keep quiet.
func TestAlertsAreTested(t *testing.T) {
	t.Parallel()
	var file struct{ Tests []ruleTest }
	readYAML(t, ruleTestFile, &file)
	tests := make(map[string]ruleTest, len(file.Tests))
	for _, g := range file.Tests {
		tests[g.Name] = g
	}
	rules := alertRules(t)
	if len(tests) != 2*len(rules) {
		t.Errorf("%d groups test %d alerts", len(tests), len(rules))
	}
	for _, r := range rules {
		fires, quiet := tests[r.Alert+" fires"], tests[r.Alert+" keeps quiet"]
		asks := fmt.Sprintf(`ALERTS{alertname=%q, alertstate="firing"}`, r.Alert)
		for _, g := range []ruleTest{fires, quiet} {
			if len(g.Asked) != 1 || g.Asked[0].Expr != asks || len(g.Series) == 0 {
				t.Errorf("%s: no test asks %s", r.Alert, asks)
				continue
			}
		}
		if len(fires.Asked) != 1 || len(quiet.Asked) != 1 {
			continue
		}
		if len(fires.Asked[0].Samples) == 0 {
			t.Errorf("%s never fires", r.Alert)
		}
		if len(quiet.Asked[0].Samples) != 0 {
			t.Errorf("%s fires when it should keep quiet", r.Alert)
		}
		for _, s := range fires.Asked[0].Samples {
			for _, l := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(fmt.Sprint(r.Annotations), -1) {
				if !strings.Contains(s.Labels, l[1]+"=") {
					t.Errorf("%s tells of the label %s, and fires without it: %s", r.Alert, l[1], s.Labels)
				}
			}
		}
		for _, s := range fires.Series {
			name, _, _ := strings.Cut(s.Series, "{")
			if !slices.ContainsFunc(quiet.Series, func(q struct{ Series, Values string }) bool { return strings.HasPrefix(q.Series, name) }) {
				t.Errorf("%s keeps quiet only because there is no %s", r.Alert, name)
			}
		}
	}
}

// TestAlertsAreExplained wants a severity, words, and a page of every alert, and an alert of every page.
func TestAlertsAreExplained(t *testing.T) {
	t.Parallel()
	pages, seen := runbooks(t), make(map[string]bool)
	for _, r := range alertRules(t) {
		if seen[r.Alert] {
			t.Errorf("%s stands there twice", r.Alert)
		}
		seen[r.Alert] = true
		if s := r.Labels["severity"]; s != "critical" && s != "warning" {
			t.Errorf("%s has the severity %q", r.Alert, s)
		}
		if r.For == "" || len(r.Annotations["summary"]) < 20 || len(r.Annotations["description"]) < 60 {
			t.Errorf("%s says too little: %+v", r.Alert, r)
		}
		if want := "deploy/runbooks/" + r.Alert + ".md"; r.Annotations["runbook_url"] != want {
			t.Errorf("%s names the page %q, want %q", r.Alert, r.Annotations["runbook_url"], want)
		}
		if pages[r.Alert] == "" {
			t.Errorf("%s has no page", r.Alert)
		}
	}
	for name := range pages {
		if !seen[name] && name != "README" {
			t.Errorf("the page %s is of no alert", name)
		}
	}
}

// promtool is the tool, as deploy/dev finds it.
func promtool(t *testing.T) string {
	t.Helper()
	tool := os.Getenv("TEST_PROMTOOL")
	if tool == "" {
		if os.Getenv("CARILLON_REAL_PARTS") == "required" {
			t.Fatal("TEST_PROMTOOL is not set")
		}
		t.Skip("TEST_PROMTOOL is not set")
	}
	return tool
}

// TestAlertsFire has Prometheus's own tool evaluate the alerts.
func TestAlertsFire(t *testing.T) {
	t.Parallel()
	tool := promtool(t)
	for _, args := range [][]string{{"check", "rules", rulesFile}, {"test", "rules", ruleTestFile}} {
		if out, err := exec.CommandContext(t.Context(), tool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}

// TestQueriesAreUnderstood has Prometheus's own tool read the queries of the dashboard and of the runbooks.
func TestQueriesAreUnderstood(t *testing.T) {
	t.Parallel()
	tool := promtool(t)
	type rule struct {
		Record string `yaml:"record"`
		Expr   string `yaml:"expr"`
	}
	var rules []rule
	for i, q := range queries(t) {
		rules = append(rules, rule{fmt.Sprintf("query:%d", i), q.expr})
	}
	text, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "queries", "rules": rules}}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "queries.yml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), tool, "check", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\n%s", err, out, text)
	}
}

// panel is one panel of the dashboard.
type panel struct {
	ID          int
	Type        string
	Title       string
	Description string
	Datasource  struct{ UID string }
	Targets     []struct {
		Expr       string
		Datasource struct{ UID string }
	}
}

type board struct {
	Title      string
	UID        string
	Panels     []panel
	Templating struct {
		List []struct{ Name, Type, Query string }
	}
}

func dashboard(t *testing.T) board {
	t.Helper()
	text, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	var b board
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDashboard(t *testing.T) {
	t.Parallel()
	b := dashboard(t)
	if b.Title != "Carillon" || b.UID == "" || len(b.Panels) < 50 {
		t.Errorf("the dashboard is %q with %d panels", b.Title, len(b.Panels))
	}
	if v := b.Templating.List; len(v) != 1 || v[0].Name != "datasource" || v[0].Type != "datasource" || v[0].Query != "prometheus" {
		t.Errorf("its variables are %+v", v)
	}
	ids := make(map[int]bool)
	for _, p := range b.Panels {
		if ids[p.ID] || p.ID <= 0 {
			t.Errorf("%s has the id %d of another panel", p.Title, p.ID)
		}
		ids[p.ID] = true
		if p.Type == "row" {
			continue
		}
		if len(p.Targets) == 0 || len(p.Description) < 8 || p.Datasource.UID != "${datasource}" {
			t.Errorf("%s has %d queries, the description %q and the data source %q", p.Title, len(p.Targets), p.Description, p.Datasource.UID)
		}
		for _, to := range p.Targets {
			if to.Datasource.UID != "${datasource}" || to.Expr == "" {
				t.Errorf("%s asks %q of %q", p.Title, to.Expr, to.Datasource.UID)
			}
		}
	}
}
