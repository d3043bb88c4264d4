package rest

import (
	"context"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/message"
)

// ListLanes shows what waits, and the breakers.
func (s *server) ListLanes(ctx context.Context) (api.ListLanesRes, error) {
	states, err := s.Lanes.Lanes(ctx, s.cfg.Clock(), caller(ctx))
	if err != nil {
		return nil, err
	}
	snapshot := s.Snapshots.Current()
	out := &api.LaneList{Lanes: make([]api.LaneState, 0, len(states)), Breakers: []api.Breaker{}}
	for _, st := range states {
		lane := api.LaneState{
			Lane: int(st.Lane), Urgency: api.Urgency(st.Lane.Urgency().String()), Queued: st.Queued, Claimed: st.Claimed,
			OldestDue: maybe(st.OldestDue), Paused: st.Pause.Paused,
		}
		if st.AtLeast {
			lane.AtLeast = api.NewOptBool(true)
		}
		if route, found := snapshot.RouteOf(st.Lane); found {
			lane.Route = text(route.Code)
		}
		if st.Pause.Paused {
			lane.Pause = api.NewOptPause(api.Pause{Reason: st.Pause.Reason, By: st.Pause.By, Until: maybe(st.Pause.Until)})
		}
		out.Lanes = append(out.Lanes, lane)
	}
	for _, b := range s.Breakers.Breakers() {
		out.Breakers = append(out.Breakers, breaker(b))
	}
	for _, p := range s.Fleet.Paces() {
		out.Paces = append(out.Paces, paceOf(p))
	}
	return out, nil
}

// PauseLane stops a lane.
func (s *server) PauseLane(ctx context.Context, req *api.ReasonRequest, params api.PauseLaneParams) (api.PauseLaneRes, error) {
	err := s.Lanes.PauseLane(ctx, s.cfg.Clock(), caller(ctx), laneOf(params.Lane), req.Reason)
	if err != nil {
		return nil, err
	}
	return &api.PauseLaneNoContent{}, nil
}

// ResumeLane lets a lane go on.
func (s *server) ResumeLane(ctx context.Context, req *api.ReasonRequest, params api.ResumeLaneParams) (api.ResumeLaneRes, error) {
	err := s.Lanes.ResumeLane(ctx, s.cfg.Clock(), caller(ctx), laneOf(params.Lane), req.Reason)
	if err != nil {
		return nil, err
	}
	return &api.ResumeLaneNoContent{}, nil
}

func laneOf(number int) message.Lane {
	return message.Lane(number) //nolint:gosec // the contract bounds it to 32003
}
