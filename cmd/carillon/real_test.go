package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"carillon/cmd/internal/cli"
	"carillon/cmd/internal/parttest"

	"github.com/IBM/sarama"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
)

// TestRealParts runs the main job against a real PostgreSQL, a real Kafka and a third party's SNS and SES: a letter
// that kcat reads and answers as a document management system does, a text and an email that moto takes, a call that
// is pushed to a dialer vendor and one that a vendor pulls.
func TestRealParts(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts processes")
	}
	t.Parallel()
	aws, brokers := parttest.RealPart(t, "TEST_AWS_ENDPOINT"), parttest.RealPart(t, "TEST_KAFKA_BROKERS")
	kcat := kcat{path: parttest.RealPart(t, "TEST_KCAT"), brokers: brokers}
	store := parttest.Database(t)
	mark := "R" + strings.ToUpper(strconv.FormatInt(time.Now().UnixMicro(), 36))
	topic := func(name string) string { return "test." + strings.ToLower(mark) + "." + name }
	topics(t, brokers, topic("letters"), topic("manifests"), topic("letter-status"), topic("status"))
	verifySenders(t, aws, "notices@northfield.example", "notices@southbay.example")

	vendor := simulate(t, spawn, "--kafka", "")
	g := &instance{start: spawn, store: store, env: []string{
		"AWS_ENDPOINT_URL_SNS=" + aws, "AWS_ENDPOINT_URL_SESV2=" + aws, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
	}}
	g.cis, g.sre = g.key(t, "cis", "cis", "NORTH", "SOUTH"), g.key(t, "ops", "sre,supervisor,admin", "*")
	g.call = g.key(t, "belltower", "dialer", "NORTH", "SOUTH")
	g.args = append(allowed(), "--store", store, "--first-config", configFile(t, nil), "--letters-schedule", "",
		"--kafka-brokers", brokers, "--kafka-version", "4.0.0", "--kafka-group", topic("group"),
		"--kafka-letters", topic("letters"), "--kafka-manifests", topic("manifests"), "--kafka-letter-status", topic("letter-status"), "--kafka-status", topic("status"),
		"--dialer-url", vendor.Dialer, "--dialer-key", "dialer-secret")
	g.run(t, "127.0.0.1:0")
	vendor.control(t, http.MethodPut, "/control/hooks", map[string]any{"calls": g.url, "callsKey": g.call})

	post := func(t *testing.T, kind, division string, i int) string {
		t.Helper()
		return g.post(t, fmt.Sprintf("%s-%d", mark, i), contactOf(kind, division, mark, i))
	}
	t.Run("group", func(t *testing.T) {
		t.Run("text", func(t *testing.T) {
			t.Parallel()
			m := g.first(t, post(t, aText, "NORTH", 1), "sent", 30*time.Second)
			want := fmt.Sprintf("Northfield Power and Light: $10.11 is due on May 1 (%s-000001). Reply STOP to opt out.", mark)
			var seen []map[string]any
			for _, sms := range moto(t, aws).SNS.SMS {
				if sms["message"] == want {
					seen = append(seen, sms)
				}
			}
			if len(seen) != 1 || seen[0]["phone_number"] != "+12125550101" || seen[0]["message_id"] != sentRef(m) {
				t.Errorf("moto took %v, the message is %v", seen, m)
			}
			t.Logf("moto: %v", seen)
		})
		t.Run("email", func(t *testing.T) {
			t.Parallel()
			m := g.first(t, post(t, anEmail, "SOUTH", 2), "sent", 30*time.Second)
			var seen []map[string]any
			for _, mail := range moto(t, aws).SES.Message {
				if text := fmt.Sprint(mail); strings.Contains(text, mark+"-000002") {
					seen = append(seen, mail)
				}
			}
			if len(seen) != 1 || seen[0]["id"] != sentRef(m) || !strings.Contains(fmt.Sprint(seen[0]["source"]), "notices@southbay.example") {
				t.Errorf("moto took %v, the message is %v", seen, m)
			}
			t.Logf("moto: %v", seen)
		})
		t.Run("pushed call", func(t *testing.T) {
			t.Parallel()
			contact := post(t, aCall, "NORTH", 3)
			m := g.first(t, contact, "delivered", 30*time.Second)
			if !slices.ContainsFunc(readRecords(t, vendor.records, "dialer"), func(r record) bool {
				return r.Op == "dial" && r.Outcome == "accepted" && r.Key == "northfield" && r.Reference == m["id"] && strings.Contains(r.Content, mark+"-000003")
			}) {
				t.Errorf("the vendor does not know the call %v", m["id"])
			}
			done(t, g, contact)
		})
		t.Run("pulled call", func(t *testing.T) {
			t.Parallel()
			contact := post(t, aCall, "SOUTH", 4)
			id := word(g.messages(t, contact)[0], "id")
			feed := func(verb string, body any) map[string]any {
				status, answer := g.ask(t, g.call, http.MethodPost, "/v1/feeds/calls/"+verb, nil, body)
				if status != http.StatusOK {
					t.Fatalf("%s: %d %v", verb, status, answer)
				}
				return answer
			}
			calls := objects(feed("lease", map[string]any{"max": 10, "leaseSeconds": 30}), "calls")
			if len(calls) != 1 || calls[0]["call"] != id || calls[0]["number"] != "+12105550104" || !strings.Contains(word(calls[0], "script"), mark+"-000004") {
				t.Fatalf("leased %v, the call is %s", calls, id)
			}
			if again := objects(feed("lease", map[string]any{"max": 10, "leaseSeconds": 30}), "calls"); len(again) != 0 {
				t.Errorf("leased twice: %v", again)
			}
			if kept := objects(feed("extend", map[string]any{"calls": []string{id}, "leaseSeconds": 60}), "calls"); len(kept) != 1 || kept[0]["leasedUntil"] == nil {
				t.Errorf("extended: %v", kept)
			}
			if gone := objects(feed("recall", map[string]any{"calls": []string{id}}), "calls"); len(gone) != 0 {
				t.Errorf("recalled: %v", gone)
			}
			result := map[string]any{"results": []map[string]any{{
				"call": id, "result": mark, "disposition": "LIVE_RIGHT_PARTY", "at": time.Now().UTC().Format(time.RFC3339), "attempts": 1, "seconds": 20,
			}}}
			if told := objects(feed("results", result), "results"); len(told) != 1 || told[0]["status"] != "recorded" {
				t.Errorf("the result is %v", told)
			}
			g.first(t, contact, "delivered", 20*time.Second)
			if told := objects(feed("results", result), "results"); len(told) != 1 || told[0]["status"] != "duplicate" {
				t.Errorf("the repeated result is %v", told)
			}
			done(t, g, contact)
		})
		t.Run("letter", func(t *testing.T) {
			t.Parallel()
			contacts := []string{post(t, aLetter, "NORTH", 5), post(t, aLetter, "SOUTH", 6)}
			var run map[string]any
			if err := json.Unmarshal([]byte(must(t, "batch", "run", "LTRPRT", "--url", g.url, "--key", g.sre)), &run); err != nil {
				t.Fatal(err)
			}
			if run["letters"] != 2.0 || run["closedAt"] == nil {
				t.Fatalf("the run is %v", run)
			}
			letters := kcat.read(t, topic("letters"))
			slices.SortFunc(letters, func(a, b kafkaRecord) int { return int(a.number("sequence") - b.number("sequence")) })
			digest := sha256.New()
			for _, l := range letters {
				digest.Write([]byte(l.value + "\n"))
				if !strings.HasPrefix(l.key, "account:NF-"+mark) || l.headers["ce_id"] != l.word("id") || l.headers["ce_specversion"] != "1.0" {
					t.Errorf("a letter under key %s with %v: %s", l.key, l.headers, l.value)
				}
			}
			manifests := kcat.read(t, topic("manifests"))
			if len(letters) != 2 || len(manifests) != 1 {
				t.Fatalf("%d letters, %d manifests", len(letters), len(manifests))
			}
			sum := hex.EncodeToString(digest.Sum(nil))
			if m := manifests[0]; m.key != "LTRPRT/1" || m.headers["ce_id"] != "LTRPRT/1" || m.headers["ce_type"] != "carillon.manifest.v1" {
				t.Errorf("the manifest is under %s with %v", m.key, m.headers)
			}
			if m := manifests[0]; m.number("letters") != 2 || m.word("sha256") != sum || run["sha256"] != sum || m.number("run") != run["run"] {
				t.Errorf("the manifest is %s, the letters add up to %s, the run is %v", m.value, sum, run)
			}
			t.Logf("kcat: %s %s\nkcat: %s %s", letters[0].key, letters[0].value, manifests[0].key, manifests[0].value)
			for i, contact := range contacts {
				id := word(g.first(t, contact, "sent", 10*time.Second), "id")
				for j, status := range []string{"accepted", "printed", "mailed"} {
					kcat.write(t, topic("letter-status"), id, map[string]any{
						"id": fmt.Sprintf("%s-%d-%d", mark, i, j), "letter": id, "status": status, "at": time.Now().UTC().Format(time.RFC3339),
					})
				}
				g.first(t, contact, "delivered", 30*time.Second)
				done(t, g, contact)
			}
		})
	})
	// The status topic tells what /v1/changes tells, entry by entry.
	f, told := newFollower(), make(map[string]bool)
	eventually(t, 30*time.Second, "the changes and the status topic tell of all contacts", func() bool {
		f.read(t, g)
		for _, r := range kcat.read(t, topic("status")) {
			if r.word("kind") == "contact.accepted" {
				told[r.word("contact")] = true
			}
		}
		return len(f.accepted) == 6 && len(told) == 6
	})
	if !maps.Equal(f.accepted, told) {
		t.Errorf("contacts %v in the changes, %v on the status topic", f.accepted, told)
	}
	audit(t, store)
	if code := g.stop(t, 20*time.Second); code != 0 {
		t.Errorf("it stopped with status %d", code)
	}
}

