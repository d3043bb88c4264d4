package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"carillon/cmd/internal/cli"

	"github.com/jedib0t/go-pretty/v6/table"
)

// BatchCmd runs batches through the API of a running gateway.
type BatchCmd struct {
	List    BatchListCmd    `cmd:"" help:"List every batch: its schedule, where it stands, and when it runs next."`
	Run     BatchRunCmd     `cmd:"" help:"Run a batch now, and wait for its end."`
	Runs    BatchRunsCmd    `cmd:"" help:"List the newest runs of a batch."`
	Show    BatchShowCmd    `cmd:"" help:"Show a run with its threads, its progress and the rows that had an error."`
	Restart BatchRestartCmd `cmd:"" help:"Let the threads of a run that failed go on from their restart points, and wait for the end."`
	Rerun   BatchRerunCmd   `cmd:"" help:"Repeat a run under a new number, with its business date and parameters, and wait for the end."`
	Cancel  BatchCancelCmd  `cmd:"" help:"End a run; what was committed stays."`
	Pause   BatchPauseCmd   `cmd:"" help:"Keep the schedule from starting a batch."`
	Resume  BatchResumeCmd  `cmd:"" help:"Let the schedule start a batch again."`
}

// batchName names a batch.
type batchName struct {
	cli.API

	Batch string `arg:"" help:"Batch control, as TD-CCCB."`
}

func (c batchName) apiPath(rest string) string {
	return "/v1/batches/" + url.PathEscape(c.Batch) + rest
}

// runName names a run of a batch.
type runName struct {
	batchName

	Number int64 `arg:"" help:"Number of the run."`
}

func (c runName) apiPath(rest string) string {
	return c.batchName.apiPath("/runs/" + strconv.FormatInt(c.Number, 10) + rest)
}

// BatchRunCmd runs a batch.
type BatchRunCmd struct {
	batchName

	BusinessDate string            `help:"Business date; left out, today's in the zone of the Batch Control's division." placeholder:"2026-03-31"`
	LeadDays     string            `help:"LEAD-DAYS: days before the trigger date of a reminder, 0 to 99 (TD-CCCB)." placeholder:"DAYS"`
	DepositClass string            `help:"DEPOSIT-CLASS: only this one (DEPRVW)." placeholder:"CODE"`
	KeepDays     string            `help:"KEEP-DAYS: days that complete entries are kept (TD-PURGE)." placeholder:"DAYS"`
	MaxErrors    string            `help:"MAX-ERRORS: rows with an error after which a thread stops; 0: no bound." placeholder:"N"`
	Commit       string            `help:"COMMIT: records between commits." placeholder:"N"`
	Set          map[string]string `help:"Any other parameter, as NAME=VALUE." placeholder:"NAME=VALUE"`
	Threads      int               `help:"Into how many threads the work is parted at most; 0: as the Batch Control says."`
	NoWait       bool              `help:"Do not wait for the end."`
}

// runBody is what the run is asked for with.
func (c *BatchRunCmd) runBody() any {
	parameters := onlyNamed(map[string]string{
		"LEAD-DAYS": c.LeadDays, "DEPOSIT-CLASS": c.DepositClass, "KEEP-DAYS": c.KeepDays, "MAX-ERRORS": c.MaxErrors,
		"COMMIT": c.Commit,
	})
	maps.Copy(parameters, c.Set)
	body := map[string]any{}
	if len(parameters) > 0 {
		body["parameters"] = parameters
	}
	if c.BusinessDate != "" {
		body["businessDate"] = c.BusinessDate
	}
	if c.Threads != 0 {
		body["threads"] = c.Threads
	}
	if len(body) == 0 {
		return nil
	}
	return body
}

// Run prints the run when it has ended.
func (c *BatchRunCmd) Run(w cli.World) error {
	return c.started(w, c.apiPath("/runs"), c.runBody(), c.NoWait)
}

// started asks for a run, or for a change of one, and shows how far it is until it ends.
func (c batchName) started(w cli.World, path string, body any, leave bool) error {
	status, answer, err := c.Client().Do(w.Ctx, http.MethodPost, path, nil, body)
	if err != nil {
		return err
	}
	var run runShown
	if status >= http.StatusBadRequest || leave || json.Unmarshal(answer, &run) != nil || !run.unfinished() {
		return cli.PrintAnswer(w, status, answer)
	}
	return c.follow(w, run.Run)
}

// runShown is a run as the API shows it, as far as it is read here.
type runShown struct {
	Run    int64  `json:"run"`
	State  string `json:"state"`
	Reason string `json:"reason"`
	Found  int    `json:"found"`
	Done   int    `json:"done"`
	Errors int    `json:"errors"`
}

func (r runShown) unfinished() bool { return r.State == "pending" || r.State == "running" }

// followEvery is how often a run is looked at.
const followEvery = 300 * time.Millisecond

