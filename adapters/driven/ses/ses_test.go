package ses

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/adapters/kit/cloud"
	"carillon/adapters/kit/guard"
	"carillon/adapters/kit/secret"
	"carillon/channels/email"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/porttest"
)

func TestMailer(t *testing.T) {
	porttest.Mailer(t, func(t *testing.T, b porttest.Behaviour) email.Mailer {
		t.Helper()
		return mailer(t, Config{}, double(t, b, nil))
	})
}

// double is an SES that does the same to every request; it hands the bodies it read to seen.
func double(t *testing.T, b porttest.Behaviour, seen func(body string)) string {
	t.Helper()
	if b == porttest.IsUnreachable {
		return unreachable(t)
	}
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("reading the request: %v", err)
		}
		if seen != nil {
			seen(string(body))
		}
		switch b {
		case porttest.Refuses:
			refuse(w, 400, "BadRequestException", "Illegal address in "+string(body))
		case porttest.Throttles:
			refuse(w, 429, "TooManyRequestsException", "Maximum sending rate exceeded.")
		case porttest.Exhausts:
			refuse(w, 429, "TooManyRequestsException", "Daily message quota exceeded.")
		case porttest.RefusesCredentials:
			refuse(w, 403, "UnrecognizedClientException", "The security token included in the request is invalid.")
		case porttest.IsDown:
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, "<html><body>Http/1.1 Service Unavailable</body></html>")
		case porttest.LosesAnswer:
			panic(http.ErrAbortHandler)
		case porttest.IsSlow:
			select {
			case <-r.Context().Done():
			case <-done:
			}
		default:
			fmt.Fprint(w, `{"MessageId":"m-1"}`)
		}
	}))
	t.Cleanup(func() { close(done); server.Close() })
	return server.URL
}

func refuse(w http.ResponseWriter, status int, code, text string) {
	w.Header().Set("X-Amzn-Errortype", code)
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(map[string]string{"message": text}); err != nil {
		panic(err)
	}
}

func unreachable(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // closing it is the point
	return "http://" + l.Addr().String()
}

func mailer(t *testing.T, cfg Config, endpoint string) *Mailer {
	t.Helper()
	cfg.Region, cfg.Endpoint, cfg.AccessKey, cfg.SecretKey = "us-east-1", endpoint, "AKIDTEST", secret.New("test")
	client, err := Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return over(t, cfg, client)
}

