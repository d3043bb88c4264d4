// Package schema validates documents against business objects: JSON Schemas of draft 2020-12, one file for each by its code.
// It reads nothing but the files it is given.
package schema

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"carillon/core/contact"
	"carillon/core/fault"
)

// base is the made-up address of the business objects; they refer to each other by it.
const base = "https://carillon.invalid/schemas/"

// Schemas holds business objects by their codes. It is safe for concurrent use.
type Schemas struct {
	byCode map[string]*jsonschema.Schema
}

var _ contact.Schemas = (*Schemas)(nil)

// closed loads nothing.
type closed struct{}

// Load implements jsonschema.URLLoader.
func (closed) Load(string) (any, error) {
	return nil, errors.New("business objects refer to each other only")
}

// New compiles the business objects in the files: each is CODE.json.
func New(files fs.FS) (*Schemas, error) {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, fmt.Errorf("listing business objects: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiler.UseLoader(closed{})
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("reading business object %s: %w", name, err)
		}
		tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err == nil {
			err = compiler.AddResource(base+name, tree)
		}
		if err != nil {
			return nil, fmt.Errorf("reading business object %s: %w", name, err)
		}
	}
	s := &Schemas{byCode: make(map[string]*jsonschema.Schema, len(names))}
	for _, name := range names {
		compiled, err := compiler.Compile(base + name)
		if err != nil {
			return nil, fmt.Errorf("compiling business object %s: %w", name, err)
		}
		s.byCode[strings.TrimSuffix(path.Base(name), ".json")] = compiled
	}
	return s, nil
}

// Known reports whether there is a business object of the code.
func (s *Schemas) Known(code string) bool { return s.byCode[code] != nil }

// Violations implements [contact.Schemas]. The reasons name types, patterns and lengths, never the value that was given.
func (s *Schemas) Violations(code string, document []byte) []fault.Violation {
	schema, known := s.byCode[code]
	if !known {
		return []fault.Violation{{Reason: "there is no business object " + code}}
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return []fault.Violation{{Reason: "is no JSON"}}
	}
	var wrong *jsonschema.ValidationError
	if err := schema.Validate(value); err == nil {
		return nil
	} else if !errors.As(err, &wrong) {
		return []fault.Violation{{Reason: "does not fit its business object " + code}}
	}
	var out []fault.Violation
	s.gather(wrong, code, &out)
	return out
}

// gather takes the leaves of a validation error.
func (s *Schemas) gather(e *jsonschema.ValidationError, code string, out *[]fault.Violation) {
	for _, cause := range e.Causes {
		s.gather(cause, code, out)
	}
	if len(e.Causes) > 0 {
		return
	}
	for _, v := range s.leaf(e, code) {
		if !slices.Contains(*out, v) {
			*out = append(*out, v)
		}
	}
}

func (s *Schemas) leaf(e *jsonschema.ValidationError, code string) []fault.Violation {
	at := pointer(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		return below(at, k.Missing, "is required by the business object "+code)
	case *kind.AdditionalProperties:
		return below(at, k.Properties, "is no field of the business object "+code)
	case *kind.Not:
		return []fault.Violation{{Field: at, Reason: "has fields that the business object " + code + " does not allow together"}}
	case *kind.Type:
		return []fault.Violation{{Field: at, Reason: "is a " + strings.Join(k.Want, " or ")}}
	case *kind.Enum:
		return []fault.Violation{{Field: at, Reason: "is none of the values its business object lists"}}
	case *kind.Pattern:
		return []fault.Violation{{Field: at, Reason: "does not have the form " + k.Want}}
	case *kind.Format:
		return []fault.Violation{{Field: at, Reason: "is no " + k.Want}}
	case *kind.MinLength:
		return []fault.Violation{{Field: at, Reason: fmt.Sprintf("has at least %d characters", k.Want)}}
	case *kind.MaxLength:
		return []fault.Violation{{Field: at, Reason: fmt.Sprintf("has at most %d characters", k.Want)}}
	}
	return []fault.Violation{{Field: at, Reason: "does not fit its business object " + code}}
}

func below(at string, names []string, reason string) []fault.Violation {
	out := make([]fault.Violation, len(names))
	for i, name := range names {
		out[i] = fault.Violation{Field: at + pointer([]string{name}), Reason: reason}
	}
	return out
}

// pointer writes a JSON pointer.
func pointer(tokens []string) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteString("/" + strings.ReplaceAll(strings.ReplaceAll(t, "~", "~0"), "/", "~1"))
	}
	return b.String()
}
