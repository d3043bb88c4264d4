package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// TestBatchCommands: an operator lists the batches, runs one, looks at it, is told what is wrong, and pauses the schedule.
func TestBatchCommands(t *testing.T) {
	t.Parallel()
	store := t.TempDir() + "/carillon.db"
	g := &instance{store: store}
	sre, csr := g.key(t, "ops", "sre", "NORTH"), g.key(t, "clerk", "csr", "NORTH")
	g = serve(t, within, store, configFile(t, nil), simulate(t, within), allowed()...)
	at := []string{"--url", g.url, "--key", sre}
	run := func(args ...string) string { t.Helper(); return must(t, append(args, at...)...) }
	var detail struct {
		Run struct {
			Run          int               `json:"run"`
			State        string            `json:"state"`
			BusinessDate string            `json:"businessDate"`
			By           string            `json:"by"`
			Parameters   map[string]string `json:"parameters"`
		} `json:"run"`
	}
	out := run("batch", "run", "TD-CCCB", "--business-date", "2026-03-31", "--lead-days", "5", "--threads", "3")
	if err := json.Unmarshal([]byte(out), &detail); err != nil || detail.Run.State != "complete" || detail.Run.BusinessDate != "2026-03-31" ||
		!strings.HasPrefix(detail.Run.By, "ops") || detail.Run.Parameters["LEAD-DAYS"] != "5" || detail.Run.Parameters["MAX-ERRORS"] != "100" {
		t.Fatalf("%v: %s", err, out)
	}
	if again := run("batch", "rerun", "TD-CCCB", "1"); !strings.Contains(again, `"rerunOf": 1`) {
		t.Errorf("a rerun: %s", again)
	}
	if shown := run("batch", "show", "TD-CCCB", "2"); !strings.Contains(shown, `"state": "complete"`) {
		t.Errorf("a run: %s", shown)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"batch", "run", "TD-CCCB", "--lead-days", "100"}, "/parameters/LEAD-DAYS"},
		{[]string{"batch", "run", "TD-CCCB", "--set", "LEAD=1"}, "/parameters/LEAD"},
		{[]string{"batch", "run", "NO-SUCH"}, "there is no such batch"},
		{[]string{"batch", "restart", "TD-CCCB", "1"}, "only a run that ended with an error"},
		{[]string{"batch", "cancel", "TD-CCCB", "1"}, "the run has ended"},
		{[]string{"batch", "show", "TD-CCCB", "99"}, "not_found"},
	} {
		code, out, errOut := command(t, append(c.args, at...)...)
		if code == 0 || !strings.Contains(out+errOut, c.want) {
			t.Errorf("%v gives %d: %s%s", c.args, code, out, errOut)
		}
	}
	if code, out, _ := command(t, "batch", "run", "TD-CCCB", "--url", g.url, "--key", csr); code == 0 || !strings.Contains(out, "forbidden") {
		t.Errorf("a CSR runs a batch: %s", out)
	}
	run("batch", "pause", "TD-CCCB", "--reason", "year end")
	if list := run("batch", "list"); !strings.Contains(list, "paused") || !strings.Contains(list, "LTRPRT") {
		t.Errorf("the list: %s", list)
	}
	run("batch", "resume", "TD-CCCB", "--reason", "it is over")
	if list := run("batch", "list"); strings.Contains(list, "paused") {
		t.Errorf("the list: %s", list)
	}
	eventually(t, 20*time.Second, "the metrics tell of the run", func() bool {
		text := g.metrics(t)
		return strings.Contains(text, `carillon_batch_runs_total{batch="TD-CCCB",end="complete"} 2`) &&
			!strings.Contains(text, `carillon_batch_last_success_timestamp_seconds{batch="TD-CCCB"} 0`)
	})
}
