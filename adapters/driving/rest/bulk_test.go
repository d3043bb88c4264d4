package rest_test

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carillon/adapters/driving/rest"
	"carillon/core/access"
	"carillon/core/store"
)

// answered is a line of an answer: a result, or the last line.
type answered struct {
	Line     int64
	Key      string
	Status   int
	Contact  string
	Replayed bool
	Problem  *problemDocument

	Batch, State                       string
	Lines, Accepted, Refused, ResumeAt int64
	ReplayedLines                      int64 `json:"-"`
}

func answers(tb testing.TB, text []byte) []answered {
	tb.Helper()
	var all []answered
	for _, line := range linesOf(text) {
		all = append(all, oneAnswer(tb, line))
	}
	return all
}

func oneAnswer(tb testing.TB, line []byte) (a answered) {
	tb.Helper()
	var last struct{ Replayed json.RawMessage }
	if err := errors.Join(json.Unmarshal(line, &last)); err != nil {
		tb.Fatalf("%v in %s", err, line)
	}
	plain := map[string]json.RawMessage{}
	_ = json.Unmarshal(line, &plain)
	if _, is := plain["state"]; is { // there it is a number
		_ = json.Unmarshal(plain["replayed"], &a.ReplayedLines)
		delete(plain, "replayed")
		line, _ = json.Marshal(plain)
	}
	if err := json.Unmarshal(line, &a); err != nil {
		tb.Fatalf("%v in %s", err, line)
	}
	return a
}

// contactLine is a line that is accepted.
func contactLine(n int) string {
	return fmt.Sprintf(`{"key":"k-%d","division":"WEST","class":"CREDIT","type":"DISC-WARN","recipient":{"name":["Ada Example"],"phone":"+13125550142"},"data":{"amount":"%d"}}`, n, n) + "\n"
}

func contactLines(from, to int) string {
	var b strings.Builder
	for n := from; n <= to; n++ {
		b.WriteString(contactLine(n))
	}
	return b.String()
}

// stall is a shop that is served.
type stall struct {
	*shop

	handler http.Handler
	lines   map[string]int
	log     *bytes.Buffer
}

func opened(tb testing.TB, cfg rest.Config) *stall {
	tb.Helper()
	s := &stall{shop: newShop(), lines: map[string]int{}, log: &bytes.Buffer{}}
	cfg.Clock, cfg.Log = now, slog.New(slog.NewTextHandler(s.log, nil))
	cfg.Lines = func(path, outcome string, n int) { s.lines[path+" "+outcome] += n }
	h := &house{shop: s.shop}
	cfg.Contract = theContract(tb)
	services := h.services(tb)
	services.Intake = s.intake(tb, cfg.Log, cmp.Or(cfg.MaxBody, rest.DefaultMaxBody))
	handler, err := rest.New(cfg, services)
	if err != nil {
		tb.Fatal(err)
	}
	s.handler = handler
	return s
}

// post sends a stream in one go.
func (s *stall) post(tb testing.TB, query, body string, headers ...string) *httptest.ResponseRecorder {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodPost, "/v1/contacts/bulk"+query, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+key(access.CIS))
	r.Header.Set("Content-Type", "application/x-ndjson")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

