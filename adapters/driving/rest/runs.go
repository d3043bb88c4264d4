package rest

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"time"

	"carillon/adapters/driving/api/contract"
	"carillon/core/access"
	"carillon/core/batch"
	"carillon/core/control"
	"carillon/core/extract"
	"carillon/core/plugin"
)

func (s *server) runOperations() []operation {
	return []operation{
		op("listBatches", s.listBatches),
		op("startRun", s.startRun),
		op("listRuns", s.listRuns),
		op("getRun", s.getRun),
		op("restartRun", s.restartRun),
		op("cancelRun", s.cancelRun),
		op("rerun", s.rerun),
		op("pauseBatch", s.pauseBatch),
		op("resumeBatch", s.resumeBatch),
	}
}

// RunOrders change runs and schedules.
type RunOrders interface {
	// Restart lets the failed threads of a run go on; fault.Conflict when it has not failed.
	Restart(ctx context.Context, now time.Time, p access.Principal, code string, number int64) (control.View, error)
	// Cancel ends a run; fault.Conflict when it has ended.
	Cancel(ctx context.Context, now time.Time, p access.Principal, code string, number int64) (control.View, error)
	// Rerun asks for a run again under a new number.
	Rerun(ctx context.Context, now time.Time, p access.Principal, code string, number int64) (control.View, error)
	// Pause keeps the schedule from starting a batch, or lets it go on.
	Pause(ctx context.Context, now time.Time, p access.Principal, code string, paused bool, reason string) error
}

// Runs starts batches and shows them.
type Runs interface {
	// Batches lists every batch.
	Batches(ctx context.Context, now time.Time, p access.Principal) ([]batch.Card, error)
	// Start asks for a run; fault.Invalid naming every wrong field, fault.Conflict when one is open.
	Start(ctx context.Context, now time.Time, p access.Principal, code string, ask batch.Ask) (control.View, error)
	// Runs lists runs, the newest first, below a number where one is given.
	Runs(ctx context.Context, p access.Principal, code string, below int64, limit int) ([]control.View, error)
	// Run shows a run with its threads and the first of its rows that had an error.
	Run(ctx context.Context, p access.Principal, code string, number int64) (control.View, []control.RowError, error)
}

// Letters reads what the letter extract handed over.
type Letters interface {
	// Extracts returns runs of LTRPRT below a number, the newest first.
	Extracts(ctx context.Context, below int64, limit int) ([]extract.Run, error)
}

// BatchList lists the batches.
type BatchList struct {
	Batches []Batch `json:"batches"`
}

// Batch is a batch with its Batch Control, where it stands, and its schedule.
type Batch struct {
	Batch       string            `json:"batch"`
	Description string            `json:"description"`
	Threads     int               `json:"threads"`
	Parameters  map[string]string `json:"parameters"`
	Takes       []BatchParameter  `json:"takes"`
	Schedule    string            `json:"schedule,omitzero"`
	CatchUp     string            `json:"catchUp,omitzero"`
	Paused      bool              `json:"paused"`
	PausedBy    string            `json:"pausedBy,omitzero"`
	PauseReason string            `json:"pauseReason,omitzero"`
	PausedAt    contract.Moment   `json:"pausedAt,omitzero"`
	NextAt      contract.Moment   `json:"nextAt,omitzero"`
	LateSeconds float64           `json:"lateSeconds"`
	SucceededAt contract.Moment   `json:"succeededAt,omitzero"`
	Last        *Run              `json:"last,omitzero"`
}

// BatchParameter is a parameter that a batch takes.
type BatchParameter struct {
	Name        string `json:"name"`
	Kind        string `json:"kind"`
	Least       *int   `json:"least,omitzero"`
	Most        *int   `json:"most,omitzero"`
	Default     string `json:"default,omitzero"`
	Description string `json:"description,omitzero"`
}

// Run is a run of a batch.
type Run struct {
	Batch        string            `json:"batch"`
	Run          int64             `json:"run"`
	BusinessDate string            `json:"businessDate"`
	OpenedAt     contract.Moment   `json:"openedAt"`
	ClosedAt     contract.Moment   `json:"closedAt,omitzero"`
	Letters      int64             `json:"letters"`
	SHA256       string            `json:"sha256,omitzero"`
	By           string            `json:"by"`
	State        string            `json:"state,omitzero"`
	RerunOf      int64             `json:"rerunOf,omitzero"`
	Parameters   map[string]string `json:"parameters,omitempty"`
	Threads      int               `json:"threads"`
	Found        *int64            `json:"found,omitzero"`
	Done         *int64            `json:"done,omitzero"`
	Errors       *int64            `json:"errors,omitzero"`
	Reason       string            `json:"reason,omitzero"`
	DueAt        contract.Moment   `json:"dueAt,omitzero"`
	StartedAt    contract.Moment   `json:"startedAt,omitzero"`
}

