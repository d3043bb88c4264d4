package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"os"
	"sync"
	"sync/atomic"

	"gopkg.in/yaml.v3"

	"carillon/core/algorithm"
	plugin "carillon/core/command"
	"carillon/core/config"
	"carillon/core/desk"
	"carillon/core/fault"
	"carillon/core/store"
)

// The configuration that a new store starts with, in two files.
var (
	//go:embed default.yaml
	shippedFirst string
	//go:embed elements.yaml
	shippedRest string
)

// shipped is both files as one document.
func shipped() []byte { return []byte(shippedFirst + "\n" + shippedRest) }

// configs keeps configurations at hand: the newest, and every version that was asked for.
type configs struct {
	from    store.Configs
	current atomic.Pointer[config.Snapshot]

	mu   sync.Mutex
	kept map[int64]*config.Snapshot
}

// rulesOf are the rules that every configuration of the house is checked by.
func rulesOf(forms desk.Checker) desk.Rules {
	return desk.Rules{Forms: forms, Catalog: algorithm.Catalog(), Batches: batchParameters(), Validators: algorithm.Validators()}
}

// batchParameters are what each batch of the program takes, which hangs on nothing that runs.
func batchParameters() map[string][]plugin.Parameter {
	takes := make(map[string][]plugin.Parameter)
	for _, d := range new(app).book() {
		takes[d.Code] = d.Accepts()
	}
	return takes
}

// openConfigs reads the newest configuration; a store without one gets the document under version 1.
func openConfigs(ctx context.Context, st store.Store, first config.Document, rules desk.Rules) (*configs, error) {
	c := &configs{from: st, kept: make(map[int64]*config.Snapshot)}
	version, err := st.LatestConfig(ctx)
	if err != nil {
		return nil, err
	}
	if version == 0 {
		set, err := desk.ConfigWrites(clock(), "carillon", 1, first, nil, rules)
		if err != nil {
			return nil, err
		}
		if _, err := st.Apply(ctx, set); err != nil { // another gateway may have been first: either way it is there
			return nil, err
		}
	}
	return c, c.Refresh(ctx)
}

// Current is the newest configuration.
func (c *configs) Current() *config.Snapshot { return c.current.Load() }

// At is the configuration of a version.
func (c *configs) At(ctx context.Context, version int64) (*config.Snapshot, error) {
	c.mu.Lock()
	s, there := c.kept[version]
	c.mu.Unlock()
	if there {
		return s, nil
	}
	rows, err := c.from.ConfigRows(ctx, version)
	if err != nil {
		return nil, err
	}
	d, err := config.FromRows(rows)
	if err != nil {
		return nil, err
	}
	if s, err = config.Compile(version, d); err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.kept[version] = s
	c.mu.Unlock()
	return s, nil
}

// Refresh reads the newest configuration.
func (c *configs) Refresh(ctx context.Context) error {
	version, err := c.from.LatestConfig(ctx)
	if err != nil {
		return err
	}
	if now := c.Current(); now != nil && now.Version == version {
		return nil
	}
	s, err := c.At(ctx, version)
	if err != nil {
		return err
	}
	c.current.Store(s)
	return nil
}

// readDocument reads the configuration in a YAML file.
func readDocument(name string) (config.Document, error) {
	text, err := readFile(name)
	if err != nil {
		return config.Document{}, err
	}
	return parseDocument(text)
}

// parseDocument reads a configuration written in YAML; fault.Invalid names what it does not know.
func parseDocument(text []byte) (config.Document, error) {
	asJSON, err := yamlToJSON(text)
	if err != nil {
		return config.Document{}, err
	}
	var d config.Document
	strict := json.NewDecoder(bytes.NewReader(asJSON))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&d); err != nil {
		return config.Document{}, fault.Wrap(fault.Invalid, "the configuration is not understood: "+err.Error(), err)
	}
	return d, nil
}

func yamlToJSON(text []byte) ([]byte, error) {
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		return nil, fault.Wrap(fault.Invalid, "the file is no YAML", err)
	}
	if v == nil {
		v = map[string]any{}
	}
	return json.Marshal(v)
}

// firstDocument is what a new store starts with: the file of the setting, or what is shipped.
func firstDocument(file string) (config.Document, error) {
	text := shipped()
	if file != "" {
		var err error
		if text, err = os.ReadFile(file); err != nil {
			return config.Document{}, fault.Wrap(fault.Invalid, "reading "+file, err)
		}
	}
	return parseDocument(text)
}
