package rest_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"carillon/contracts"
	"carillon/core/access"
)

var update = flag.Bool("update", false, "write the answers of the examples anew")

// specification is the OpenAPI document as the tests read it.
type specification struct {
	Paths map[string]map[string]struct {
		ID        string         `json:"operationId"`
		Roles     []access.Role  `json:"x-roles"`
		Responses map[string]any `json:"responses"`
	} `json:"paths"`

	compiler *jsonschema.Compiler
}

const address = "https://test.invalid/openapi.yaml"

func specified(tb testing.TB) *specification {
	tb.Helper()
	var tree any
	if err := yaml.Unmarshal([]byte(contracts.OpenAPI()), &tree); err != nil {
		tb.Fatal(err)
	}
	text, err := json.Marshal(tree)
	if err != nil {
		tb.Fatal(err)
	}
	var s specification
	if err := json.Unmarshal(text, &s); err != nil {
		tb.Fatal(err)
	}
	plain, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		tb.Fatal(err)
	}
	s.compiler = jsonschema.NewCompiler()
	s.compiler.AssertFormat()
	if err := s.compiler.AddResource(address, plain); err != nil {
		tb.Fatal(err)
	}
	return &s
}

// found is an operation with its place in the document.
type found struct {
	id, path, method string
	roles            []access.Role
	statuses         []string
	responses        map[string]any
}

func (s *specification) operations(tb testing.TB) []found {
	tb.Helper()
	var all []found
	for p, methods := range s.Paths {
		if strings.HasPrefix(p, "/v1/hooks/") { // served by hooks
			continue
		}
		for m, o := range methods {
			f := found{id: o.ID, path: p, method: m, roles: o.Roles, responses: o.Responses}
			for status := range o.Responses {
				f.statuses = append(f.statuses, status)
			}
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b found) int { return strings.Compare(a.id, b.id) })
	if len(all) < 20 {
		tb.Fatalf("only %d operations are read", len(all))
	}
	return all
}

// answer is the schema of an answer; nil when it has no JSON body.
func (s *specification) answer(tb testing.TB, f found, status int, media string) *jsonschema.Schema {
	tb.Helper()
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	where := "#/paths/" + escape.Replace(f.path) + "/" + f.method + "/responses/" + strconv.Itoa(status)
	described, ok := f.responses[strconv.Itoa(status)].(map[string]any)
	if !ok {
		tb.Fatalf("%s does not describe status %d", f.id, status)
	}
	if ref, ok := described["$ref"].(string); ok {
		where = ref
	} else if described["content"] == nil {
		return nil
	}
	schema, err := s.compiler.Compile(address + where + "/content/" + escape.Replace(media) + "/schema")
	if err != nil {
		tb.Fatalf("%s: %v", f.id, err)
	}
	return schema
}

