package store

import "slices"

// LaneWrites is what a decision changes of the switches that stop lanes and breakers. Empty fields change nothing.
type LaneWrites struct {
	Pauses []LanePause
	Trips  []Trip
}

func (to *LaneWrites) and(from *LaneWrites) {
	to.Pauses = slices.Concat(to.Pauses, from.Pauses)
	to.Trips = slices.Concat(to.Trips, from.Trips)
}
