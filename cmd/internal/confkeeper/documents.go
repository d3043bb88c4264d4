package confkeeper

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"os"

	"carillon/cmd/internal/cli"
	"carillon/core/config"
	"carillon/core/fault"
)

// The configuration that a new store starts with, in two files.
var (
	//go:embed default.yaml
	shippedFirst string
	//go:embed elements.yaml
	shippedRest string
)

// Shipped is both files as one document.
func Shipped() []byte { return []byte(shippedFirst + "\n" + shippedRest) }

// ReadFile reads a file; fault.Invalid says why not.
func ReadFile(name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "reading "+name+": "+err.Error(), err)
	}
	return text, nil
}

// ReadDocument reads the configuration in a YAML file.
func ReadDocument(name string) (config.Document, error) {
	text, err := ReadFile(name)
	if err != nil {
		return config.Document{}, err
	}
	return ParseDocument(text)
}

// ParseDocument reads a configuration written in YAML; fault.Invalid names what it does not know.
func ParseDocument(text []byte) (config.Document, error) {
	asJSON, err := cli.YAMLToJSON(text)
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

// First is what a store without a configuration starts with. Other stores do not ask for it.
type First func() (config.Document, error)

// Fixed is a document that was read already.
func Fixed(d config.Document) First { return func() (config.Document, error) { return d, nil } }

// FirstOf is the document in the file of the setting, which is read now so that one that cannot be read is told at
// every start; without a file, what is shipped.
func FirstOf(file string) (First, error) {
	if file == "" {
		return func() (config.Document, error) { return ParseDocument(Shipped()) }, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "reading "+file, err)
	}
	d, err := ParseDocument(text)
	if err != nil {
		return nil, err
	}
	return Fixed(d), nil
}