// follow shows how far a run is until it ends, then prints it; one that did not complete is an error.
func (c batchName) follow(w cli.World, number int64) error {
	at := runName{batchName: c, Number: number}.apiPath("")
	bar := cli.NewBar(w.ErrOut, fmt.Sprint(c.Batch, " run ", number), -1)
	for {
		status, answer, err := c.Client().Do(w.Ctx, http.MethodGet, at, nil, nil)
		if err != nil {
			return err
		}
		var detail struct {
			Run runShown `json:"run"`
		}
		if status >= http.StatusBadRequest || json.Unmarshal(answer, &detail) != nil {
			return cli.PrintAnswer(w, status, answer)
		}
		run := detail.Run
		if run.Found > 0 {
			bar.ChangeMax(run.Found)
		}
		_ = bar.Set(min(run.Done+run.Errors, max(run.Found, 0))) // that it cannot be drawn is no failure
		if !run.unfinished() {
			_ = bar.Exit()
			if err := cli.PrintAnswer(w, status, answer); err != nil || run.State == "complete" {
				return err
			}
			return errors.New("the run ended: " + run.State + " " + run.Reason)
		}
		select {
		case <-w.Ctx.Done():
			return w.Ctx.Err()
		case <-time.After(followEvery):
		}
	}
}

// BatchRunsCmd lists runs.
type BatchRunsCmd struct{ batchName }

// Run prints the runs.
func (c *BatchRunsCmd) Run(w cli.World) error {
	return c.ShowAnswer(w, http.MethodGet, c.apiPath("/runs"))
}

// BatchShowCmd shows a run.
type BatchShowCmd struct{ runName }

// Run prints the run.
func (c *BatchShowCmd) Run(w cli.World) error { return c.ShowAnswer(w, http.MethodGet, c.apiPath("")) }

// BatchRestartCmd restarts a run.
type BatchRestartCmd struct {
	runName

	NoWait bool `help:"Do not wait for the end."`
}

// Run prints the run when it has ended.
func (c *BatchRestartCmd) Run(w cli.World) error {
	return c.started(w, c.apiPath("/restart"), nil, c.NoWait)
}

// BatchRerunCmd repeats a run.
type BatchRerunCmd struct {
	runName

	NoWait bool `help:"Do not wait for the end."`
}

// Run prints the new run when it has ended.
func (c *BatchRerunCmd) Run(w cli.World) error {
	return c.started(w, c.apiPath("/rerun"), nil, c.NoWait)
}

// BatchCancelCmd ends a run.
type BatchCancelCmd struct{ runName }

// Run prints the run.
func (c *BatchCancelCmd) Run(w cli.World) error {
	return c.ShowAnswer(w, http.MethodPost, c.apiPath("/cancel"))
}

// BatchPauseCmd pauses a batch.
type BatchPauseCmd struct {
	batchName

	Reason string `help:"Why; it stands in the ledger, so it names no customer." required:""`
}

// Run pauses.
func (c *BatchPauseCmd) Run(w cli.World) error { return c.order(w, "/pause", c.Reason) }

// BatchResumeCmd resumes a batch.
type BatchResumeCmd struct {
	batchName

	Reason string `help:"Why; it stands in the ledger, so it names no customer." required:""`
}

// Run resumes.
func (c *BatchResumeCmd) Run(w cli.World) error { return c.order(w, "/resume", c.Reason) }

func (c batchName) order(w cli.World, verb, reason string) error {
	status, answer, err := c.Client().Do(w.Ctx, http.MethodPost, c.apiPath(verb), nil, map[string]string{"reason": reason})
	if err != nil || status == http.StatusNoContent {
		return err
	}
	return cli.PrintAnswer(w, status, answer)
}

// BatchListCmd lists the batches.
type BatchListCmd struct {
	cli.API

	Output string `help:"How to print them." enum:"table,json" default:"table"`
}

// batchShown is a batch as the API shows it.
type batchShown struct {
	Batch       string   `json:"batch"`
	Description string   `json:"description"`
	Schedule    string   `json:"schedule"`
	Paused      bool     `json:"paused"`
	NextAt      string   `json:"nextAt"`
	SucceededAt string   `json:"succeededAt"`
	Last        runShown `json:"last"`
}

// Run prints the batches.
func (c *BatchListCmd) Run(w cli.World) error {
	status, answer, err := c.Client().Do(w.Ctx, http.MethodGet, "/v1/batches", nil, nil)
	if err != nil {
		return err
	}
	var list struct {
		Batches []batchShown `json:"batches"`
	}
	if status >= http.StatusBadRequest || c.Output == "json" || json.Unmarshal(answer, &list) != nil {
		return cli.PrintAnswer(w, status, answer)
	}
	t := table.NewWriter()
	t.SetOutputMirror(w.Out)
	t.AppendHeader(table.Row{"batch", "what it is", "schedule", "next", "last run", "succeeded"})
	for _, b := range list.Batches {
		next, last := b.NextAt, ""
		if b.Paused {
			next = "paused"
		}
		if b.Last.Run != 0 {
			last = fmt.Sprint(b.Last.Run, " ", b.Last.State)
		}
		t.AppendRow(table.Row{b.Batch, b.Description, b.Schedule, next, last, b.SucceededAt})
	}
	t.Render()
	return nil
}
