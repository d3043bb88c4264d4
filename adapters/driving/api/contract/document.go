package contract

import (
	"errors"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"carillon/core/access"
)

// document is the part of an OpenAPI document that is read here.
type document struct {
	Paths      map[string]map[string]documentOperation `yaml:"paths"`
	Components struct {
		Parameters map[string]documentParameter `yaml:"parameters"`
		Schemas    map[string]documentSchema    `yaml:"schemas"`
	} `yaml:"components"`
}

type documentOperation struct {
	ID         string              `yaml:"operationId"`
	Roles      *[]access.Role      `yaml:"x-roles"`
	Security   *[]any              `yaml:"security"`
	Parameters []documentParameter `yaml:"parameters"`
	Body       *struct {
		Required bool `yaml:"required"`
		Content  map[string]struct {
			Schema documentSchema `yaml:"schema"`
		} `yaml:"content"`
	} `yaml:"requestBody"`
}

type documentParameter struct {
	Ref      string         `yaml:"$ref"`
	Name     string         `yaml:"name"`
	In       string         `yaml:"in"`
	Required bool           `yaml:"required"`
	Schema   documentSchema `yaml:"schema"`
}

type documentSchema struct {
	Ref           string `yaml:"$ref"`
	Type          any    `yaml:"type"`
	Default       any    `yaml:"default"`
	Discriminator struct {
		Field   string            `yaml:"propertyName"`
		Mapping map[string]string `yaml:"mapping"`
	} `yaml:"discriminator"`
}

// jsonMedia is the media type of most bodies.
const jsonMedia = "application/json"

// parseContract reads an OpenAPI document.
func parseContract(text []byte) (*Contract, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, err
	}
	var d document
	var tree any
	if err := errors.Join(root.Decode(&d), root.Decode(&tree)); err != nil {
		return nil, err
	}
	all, err := newSchemas(tree)
	if err != nil {
		return nil, err
	}
	c := &Contract{operations: make(map[string]*Operation), schemas: all}
	for path, methods := range d.Paths {
		for method, o := range methods {
			read, err := d.operation(all, path, method, o)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, path, err)
			}
			if _, twice := c.operations[read.ID]; twice {
				return nil, fmt.Errorf("%s %s: there are two operations %s", method, path, read.ID)
			}
			c.operations[read.ID] = read
		}
	}
	return c, nil
}

func (d document) operation(all *schemas, path, method string, o documentOperation) (*Operation, error) {
	if o.ID == "" || o.Roles == nil {
		return nil, errors.New("an operation needs an operationId and x-roles")
	}
	out := &Operation{
		ID: o.ID, Method: strings.ToUpper(method), Path: path, Roles: *o.Roles, Media: o.media(),
		Open: o.Security != nil && len(*o.Security) == 0,
	}
	at := "#/paths/" + escapeToken(path) + "/" + method
	for i, p := range o.Parameters {
		where := fmt.Sprintf("%s/parameters/%d", at, i)
		if name, ok := strings.CutPrefix(p.Ref, "#/components/parameters/"); ok {
			p, where = d.Components.Parameters[name], "#/components/parameters/"+name
		}
		schema := d.resolve(p.Schema)
		out.parameters = append(out.parameters, parameter{
			name: p.Name, in: p.In, required: p.Required, kind: fmt.Sprint(schema.Type), fallback: fallback(schema.Default),
			schema: all.lazy(where + "/schema"),
		})
	}
	if out.Media == jsonMedia {
		out.Body = &Shape{
			schema: all.lazy(at + "/requestBody/content/application~1json/schema"),
			kinds:  d.kinds(all, o.Body.Content[out.Media].Schema), optional: !o.Body.Required,
		}
	}
	return out, nil
}

// resolve follows a reference to a schema by its name.
func (d document) resolve(s documentSchema) documentSchema {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return d.Components.Schemas[name]
	}
	return s
}

// fallback is a default as a parameter would be written.
func fallback(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// kinds are those of a schema that names them, none of any other.
func (d document) kinds(all *schemas, of documentSchema) kinds {
	of = d.resolve(of)
	k := kinds{field: of.Discriminator.Field, schemas: make(map[string]*lazySchema)}
	for kind, ref := range of.Discriminator.Mapping {
		k.schemas[kind] = all.lazy(ref)
	}
	return k
}

// media is the media type of the body, JSON where there are several.
func (o documentOperation) media() (one string) {
	if o.Body == nil {
		return ""
	}
	for media := range o.Body.Content {
		if one == "" || media == jsonMedia {
			one = media
		}
	}
	return one
}

// escapeToken writes a token of a JSON pointer.
func escapeToken(token string) string {
	return strings.ReplaceAll(strings.ReplaceAll(token, "~", "~0"), "/", "~1")
}

// unescapeToken reads a token of a JSON pointer.
func unescapeToken(token string) string {
	return strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
}
