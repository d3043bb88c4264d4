package rest

import (
	"context"

	"github.com/go-json-experiment/json/jsontext"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/api/intake"
	"carillon/adapters/driving/api/problem"
	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/desk/administration"
	"carillon/core/fault"
	"carillon/core/plugin"
)

func (s *server) versionOperations() []operation {
	return []operation{
		op("listConfigVersions", s.listConfigVersions),
		op("getConfigVersion", s.getConfigVersion),
		op("diffConfig", s.diffConfig),
		op("lintConfig", s.lintConfig),
		op("listAlgorithms", s.listAlgorithms),
	}
}

// ConfigVersionList is a page of versions.
type ConfigVersionList struct {
	Versions []ConfigVersion `json:"versions"`
	Next     int64           `json:"next,omitzero"`
}

// ConfigVersion is a version of the configuration, with how many objects it added, removed and changed of the one
// before.
type ConfigVersion struct {
	Version int64           `json:"version"`
	At      contract.Moment `json:"at"`
	By      string          `json:"by"`
	Added   int             `json:"added"`
	Removed int             `json:"removed"`
	Changed int             `json:"changed"`
}

// ConfigComparison is what is compared.
type ConfigComparison struct {
	From     int64            `json:"from,omitzero"`
	To       int64            `json:"to,omitzero"`
	Document *config.Document `json:"document,omitzero"`
}

// ConfigDiff is what a configuration changes.
type ConfigDiff struct {
	From    int64          `json:"from"`
	Changes []ConfigChange `json:"changes"`
}

// ConfigChange is what becomes of one object.
type ConfigChange struct {
	Kind   string              `json:"kind"`
	Code   string              `json:"code,omitzero"`
	What   string              `json:"what"`
	Fields []ConfigFieldChange `json:"fields,omitempty"`
}

// ConfigFieldChange is what becomes of one field; a side is missing where the field is not there.
type ConfigFieldChange struct {
	Field  string         `json:"field"`
	Before jsontext.Value `json:"before,omitzero"`
	After  jsontext.Value `json:"after,omitzero"`
}

// ConfigFindings is everything that is wrong with a configuration.
type ConfigFindings struct {
	Errors []problem.Field `json:"errors"`
}

// AlgorithmList lists what may hang on spots.
type AlgorithmList struct {
	Algorithms plugin.Catalog `json:"algorithms"`
}

// Versions reads the configurations there were, and compares and checks configurations without writing them.
type Versions interface {
	// ConfigHistory lists the versions before one, newest first; before 0, all. More tells whether there are older ones.
	ConfigHistory(ctx context.Context, p access.Principal, before int64, limit int) (versions []administration.ConfigVersion, more bool, err error)
	// ConfigAt reads a version; fault.NotFound.
	ConfigAt(ctx context.Context, p access.Principal, version int64) (config.Document, error)
	// DiffConfig says what would change, or did; fault.NotFound for a version that is not there.
	DiffConfig(ctx context.Context, p access.Principal, c administration.ConfigComparison) (from int64, changes []config.Change, err error)
	// LintConfig returns everything that is wrong.
	LintConfig(ctx context.Context, p access.Principal, d config.Document) ([]fault.Violation, error)
	// Algorithms are all that may hang on spots.
	Algorithms(ctx context.Context, p access.Principal) (plugin.Catalog, error)
}

// listConfigVersions lists the versions of the configuration.
func (s *server) listConfigVersions(ctx context.Context, c call[nothing]) (answer[ConfigVersionList], error) {
	versions, more, err := s.Versions.ConfigHistory(ctx, c.caller, c.Integer("before"), int(c.Integer("limit")))
	if err != nil {
		return failed[ConfigVersionList](err)
	}
	out := ConfigVersionList{Versions: make([]ConfigVersion, 0, len(versions))}
	for _, v := range versions {
		out.Versions = append(out.Versions, ConfigVersion{
			Version: v.Version, At: contract.Moment(v.At), By: v.By, Added: v.Added, Removed: v.Removed, Changed: v.Changed,
		})
	}
	if more {
		out.Next = versions[len(versions)-1].Version
	}
	return ok(out), nil
}

// getConfigVersion reads a version of the configuration.
func (s *server) getConfigVersion(ctx context.Context, c call[nothing]) (answer[config.Document], error) {
	d, err := s.Versions.ConfigAt(ctx, c.caller, c.Integer("version"))
	if err != nil {
		return failed[config.Document](err)
	}
	return ok(d), nil
}

// diffConfig says what a configuration changes.
func (s *server) diffConfig(ctx context.Context, c call[ConfigComparison]) (answer[ConfigDiff], error) {
	ask := administration.ConfigComparison{From: c.body.From, To: c.body.To, Document: c.body.Document}
	from, changes, err := s.Versions.DiffConfig(ctx, c.caller, ask)
	if err != nil {
		return failed[ConfigDiff](err)
	}
	out := ConfigDiff{From: from, Changes: make([]ConfigChange, 0, len(changes))}
	for _, c := range changes {
		change := ConfigChange{Kind: c.Kind, Code: c.Code, What: c.What}
		for _, f := range c.Fields {
			field := ConfigFieldChange{Field: f.Field}
			if field.Before, err = freeJSON(f.Before); err != nil {
				return failed[ConfigDiff](err)
			}
			if field.After, err = freeJSON(f.After); err != nil {
				return failed[ConfigDiff](err)
			}
			change.Fields = append(change.Fields, field)
		}
		out.Changes = append(out.Changes, change)
	}
	return ok(out), nil
}

// lintConfig says what is wrong with a configuration.
func (s *server) lintConfig(ctx context.Context, c call[config.Document]) (answer[ConfigFindings], error) {
	wrong, err := s.Versions.LintConfig(ctx, c.caller, c.body)
	if err != nil {
		return failed[ConfigFindings](err)
	}
	return ok(ConfigFindings{Errors: intake.FieldsOf(wrong)}), nil
}

// listAlgorithms lists what may hang on spots.
func (s *server) listAlgorithms(ctx context.Context, c call[nothing]) (answer[AlgorithmList], error) {
	all, err := s.Versions.Algorithms(ctx, c.caller)
	if err != nil {
		return failed[AlgorithmList](err)
	}
	return ok(AlgorithmList{Algorithms: all}), nil
}