// RunRequest is what a run is asked for with; what is left out is the Batch Control's.
type RunRequest struct {
	BusinessDate string            `json:"businessDate,omitzero"`
	Parameters   map[string]string `json:"parameters,omitzero"`
	Threads      *int              `json:"threads,omitzero"`
}

// RunList is a page of runs.
type RunList struct {
	Runs []Run `json:"runs"`
}

// RunDetail is a run with its threads and errors.
type RunDetail struct {
	Run     Run         `json:"run"`
	Threads []RunThread `json:"threads"`
	Errors  []RunError  `json:"errors"`
}

// RunThread is one instance of a thread. The keys of its rows are behind `after`, up to and with `until`; up to `at`
// they are done.
type RunThread struct {
	Thread     int             `json:"thread"`
	Instance   int             `json:"instance"`
	State      string          `json:"state"`
	After      string          `json:"after,omitzero"`
	Until      string          `json:"until,omitzero"`
	At         string          `json:"at,omitzero"`
	Found      int64           `json:"found"`
	Done       int64           `json:"done"`
	Errors     int64           `json:"errors"`
	Owner      string          `json:"owner,omitzero"`
	LeaseUntil contract.Moment `json:"leaseUntil,omitzero"`
	StartedAt  contract.Moment `json:"startedAt,omitzero"`
	EndedAt    contract.Moment `json:"endedAt,omitzero"`
	Reason     string          `json:"reason,omitzero"`
}

// RunError is a row that had an error, by its key.
type RunError struct {
	Key      string          `json:"key"`
	Thread   int             `json:"thread"`
	Instance int             `json:"instance"`
	Code     string          `json:"code"`
	Text     string          `json:"text"`
	At       contract.Moment `json:"at"`
}

// listBatches lists every batch.
func (s *server) listBatches(ctx context.Context, c call[nothing]) (answer[BatchList], error) {
	now := c.now
	cards, err := s.Runs.Batches(ctx, now, c.caller)
	if err != nil {
		return failed[BatchList](err)
	}
	out := BatchList{Batches: make([]Batch, 0, len(cards))}
	for _, c := range cards {
		view := cardView(c)
		view.LateSeconds = c.Plan.Late(now).Seconds()
		out.Batches = append(out.Batches, view)
	}
	return ok(out), nil
}

// startRun asks for a run; the letter extract has run when it answers.
func (s *server) startRun(ctx context.Context, c call[RunRequest]) (answer[Run], error) {
	ask := batch.Ask{BusinessDate: c.body.BusinessDate, Parameters: c.body.Parameters}
	if t := c.body.Threads; t != nil {
		ask.Threads = *t
		if *t == 0 {
			ask.Threads = -1 // none at all is not what the Batch Control says
		}
	}
	v, err := s.Runs.Start(ctx, c.now, c.caller, c.Text("batch"), ask)
	if err != nil {
		return failed[Run](err)
	}
	shown, err := s.runViews(ctx, c.Text("batch"), []control.View{v})
	if err != nil {
		return failed[Run](err)
	}
	if c.Text("batch") == extract.LTRPRT {
		return ok(shown[0]), nil
	}
	return ok(shown[0]).as(http.StatusAccepted), nil
}

// listRuns lists runs of a batch.
func (s *server) listRuns(ctx context.Context, c call[nothing]) (answer[RunList], error) {
	views, err := s.Runs.Runs(ctx, c.caller, c.Text("batch"), c.Integer("below"), int(c.Integer("limit")))
	if err != nil {
		return failed[RunList](err)
	}
	shown, err := s.runViews(ctx, c.Text("batch"), views)
	return ok(RunList{Runs: shown}), err
}

// getRun shows a run with its threads and errors.
func (s *server) getRun(ctx context.Context, c call[nothing]) (answer[RunDetail], error) {
	v, wrong, err := s.Runs.Run(ctx, c.caller, c.Text("batch"), c.Integer("run"))
	if err != nil {
		return failed[RunDetail](err)
	}
	shown, err := s.runViews(ctx, c.Text("batch"), []control.View{v})
	if err != nil {
		return failed[RunDetail](err)
	}
	out := RunDetail{Run: shown[0], Threads: make([]RunThread, 0, len(v.Threads)), Errors: make([]RunError, 0, len(wrong))}
	for _, t := range v.Threads {
		out.Threads = append(out.Threads, threadView(t))
	}
	for _, e := range wrong {
		out.Errors = append(out.Errors, RunError{Key: e.Key, Thread: e.Thread, Instance: e.Instance, Code: e.Code, Text: e.Text, At: contract.Moment(e.At)})
	}
	return ok(out), nil
}

// restartRun lets the failed threads of a run go on.
func (s *server) restartRun(ctx context.Context, c call[nothing]) (answer[Run], error) {
	v, err := s.RunOrders.Restart(ctx, c.now, c.caller, c.Text("batch"), c.Integer("run"))
	if err != nil {
		return failed[Run](err)
	}
	return ok(runView(v)), nil
}

