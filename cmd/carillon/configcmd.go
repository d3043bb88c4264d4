package main

import (
	"encoding/json"
	"fmt"

	"gopkg.in/yaml.v3"

	"carillon/adapters/driven/liquid"
	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/desk"
)

// ConfigCmd keeps the configuration.
type ConfigCmd struct {
	Show  ConfigShowCmd  `cmd:"" help:"Print the configuration in force as YAML."`
	Lint  ConfigLintCmd  `cmd:"" help:"Check a file without writing it."`
	Apply ConfigApplyCmd `cmd:"" help:"Put a file in force as the next version."`
}

// ConfigShowCmd prints the configuration.
type ConfigShowCmd struct {
	storeSettings

	Shipped bool `help:"The configuration that is shipped, not the store's."`
}

// Run prints it.
func (c *ConfigShowCmd) Run(w world) error {
	if c.Shipped {
		_, err := w.out.Write(shipped())
		return err
	}
	st, err := openStore(w.ctx, Settings{Store: c.Store})
	if err != nil {
		return err
	}
	defer closing(st)
	version, err := st.LatestConfig(w.ctx)
	if err != nil {
		return err
	}
	rows, err := st.ConfigRows(w.ctx, version)
	if err != nil {
		return err
	}
	d, err := config.FromRows(rows)
	if err != nil {
		return err
	}
	return writeYAML(w, version, d)
}

// writeYAML goes by JSON, so that the keys are those of the API.
func writeYAML(w world, version int64, d config.Document) error {
	asJSON, err := json.Marshal(d)
	if err != nil {
		return err
	}
	var plain any
	if err := yaml.Unmarshal(asJSON, &plain); err != nil { // JSON is YAML
		return err
	}
	text, err := yaml.Marshal(plain)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.out, "# version %d\n%s", version, text)
	return err
}

// ConfigLintCmd checks a file.
type ConfigLintCmd struct {
	File string `arg:"" help:"YAML file."`
}

// Run names everything that is wrong.
func (c *ConfigLintCmd) Run(w world) error {
	d, err := readDocument(c.File)
	if err != nil {
		return err
	}
	if _, err := desk.ConfigWrites(clock(), "lint", 1, d, nil, rulesOf(liquid.New())); err != nil {
		return err
	}
	_, err = fmt.Fprintln(w.out, "nothing is wrong with it")
	return err
}

// ConfigApplyCmd puts a file in force.
type ConfigApplyCmd struct {
	storeSettings

	File string `arg:"" help:"YAML file."`
}

// Run writes the next version; a running gateway takes it up within seconds.
func (c *ConfigApplyCmd) Run(w world) error {
	d, err := readDocument(c.File)
	if err != nil {
		return err
	}
	st, err := openStore(w.ctx, Settings{Store: c.Store})
	if err != nil {
		return err
	}
	defer closing(st)
	rules := rulesOf(liquid.New())
	current, err := openConfigs(w.ctx, st, d, rules)
	if err != nil {
		return err
	}
	book := &desk.Service{Store: st, Configs: current, Rules: rules}
	version, err := book.WriteConfig(w.ctx, clock(), access.Principal{Name: "operator", Roles: []access.Role{access.Admin}}, d, current.Current().Version)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w.out, "version", version, "is in force")
	return err
}
