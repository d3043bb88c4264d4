package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"carillon/contracts"
	"carillon/core/access"
)

// contract is what the OpenAPI document says about each operation, by its id without regard to case: the generated
// server writes ids its own way.
type contract map[string]*operation

// operation is what the contract says about one operation.
type operation struct {
	id     string
	method string
	path   string
	open   bool // nobody needs to sign in
	roles  []access.Role
	params []parameter
	body   *jsonschema.Schema // nil: none, or not one of JSON
	kinds  kinds              // of a body that is of several kinds
	media  string             // of the body
}

// kinds are the kinds of a body that names its own in a field (OpenAPI discriminator), each with its schema.
type kinds struct {
	field   string
	schemas map[string]*jsonschema.Schema
}

// parameter is one parameter of an operation.
type parameter struct {
	name     string
	in       string
	required bool
	integer  bool
	schema   *jsonschema.Schema
}

// operation returns what the contract says; of an operation it does not name, that nobody may call it.
func (c contract) operation(id string) *operation {
	if o, ok := c[strings.ToLower(id)]; ok {
		return o
	}
	return &operation{id: id}
}

// noOperation is the operation of a request that the contract does not know.
const noOperation = "none"

// Operations are the operations that [Config.Observe] may be told of, in order.
func Operations() ([]string, error) {
	c, err := readContract(contracts.OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("reading the contract of the API: %w", err)
	}
	ids := []string{noOperation}
	for _, o := range c {
		ids = append(ids, o.id)
	}
	slices.Sort(ids)
	return ids, nil
}

// document is the part of an OpenAPI document that is read here.
type document struct {
	Paths      map[string]map[string]documentOperation `json:"paths"`
	Components struct {
		Parameters map[string]documentParameter `json:"parameters"`
		Schemas    map[string]documentSchema    `json:"schemas"`
	} `json:"components"`
}

type documentOperation struct {
	ID         string              `json:"operationId"`
	Roles      *[]access.Role      `json:"x-roles"`
	Security   *[]any              `json:"security"`
	Parameters []documentParameter `json:"parameters"`
	Body       *struct {
		Content map[string]struct {
			Schema documentSchema `json:"schema"`
		} `json:"content"`
	} `json:"requestBody"`
}

type documentParameter struct {
	Ref      string         `json:"$ref"`
	Name     string         `json:"name"`
	In       string         `json:"in"`
	Required bool           `json:"required"`
	Schema   documentSchema `json:"schema"`
}

type documentSchema struct {
	Ref           string `json:"$ref"`
	Type          string `json:"type"`
	Discriminator struct {
		Field   string            `json:"propertyName"`
		Mapping map[string]string `json:"mapping"`
	} `json:"discriminator"`
}

// base is the made-up address of the document while its schemas are compiled.
const base = "https://carillon.invalid/openapi.yaml"

// readContract reads an OpenAPI document.
func readContract(text string) (contract, error) {
	var tree any
	if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
		return nil, err
	}
	plain, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	var d document
	if err := json.Unmarshal(plain, &d); err != nil {
		return nil, err
	}
	compiler, err := newCompiler(base, plain)
	if err != nil {
		return nil, err
	}
	c := contract{}
	for path, methods := range d.Paths {
		for method, o := range methods {
			read, err := d.operation(compiler, path, method, o)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, path, err)
			}
			c[strings.ToLower(read.id)] = read
		}
	}
	return c, nil
}

// newCompiler makes a compiler of the schemas in a document. It reads nothing but the document.
func newCompiler(address string, plain []byte) (*jsonschema.Compiler, error) {
	tree, err := jsonschema.UnmarshalJSON(strings.NewReader(string(plain)))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiler.UseLoader(closed{})
	return compiler, compiler.AddResource(address, tree)
}

// closed loads nothing.
type closed struct{}

// Load implements jsonschema.URLLoader.
func (closed) Load(string) (any, error) {
	return nil, errors.New("schemas are read from the contract only")
}

func (d document) operation(compiler *jsonschema.Compiler, path, method string, o documentOperation) (*operation, error) {
	if o.ID == "" || o.Roles == nil {
		return nil, errors.New("an operation needs an operationId and x-roles")
	}
	out := &operation{
		id: o.ID, method: strings.ToUpper(method), path: path, roles: *o.Roles,
		open: o.Security != nil && len(*o.Security) == 0,
	}
	at := base + "#/paths/" + escape(path) + "/" + method
	for i, p := range o.Parameters {
		where := fmt.Sprintf("%s/parameters/%d", at, i)
		if name, ok := strings.CutPrefix(p.Ref, "#/components/parameters/"); ok {
			p, where = d.Components.Parameters[name], base+"#/components/parameters/"+name
		}
		schema, err := compiler.Compile(where + "/schema")
		if err != nil {
			return nil, err
		}
		kind := p.Schema.Type
		if name, ok := strings.CutPrefix(p.Schema.Ref, "#/components/schemas/"); ok {
			kind = d.Components.Schemas[name].Type
		}
		out.params = append(out.params, parameter{
			name: p.Name, in: p.In, required: p.Required, integer: kind == "integer", schema: schema,
		})
	}
	out.media = o.media()
	if out.media == "application/json" {
		schema, err := compiler.Compile(at + "/requestBody/content/application~1json/schema")
		if err != nil {
			return nil, err
		}
		out.body = schema
		out.kinds, err = d.kinds(compiler, o.Body.Content[out.media].Schema)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// kinds are those of a schema that names them, none of any other.
func (d document) kinds(compiler *jsonschema.Compiler, of documentSchema) (k kinds, err error) {
	if name, ok := strings.CutPrefix(of.Ref, "#/components/schemas/"); ok {
		of = d.Components.Schemas[name]
	}
	k = kinds{field: of.Discriminator.Field, schemas: make(map[string]*jsonschema.Schema)}
	for kind, ref := range of.Discriminator.Mapping {
		if k.schemas[kind], err = compiler.Compile(base + ref); err != nil {
			return k, err
		}
	}
	return k, nil
}

// media is the media type of the body, JSON where there are several.
func (o documentOperation) media() (one string) {
	if o.Body == nil {
		return ""
	}
	for media := range o.Body.Content {
		if one == "" || media == "application/json" {
			one = media
		}
	}
	return one
}

// escape writes a token of a JSON pointer.
func escape(token string) string {
	return strings.ReplaceAll(strings.ReplaceAll(token, "~", "~0"), "/", "~1")
}

// words lists roles in a sentence.
func words(roles []access.Role) string {
	all := make([]string, 0, len(roles))
	for _, r := range roles {
		all = append(all, string(r))
	}
	return strings.Join(all, ", ")
}
