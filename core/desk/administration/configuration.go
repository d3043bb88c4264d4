package administration

import (
	"cmp"
	"context"
	"slices"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/desk"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/plugin"
	"carillon/core/store"
)

// Rules are what a configuration is checked by beside its own rows.
type Rules struct {
	Forms      Checker                       // templates
	Catalog    plugin.Catalog                // what may hang on the spots
	Batches    map[string][]plugin.Parameter // what batches take, by their codes
	Validators map[string]config.Validator   // what checks objects when they are configured, by the algorithm's code
}

// Check returns everything that is wrong with a configuration that is to be written after another; before is nil for the
// first.
func (r Rules) Check(d config.Document, before *config.Snapshot) []fault.Violation {
	wrong := slices.Concat(config.Lint(d), config.LintPlugs(d, r.Catalog), config.LintBatches(d, r.Batches), config.Validate(d, r.Validators))
	for _, t := range d.Templates {
		for part, form := range t.Parts {
			if _, err := r.Forms.Check(form); err != nil {
				wrong = append(wrong, fault.Violation{Field: "/templates/" + t.Code + "/parts/" + part, Reason: "is no Liquid: " + desk.ReasonOf(err)})
			}
		}
	}
	return append(wrong, renumbered(d, before)...)
}

// Config reads the configuration in force.
func (s *Service) Config(_ context.Context, p access.Principal) (int64, config.Document, error) {
	if err := mayRead(p); err != nil {
		return 0, config.Document{}, err
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
	if err := desk.Apply(ctx, s.Store, set); err != nil {
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
		Admin:  &store.AdminWrites{Config: &store.ConfigWrite{Version: version, Rows: rows, At: now, By: by}},
		Ledger: &store.LedgerWrites{Entries: []ledger.Entry{{At: now, Kind: ledger.ConfigWritten, Config: version, By: by}}},
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

// ConfigVersion is one version of the configuration with what it changed of the one before: how many objects.
type ConfigVersion struct {
	store.ConfigVersion
	Added   int
	Removed int
	Changed int // a kind whose objects stand in another order counts as one
}

// ConfigHistory lists the versions before one, newest first; before 0, all. More tells whether there are older ones.
func (s *Service) ConfigHistory(ctx context.Context, p access.Principal, before int64, limit int) (versions []ConfigVersion, more bool, err error) {
	if err := mayRead(p); err != nil {
		return nil, false, err
	}
	found, err := s.Versions.ConfigVersions(ctx, before, limit+1)
	if err != nil {
		return nil, false, err
	}
	docs := make([]config.Document, len(found)) // before the first there was nothing
	for i, v := range found {
		if docs[i], err = s.document(ctx, v.Version); err != nil {
			return nil, false, err
		}
	}
	docs = append(docs, config.Document{})
	for i, v := range found[:min(limit, len(found))] {
		changes, err := config.Diff(docs[i+1], docs[i])
		if err != nil {
			return nil, false, err
		}
		versions = append(versions, counted(v, changes))
	}
	return versions, len(found) > limit, nil
}

func counted(v store.ConfigVersion, changes []config.Change) ConfigVersion {
	out := ConfigVersion{ConfigVersion: v}
	for _, c := range changes {
		switch c.What {
		case config.Added:
			out.Added++
		case config.Removed:
			out.Removed++
		default:
			out.Changed++
		}
	}
	return out
}

func mayRead(p access.Principal) error {
	if !p.Has(access.Admin, access.SRE, access.Supervisor, access.CSR) {
		return fault.New(fault.Forbidden, "this key may not read the configuration")
	}
	return nil
}

func (s *Service) document(ctx context.Context, version int64) (config.Document, error) {
	if version == 0 { // before the first
		return config.Document{}, nil
	}
	rows, err := s.Versions.ConfigRows(ctx, version)
	if err != nil {
		return config.Document{}, desk.Hide(err)
	}
	return config.FromRows(rows)
}

// ConfigAt reads a version of the configuration; NotFound.
func (s *Service) ConfigAt(ctx context.Context, p access.Principal, version int64) (config.Document, error) {
	if err := mayRead(p); err != nil {
		return config.Document{}, err
	}
	if version <= 0 {
		return config.Document{}, desk.Hidden()
	}
	return s.document(ctx, version)
}

// ConfigComparison asks what a configuration changes of a version: that of another version, or a document.
type ConfigComparison struct {
	From     int64 // 0: the version in force
	To       int64 // 0: Document, or the version in force
	Document *config.Document
}

// DiffConfig says what would change, or did. NotFound when a version is not there.
func (s *Service) DiffConfig(ctx context.Context, p access.Principal, c ConfigComparison) (from int64, changes []config.Change, err error) {
	if err := mayRead(p); err != nil {
		return 0, nil, err
	}
	if c.To != 0 && c.Document != nil {
		return 0, nil, fault.Refuse(fault.Violation{Field: "/to", Reason: "give a version or a document, not both"})
	}
	inForce := s.Configs.Current().Version
	from, to := cmp.Or(c.From, inForce), cmp.Or(c.To, inForce)
	before, err := s.document(ctx, from)
	if err != nil {
		return 0, nil, err
	}
	after := c.Document
	if after == nil {
		d, err := s.document(ctx, to)
		if err != nil {
			return 0, nil, err
		}
		after = &d
	}
	changes, err = config.Diff(before, *after)
	return from, changes, err
}

// LintConfig returns everything that is wrong with a configuration, were it written now; nothing is written.
func (s *Service) LintConfig(_ context.Context, p access.Principal, d config.Document) ([]fault.Violation, error) {
	if err := mayRead(p); err != nil {
		return nil, err
	}
	return s.Rules.Check(d, s.Configs.Current()), nil
}

// Algorithms are all that may hang on spots, with their parameters.
func (s *Service) Algorithms(_ context.Context, p access.Principal) (plugin.Catalog, error) {
	if err := mayRead(p); err != nil {
		return nil, err
	}
	return s.Rules.Catalog, nil
}
