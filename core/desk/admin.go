package desk

import (
	"context"
	"slices"
	"time"

	"carillon/core/access"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

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
		return hidden()
	}
	return s.apply(ctx, store.Writes{
		Pauses:  []store.LanePause{pause},
		Entries: []ledger.Entry{{At: now, Kind: kind, Reason: route.Code + ": " + pause.Reason, By: p.Name}},
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
	return s.apply(ctx, store.Writes{
		Trips:   []store.Trip{t},
		Entries: []ledger.Entry{{At: t.At, Kind: kind, Reason: t.Adapter + "/" + t.Route + ": " + t.Reason, By: t.By}},
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
		Principals: []access.Principal{in},
		Entries:    []ledger.Entry{{At: now, Kind: ledger.PrincipalMade, Reason: in.Name, By: p.Name}},
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
		return hidden()
	}
	return s.apply(ctx, store.Writes{
		Revoked: []store.Revocation{{Name: name, At: now}},
		Entries: []ledger.Entry{{At: now, Kind: ledger.PrincipalRevoked, Reason: name, By: p.Name}},
	})
}

// PrincipalList lists the keys, never what they are.
func (s *Service) PrincipalList(ctx context.Context, p access.Principal) ([]access.Principal, error) {
	if !p.Has(access.Admin, access.SRE) {
		return nil, fault.New(fault.Forbidden, "this key may not list keys")
	}
	return s.Facts.PrincipalList(ctx)
}
