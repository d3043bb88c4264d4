// Package contracts holds what Carillon promises to those outside: the OpenAPI document of its HTTP API, the AsyncAPI
// document of its Kafka topics, and an example of every request, answer and record.
//
// The documents are written first. The HTTP server is generated from openapi.yaml, which roles may call what is read
// from it, and tests replay every example in both directions.
package contracts

import "embed"

//go:embed openapi.yaml
var openAPI string

//go:embed asyncapi.yaml
var asyncAPI string

//go:embed examples
var examples embed.FS

//go:embed schemas/*.json
var schemas embed.FS

// Schemas are the business objects of contacts as JSON Schemas, schemas/CODE.json.
func Schemas() embed.FS { return schemas }

// OpenAPI is the document of the HTTP API, in YAML.
func OpenAPI() string { return openAPI }

// AsyncAPI is the document of the Kafka topics, in YAML.
func AsyncAPI() string { return asyncAPI }

// Examples are the recorded requests, answers and records: examples/rest/<operationId>[.<case>].request.json with the
// answer examples/rest/<operationId>[.<case>].response.<status>.json, and examples/kafka/<message>.json.
func Examples() embed.FS { return examples }
