package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// previousRelease is the commit that the present schema must still serve: its gateways run beside ours while a fleet is
// replaced one by one. Releases before the configuration elements (908bc05 is one) cannot read a configuration that has
// them, and so do not run beside this one.
const previousRelease = "84fab24"

// TestChaosUpgrade replaces three gateways of the previous release, one by one, under load, on one database that was
// migrated before: nothing may be lost or doubled, whichever of them accepted, claimed or settled.
func TestChaosUpgrade(t *testing.T) {
	if os.Getenv("CARILLON_CHAOS") != "full" {
		t.Skip("it builds the previous release: CARILLON_CHAOS=full")
	}
	seed := seedOf(t, 1)
	binary, file := releaseBefore(t)
	f := ignite(t, 3, false, seed, spawn)
	mine := make([][]string, len(f.gateways))
	for i, g := range f.gateways { // the schema is the present one now; the previous release moves in
		if code := g.stop(t, 25*time.Second); code != 0 {
			t.Errorf("a gateway stopped with status %d", code)
		}
		mine[i] = g.args
		g.start, g.args = spawnOf(binary), append(append([]string{}, g.args...), "--first-config", file)
	}
	for _, g := range f.gateways {
		g.again(t)
	}
	load := pour(t, "UPGR", f.gateways[0].cis, f.at, seed, 20, false)
	f.rest(6 * time.Second)
	for i, g := range f.gateways {
		end := f.strike(disaster{"a gateway is replaced", true, func(f *fire) (string, func()) {
			return g.url, func() {
				if code := g.stop(f.t, 25*time.Second); code != 0 {
					f.t.Errorf("the previous release stopped with status %d", code)
				}
				g.start, g.args = spawn, mine[i]
				g.again(f.t)
			}
		}})
		end()
		f.rest(6 * time.Second) // side by side
	}
	f.base = nil
	for _, g := range f.gateways {
		f.base = append(f.base, f.gauge(g, "go_goroutines"))
	}
	accepted := load.stop(t, time.Minute)
	all := f.outcome(3 * time.Minute)
	v := f.check("UPGR", accepted, all)
	f.leaks()
	audit(t, f.database)
	f.ledger()
	f.report(all)
	f.table(v, load)
}

// releaseBefore builds the previous release, and writes its own configuration with the waits of a fire.
func releaseBefore(t *testing.T) (binary, file string) {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	git := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = root
		return cmd
	}
	if err := git("cat-file", "-e", previousRelease+"^{commit}").Run(); err != nil {
		t.Skipf("the history does not reach back to %s: the previous release cannot be built", previousRelease)
	}
	dir := t.TempDir()
	archive := filepath.Join(dir, "previous.tar")
	source := filepath.Join(dir, "source")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "carillon-before"), "./cmd/carillon")
	build.Dir = source
	if err := os.Mkdir(source, 0o750); err != nil {
		t.Fatal(err)
	}
	for _, step := range []*exec.Cmd{
		git("archive", "-o", archive, previousRelease), exec.CommandContext(t.Context(), "tar", "-xf", archive, "-C", source), build,
	} {
		if text, err := step.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", step.Path, err, text)
		}
	}
	text, err := os.ReadFile(filepath.Join(source, "cmd", "carillon", "default.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "carillon-before"), hurried(t, text)
}

// hurried is a configuration as text, of whatever release, with open hours and the waits of a fire.
func hurried(t *testing.T, text []byte) string {
	t.Helper()
	var d map[string]any
	if err := yaml.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	day := map[string]any{"opens": "00:00", "closes": "24:00"}
	divisions, _ := d["divisions"].([]any)
	routes, _ := d["routes"].([]any)
	if len(divisions) == 0 || len(routes) == 0 {
		t.Fatal("the previous release has another configuration")
	}
	for _, one := range divisions {
		if division, is := one.(map[string]any); is {
			division["windows"] = map[string]any{"sms": day, "voice": day}
		}
	}
	for _, one := range routes {
		route, is := one.(map[string]any)
		if !is {
			continue
		}
		route["receipt"], route["hold"] = fireReceipt.String(), fireHold.String()
		if route["channel"] == "voice" {
			route["expires"] = fireExpires.String()
		}
	}
	text, err := yaml.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "before.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
