package rest_test

import (
	"context"
	"time"

	"carillon/core/access"
	"carillon/core/agreement"
	"carillon/core/batch"
	"carillon/core/config"
	"carillon/core/control"
	"carillon/core/customer"
	"carillon/core/extract"
	"carillon/core/fault"
	"carillon/core/plugin"
)

// night is the house's batches.
type night struct{ h *house }

// letterRun is a run of the letter extract that has closed.
func letterRun(by string) control.View {
	return control.View{
		Run: control.Run{
			Batch: extract.LTRPRT, Number: 12, BusinessDate: "2026-03-02", State: control.Complete, Threads: 1, By: by, AskedAt: now(), StartedAt: now(),
			EndedAt: now().Add(time.Second),
		},
		Threads: []control.Thread{{Thread: 1, Instance: 1, Rows: 2, Done: 2, State: control.Complete}},
	}
}

// reminderRun is a run of TD-CCCB of which one gateway was lost.
func reminderRun(number int64, by string, state control.State) control.View {
	v := control.View{
		Run: control.Run{
			Batch: "TD-CCCB", Number: number, BusinessDate: "2026-03-31", Parameters: map[string]string{"LEAD-DAYS": "5", "MAX-ERRORS": "100"},
			State: state, Threads: 1, By: by, AskedAt: now(), Version: 3,
		},
	}
	if state == control.Pending {
		return v
	}
	v.Run.StartedAt = now()
	v.Threads = []control.Thread{
		{
			Thread: 1, Instance: 1, Until: "00000000000420", Rows: 420, At: "00000000000200", Done: 199, Errors: 1, State: control.Lapsed,
			Owner: "gateway:1/worker-1", StartedAt: now(), EndedAt: now().Add(2 * time.Minute), Reason: "its gateway was lost",
		},
		{
			Thread: 1, Instance: 2, After: "00000000000200", Until: "00000000000420", Rows: 420, At: "00000000000400", Done: 200, State: control.Running,
			Owner: "gateway:2/worker-1", StartedAt: now().Add(2 * time.Minute), Lease: now().Add(3 * time.Minute),
		},
	}
	return v
}

func (n night) Batches(_ context.Context, at time.Time, p access.Principal) ([]batch.Card, error) {
	last := reminderRun(7, batch.BySchedule, control.Complete).Run
	last.DueAt, last.EndedAt = at.Add(-time.Hour), at.Add(-50*time.Minute)
	return []batch.Card{
		{
			Definition: batch.Definition{Code: extract.LTRPRT, Tells: "Letter extract.", Engine: engine{}},
			Control:    config.BatchControl{Code: extract.LTRPRT, Schedule: "0 2 * * *"}, Plan: batch.Moment{Next: at.Add(9 * time.Hour)},
		},
		{
			Definition: batch.Definition{
				Code: "TD-CCCB", Tells: "To Dos for reminders.", Job: &batch.Job{},
				Parameters: []plugin.Parameter{{Name: "LEAD-DAYS", Kind: plugin.Integer, Most: 99, Default: "0", Tells: "Days before the trigger date."}},
			},
			Control: config.BatchControl{
				Code: "TD-CCCB", Description: "To Do for customer contact reminders", Threads: 2, Schedule: "0 5 * * *", CatchUp: "skip",
				Parameters: map[string]string{"LEAD-DAYS": "5"},
			},
			Standing: control.Standing{
				Batch: "TD-CCCB", Last: last, SuccessAt: last.EndedAt,
				Pause: control.Pause{Batch: "TD-CCCB", Paused: true, Reason: "year end", By: "sre-west", At: at.Add(-time.Minute)},
			},
			Plan: batch.Moment{Next: at.Add(12 * time.Hour)},
		},
	}, n.h.asked(p)
}

// engine is LTRPRT's.
type engine struct{}

func (engine) Start(context.Context, time.Time, string, bool) (int64, error) { return 12, nil }

func (n night) Start(_ context.Context, _ time.Time, p access.Principal, code string, ask batch.Ask) (control.View, error) {
	if ask.Parameters["LEAD-DAYS"] == "100" {
		return control.View{}, fault.Refuse(fault.Violation{Field: "/parameters/LEAD-DAYS", Reason: "is a whole number from 0 to 99"})
	}
	if code == extract.LTRPRT {
		return letterRun(p.Name), n.h.asked(p)
	}
	return reminderRun(8, p.Name, control.Pending), n.h.asked(p)
}

func (n night) Runs(_ context.Context, p access.Principal, code string, _ int64, limit int) ([]control.View, error) {
	n.h.limit = limit
	if code == extract.LTRPRT {
		open := letterRun("schedule")
		open.Run.Number, open.Run.State, open.Run.EndedAt = 13, control.Running, time.Time{}
		return []control.View{open, letterRun("schedule")}, n.h.asked(p)
	}
	return []control.View{reminderRun(8, "sre-west", control.Running)}, n.h.asked(p)
}

func (n night) Run(_ context.Context, p access.Principal, code string, number int64) (control.View, []control.RowError, error) {
	if number == 404 {
		return control.View{}, nil, fault.New(fault.NotFound, "there is no such run of this batch")
	}
	return reminderRun(number, "sre-west", control.Running), []control.RowError{{
		Batch: code, Run: number, Thread: 1, Instance: 1, Key: "00000000000117", Code: "invalid", Text: "the user is not active: the entry is open to the default role", At: now(),
	}}, n.h.asked(p)
}

func (n night) Restart(_ context.Context, _ time.Time, p access.Principal, _ string, number int64) (control.View, error) {
	if number == 7 {
		return control.View{}, fault.New(fault.Conflict, "only a run that ended with an error can be restarted; this one is complete")
	}
	return reminderRun(number, p.Name, control.Running), n.h.asked(p)
}

func (n night) Cancel(_ context.Context, _ time.Time, p access.Principal, _ string, number int64) (control.View, error) {
	v := reminderRun(number, "sre-west", control.Cancelled)
	v.Run.Reason = "cancelled by " + p.Name
	return v, n.h.asked(p)
}

func (n night) Rerun(_ context.Context, _ time.Time, p access.Principal, _ string, number int64) (control.View, error) {
	v := reminderRun(number+1, p.Name, control.Pending)
	v.Run.Rerun = number
	return v, n.h.asked(p)
}

func (n night) Pause(_ context.Context, _ time.Time, p access.Principal, code string, _ bool, _ string) error {
	if code == "NO-SUCH" {
		return fault.New(fault.NotFound, "there is no such batch")
	}
	return n.h.asked(p)
}

func (n night) Reviews(_ context.Context, p access.Principal, _ customer.AccountID, _ string, limit int) ([]agreement.Review, *agreement.Review, error) {
	n.h.limit = limit
	short := agreement.Review{
		Account: 4000000001, Class: "RES", Source: "CIS-W", External: "W-900001", Division: "WEST", Date: "2026-03-31", End: agreement.TooLow,
		Recommended: "150.00", Held: "20.00", Tolerance: 10, Currency: "USD", Listed: true, Run: 3, At: now(),
	}
	wrong := short
	wrong.Account, wrong.End, wrong.Recommended, wrong.Held, wrong.Currency = 4000000002, agreement.Unreviewed, "", "", ""
	wrong.External, wrong.Reason = "W-900002", "invalid: the service agreements of the deposit class have several currencies"
	return []agreement.Review{short, wrong}, &wrong, n.h.asked(p)
}
