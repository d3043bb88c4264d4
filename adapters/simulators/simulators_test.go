package simulators_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"carillon/adapters/simulators"
	"carillon/adapters/simulators/book"
	"carillon/adapters/simulators/sns"
)

func TestNotificationsAreRepeated(t *testing.T) {
	t.Parallel()
	refusals := 2
	h := newHook(t, func(p post) (int, string) {
		if p.header.Get("X-Amz-Sns-Message-Type") != "Notification" {
			return http.StatusOK, ""
		}
		if refusals--; refusals >= 0 {
			return http.StatusBadGateway, ""
		}
		return http.StatusOK, ""
	})
	c := calm()
	c.Hooks = simulators.Hooks{SMSInbound: h.URL}
	r := start(t, c)
	_, topic, _ := r.Topics()
	if _, err := r.Reply(sns.Reply{From: "+15555550100", To: "+15555550000", Body: "HELP"}); err != nil {
		t.Fatal(err)
	}
	ids := map[string]int{}
	for range 3 {
		ids[h.notification(t, r, "Notification", topic).MessageID]++
	}
	if len(ids) != 1 {
		t.Errorf("the ids of one notification are %v", ids)
	}
	told, err := r.Book("sns").Wait(soon(t), func(b *book.Record) bool { return b.Op == "notification" })
	if err != nil || told.Outcome != "delivered" || told.Attempts != 3 {
		t.Errorf("the record is %+v, %v", told, err)
	}
}

func TestNotificationsAreGivenUp(t *testing.T) {
	t.Parallel()
	status := http.StatusForbidden
	var mu sync.Mutex
	h := newHook(t, func(post) (int, string) {
		mu.Lock()
		defer mu.Unlock()
		return status, ""
	})
	c := calm()
	c.Hooks = simulators.Hooks{SMSInbound: h.URL}
	r := start(t, c)
	b := r.Book("sns")
	if _, err := b.Wait(soon(t), func(b *book.Record) bool { return b.Op == "confirmation" && b.Attempts == 4 }); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ status, tries int }{{http.StatusForbidden, 1}, {http.StatusServiceUnavailable, 4}} {
		mu.Lock()
		status = test.status
		mu.Unlock()
		b.Clear()
		if _, err := r.Reply(sns.Reply{From: "+15555550100", To: "12345", Body: "HELP"}); err != nil {
			t.Fatal(err)
		}
		told, err := b.Wait(soon(t), func(b *book.Record) bool { return b.Op == "notification" })
		if err != nil || told.Outcome != "given_up" || told.Attempts != test.tries || told.Status != test.status {
			t.Errorf("the record is %+v, %v", told, err)
		}
	}
	if _, err := r.Reply(sns.Reply{From: "somebody"}); !errors.Is(err, sns.ErrReply) {
		t.Errorf("a reply of nobody: %v", err)
	}
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	h := newHook(t, nil)
	c := calm()
	c.Profile.Duplicates = 1
	c.Hooks = simulators.Hooks{SMSInbound: h.URL}
	r := start(t, c)
	_, topic, _ := r.Topics()
	if _, err := r.Reply(sns.Reply{From: "+15555550100", To: "12345", Body: "HELP"}); err != nil {
		t.Fatal(err)
	}
	a, b := h.notification(t, r, "Notification", topic), h.notification(t, r, "Notification", topic)
	if a.MessageID != b.MessageID {
		t.Errorf("the double has another id: %s and %s", a.MessageID, b.MessageID)
	}
}

