package batch

import (
	"context"
	"errors"
	"time"

	"carillon/core/config"
	"carillon/core/control"
	"carillon/core/fault"
	"carillon/core/store"
)

// FeatureScheduler is the type of the Feature Configuration of the Batch Scheduler. Its options: enabled (Y or N: N keeps
// every batch from starting by its schedule) and zone (an IANA zone in which all schedules are read; else that of the
// Batch Control's division). What they are is ours to choose: no public text names them.
const FeatureScheduler = "batch_scheduler"

// The policies after a missed occurrence.
const (
	CatchUpOnce = "once" // run once, however many were missed: the default
	CatchUpSkip = "skip" // wait for the next
)

// tardy is how late an occurrence may be taken that is not missed: a gateway restarts, or another takes over, within it.
const tardy = 5 * time.Minute

// Moment is where the schedule of a batch stands: when it runs next, and what it missed.
type Moment struct {
	Next  time.Time // the next occurrence to come; zero: there is no schedule, or it is off
	Due   time.Time // the occurrence that is to be run now; zero: none
	Since time.Time // the first occurrence that was not run; zero: none
	Wrong bool      // the schedule is no cron expression
}

// Late is for how long an occurrence has waited to be run.
func (o Moment) Late(now time.Time) time.Duration {
	if o.Since.IsZero() {
		return 0
	}
	return now.Sub(o.Since)
}

// scheduler is the Feature Configuration of the Batch Scheduler.
func scheduler(cfg *config.Snapshot) (enabled bool, zone *time.Location) {
	enabled = true
	for _, f := range cfg.Document().Features {
		if f.Type != FeatureScheduler {
			continue
		}
		enabled = enabled && f.Options["enabled"] != "N"
		if name := f.Options["zone"]; name != "" {
			if z, err := time.LoadLocation(name); err == nil {
				zone = z
			}
		}
	}
	return enabled, zone
}

// planned says what of the schedule has passed and what is to come. What was missed counts from the last occurrence
// that was taken; of a batch that was never run by its schedule, from since on.
func planned(cfg *config.Snapshot, c config.BatchControl, s control.Standing, since, now time.Time) Moment {
	enabled, zone := scheduler(cfg)
	if !enabled || c.Schedule == "" {
		return Moment{}
	}
	if zone == nil {
		zone = zoneOf(cfg, c)
	}
	schedule, err := ParseSchedule(c.Code, c.Schedule, zone)
	if err != nil {
		return Moment{Wrong: true}
	}
	o := Moment{Next: schedule.Next(now)}
	first := schedule.Next(taken(s, since))
	if first.IsZero() || first.After(now) || c.Paused || s.Pause.Paused {
		return o
	}
	due := schedule.lastBefore(first, now)
	if c.CatchUp == CatchUpSkip && now.Sub(due) > tardy {
		return o
	}
	o.Due, o.Since = due, first
	if c.CatchUp == CatchUpSkip {
		o.Since = due
	}
	return o
}

// taken is the last occurrence that was taken, or since when there would have been one.
func taken(s control.Standing, since time.Time) time.Time {
	last := s.TickAt
	if s.Last.DueAt.After(last) {
		last = s.Last.DueAt
	}
	if last.IsZero() {
		return since
	}
	return last
}

// lastBefore is the last occurrence up to now; first is one of them.
func (s Schedule) lastBefore(first, now time.Time) time.Time {
	const day = 24 * time.Hour
	last := first
	for _, back := range []time.Duration{time.Hour, day, 32 * day, 400 * day} {
		from := now.Add(-back)
		if !from.After(first) {
			break
		}
		if at := s.Next(from); !at.IsZero() && !at.After(now) {
			last = at
			break
		}
	}
	for {
		next := s.Next(last)
		if next.IsZero() || next.After(now) {
			return last
		}
		last = next
	}
}

// BySchedule is who asks for the runs of the schedule.
const BySchedule = "schedule"

// Tick starts what its schedule says is due, on one gateway of the fleet: the occurrence and the run are written
// together, once. A batch of which a run is open waits for its end. Batches with an engine run while they are started:
// they are ticked apart.
func (o *Operator) Tick(ctx context.Context, now time.Time, by string, engines bool) error {
	cards, err := o.Cards(ctx, now)
	if err != nil {
		return err
	}
	var wrong []error
	for _, c := range cards {
		if engines != (c.Engine != nil) || c.Plan.Due.IsZero() || c.Job != nil && c.Standing.Last.State.Open() {
			continue
		}
		err := o.startDue(ctx, now, c, store.Tick{Chore: c.Code, At: c.Plan.Due, By: by})
		if err != nil && !fault.Is(err, fault.Conflict) { // another gateway was first
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}

func (o *Operator) startDue(ctx context.Context, now time.Time, c Card, tick store.Tick) error {
	if c.Engine != nil {
		if err := o.put(ctx, store.Writes{Upkeep: &store.UpkeepWrites{Ticks: []store.Tick{tick}}}); err != nil {
			return err
		}
		_, err := c.Engine.Start(ctx, now, BySchedule, false)
		return err
	}
	run, err := propose(o.Configs.Current(), c.Definition, now, BySchedule, Ask{})
	run.DueAt = tick.At
	if err != nil { // the Batch Control says what the batch does not take: the run shows it
		run.State, run.EndedAt, run.Reason = control.Failed, now, why(err)
	}
	_, err = o.open(ctx, run, []store.Tick{tick})
	return err
}
