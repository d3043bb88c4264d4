package rest

import (
	"context"
	"strconv"
	"strings"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/fault"
	"carillon/core/message"
)

// GetConfig reads the configuration.
func (s *server) GetConfig(ctx context.Context) (api.GetConfigRes, error) {
	version, d, err := s.Configs.Config(ctx, caller(ctx))
	if err != nil {
		return nil, err
	}
	out, err := configOut(d)
	if err != nil {
		return nil, err
	}
	return &api.ConfigurationHeaders{ETag: etag(version), Response: *out}, nil
}

// whole writes lists that are missing as empty ones.
func whole(d config.Document) config.Document {
	d.Divisions, d.Routes, d.Classes = there(d.Divisions), there(d.Routes), there(d.Classes)
	d.Types, d.Templates = there(d.Types), there(d.Templates)
	for i := range d.Divisions {
		if d.Divisions[i].Routes == nil {
			d.Divisions[i].Routes = map[message.Channel]string{}
		}
	}
	for i := range d.Types {
		d.Types[i].Plan.Steps = there(d.Types[i].Plan.Steps)
	}
	for i := range d.Templates {
		if d.Templates[i].Parts == nil {
			d.Templates[i].Parts = map[string]string{}
		}
	}
	d.MessageCategories = there(d.MessageCategories)
	for i := range d.MessageCategories {
		d.MessageCategories[i].Messages = there(d.MessageCategories[i].Messages)
	}
	return d
}

func there[T any](list []T) []T {
	return append([]T{}, list...) // an empty list stays a list
}

// revisionOf reads an If-Match.
func revisionOf(ifMatch string) (int64, error) {
	n, err := strconv.ParseInt(strings.Trim(ifMatch, `"`), 10, 64)
	if err != nil {
		return 0, fault.Refuse(fault.Violation{Field: "header/If-Match", Reason: "is an ETag that was given out"})
	}
	return n, nil
}

// PutConfig writes the configuration. The document and the contract have one form.
func (s *server) PutConfig(ctx context.Context, req *api.Configuration, params api.PutConfigParams) (api.PutConfigRes, error) {
	version, err := revisionOf(params.IfMatch)
	if err != nil {
		return nil, err
	}
	d, err := configIn(req)
	if err != nil {
		return nil, err
	}
	version, err = s.Configs.WriteConfig(ctx, s.cfg.Clock(), caller(ctx), d, version)
	if err != nil {
		return nil, err
	}
	return &api.PutConfigNoContent{ETag: etag(version)}, nil
}

func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// CreatePrincipal makes a principal with a key.
func (s *server) CreatePrincipal(ctx context.Context, req *api.PrincipalRequest) (api.CreatePrincipalRes, error) {
	p := access.Principal{Name: string(req.Name), Source: string(req.Source)}
	for _, d := range req.Divisions {
		p.Divisions = append(p.Divisions, string(d))
	}
	for _, r := range req.Roles {
		p.Roles = append(p.Roles, access.Role(r))
	}
	key, err := s.Principals.CreatePrincipal(ctx, s.cfg.Clock(), caller(ctx), p)
	if err != nil {
		return nil, err
	}
	return &api.PrincipalCreated{Name: p.Name, Key: key}, nil
}

// ListPrincipals lists all principals, without keys and hashes.
func (s *server) ListPrincipals(ctx context.Context) (api.ListPrincipalsRes, error) {
	all, err := s.Principals.PrincipalList(ctx, caller(ctx))
	if err != nil {
		return nil, err
	}
	out := &api.PrincipalList{Principals: make([]api.Principal, 0, len(all))}
	for _, p := range all {
		shown := api.Principal{
			Name: p.Name, Source: p.Source, Divisions: p.Divisions, CreatedAt: stamp(p.CreatedAt), RevokedAt: maybe(p.RevokedAt),
		}
		for _, r := range p.Roles {
			shown.Roles = append(shown.Roles, api.Role(r))
		}
		out.Principals = append(out.Principals, shown)
	}
	return out, nil
}

// RevokePrincipal ends a key.
func (s *server) RevokePrincipal(ctx context.Context, params api.RevokePrincipalParams) (api.RevokePrincipalRes, error) {
	if err := s.Principals.RevokePrincipal(ctx, s.cfg.Clock(), caller(ctx), string(params.Name)); err != nil {
		return nil, err
	}
	return &api.RevokePrincipalNoContent{}, nil
}
