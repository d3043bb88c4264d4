package rest

import (
	"context"
	"net/http"
	"time"

	"carillon/adapters/driving/api/contract"
	"carillon/core/access"
	"carillon/core/config"
)

func (s *server) administrationOperations() []operation {
	return []operation{
		op("getConfig", s.getConfig),
		op("putConfig", s.putConfig),
		op("createPrincipal", s.createPrincipal),
		op("listPrincipals", s.listPrincipals),
		op("revokePrincipal", s.revokePrincipal),
	}
}

// Principals creates and revokes principals.
type Principals interface {
	// CreatePrincipal returns the key, once; fault.Conflict for a name that is taken, fault.Invalid.
	CreatePrincipal(ctx context.Context, now time.Time, p access.Principal, made access.Principal) (key string, err error)
	// RevokePrincipal ends a key; fault.NotFound.
	RevokePrincipal(ctx context.Context, now time.Time, p access.Principal, name string) error
	// PrincipalList lists all principals.
	PrincipalList(ctx context.Context, p access.Principal) ([]access.Principal, error)
}

// Snapshots hands out configurations, for the names of routes and the steps of plans.
type Snapshots interface {
	// Current is the newest configuration; never nil.
	Current() *config.Snapshot
	// At is the configuration of a version; fault.NotFound.
	At(ctx context.Context, version int64) (*config.Snapshot, error)
}

// Configs reads and writes the configuration.
type Configs interface {
	// Config returns the newest version; version 0 and an empty document when none was written.
	Config(ctx context.Context, p access.Principal) (version int64, d config.Document, err error)
	// WriteConfig writes the next version; fault.Conflict when ifVersion is not the newest, fault.Invalid naming every
	// wrong row.
	WriteConfig(ctx context.Context, now time.Time, p access.Principal, d config.Document, ifVersion int64) (version int64, err error)
}

// PrincipalRequest makes a principal.
type PrincipalRequest struct {
	Name      string        `json:"name"`
	Source    string        `json:"source"`
	Divisions []string      `json:"divisions"`
	Roles     []access.Role `json:"roles"`
}

// PrincipalCreated is a new principal with its key, which is shown once.
type PrincipalCreated struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// PrincipalList lists the principals.
type PrincipalList struct {
	Principals []Principal `json:"principals"`
}

// Principal is who may ask.
type Principal struct {
	Name      string          `json:"name"`
	Source    string          `json:"source"`
	Divisions []string        `json:"divisions"`
	Roles     []access.Role   `json:"roles"`
	CreatedAt contract.Moment `json:"createdAt"`
	RevokedAt contract.Moment `json:"revokedAt,omitzero"`
}

// getConfig reads the configuration.
func (s *server) getConfig(ctx context.Context, c call[nothing]) (answer[config.Document], error) {
	version, d, err := s.Configs.Config(ctx, c.caller)
	if err != nil {
		return failed[config.Document](err)
	}
	return ok(d).revised(version), nil
}

// putConfig writes the configuration. The document and the contract have one form.
func (s *server) putConfig(ctx context.Context, c call[config.Document]) (answer[nothing], error) {
	version, err := revisionOf(c.exchange)
	if err != nil {
		return failed[nothing](err)
	}
	if version, err = s.Configs.WriteConfig(ctx, c.now, c.caller, c.body, version); err != nil {
		return failed[nothing](err)
	}
	return done().revised(version), nil
}

// createPrincipal makes a principal with a key.
func (s *server) createPrincipal(ctx context.Context, c call[PrincipalRequest]) (answer[PrincipalCreated], error) {
	p := access.Principal{
		Name: c.body.Name, Source: c.body.Source, Divisions: c.body.Divisions, Roles: c.body.Roles,
	}
	key, err := s.Principals.CreatePrincipal(ctx, c.now, c.caller, p)
	if err != nil {
		return failed[PrincipalCreated](err)
	}
	return ok(PrincipalCreated{Name: p.Name, Key: key}).as(http.StatusCreated), nil
}

// listPrincipals lists all principals, without keys and hashes.
func (s *server) listPrincipals(ctx context.Context, c call[nothing]) (answer[PrincipalList], error) {
	all, err := s.Principals.PrincipalList(ctx, c.caller)
	if err != nil {
		return failed[PrincipalList](err)
	}
	out := PrincipalList{Principals: make([]Principal, 0, len(all))}
	for _, p := range all {
		out.Principals = append(out.Principals, Principal{
			Name: p.Name, Source: p.Source, Divisions: p.Divisions, Roles: p.Roles, CreatedAt: contract.Moment(p.CreatedAt),
			RevokedAt: contract.Moment(p.RevokedAt),
		})
	}
	return ok(out), nil
}

// revokePrincipal ends a key.
func (s *server) revokePrincipal(ctx context.Context, c call[nothing]) (answer[nothing], error) {
	if err := s.Principals.RevokePrincipal(ctx, c.now, c.caller, c.Text("name")); err != nil {
		return failed[nothing](err)
	}
	return done(), nil
}
