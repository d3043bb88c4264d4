package rest

import (
	"context"
	"math"
	"slices"
	"time"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/kit/guard"
	"carillon/adapters/kit/pace"
	"carillon/core/access"
	"carillon/core/message"
	"carillon/core/store"
)

func (s *server) fleetOperations() []operation {
	return []operation{
		op("listGateways", s.listGateways),
	}
}

// Fleet shows the gateways that share the store.
type Fleet interface {
	// Gateways lists those that live, by name, and says which one answers.
	Gateways(ctx context.Context, p access.Principal) (all []store.Gateway, me string, err error)
	// Paces are the limits of providers, as this gateway keeps them.
	Paces() []pace.Snapshot
}

// GatewayList lists the gateways that live.
type GatewayList struct {
	Gateways []Gateway `json:"gateways"`
}

// Gateway is a process of Carillon.
type Gateway struct {
	Name    string          `json:"name"`
	Host    string          `json:"host,omitzero"`
	Version string          `json:"version"`
	Since   contract.Moment `json:"since"`
	SeenAt  contract.Moment `json:"seenAt"`
	Self    bool            `json:"self"`
}

// Pace is a limit of a provider, in its own unit; that of a route, or of an account that routes share.
type Pace struct {
	Name      string     `json:"name"`
	Routes    []string   `json:"routes"`
	Limit     *float64   `json:"limit,omitzero"`
	Rate      *float64   `json:"rate,omitzero"`
	Throttled int64      `json:"throttled"`
	DailyLeft *float64   `json:"dailyLeft,omitzero"`
	Held      []PaceHeld `json:"held,omitempty"`
}

// PaceHeld is an urgency that a limit holds back.
type PaceHeld struct {
	Urgency string          `json:"urgency"`
	Until   contract.Moment `json:"until"`
}

// listGateways shows who lives.
func (s *server) listGateways(ctx context.Context, c call[nothing]) (answer[GatewayList], error) {
	all, me, err := s.Fleet.Gateways(ctx, c.caller)
	if err != nil {
		return failed[GatewayList](err)
	}
	out := GatewayList{Gateways: make([]Gateway, 0, len(all))}
	for _, g := range all {
		out.Gateways = append(out.Gateways, Gateway{
			Name: g.Name, Host: g.Host, Version: g.Version, Since: contract.Moment(g.Since),
			SeenAt: contract.Moment(g.SeenAt), Self: g.Name == me,
		})
	}
	return ok(out), nil
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

func paceView(p pace.Snapshot) Pace {
	out := Pace{Name: p.Name, Routes: p.Routes, Throttled: p.Throttled}
	if p.Limit > 0 {
		out.Limit = &p.Limit
	}
	if !math.IsInf(p.Rate, 1) {
		out.Rate = &p.Rate
	}
	if !math.IsNaN(p.Left) {
		out.DailyLeft = &p.Left
	}
	for _, u := range message.Urgencies() {
		if until := p.Held[u]; !until.IsZero() {
			out.Held = append(out.Held, PaceHeld{Urgency: u.String(), Until: contract.Moment(until)})
		}
	}
	return out
}
