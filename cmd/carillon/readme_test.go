package main

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"

	"carillon/adapters/kit/secret"
	"carillon/cmd/internal/cli"
	"carillon/cmd/internal/demo"
	"carillon/contracts"
)

// The README and its two halves, the API by example and running it, are contracts too: their settings, commands, requests,
// answers, metrics and links are those of the programs.

var updateReadme = flag.Bool("update", false, "write the table of settings in deploy/README.md anew")

const (
	readmeFile   = "../../README.md"
	apiFile      = "../../contracts/README.md"
	operateFile  = "../../deploy/README.md"
	capacityFile = "../../deploy/capacity.md"
)

func readText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readReadme is the README with both its halves.
func readReadme(t *testing.T) string {
	t.Helper()
	return readText(t, readmeFile) + "\n" + readText(t, apiFile) + "\n" + readText(t, operateFile)
}

// TestReadmeIsRead is what a README is for: most stop reading a long one.
func TestReadmeIsRead(t *testing.T) {
	t.Parallel()
	if lines := strings.Count(readText(t, readmeFile), "\n"); lines > 250 {
		t.Errorf("README.md has %d lines, at most 250", lines)
	}
}

// commandLine is the model of the command line, as Main parses it.
func commandLine(t *testing.T) *kong.Application {
	t.Helper()
	parser, err := kong.New(&CLI{}, append(cli.Options(), kong.Name(name))...)
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model
}

// demoLine is the model of the command line of carillon-demo.
func demoLine(t *testing.T) *kong.Application {
	t.Helper()
	parser, err := kong.New(&demo.Commands{}, append(cli.Options(), kong.Name(demo.Name))...)
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model
}

// child is the command below another.
func child(n *kong.Node, name string) *kong.Node {
	for _, c := range n.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// settingsTable is the table of the settings of serve. Secrets have no default, and none is shown.
func settingsTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| flag | environment | default | meaning |\n|---|---|---|---|\n")
	for _, f := range child(commandLine(t).Node, "serve").Flags {
		fallback, meaning := "", strings.ReplaceAll(f.Help, "|", `\|`)
		if f.Default != "" && f.Target.Type() != reflect.TypeFor[secret.Text]() {
			fallback = "`" + f.Default + "`"
		}
		if f.Enum != "" {
			meaning += " One of `" + strings.ReplaceAll(f.Enum, ",", "`, `") + "`."
		}
		fmt.Fprintf(&b, "| `--%s` | `%s` | %s | %s |\n", f.Name, strings.Join(f.Envs, "`, `"), fallback, meaning)
	}
	return b.String()
}