func TestStreamAnswersEveryLineInOrder(t *testing.T) {
	s := opened(t, rest.Config{MaxBody: 400})
	var body strings.Builder
	for n := 1; n <= 1300; n++ {
		switch n {
		case 100:
			body.WriteString("no JSON\n")
		case 200:
			body.WriteString("\r\n")
		case 300:
			body.WriteString(strings.Repeat("x", 100_000) + "\n")
		case 400:
			body.WriteString(strings.Replace(contactLine(n), `"WEST"`, `"EAST"`, 1))
		case 500:
			body.WriteString(strings.Replace(contactLine(n), `"amount":"500"`, `"amount":"panic"`, 1))
		case 600:
			body.WriteString(strings.Replace(contactLine(1), `"amount":"1"`, `"amount":"2"`, 1))
		case 700:
			body.WriteString(contactLine(1))
		case 800:
			body.WriteString(strings.Replace(contactLine(n), `"key":"k-800",`, ``, 1))
		default:
			body.WriteString(contactLine(n))
		}
	}
	w := s.post(t, "?batch=b", strings.TrimSuffix(body.String(), "\n")) // the last line needs no end
	if w.Code != http.StatusOK || w.Header().Get("Carillon-Batch") != "b" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	got := answers(t, w.Body.Bytes())
	last := got[len(got)-1]
	if len(got) != 1300 || last.State != "done" || last.Lines != 1299 || last.Accepted != 1292 || last.ReplayedLines != 1 || last.Refused != 6 || last.Problem != nil {
		t.Fatalf("%d answers, last %+v", len(got), last)
	}
	want := map[int64]int{100: 400, 300: 413, 400: 422, 500: 500, 600: 409, 800: 422}
	before := int64(0)
	for _, a := range got[:1299] {
		expected, special := want[a.Line]
		if !special {
			expected = 202
		}
		if a.Line <= before || a.Line == 200 || a.Status != expected || a.Replayed != (a.Line == 700) || (a.Status == 202) != (a.Problem == nil) {
			t.Fatalf("%+v, want status %d", a, expected)
		}
		before = a.Line
	}
	if b := s.batches["b"]; b.Lines != 1299 || b.Accepted != 1292 || b.Replayed != 1 || b.Refused != 6 || b.State != store.BatchDone || b.EndedAt.IsZero() {
		t.Errorf("batch %+v", b)
	}
	for _, n := range s.sizes {
		if n > 501 {
			t.Errorf("a transaction of %d sets", n)
		}
	}
	if s.lines["bulk accepted"] != 1292 || s.lines["bulk failed"] != 1 || s.lines["bulk refused"] != 4 || s.lines["bulk conflict"] != 1 || s.lines["bulk replayed"] != 1 {
		t.Errorf("counted %v", s.lines)
	}
	if log := s.log.String(); !strings.Contains(log, "a line failed") || strings.Contains(log, "Ada") {
		t.Errorf("logged %s", log)
	}
}

