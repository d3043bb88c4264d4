package dispatch

import (
	"time"

	"carillon/core/fault"
	"carillon/core/message"
)

// A breaker that a read-only question has closed is on trial: the next real call decides. Whose message that is goes
// by what it may cost. A message whose policy is to repeat, or whose receiver dedupes, cannot be left in doubt, and of
// those the least urgent goes first; with none at hand the next emergency may try; and when there is none of those
// either, whatever waits, so that no lane stands still for want of the right message.
const (
	probeStep     = 100 * time.Millisecond
	probePatience = 5 * time.Second
)

// probesFrom is when, after the trial began, a lane of the urgency may offer a message.
func probesFrom(u message.Urgency) time.Duration {
	return time.Duration(message.Bulk-u) * probeStep
}

// mayProbe reports whether a message may be the one that decides, that long after the trial began.
func mayProbe(way *Way, m message.Message, waited time.Duration) bool {
	return way.Dedupes || m.Doubt == message.Repeat || m.Urgency == message.Emergency || waited >= probePatience
}

// onTrial is the time since the trial began; none when the breaker is not on trial.
func onTrial(b Breaker, now time.Time) (waited time.Duration, trial bool) {
	since := b.Trial()
	if since.IsZero() {
		return 0, false
	}
	return now.Sub(since), true
}

// early reports whether the lane has to leave the trial to less urgent ones, and until when.
func early(b Breaker, lane message.Lane, now time.Time) (until time.Time, is bool) {
	waited, trial := onTrial(b, now)
	from := probesFrom(lane.Urgency())
	if !trial || waited >= from {
		return time.Time{}, false
	}
	return now.Add(from - waited), true
}

// unfit gives back, uncalled, what may not decide a trial; it returns the others.
func unfit(now time.Time, way *Way, pass []message.Taken, turn *Turn) []message.Taken {
	waited, trial := onTrial(way.Breaker, now)
	if !trial {
		return pass
	}
	fit := make([]message.Taken, 0, len(pass))
	for _, t := range pass {
		if mayProbe(way, t.Message, waited) {
			fit = append(fit, t)
			continue
		}
		wait := fault.New(fault.Cancelled, "left the trial of its breaker to others")
		wait.Wait = min(time.Second, probePatience-waited)
		turn.Stopped = append(turn.Stopped, Result{Taken: t, Way: way, At: now, Answer: message.Answer{Err: wait}})
	}
	return fit
}
