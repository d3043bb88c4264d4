package simulators_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"carillon/adapters/simulators"
	"carillon/adapters/simulators/later"
	"carillon/adapters/simulators/notify"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "simulators")
	if err != nil {
		panic(err)
	}
	if err := os.Setenv("SIMULATORS_TEST_KEY", filepath.Join(dir, "key.pem")); err != nil {
		panic(err)
	}
	if _, err := notify.NewSigner(filepath.Join(dir, "key.pem"), 2048, "us-east-1", time.Now()); err != nil {
		panic(err)
	}
	code := m.Run()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if err := os.RemoveAll(dir); err != nil {
		panic(err)
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			slog.Error("a goroutine is left", slog.Any("error", err))
			code = 1
		}
	}
	os.Exit(code)
}

// calm is every HTTP simulator, calm, with a key that all tests share.
func calm() simulators.Config {
	c := simulators.Default(slog.New(slog.DiscardHandler))
	c.Profile = simulators.Calm()
	c.KafkaAddr, c.RunDMS = "", false
	c.KeyFile = os.Getenv("SIMULATORS_TEST_KEY")
	c.Retry = later.Retry{Attempts: 4, First: time.Millisecond, Max: 2 * time.Millisecond}
	return c
}

// start starts simulators that end with the test.
func start(t *testing.T, c simulators.Config) *simulators.Running {
	t.Helper()
	r, err := simulators.Start(t.Context(), c)
	if err != nil {
		t.Fatalf("starting: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := r.Close(ctx); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return r
}

// soon is the bound of every wait.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// post is a request that a hook got.
type post struct {
	path   string
	header http.Header
	body   []byte
}

// hook is a receiver of reports.
type hook struct {
	*httptest.Server
	got    chan post
	stash  []post // what notification passed over; used by the test alone
	mu     sync.Mutex
	answer func(post) (int, string)
}

func newHook(t *testing.T, answer func(post) (int, string)) *hook {
	t.Helper()
	h := &hook{got: make(chan post, 1000), answer: answer}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		p := post{path: r.URL.Path, header: r.Header.Clone(), body: body}
		status, text := http.StatusOK, ""
		if h.answer != nil {
			h.mu.Lock()
			status, text = h.answer(p)
			h.mu.Unlock()
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
		h.got <- p
	}))
	t.Cleanup(h.Close)
	return h
}

// next is the next request, within bounds.
func (h *hook) next(t *testing.T) post {
	t.Helper()
	select {
	case p := <-h.got:
		return p
	case <-soon(t).Done():
		t.Fatal("no report came")
		return post{}
	}
}

// notification is the next notification of the topic with its signature checked; others wait for their turn.
func (h *hook) notification(t *testing.T, r *simulators.Running, kind, topic string) notify.Envelope {
	t.Helper()
	for i, p := range h.stash {
		if e := envelope(t, p); e.Type == kind && e.TopicArn == topic {
			h.stash = append(h.stash[:i], h.stash[i+1:]...)
			verify(t, r, p, e)
			return e
		}
	}
	for {
		p := h.next(t)
		e := envelope(t, p)
		if e.Type == kind && e.TopicArn == topic {
			verify(t, r, p, e)
			return e
		}
		h.stash = append(h.stash, p)
	}
}

func envelope(t *testing.T, p post) notify.Envelope {
	t.Helper()
	var e notify.Envelope
	if err := json.Unmarshal(p.body, &e); err != nil {
		t.Fatalf("reading a notification: %v", err)
	}
	return e
}

// verify checks a notification as a careful receiver does.
func verify(t *testing.T, r *simulators.Running, p post, e notify.Envelope) {
	t.Helper()
	block, _ := pem.Decode(r.CertificatePEM())
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatalf("reading the certificate: %v", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, DNSName: "sns.us-east-1.amazonaws.com"}); err != nil {
		t.Errorf("the certificate does not stand: %v", err)
	}
	lines := []string{"Message", e.Message, "MessageId", e.MessageID}
	if e.Type == "Notification" {
		if e.Subject != "" {
			lines = append(lines, "Subject", e.Subject)
		}
		lines = append(lines, "Timestamp", e.Timestamp, "TopicArn", e.TopicArn, "Type", e.Type)
	} else {
		lines = append(lines, "SubscribeURL", e.SubscribeURL, "Timestamp", e.Timestamp, "Token", e.Token,
			"TopicArn", e.TopicArn, "Type", e.Type)
	}
	signature, err := base64.StdEncoding.DecodeString(e.Signature)
	if err != nil {
		t.Fatalf("reading the signature: %v", err)
	}
	text := []byte(strings.Join(lines, "\n") + "\n")
	if err := cert.CheckSignature(x509.SHA256WithRSA, text, signature); err != nil {
		t.Errorf("the signature does not fit: %v", err)
	}
	const prefix = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-"
	if !strings.HasPrefix(e.SigningCertURL, prefix) || !strings.HasSuffix(e.SigningCertURL, ".pem") {
		t.Errorf("SigningCertURL is %s", e.SigningCertURL)
	}
	if e.SignatureVersion != "2" || p.header.Get("X-Amz-Sns-Message-Type") != e.Type {
		t.Errorf("version %s, header %s", e.SignatureVersion, p.header.Get("X-Amz-Sns-Message-Type"))
	}
}

// ask sends a request and returns the answer's status and body.
func ask(t *testing.T, method, url, body string, header ...string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(soon(t), method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, text
}

// fault lays a fault down through the control listener.
func fault(t *testing.T, r *simulators.Running, target, body string) {
	t.Helper()
	if status, text := ask(t, http.MethodPut, r.URLs().Control+"/control/"+target, body); status != http.StatusOK {
		t.Fatalf("laying down a fault: %d %s", status, text)
	}
}
