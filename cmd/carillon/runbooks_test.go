package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"

	"carillon/contracts"
)

// runbooks are the pages by name.
func runbooks(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(runbooksDir + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	pages := make(map[string]string, len(files))
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		pages[strings.TrimSuffix(filepath.Base(f), ".md")] = string(text)
	}
	return pages
}

// blocksOf are the fenced blocks of a text.
func blocksOf(text string) []fenced {
	var all []fenced
	for _, m := range regexp.MustCompile("(?ms)^ *```([a-z]*)\n(.*?)^ *```$").FindAllStringSubmatch(text, -1) {
		all = append(all, fenced{m[1], m[2]})
	}
	return all
}

// commands are the commands of a page: the lines of its sh blocks, and what stands in backquotes.
func commands(text string) []string {
	var all []string
	for _, b := range blocksOf(text) {
		if b.kind == "sh" {
			all = append(all, strings.Split(strings.TrimSpace(b.text), "\n")...)
		}
	}
	outside := regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(text, "")
	for _, m := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(outside, -1) {
		all = append(all, m[1])
	}
	return all
}

// words are the words of a command up to its first pipe or redirection, as a shell would see them.
func words(command string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`"([^"]*)"|'([^']*)'|(\S+)`).FindAllStringSubmatch(command, -1) {
		if m[3] == "|" || m[3] == ">" {
			break
		}
		out = append(out, m[1]+m[2]+m[3])
	}
	return out
}

// TestRunbookCommands tries what the pages tell to type: that the command line takes it, and that the contract has it.
func TestRunbookCommands(t *testing.T) {
	t.Parallel()
	var api struct {
		Paths map[string]map[string]struct {
			Roles []string `yaml:"x-roles"`
		}
	}
	if err := yaml.Unmarshal([]byte(contracts.OpenAPI()), &api); err != nil {
		t.Fatal(err)
	}
	typed := 0
	for name, text := range runbooks(t) {
		for _, c := range commands(text) {
			w := words(c)
			switch {
			case len(w) > 1 && w[0] == "carillon" && !strings.HasPrefix(w[1], "…"):
				typed++
				parser, err := kong.New(&CLI{}, kong.DefaultEnvars("CARILLON"))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := parser.Parse(w[1:]); err != nil {
					t.Errorf("%s: %s: %v", name, c, err)
				}
			case len(w) > 1 && w[0] == "curl" && strings.Contains(c, "$URL"):
				typed++
				method, path := request(c)
				found := false
				for template, methods := range api.Paths {
					if regexp.MustCompile("^" + regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(template, "[^/]+") + "$").MatchString(path) {
						roles := methods[method].Roles
						found = found || methods[method].Roles != nil && (len(roles) == 0 || strings.Contains(strings.Join(roles, " ")+" ", "sre ") || strings.Contains(c, "$ADMIN"))
					}
				}
				if !found {
					t.Errorf("%s: the contract has no %s %s for an sre", name, method, path)
				}
			case regexp.MustCompile(`^(GET|POST|PUT|DELETE) /`).MatchString(c):
				method, path, _ := strings.Cut(c, " ")
				if _, there := api.Paths[path][strings.ToLower(method)]; !there {
					t.Errorf("%s: the contract has no %s", name, c)
				}
			}
		}
	}
	if typed < 40 {
		t.Errorf("only %d commands found", typed)
	}
}

// request is the method and path of a line of curl.
func request(line string) (method, path string) {
	method = "get"
	if strings.Contains(line, "--json") {
		method = "post"
	}
	if m := regexp.MustCompile(`-X ([A-Z]+)`).FindStringSubmatch(line); m != nil {
		method = strings.ToLower(m[1])
	}
	if m := regexp.MustCompile(`\$URL(/[^"?\s]*)`).FindStringSubmatch(line); m != nil {
		path = m[1]
	}
	return method, path
}

// TestRunbookSettings wants every flag and other page that a page names to be there, and each page to have its parts.
func TestRunbookSettings(t *testing.T) {
	t.Parallel()
	flags := make(map[string]bool)
	for _, f := range child(commandLine(t).Node, "serve").Flags {
		flags[f.Name] = true
	}
	pages := runbooks(t)
	for name, text := range pages {
		for _, m := range regexp.MustCompile("`--([a-z0-9-]+)(…[a-z-]*)?`").FindAllStringSubmatch(text, -1) {
			if !flags[m[1]] && m[2] == "" {
				t.Errorf("%s: there is no setting --%s", name, m[1])
			}
		}
		for _, m := range regexp.MustCompile(`\bCarillon[A-Z]\w+`).FindAllString(text, -1) {
			if pages[m] == "" {
				t.Errorf("%s: there is no page %s", name, m)
			}
		}
		if name == "README" {
			continue
		}
		for _, part := range []string{"# " + name + "\n", "\n**The customer:** ", "\n## First look\n", "\n## Which cause\n", "\n## What to do\n", "\n**Not this:** ", "\n**Wake:** "} {
			if !strings.Contains(text, part) {
				t.Errorf("%s: there is no %q", name, part)
			}
		}
		if lines := strings.Count(text, "\n"); lines > 60 {
			t.Errorf("%s has %d lines: too long for 3 a.m.", name, lines)
		}
	}
}
