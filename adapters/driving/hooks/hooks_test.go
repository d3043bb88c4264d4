package hooks_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"carillon/adapters/driving/hooks"
	"carillon/core/fault"
	"carillon/core/message"
)

const (
	emailTopic   = "arn:aws:sns:us-east-1:123456789012:ses-events"
	statusTopic  = "arn:aws:sns:us-east-1:123456789012:sms-status"
	inboundTopic = "arn:aws:sns:us-east-1:123456789012:sms-inbound"
	certURL      = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0a1b2c.pem"
)

func now() time.Time { return time.Date(2026, 3, 2, 15, 4, 5, 0, time.UTC) }

// pair is a key with its certificate.
type pair struct {
	key  *rsa.PrivateKey
	cert *x509.Certificate
}

// certify makes a certificate; signed by itself when issuer is nil.
func certify(tb testing.TB, shape x509.Certificate, issuer *pair) *pair {
	tb.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	shape.SerialNumber = big.NewInt(7)
	if shape.NotAfter.IsZero() {
		shape.NotBefore, shape.NotAfter = now().Add(-time.Hour), now().AddDate(1, 0, 0)
	}
	parent, signer := &shape, key
	if issuer != nil {
		parent, signer = issuer.cert, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, &shape, parent, &key.PublicKey, signer)
	if err != nil {
		tb.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return &pair{key: key, cert: cert}
}

func (p *pair) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.cert.Raw})
}

// notice is a notification as SNS posts it; what is empty is left out.
type notice map[string]string

func notification(topic, text string) notice {
	return notice{
		"Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "TopicArn": topic, "Message": text,
		"Timestamp": now().Format("2006-01-02T15:04:05.000Z"), "SignatureVersion": "2", "SigningCertURL": certURL,
		"UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
	}
}

func confirmation(topic, subscribe string) notice {
	n := notification(topic, "You have chosen to subscribe")
	n["Type"], n["Token"], n["SubscribeURL"] = "SubscriptionConfirmation", "2336412f37", subscribe
	return n
}

// with is the notification with another field.
func (n notice) with(name, value string) notice {
	out := maps.Clone(n)
	out[name] = value
	return out
}

// sign signs a notification as SNS does: written down here apart from the code under test.
func (n notice) sign(tb testing.TB, p *pair) notice {
	tb.Helper()
	names := []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	if n["Type"] != "Notification" {
		names = []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
	}
	var text strings.Builder
	for _, name := range names {
		if v, there := n[name]; there {
			text.WriteString(name + "\n" + v + "\n")
		}
	}
	hash, sum := crypto.SHA256, sha256.New()
	if n["SignatureVersion"] == "1" {
		hash, sum = crypto.SHA1, sha1.New()
	}
	sum.Write([]byte(text.String()))
	signature, err := rsa.SignPKCS1v15(rand.Reader, p.key, hash, sum.Sum(nil))
	if err != nil {
		tb.Fatal(err)
	}
	return n.with("Signature", base64.StdEncoding.EncodeToString(signature))
}

// house is what stands around the endpoint.
type house struct {
	mu        sync.Mutex
	received  []message.Report
	confirmed []string
	asked     []string
	counts    map[string]int
	log       bytes.Buffer

	inbox, confirm, certificate error
}

func (h *house) Receive(_ context.Context, _ time.Time, reports []message.Report) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.inbox == nil {
		h.received = append(h.received, reports...)
	}
	return h.inbox
}

