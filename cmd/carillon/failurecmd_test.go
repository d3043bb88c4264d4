package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestFailureCommands: an operator sees what ended badly, replays it once the provider takes it again, and stops a file
// that should not have been sent.
func TestFailureCommands(t *testing.T) {
	t.Parallel()
	store := t.TempDir() + "/carillon.db"
	g := &instance{store: store}
	cis, sre := g.key(t, "cis", "cis", "NORTH"), g.key(t, "ops", "sre,supervisor", "NORTH")
	sims := simulate(t, within)
	g = serve(t, within, store, configFile(t, nil), sims, allowed()...)
	g.cis, g.sre = cis, sre
	sims.control(t, http.MethodPut, "/control/sns", map[string]any{"refuse": []string{"+1*"}})
	contact := g.post(t, "bad", contactOf(aText, "NORTH", "BAD", 1))
	g.first(t, contact, "failed", time.Minute)
	sims.control(t, http.MethodDelete, "/control/sns", nil)

	at := []string{"--url", g.url, "--key", sre}
	run := func(args ...string) string { t.Helper(); return must(t, append(args, at...)...) }
	var dead map[string]any
	if out := run("dead-letters", "list", "--channel", "sms", "--output", "json"); json.Unmarshal([]byte(out), &dead) != nil || dead["contact"] != contact {
		t.Fatalf("listed: %s", out)
	}
	replay := []string{"dead-letters", "replay", "--channel", "sms", "--include-reached", "--request-key", "k1"}
	if out := run(replay...); !strings.Contains(out, "1 of 1 messages (1 parts of texts) would be replayed") {
		t.Fatalf("a dry run: %s", out)
	}
	if out := run(append(replay, "--apply")...); !strings.Contains(out, "1 of 1 messages (1 parts of texts) were replayed under the key k1") {
		t.Fatalf("replayed: %s", out)
	}
	g.first(t, contact, "delivered", time.Minute)

	lane := fmt.Sprintf("/v1/lanes/%v/", g.messages(t, contact)[0]["lane"])
	if status, _ := g.ask(t, sre, http.MethodPost, lane+"pause", nil, map[string]any{"reason": "a test"}); status != http.StatusNoContent {
		t.Fatalf("pausing: %d", status)
	}
	var text strings.Builder
	for i := range 20 {
		line := contactOf(aText, "NORTH", "STOP", i)
		line["key"] = fmt.Sprint("stop-", i)
		one, err := json.Marshal(line)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(append(one, '\n'))
	}
	file := filepath.Join(t.TempDir(), "contacts.ndjson")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, "contacts", "send", file, "--batch", "wrong", "--url", g.url, "--key", cis)
	if out := run("cancel", "--batch", "wrong"); !strings.Contains(out, "cancelled  20") || !strings.Contains(out, "nothing was done") {
		t.Fatalf("a dry run: %s", out)
	}
	if out := run("cancel", "--batch", "wrong", "--apply"); !strings.Contains(out, "cancelled  20") {
		t.Fatalf("cancelled: %s", out)
	}
	if out := run("cancel", "--batch", "wrong"); !strings.Contains(out, "cancelled  0") {
		t.Fatalf("again: %s", out)
	}
}
