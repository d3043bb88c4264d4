package core_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestHouse inspects the whole repository: who imports whom, that the core and the channels are still, that every
// exported name is explained, and that nothing grows too large to be read.
func TestHouse(t *testing.T) {
	t.Parallel()
	sins, err := inspect("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sins {
		t.Error(s)
	}
}

// Measures of the house.
const (
	maxFunction  = 60
	maxFile      = 400
	maxInterface = 5
)

// long may exceed the measures, and nothing else may: the suites of the ports, which are lists of sentences and imported
// by tests only.
func long(name string) bool { return under("core/porttest")(name) }

// annexes are the modules beside the product's: what they need would be a burden on it. Nothing of the product may stand
// there, so no other folder may be a module.
func annexes() []string { return []string{"bench", "deploy/box"} }

// nouns stand in the order in which they may know each other: a noun knows only those before it.
func nouns() []string {
	return []string{"access", "customer", "agreement", "occurrence", "contact", "template", "message", "consent", "plan", "ledger", "extract", "config", "todo", "control"}
}

// verbs never know each other.
func verbs() []string { return []string{"accept", "dispatch", "report", "desk", "sysevent", "batch"} }

// pure are the packages that the core and the channels may use: the parts of std that do no I/O and keep no clock, and
// a few libraries that only compute. What of them does more (time.Now, fmt.Print, log/slog's logger) is forbidden
// call by call: see restless.
func pure() []string {
	return []string{
		"bytes", "cmp", "container/heap", "container/list", "context", "crypto/hmac", "crypto/sha256", "crypto/sha512",
		"crypto/subtle", "encoding", "encoding/base32", "encoding/base64", "encoding/binary", "encoding/csv",
		"encoding/hex", "encoding/json", "encoding/xml", "errors", "fmt", "hash", "hash/fnv", "html", "io", "iter",
		"log/slog", "maps", "math", "math/big", "math/bits", "net/mail", "net/netip", "net/url", "path", "regexp",
		"slices", "sort", "strconv", "strings", "time", "unicode", "unicode/utf16", "unicode/utf8", "unique",

		"github.com/nyaruka/phonenumbers", "github.com/rickar/cal", "github.com/robfig/cron", "golang.org/x/mod/sumdb",
		"golang.org/x/net/idna", "golang.org/x/text",
	}
}