func open(tb testing.TB, h *house, p *pair, change func(*hooks.Config)) http.Handler {
	tb.Helper()
	h.counts = map[string]int{}
	cfg := hooks.Config{
		Topics: map[string]hooks.Topic{
			emailTopic:   {Kind: hooks.EmailEvents, Provider: "ses"},
			statusTopic:  {Kind: hooks.SMSStatus, Provider: "sns"},
			inboundTopic: {Kind: hooks.SMSInbound, Provider: "sns"},
		},
		Clock: now, Log: slog.New(slog.NewJSONHandler(&h.log, nil)),
		Observe: func(kind hooks.Kind, outcome string, n int) { h.counts[string(kind)+" "+outcome] += n },
	}
	if change != nil {
		change(&cfg)
	}
	handler, err := hooks.New(cfg, hooks.Services{
		Inbox: h,
		Certificates: func(_ context.Context, address string) (hooks.Certificate, error) {
			h.asked = append(h.asked, address)
			return p.cert, h.certificate
		},
		Confirm: func(_ context.Context, address string) error {
			h.confirmed = append(h.confirmed, address)
			return h.confirm
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return handler
}

func post(tb testing.TB, handler http.Handler, n notice) *httptest.ResponseRecorder {
	tb.Helper()
	body, err := json.Marshal(n)
	if err != nil {
		tb.Fatal(err)
	}
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodPost, hooks.Path, bytes.NewReader(body))
	r.Header.Set("Content-Type", "text/plain; charset=UTF-8")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func problem(tb testing.TB, w *httptest.ResponseRecorder, status int, word string) {
	tb.Helper()
	var p struct {
		Type, Title string
		Status      int
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != status || p.Status != status || p.Title == "" ||
		p.Type != "urn:carillon:problem:"+word || w.Header().Get("Content-Type") != "application/problem+json" {
		tb.Errorf("got %d %s %v, want %d %s", w.Code, w.Body, w.Header(), status, word)
	}
}

func snsCertificate(tb testing.TB) *pair {
	tb.Helper()
	return certify(tb, x509.Certificate{Subject: pkix.Name{CommonName: "sns.amazonaws.com"}, DNSNames: []string{"sns.amazonaws.com"}}, nil)
}

const delivered = `{"eventType":"Delivery","mail":{"messageId":"ses-1"},"delivery":{"timestamp":"2026-03-02T15:04:00.000Z","recipients":["ada@example.com"]}}`

func TestNotificationsAreBelieved(t *testing.T) {
	p := snsCertificate(t)
	for name, n := range map[string]notice{
		"with the signature of SNS": notification(emailTopic, delivered),
		"with a subject":            notification(emailTopic, delivered).with("Subject", "Amazon SES Email Event Notification"),
		"an hour late":              notification(emailTopic, delivered).with("Timestamp", now().Add(-time.Hour).Format(time.RFC3339)),
		"from China":                notification(emailTopic, delivered).with("SigningCertURL", "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0a.pem"),
		"from the government":       notification(emailTopic, delivered).with("SigningCertURL", "https://sns.us-gov-west-1.amazonaws.com/SimpleNotificationService-0a.pem"),
	} {
		t.Run(name, func(t *testing.T) {
			h := &house{}
			w := post(t, open(t, h, p, nil), n.sign(t, p))
			if w.Code != http.StatusNoContent || len(h.received) != 1 || h.counts["email-events reported"] != 1 || len(h.asked) != 1 {
				t.Errorf("got %d %s, %v, %v", w.Code, w.Body, h.received, h.counts)
			}
		})
	}
	t.Run("with version 1 where it is let in", func(t *testing.T) {
		h := &house{}
		n := notification(emailTopic, delivered).with("SignatureVersion", "1").sign(t, p)
		problem(t, post(t, open(t, h, p, nil), n), http.StatusForbidden, "forbidden")
		w := post(t, open(t, h, p, func(c *hooks.Config) { c.Version1 = true }), n)
		if w.Code == http.StatusForbidden { // crypto/x509 may refuse SHA-1 altogether
			t.Skip("this Go refuses SHA-1")
		}
		if w.Code != http.StatusNoContent {
			t.Errorf("got %d", w.Code)
		}
	})
}

func TestNotificationsAreNotBelieved(t *testing.T) {
	p, other := snsCertificate(t), snsCertificate(t)
	good := notification(emailTopic, delivered)
	signed := good.sign(t, p)
	cases := map[string]notice{
		"signed by another":    good.sign(t, other),
		"with another message": signed.with("Message", strings.Replace(delivered, "ses-1", "ses-2", 1)),
		"with another id":      signed.with("MessageId", "another"),
		"with another subject": signed.with("Subject", "urgent"),
		"as another type":      signed.with("Type", "SubscriptionConfirmation"),
		"without a signature":  good,
		"with no Base64":       signed.with("Signature", "***"),
		"of a topic unknown":   good.with("TopicArn", emailTopic+"2").sign(t, p),
		"of an unknown type":   good.with("Type", "Gossip").sign(t, p),
		"without an id":        good.with("MessageId", "").sign(t, p),
		"two hours old":        good.with("Timestamp", now().Add(-2*time.Hour).Format(time.RFC3339)).sign(t, p),
		"from the future":      good.with("Timestamp", now().Add(10*time.Minute).Format(time.RFC3339)).sign(t, p),
		"without a time":       good.with("Timestamp", "today").sign(t, p),
		"of version 3":         good.with("SignatureVersion", "3").sign(t, p),
		"a moved confirmation": confirmation(emailTopic, "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription").sign(t, p).with("SubscribeURL", "https://evil.example"),
	}
	for name, address := range map[string]string{
		"http": "http://sns.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem", "another host": "https://evil.example/SimpleNotificationService-0a.pem",
		"a host that ends alike":   "https://evil-sns.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem",
		"a host that begins alike": "https://sns.us-east-1.amazonaws.com.evil.example/SimpleNotificationService-0a.pem",
		"a bucket":                 "https://s3.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem",
		"a bucket named sns":       "https://sns.s3.amazonaws.com/SimpleNotificationService-0a.pem",
		"a user":                   "https://sns.us-east-1.amazonaws.com@evil.example/SimpleNotificationService-0a.pem",
		"a port":                   "https://sns.us-east-1.amazonaws.com:8443/SimpleNotificationService-0a.pem",
		"a query":                  "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem?x=1",
		"a path":                   "https://sns.us-east-1.amazonaws.com/x/SimpleNotificationService-0a.pem",
		"another file":             "https://sns.us-east-1.amazonaws.com/evil.pem",
		"a climb":                  "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-..%2fevil.pem",
		"no URL":                   "://", "nothing": "",
	} {
		cases["with a certificate by "+name] = good.with("SigningCertURL", address).sign(t, p)
	}
	for name, n := range cases {
		t.Run(name, func(t *testing.T) {
			h := &house{}
			problem(t, post(t, open(t, h, p, nil), n), http.StatusForbidden, "forbidden")
			if len(h.received) != 0 || len(h.confirmed) != 0 {
				t.Errorf("took %v, confirmed %v", h.received, h.confirmed)
			}
			if strings.HasPrefix(name, "with a certificate by") && len(h.asked) != 0 {
				t.Errorf("asked %v", h.asked)
			}
			if strings.Contains(h.log.String(), "ada@example.com") || !strings.Contains(h.log.String(), "notification not taken") {
				t.Errorf("logged %s", h.log.String())
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	p := snsCertificate(t)
	t.Run("lets SNS repeat what could not be kept, whatever the reason", func(t *testing.T) {
		for _, kind := range fault.Kinds() {
			h := &house{inbox: fault.New(kind, "x")}
			problem(t, post(t, open(t, h, p, nil), notification(emailTopic, delivered).sign(t, p)), http.StatusServiceUnavailable, "unavailable")
			if h.counts["email-events unfinished"] != 1 {
				t.Errorf("counted %v", h.counts)
			}
		}
		problem(t, post(t, open(t, &house{inbox: errors.New("x")}, p, nil), notification(emailTopic, delivered).sign(t, p)),
			http.StatusServiceUnavailable, "unavailable")
	})
	t.Run("lets SNS repeat when its certificate could not be had, and not when it is wrong", func(t *testing.T) {
		n := notification(emailTopic, delivered).sign(t, p)
		problem(t, post(t, open(t, &house{certificate: fault.New(fault.Unavailable, "x")}, p, nil), n), http.StatusServiceUnavailable, "unavailable")
		problem(t, post(t, open(t, &house{certificate: fault.New(fault.Forbidden, "x")}, p, nil), n), http.StatusForbidden, "forbidden")
	})
	t.Run("refuses what the topic does not carry", func(t *testing.T) {
		for topic, text := range map[string]string{emailTopic: "{", statusTopic: `{"status":"SUCCESS"}`, inboundTopic: `{"originationNumber":"x","messageBody":"STOP"}`} {
			h := &house{}
			problem(t, post(t, open(t, h, p, nil), notification(topic, text).sign(t, p)), http.StatusUnprocessableEntity, "invalid")
		}
	})
	t.Run("ignores what says nothing", func(t *testing.T) {
		h := &house{inbox: errors.New("not asked")}
		w := post(t, open(t, h, p, nil), notification(emailTopic, `{"eventType":"Open","mail":{"messageId":"ses-1"}}`).sign(t, p))
		if w.Code != http.StatusNoContent || h.counts["email-events ignored"] != 1 {
			t.Errorf("got %d %v", w.Code, h.counts)
		}
	})
	t.Run("refuses bodies that are no notification", func(t *testing.T) {
		h := &house{}
		handler := open(t, h, p, nil)
		send := func(method, body string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, hooks.Path, strings.NewReader(body)))
			return w
		}
		problem(t, send(http.MethodPost, "{"), http.StatusBadRequest, "malformed")
		problem(t, send(http.MethodPost, `{"Type":7}`), http.StatusBadRequest, "malformed")
		problem(t, send(http.MethodPost, strings.Repeat("x", 1<<20+1)), http.StatusRequestEntityTooLarge, "too_large")
		problem(t, send(http.MethodGet, ""), http.StatusMethodNotAllowed, "method_not_allowed")
		if h.counts["unknown refused"] != 3 {
			t.Errorf("counted %v", h.counts)
		}
	})
	t.Run("takes the largest notification of SNS", func(t *testing.T) {
		big := strings.Replace(delivered, `"ses-1"`, `"ses-1","subject":"`+strings.Repeat("\\u00e9", 256<<10/6)+`"`, 1)
		if w := post(t, open(t, &house{}, p, nil), notification(emailTopic, big).sign(t, p)); w.Code != http.StatusNoContent {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
	})
}

func TestSubscriptions(t *testing.T) {
	p := snsCertificate(t)
	address := "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + emailTopic + "&Token=2336412f37"
	n := confirmation(emailTopic, address).sign(t, p)
	t.Run("are confirmed", func(t *testing.T) {
		h := &house{}
		w := post(t, open(t, h, p, nil), n)
		if w.Code != http.StatusNoContent || len(h.confirmed) != 1 || h.confirmed[0] != address || h.counts["email-events confirmed"] != 1 {
			t.Errorf("got %d, %v, %v", w.Code, h.confirmed, h.counts)
		}
	})
	t.Run("are offered again when they could not be", func(t *testing.T) {
		problem(t, post(t, open(t, &house{confirm: fault.New(fault.Unavailable, "x")}, p, nil), n), http.StatusServiceUnavailable, "unavailable")
	})
	t.Run("of unknown topics are not confirmed", func(t *testing.T) {
		h := &house{}
		problem(t, post(t, open(t, h, p, nil), confirmation("arn:aws:sns:us-east-1:666:mine", address).sign(t, p)), http.StatusForbidden, "forbidden")
		if len(h.confirmed) != 0 {
			t.Errorf("confirmed %v", h.confirmed)
		}
	})
	t.Run("that end are told loudly", func(t *testing.T) {
		h := &house{}
		w := post(t, open(t, h, p, nil), n.with("Type", "UnsubscribeConfirmation").sign(t, p))
		if w.Code != http.StatusNoContent || len(h.confirmed) != 0 || !strings.Contains(h.log.String(), `"level":"WARN"`) {
			t.Errorf("got %d %s", w.Code, h.log.String())
		}
	})
}

func TestNewWantsEverything(t *testing.T) {
	h := &house{}
	whole := hooks.Services{Inbox: h, Certificates: func(context.Context, string) (hooks.Certificate, error) { return nil, nil }, Confirm: func(context.Context, string) error { return nil }}
	for name, c := range map[string]struct {
		cfg      hooks.Config
		services hooks.Services
	}{
		"no clock":          {hooks.Config{Log: slog.Default()}, whole},
		"no inbox":          {hooks.Config{Clock: now, Log: slog.Default()}, hooks.Services{}},
		"an unknown kind":   {hooks.Config{Clock: now, Log: slog.Default(), Topics: map[string]hooks.Topic{"a": {Kind: "gossip", Provider: "x"}}}, whole},
		"no provider":       {hooks.Config{Clock: now, Log: slog.Default(), Topics: map[string]hooks.Topic{"a": {Kind: hooks.SMSStatus}}}, whole},
		"a negative window": {hooks.Config{Clock: now, Log: slog.Default(), Window: -1}, whole},
	} {
		if _, err := hooks.New(c.cfg, c.services); err == nil {
			t.Errorf("takes %s", name)
		}
	}
	if len(hooks.Kinds()) != 3 || len(hooks.Outcomes()) != 5 {
		t.Error("the labels are not listed")
	}
}