// done checks that a contact has come to its end with its first step.
func done(t *testing.T, g *instance, contact string) {
	t.Helper()
	status, c := g.get(t, g.cis, "/v1/contacts/"+contact)
	if all := objects(c, "messages"); status != http.StatusOK || len(all) != 1 || all[0]["outcome"] != "delivered" || all[0]["work"] != "done" {
		t.Errorf("%d %v", status, c)
	}
}

// sentRef is the provider's reference of a message that was sent.
func sentRef(m map[string]any) string {
	for _, e := range objects(m, "evidence") {
		if e["kind"] == "sent" {
			return word(e, "ref")
		}
	}
	return ""
}

// topics makes topics, and removes them with the test.
func topics(t *testing.T, brokers string, names ...string) {
	t.Helper()
	cfg := sarama.NewConfig()
	cfg.Version = sarama.V2_8_0_0
	admin, err := sarama.NewClusterAdmin(strings.Split(brokers, ","), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := admin.CreateTopic(name, &sarama.TopicDetail{NumPartitions: 3, ReplicationFactor: 1}, false); err != nil {
			t.Fatalf("making topic %s: %v", name, err)
		}
	}
	t.Cleanup(func() {
		for _, name := range names {
			_ = admin.DeleteTopic(name) // the cluster is for tests
		}
		_ = admin.Close() // nothing is left to lose
	})
}

