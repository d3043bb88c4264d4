package sns

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/adapters/kit/cloud"
	"carillon/adapters/kit/guard"
	"carillon/adapters/kit/secret"
	"carillon/channels/sms"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/porttest"
)

func TestCarrier(t *testing.T) {
	porttest.Carrier(t, func(t *testing.T, b porttest.Behaviour) sms.Carrier {
		t.Helper()
		return carrier(t, Config{}, double(t, b, nil))
	})
}

// double is an SNS that does the same to every request; it hands the forms it read to seen.
func double(t *testing.T, b porttest.Behaviour, seen func(url.Values)) string {
	t.Helper()
	if b == porttest.IsUnreachable {
		return unreachable(t)
	}
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		form, bad := url.ParseQuery(string(body))
		if err != nil || bad != nil {
			t.Errorf("reading the form: %v, %v", err, bad)
		}
		if seen != nil {
			seen(form)
		}
		switch b {
		case porttest.Refuses:
			refuse(w, 400, "InvalidParameter", "Invalid parameter: PhoneNumber Reason: "+form.Get("PhoneNumber")+" is not valid")
		case porttest.Throttles:
			refuse(w, 400, "Throttling", "Rate exceeded")
		case porttest.RefusesCredentials:
			refuse(w, 403, "InvalidClientTokenId", "The security token included in the request is invalid.")
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
			answer(w, form.Get("Action"))
		}
	}))
	t.Cleanup(func() { close(done); server.Close() })
	return server.URL
}

func answer(w http.ResponseWriter, action string) {
	fmt.Fprintf(w, `<%[1]sResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><%[1]sResult><MessageId>m-1</MessageId>`+
		`</%[1]sResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></%[1]sResponse>`, action)
}

