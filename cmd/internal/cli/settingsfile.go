package cli

import (
	"encoding/json"
	"errors"
	"io"
	"os"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"

	"carillon/core/fault"
)

// SettingsFile reads the file that --settings names: its keys are the names of the flags.
func SettingsFile(r io.Reader) (kong.Resolver, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	asJSON, err := YAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	values := make(map[string]any)
	if err := json.Unmarshal(asJSON, &values); err != nil {
		return nil, fault.Wrap(fault.Invalid, "the settings file is no list of settings", err)
	}
	return fileSettings(values), nil
}

// fileSettings are the values of a settings file, by the names of flags.
type fileSettings map[string]any

// Validate implements kong.Resolver: a key that is no setting of any command is refused, and so is a nested one.
func (f fileSettings) Validate(app *kong.Application) error {
	known := make(map[string]bool)
	err := kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			known[flag.Name] = true
		}
		return next(nil)
	})
	wrong := []error{err}
	for key, value := range f {
		if _, nested := value.(map[string]any); nested || !known[key] {
			wrong = append(wrong, fault.New(fault.Invalid, "the settings file has a key that is no setting: "+key))
		}
	}
	return errors.Join(wrong...)
}

// Resolve implements kong.Resolver. A variable of the environment is nearer than a file.
func (f fileSettings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil //nolint:nilnil // kong's word for "nothing to say"
		}
	}
	value, there := f[flag.Name]
	if !there {
		return nil, nil //nolint:nilnil // as above
	}
	return value, nil
}

// YAMLToJSON is a YAML text as JSON; fault.Invalid when it is none.
func YAMLToJSON(text []byte) ([]byte, error) {
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		return nil, fault.Wrap(fault.Invalid, "the file is no YAML", err)
	}
	if v == nil {
		v = map[string]any{}
	}
	return json.Marshal(v)
}
