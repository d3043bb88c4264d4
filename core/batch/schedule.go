package batch

import (
	"context"
	"time"

	"github.com/robfig/cron/v3"

	"carillon/core/fault"
	"carillon/core/store"
)

// Schedule says when a job is due: a cron expression of five fields in a zone.
type Schedule struct {
	Job  string
	spec cron.Schedule
	zone *time.Location
}

// ParseSchedule reads a cron expression; fault.Invalid when it is none.
func ParseSchedule(job, expression string, zone *time.Location) (Schedule, error) {
	spec, err := cron.ParseStandard(expression)
	if err != nil {
		return Schedule{}, fault.New(fault.Invalid, "the schedule of "+job+" is no cron expression of five fields")
	}
	return Schedule{Job: job, spec: spec, zone: zone}, nil
}

// Next is the first time after the given one at which the job is due.
func (s Schedule) Next(after time.Time) time.Time { return s.spec.Next(after.In(s.zone)).UTC() }

// Take makes an occurrence of the job this process's alone; false when another gateway took it.
func Take(ctx context.Context, to store.Applier, job string, at time.Time, by string) (bool, error) {
	verdicts, err := to.Apply(ctx, store.Writes{Upkeep: &store.UpkeepWrites{Ticks: []store.Tick{{Chore: job, At: at, By: by}}}})
	if err != nil {
		return false, err
	}
	return verdicts[0].Outcome == store.Applied, nil
}