// cancelRun ends a run.
func (s *server) cancelRun(ctx context.Context, c call[nothing]) (answer[Run], error) {
	v, err := s.RunOrders.Cancel(ctx, c.now, c.caller, c.Text("batch"), c.Integer("run"))
	if err != nil {
		return failed[Run](err)
	}
	return ok(runView(v)), nil
}

// rerun asks for a run again.
func (s *server) rerun(ctx context.Context, c call[nothing]) (answer[Run], error) {
	v, err := s.RunOrders.Rerun(ctx, c.now, c.caller, c.Text("batch"), c.Integer("run"))
	if err != nil {
		return failed[Run](err)
	}
	return ok(runView(v)).as(http.StatusAccepted), nil
}

// pauseBatch keeps the schedule from starting a batch.
func (s *server) pauseBatch(ctx context.Context, c call[ReasonRequest]) (answer[nothing], error) {
	return done(), s.RunOrders.Pause(ctx, c.now, c.caller, c.Text("batch"), true, c.body.Reason)
}

// resumeBatch lets the schedule start a batch again.
func (s *server) resumeBatch(ctx context.Context, c call[ReasonRequest]) (answer[nothing], error) {
	return done(), s.RunOrders.Pause(ctx, c.now, c.caller, c.Text("batch"), false, c.body.Reason)
}

// runViews shows runs; those of the letter extract with their letters.
func (s *server) runViews(ctx context.Context, code string, views []control.View) ([]Run, error) {
	out := make([]Run, 0, len(views))
	for _, v := range views {
		out = append(out, runView(v))
	}
	if code != extract.LTRPRT || len(views) == 0 {
		return out, nil
	}
	letters, err := s.Letters.Extracts(ctx, views[0].Run.Number+1, len(views))
	if err != nil {
		return nil, err
	}
	of := make(map[int64]extract.Run, len(letters))
	for _, r := range letters {
		of[r.Number] = r
	}
	for i := range out {
		if r, known := of[out[i].Run]; known {
			out[i].Letters, out[i].SHA256, out[i].ClosedAt = r.Letters, r.Hash, contract.Moment(r.ClosedAt)
		}
	}
	return out, nil
}

func runView(v control.View) Run {
	r := v.Run
	found, completed, wrong := v.Sums()
	out := Run{
		Batch: r.Batch, Run: r.Number, BusinessDate: r.BusinessDate, OpenedAt: contract.Moment(r.AskedAt), ClosedAt: contract.Moment(r.EndedAt), By: r.By,
		State: r.State.String(), Parameters: maps.Clone(r.Parameters), Threads: r.Threads,
		Found: &found, Done: &completed, Errors: &wrong, Reason: r.Reason,
		DueAt: contract.Moment(r.DueAt), StartedAt: contract.Moment(r.StartedAt),
	}
	if r.Rerun != 0 {
		out.RerunOf = r.Rerun
	}
	return out
}

func threadView(t control.Thread) RunThread {
	out := RunThread{
		Thread: t.Thread, Instance: t.Instance, State: t.State.String(), After: t.After, Until: t.Until, At: t.At,
		Found: t.Rows, Done: t.Done, Errors: t.Errors, Owner: t.Owner, StartedAt: contract.Moment(t.StartedAt), EndedAt: contract.Moment(t.EndedAt),
		Reason: t.Reason,
	}
	if t.State == control.Running {
		out.LeaseUntil = contract.Moment(t.Lease)
	}
	return out
}

func cardView(c batch.Card) Batch {
	pause := c.Standing.Pause
	out := Batch{
		Batch: c.Code, Description: cmp.Or(c.Control.Description, c.Tells), Threads: max(c.Control.Threads, 1),
		Parameters: maps.Clone(c.Control.Parameters), Takes: takes(c.Accepts()), Schedule: c.Control.Schedule,
		Paused: pause.Paused || c.Control.Paused, PausedBy: pause.By, PauseReason: pause.Reason, PausedAt: contract.Moment(pause.At),
		NextAt: contract.Moment(c.Plan.Next), SucceededAt: contract.Moment(c.Standing.SuccessAt),
	}
	if out.Parameters == nil {
		out.Parameters = map[string]string{}
	}
	if c.Control.Schedule != "" {
		out.CatchUp = cmp.Or(c.Control.CatchUp, batch.CatchUpOnce)
	}
	if c.Standing.Last.Number != 0 {
		last := runView(control.View{Run: c.Standing.Last})
		last.Found, last.Done, last.Errors = nil, nil, nil
		out.Last = &last
	}
	return out
}

func takes(all []plugin.Parameter) []BatchParameter {
	out := make([]BatchParameter, 0, len(all))
	for _, p := range all {
		view := BatchParameter{Name: p.Name, Kind: string(p.Kind), Default: p.Default, Description: p.Tells}
		if p.Kind == plugin.Integer {
			view.Least = &p.Least
		}
		if p.Most > 0 {
			view.Most = &p.Most
		}
		out = append(out, view)
	}
	return out
}
