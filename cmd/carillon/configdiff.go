package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"carillon/adapters/driven/liquid"
	"carillon/cmd/internal/cli"
	"carillon/cmd/internal/confkeeper"
	"carillon/cmd/internal/settings"
	"carillon/cmd/internal/stores"
	"carillon/core/access"
	"carillon/core/algorithm"
	"carillon/core/config"
	"carillon/core/desk/administration"
	"carillon/core/plugin"
	"carillon/core/store"
)

// errDiffers ends a command with status 1 after it has printed what differs.
var errDiffers = fmt.Errorf("the configurations differ: %w", cli.ErrTold)

// ConfigDiffCmd says what a file would change.
type ConfigDiffCmd struct {
	storeSettings

	File   string `arg:"" optional:"" help:"YAML file; empty: the version of --to."`
	From   int64  `help:"The version to begin with; 0: the one in force."`
	To     int64  `help:"Without a file, the version to compare with; 0: the one in force."`
	Output string `help:"text or json." default:"text" enum:"text,json"`
}

// Run prints it; status 1 when there is anything.
func (c *ConfigDiffCmd) Run(w cli.World) error {
	st, err := stores.Open(w.Ctx, settings.Settings{Store: c.Store})
	if err != nil {
		return err
	}
	defer stores.Close(st)
	_, before, err := versionOf(w, st, c.From)
	if err != nil {
		return err
	}
	after, err := c.other(w, st)
	if err != nil {
		return err
	}
	changes, err := config.Diff(before, after)
	if err != nil {
		return err
	}
	if err := c.print(w, changes); err != nil {
		return err
	}
	if len(changes) > 0 {
		return errDiffers
	}
	return nil
}

func (c *ConfigDiffCmd) other(w cli.World, from store.Configs) (config.Document, error) {
	if c.File != "" {
		return confkeeper.ReadDocument(c.File)
	}
	_, d, err := versionOf(w, from, c.To)
	return d, err
}

func (c *ConfigDiffCmd) print(w cli.World, changes []config.Change) error {
	if c.Output == "json" {
		if changes == nil {
			changes = []config.Change{}
		}
		return json.NewEncoder(w.Out).Encode(map[string]any{"changes": changes})
	}
	var b strings.Builder
	for _, change := range changes {
		sign := map[string]string{config.Added: "+", config.Removed: "-", config.Changed: "~", config.Reordered: "^"}[change.What]
		how := map[string]string{config.Reordered: " in another order"}[change.What]
		b.WriteString(sign + " " + strings.TrimSpace(change.Kind+" "+change.Code) + how + "\n")
		for _, f := range change.Fields {
			b.WriteString("    " + f.Field + ": " + sideText(f.Before) + " -> " + sideText(f.After) + "\n")
		}
	}
	if len(changes) == 0 {
		b.WriteString("nothing changes\n")
	}
	_, err := fmt.Fprint(w.Out, b.String())
	return err
}

func sideText(v any) string {
	if v == nil {
		return "nothing"
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

// ConfigHistoryCmd lists the versions.
type ConfigHistoryCmd struct {
	storeSettings

	Before int64 `help:"List versions before this one; 0: from the newest."`
	Limit  int   `help:"How many at most." default:"20"`
}

// Run prints the table.
func (c *ConfigHistoryCmd) Run(w cli.World) error {
	st, err := stores.Open(w.Ctx, settings.Settings{Store: c.Store})
	if err != nil {
		return err
	}
	defer stores.Close(st)
	book := &administration.Service{Versions: st, Rules: confkeeper.RulesOf(liquid.New())}
	versions, _, err := book.ConfigHistory(w.Ctx, access.Operator(), c.Before, max(c.Limit, 1))
	if err != nil {
		return err
	}
	t := table.NewWriter()
	t.SetOutputMirror(w.Out)
	t.AppendHeader(table.Row{"version", "at", "by", "added", "removed", "changed"})
	for _, v := range versions {
		t.AppendRow(table.Row{v.Version, v.At.Format(time.RFC3339), v.By, v.Added, v.Removed, v.Changed})
	}
	t.Render()
	return nil
}

// AlgorithmsCmd lists what may hang on the spots of the configuration.
type AlgorithmsCmd struct {
	Code   string `arg:"" optional:"" help:"Only this one, with its parameters; codes are case-sensitive."`
	Output string `help:"text or json." default:"text" enum:"text,json"`
}

// Run prints them.
func (c *AlgorithmsCmd) Run(w cli.World) error {
	all := algorithm.Catalog()
	if c.Code != "" {
		a, known := all.Find(c.Code)
		if !known {
			return errors.New("there is no algorithm of that code; carillon algorithms lists them")
		}
		all = plugin.Catalog{a}
	}
	if c.Output == "json" {
		if all == nil {
			all = plugin.Catalog{}
		}
		return json.NewEncoder(w.Out).Encode(map[string]any{"algorithms": all})
	}
	if c.Code != "" {
		return describe(w, all[0])
	}
	t := table.NewWriter()
	t.SetOutputMirror(w.Out)
	t.AppendHeader(table.Row{"code", "spots", "parameters", "tells"})
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 4, WidthMax: 60}})
	for _, a := range all {
		t.AppendRow(table.Row{a.Code, strings.Join(spotNames(a), "\n"), strings.Join(parameterNames(a), "\n"), a.Tells})
	}
	t.Render()
	return nil
}

// describe prints one algorithm with its parameters.
func describe(w cli.World, a plugin.Algorithm) error {
	if _, err := fmt.Fprintf(w.Out, "%s: %s\nhangs on %s\n", a.Code, a.Tells, strings.Join(spotNames(a), ", ")); err != nil {
		return err
	}
	t := table.NewWriter()
	t.SetOutputMirror(w.Out)
	t.AppendHeader(table.Row{"parameter", "kind", "required", "default", "tells"})
	for _, p := range a.Parameters {
		kind := string(p.Kind)
		if len(p.Choices) > 0 {
			kind = strings.Join(p.Choices, " or ")
		}
		t.AppendRow(table.Row{p.Name, kind, map[bool]string{true: "yes"}[p.Required], p.Default, p.Tells})
	}
	t.Render()
	return nil
}

func spotNames(a plugin.Algorithm) (names []string) {
	for _, s := range a.Spots {
		names = append(names, s.String())
	}
	return names
}

func parameterNames(a plugin.Algorithm) (names []string) {
	for _, p := range a.Parameters {
		names = append(names, p.Name)
	}
	return names
}