func TestStreamBreaksOffWhereTheStoreIsLost(t *testing.T) {
	s := opened(t, rest.Config{})
	s.left = 1000
	got := answers(t, s.post(t, "?batch=b", contactLines(1, 2000)).Body.Bytes())
	last := got[len(got)-1]
	if last.State != "broken" || last.ResumeAt != int64(len(got)) || last.Problem == nil || last.Problem.Status != http.StatusServiceUnavailable {
		t.Fatalf("%d answers, last %+v", len(got), last)
	}
	if b := s.batches["b"]; b.State != store.BatchBroken {
		t.Errorf("batch %+v", b)
	}
	s.left = -1
	got = answers(t, s.post(t, "?batch=b", contactLines(1, 2000)).Body.Bytes())
	again := got[len(got)-1]
	if again.State != "done" || again.Lines != 2000 || again.ReplayedLines+again.Accepted != 2000 || again.ReplayedLines < last.Accepted || len(s.contacts) != 2000 {
		t.Errorf("sent again: %+v, %d contacts", again, len(s.contacts))
	}
	s.left = 0
	if w := s.post(t, "?batch=b", contactLines(1, 2000)); w.Code != http.StatusOK || answers(t, w.Body.Bytes())[0].ResumeAt != 1 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestStreamIsRefused(t *testing.T) {
	s := opened(t, rest.Config{})
	s.batches["taken"] = store.IntakeBatch{ID: "taken", Source: "BILLING"}
	for _, row := range []struct {
		says, query, body string
		headers           []string
		status            int
	}{
		{"when another source has the batch", "?batch=taken", "", nil, http.StatusConflict},
		{"when the batch's id is none", "?batch=a%20b", "", nil, http.StatusUnprocessableEntity},
		{"when a parameter is unknown", "?validat=only", "", nil, http.StatusUnprocessableEntity},
		{"when it is of another type", "", strings.Repeat("x", 3<<20), []string{"Content-Type", "text/csv"}, http.StatusUnsupportedMediaType},
		{"when it says gzip and is not", "", "plain", []string{"Content-Encoding", "gzip"}, http.StatusUnprocessableEntity},
		{"when it is packed otherwise", "", "plain", []string{"Content-Encoding", "br"}, http.StatusUnprocessableEntity},
	} {
		t.Run(row.says, func(t *testing.T) {
			w := s.post(t, row.query, row.body+" ", row.headers...)
			if w.Code != row.status {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			problemIn(t, w)
		})
	}
	if len(s.batches) != 1 {
		t.Errorf("a batch was made: %v", s.batches)
	}
}

func TestStreamIsUnpacked(t *testing.T) {
	s := opened(t, rest.Config{})
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, contactLines(1, 700))
	_ = z.Close()
	got := answers(t, s.post(t, "", packed.String(), "Content-Encoding", "gzip").Body.Bytes())
	if last := got[len(got)-1]; last.State != "done" || last.Accepted != 700 {
		t.Fatalf("%+v", last)
	}
	half := packed.String()[:packed.Len()/2]
	got = answers(t, s.post(t, "", half, "Content-Encoding", "gzip").Body.Bytes())
	if last := got[len(got)-1]; last.State != "broken" || last.ResumeAt == 0 || last.Problem.Status != http.StatusUnprocessableEntity || last.ResumeAt != last.Lines+1 {
		t.Fatalf("%+v", last)
	}
}

func TestStreamIsOnlyChecked(t *testing.T) {
	s := opened(t, rest.Config{})
	w := s.post(t, "?validate=only", contactLines(1, 2)+"{}\n")
	got := answers(t, w.Body.Bytes())
	if len(got) != 4 || got[0].Status != 200 || got[2].Status != 422 || got[3].Accepted != 2 || got[3].Batch != "" || w.Header().Get("Carillon-Batch") != "" {
		t.Errorf("%+v", got)
	}
	if len(s.contacts)+len(s.batches)+len(s.lines) != 0 {
		t.Error("something was written or counted")
	}
}

func TestStreamEndsWhenTheGatewayStops(t *testing.T) {
	stopping := make(chan struct{})
	s := opened(t, rest.Config{Stopping: stopping})
	server := httptest.NewServer(s.handler)
	defer server.Close()
	write, from := s.conversation(t, server.URL)
	write(contactLine(1))
	if a := oneAnswer(t, from()); a.Status != http.StatusAccepted {
		t.Fatalf("%+v", a)
	}
	close(stopping)
	if a := oneAnswer(t, from()); a.State != "broken" || a.ResumeAt != 2 || a.Problem.Status != http.StatusServiceUnavailable {
		t.Fatalf("%+v", a)
	}
}

// conversation sends a stream line by line, with Go's client, and reads what is answered meanwhile.
func (s *stall) conversation(t *testing.T, url string) (write func(string), next func() []byte) {
	t.Helper()
	body, pipe := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/contacts/bulk", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key(access.CIS))
	r.Header.Set("Content-Type", "application/x-ndjson")
	t.Cleanup(func() { _ = pipe.Close() })
	var lines *bufio.Scanner
	write = func(line string) {
		if line == "" {
			_ = pipe.Close()
			return
		}
		go func() { _, _ = io.WriteString(pipe, line) }()
	}
	next = func() []byte {
		if lines == nil {
			w, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = w.Body.Close() })
			lines = bufio.NewScanner(w.Body)
		}
		if !lines.Scan() {
			t.Fatal("the stream ended: ", lines.Err())
		}
		return lines.Bytes()
	}
	return write, next
}

func TestStreamIsAnsweredWhileItIsSent(t *testing.T) {
	s := opened(t, rest.Config{})
	server := httptest.NewServer(s.handler)
	defer server.Close()
	write, next := s.conversation(t, server.URL)
	for n := 1; n <= 5; n++ {
		write(contactLine(n))
		if a := oneAnswer(t, next()); a.Line != int64(n) || a.Status != http.StatusAccepted {
			t.Fatalf("%+v", a)
		}
	}
	write("")
	if a := oneAnswer(t, next()); a.State != "done" || a.Accepted != 5 {
		t.Fatalf("%+v", a)
	}
}