// verifySenders makes the senders known to SES.
func verifySenders(t *testing.T, endpoint string, senders ...string) {
	t.Helper()
	cfg, err := awsconfig.LoadDefaultConfig(t.Context(), awsconfig.WithRegion("us-east-1"), awsconfig.WithBaseEndpoint(endpoint),
		awsconfig.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("test", "test", "")))
	if err != nil {
		t.Fatal(err)
	}
	client := sesv2.NewFromConfig(cfg)
	for _, sender := range senders {
		var there *types.AlreadyExistsException
		if _, err := client.CreateEmailIdentity(t.Context(), &sesv2.CreateEmailIdentityInput{EmailIdentity: &sender}); err != nil && !errors.As(err, &there) {
			t.Fatalf("verifying %s: %v", sender, err)
		}
	}
}

// motoData is what moto remembers of SNS and SES.
type motoData struct {
	SNS struct{ SMS []map[string]any }
	SES struct{ Message []map[string]any }
}

// moto reads moto's memory.
func moto(t *testing.T, endpoint string) motoData {
	t.Helper()
	status, text, err := cli.NewClient(endpoint, "", 0).Do(t.Context(), http.MethodGet, "/moto-api/data.json", nil, nil)
	var all map[string]map[string]json.RawMessage
	if err != nil || status != http.StatusOK || json.Unmarshal(text, &all) != nil {
		t.Fatalf("reading moto's data: %d %v", status, err)
	}
	var d motoData
	for _, part := range []struct {
		from json.RawMessage
		to   any
	}{{all["sns"]["SMS"], &d.SNS.SMS}, {all["ses"]["Message"], &d.SES.Message}} {
		if len(part.from) == 0 {
			continue
		}
		if err := json.Unmarshal(part.from, part.to); err != nil {
			t.Fatalf("reading moto's data: %v", err)
		}
	}
	return d
}

