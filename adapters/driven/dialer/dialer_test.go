package dialer

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"carillon/adapters/kit/guard"
	"carillon/adapters/kit/secret"
	"carillon/channels/voice"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/porttest"
)

func TestDialer(t *testing.T) {
	porttest.Dialer(t, func(t *testing.T, b porttest.Behaviour) voice.Dialer {
		t.Helper()
		if b == porttest.IsUnreachable {
			return dialer(t, Config{URL: unreachable(t)})
		}
		v := &vendor{behaviour: b, done: make(chan struct{})}
		return dialer(t, Config{URL: v.start(t)})
	})
}

// vendor is a dialer vendor that does the same to every batch.
type vendor struct {
	behaviour porttest.Behaviour
	codes     map[string]string // by number: the failure code; "-" to leave the call out of the answer
	reject    string            // a number for which the whole batch is a 400
	done      chan struct{}

	mu       sync.Mutex
	requests []string
	batches  []batch
}

func (v *vendor) start(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(v)
	t.Cleanup(func() {
		if v.done != nil {
			close(v.done)
		}
		server.Close()
	})
	return server.URL
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var b batch
	if r.Method == http.MethodPut {
		if err := json.NewDecoder(r.Body).Decode(&b); err != nil {
			panic(err)
		}
	}
	v.mu.Lock()
	v.requests = append(v.requests, r.Method+" "+r.URL.EscapedPath()+" "+r.Header.Get("Authorization"))
	v.batches = append(v.batches, b)
	v.mu.Unlock()
	switch v.behaviour {
	case porttest.RefusesCredentials:
		w.WriteHeader(http.StatusUnauthorized)
		return
	case porttest.IsDown:
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case porttest.LosesAnswer:
		panic(http.ErrAbortHandler)
	case porttest.IsSlow:
		select {
		case <-r.Context().Done():
		case <-v.done:
		}
	}
	v.answer(w, b)
}

