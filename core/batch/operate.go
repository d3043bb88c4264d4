package batch

import (
	"context"
	"maps"
	"strconv"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/control"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
)

// Operator is what people do with batches (process 3.4.1.1, steps 1.9 and 2.0): run, look, restart, rerun, cancel, pause.
type Operator struct {
	Store   store.Applier
	Facts   ControlFacts
	Configs Configs
	Book    Book
	Since   time.Time // when this gateway started: what a batch that never ran has missed counts from then
}

// Ask is what a run is asked for with.
type Ask struct {
	BusinessDate string            // YYYY-MM-DD; empty: today's in the zone of the Batch Control's division
	Parameters   map[string]string // beside what the Batch Control says
	Threads      int               // 0: as the Batch Control says
}

// Card is a batch as an operator sees it.
type Card struct {
	Definition

	Control  config.BatchControl
	Standing control.Standing
	Plan     Moment
}

func mayRun(p access.Principal) error {
	if p.Has(access.SRE, access.Admin) {
		return nil
	}
	return fault.New(fault.Forbidden, "this key may not run batches")
}

func maySee(p access.Principal) error {
	if p.Has(access.SRE, access.Admin, access.Supervisor, access.DMS) {
		return nil
	}
	return fault.New(fault.Forbidden, "this key may not see batches")
}

// Batches lists every batch.
func (o *Operator) Batches(ctx context.Context, now time.Time, p access.Principal) ([]Card, error) {
	if err := maySee(p); err != nil {
		return nil, err
	}
	return o.Cards(ctx, now)
}

// Cards are every batch, for who shows them without being asked.
func (o *Operator) Cards(ctx context.Context, now time.Time) ([]Card, error) {
	standings, err := o.Facts.BatchStandings(ctx, o.Book.Codes())
	if err != nil {
		return nil, err
	}
	cfg := o.Configs.Current()
	cards := make([]Card, len(o.Book))
	for i, d := range o.Book {
		c := controlOf(cfg, d)
		cards[i] = Card{Definition: d, Control: c, Standing: standings[i], Plan: planned(cfg, c, standings[i], o.Since, now)}
	}
	return cards, nil
}

// controlOf is the Batch Control of a batch: what is not configured has the program's.
func controlOf(cfg *config.Snapshot, d Definition) config.BatchControl {
	c, known := cfg.BatchControl(d.Code)
	if !known {
		c = config.BatchControl{Code: d.Code, Description: d.Tells}
	}
	if c.Schedule == "" {
		c.Schedule = d.Schedule
	}
	return c
}

// zoneOf is the zone of the Batch Control's division, else of the first one.
func zoneOf(cfg *config.Snapshot, c config.BatchControl) *time.Location {
	if c.Division != "" {
		return cfg.Zone(c.Division)
	}
	for _, d := range cfg.Document().Divisions {
		return cfg.Zone(d.Code)
	}
	return time.UTC
}

// Start asks for a run. Errors: Invalid names every wrong field, Conflict when a run of the batch is open.
func (o *Operator) Start(ctx context.Context, now time.Time, p access.Principal, code string, ask Ask) (control.View, error) {
	if err := mayRun(p); err != nil {
		return control.View{}, err
	}
	d, err := o.Book.Find(code)
	if err != nil {
		return control.View{}, err
	}
	if d.Engine != nil {
		return o.startEngine(ctx, now, d, p.Name, ask)
	}
	run, err := propose(o.Configs.Current(), d, now, p.Name, ask)
	if err != nil {
		return control.View{}, err
	}
	return o.open(ctx, run, nil)
}

// startEngine runs a batch that keeps its own runs; it takes no parameters.
func (o *Operator) startEngine(ctx context.Context, now time.Time, d Definition, by string, ask Ask) (control.View, error) {
	var wrong []fault.Violation
	for field, told := range map[string]bool{"/businessDate": ask.BusinessDate != "", "/threads": ask.Threads > 1, "/parameters": len(ask.Parameters) > 0} {
		if told {
			wrong = append(wrong, fault.Violation{Field: field, Reason: "is not taken by this batch"})
		}
	}
	if wrong != nil {
		return control.View{}, fault.Refuse(sorted(wrong)...)
	}
	number, err := d.Engine.Start(ctx, now, by, true)
	if err != nil {
		return control.View{}, err
	}
	return o.Facts.BatchRun(ctx, d.Code, number)
}