func TestControl(t *testing.T) {
	t.Parallel()
	c := calm()
	c.RecordDir = t.TempDir()
	r := start(t, c)
	control := r.URLs().Control
	client := snsClient(t, r)
	for _, number := range []string{"+15555550100", "+15555550101"} {
		if _, err := client.Publish(t.Context(), textTo(number, "CARILLON")); err != nil {
			t.Fatal(err)
		}
	}
	read := func(target string) []book.Record {
		t.Helper()
		status, text := ask(t, http.MethodGet, control+target, "")
		if status != http.StatusOK {
			t.Fatalf("%s: %d %s", target, status, text)
		}
		return lines(t, text)
	}
	all := read("/records/sns?op=publish")
	if len(all) != 2 || all[0].To[0] != "+15555550100" || all[0].Simulator != "sns" || all[0].At.IsZero() {
		t.Errorf("the records are %+v", all)
	}
	if after := read("/records/sns?op=publish&after=1"); slices.ContainsFunc(after, func(r book.Record) bool { return r.Seq <= 1 }) {
		t.Errorf("the records after the first are %+v", after)
	}
	file, err := os.ReadFile(filepath.Join(c.RecordDir, "sns.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	written := lines(t, file)
	if published := slices.DeleteFunc(written, func(r book.Record) bool { return r.Op != "publish" }); len(published) != 2 {
		t.Errorf("the file holds %+v", written)
	}
	if status, _ := ask(t, http.MethodDelete, control+"/records", ""); status != http.StatusNoContent {
		t.Errorf("forgetting the records: %d", status)
	}
	if left := read("/records/sns?op=publish"); len(left) != 0 {
		t.Errorf("records are left: %+v", left)
	}
	if status, text := ask(t, http.MethodGet, control+"/control/certificate", ""); status != http.StatusOK ||
		!bytes.Equal(text, r.CertificatePEM()) {
		t.Errorf("the certificate: %d %s", status, text)
	}
	if status, _ := ask(t, http.MethodPut, control+"/control/hooks", `{"calls":"http://127.0.0.1:1","callsKey":"k"}`); status != http.StatusNoContent {
		t.Errorf("changing the hooks: %d", status)
	}
	if status, _ := ask(t, http.MethodPost, control+"/control/sns/optout", `{"number":"+15555550100","out":true}`); status != http.StatusNoContent {
		t.Errorf("opting out: %d", status)
	}
	status, text := ask(t, http.MethodGet, control+"/control", "")
	var state simulators.State
	if err := json.Unmarshal(text, &state); err != nil || status != http.StatusOK {
		t.Fatalf("the state: %d %v", status, err)
	}
	if state.OptedOut != 1 || state.Hooks.Calls != "http://127.0.0.1:1" || state.Hooks.CallsKey != "" ||
		state.URLs.SNS != r.URLs().SNS || len(state.Simulators) != 4 {
		t.Errorf("the state is %+v", state)
	}
	status, _ = ask(t, http.MethodDelete, control+"/records", "", "Origin", "https://elsewhere.example")
	if status != http.StatusForbidden {
		t.Errorf("a web page of elsewhere is answered with %d", status)
	}
}

func lines(t *testing.T, text []byte) []book.Record {
	t.Helper()
	var records []book.Record
	scanner := bufio.NewScanner(bytes.NewReader(text))
	for scanner.Scan() {
		var r book.Record
		if err := json.Unmarshal(scanner.Bytes(), &r); err != nil {
			t.Fatalf("reading a record: %v", err)
		}
		records = append(records, r)
	}
	return records
}

func TestStart(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	t.Run("refuses to listen for others", func(t *testing.T) {
		t.Parallel()
		_, err := simulators.Start(t.Context(), simulators.Config{Log: log, SNSAddr: "0.0.0.0:0"})
		if !errors.Is(err, simulators.ErrNotLoopback) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("refuses a DMS without brokers and a missing log", func(t *testing.T) {
		t.Parallel()
		_, err := simulators.Start(t.Context(), simulators.Config{RunDMS: true})
		if err == nil || !strings.Contains(err.Error(), "brokers") || !strings.Contains(err.Error(), "log") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ends what it started when an address is taken", func(t *testing.T) {
		t.Parallel()
		r := start(t, calm())
		c := calm()
		c.DialerAddr = strings.TrimPrefix(r.URLs().SNS, "http://")
		if _, err := simulators.Start(t.Context(), c); err == nil {
			t.Error("it started")
		}
	})
	t.Run("keeps its key in a file and gives the clock's time", func(t *testing.T) {
		t.Parallel()
		c := calm()
		c.KeyFile = filepath.Join(t.TempDir(), "key.pem")
		c.KeyBits = 1024
		c.Clock = func() time.Time { return time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC) }
		first, second := start(t, c), start(t, c)
		if !bytes.Equal(first.CertificatePEM(), second.CertificatePEM()) ||
			first.CertificateURL() != second.CertificateURL() {
			t.Error("the certificate changed")
		}
		if _, err := snsClient(t, first).Publish(t.Context(), textTo("+15555550100", "CARILLON")); err != nil {
			t.Fatal(err)
		}
		record, err := first.Book("sns").Wait(soon(t), func(*book.Record) bool { return true })
		if err != nil || !record.At.Equal(c.Clock()) {
			t.Errorf("the record is of %v, %v", record, err)
		}
	})
	t.Run("runs all of the default and closes twice", func(t *testing.T) {
		t.Parallel()
		c := simulators.Default(log)
		c.KeyFile = os.Getenv("SIMULATORS_TEST_KEY")
		r, err := simulators.Start(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if urls := r.URLs(); urls.SNS == "" || urls.SES == "" || urls.Dialer == "" || urls.Control == "" || len(urls.Kafka) != 1 {
			t.Errorf("it listens at %+v", urls)
		}
		for range 2 {
			if err := r.Close(soon(t)); err != nil {
				t.Errorf("closing: %v", err)
			}
		}
		if r.Pending() != 0 {
			t.Errorf("%d reports are left", r.Pending())
		}
	})
	t.Run("cuts a call that is held when it closes", func(t *testing.T) {
		t.Parallel()
		c := calm()
		r := start(t, c)
		fault(t, r, "sns", `{"delayMillis":60000}`)
		done := make(chan error, 1)
		client := snsClient(t, r)
		go func() {
			_, err := client.Publish(context.Background(), textTo("+15555550100", "CARILLON"))
			done <- err
		}()
		if err := r.Close(soon(t)); err != nil {
			t.Errorf("closing: %v", err)
		}
		if err := <-done; err == nil {
			t.Error("the held call was answered")
		}
	})
}