// kcat is the independent witness of Kafka.
type kcat struct{ path, brokers string }

// kafkaRecord is a record as kcat prints it.
type kafkaRecord struct {
	key, value string
	headers    map[string]string
	fields     map[string]any
}

func (r kafkaRecord) word(name string) string { return word(r.fields, name) }

func (r kafkaRecord) number(name string) float64 {
	n, _ := r.fields[name].(float64)
	return n
}

// read reads a topic from its beginning to its end.
func (k kcat) read(t *testing.T, topic string) []kafkaRecord {
	t.Helper()
	text, err := exec.CommandContext(t.Context(), k.path, "-b", k.brokers, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", `%k\t%h\t%s\n`).Output()
	if err != nil {
		t.Fatalf("kcat: %v", err)
	}
	var all []kafkaRecord
	for line := range bytes.Lines(text) {
		parts := strings.SplitN(strings.TrimSuffix(string(line), "\n"), "\t", 3)
		if len(parts) != 3 {
			t.Fatalf("kcat printed %q", line)
		}
		r := kafkaRecord{key: parts[0], value: parts[2], headers: map[string]string{}}
		for h := range strings.SplitSeq(parts[1], ",") {
			name, value, _ := strings.Cut(h, "=")
			r.headers[name] = value
		}
		if err := json.Unmarshal([]byte(r.value), &r.fields); err != nil {
			t.Fatalf("a record is not JSON: %s", r.value)
		}
		all = append(all, r)
	}
	return all
}

// write writes a record.
func (k kcat) write(t *testing.T, topic, key string, value any) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), k.path, "-b", k.brokers, "-P", "-t", topic, "-K", "\t")
	cmd.Stdin = strings.NewReader(key + "\t" + string(text) + "\n")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("kcat: %v: %s", err, text)
	}
}

// TestServeFindsItsStore sees that a gateway that cannot have its store ends and says why.
func TestServeFindsItsStore(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "carillon.db")
	serve(t, within, file, configFile(t, nil), simulate(t, within))
	for _, args := range [][]string{{"doctor", "--store", file}, {"serve", "--store", file, "--sns-region", "us-east-1", "--ses-region", "us-east-1", "--listen", "127.0.0.1:0"}} {
		if code, out, errOut := command(t, args...); code != 1 || !strings.Contains(errOut, "another process") {
			t.Errorf("%v: status %d: %s%s", args, code, out, errOut)
		}
	}
}
