// Package administration is what runs the gateway itself: its configuration and every version of it, who may do what, and
// the switches that stop lanes and breakers.
package administration

import (
	"context"
	"slices"
	"time"

	"carillon/core/access"
	"carillon/core/desk"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

// Facts is what administration reads.
type Facts interface {
	store.Lanes
	store.Principals
}

// Service is the administration.
type Service struct {
	Store    store.Applier
	Facts    Facts
	Configs  desk.Configs
	Versions store.Configs // every configuration there was
	Rules    Rules
	Random   func() [32]byte // 256 random bits for a key
}

// Checker checks what only a renderer can: that every template parses.
type Checker interface {
	// Check returns the top-level names a form reads; fault.Invalid when it does not parse.
	Check(form string) ([]string, error)
}

// Lanes lists what waits, lane by lane.
func (s *Service) Lanes(ctx context.Context, now time.Time, p access.Principal) ([]store.LaneState, error) {
	if !p.Has(access.SRE, access.Admin, access.Supervisor, access.CSR) {
		return nil, fault.New(fault.Forbidden, "this key may not see lanes")
	}
	return s.Facts.LaneStates(ctx, now)
}

// PauseLane stops a lane until a person resumes it. The reason is in the ledger.
func (s *Service) PauseLane(ctx context.Context, now time.Time, p access.Principal, lane message.Lane, reason string) error {
	return s.lane(ctx, now, p, store.LanePause{Lane: lane, Paused: true, Reason: reason, By: p.Name}, ledger.LanePaused)
}

// ResumeLane lets a lane go on, whoever paused it, and releases what waits for a person in it.
func (s *Service) ResumeLane(ctx context.Context, now time.Time, p access.Principal, lane message.Lane, reason string) error {
	return s.lane(ctx, now, p, store.LanePause{Lane: lane, Reason: reason, By: p.Name, Release: now}, ledger.LaneResumed)
}

func (s *Service) lane(ctx context.Context, now time.Time, p access.Principal, pause store.LanePause, kind ledger.Kind) error {
	if !p.Has(access.SRE, access.Admin) {
		return fault.New(fault.Forbidden, "this key may not pause lanes")
	}
	if pause.Reason == "" {
		return fault.Refuse(fault.Violation{Field: "/reason", Reason: "is required"})
	}
	route, known := s.Configs.Current().RouteOf(pause.Lane)
	if !known {
		return desk.Hidden()
	}
	return desk.Apply(ctx, s.Store, store.Writes{
		Lane:   &store.LaneWrites{Pauses: []store.LanePause{pause}},
		Ledger: &store.LedgerWrites{Entries: []ledger.Entry{{At: now, Kind: kind, Reason: route.Code + ": " + pause.Reason, By: p.Name}}},
	})
}

// TripBreaker holds a breaker open on every gateway until somebody resets it. The reason is in the ledger.
func (s *Service) TripBreaker(ctx context.Context, now time.Time, p access.Principal, adapter, route, reason string) error {
	return s.breaker(ctx, p, store.Trip{Adapter: adapter, Route: route, Tripped: true, Reason: reason, By: p.Name, At: now}, ledger.BreakerTripped)
}

// ResetBreaker closes a breaker on every gateway, whoever or whatever opened it.
func (s *Service) ResetBreaker(ctx context.Context, now time.Time, p access.Principal, adapter, route, reason string) error {
	return s.breaker(ctx, p, store.Trip{Adapter: adapter, Route: route, Reason: reason, By: p.Name, At: now}, ledger.BreakerReset)
}

func (s *Service) breaker(ctx context.Context, p access.Principal, t store.Trip, kind ledger.Kind) error {
	if !p.Has(access.SRE, access.Admin) {
		return fault.New(fault.Forbidden, "this key may not trip breakers")
	}
	if t.Reason == "" {
		return fault.Refuse(fault.Violation{Field: "/reason", Reason: "is required"})
	}
	return desk.Apply(ctx, s.Store, store.Writes{
		Lane:   &store.LaneWrites{Trips: []store.Trip{t}},
		Ledger: &store.LedgerWrites{Entries: []ledger.Entry{{At: t.At, Kind: kind, Reason: t.Adapter + "/" + t.Route + ": " + t.Reason, By: t.By}}},
	})
}

// CreatePrincipal makes a principal and returns its key, which is shown this once. Conflict when the name is taken.
func (s *Service) CreatePrincipal(ctx context.Context, now time.Time, p access.Principal, in access.Principal) (string, error) {
	if !p.Has(access.Admin) {
		return "", fault.New(fault.Forbidden, "this key may not create keys")
	}
	if err := in.Validate(); err != nil {
		return "", err
	}
	for _, d := range in.Divisions {
		if !slices.Contains(p.Divisions, access.AllDivisions) && !slices.Contains(p.Divisions, d) {
			return "", fault.New(fault.Forbidden, "a key cannot open a division that yours does not")
		}
	}
	key, hash := access.NewKey(s.Random())
	in.Hash, in.CreatedAt = hash, now
	verdicts, err := s.Store.Apply(ctx, store.Writes{
		Admin:  &store.AdminWrites{Principals: []access.Principal{in}},
		Ledger: &store.LedgerWrites{Entries: []ledger.Entry{{At: now, Kind: ledger.PrincipalMade, Reason: in.Name, By: p.Name}}},
	})
	if err != nil {
		return "", err
	}
	if verdicts[0].Outcome != store.Applied {
		return "", fault.New(fault.Conflict, "a key of that name is there")
	}
	return key, nil
}

// RevokePrincipal ends a key for good.
func (s *Service) RevokePrincipal(ctx context.Context, now time.Time, p access.Principal, name string) error {
	if !p.Has(access.Admin) {
		return fault.New(fault.Forbidden, "this key may not revoke keys")
	}
	all, err := s.Facts.PrincipalList(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(x access.Principal) bool { return x.Name == name }) {
		return desk.Hidden()
	}
	return desk.Apply(ctx, s.Store, store.Writes{
		Admin:  &store.AdminWrites{Revoked: []store.Revocation{{Name: name, At: now}}},
		Ledger: &store.LedgerWrites{Entries: []ledger.Entry{{At: now, Kind: ledger.PrincipalRevoked, Reason: name, By: p.Name}}},
	})
}

// PrincipalList lists the keys, never what they are.
func (s *Service) PrincipalList(ctx context.Context, p access.Principal) ([]access.Principal, error) {
	if !p.Has(access.Admin, access.SRE) {
		return nil, fault.New(fault.Forbidden, "this key may not list keys")
	}
	return s.Facts.PrincipalList(ctx)
}