// restless are the calls by which a pure package would keep a clock or do I/O.
func restless() map[string][]string {
	return map[string][]string{
		"time":     {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"},
		"context":  {"WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause", "AfterFunc", "Background", "TODO"},
		"fmt":      {"Print", "Printf", "Println", "Scan", "Scanf", "Scanln"},
		"log/slog": {"Debug", "Info", "Warn", "Error", "Log", "LogAttrs", "Default", "SetDefault", "New"},
	}
}

// room is one row of the import law.
type room struct {
	own     func(dir string) bool        // may it import this directory of the house?
	outside func(importPath string) bool // may it import this package from elsewhere?
	still   bool                         // no goroutine, no clock, no init, no package-level state
}

// roomOf finds the row of the law for a directory of the house.
func roomOf(dir string) (room, bool) {
	first, rest, _ := strings.Cut(dir, "/")
	name, _, _ := strings.Cut(rest, "/")
	switch {
	case first == "core":
		return coreRoom(name)
	case first == "channels" && name != "":
		return room{own: either(in("core/fault"), aNoun, in("channels/"+name)), outside: isPure, still: true}, true
	case first == "adapters":
		return adapterRoom(name, dir)
	case first == "cmd":
		return programRoom(dir)
	case first == "contracts" && rest == "":
		return room{own: nothing, outside: among("embed", "io/fs")}, true
	case first == "deploy":
		return room{own: nothing, outside: isStd}, true
	}
	return room{}, false
}

func coreRoom(name string) (room, bool) {
	grounds := in("core/fault", "core/plugin")
	switch place := slices.Index(nouns(), name); {
	case name == "": // the dictionary
		return room{own: nothing, outside: nothing, still: true}, true
	case name == "fault":
		return room{own: nothing, outside: among("context", "errors", "strings", "time"), still: true}, true
	case name == "plugin":
		return room{own: in("core/fault"), outside: isPure, still: true}, true
	case place >= 0:
		return room{own: either(grounds, earlier(place)), outside: isPure, still: true}, true
	case name == "store", name == "algorithm":
		return room{own: either(grounds, aNoun), outside: isPure, still: true}, true
	case slices.Contains(verbs(), name): // a verb's rooms share what the verb itself has, and do not know each other
		return room{own: either(grounds, aNoun, in("core/store", "core/"+name)), outside: isPure, still: true}, true
	case name == "porttest":
		return room{
			own:     either(grounds, aNoun, in("core/store"), under("channels")),
			outside: either(isPure, among("testing", "math/rand/v2", "reflect", "sync", "sync/atomic")),
		}, true
	}
	return room{}, false
}

func adapterRoom(kind, dir string) (room, bool) {
	mine := under(strings.Join(strings.SplitN(dir, "/", 4)[:min(3, strings.Count(dir, "/")+1)], "/"))
	kit := under("adapters/kit")
	switch kind {
	case "kit":
		if dir == "adapters/kit/cloud" { // what the adapters of AWS share, and it alone knows its SDK
			return room{own: either(in("core/fault"), kit), outside: either(isStd, cloudTools)}, true
		}
		return room{own: either(in("core/fault"), mine), outside: either(isStd, kitTools)}, true
	case "driven":
		return room{own: either(in("core/fault", "core/plugin", "core/store"), aNoun, under("channels"), kit, mine), outside: anything}, true
	case "driving": // they share the contract of the API and the JSON of what comes in, and nothing else
		shared := under("adapters/driving/api")
		return room{own: either(func(d string) bool { return under("core")(d) && d != "core/porttest" }, in("contracts"), kit, shared, mine), outside: anything}, true
	case "simulators":
		return room{own: under("adapters/simulators"), outside: either(isStd, startsWith("github.com/twmb/franz-go"))}, true
	}
	return room{}, false
}

// programs are what is linked. What they share are rooms of cmd/internal, which nobody else can open.
func programs() []string { return []string{"cmd/carillon", "cmd/carillon-demo"} }

// workshops are the rooms of cmd/internal, and who of them knows adapters that call out: those that open, wire or name them.
func workshops() map[string]bool {
	return map[string]bool{
		"gateway": true, "stores": true, "settings": true, "fleet": true, // fleet asks SES what an account allows
		"breakers": false, "chores": false, "cli": false, "clock": false, "confkeeper": false, "identifiers": false,
		"keyring": false, "letters": false, "parttest": false, "signing": false, "standby": false, "wardens": false,
	}
}

// programRoom is a program, or a room of both. Only the demo knows the simulators, and no gateway knows the demo: nothing in
// production can be told to misbehave.
func programRoom(dir string) (room, bool) {
	quiet := func(d string) bool {
		return !under("adapters/simulators")(d) && !in("cmd/internal/demo", "cmd/internal/parttest", "core/porttest")(d)
	}
	calls := under("adapters/driven")
	workshop, isRoom := strings.CutPrefix(dir, "cmd/internal/")
	knows, planned := workshops()[workshop]
	switch {
	case slices.Contains(programs(), dir), dir == "cmd/internal/demo":
		demo := under("cmd/internal/demo")(dir) || dir == "cmd/carillon-demo"
		return room{own: func(d string) bool { return demo || quiet(d) }, outside: anything}, true
	case isRoom && planned:
		return room{own: func(d string) bool { return quiet(d) && (knows || !calls(d)) }, outside: anything}, true
	}
	return room{}, false
}

func kitTools(p string) bool {
	return startsWith("github.com/prometheus/client_golang")(p) || startsWith("github.com/sony/gobreaker/v2")(p) ||
		startsWith("golang.org/x/time")(p)
}

func cloudTools(p string) bool {
	return startsWith("github.com/aws/aws-sdk-go-v2")(p) || startsWith("github.com/aws/smithy-go")(p)
}

func anything(string) bool { return true }
func nothing(string) bool  { return false }
func aNoun(dir string) bool {
	return path.Dir(dir) == "core" && slices.Contains(nouns(), path.Base(dir))
}

func isStd(p string) bool { first, _, _ := strings.Cut(p, "/"); return !strings.Contains(first, ".") }

func isPure(p string) bool {
	return slices.ContainsFunc(pure(), func(q string) bool {
		return p == q || strings.Contains(q, ".") && strings.HasPrefix(p, q+"/")
	})
}

func in(dirs ...string) func(string) bool {
	return func(d string) bool { return slices.Contains(dirs, d) }
}
func among(paths ...string) func(string) bool { return in(paths...) }
func under(dir string) func(string) bool {
	return func(d string) bool { return d == dir || strings.HasPrefix(d, dir+"/") }
}
func startsWith(module string) func(string) bool { return under(module) }
func earlier(place int) func(string) bool {
	return func(d string) bool { return path.Dir(d) == "core" && slices.Contains(nouns()[:place], path.Base(d)) }
}

func either(some ...func(string) bool) func(string) bool {
	return func(d string) bool { return slices.ContainsFunc(some, func(f func(string) bool) bool { return f(d) }) }
}

// sin is one place where the house rules are broken.
type sin struct {
	rule  string
	where string
	text  string
}

// String is one line that an editor can jump to.
func (s sin) String() string { return s.where + ": " + s.text + " [" + s.rule + "]" }

// inspector walks a tree and gathers sins.
type inspector struct {
	root   string
	module string
	set    *token.FileSet
	about  map[string][]string // directory → files with a package comment
	sins   []sin
}

// inspect returns every sin of the module at root.
func inspect(root string) ([]sin, error) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil, err
	}
	line, _, _ := strings.Cut(string(mod), "\n")
	i := &inspector{root: root, module: strings.TrimPrefix(line, "module "), set: token.NewFileSet(), about: make(map[string][]string)}
	if err := filepath.WalkDir(root, i.visit); err != nil {
		return nil, err
	}
	for dir, files := range i.about {
		if len(files) != 1 {
			i.sins = append(i.sins, sin{"package comment", dir, fmt.Sprintf("has %d package comments, want one: %v", len(files), files)})
		}
	}
	slices.SortFunc(i.sins, func(a, b sin) int { return strings.Compare(a.String(), b.String()) })
	return i.sins, nil
}

