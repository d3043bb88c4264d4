package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"carillon/cmd/internal/parttest"
)

// TestContactsByKafka posts contacts to a real Kafka with kcat, and reads with kcat what became of each.
func TestContactsByKafka(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs a broker")
	}
	t.Parallel()
	brokers := parttest.RealPart(t, "TEST_KAFKA_BROKERS")
	kcat := kcat{path: parttest.RealPart(t, "TEST_KCAT"), brokers: brokers}
	mark := "I" + strings.ToUpper(strconv.FormatInt(time.Now().UnixMicro(), 36))
	topic := func(name string) string { return "test." + strings.ToLower(mark) + "." + name }
	topics(t, brokers, topic("letters"), topic("manifests"), topic("letter-status"), topic("status"), topic("intake"), topic("result"), topic("dead"))
	g := &instance{start: within, store: parttest.Database(t)}
	g.sre = g.key(t, "ops", "sre,admin", "*")
	must(t, "key", "create", "--store", g.store, "--source", "cis", "--role", "cis", "--division", "NORTH", "--name", "billing")
	sims := simulate(t, within, "--kafka", "")
	sims.Kafka = nil // the real one
	g.args = append(append(allowed(), sims.wiring()...), "--store", g.store, "--first-config", configFile(t, nil), "--letters-schedule", "",
		"--kafka-brokers", brokers, "--kafka-version", "4.0.0", "--kafka-group", topic("group"),
		"--kafka-letters", topic("letters"), "--kafka-manifests", topic("manifests"), "--kafka-letter-status", topic("letter-status"), "--kafka-status", topic("status"),
		"--kafka-intake", topic("intake"), "--kafka-intake-result", topic("result"), "--kafka-intake-dead", topic("dead"), "--kafka-intake-principal", "billing")
	g.run(t, "127.0.0.1:0")

	write := func(header string, body any) {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		args := []string{"-b", brokers, "-P", "-t", topic("intake"), "-k", mark}
		if header != "" {
			args = append(args, "-H", header)
		}
		cmd := exec.CommandContext(t.Context(), kcat.path, args...)
		cmd.Stdin = strings.NewReader(string(text) + "\n")
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("kcat: %v: %s", err, text)
		}
	}
	write("carillon-key=one", contactOf(aText, "NORTH", mark, 1))
	write("carillon-key=one", contactOf(aText, "NORTH", mark, 1))
	write("carillon-key=one", contactOf(aText, "NORTH", mark, 2))
	write("carillon-key=two", contactOf(aText, "SOUTH", mark, 3)) // not a division of the principal's
	write("", contactOf(aText, "NORTH", mark, 4))                 // without a key
	var results []kafkaRecord
	eventually(t, time.Minute, "every record is answered", func() bool {
		results = kcat.read(t, topic("result"))
		return len(results) == 4
	})
	want := []string{"202", "202 replayed", "409", "403"} // one key, one partition, one order
	for i, r := range results {
		got := fmt.Sprint(r.fields["status"])
		if r.fields["replayed"] == true {
			got += " replayed"
		}
		place := fmt.Sprintf("%s/%v/%v", topic("intake"), r.fields["partition"], r.fields["offset"])
		if got != want[i] || r.key != mark || r.headers["ce_id"] != place || r.headers["ce_type"] != "carillon.intake.result.v1" {
			t.Errorf("result %d: %s, want %s: %+v", i, got, want[i], r)
		}
	}
	if results[0].fields["contact"] != results[1].fields["contact"] {
		t.Errorf("another contact: %s and %s", results[0].value, results[1].value)
	}
	eventually(t, time.Minute, "what has no key is dead", func() bool {
		dead := kcat.read(t, topic("dead"))
		return len(dead) == 1 && dead[0].headers["carillon-reason"] == "no_key" && strings.Contains(dead[0].value, mark+"-000004")
	})
	m := g.first(t, fmt.Sprint(results[0].fields["contact"]), "sent", 30*time.Second)
	t.Logf("result %s, message %v", results[0].value, m["id"])
	var live struct{ consumers []map[string]any }
	_, object := g.get(t, "", "/livez")
	live.consumers = objects(object, "consumers")
	if len(live.consumers) != 2 || live.consumers[1]["topic"] != topic("intake") || live.consumers[1]["seen"] == nil {
		t.Errorf("livez says %v", object)
	}
}

// TestSendFile posts a file as people do, and again after it was answered in part.
func TestSendFile(t *testing.T) {
	t.Parallel()
	store := t.TempDir() + "/carillon.db"
	g := &instance{store: store}
	cis := g.key(t, "cis", "cis", "NORTH")
	g = serve(t, within, store, configFile(t, nil), simulate(t, within), allowed()...)
	var text strings.Builder
	for i := range 700 {
		line := contactOf(aText, "NORTH", "FILE", i)
		line["key"] = fmt.Sprint("file-", i)
		if i == 3 {
			line["type"] = "NONE"
		}
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
	send := func(args ...string) map[string]any {
		t.Helper()
		var end map[string]any
		out := must(t, append([]string{"contacts", "send", file, "--url", g.url, "--key", cis}, args...)...)
		if err := json.Unmarshal([]byte(out), &end); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		return end
	}
	if end := send("--batch", "first"); end["state"] != "done" || end["accepted"] != 699.0 || end["refused"] != 1.0 || end["batch"] != "first" {
		t.Fatalf("sent: %v", end)
	}
	results, err := os.ReadFile(file + ".results")
	if err != nil || strings.Count(string(results), "\n") != 700 {
		t.Fatalf("%d results: %v", strings.Count(string(results), "\n"), err)
	}
	half := strings.SplitAfter(string(results), "\n")[:400] // as if the connection had been cut there
	if err := os.WriteFile(file+".results", []byte(strings.Join(half, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	if end := send("--again"); end["lines"] != 300.0 || end["replayed"] != 300.0 {
		t.Errorf("sent again: %v", end)
	}
	results, err = os.ReadFile(file + ".results")
	if lines := strings.Split(strings.TrimSpace(string(results)), "\n"); err != nil || len(lines) != 700 || !strings.HasPrefix(lines[699], `{"line":700,`) {
		t.Errorf("%d results: %v", len(lines), err)
	}
	if status, batch := g.get(t, cis, "/v1/contacts/bulk/first"); status != http.StatusOK || batch["state"] != "done" || batch["accepted"] != 699.0 {
		t.Errorf("batch: %d %v", status, batch)
	}
	if code, out, errOut := command(t, "contacts", "send", file, "--url", g.url, "--key", "crl_wrong", "--results", file+".x"); code != 1 || !strings.Contains(errOut, "Unauthorized") {
		t.Errorf("a wrong key: %d %s%s", code, out, errOut)
	}
}