func over(t *testing.T, cfg Config, api API) *Mailer {
	t.Helper()
	metrics, err := guard.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(cfg, api, guard.New(guard.Config{Adapter: "ses", Route: "test", Ops: Ops()}, metrics, time.Now))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func notice() email.Mail {
	return email.Mail{
		ID: message.NewID(time.Now(), [10]byte{1}), To: customer.Address("someone@example.com"), Subject: "Power is back – café",
		Text: "It is back.", HTML: "<p>It is back.</p>",
		Headers: map[string]string{"List-Unsubscribe": "<https://example.com/u>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
		Sender: map[string]string{
			"from": "Évian Water <notices@example.com>", "reply_to": "help@example.com", "configuration_set": "events",
		},
	}
}

func TestSend(t *testing.T) {
	t.Run("says everything of a mail", func(t *testing.T) {
		var body string
		in := notice()
		receipt, err := mailer(t, Config{}, double(t, porttest.Takes, func(b string) { body = b })).Send(t.Context(), in)
		if err != nil || receipt.Ref != "m-1" {
			t.Fatalf("receipt %q, %v", receipt.Ref, err)
		}
		want := `{"ConfigurationSetName":"events","Content":{"Simple":{"Body":{"Html":{"Charset":"UTF-8","Data":"<p>It is back.</p>"},` +
			`"Text":{"Charset":"UTF-8","Data":"It is back."}},"Headers":[{"Name":"List-Unsubscribe","Value":"<https://example.com/u>"},` +
			`{"Name":"List-Unsubscribe-Post","Value":"List-Unsubscribe=One-Click"}],"Subject":{"Charset":"UTF-8","Data":"Power is back – café"}}},` +
			`"Destination":{"ToAddresses":["someone@example.com"]},"EmailTags":[{"Name":"carillon_message","Value":"` + in.ID.String() + `"}],` +
			`"FromEmailAddress":"=?utf-8?q?=C3=89vian_Water?= <notices@example.com>","ReplyToAddresses":["<help@example.com>"]}`
		if got := canonical(t, body); got != want {
			t.Errorf("sent\n%s\nwant\n%s", got, want)
		}
	})
	t.Run("falls back on the configuration and leaves out what there is not", func(t *testing.T) {
		var body string
		in := notice()
		in.Sender, in.Headers, in.HTML = nil, nil, ""
		m := mailer(t, Config{From: "notices@example.com"}, double(t, porttest.Takes, func(b string) { body = b }))
		if _, err := m.Send(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		for _, absent := range []string{"Html", "Headers", "ReplyTo", "ConfigurationSetName"} {
			if strings.Contains(body, absent) {
				t.Errorf("%s in %s", absent, body)
			}
		}
	})
	for _, b := range []porttest.Behaviour{porttest.Throttles, porttest.IsDown, porttest.LosesAnswer} {
		t.Run("makes one request when the provider "+b.String(), func(t *testing.T) {
			t.Setenv("AWS_MAX_ATTEMPTS", "5")
			var requests atomic.Int32
			m := mailer(t, Config{}, double(t, b, func(string) { requests.Add(1) }))
			if _, err := m.Send(t.Context(), notice()); err == nil {
				t.Error("no fault")
			}
			if n := requests.Load(); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
	t.Run("burns no message for a sender that cannot be right", func(t *testing.T) {
		m := over(t, Config{}, nil)
		for _, sender := range []map[string]string{nil, {"from": "nobody"}, {"from": "a@example.com", "reply_to": "nobody"}} {
			in := notice()
			in.Sender = sender
			if _, err := m.Send(t.Context(), in); !fault.Is(err, fault.Misconfigured) {
				t.Errorf("sender %v: %v", sender, err)
			}
		}
	})
	t.Run("is misconfigured without credentials", func(t *testing.T) {
		for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"} {
			t.Setenv(name, "")
		}
		t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
		t.Setenv("AWS_CONFIG_FILE", os.DevNull)
		t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
		client, err := Dial(t.Context(), Config{Account: cloud.Account{Region: "us-east-1", Endpoint: double(t, porttest.Takes, nil)}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := over(t, Config{}, client).Send(t.Context(), notice()); !fault.Is(err, fault.Misconfigured) {
			t.Errorf("fault %v", err)
		}
	})
}

// canonical is a JSON text with its keys in order.
func canonical(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

func TestQuota(t *testing.T) {
	const account = `{"SendingEnabled":%t,"ProductionAccessEnabled":%t,"SendQuota":{"Max24HourSend":50000,"MaxSendRate":14,"SentLast24Hours":9}}`
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		want    Quota
		kind    fault.Kind
	}{
		{
			"is what SES says", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, account, true, true) },
			Quota{Known: true, PerSecond: 14, PerDay: 50000, Sent: 9},
			0,
		},
		{
			"shows a sandbox", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, account, true, false) },
			Quota{Known: true, PerSecond: 14, PerDay: 50000, Sent: 9, Sandbox: true},
			0,
		},
		{
			"is misconfigured while sending is paused", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, account, false, true) },
			Quota{},
			fault.Misconfigured,
		},
		{"is unknown without permission", func(w http.ResponseWriter, _ *http.Request) { refuse(w, 403, "AccessDeniedException", "no") }, Quota{}, 0},
		{"is unknown to an emulator", http.NotFound, Quota{}, 0},
		{
			"tells bad credentials", func(w http.ResponseWriter, _ *http.Request) { refuse(w, 403, "UnrecognizedClientException", "no") },
			Quota{},
			fault.Misconfigured,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(c.handler)
			defer server.Close()
			m := mailer(t, Config{}, server.URL)
			quota, err := m.Quota(t.Context())
			if quota != c.want || c.kind == 0 && err != nil || c.kind != 0 && !fault.Is(err, c.kind) {
				t.Errorf("quota %+v, %v", quota, err)
			}
			if probe := m.Probe(t.Context()); fault.KindOf(probe) != fault.KindOf(err) {
				t.Errorf("probe %v", probe)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	if err := (Config{}).Validate(); err != nil {
		t.Errorf("the zero configuration: %v", err)
	}
	err := Config{Account: cloud.Account{Endpoint: "somewhere", AccessKey: "a", Connections: -1}, From: "x", ReplyTo: "y"}.Validate()
	if n := strings.Count(fmt.Sprint(err), "\n") + 1; n != 5 {
		t.Errorf("%d faults; want 5: %v", n, err)
	}
	if _, err := New(Config{From: "x"}, nil, nil); err == nil {
		t.Error("New takes what Validate refuses")
	}
}

func TestDialNeedsARegion(t *testing.T) {
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	if _, err := Dial(t.Context(), Config{}); !fault.Is(err, fault.Misconfigured) {
		t.Errorf("fault %v", err)
	}
}