func (i *inspector) visit(name string, d fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	if d.IsDir() {
		if name == i.root {
			return nil
		}
		_, own := os.Stat(filepath.Join(name, "go.mod"))
		if rel, err := filepath.Rel(i.root, name); own == nil && (err != nil || !slices.Contains(annexes(), filepath.ToSlash(rel))) {
			i.sins = append(i.sins, sin{"module", rel, "is a module of its own, out of reach of the law"})
		}
		if strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"testdata", "bin", "node_modules"}, d.Name()) || own == nil {
			return fs.SkipDir
		}
		return nil
	}
	if !strings.HasSuffix(name, ".go") || strings.HasPrefix(d.Name(), ".") {
		return nil
	}
	return i.file(name)
}

// source is one parsed file.
type source struct {
	dir, name string // from the root, with slashes
	tree      *ast.File
	test      bool
	lines     int
}

func (i *inspector) file(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(i.root, name)
	if err != nil {
		return err
	}
	rel = filepath.ToSlash(rel)
	generated := isGenerated(rel, text)
	mode := parser.ParseComments | parser.SkipObjectResolution
	if generated {
		mode = parser.ImportsOnly | parser.ParseComments
	}
	tree, err := parser.ParseFile(i.set, rel, text, mode)
	if err != nil {
		i.sins = append(i.sins, sin{"parse", rel, err.Error()})
		return nil //nolint:nilerr // a file that does not parse is a sin, and the others are inspected
	}
	f := source{
		dir: path.Dir(rel), name: rel, tree: tree, test: strings.HasSuffix(rel, "_test.go"), lines: strings.Count(string(text), "\n"),
	}
	i.imports(f)
	if generated || f.test {
		return nil
	}
	if _, there := i.about[f.dir]; !there {
		i.about[f.dir] = nil
	}
	if tree.Doc != nil {
		i.about[f.dir] = append(i.about[f.dir], rel)
	}
	i.stillness(f)
	i.business(f)
	i.docs(f)
	i.measures(f)
	i.wrapping(f)
	return nil
}

