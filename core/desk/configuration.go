package desk

import (
	"context"
	"slices"
	"time"

	"carillon/core/access"
	"carillon/core/command"
	"carillon/core/config"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
)

// Rules are what a configuration is checked by beside its own rows.
type Rules struct {
	Forms      Checker                     // templates
	Catalog    command.Catalog             // what may hang on the spots
	Validators map[string]config.Validator // what checks objects when they are configured, by the algorithm's code
}

// Check returns everything that is wrong with a configuration that is to be written after another; before is nil for the
// first.
func (r Rules) Check(d config.Document, before *config.Snapshot) []fault.Violation {
	wrong := slices.Concat(config.Lint(d), config.LintPlugs(d, r.Catalog), config.Validate(d, r.Validators))
	for _, t := range d.Templates {
		for part, form := range t.Parts {
			if _, err := r.Forms.Check(form); err != nil {
				wrong = append(wrong, fault.Violation{Field: "/templates/" + t.Code + "/parts/" + part, Reason: "is no Liquid: " + textOf(err)})
			}
		}
	}
	return append(wrong, renumbered(d, before)...)
}

// Config reads the configuration in force.
func (s *Service) Config(_ context.Context, p access.Principal) (int64, config.Document, error) {
	if !p.Has(access.Admin, access.SRE, access.Supervisor, access.CSR) {
		return 0, config.Document{}, fault.New(fault.Forbidden, "this key may not read the configuration")
	}
	cfg := s.Configs.Current()
	return cfg.Version, cfg.Document(), nil
}

// WriteConfig checks a configuration whole and puts it in force under the next version. Errors: Invalid naming every
// wrong row, Conflict when ifVersion is not the version in force.
func (s *Service) WriteConfig(ctx context.Context, now time.Time, p access.Principal, d config.Document, ifVersion int64) (int64, error) {
	if !p.Has(access.Admin) {
		return 0, fault.New(fault.Forbidden, "this key may not configure")
	}
	current := s.Configs.Current()
	if current.Version != ifVersion {
		return 0, fault.New(fault.Conflict, "the configuration has another version now")
	}
	set, err := ConfigWrites(now, p.Name, ifVersion+1, d, current, s.Rules)
	if err != nil {
		return 0, err
	}
	if err := s.apply(ctx, set); err != nil {
		return 0, err
	}
	return ifVersion + 1, s.Configs.Refresh(ctx)
}

// ConfigWrites is the write set of a configuration that was checked whole. Before is what was in force, nil for the first.
func ConfigWrites(now time.Time, by string, version int64, d config.Document, before *config.Snapshot, rules Rules) (store.Writes, error) {
	if wrong := rules.Check(d, before); len(wrong) > 0 {
		return store.Writes{}, fault.Refuse(wrong...)
	}
	rows, err := d.Rows()
	if err != nil {
		return store.Writes{}, err
	}
	return store.Writes{
		Config:  &store.ConfigWrite{Version: version, Rows: rows, At: now, By: by},
		Entries: []ledger.Entry{{At: now, Kind: ledger.ConfigWritten, Config: version, By: by}},
	}, nil
}

// renumbered finds routes that took another's number, or lost theirs: lanes that still hold messages would be
// somebody else's.
func renumbered(d config.Document, before *config.Snapshot) []fault.Violation {
	if before == nil {
		return nil
	}
	var wrong []fault.Violation
	for _, was := range before.Routes() {
		i := slices.IndexFunc(d.Routes, func(r config.Route) bool { return r.Number == was.Number })
		if i < 0 || d.Routes[i].Code != was.Code || d.Routes[i].Channel != was.Channel {
			wrong = append(wrong, fault.Violation{
				Field: "/routes/" + was.Code + "/number", Reason: "a route keeps its code, channel and number for ever",
			})
		}
	}
	return wrong
}
