package rest

import (
	"context"
	"math"
	"slices"
	"time"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/adapters/kit/guard"
	"carillon/adapters/kit/pace"
	"carillon/core/message"
)

// ListGateways shows who lives.
func (s *server) ListGateways(ctx context.Context) (api.ListGatewaysRes, error) {
	all, me, err := s.Fleet.Gateways(ctx, caller(ctx))
	if err != nil {
		return nil, err
	}
	out := &api.GatewayList{Gateways: make([]api.Gateway, 0, len(all))}
	for _, g := range all {
		out.Gateways = append(out.Gateways, api.Gateway{
			Name: g.Name, Host: text(g.Host), Version: g.Version, Since: stamp(g.Since), SeenAt: stamp(g.SeenAt), Self: g.Name == me,
		})
	}
	return out, nil
}

// holders are what may hold a message back beside its own due row.
type holders struct {
	now      time.Time
	breakers []guard.Snapshot
	paces    []pace.Snapshot
}

func (s *server) holders() holders {
	return holders{now: s.cfg.Clock(), breakers: s.Breakers.Breakers(), paces: s.Fleet.Paces()}
}

// paced reports whether a message that is due waits for its lane's pace, and until when.
func (h holders) paced(rec message.Record) (until time.Time, is bool) {
	if rec.Due.Owner != "" || rec.Due.At.After(h.now) || rec.Due.Reason == message.WaitRun {
		return time.Time{}, false
	}
	for _, p := range h.paces {
		if at := p.Held[rec.Message.Urgency]; slices.Contains(p.Routes, rec.Message.Route) && at.After(until) {
			until = at
		}
	}
	return until, !until.IsZero()
}

func paceOf(p pace.Snapshot) api.Pace {
	out := api.Pace{Name: p.Name, Routes: p.Routes, Throttled: p.Throttled}
	if p.Limit > 0 {
		out.Limit = api.NewOptFloat64(p.Limit)
	}
	if !math.IsInf(p.Rate, 1) {
		out.Rate = api.NewOptFloat64(p.Rate)
	}
	if !math.IsNaN(p.Left) {
		out.DailyLeft = api.NewOptFloat64(p.Left)
	}
	for _, u := range message.Urgencies() {
		if until := p.Held[u]; !until.IsZero() {
			out.Held = append(out.Held, api.PaceHeld{Urgency: api.Urgency(u.String()), Until: stamp(until)})
		}
	}
	return out
}
