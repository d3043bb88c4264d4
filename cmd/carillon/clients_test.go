package main

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The contract is tried with clients that are not ours: deploy/dev gets them.

// clientOf is a program among the clients of others.
func clientOf(t *testing.T, name string) string {
	t.Helper()
	folder := os.Getenv("TEST_API_CLIENTS")
	switch {
	case folder == "" && os.Getenv("CARILLON_REAL_PARTS") == "required":
		t.Fatal("CARILLON_REAL_PARTS=required and no TEST_API_CLIENTS")
	case folder == "":
		t.Skip("no TEST_API_CLIENTS")
	}
	return filepath.Join(folder, name)
}

// tried is a demo that serves, with a key for each of some roles.
func tried(t *testing.T, roles map[string][]string) (url string, keys map[string]string) {
	t.Helper()
	folder := t.TempDir()
	keys = make(map[string]string)
	for name, held := range roles {
		args := []string{"key", "create", "--store", folder + "/carillon.db", "--name", "try-" + name, "--source", "cis", "--division", "*"}
		for _, role := range held {
			args = append(args, "--role", role)
		}
		keys[name] = strings.TrimSpace(must(t, args...))
	}
	demo := within(t, nil, "run", "--data", folder, "--listen", "127.0.0.1:0", "--contacts", "20", "--customers", "20", "--output", "json")
	ready := demo.waitJSON(t, demo.out, func(o map[string]any) bool { return o["event"] == "ready" })
	demo.waitJSON(t, demo.out, func(o map[string]any) bool { return o["event"] == "posted" })
	t.Cleanup(func() {
		if code := demo.stop(t, time.Minute); code != 0 {
			t.Errorf("the demo ended with %d", code)
		}
	})
	keys["demo"] = word(ready, "key")
	return word(ready, "url"), keys
}

// TestContractIsKept lets schemathesis ask everything the contract says, right and wrong, as three roles: no server error, and
// no status, media type, header or body that the contract does not describe. 503 is described and no mistake: what an
// administrator asks can hold a provider's breaker open.
func TestContractIsKept(t *testing.T) {
	if testing.Short() {
		t.Skip("it asks for two minutes")
	}
	t.Parallel()
	schemathesis := clientOf(t, "schemathesis")
	roles := map[string][]string{"cis": {"cis"}, "csr": {"csr"}, "admin": {"admin", "supervisor", "sre", "dms"}}
	url, keys := tried(t, roles)
	config := filepath.Join(t.TempDir(), "schemathesis.toml")
	text := "[checks]\nnot_a_server_error.expected-statuses = [\"2xx\", \"3xx\", \"4xx\", \"503\"]\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range []string{"cis", "csr", "admin"} { // one after the other: an administrator takes other people's work away
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		cmd := exec.CommandContext(ctx, schemathesis, "--config-file", config, "run", filepath.Join(testdata, "../../../contracts/openapi.yaml"),
			"--url", url, "--header", "Authorization: Bearer "+keys[role], "--seed", "1", "--max-time", "45",
			"--phases", "coverage,fuzzing", "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,"+
				"response_headers_conformance,response_schema_conformance",
			"--exclude-operation-id", "revokePrincipal", // it takes away the keys of the run itself
			"--continue-on-failure", "--suppress-health-check", "all", "--warnings", "off", "--no-color")
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), "SCHEMATHESIS_HOOKS=hooks", "PYTHONPATH="+testdata, "PYTHONDONTWRITEBYTECODE=1")
		out, err := cmd.CombinedOutput()
		cancel()
		if err != nil {
			t.Errorf("as %s: %v\n%s", role, err, out)
			continue
		}
		_, summary, _ := strings.Cut(string(out), "= SUMMARY =")
		t.Logf("as %s: %s", role, cmp.Or(summary, string(out)))
	}
}

// TestGeneratedClient makes a client of the contract with somebody else's generator, and posts and reads a contact with it.
func TestGeneratedClient(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs a demo")
	}
	t.Parallel()
	generator := clientOf(t, "openapi-python-client")
	url, keys := tried(t, nil)
	folder := t.TempDir()
	out, err := exec.CommandContext(t.Context(), generator, "generate", "--path", "../../contracts/openapi.yaml", "--meta", "none",
		"--output-path", filepath.Join(folder, "carillon_client")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), clientOf(t, "python"), "testdata/post_and_read.py", url, keys["demo"])
	cmd.Env = append(os.Environ(), "PYTHONPATH="+folder)
	said, err := cmd.CombinedOutput()
	if err != nil || !strings.HasPrefix(string(said), "posted and read") {
		t.Fatalf("%v\n%s\n%s", err, said, out)
	}
	t.Logf("%s", said)
}
