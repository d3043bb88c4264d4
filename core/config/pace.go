package config

import (
	"math"
	"strconv"

	"carillon/core/message"
)

// defaultShare is the part of a route's pace, in percent, that a lane is guaranteed.
func defaultShare(u message.Urgency) int {
	switch u {
	case message.Regulatory:
		return 50
	case message.Service:
		return 30
	case message.Bulk:
		return 20
	case message.Emergency: // they come first
	}
	return 0
}

// SlotsOf is how many calls a lane of the route may have under way at once, per process.
func (r Route) SlotsOf(u message.Urgency) int {
	if n := r.Urgencies[u].Slots; n > 0 {
		return n
	}
	return r.Slots
}

// Shares are the guaranteed parts of the route's pace, most urgent first; only their proportions count. Emergencies
// have none: they come first.
func (r Route) Shares() []float64 {
	shares := make([]float64, 0, len(message.Urgencies()))
	for _, u := range message.Urgencies() {
		share := r.Urgencies[u].Share
		if share == 0 {
			share = defaultShare(u)
		}
		shares = append(shares, float64(share))
	}
	return shares
}

// DailyLeft is what is left of the route's budget when so many units were spent in the last 24 hours; infinite without a
// budget.
func (r Route) DailyLeft(spent int64) float64 {
	if r.Daily <= 0 {
		return math.Inf(1)
	}
	return float64(max(r.Daily-spent, 0))
}

// maxPace bounds what is no slip of the pen.
const maxPace = 1e6

// pace checks what a route says of its pace.
func (l *linter) pace(at string, v Route) {
	if math.IsNaN(v.Pace) || v.Pace < 0 || v.Pace > maxPace {
		l.add(at+"/pace", "is between 0 and "+strconv.Itoa(int(maxPace))+" units per second")
	}
	if v.Daily < 0 {
		l.add(at+"/daily", "is not negative")
	}
	if v.Channel == message.Letter && (v.Pace != 0 || v.Daily != 0) {
		l.add(at+"/pace", "letters leave in runs and have no pace")
	}
	for _, u := range message.Urgencies() {
		l.laneRule(at+"/lanes/"+u.String(), u, v.Urgencies[u])
	}
}

func (l *linter) laneRule(lane string, u message.Urgency, rule LaneRule) {
	if rule.Slots < 0 {
		l.add(lane+"/slots", "is not negative")
	}
	if rule.Share < 0 || rule.Share > 100 {
		l.add(lane+"/share", "is between 0 and 100 percent")
	}
	if u == message.Emergency && rule.Share != 0 {
		l.add(lane+"/share", "emergencies come first and need no share")
	}
}
