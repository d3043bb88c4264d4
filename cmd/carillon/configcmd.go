package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"carillon/adapters/driven/liquid"
	"carillon/cmd/internal/cli"
	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/confkeeper"
	"carillon/cmd/internal/settings"
	"carillon/cmd/internal/stores"
	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/desk/administration"
	"carillon/core/fault"
	"carillon/core/store"
)

// ConfigCmd keeps the configuration.
type ConfigCmd struct {
	Show    ConfigShowCmd    `cmd:"" help:"Print the configuration in force, or one that was, as YAML."`
	Export  ConfigShowCmd    `cmd:"" help:"The same, to write to a file."`
	Lint    ConfigLintCmd    `cmd:"" help:"Check a file without writing it."`
	Diff    ConfigDiffCmd    `cmd:"" help:"Say what a file would change, or what changed between two versions; status 1 when there is anything."`
	Apply   ConfigApplyCmd   `cmd:"" aliases:"import" help:"Put a file in force as the next version."`
	Revert  ConfigRevertCmd  `cmd:"" help:"Put a version that was in force again, as the next version."`
	History ConfigHistoryCmd `cmd:"" help:"List the versions, who wrote them, when, and how much they changed."`
}

// ConfigShowCmd prints the configuration.
type ConfigShowCmd struct {
	storeSettings

	Shipped bool   `help:"The configuration that is shipped, not the store's."`
	Version int64  `help:"A version that was; 0: the one in force."`
	Out     string `help:"File to write; empty: standard output." short:"o" placeholder:"FILE"`
}

// Run prints it.
func (c *ConfigShowCmd) Run(w cli.World) error {
	text := confkeeper.Shipped()
	if !c.Shipped {
		st, err := stores.Open(w.Ctx, settings.Settings{Store: c.Store})
		if err != nil {
			return err
		}
		defer stores.Close(st)
		version, d, err := versionOf(w, st, c.Version)
		if err != nil {
			return err
		}
		if text, err = asYAML(version, d); err != nil {
			return err
		}
	}
	if c.Out != "" {
		return os.WriteFile(c.Out, text, 0o600)
	}
	_, err := w.Out.Write(text)
	return err
}

// versionOf reads a version of the configuration; 0 is the one in force.
func versionOf(w cli.World, from store.Configs, version int64) (int64, config.Document, error) {
	if version == 0 {
		latest, err := from.LatestConfig(w.Ctx)
		if err != nil {
			return 0, config.Document{}, err
		}
		version = latest
	}
	rows, err := from.ConfigRows(w.Ctx, version)
	if err != nil {
		return 0, config.Document{}, err
	}
	d, err := config.FromRows(rows)
	return version, d, err
}

// madeFrom stands before the version in the first line of a configuration that was printed.
const madeFrom = "# version "

// asYAML goes by JSON, so that the keys are those of the API.
func asYAML(version int64, d config.Document) ([]byte, error) {
	asJSON, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	var plain any
	if err := yaml.Unmarshal(asJSON, &plain); err != nil { // JSON is YAML
		return nil, err
	}
	text, err := yaml.Marshal(plain)
	if err != nil {
		return nil, err
	}
	return append([]byte(madeFrom+strconv.FormatInt(version, 10)+"\n"), text...), nil
}

// versionIn is the version that a file was made from; 0 when it does not say.
func versionIn(text []byte) int64 {
	line, _, _ := strings.Cut(string(text), "\n")
	number, ours := strings.CutPrefix(strings.TrimSpace(line), madeFrom)
	version, err := strconv.ParseInt(number, 10, 64)
	if !ours || err != nil {
		return 0
	}
	return version
}

// ConfigLintCmd checks a file.
type ConfigLintCmd struct {
	File string `arg:"" help:"YAML file."`
}

// Run names everything that is wrong.
func (c *ConfigLintCmd) Run(w cli.World) error {
	d, err := confkeeper.ReadDocument(c.File)
	if err != nil {
		return err
	}
	if wrong := confkeeper.RulesOf(liquid.New()).Check(d, nil); len(wrong) > 0 {
		return fault.Refuse(wrong...)
	}
	_, err = fmt.Fprintln(w.Out, "nothing is wrong with it")
	return err
}

// ConfigApplyCmd puts a file in force.
type ConfigApplyCmd struct {
	storeSettings

	File     string `arg:"" help:"YAML file."`
	MadeFrom int64  `help:"The version the file was made from: when another is in force, nothing is written. 0: as the first line of the file says, else whatever is in force."`
}

// Run writes the next version; a running gateway takes it up within seconds.
func (c *ConfigApplyCmd) Run(w cli.World) error {
	text, err := confkeeper.ReadFile(c.File)
	if err != nil {
		return err
	}
	d, err := confkeeper.ParseDocument(text)
	if err != nil {
		return err
	}
	from := c.MadeFrom
	if from == 0 {
		from = versionIn(text)
	}
	return c.putInForce(w, from, d)
}

// putInForce writes a document as the next version of one; of whichever is in force, when from is 0.
func (s storeSettings) putInForce(w cli.World, from int64, d config.Document) error {
	st, err := stores.Open(w.Ctx, settings.Settings{Store: s.Store})
	if err != nil {
		return err
	}
	defer stores.Close(st)
	before, err := st.LatestConfig(w.Ctx)
	if err != nil {
		return err
	}
	rules := confkeeper.RulesOf(liquid.New())
	current, err := confkeeper.Open(w.Ctx, st, confkeeper.Fixed(d), rules)
	if err != nil {
		return err
	}
	version := current.Current().Version
	if before != 0 { // else the document is the first
		if from == 0 {
			from = version
		}
		if from != version {
			return fault.New(fault.Conflict, fmt.Sprintf(
				"the file was made from version %d, and %d is in force: carillon config diff says what it would undo; --made-from %d applies it all the same",
				from,
				version,
				version,
			))
		}
		book := &administration.Service{Store: st, Configs: current, Versions: st, Rules: rules}
		if version, err = book.WriteConfig(w.Ctx, clock.Now(), access.Operator(), d, from); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(w.Out, "version", version, "is in force")
	return err
}

// ConfigRevertCmd puts an old version in force again.
type ConfigRevertCmd struct {
	storeSettings

	Version int64 `arg:"" help:"The version that was in force."`
}

// Run writes it as the next version.
func (c *ConfigRevertCmd) Run(w cli.World) error {
	st, err := stores.Open(w.Ctx, settings.Settings{Store: c.Store})
	if err != nil {
		return err
	}
	_, d, err := versionOf(w, st, c.Version)
	stores.Close(st)
	if err != nil {
		return err
	}
	return c.putInForce(w, 0, d)
}
