package main

import (
	"encoding/csv"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// element is one row of contracts/processes.tsv: something the two processes name, where it lives here, and the test that
// proves its behaviour.
type element struct {
	kind, code, seed string
	steps            []string
	where, proof     string
}

// The two processes.
const (
	manageContacts = "3.4.1.1"
	stopService    = "3.3.2.3"
)

// due reports whether the row belongs to a part of the processes that is done, so that it may have no gaps.
func (e element) due() bool {
	return slices.ContainsFunc(e.steps, func(step string) bool {
		switch {
		case e.seed == manageContacts:
			n, err := strconv.ParseFloat(step, 64)
			return err == nil && n <= 2.2
		case e.kind == "algorithm" && step == "2.7": // those of the To Do
			return true
		}
		return step == "1.0"
	})
}

// TestProcesses: every element of the steps that are done stands somewhere and is proven by a test that exists; what is
// to come is listed.
func TestProcesses(t *testing.T) {
	t.Parallel()
	elements := readElements(t)
	seen := make(map[string]bool, len(elements))
	tests := newFinder(t)
	var coming []string
	for _, e := range elements {
		name := strings.Join([]string{e.kind, e.code, e.seed}, " ")
		if seen[name] {
			t.Errorf("%s stands twice", name)
		}
		seen[name] = true
		if e.where == "" && e.proof == "" && !e.due() {
			coming = append(coming, name)
			continue
		}
		for place := range strings.FieldsSeq(e.where) {
			tests.place(name, place)
		}
		for proof := range strings.FieldsSeq(e.proof) {
			tests.test(name, proof)
		}
		if e.where == "" || e.proof == "" {
			t.Errorf("%s: says where it lives %q and which test proves it %q", name, e.where, e.proof)
		}
	}
	if want := 255; len(elements) != want {
		t.Errorf("%d elements, the processes name %d", len(elements), want)
	}
	t.Logf("%d of %d elements are done; to come:\n%s", len(elements)-len(coming), len(elements), strings.Join(coming, "\n"))
}

func readElements(t *testing.T) []element {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "contracts", "processes.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"kind", "code", "seed", "steps", "meaning", "where", "test"}; !slices.Equal(rows[0], want) {
		t.Fatalf("the columns are %q", rows[0])
	}
	elements := make([]element, 0, len(rows)-1)
	for _, row := range rows[1:] {
		elements = append(elements, element{
			kind: row[0], code: row[1], seed: row[2], steps: strings.Split(row[3], ","), where: row[5], proof: row[6],
		})
	}
	return elements
}

// finder looks places and tests up in the repository.
type finder struct {
	t     *testing.T
	files map[string]map[string]bool // the functions of a test file
	texts map[string]string
}

func newFinder(t *testing.T) *finder {
	t.Helper()
	return &finder{t: t, files: make(map[string]map[string]bool), texts: make(map[string]string)}
}

// place wants path or path#word: the file or folder, and the word in the file.
func (f *finder) place(name, place string) {
	path, word, _ := strings.Cut(place, "#")
	full := filepath.Join("..", "..", path)
	info, err := os.Stat(full)
	switch {
	case err != nil:
		f.t.Errorf("%s lives at %s, which is not there", name, path)
	case word != "" && info.IsDir():
		f.t.Errorf("%s lives in the folder %s, in which no word can be", name, path)
	case word != "" && !strings.Contains(f.text(full), word):
		f.t.Errorf("%s lives at %s, where %q does not stand", name, path, word)
	}
}

func (f *finder) text(path string) string {
	if _, read := f.texts[path]; !read {
		b, err := os.ReadFile(path)
		if err != nil {
			f.t.Error(err)
		}
		f.texts[path] = string(b)
	}
	return f.texts[path]
}

// test wants path:TestName.
func (f *finder) test(name, proof string) {
	path, test, _ := strings.Cut(proof, ":")
	if _, read := f.files[path]; !read {
		f.files[path] = testsOf(f.t, filepath.Join("..", "..", path))
	}
	if !f.files[path][test] {
		f.t.Errorf("%s is proven by %s in %s, which is not there", name, test, path)
	}
}

func testsOf(t *testing.T, path string) map[string]bool {
	t.Helper()
	tests := make(map[string]bool)
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Error(err)
		return tests
	}
	for _, d := range file.Decls {
		if fn, is := d.(*ast.FuncDecl); is && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") {
			tests[fn.Name.Name] = true
		}
	}
	return tests
}