// example is a request or an answer as recorded.
type example struct {
	Method  string            `json:"method,omitempty"`
	Path    string            `json:"path,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    json.RawMessage   `json:"body,omitempty"`
	Lines   []json.RawMessage `json:"lines,omitempty"` // of a stream
}

// linesOf is a stream of JSON as its lines.
func linesOf(text []byte) (lines []json.RawMessage) {
	for line := range bytes.Lines(text) {
		lines = append(lines, bytes.TrimSpace(line))
	}
	return lines
}

func readExample(tb testing.TB, name string) (example, bool) {
	tb.Helper()
	text, err := fs.ReadFile(contracts.Examples(), path.Join("examples/rest", name))
	if err != nil {
		return example{}, false
	}
	var e example
	if err := json.Unmarshal(text, &e); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return e, true
}

func (e example) request(tb testing.TB, role access.Role) *http.Request {
	tb.Helper()
	body := string(e.Body)
	for _, line := range e.Lines {
		var compact bytes.Buffer
		if err := json.Compact(&compact, line); err != nil {
			tb.Fatal(err)
		}
		body += compact.String() + "\n"
	}
	r := httptest.NewRequestWithContext(tb.Context(), e.Method, e.Path, strings.NewReader(body))
	if role != "" {
		r.Header.Set("Authorization", "Bearer "+key(role))
	}
	if e.Body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if e.Lines != nil {
		r.Header.Set("Content-Type", "application/x-ndjson")
	}
	for name, value := range e.Headers {
		r.Header.Set(name, value)
	}
	return r
}

// requests are the names of all request examples.
func requests(tb testing.TB) []string {
	tb.Helper()
	entries, err := fs.ReadDir(contracts.Examples(), "examples/rest")
	if err != nil {
		tb.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".request.json")
		if id, _, _ := strings.Cut(name, "."); ok && !elsewhere(id) {
			names = append(names, name)
		}
	}
	return names
}

// TestExamples sends every recorded request and compares what comes back with the recorded answer, which must be as
// the contract describes it.
func TestExamples(t *testing.T) {
	spec := specified(t)
	h := &house{}
	handler := open(t, h)
	seen := map[string]bool{}
	for _, name := range requests(t) {
		id, _, _ := strings.Cut(name, ".")
		seen[id] = true
		t.Run(name, func(t *testing.T) {
			i := slices.IndexFunc(spec.operations(t), func(f found) bool { return f.id == id })
			if i < 0 {
				t.Fatalf("no operation %s", id)
			}
			f := spec.operations(t)[i]
			h.unreachable, h.unsigned, h.document = strings.HasSuffix(name, ".store_unavailable"), strings.HasSuffix(name, ".unsigned"), document(t)
			var role access.Role
			if len(f.roles) > 0 {
				role = roleOf(f.roles)
			}
			request, _ := readExample(t, name+".request.json")
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, request.request(t, role))
			got := recorded(t, w)
			for i, line := range got.Lines {
				schema, last := "ContactResult", "ContactsEnd"
				if id == "loadCustomers" {
					schema, last = "LoadResult", "LoadsEnd"
				}
				if i == len(got.Lines)-1 {
					schema = last
				}
				compiled, err := spec.compiler.Compile(address + "#/components/schemas/" + schema)
				if err != nil {
					t.Fatal(err)
				}
				conforms(t, compiled, line)
			}
			if len(got.Body) > 0 {
				media, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
				conforms(t, spec.answer(t, f, w.Code, media), got.Body)
			}
			compare(t, name, w.Code, got)
		})
	}
	for _, f := range spec.operations(t) {
		if !seen[f.id] && f.id != "openapi" && f.id != "asyncapi" {
			t.Errorf("no example of %s", f.id)
		}
	}
}

func conforms(t *testing.T, schema *jsonschema.Schema, body []byte) {
	t.Helper()
	tree, err := jsonschema.UnmarshalJSON(strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(tree); err != nil {
		t.Errorf("the answer is not as described: %v", err)
	}
}

// recorded is an answer with the headers that the contract describes.
func recorded(t *testing.T, w *httptest.ResponseRecorder) example {
	t.Helper()
	got := example{Headers: map[string]string{}, Body: w.Body.Bytes()}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") { // a plain text is recorded as a string
		quoted, err := json.Marshal(w.Body.String())
		if err != nil {
			t.Fatal(err)
		}
		got.Body = quoted
	}
	if w.Header().Get("Content-Type") == "application/x-ndjson" {
		got.Body, got.Lines = nil, linesOf(w.Body.Bytes())
	}
	for _, name := range []string{"Carillon-Batch", "Content-Type", "Location", "ETag", "Idempotency-Replayed", "Retry-After", "WWW-Authenticate", "Allow"} {
		if v := w.Header().Get(name); v != "" {
			got.Headers[name] = v
		}
	}
	return got
}

func compare(t *testing.T, name string, status int, got example) {
	t.Helper()
	file := name + ".response." + strconv.Itoa(status) + ".json"
	if *update {
		text, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("../../../contracts/examples/rest", file), append(text, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, found := readExample(t, file)
	if !found {
		t.Fatalf("status %d, and no %s: %s", status, file, got.Body)
	}
	if diff := cmp.Diff(want.Headers, got.Headers, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(parsed(t, want.Body), parsed(t, got.Body)); diff != "" {
		t.Error(diff)
	}
	if len(want.Lines) != len(got.Lines) {
		t.Fatalf("%d lines, want %d", len(got.Lines), len(want.Lines))
	}
	for i := range want.Lines {
		if diff := cmp.Diff(parsed(t, want.Lines[i]), parsed(t, got.Lines[i])); diff != "" {
			t.Errorf("line %d: %s", i+1, diff)
		}
	}
}

func parsed(t *testing.T, text []byte) any {
	t.Helper()
	if len(text) == 0 {
		return nil
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return tree
}

// TestRoles calls every operation as every role: those the contract names are let in, the others are not, and nobody
// without a key.
func TestRoles(t *testing.T) {
	handler := open(t, &house{document: document(t)})
	for _, f := range specified(t).operations(t) {
		request, found := readExample(t, f.id+".request.json")
		if !found {
			request = example{Method: strings.ToUpper(f.method), Path: f.path}
		}
		call := func(key string) int {
			r := request.request(t, "")
			if key != "" {
				r.Header.Set("Authorization", key)
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s does not say how to sign in", f.id)
			}
			if w.Code >= http.StatusBadRequest {
				problemIn(t, w)
			}
			return w.Code
		}
		if len(f.roles) == 0 {
			if status := call(""); status != http.StatusOK {
				t.Errorf("%s is open and gives %d", f.id, status)
			}
			continue
		}
		for _, r := range access.Roles() {
			want := !slices.Contains(f.roles, r)
			if status := call("Bearer " + key(r)); (status == http.StatusForbidden) != want || !want && status/100 != 2 {
				t.Errorf("%s as %s gives %d", f.id, r, status)
			}
		}
		for _, key := range []string{"", "Bearer ", "Bearer crl_nobody", "Basic " + key(access.Admin), "crl_admin"} {
			if status := call(key); status != http.StatusUnauthorized {
				t.Errorf("%s with %q gives %d", f.id, key, status)
			}
		}
		if status := call("Bearer crl_down"); status != http.StatusServiceUnavailable {
			t.Errorf("%s gives %d when keys cannot be looked up", f.id, status)
		}
	}
}

// TestContracts reads what is served of the contracts.
func TestContracts(t *testing.T) {
	for name, want := range map[string]string{"/openapi.yaml": contracts.OpenAPI(), "/asyncapi.yaml": contracts.AsyncAPI()} {
		w := httptest.NewRecorder()
		open(t, &house{}).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, name, nil))
		if w.Code != http.StatusOK || w.Body.String() != want || !regexp.MustCompile("^application/yaml").MatchString(w.Header().Get("Content-Type")) {
			t.Errorf("%s gives %d, %v", name, w.Code, w.Header())
		}
	}
}