func isGenerated(rel string, text []byte) bool {
	return strings.HasPrefix(string(text), "// Code generated ")
}

func (i *inspector) sin(rule string, at token.Pos, format string, args ...any) {
	p := i.set.Position(at)
	i.sins = append(i.sins, sin{rule, p.Filename + ":" + strconv.Itoa(p.Line), fmt.Sprintf(format, args...)})
}

// imports enforces the law. A test may use anything from outside and itself; that of an adapter or a channel also the
// suites of the ports, that of an adapter the simulators (they speak the real wire protocols), that of the kit the rest
// of the kit. It may not reach across the house otherwise.
func (i *inspector) imports(f source) {
	r, known := roomOf(f.dir)
	if !known {
		i.sin("room", f.tree.Package, "the house has no room %s: give it a row in the law", f.dir)
		return
	}
	for _, spec := range f.tree.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		dir, ours := strings.CutPrefix(p, i.module+"/")
		switch {
		case ours && f.test && (dir == f.dir || mayTest(f.dir, dir)):
		case ours && !r.own(dir):
			i.sin("import", spec.Pos(), "%s may not import %s", f.dir, dir)
		case !ours && !f.test && !r.outside(p):
			i.sin("outside", spec.Pos(), "%s may not import %s", f.dir, p)
		}
	}
}

func mayTest(dir, imported string) bool {
	if under("core")(dir) {
		return dir == "core/desk" && under("core/desk")(imported) // one stand for all its rooms
	}
	if under("cmd")(dir) && in("cmd/internal/demo", "cmd/internal/parttest")(imported) {
		return true // tests run both programs, on real parts
	}
	return imported == "core/porttest" || under("adapters/kit")(dir) && under("adapters/kit")(imported) ||
		under("adapters")(dir) && under("adapters/simulators")(imported)
}

// stillness: no goroutine, no clock, no init, no package-level state in the core and the channels.
func (i *inspector) stillness(f source) {
	r, known := roomOf(f.dir)
	if !known || !r.still {
		return
	}
	names := importNames(f.tree)
	ast.Inspect(f.tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			i.sin("goroutine", n.Pos(), "starts a goroutine")
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if ok && slices.Contains(restless()[names[x.Name]], n.Sel.Name) {
				i.sin("clock", n.Pos(), "uses %s.%s", x.Name, n.Sel.Name)
			}
		}
		return true
	})
	for _, d := range f.tree.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name == "init" {
				i.sin("init", d.Pos(), "has an init function")
			}
		case *ast.GenDecl:
			i.variables(d)
		}
	}
}

// business: a program decides nothing. Where it compares with a word of a noun or a verb, a rule stands in the wrong room.
// The demo may: it is a utility and judges what became of its customers.
func (i *inspector) business(f source) {
	if !under("cmd")(f.dir) || f.dir == "cmd/internal/demo" {
		return
	}
	names := importNames(f.tree)
	word := func(e ast.Expr) bool {
		sel, ok := e.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		x, ok := sel.X.(*ast.Ident)
		if !ok {
			return false
		}
		dir := strings.TrimPrefix(names[x.Name], i.module+"/")
		return aNoun(dir) || slices.ContainsFunc(verbs(), func(v string) bool { return under("core/" + v)(dir) })
	}
	ast.Inspect(f.tree, func(n ast.Node) bool {
		var compared []ast.Expr
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				compared = []ast.Expr{n.X, n.Y}
			}
		case *ast.CaseClause:
			compared = n.List
		}
		if slices.ContainsFunc(compared, word) {
			i.sin("business", n.Pos(), "decides by a word of the core: let the noun that owns it decide")
		}
		return true
	})
}

func importNames(tree *ast.File) map[string]string {
	names := make(map[string]string)
	for _, spec := range tree.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := path.Base(p)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = p
	}
	return names
}