func (v *vendor) answer(w http.ResponseWriter, b batch) {
	taken, failed := []map[string]string{}, []map[string]string{}
	for _, r := range b.Requests {
		if v.reject != "" && v.reject == r.Number {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		code := v.codes[r.Number]
		switch v.behaviour {
		case porttest.Refuses:
			code = "InvalidInput"
		case porttest.Throttles:
			code = "RequestThrottled"
		}
		switch code {
		case "":
			taken = append([]map[string]string{{"clientToken": r.Token, "id": "id-" + r.Token}}, taken...)
		case "-":
		default:
			failed = append(failed, map[string]string{"clientToken": r.Token, "failureCode": code})
		}
	}
	if err := json.NewEncoder(w).Encode(map[string]any{"successfulRequests": taken, "failedRequests": failed}); err != nil {
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

func dialer(t *testing.T, cfg Config) *Dialer {
	t.Helper()
	client, err := Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := guard.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(cfg, client, guard.New(guard.Config{Adapter: "dialer", Route: "test", Ops: Ops()}, metrics, time.Now))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func call(n byte, campaign string) voice.Call {
	at := time.Date(2026, 3, 2, 15, 0, 0, 0, time.FixedZone("EST", -5*3600))
	c := voice.Call{
		ID: message.NewID(at, [10]byte{9: n}), Script: "Your service stops.", Language: "en-US",
		Data:      map[string]any{"amount": 12.5, "due": "2026-03-20", "lines": []string{"a", "b"}, "script": "not this"},
		NotBefore: at, NotAfter: at.Add(4 * time.Hour), ExpiresAt: at.Add(5 * time.Hour),
		Attempts: voice.Attempts{Max: 3, Pause: 15 * time.Minute}, Sender: map[string]string{"campaign": campaign, "caller_id": "+18005550100"},
	}
	c.Number = numbered(n)
	return c
}

func TestDial(t *testing.T) {
	t.Run("says everything of a call", func(t *testing.T) {
		v := &vendor{behaviour: porttest.Takes}
		d := dialer(t, Config{URL: v.start(t) + "/v2/", Key: secret.New("k3y")})
		c := call(1, "storm / east")
		if _, err := d.Dial(t.Context(), []voice.Call{c}); err != nil {
			t.Fatal(err)
		}
		if want := "PUT /v2/campaigns/storm%20%2F%20east/dial-requests Bearer k3y"; v.requests[0] != want {
			t.Errorf("request %q; want %q", v.requests[0], want)
		}
		want := batch{Requests: []request{{
			Token: c.ID.String(), Number: c.Number.Reveal(), Expiration: "2026-03-03T00:00:00Z",
			Attributes: map[string]string{
				"script": "Your service stops.", "language": "en-US", "notBefore": "2026-03-02T20:00:00Z",
				"notAfter": "2026-03-03T00:00:00Z", "maxAttempts": "3", "pauseSeconds": "900", "callerId": "+18005550100",
				"amount": "12.5", "due": "2026-03-20", "lines": `["a","b"]`,
			},
		}}}
		if diff := cmp.Diff(want, v.batches[0]); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("answers call by call in their order", func(t *testing.T) {
		v := &vendor{codes: map[string]string{"+15005550002": "InvalidInput", "+15005550003": "RequestThrottled", "+15005550004": "UnknownError", "+15005550005": "-", "+15005550006": "Surprise"}}
		batch := []voice.Call{call(1, "a"), call(2, "a"), call(3, "a"), call(4, "a"), call(5, "a"), call(6, "a"), call(7, "a")}
		answers, err := dialer(t, Config{URL: v.start(t)}).Dial(t.Context(), batch)
		if err != nil {
			t.Fatal(err)
		}
		if answers[0].Receipt.Ref != "id-"+batch[0].ID.String() || answers[6].Receipt.Ref != "id-"+batch[6].ID.String() {
			t.Errorf("receipts %q, %q", answers[0].Receipt.Ref, answers[6].Receipt.Ref)
		}
		for i, kind := range []fault.Kind{fault.Refused, fault.Throttled, fault.Unavailable, fault.Ambiguous, fault.Unknown} {
			if got := answers[i+1].Err; got == nil || fault.KindOf(got) != kind {
				t.Errorf("call %d: %v; want %v", i+2, got, kind)
			}
		}
	})
	t.Run("keeps campaigns apart", func(t *testing.T) {
		v := &vendor{}
		d := dialer(t, Config{URL: v.start(t), Campaign: "fallback"})
		answers, err := d.Dial(t.Context(), []voice.Call{call(1, "a"), call(2, ""), call(3, "a")})
		if err != nil || answers[0].Err != nil || answers[1].Err != nil || answers[2].Err != nil {
			t.Fatalf("%v, %v", answers, err)
		}
		if len(v.requests) != 2 || !strings.Contains(v.requests[1], "/fallback/") || len(v.batches[0].Requests) != 2 {
			t.Errorf("requests %v", v.requests)
		}
	})
	t.Run("hands a refused batch over one by one", func(t *testing.T) {
		v := &vendor{reject: "+15005550002"}
		answers, err := dialer(t, Config{URL: v.start(t)}).Dial(t.Context(), []voice.Call{call(1, "a"), call(2, "a"), call(3, "a")})
		if err != nil || answers[0].Err != nil || answers[2].Err != nil || !fault.Is(answers[1].Err, fault.Refused) {
			t.Errorf("%v, %v", answers, err)
		}
	})
	t.Run("is unavailable when the vendor knows nothing of any call", func(t *testing.T) {
		v := &vendor{codes: map[string]string{"+15005550001": "UnknownError", "+15005550002": "UnknownError"}}
		_, err := dialer(t, Config{URL: v.start(t)}).Dial(t.Context(), []voice.Call{call(1, "a"), call(2, "a")})
		if !fault.Is(err, fault.Unavailable) || fault.CodeOf(err) != "UnknownError" {
			t.Errorf("fault %v", err)
		}
	})
	t.Run("tells how long the vendor wants us to wait", func(t *testing.T) {
		v := &vendor{behaviour: porttest.IsDown}
		_, err := dialer(t, Config{URL: v.start(t)}).Dial(t.Context(), []voice.Call{call(1, "a")})
		if fault.WaitOf(err) != 7*time.Second {
			t.Errorf("wait %v of %v", fault.WaitOf(err), err)
		}
	})
	t.Run("needs a campaign and an expiry", func(t *testing.T) {
		v := &vendor{}
		d := dialer(t, Config{URL: v.start(t)})
		if _, err := d.Dial(t.Context(), []voice.Call{call(1, "")}); !fault.Is(err, fault.Misconfigured) {
			t.Errorf("without a campaign: %v", err)
		}
		c := call(1, "a")
		c.ExpiresAt, c.NotAfter = time.Time{}, time.Time{}
		answers, err := d.Dial(t.Context(), []voice.Call{c})
		if err != nil || !fault.Is(answers[0].Err, fault.Refused) || len(v.requests) != 0 {
			t.Errorf("without an expiry: %v, %v", answers, err)
		}
	})
	t.Run("shows its key to nobody else", func(t *testing.T) {
		other := &vendor{}
		elsewhere := other.start(t)
		server := httptest.NewServer(http.RedirectHandler(elsewhere, http.StatusTemporaryRedirect))
		defer server.Close()
		_, err := dialer(t, Config{URL: server.URL, Key: secret.New("k3y")}).Dial(t.Context(), []voice.Call{call(1, "a")})
		if !fault.Is(err, fault.Misconfigured) || len(other.requests) != 0 {
			t.Errorf("%v, %v", err, other.requests)
		}
	})
}

func TestProbe(t *testing.T) {
	v := &vendor{}
	if err := dialer(t, Config{URL: v.start(t), Campaign: "a"}).Probe(t.Context()); err != nil || v.requests[0] != "GET /campaigns/a/state " {
		t.Errorf("%v, %v", err, v.requests)
	}
	if err := dialer(t, Config{URL: unreachable(t), Campaign: "a"}).Probe(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("unreachable: %v", err)
	}
	if err := dialer(t, Config{URL: unreachable(t)}).Probe(t.Context()); err != nil {
		t.Errorf("nothing to ask about: %v", err)
	}
}

func TestValidate(t *testing.T) {
	err := Config{URL: "ftp://x?y", Key: secret.New("a b"), Connections: -1}.Validate()
	if n := strings.Count(fmt.Sprint(err), "\n") + 1; n != 4 {
		t.Errorf("%d faults; want 4: %v", n, err)
	}
	if _, err := Dial(t.Context(), Config{URL: "http://x", CAFile: t.TempDir()}); !fault.Is(err, fault.Misconfigured) {
		t.Errorf("a folder of certificates: %v", err)
	}
}
