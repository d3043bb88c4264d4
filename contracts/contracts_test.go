package contracts_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"carillon/contracts"
)

const address = "https://test.invalid/contract.yaml"

// document is one of the contracts: as a tree, and as the schemas in it.
type document struct {
	tree     map[string]any
	compiler *jsonschema.Compiler
}

func read(t *testing.T, text string) document {
	t.Helper()
	var tree map[string]any
	if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
		t.Fatal(err)
	}
	plain, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	resource, err := jsonschema.UnmarshalJSON(bytes.NewReader(plain))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(address, resource); err != nil {
		t.Fatal(err)
	}
	return document{tree: resource.(map[string]any), compiler: c}
}

// at is what stands at a JSON pointer.
func (d document) at(t *testing.T, pointer string) any {
	t.Helper()
	var here any = d.tree
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "#/"), "/") {
		object, _ := here.(map[string]any)
		next, there := object[strings.NewReplacer("~1", "/", "~0", "~").Replace(token)]
		if !there {
			t.Fatalf("there is no %s", pointer)
		}
		here = next
	}
	return here
}

func (d document) keys(t *testing.T, pointer string) []string {
	t.Helper()
	object, ok := d.at(t, pointer).(map[string]any)
	if !ok {
		t.Fatalf("%s is no object", pointer)
	}
	var names []string
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (d document) words(t *testing.T, pointer string) []string {
	t.Helper()
	list, _ := d.at(t, pointer).([]any)
	var words []string
	for _, w := range list {
		word, _ := w.(string)
		words = append(words, word)
	}
	return words
}

func (d document) check(t *testing.T, pointer string, value []byte) {
	t.Helper()
	schema, err := d.compiler.Compile(address + pointer)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(tree); err != nil {
		t.Errorf("%s: %v", pointer, err)
	}
}

// record is a recorded Kafka record.
type record struct {
	Key     string            `json:"key"`
	Headers map[string]string `json:"headers"`
	Value   json.RawMessage   `json:"value"`
}

func recorded(t *testing.T, name string) record {
	t.Helper()
	text, err := fs.ReadFile(contracts.Examples(), "examples/kafka/"+name+".json")
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var r record
	if err := d.Decode(&r); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return r
}

// TestReferences follows every $ref of both contracts.
func TestReferences(t *testing.T) {
	for _, text := range []string{contracts.OpenAPI(), contracts.AsyncAPI()} {
		d := read(t, text)
		followed := 0
		var walk func(any)
		walk = func(here any) {
			switch v := here.(type) {
			case map[string]any:
				if ref, ok := v["$ref"].(string); ok {
					d.at(t, ref)
					followed++
				}
				for _, next := range v {
					walk(next)
				}
			case []any:
				for _, next := range v {
					walk(next)
				}
			}
		}
		walk(d.tree)
		if followed < 10 {
			t.Errorf("only %d references are followed", followed)
		}
	}
}

// TestRecords checks every recorded Kafka record against the schema of its message, and that there is one of each.
func TestRecords(t *testing.T) {
	d := read(t, contracts.AsyncAPI())
	names := d.keys(t, "#/components/messages")
	entries, err := fs.ReadDir(contracts.Examples(), "examples/kafka")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, e := range entries {
		files = append(files, strings.TrimSuffix(e.Name(), ".json"))
	}
	slices.Sort(files)
	if diff := cmp.Diff(names, files); diff != "" {
		t.Error(diff)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			r := recorded(t, name)
			at := "#/components/messages/" + name
			d.check(t, at+"/payload", r.Value)
			if r.Key == "" {
				t.Error("has no key")
			}
			if _, described := d.at(t, at).(map[string]any)["headers"]; !described {
				if r.Headers != nil {
					t.Error("has headers that are not described")
				}
				return
			}
			headers, err := json.Marshal(r.Headers)
			if err != nil {
				t.Fatal(err)
			}
			d.check(t, at+"/headers", headers)
			for h := range r.Headers {
				if !slices.Contains(d.keys(t, "#/components/schemas/Headers/properties"), h) {
					t.Errorf("the header %s is not described", h)
				}
			}
		})
	}
}