// variables: error sentinels, embedded files and interface guards are the only ones of a package.
func (i *inspector) variables(d *ast.GenDecl) {
	if d.Tok != token.VAR {
		return
	}
	for _, s := range d.Specs {
		v, ok := s.(*ast.ValueSpec)
		if !ok || embedded(d.Doc) || embedded(v.Doc) {
			continue
		}
		for _, name := range v.Names {
			guard := name.Name == "_" && v.Type != nil
			sentinel := strings.HasPrefix(name.Name, "Err") || strings.HasPrefix(name.Name, "err")
			if !guard && !sentinel {
				i.sin("variable", name.Pos(), "has the package variable %s", name.Name)
			}
		}
	}
}

func embedded(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

// docs: every exported name is explained; a group's comment explains its members.
func (i *inspector) docs(f source) {
	for _, d := range f.tree.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || ast.IsExported(receiver(d))) {
				i.sin("doc", d.Pos(), "%s has no doc comment", d.Name.Name)
			}
		case *ast.GenDecl:
			i.groupDocs(d)
		}
	}
}

func receiver(d *ast.FuncDecl) string {
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func (i *inspector) groupDocs(d *ast.GenDecl) {
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
				i.sin("doc", s.Pos(), "%s has no doc comment", s.Name.Name)
			}
		case *ast.ValueSpec:
			for _, name := range s.Names {
				if name.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
					i.sin("doc", name.Pos(), "%s has no doc comment", name.Name)
				}
			}
		}
	}
}

// measures: nothing grows too large to be read at one go.
func (i *inspector) measures(f source) {
	if long(f.name) {
		return
	}
	if f.lines > maxFile {
		i.sin("file length", f.tree.Package, "has %d lines, at most %d", f.lines, maxFile)
	}
	ast.Inspect(f.tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			from, to := i.set.Position(n.Pos()).Line, i.set.Position(n.End()).Line
			if length := to - from + 1; length > maxFunction {
				i.sin("function length", n.Pos(), "%s has %d lines, at most %d", n.Name.Name, length, maxFunction)
			}
		case *ast.TypeSpec:
			if t, ok := n.Type.(*ast.InterfaceType); ok {
				if methods := declared(t); methods > maxInterface {
					i.sin("interface", n.Pos(), "%s declares %d methods, at most %d", n.Name.Name, methods, maxInterface)
				}
			}
		}
		return true
	})
}

func declared(t *ast.InterfaceType) int {
	n := 0
	for _, m := range t.Methods.List {
		n += len(m.Names)
	}
	return n
}

// wrapping: an error in fmt.Errorf is wrapped with %w, never flattened to its text.
func (i *inspector) wrapping(f source) {
	names := importNames(f.tree)
	ast.Inspect(f.tree, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) < 2 {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != "Errorf" {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); !ok || names[x.Name] != "fmt" {
			return true
		}
		format, ok := call.Args[0].(*ast.BasicLit)
		if !ok {
			return true
		}
		for n, verb := range verbsOf(format.Value) {
			if n+1 < len(call.Args) && verb != 'w' && isError(call.Args[n+1]) {
				i.sin("wrap", call.Pos(), "flattens an error with %%%c: use %%w", verb)
			}
		}
		return true
	})
}

// verbsOf lists the verbs of a format without indexes, in order.
func verbsOf(format string) []rune {
	var out []rune
	in := false
	for _, r := range format {
		switch {
		case !in && r == '%':
			in = true
		case in && r == '%':
			in = false
		case in && !strings.ContainsRune("+-# 0123456789.", r):
			out, in = append(out, r), false
		}
	}
	return out
}

// isError guesses by name, which the house makes safe: an error is err or ends in Err.
func isError(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name == "err" || strings.HasSuffix(e.Name, "Err")
	case *ast.SelectorExpr:
		return e.Sel.Name == "Err" || strings.HasSuffix(e.Sel.Name, "Err")
	case *ast.CallExpr:
		sel, ok := e.Fun.(*ast.SelectorExpr)
		return ok && sel.Sel.Name == "Error" && len(e.Args) == 0
	}
	return false
}