// propose makes a run of what was asked for.
func propose(cfg *config.Snapshot, d Definition, now time.Time, by string, ask Ask) (control.Run, error) {
	c := controlOf(cfg, d)
	settled, wrong := d.settle(c, ask.Parameters)
	date := ask.BusinessDate
	if date == "" {
		date = now.In(zoneOf(cfg, c)).Format(time.DateOnly)
	} else if _, err := time.Parse(time.DateOnly, date); err != nil {
		wrong = append(wrong, fault.Violation{Field: "/businessDate", Reason: "is a date, as 2026-03-31"})
	}
	threads := ask.Threads
	if threads == 0 {
		threads = max(c.Threads, 1)
	}
	if threads < 1 || threads > control.MaxThreads {
		wrong = append(wrong, fault.Violation{Field: "/threads", Reason: "is a whole number from 1 to " + strconv.Itoa(control.MaxThreads)})
	}
	run := control.Run{
		Batch: d.Code, BusinessDate: date, Parameters: settled, State: control.Pending, Threads: threads, By: by, AskedAt: now, Version: 1,
	}
	if wrong != nil {
		return run, fault.Refuse(sorted(wrong)...)
	}
	return run, nil
}

// open writes a run under the next number of its batch, with what else is to be written.
func (o *Operator) open(ctx context.Context, run control.Run, ticks []store.Tick) (control.View, error) {
	last, err := o.Facts.BatchRunList(ctx, run.Batch, 0, 1)
	if err != nil {
		return control.View{}, err
	}
	run.Number = 1
	if len(last) > 0 {
		run.Number = last[0].Run.Number + 1
		if last[0].Run.State.Open() {
			return control.View{}, fault.New(fault.Conflict, "run "+strconv.FormatInt(last[0].Run.Number, 10)+" of this batch is "+last[0].Run.State.String())
		}
	}
	set := store.Writes{Upkeep: &store.UpkeepWrites{Ticks: ticks}, Batch: &store.BatchWrites{BatchRuns: []control.Run{run}}, Ledger: &store.LedgerWrites{Entries: []ledger.Entry{told(run.AskedAt, ledger.RunOpened, run, run.By)}}}
	return control.View{Run: run}, o.put(ctx, set)
}

func told(at time.Time, kind ledger.Kind, run control.Run, by string) ledger.Entry {
	return ledger.Entry{At: at, Kind: kind, Run: run.Number, Reason: run.Batch, By: by}
}

// put applies a set that must win.
func (o *Operator) put(ctx context.Context, set store.Writes) error {
	verdicts, err := o.Store.Apply(ctx, set)
	if err != nil {
		return err
	}
	if verdicts[0].Outcome != store.Applied {
		return fault.New(fault.Conflict, "the batch has moved on: lost "+string(verdicts[0].What))
	}
	return nil
}

// Runs lists runs of a batch, the newest first, those below a number where one is given.
func (o *Operator) Runs(ctx context.Context, p access.Principal, code string, below int64, limit int) ([]control.View, error) {
	if err := maySee(p); err != nil {
		return nil, err
	}
	if _, err := o.Book.Find(code); err != nil {
		return nil, err
	}
	return o.Facts.BatchRunList(ctx, code, below, limit)
}

// Run shows a run with its threads and the first of the rows that had an error.
func (o *Operator) Run(ctx context.Context, p access.Principal, code string, number int64) (control.View, []control.RowError, error) {
	if err := maySee(p); err != nil {
		return control.View{}, nil, err
	}
	v, err := o.view(ctx, code, number)
	if err != nil {
		return v, nil, err
	}
	wrong, err := o.Facts.BatchErrors(ctx, code, number, "", errorsShown)
	return v, wrong, err
}

// errorsShown is how many rows with an error are shown of a run.
const errorsShown = 100

func (o *Operator) view(ctx context.Context, code string, number int64) (control.View, error) {
	if _, err := o.Book.Find(code); err != nil {
		return control.View{}, err
	}
	return o.Facts.BatchRun(ctx, code, number)
}

// changeTries is how often a change is decided anew that lost a race to a worker's commit.
const changeTries = 20

