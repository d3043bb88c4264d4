package rest

import (
	"context"
	"time"

	"carillon/adapters/driving/api/contract"
	"carillon/core/access"
	"carillon/core/message"
	"carillon/core/store"
)

func (s *server) laneOperations() []operation {
	return []operation{
		op("listLanes", s.listLanes),
		op("pauseLane", s.pauseLane),
		op("resumeLane", s.resumeLane),
	}
}

// Lanes shows and switches lanes.
type Lanes interface {
	// Lanes returns every lane that has rows or a pause.
	Lanes(ctx context.Context, now time.Time, p access.Principal) ([]store.LaneState, error)
	// PauseLane stops a lane; fault.NotFound when no route has it.
	PauseLane(ctx context.Context, now time.Time, p access.Principal, lane message.Lane, reason string) error
	// ResumeLane lets it go on; fault.NotFound when no route has it.
	ResumeLane(ctx context.Context, now time.Time, p access.Principal, lane message.Lane, reason string) error
}

// LaneList is what waits, with what holds it back.
type LaneList struct {
	Lanes    []LaneState `json:"lanes"`
	Breakers []Breaker   `json:"breakers"`
	Paces    []Pace      `json:"paces,omitempty"`
}

// LaneState is a route at one urgency.
type LaneState struct {
	Lane      int             `json:"lane"`
	Route     string          `json:"route,omitzero"`
	Urgency   string          `json:"urgency"`
	Queued    int64           `json:"queued"`
	Claimed   int64           `json:"claimed"`
	AtLeast   bool            `json:"atLeast,omitzero"`
	OldestDue contract.Moment `json:"oldestDue,omitzero"`
	Paused    bool            `json:"paused"`
	Pause     *Pause          `json:"pause,omitzero"`
}

// Pause is why a lane stands still.
type Pause struct {
	Reason string          `json:"reason"`
	By     string          `json:"by"`
	Until  contract.Moment `json:"until,omitzero"`
}

// listLanes shows what waits, and the breakers.
func (s *server) listLanes(ctx context.Context, c call[nothing]) (answer[LaneList], error) {
	states, err := s.Lanes.Lanes(ctx, c.now, c.caller)
	if err != nil {
		return failed[LaneList](err)
	}
	snapshot := s.Snapshots.Current()
	out := LaneList{Lanes: make([]LaneState, 0, len(states)), Breakers: []Breaker{}}
	for _, st := range states {
		lane := LaneState{
			Lane: int(st.Lane), Urgency: st.Lane.Urgency().String(), Queued: st.Queued, Claimed: st.Claimed,
			OldestDue: contract.Moment(st.OldestDue), Paused: st.Pause.Paused, AtLeast: st.AtLeast,
		}
		if route, found := snapshot.RouteOf(st.Lane); found {
			lane.Route = route.Code
		}
		if st.Pause.Paused {
			lane.Pause = &Pause{Reason: st.Pause.Reason, By: st.Pause.By, Until: contract.Moment(st.Pause.Until)}
		}
		out.Lanes = append(out.Lanes, lane)
	}
	for _, b := range s.Breakers.Breakers() {
		out.Breakers = append(out.Breakers, breakerView(b))
	}
	for _, p := range s.Fleet.Paces() {
		out.Paces = append(out.Paces, paceView(p))
	}
	return ok(out), nil
}

// pauseLane stops a lane.
func (s *server) pauseLane(ctx context.Context, c call[ReasonRequest]) (answer[nothing], error) {
	err := s.Lanes.PauseLane(ctx, c.now, c.caller, laneOf(int(c.Integer("lane"))), c.body.Reason)
	if err != nil {
		return failed[nothing](err)
	}
	return done(), nil
}

// resumeLane lets a lane go on.
func (s *server) resumeLane(ctx context.Context, c call[ReasonRequest]) (answer[nothing], error) {
	err := s.Lanes.ResumeLane(ctx, c.now, c.caller, laneOf(int(c.Integer("lane"))), c.body.Reason)
	if err != nil {
		return failed[nothing](err)
	}
	return done(), nil
}

func laneOf(number int) message.Lane {
	return message.Lane(number) //nolint:gosec // the contract bounds it to 32003
}
