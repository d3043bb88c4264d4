package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"carillon/cmd/internal/parttest"
	"carillon/core/occurrence"
)

// TestEventsByKafka raises every kind of event on a real Kafka with kcat, twice, and reads with kcat what became of each.
func TestEventsByKafka(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs a broker")
	}
	t.Parallel()
	brokers := parttest.RealPart(t, "TEST_KAFKA_BROKERS")
	kcat := kcat{path: parttest.RealPart(t, "TEST_KCAT"), brokers: brokers}
	mark := "E" + strings.ToUpper(strconv.FormatInt(time.Now().UnixMicro(), 36))
	topic := func(name string) string { return "test." + strings.ToLower(mark) + "." + name }
	topics(t, brokers, topic("letters"), topic("manifests"), topic("letter-status"), topic("status"), topic("events"), topic("result"), topic("dead"))
	g := &instance{start: within, store: parttest.Database(t)}
	g.sre = g.key(t, "ops", "sre,admin", "*")
	must(t, "key", "create", "--store", g.store, "--source", "cis", "--role", "cis", "--division", "NORTH", "--name", "happenings")
	customersOfTheNight(t, g.store)
	sims := simulate(t, within, "--kafka", "")
	sims.Kafka = nil // the real one
	g.args = append(append(allowed(), sims.wiring()...), "--store", g.store, "--first-config", configFile(t, nil), "--letters-schedule", "",
		"--kafka-brokers", brokers, "--kafka-version", "4.0.0", "--kafka-group", topic("group"),
		"--kafka-letters", topic("letters"), "--kafka-manifests", topic("manifests"), "--kafka-letter-status", topic("letter-status"), "--kafka-status", topic("status"),
		"--kafka-events", topic("events"), "--kafka-events-result", topic("result"), "--kafka-events-dead", topic("dead"), "--kafka-events-principal", "happenings")
	g.run(t, "127.0.0.1:0")

	var batch strings.Builder
	write := func(body any) {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		batch.Write(append(text, '\n'))
	}
	want := []string{}
	for _, again := range []bool{false, true} {
		for _, kind := range occurrence.Kinds() {
			write(happening(t, kind))
			want = append(want, fmt.Sprintf("202 %s %v", kind, again))
		}
	}
	changed := happening(t, occurrence.KindCut)
	changed["amount"] = "1.00"
	write(changed)
	unknown := happening(t, occurrence.KindCut)
	unknown["object"], unknown["frobnicate"] = "CU-2", true
	write(unknown)
	south := happening(t, occurrence.KindCut)
	south["object"], south["division"] = "CU-3", "SOUTH" // not a division of the principal's
	write(south)
	nobody := happening(t, occurrence.KindCut)
	nobody["object"], nobody["account"] = "CU-4", "4999999999"
	delete(nobody, "sa")
	write(nobody)
	want = append(want, "409  false", "422  false", "403  false", "422  false")
	batch.WriteString("no JSON\n")
	cmd := exec.CommandContext(t.Context(), kcat.path, "-b", brokers, "-P", "-t", topic("events"), "-k", mark)
	cmd.Stdin = strings.NewReader(batch.String())
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("kcat: %v: %s", err, text)
	}
	var results []kafkaRecord
	eventually(t, time.Minute, "every event is answered", func() bool {
		results = kcat.read(t, topic("result"))
		return len(results) >= len(want)
	})
	first := map[string]string{}
	for i, r := range results {
		kind, _ := r.fields["event"].(string)
		got := fmt.Sprintf("%v %s %v", r.fields["status"], kind, r.fields["replayed"] == true)
		place := fmt.Sprintf("%s/%v/%v", topic("events"), r.fields["partition"], r.fields["offset"])
		if i >= len(want) || got != want[i] || r.key != mark || r.headers["ce_id"] != place || r.headers["ce_type"] != "carillon.events.result.v1" {
			t.Errorf("result %d: %s, want %s: %+v", i, got, want[min(i, len(want)-1)], r)
		}
		made, err := json.Marshal(r.fields["made"])
		if err != nil {
			t.Fatal(err)
		}
		if before, there := first[kind]; there && kind != "" && before != string(made) {
			t.Errorf("%s made %s, then %s", kind, before, made)
		}
		first[kind] = string(made)
	}
	eventually(t, time.Minute, "what is no JSON is dead, as it came", func() bool {
		read := exec.CommandContext(t.Context(), kcat.path, "-b", brokers, "-C", "-t", topic("dead"), "-e", "-q", "-f", "%h %s\n")
		text, err := read.Output()
		dead := strings.TrimSpace(string(text))
		return err == nil && strings.HasSuffix(dead, " no JSON") && strings.Contains(dead, "carillon-reason=no_json") &&
			strings.Contains(dead, "ce_type=carillon.events.dead.v1") && !strings.Contains(dead, "\n")
	})
	contacts := 0
	for _, kinds := range made() {
		contacts += len(kinds)
	}
	eventually(t, 30*time.Second, "each contact is there once", func() bool { c, _ := count(t, g); return c == contacts })
}