// TestStreamOfWhoReadsNothing: what is sent is read only as fast as answers are taken, and once they are taken it goes
// on to the end.
func TestStreamOfWhoReadsNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("it fills the buffers of two sockets")
	}
	const lines = 60_000
	pad := strings.Repeat("x", 300)
	var all strings.Builder
	for n := 1; n <= lines; n++ {
		all.WriteString(strings.Replace(contactLine(n), `"data":{`, `"data":{"pad":"`+pad+`",`, 1))
	}
	s := opened(t, rest.Config{})
	server := httptest.NewServer(s.handler)
	defer server.Close()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetReadBuffer(128 << 10)
	_, _ = fmt.Fprintf(conn, "POST /v1/contacts/bulk HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\nConnection: close\r\n\r\n",
		key(access.CIS), all.Len())
	sent := make(chan error, 1)
	go func() {
		_, err := io.WriteString(conn, all.String())
		sent <- err
	}()
	taken := func() int { s.mu.Lock(); defer s.mu.Unlock(); return len(s.contacts) }
	for before := -1; before != taken() || before == 0; { // until nothing moves any more
		before = taken()
		time.Sleep(300 * time.Millisecond)
	}
	select {
	case err := <-sent:
		t.Fatalf("everything was sent though nothing was read: %v, %d taken", err, taken())
	default:
	}
	if n := taken(); n == 0 || n >= lines {
		t.Fatalf("%d lines were taken in though nothing was read", n)
	}
	w, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(w.Body)
	_ = w.Body.Close()
	got := linesOf(text)
	if err != nil || len(got) != lines+1 || taken() != lines {
		t.Fatalf("%d answers, %d contacts: %v", len(got), taken(), err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if a := oneAnswer(t, got[lines]); a.State != "done" || a.Accepted != lines {
		t.Errorf("%+v", a)
	}
}

// TestStreamByCurl sends a file as people do, with a client that is not ours.
func TestStreamByCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		if os.Getenv("CARILLON_REAL_PARTS") == "required" {
			t.Fatal("there is no curl")
		}
		t.Skip("there is no curl")
	}
	s := opened(t, rest.Config{})
	server := httptest.NewServer(s.handler)
	defer server.Close()
	file := filepath.Join(t.TempDir(), "contacts.ndjson")
	if err := os.WriteFile(file, []byte(contactLines(1, 20_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arg := range [][]string{{"-T", file}, {"--data-binary", "@" + file}} {
		args := append([]string{"-sS", "-X", "POST", "-H", "Authorization: Bearer " + key(access.CIS), "-H", "Content-Type: application/x-ndjson", server.URL + "/v1/contacts/bulk"}, arg...)
		text, err := exec.CommandContext(t.Context(), curl, args...).Output()
		if err != nil {
			t.Fatal(err)
		}
		got := linesOf(text)
		if last := oneAnswer(t, got[len(got)-1]); len(got) != 20_001 || last.Accepted+last.ReplayedLines != 20_000 || last.State != "done" {
			t.Errorf("%d answers, last %+v", len(got), last)
		}
	}
}

func TestSingleContactsAreCounted(t *testing.T) {
	s := opened(t, rest.Config{})
	for name, outcome := range map[string]string{
		"acceptContact": "accepted", "acceptContact.replayed": "replayed", "acceptContact.conflict": "conflict", "acceptContact.invalid": "refused",
		"acceptContact.unavailable": "failed", "acceptContact.validated": "", "acceptContact.unauthorized": "",
	} {
		clear(s.lines)
		send(t, s.handler, name, access.CIS)
		if want := map[string]int{"single " + outcome: 1}; outcome != "" && (len(s.lines) != 1 || s.lines["single "+outcome] != 1) || outcome == "" && len(s.lines) != 0 {
			t.Errorf("%s: %v, want %v", name, s.lines, want)
		}
	}
}

func TestBatchPagesAreRead(t *testing.T) {
	s := opened(t, rest.Config{})
	for query, status := range map[string]int{"?after=x": 422, "?after=0_x": 422, "?after=1772463845123456_march-bills": 200, "?limit=0": 422} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/contacts/bulk"+query, nil)
		r.Header.Set("Authorization", "Bearer "+key(access.CIS))
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("%s gives %d: %s", query, w.Code, w.Body)
		}
	}
}