// change decides about a run and writes it.
func (o *Operator) change(ctx context.Context, code string, number int64, decide func(control.View) (store.Writes, error)) (control.View, error) {
	if d, err := o.Book.Find(code); err == nil && d.Engine != nil {
		return control.View{}, fault.New(fault.Conflict, code+" resumes its unfinished run under its number by itself: run it")
	}
	for range changeTries {
		v, err := o.view(ctx, code, number)
		if err != nil {
			return v, err
		}
		set, err := decide(v)
		if err != nil {
			return v, err
		}
		switch err := o.put(ctx, set); {
		case err == nil:
			return o.Facts.BatchRun(ctx, code, number)
		case !fault.Is(err, fault.Conflict):
			return v, err
		}
	}
	return control.View{}, fault.New(fault.Conflict, "the run changes too fast: ask again")
}

// Restart lets the threads of a run that failed go on from their restart points; the others stay as they are.
func (o *Operator) Restart(ctx context.Context, now time.Time, p access.Principal, code string, number int64) (control.View, error) {
	if err := mayRun(p); err != nil {
		return control.View{}, err
	}
	return o.change(ctx, code, number, func(v control.View) (store.Writes, error) {
		run, threads, err := v.Restart()
		return store.Writes{
			Batch: &store.BatchWrites{BatchRuns: []control.Run{run}, BatchThreads: threads}, Ledger: &store.LedgerWrites{Entries: []ledger.Entry{told(now, ledger.RunRestarted, run, p.Name)}},
		}, err
	})
}

// Cancel ends a run: what was committed stays.
func (o *Operator) Cancel(ctx context.Context, now time.Time, p access.Principal, code string, number int64) (control.View, error) {
	if err := mayRun(p); err != nil {
		return control.View{}, err
	}
	return o.change(ctx, code, number, func(v control.View) (store.Writes, error) {
		run, threads, err := v.Cancel(now, "cancelled by "+p.Name)
		entry := told(now, ledger.RunClosed, run, p.Name)
		entry.Code = run.State.String()
		return store.Writes{Batch: &store.BatchWrites{BatchRuns: []control.Run{run}, BatchThreads: threads}, Ledger: &store.LedgerWrites{Entries: []ledger.Entry{entry}}}, err
	})
}

// Rerun asks for the run again under a new number: the same business date, parameters and threads.
func (o *Operator) Rerun(ctx context.Context, now time.Time, p access.Principal, code string, number int64) (control.View, error) {
	if err := mayRun(p); err != nil {
		return control.View{}, err
	}
	d, err := o.Book.Find(code)
	if err == nil && d.Engine != nil {
		err = fault.New(fault.Conflict, code+" cannot be repeated by number yet")
	}
	if err != nil {
		return control.View{}, err
	}
	v, err := o.Facts.BatchRun(ctx, code, number)
	if err != nil {
		return v, err
	}
	again := v.Run
	return o.open(ctx, control.Run{
		Batch: code, Rerun: again.Number, BusinessDate: again.BusinessDate, Parameters: maps.Clone(again.Parameters), State: control.Pending,
		Threads: max(again.Threads, 1), By: p.Name, AskedAt: now, Version: 1,
	}, nil)
}

// reasonLength bounds the reason of a pause.
const reasonLength = 200

// Pause keeps the schedule from starting a batch, with a reason; by hand it still runs. Resume lets it go on: what was
// missed is caught up as the Batch Control says.
func (o *Operator) Pause(ctx context.Context, now time.Time, p access.Principal, code string, paused bool, reason string) error {
	if err := mayRun(p); err != nil {
		return err
	}
	if _, err := o.Book.Find(code); err != nil {
		return err
	}
	if reason == "" || len(reason) > reasonLength {
		return fault.Refuse(fault.Violation{Field: "/reason", Reason: "is required, and has " + strconv.Itoa(reasonLength) + " characters at most"})
	}
	kind := ledger.BatchPaused
	if !paused {
		kind = ledger.BatchResumed
	}
	return o.put(ctx, store.Writes{
		Batch:  &store.BatchWrites{BatchPauses: []control.Pause{{Batch: code, Paused: paused, Reason: reason, By: p.Name, At: now}}},
		Ledger: &store.LedgerWrites{Entries: []ledger.Entry{{At: now, Kind: kind, Code: code, Reason: reason, By: p.Name}}},
	})
}
