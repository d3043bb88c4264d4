package rest_test

import (
	"context"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/desk/administration"
	"carillon/core/fault"
	"carillon/core/plugin"
	"carillon/core/store"
)

func (h *house) ConfigHistory(_ context.Context, p access.Principal, before int64, limit int) ([]administration.ConfigVersion, bool, error) {
	h.limit = limit
	all := []administration.ConfigVersion{
		{ConfigVersion: store.ConfigVersion{Version: 3, At: now(), By: "ada"}, Changed: 2},
		{ConfigVersion: store.ConfigVersion{Version: 2, At: now().Add(-time.Hour), By: "ben"}, Added: 1, Removed: 1},
	}
	if before != 0 {
		return []administration.ConfigVersion{{ConfigVersion: store.ConfigVersion{Version: 1, At: now().Add(-2 * time.Hour), By: "carillon"}, Added: 230}}, false, h.asked(p)
	}
	return all, true, h.asked(p)
}

func (h *house) ConfigAt(_ context.Context, p access.Principal, version int64) (config.Document, error) {
	if err := h.asked(p); err != nil {
		return config.Document{}, err
	}
	if version > 3 {
		return config.Document{}, fault.New(fault.NotFound, "there is no such version")
	}
	return h.document, nil
}

func (h *house) DiffConfig(_ context.Context, p access.Principal, c administration.ConfigComparison) (int64, []config.Change, error) {
	if c.Document != nil {
		return 3, []config.Change{{Kind: "division", Code: c.Document.Divisions[0].Code, What: config.Added}}, h.asked(p)
	}
	return c.From, []config.Change{
		{Kind: "installation", What: config.Changed, Fields: []config.FieldChange{{Field: "/alternateName", After: true}}},
		{Kind: "contact_type", Code: "BILL/PAYREMIND", What: config.Changed, Fields: []config.FieldChange{
			{Field: "/person", Before: "optional", After: "required"}, {Field: "/shorthand", Before: "pay"},
		}},
		{Kind: "alert_type", Code: "DOG", What: config.Removed},
		{Kind: "todo_role", What: config.Reordered},
	}, h.asked(p)
}

func (h *house) LintConfig(_ context.Context, p access.Principal, d config.Document) ([]fault.Violation, error) {
	return config.Lint(d), h.asked(p)
}

func (h *house) Algorithms(_ context.Context, p access.Principal) (plugin.Catalog, error) {
	return plugin.Catalog{
		{Code: "F1-VAL-SKILL", Tells: "Validates skills.", Spots: []plugin.Spot{{Owner: "todo_type", Event: "assignment"}}, Parameters: []plugin.Parameter{
			{Name: "MODE", Kind: plugin.Choice, Default: "E", Choices: []string{"E", "W"}, Tells: "error or warning"},
		}},
		{Code: "SAAT-CC", Tells: "Makes a contact when a budget begins.", Spots: []plugin.Spot{{Owner: "sa_type", Event: "activation"}}, Parameters: []plugin.Parameter{
			{Name: "CONTACT-TYPE", Kind: plugin.ContactKind, Required: true}, {Name: "DAYS", Kind: plugin.Integer, Least: 1, Most: 99},
		}},
	}, h.asked(p)
}
