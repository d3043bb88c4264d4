package rest

import (
	"context"
	"encoding/json"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/access"
	"carillon/core/command"
	"carillon/core/config"
	"carillon/core/desk"
	"carillon/core/fault"
)

// Versions reads the configurations there were, and compares and checks configurations without writing them.
type Versions interface {
	// ConfigHistory lists the versions before one, newest first; before 0, all. More tells whether there are older ones.
	ConfigHistory(ctx context.Context, p access.Principal, before int64, limit int) (versions []desk.ConfigVersion, more bool, err error)
	// ConfigAt reads a version; fault.NotFound.
	ConfigAt(ctx context.Context, p access.Principal, version int64) (config.Document, error)
	// DiffConfig says what would change, or did; fault.NotFound for a version that is not there.
	DiffConfig(ctx context.Context, p access.Principal, c desk.ConfigComparison) (from int64, changes []config.Change, err error)
	// LintConfig returns everything that is wrong.
	LintConfig(ctx context.Context, p access.Principal, d config.Document) ([]fault.Violation, error)
	// Algorithms are all that may hang on spots.
	Algorithms(ctx context.Context, p access.Principal) (command.Catalog, error)
}

// configOut writes a configuration as the contract has it.
func configOut(d config.Document) (*api.Configuration, error) {
	var out api.Configuration
	text, err := json.Marshal(whole(d))
	if err == nil {
		err = out.UnmarshalJSON(text)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unknown, "writing a configuration", err)
	}
	return &out, nil
}

// configIn reads a configuration as the contract has it.
func configIn(c *api.Configuration) (config.Document, error) {
	var d config.Document
	text, err := c.MarshalJSON()
	if err != nil {
		return d, fault.Wrap(fault.Unknown, "reading a configuration", err)
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return d, fault.Wrap(fault.Invalid, "the configuration is not as described", err)
	}
	return d, nil
}

// ListConfigVersions lists the versions of the configuration.
func (s *server) ListConfigVersions(ctx context.Context, params api.ListConfigVersionsParams) (api.ListConfigVersionsRes, error) {
	versions, more, err := s.Versions.ConfigHistory(ctx, caller(ctx), params.Before.Or(0), params.Limit.Or(20))
	if err != nil {
		return nil, err
	}
	out := &api.ConfigVersionList{Versions: make([]api.ConfigVersion, 0, len(versions))}
	for _, v := range versions {
		out.Versions = append(out.Versions, api.ConfigVersion{
			Version: v.Version, At: stamp(v.At), By: v.By, Added: v.Added, Removed: v.Removed, Changed: v.Changed,
		})
	}
	if more {
		out.Next = api.NewOptInt64(versions[len(versions)-1].Version)
	}
	return out, nil
}

// GetConfigVersion reads a version of the configuration.
func (s *server) GetConfigVersion(ctx context.Context, params api.GetConfigVersionParams) (api.GetConfigVersionRes, error) {
	d, err := s.Versions.ConfigAt(ctx, caller(ctx), params.Version)
	if err != nil {
		return nil, err
	}
	return configOut(d)
}

// DiffConfig says what a configuration changes.
func (s *server) DiffConfig(ctx context.Context, req *api.ConfigComparison) (api.DiffConfigRes, error) {
	ask := desk.ConfigComparison{From: req.From.Or(0), To: req.To.Or(0)}
	if c, given := req.Document.Get(); given {
		d, err := configIn(&c)
		if err != nil {
			return nil, err
		}
		ask.Document = &d
	}
	from, changes, err := s.Versions.DiffConfig(ctx, caller(ctx), ask)
	if err != nil {
		return nil, err
	}
	out := &api.ConfigDiff{From: from, Changes: make([]api.ConfigChange, 0, len(changes))}
	for _, c := range changes {
		change := api.ConfigChange{Kind: c.Kind, What: api.ConfigChangeWhat(c.What)}
		if c.Code != "" {
			change.Code = api.NewOptString(c.Code)
		}
		for _, f := range c.Fields {
			field := api.ConfigFieldChange{Field: f.Field}
			if field.Before, err = side(f.Before); err != nil {
				return nil, err
			}
			if field.After, err = side(f.After); err != nil {
				return nil, err
			}
			change.Fields = append(change.Fields, field)
		}
		out.Changes = append(out.Changes, change)
	}
	return out, nil
}

func side(v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	return json.Marshal(v)
}

// LintConfig says what is wrong with a configuration.
func (s *server) LintConfig(ctx context.Context, req *api.Configuration) (api.LintConfigRes, error) {
	d, err := configIn(req)
	if err != nil {
		return nil, err
	}
	wrong, err := s.Versions.LintConfig(ctx, caller(ctx), d)
	if err != nil {
		return nil, err
	}
	out := &api.ConfigFindings{Errors: make([]api.ConfigFindingsErrorsItem, 0, len(wrong))}
	for _, v := range wrong {
		out.Errors = append(out.Errors, api.ConfigFindingsErrorsItem{Field: v.Field, Reason: v.Reason})
	}
	return out, nil
}

// ListAlgorithms lists what may hang on spots.
func (s *server) ListAlgorithms(ctx context.Context) (api.ListAlgorithmsRes, error) {
	all, err := s.Versions.Algorithms(ctx, caller(ctx))
	if err != nil {
		return nil, err
	}
	out := &api.AlgorithmList{Algorithms: make([]api.Algorithm, 0, len(all))}
	for _, a := range all {
		text, err := json.Marshal(a)
		if err != nil {
			return nil, err
		}
		var one api.Algorithm
		if err := one.UnmarshalJSON(text); err != nil {
			return nil, fault.Wrap(fault.Unknown, "writing algorithm "+a.Code, err)
		}
		out.Algorithms = append(out.Algorithms, one)
	}
	return out, nil
}