func TestReadmeSettings(t *testing.T) {
	t.Parallel()
	const opens, closes = "<!-- settings -->\n", "<!-- /settings -->"
	text := readText(t, operateFile)
	before, rest, begun := strings.Cut(text, opens)
	table, after, ended := strings.Cut(rest, closes)
	if !begun || !ended {
		t.Fatalf("deploy/README.md has no %q … %q", opens, closes)
	}
	want := settingsTable(t)
	if table == want {
		return
	}
	if !*updateReadme {
		t.Fatalf("the settings in deploy/README.md are out of date: go test ./cmd/carillon -run TestReadme -update\n%s", want)
	}
	if err := os.WriteFile(operateFile, []byte(before+opens+want+closes+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestReadmeOrder checks which of two places wins, as the README says it.
func TestReadmeOrder(t *testing.T) {
	text, file := readText(t, operateFile), filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(file, []byte("listen: the file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CARILLON_LISTEN", "the environment")
	for _, c := range []struct {
		args  []string
		loser string
	}{
		{[]string{"serve", "--settings", file, "--listen", "a flag"}, "the file"},
		{[]string{"serve", "--listen", "a flag"}, "the environment"},
		{[]string{"serve", "--settings", file}, ""},
	} {
		var line CLI
		parser, err := kong.New(&line, cli.Options()...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(c.args); err != nil {
			t.Fatal(err)
		}
		if c.loser != "" && line.Serve.Listen != "a flag" {
			t.Errorf("%s wins over a flag", c.loser)
		}
		says := map[string]string{"the file": "the file over the environment", "the environment": "the environment over the file"}
		if c.loser == "" && !strings.Contains(text, says[line.Serve.Listen]) {
			t.Errorf("%s wins, and deploy/README.md does not say %q", line.Serve.Listen, says[line.Serve.Listen])
		}
	}
}

// named is a program with the model of its command line.
type named struct {
	name  string
	model *kong.Application
}

func programs(t *testing.T) []named {
	t.Helper()
	return []named{{"carillon", commandLine(t)}, {"carillon-demo", demoLine(t)}}
}

// TestReadmeCommands looks up every command and flag of both programs that the documents name.
func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	text, all := readReadme(t), map[string]bool{"json": true} // curl's
	for _, program := range programs(t) {
		for name := range flagsOf(program.model) {
			all[name] = true
		}
		if found := checkCalls(t, program, text); found < 4 {
			t.Errorf("only %d calls of %s found: does the README still show them?", found, program.name)
		}
		for _, n := range program.model.Children {
			if !strings.Contains(text, program.name+" "+n.Name) && n.Name != "version" && n.Name != "run" {
				t.Errorf("the README does not name %s %s", program.name, n.Name)
			}
		}
	}
	for _, f := range regexp.MustCompile("`--([a-z][a-z-]+[a-z])`").FindAllStringSubmatch(text, -1) {
		if !all[f[1]] {
			t.Errorf("no command has a flag --%s", f[1])
		}
	}
}

func flagsOf(model *kong.Application) map[string]bool {
	all := make(map[string]bool)
	_ = kong.Visit(model, func(n kong.Visitable, next kong.Next) error {
		if f, is := n.(*kong.Flag); is {
			all[f.Name] = true
		}
		return next(nil)
	})
	return all
}

// checkCalls looks up each call of a program in a text, and counts them.
func checkCalls(t *testing.T, program named, text string) (found int) {
	t.Helper()
	calls := regexp.MustCompile("(?m)(?:^|[`(/ ])" + program.name + " (-|(?:[a-z]+(?: |`|$))+)([^`\n]*)")
	flags := regexp.MustCompile(`--([a-z][a-z-]+[a-z])`)
	for _, call := range calls.FindAllStringSubmatch(text, -1) {
		if words := strings.Fields(strings.Trim(call[1], "`")); words[0] == "recover" { // among what is not there yet
			continue
		}
		node, known := nodeOf(t, program.model, call), make(map[string]bool)
		for n := node; n != nil; n = n.Parent {
			for _, f := range n.Flags {
				known[f.Name] = true
			}
		}
		for _, f := range flags.FindAllStringSubmatch(call[1]+strings.SplitN(call[2], "#", 2)[0], -1) {
			if !known[f[1]] {
				t.Errorf("%s has no flag --%s", node.FullPath(), f[1])
			}
		}
		found++
	}
	return found
}

// nodeOf is the command of a call; a call that begins with a flag is one of the program's default command.
func nodeOf(t *testing.T, model *kong.Application, call []string) *kong.Node {
	t.Helper()
	node := model.Node
	if call[1] == "-" {
		return cmp.Or(node.DefaultCmd, node)
	}
	for word := range strings.FieldsSeq(strings.Trim(call[1], "`")) {
		next := child(node, word)
		if next == nil && len(node.Children) > 0 {
			t.Errorf("there is no command %q: %s", word, call[0])
		}
		if next == nil {
			break
		}
		node = next
	}
	return node
}

// fenced is a block of code of the README.
type fenced struct{ kind, text string }

// blocks are the blocks of code below a heading, up to the next of its rank; of the whole file where it is empty.
func blocks(t *testing.T, heading string) []fenced {
	t.Helper()
	text := readReadme(t)
	if heading != "" {
		_, rest, found := strings.Cut(text, "\n## "+heading+"\n")
		if !found {
			t.Fatalf("no document has %q", heading)
		}
		text, _, _ = strings.Cut(rest, "\n## ")
	}
	return blocksOf(text)
}

// TestReadmePaths looks up the method and path of every curl line that goes to the gateway.
func TestReadmePaths(t *testing.T) {
	t.Parallel()
	var api struct{ Paths map[string]map[string]any }
	if err := yaml.Unmarshal([]byte(contracts.OpenAPI()), &api); err != nil {
		t.Fatal(err)
	}
	known := make(map[*regexp.Regexp]map[string]any)
	for path, methods := range api.Paths {
		known[regexp.MustCompile("^"+regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(path, "[^/]+")+"$")] = methods
	}
	found := 0
	target := regexp.MustCompile(`"?\$URL(/[^"?\s]*)`)
	for _, b := range blocks(t, "") {
		for line := range strings.SplitSeq(regexp.MustCompile(`\\\n|\n  `).ReplaceAllString(b.text, " "), "\n") {
			at := target.FindStringSubmatch(line)
			if at == nil || !strings.Contains(line, "curl ") {
				continue
			}
			method := "get"
			if strings.Contains(line, "--json") {
				method = "post"
			}
			if m := regexp.MustCompile(`-X ([A-Z]+)`).FindStringSubmatch(line); m != nil {
				method = strings.ToLower(m[1])
			}
			found++
			if !slices.ContainsFunc(slices.Collect(maps.Keys(known)), func(p *regexp.Regexp) bool {
				return p.MatchString(at[1]) && known[p][method] != nil
			}) {
				t.Errorf("the contract has no %s %s", method, at[1])
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d curl lines found: does the README still show them?", found)
	}
}

// TestReadmeLinks follows the links within the repository.
func TestReadmeLinks(t *testing.T) {
	t.Parallel()
	files := []string{readmeFile, apiFile, operateFile, capacityFile, "../../CONTRIBUTING.md", "../../CHANGELOG.md", "../../bench/README.md"}
	for _, name := range files {
		for _, m := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(readText(t, name), -1) {
			file, anchor, _ := strings.Cut(m[1], "#")
			if strings.HasPrefix(m[1], "http") {
				continue
			}
			at := name
			if file != "" {
				at = filepath.Join(filepath.Dir(name), file)
			}
			to, err := os.ReadFile(at)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			heading := regexp.MustCompile(`(?mi)^#+ ` + strings.ReplaceAll(regexp.QuoteMeta(anchor), "-", "[ -]") + `$`)
			if anchor != "" && !heading.Match(to) {
				t.Errorf("%s: there is no %s", name, m[1])
			}
		}
	}
}

// statuses are the statuses of the answers in a text, in their order.
func statuses(text string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^HTTP/1.1 (\d{3})`).FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	return all
}

// TestReadmeTryIt does what the README says, line by line, and compares the answers; then it compares the metrics.
func TestReadmeTryIt(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs a demo")
	}
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CARILLON_REAL_PARTS") == "required" {
			t.Fatal("there is no curl: apt-get install curl")
		}
		t.Skip("there is no curl")
	}
	folder := t.TempDir()
	south := strings.TrimSpace(must(t, "key", "create", "--store", folder+"/carillon.db", "--name", "south", "--role", "cis", "--source", "cis", "--division", "SOUTH"))
	shown := within(t, nil, "run", "--data", folder, "--listen", "127.0.0.1:0", "--contacts", "20", "--customers", "20", "--output", "json")
	ready := shown.waitJSON(t, shown.out, func(o map[string]any) bool { return o["event"] == "ready" })
	shown.waitJSON(t, shown.out, func(o map[string]any) bool { return o["event"] == "posted" })

	script, want := "set -e\n", [][]string{}
	for _, b := range blocks(t, "Try it") {
		switch b.kind {
		case "sh":
			script += fmt.Sprintf("echo\necho @@@\n%s", b.text)
			want = append(want, nil)
		case "text":
			want[len(want)-1] = statuses(b.text)
		}
	}
	said := strings.NewReplacer("URL=http://127.0.0.1:8080", "URL="+word(ready, "url"), "KEY=crl_…", "KEY="+word(ready, "key"), "SOUTH=crl_…", "SOUTH="+south)
	sh := exec.CommandContext(t.Context(), "sh", "-c", said.Replace(script))
	sh.Dir = t.TempDir()
	out, err := sh.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got := strings.Split(string(out), "\n@@@\n")[1:]
	for i := range want {
		if now := statuses(strings.ReplaceAll(got[i], "\r", "")); !slices.Equal(now, want[i]) {
			t.Errorf("block %d: the README says %v, and the answers are %v:\n%s", i+1, want[i], now, got[i])
		}
	}
	for _, words := range []string{`"outcome":"suppressed"`, "not_on_allow_list", "do_not_call", "trying it out", "Idempotency-Replayed: true", "/recipient/phone"} {
		if !strings.Contains(string(out), words) {
			t.Errorf("no answer has %s", words)
		}
	}
	compareMetrics(t, word(ready, "url"))
	if code := shown.stop(t, 30*time.Second); code != 0 {
		t.Errorf("the demo ended with %d", code)
	}
}

// compareMetrics compares the metrics of a gateway with those that the README names.
func compareMetrics(t *testing.T, url string) {
	t.Helper()
	client := cli.Client{Base: url, HTTP: &http.Client{Timeout: 10 * time.Second}}
	status, text, err := client.Do(t.Context(), http.MethodGet, "/metrics", nil, nil)
	if err != nil || status != http.StatusOK {
		t.Fatal(status, err)
	}
	names := func(pattern, in string) []string {
		var all []string
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(in, -1) {
			all = append(all, m[1])
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	shown, told := names(`(?m)^# TYPE (carillon_\w+)`, string(text)), names("(?m)^\\| `(carillon_\\w+)`", readReadme(t))
	for _, n := range shown {
		if !slices.Contains(told, n) {
			t.Errorf("the README does not name the metric %s", n)
		}
	}
	for _, n := range told {
		if !slices.Contains(shown, n) {
			t.Errorf("there is no metric %s", n)
		}
	}
}
