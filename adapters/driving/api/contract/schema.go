package contract

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemas compiles the schemas of a document when they are first needed. It is safe for use by many goroutines.
type schemas struct {
	tree any

	mu       sync.Mutex
	compiler *jsonschema.Compiler
}

// base is the made-up address of the document while its schemas are compiled.
const base = "https://carillon.invalid/openapi.yaml"

func newSchemas(tree any) (*schemas, error) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiler.UseLoader(closed{})
	return &schemas{tree: tree, compiler: compiler}, compiler.AddResource(base, tree)
}

// closed loads nothing.
type closed struct{}

// Load implements jsonschema.URLLoader.
func (closed) Load(string) (any, error) {
	return nil, errors.New("schemas are read from the contract only")
}

// lazySchema is a schema that is compiled once, when it is first needed.
type lazySchema struct {
	all   *schemas
	where string // a JSON pointer into the document, from its #

	once     sync.Once
	compiled *jsonschema.Schema
	err      error
}

func (s *schemas) lazy(where string) *lazySchema { return &lazySchema{all: s, where: where} }

// compile returns the schema. The document is part of the program and a test compiles all of it.
func (l *lazySchema) compile() (*jsonschema.Schema, error) {
	l.once.Do(func() {
		l.all.mu.Lock()
		defer l.all.mu.Unlock()
		l.compiled, l.err = l.all.compiler.Compile(base + l.where)
	})
	return l.compiled, l.err
}

// must is the schema; a document whose schemas do not compile is a mistake of ours, and the request ends with one.
func (l *lazySchema) must() *jsonschema.Schema {
	schema, err := l.compile()
	if err != nil {
		panic(err)
	}
	return schema
}

// says are the words with which the document explains the schema at an address to people (x-says); empty: none.
func (s *schemas) says(address string) string {
	_, pointer, _ := strings.Cut(address, "#")
	if text, err := url.PathUnescape(pointer); err == nil {
		pointer = text
	}
	at := s.tree
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		at = child(at, unescapeToken(token))
	}
	object, _ := at.(map[string]any)
	says, _ := object["x-says"].(string)
	return says
}

// child is the part of a document that a token of a pointer names; nil when there is none.
func child(of any, token string) any {
	switch of := of.(type) {
	case map[string]any:
		return of[token]
	case []any:
		if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(of) {
			return of[i]
		}
	}
	return nil
}