// TestRecordsBelongTogether checks what one record says of another.
func TestRecordsBelongTogether(t *testing.T) {
	letter, manifest, status, run := recorded(t, "letter"), recorded(t, "manifest"), recorded(t, "letterStatus"), recorded(t, "runStatus")
	var l struct{ ID, Batch, Account string }
	var m struct {
		Letters int
		SHA256  string
	}
	var s struct{ Letter string }
	var r struct{ Letters int }
	for value, into := range map[*json.RawMessage]any{&letter.Value: &l, &manifest.Value: &m, &status.Value: &s, &run.Value: &r} {
		if err := json.Unmarshal(*value, into); err != nil {
			t.Fatal(err)
		}
	}
	var line bytes.Buffer // a record is one line: its fields in their order, without spaces
	if err := json.Compact(&line, letter.Value); err != nil {
		t.Fatal(err)
	}
	line.WriteByte('\n')
	sum := sha256.Sum256(line.Bytes())
	if want := hex.EncodeToString(sum[:]); m.SHA256 != want || m.Letters != 1 || r.Letters != 1 {
		t.Errorf("the manifest says %s of %d, want %s of 1", m.SHA256, m.Letters, want)
	}
	if letter.Key != "account:"+l.Account || letter.Headers["ce_id"] != l.ID || s.Letter != l.ID {
		t.Errorf("the letter is known as %s, %s and %s", letter.Key, letter.Headers["ce_id"], s.Letter)
	}
}

// TestRecordsAreWhatTheCodeWrites compares the schemas with the types that write and read the records, which cannot be
// imported from here.
func TestRecordsAreWhatTheCodeWrites(t *testing.T) {
	async, open := read(t, contracts.AsyncAPI()), read(t, contracts.OpenAPI())
	letter := fieldsOf(t, "../channels/letter/freeze.go", "record")
	if diff := cmp.Diff(sorted(letter), async.keys(t, "#/components/schemas/Letter/properties")); diff != "" {
		t.Errorf("letter: %s", diff)
	}
	if diff := cmp.Diff(letter, async.words(t, "#/components/schemas/Letter/required")); diff != "" {
		t.Errorf("letter: every field is always there: %s", diff)
	}
	var value bytes.Buffer
	if err := json.Compact(&value, recorded(t, "letter").Value); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(letter, order(t, value.Bytes())); diff != "" {
		t.Errorf("the recorded letter has its fields in another order: %s", diff)
	}
	for schema, fields := range map[string][]string{
		"Postal":   fieldsOf(t, "../core/customer/customer.go", "Postal"),
		"Manifest": fieldsOf(t, "../core/extract/extract.go", "Manifest"),
		"Entry":    fieldsOf(t, "../core/ledger/ledger.go", "canonical"),
	} {
		if diff := cmp.Diff(sorted(fields), async.keys(t, "#/components/schemas/"+schema+"/properties")); diff != "" {
			t.Errorf("%s: %s", schema, diff)
		}
	}
	if diff := cmp.Diff(async.keys(t, "#/components/schemas/Entry/properties"), open.keys(t, "#/components/schemas/LedgerEntry/properties")); diff != "" {
		t.Errorf("the entry of /v1/changes: %s", diff)
	}
	taken := append(async.keys(t, "#/components/schemas/LetterStatus/properties"), async.keys(t, "#/components/schemas/RunStatus/properties")...)
	for _, f := range fieldsOf(t, "../adapters/driving/kafkain/read.go", "record") {
		if !slices.Contains(taken, f) {
			t.Errorf("%s is read of a status and not described", f)
		}
	}
}