// TestHouseCatches shows every rule to fail: each planted file breaks one of them.
func TestHouseCatches(t *testing.T) {
	t.Parallel()
	for _, plant := range []struct {
		says, rule, name, text string
	}{
		{"a noun that knows a later noun", "import", "core/customer/x.go", `package customer; import _ "house/core/message"`},
		{"a noun that knows a verb", "import", "core/message/x.go", `package message; import _ "house/core/accept"`},
		{"a noun that knows the store", "import", "core/config/x.go", `package config; import _ "house/core/store"`},
		{"fault that knows a noun", "import", "core/fault/x.go", `package fault; import _ "house/core/customer"`},
		{"fault that knows more than errors and time", "outside", "core/fault/x.go", `package fault; import _ "encoding/json"`},
		{"a verb that knows another", "import", "core/report/x.go", `package report; import _ "house/core/accept"`},
		{"a verb that knows a channel", "import", "core/accept/x.go", `package accept; import _ "house/channels/sms"`},
		{"a verb's test that knows another verb", "import", "core/report/x_test.go", `package report; import _ "house/core/accept"`},
		{"the store that knows a verb", "import", "core/store/x.go", `package store; import _ "house/core/dispatch"`},
		{"an algorithm that knows the store", "import", "core/algorithm/x.go", `package algorithm; import _ "house/core/store"`},
		{"the dictionary that knows anything", "import", "core/x.go", `package core; import _ "house/core/fault"`},
		{"a core that opens files", "outside", "core/desk/x.go", `package desk; import _ "os"`},
		{"a core that knows a provider", "outside", "core/desk/x.go", `package desk; import _ "github.com/aws/aws-sdk-go-v2/aws"`},
		{"a core that knows a broker's look-alike", "outside", "core/desk/x.go", `package desk; import _ "golang.org/x/textual"`},
		{"a channel that knows another", "import", "channels/sms/x.go", `package sms; import _ "house/channels/voice"`},
		{"a channel that knows a verb", "import", "channels/sms/x.go", `package sms; import _ "house/core/dispatch"`},
		{"a channel that talks to the network", "outside", "channels/sms/x.go", `package sms; import _ "net/http"`},
		{"a driven adapter that knows a verb", "import", "adapters/driven/sns/x.go", `package sns; import _ "house/core/dispatch"`},
		{"a driven adapter that knows a sibling", "import", "adapters/driven/sns/x.go", `package sns; import _ "house/adapters/driven/ses"`},
		{"a driven adapter that knows a driving one", "import", "adapters/driven/sns/x.go", `package sns; import _ "house/adapters/driving/rest"`},
		{"a driven adapter that knows the suites", "import", "adapters/driven/sns/x.go", `package sns; import _ "house/core/porttest"`},
		{"a driven adapter's test that knows a sibling", "import", "adapters/driven/sns/x_test.go", `package sns; import _ "house/adapters/driven/ses"`},
		{"a driving adapter that knows a driven one", "import", "adapters/driving/rest/x.go", `package rest; import _ "house/adapters/driven/ses"`},
		{"a driving adapter that knows a sibling", "import", "adapters/driving/rest/x.go", `package rest; import _ "house/adapters/driving/console"`},
		{"a room of the desk that knows another", "import", "core/desk/counter/x.go", `package counter; import _ "house/core/desk/worklist"`},
		{"what driving adapters share that knows one of them", "import", "adapters/driving/api/x/x.go", `package x; import _ "house/adapters/driving/rest"`},
		{"a simulator that knows the core", "import", "adapters/simulators/sns/x.go", `package sns; import _ "house/core/fault"`},
		{"a simulator that uses a real client", "outside", "adapters/simulators/sns/x.go", `package sns; import _ "github.com/IBM/sarama"`},
		{"a kit that knows a noun", "import", "adapters/kit/guard/x.go", `package guard; import _ "house/core/message"`},
		{"a kit that knows a database", "outside", "adapters/kit/guard/x.go", `package guard; import _ "github.com/jackc/pgx/v5"`},
		{"a kit that knows a provider's client", "outside", "adapters/kit/guard/x.go", `package guard; import _ "github.com/aws/aws-sdk-go-v2/aws"`},
		{"what the adapters of AWS share that knows one of them", "import", "adapters/kit/cloud/x.go", `package cloud; import _ "house/adapters/driven/sns"`},
		{"a gateway that knows a simulator", "import", "cmd/internal/gateway/x.go", `package gateway; import _ "house/adapters/simulators"`},
		{"a gateway that knows the demo", "import", "cmd/carillon/x.go", `package main; import _ "house/cmd/internal/demo"`},
		{"a chore that calls a provider", "import", "cmd/internal/chores/x.go", `package chores; import _ "house/adapters/driven/sns"`},
		{"an adapter that knows a program's room", "import", "adapters/driving/rest/x.go", `package rest; import _ "house/cmd/internal/cli"`},
		{"a program that knows what serves", "business", "cmd/internal/gateway/x.go", "package gateway\nimport \"house/core/agreement\"\nfunc f(a agreement.Agreement) bool { return a.Status == agreement.Active }"},
		{"a program that knows who dedupes", "business", "cmd/carillon/x.go", "package main\nimport d \"house/core/dispatch\"\nfunc f(p string) bool {\nswitch p {\ncase \"x\", d.ProviderFeed:\nreturn true\n}\nreturn false\n}"},
		{"contracts that know the core", "import", "contracts/x.go", `package contracts; import _ "house/core/fault"`},
		{"a part of the core that is a module of its own", "module", "core/desk/x/go.mod", "package x"},
		{"a room nobody planned", "room", "core/util/x.go", `package util`},
		{"a room of the programs nobody planned", "room", "cmd/internal/util/x.go", `package util`},
		{"a program nobody planned", "room", "cmd/helper/x.go", `package main`},
		{"a room outside the house", "room", "helpers/x.go", `package helpers`},

		{"a goroutine in the core", "goroutine", "core/desk/x.go", "package desk\nfunc f() { go f() }"},
		{"a clock in the core", "clock", "core/desk/x.go", "package desk\nimport \"time\"\nfunc f() time.Time { return time.Now() }"},
		{"a clock under another name", "clock", "channels/sms/x.go", "package sms\nimport c \"time\"\nfunc f() { c.Sleep(1) }"},
		{"a deadline of our own in the core", "clock", "core/desk/x.go", "package desk\nimport \"context\"\nvar _ error = e()\nfunc e() error { c, _ := context.WithTimeout(nil, 1); return c.Err() }"},
		{"a core that prints", "clock", "core/desk/x.go", "package desk\nimport \"fmt\"\nfunc f() { fmt.Println() }"},
		{"an init in a channel", "init", "channels/sms/x.go", "package sms\nfunc init() {}"},
		{"state of a package", "variable", "core/desk/x.go", "package desk\nvar count int"},
		{"a registry of a package", "variable", "channels/sms/x.go", "package sms\nvar known = map[string]int{}"},

		{"an exported function without a comment", "doc", "adapters/driven/sns/x.go", "package sns\nfunc Send() {}"},
		{"an exported method without a comment", "doc", "core/desk/x.go", "package desk\n// T is.\ntype T[X any] struct{}\nfunc (t *T[X]) Do() {}"},
		{"an exported type without a comment", "doc", "cmd/carillon/x.go", "package main\ntype T struct{}"},
		{"an exported constant without a comment", "doc", "core/desk/x.go", "package desk\nconst (\n\tA = 1 // a\n\tB = 2\n)"},
		{"a package without a comment", "package comment", "core/desk/x.go", "package desk"},
		{"a package with two comments", "package comment", "core/desk/x.go", "// Package desk is also this.\npackage desk"},
		{"a long function", "function length", "core/desk/x.go", "package desk\nfunc f() {" + strings.Repeat("\n", 60) + "}"},
		{"a long file", "file length", "core/desk/x.go", "package desk" + strings.Repeat("\n", 401)},
		{"a wide interface", "interface", "core/desk/x.go", "package desk\ntype f interface{ A(); B(); C(); D(); E(); F() }"},
		{"a flattened error", "wrap", "adapters/driven/sns/x.go", "package sns\nimport \"fmt\"\nfunc f(n int, err error) error { return fmt.Errorf(\"100%% of %d: %v\", n, err) }"},
		{"an error's text", "wrap", "adapters/driven/sns/x.go", "package sns\nimport \"fmt\"\nfunc f(err error) error { return fmt.Errorf(\"x: %s\", err.Error()) }"},
		{"a file that does not parse", "parse", "core/desk/x.go", "package desk\nfunc {"},
	} {
		t.Run(plant.says, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{plant.name: plant.text}
			switch { // what is not planted is right
			case plant.says == "a package without a comment":
			case strings.HasSuffix(plant.name, "_test.go"):
			default:
				files[path.Dir(plant.name)+"/y.go"] = "// Package y is a house in order.\npackage " + packageOf(plant.text)
			}
			sins, err := inspect(plantedTree(t, files))
			if err != nil {
				t.Fatal(err)
			}
			others := slices.ContainsFunc(sins, func(s sin) bool { return s.rule != plant.rule })
			if len(sins) == 0 || others || len(sins) > 1 && plant.rule != "room" {
				t.Fatalf("caught %v, want one of rule %q", sins, plant.rule)
			}
		})
	}
}