func refuse(w http.ResponseWriter, status int, code, text string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>%s</Code>`+
		`<Message>%s</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`, code, text)
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

func carrier(t *testing.T, cfg Config, endpoint string) *Carrier {
	t.Helper()
	cfg.Region, cfg.Endpoint, cfg.AccessKey, cfg.SecretKey = "us-east-1", endpoint, "AKIDTEST", secret.New("test")
	client, err := Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return over(t, cfg, client)
}

func over(t *testing.T, cfg Config, api API) *Carrier {
	t.Helper()
	metrics, err := guard.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(cfg, api, guard.New(guard.Config{Adapter: "sns", Route: "test", Ops: Ops()}, metrics, time.Now))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func text() sms.Text {
	return sms.Text{
		ID: message.NewID(time.Now(), [10]byte{1}), To: customer.Address("+15005550006"), Body: "Power is back – café", Parts: 1,
		Sender: map[string]string{"sender_id": "UTILITY", "number": "+18005550100"},
	}
}

func attributes(form url.Values) map[string]string {
	got := map[string]string{}
	for i := 1; form.Get(fmt.Sprintf("MessageAttributes.entry.%d.Name", i)) != ""; i++ {
		at := fmt.Sprintf("MessageAttributes.entry.%d.", i)
		got[form.Get(at+"Name")] = form.Get(at+"Value.DataType") + " " + form.Get(at+"Value.StringValue")
	}
	return got
}

func TestSend(t *testing.T) {
	for _, c := range []struct {
		name   string
		cfg    Config
		urgent bool
		want   map[string]string
	}{
		{"an ordinary text costs no more than is set", Config{MaxPrice: "0.05", Type: Promotional}, false, map[string]string{
			attributeSender: "String UTILITY", attributeOrigin: "String +18005550100",
			attributeType: "String Promotional", attributePrice: "Number 0.05",
		}},
		{"an urgent text goes whatever it costs", Config{MaxPrice: "0.05", Type: Promotional}, true, map[string]string{
			attributeSender: "String UTILITY", attributeOrigin: "String +18005550100", attributeType: "String Transactional",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var form url.Values
			in := text()
			in.Urgent = c.urgent
			receipt, err := carrier(t, c.cfg, double(t, porttest.Takes, func(v url.Values) { form = v })).Send(t.Context(), in)
			if err != nil || receipt.Ref != "m-1" {
				t.Fatalf("receipt %q, %v", receipt.Ref, err)
			}
			if form.Get("Action") != "Publish" || form.Get("PhoneNumber") != in.To.Reveal() || form.Get("Message") != in.Body {
				t.Errorf("published %v", form)
			}
			if got := attributes(form); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("attributes %v; want %v", got, c.want)
			}
		})
	}
	for _, b := range []porttest.Behaviour{porttest.Throttles, porttest.IsDown, porttest.LosesAnswer} {
		t.Run("makes one request when the provider "+b.String(), func(t *testing.T) {
			t.Setenv("AWS_MAX_ATTEMPTS", "5")
			var requests atomic.Int32
			c := carrier(t, Config{}, double(t, b, func(url.Values) { requests.Add(1) }))
			if _, err := c.Send(t.Context(), text()); err == nil {
				t.Error("no fault")
			}
			if n := requests.Load(); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
	t.Run("burns no message for a sender that SNS would refuse", func(t *testing.T) {
		c := over(t, Config{}, nil)
		for _, sender := range []map[string]string{{"sender_id": "NO SPACES"}, {"number": "12"}, {"sender_id": "12345"}} {
			in := text()
			in.Sender = sender
			if _, err := c.Send(t.Context(), in); !fault.Is(err, fault.Misconfigured) {
				t.Errorf("sender %v: %v", sender, err)
			}
		}
	})
	t.Run("is cancelled as not begun when it waits for a connection", func(t *testing.T) {
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		_, err = carrier(t, Config{}, "https://"+l.Addr().String()).Send(ctx, text()) // no TLS handshake ever ends
		if !fault.Is(err, fault.Cancelled) || fault.CodeOf(err) != fault.CodeNotBegun {
			t.Errorf("fault %v", err)
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
		if _, err := over(t, Config{}, client).Send(t.Context(), text()); !fault.Is(err, fault.Misconfigured) {
			t.Errorf("fault %v", err)
		}
	})
}

func TestProbe(t *testing.T) {
	for b, want := range map[porttest.Behaviour]fault.Kind{
		porttest.RefusesCredentials: fault.Misconfigured, porttest.IsDown: fault.Unavailable,
		porttest.IsUnreachable: fault.Unavailable, porttest.Throttles: fault.Throttled,
	} {
		t.Run("tells when the provider "+b.String(), func(t *testing.T) {
			if err := carrier(t, Config{}, double(t, b, nil)).Probe(t.Context()); !fault.Is(err, want) {
				t.Errorf("fault %v; want %v", err, want)
			}
		})
	}
	for name, handler := range map[string]http.HandlerFunc{
		"is content with an answer":        func(w http.ResponseWriter, _ *http.Request) { answer(w, "GetSMSAttributes") },
		"is content without permission":    func(w http.ResponseWriter, _ *http.Request) { refuse(w, 403, "AuthorizationError", "no") },
		"is content with an unknown call":  func(w http.ResponseWriter, _ *http.Request) { refuse(w, 400, "InvalidAction", "no") },
		"is content with a page not found": http.NotFound,
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(handler)
			defer server.Close()
			if err := carrier(t, Config{}, server.URL).Probe(t.Context()); err != nil {
				t.Errorf("fault %v", err)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	if err := (Config{}).Validate(); err != nil {
		t.Errorf("the zero configuration: %v", err)
	}
	err := Config{
		Account: cloud.Account{Endpoint: "somewhere", AccessKey: "a", Connections: -1}, SenderID: "x", Number: "1", Type: "Fast", MaxPrice: "much",
	}.Validate()
	if n := strings.Count(fmt.Sprint(err), "\n") + 1; n != 7 {
		t.Errorf("%d faults; want 7: %v", n, err)
	}
	if _, err := New(Config{Type: "Fast"}, nil, nil); err == nil {
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