// TestWords compares the lists of words in the contracts with those in the code.
func TestWords(t *testing.T) {
	async, open := read(t, contracts.AsyncAPI()), read(t, contracts.OpenAPI())
	kinds := constants(t, "../core/ledger/ledger.go", "Kind")
	if diff := cmp.Diff(kinds, sorted(async.words(t, "#/components/schemas/Entry/properties/kind/examples"))); diff != "" {
		t.Errorf("kinds of entries: %s", diff)
	}
	described, _ := open.at(t, "#/components/schemas/LedgerEntry/properties/kind/description").(string)
	for _, k := range kinds {
		if !strings.Contains(described, "`"+k+"`") {
			t.Errorf("the kind %s is not described", k)
		}
	}
	if n := strings.Count(described, "`") / 2; n != len(kinds) {
		t.Errorf("%d kinds are described, there are %d", n, len(kinds))
	}
	statuses := cases(t, "../adapters/driving/kafkain/read.go", "Status")
	if diff := cmp.Diff(statuses, sorted(async.words(t, "#/components/schemas/LetterStatus/properties/status/enum"))); diff != "" {
		t.Errorf("statuses of letters: %s", diff)
	}
	waits := constants(t, "../core/message/due.go", "WaitReason")
	if diff := cmp.Diff(waits, sorted(open.words(t, "#/components/schemas/Waiting/properties/reason/enum"))); diff != "" {
		t.Errorf("reasons to wait: %s", diff)
	}
	roles := constants(t, "../core/access/access.go", "Role")
	if diff := cmp.Diff(roles, sorted(open.words(t, "#/components/schemas/Role/enum"))); diff != "" {
		t.Errorf("roles: %s", diff)
	}
}

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// fieldsOf are the JSON names of a struct's fields, in their order.
func fieldsOf(t *testing.T, file, name string) []string {
	t.Helper()
	var names []string
	ast.Inspect(parse(t, file), func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != name {
			return true
		}
		shape, ok := spec.Type.(*ast.StructType)
		if !ok {
			return false
		}
		for _, f := range shape.Fields.List {
			if f.Tag == nil {
				continue
			}
			json, _, _ := strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json"), ",")
			names = append(names, json)
		}
		return false
	})
	if names == nil {
		t.Fatalf("%s has no fields of %s", file, name)
	}
	return names
}

// constants are the values of the constants of a type, sorted.
func constants(t *testing.T, file, kind string) []string {
	t.Helper()
	var values []string
	ast.Inspect(parse(t, file), func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if of, ok := spec.Type.(*ast.Ident); ok && of.Name == kind {
			for _, v := range spec.Values {
				values = append(values, literal(t, v))
			}
		}
		return false
	})
	if values == nil {
		t.Fatalf("%s has no constants of %s", file, kind)
	}
	return sorted(values)
}

// cases are the texts of the switch over a field, sorted.
func cases(t *testing.T, file, field string) []string {
	t.Helper()
	var values []string
	ast.Inspect(parse(t, file), func(n ast.Node) bool {
		choice, ok := n.(*ast.SwitchStmt)
		if !ok {
			return true
		}
		if of, ok := choice.Tag.(*ast.SelectorExpr); !ok || of.Sel.Name != field {
			return true
		}
		for _, c := range choice.Body.List {
			if clause, ok := c.(*ast.CaseClause); ok {
				for _, v := range clause.List {
					values = append(values, literal(t, v))
				}
			}
		}
		return false
	})
	if values == nil {
		t.Fatalf("%s has no switch over %s", file, field)
	}
	return sorted(values)
}

func literal(t *testing.T, e ast.Expr) string {
	t.Helper()
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		t.Fatalf("%T is no literal", e)
	}
	text, err := strconv.Unquote(lit.Value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// order is the names of an object's fields in the order they are written.
func order(t *testing.T, object []byte) []string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(object))
	var names []string
	for depth, name := 0, false; ; {
		token, err := d.Token()
		if err != nil {
			return names
		}
		switch v := token.(type) {
		case json.Delim:
			if v == '{' || v == '[' {
				depth++
			} else {
				depth--
			}
			name = depth == 1
		case string:
			if depth == 1 && name {
				names, name = append(names, v), false
				continue
			}
			name = depth == 1
		default:
			name = depth == 1
		}
	}
}

func sorted(words []string) []string {
	out := slices.Clone(words)
	slices.Sort(out)
	return out
}