// TestHouseLets shows what looks like a sin and is none.
func TestHouseLets(t *testing.T) {
	t.Parallel()
	sins, err := inspect(plantedTree(t, map[string]string{
		"core/fault/x.go":    "// Package fault is in order.\npackage fault\nimport \"errors\"\n// ErrX is a sentinel.\nvar ErrX = errors.New(\"x\")",
		"core/customer/x.go": "// Package customer is in order.\npackage customer\nimport _ \"house/core/fault\"",
		"core/desk/x.go": "// Package desk is in order.\npackage desk\nimport (\n_ \"house/core/config\"\n_ \"house/core/store\"\n" +
			"_ \"github.com/robfig/cron/v3\"\n_ \"golang.org/x/text/unicode/norm\"\n)\n",
		"core/desk/x_test.go":           "package desk_test\nimport (\n\"os\"\n\"time\"\n_ \"house/core/desk\"\n)\nvar x = os.Args\nfunc f() { go f(); time.Sleep(0) }",
		"channels/sms/x.go":             "// Package sms is in order.\npackage sms\nimport _ \"house/core/template\"\ntype i interface{}\nvar _ i = 3",
		"adapters/driven/sns/x.go":      "// Package sns is in order.\npackage sns\nimport (\n_ \"house/adapters/driven/sns/wire\"\n_ \"house/adapters/kit/guard\"\n_ \"house/core/store\"\n)",
		"adapters/driven/sns/x_test.go": "package sns\nimport (\n_ \"house/core/porttest\"\n_ \"house/adapters/simulators/sns\"\n)",
		"adapters/driving/rest/x.go":    "// Package rest is in order.\npackage rest\nimport _ \"house/core/accept\"",
		"adapters/driving/kafkain/x.go": "// Package kafkain is in order.\npackage kafkain\nimport _ \"house/adapters/driving/api/intake\"",
		"bench/go.mod":                  "module bench",
		"bench/x.go":                    "package bench\nfunc Other() {}",
		"deploy/box/go.mod":             "module box",
		"deploy/box/x.go":               "package main\nimport _ \"k8s.io/api/core/v1\"\nfunc Other() {}",
		"cmd/carillon/x.go":             "// Command carillon is in order.\npackage main\nimport (\n_ \"house/cmd/internal/gateway\"\n_ \"house/adapters/driven/liquid\"\n)",
		"cmd/carillon/x_test.go":        "package main\nimport _ \"house/cmd/internal/demo\"",
		"cmd/internal/demo/x.go":        "// Package demo is in order.\npackage demo\nimport (\n_ \"house/adapters/simulators\"\n\"house/core/message\"\n)\nfunc f(c message.Channel) bool { return c == message.Letter }",
		"cmd/internal/gateway/x.go":     "// Package gateway is in order.\npackage gateway\nimport (\n\"house/adapters/driven/sns\"\n\"house/core/message\"\n)\nvar _ = map[message.Channel]any{message.SMS: sns.New}\nfunc f(c, d message.Channel) bool { return c == d }",
	}))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sins {
		t.Error(s)
	}
}

func packageOf(text string) string {
	for line := range strings.Lines(text) {
		if name, found := strings.CutPrefix(line, "package "); found {
			return strings.TrimRight(strings.Split(strings.TrimSpace(name), ";")[0], " ")
		}
	}
	return "x"
}

func plantedTree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	files["go.mod"] = "module house\n"
	for name, text := range files {
		at := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}
