// Package contract reads contracts/openapi.yaml for the driving adapters: which operations there are, who may call
// them, and what a right request looks like.
//
// It is read once per process by [Read] and handed on. Schemas are compiled when they are first needed. A body is
// decoded strictly by [Decode]; only when something is wrong with it the whole body goes through its schema, so that
// the answer names every wrong field at once.
package contract

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"carillon/contracts"
	"carillon/core/access"
)

// Contract is what the OpenAPI document says.
type Contract struct {
	operations map[string]*Operation
	schemas    *schemas
}

// Object is the shape of a schema that the contract names: that of the lines of a stream, for one.
func (c *Contract) Object(name string) *Shape {
	return &Shape{schema: c.schemas.lazy("#/components/schemas/" + escapeToken(name))}
}

// Operation is what the contract says about one operation.
type Operation struct {
	ID     string
	Method string
	Path   string // a pattern of http.ServeMux without its method
	// Open tells that nobody needs to sign in.
	Open  bool
	Roles []access.Role
	// Media is the media type of the body; empty when there is none, JSON where there are several.
	Media string
	// Body is what a right body of JSON looks like; nil: there is none, or it is not one of JSON.
	Body *Shape

	parameters []parameter
}

// NoOperation is the operation of a request that the contract does not know, for metrics.
const NoOperation = "none"

// Read reads the contract of the API.
func Read() (*Contract, error) {
	c, err := parseContract([]byte(contracts.OpenAPI()))
	if err != nil {
		return nil, fmt.Errorf("reading the contract of the API: %w", err)
	}
	return c, nil
}

// Operation returns what the contract says of an operation, by its operationId; nil of one it does not name.
func (c *Contract) Operation(id string) *Operation { return c.operations[id] }

// IDs are the ids of all operations, in order.
func (c *Contract) IDs() []string { return slices.Sorted(maps.Keys(c.operations)) }

// Methods are the methods that a path of the contract has.
func (c *Contract) Methods(path string) (methods []string) {
	for _, o := range c.operations {
		if o.Path == path {
			methods = append(methods, o.Method)
		}
	}
	if slices.Contains(methods, http.MethodGet) {
		methods = append(methods, http.MethodHead) // whoever answers GET answers HEAD
	}
	slices.Sort(methods)
	return methods
}

// words lists roles in a sentence.
func words(roles []access.Role) string {
	all := make([]string, 0, len(roles))
	for _, r := range roles {
		all = append(all, string(r))
	}
	return strings.Join(all, ", ")
}

// RolesInWords lists the roles that may call the operation in a sentence.
func (o *Operation) RolesInWords() string { return words(o.Roles) }
