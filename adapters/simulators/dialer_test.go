package simulators_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"carillon/adapters/simulators"
	"carillon/adapters/simulators/book"
)

type dialAnswer struct {
	Successful []struct{ ClientToken, ID string } `json:"successfulRequests"`
	Failed     []struct {
		ClientToken string `json:"clientToken"`
		FailureCode string `json:"failureCode"`
	} `json:"failedRequests"`
}

func dialRequest(token, number string, expires time.Time) string {
	return fmt.Sprintf(`{"clientToken":%q,"phoneNumber":%q,"expirationTime":%q,"attributes":{"script":"Hello","language":"en-US"}}`,
		token, number, expires.Format(time.RFC3339))
}

func dial(t *testing.T, r *simulators.Running, key string, requests ...string) (int, dialAnswer) {
	t.Helper()
	status, text := ask(t, http.MethodPut, r.URLs().Dialer+"/campaigns/shutoff/dial-requests",
		`{"dialRequests":[`+strings.Join(requests, ",")+`]}`, "Authorization", "Bearer "+key)
	var a dialAnswer
	if status == http.StatusOK {
		if err := json.Unmarshal(text, &a); err != nil {
			t.Fatalf("reading the answer: %v", err)
		}
	}
	return status, a
}

type callResult struct {
	Call, Result, Disposition string
	Attempts, Seconds         int
	At                        time.Time
}

func (h *hook) result(t *testing.T) callResult {
	t.Helper()
	p := h.next(t)
	var body struct{ Results []callResult }
	if err := json.Unmarshal(p.body, &body); err != nil || len(body.Results) != 1 {
		t.Fatalf("the results are %s, %v", p.body, err)
	}
	if p.path != "/v1/feeds/calls/results" || p.header.Get("Authorization") != "Bearer carillon-key" {
		t.Errorf("posted to %s with %s", p.path, p.header.Get("Authorization"))
	}
	return body.Results[0]
}

func TestDialer(t *testing.T) {
	t.Parallel()
	refusals := 2
	h := newHook(t, func(post) (int, string) {
		if refusals--; refusals >= 0 {
			return http.StatusServiceUnavailable, ""
		}
		return http.StatusOK, "{}"
	})
	c := calm()
	c.Dialer.Key = "vendor-key"
	c.Dialer.Campaigns = []string{"shutoff"}
	c.Hooks = simulators.Hooks{Calls: h.URL + "/", CallsKey: "carillon-key"}
	r := start(t, c)
	later := time.Now().Add(time.Hour)

	if status, _ := dial(t, r, "other-key", dialRequest("c1", "+15555550100", later)); status != http.StatusUnauthorized {
		t.Errorf("a wrong key is answered with %d", status)
	}
	_, first := dial(t, r, "vendor-key", dialRequest("c1", "+15555550100", later))
	_, again := dial(t, r, "vendor-key", dialRequest("c1", "+15555550100", later),
		dialRequest("c2", "5550101", later), dialRequest("c3", "+15555550103", time.Now().Add(-time.Minute)))
	if len(first.Successful) != 1 || len(again.Successful) != 1 || first.Successful[0] != again.Successful[0] ||
		first.Successful[0].ID == "" {
		t.Errorf("a repeat: %+v then %+v", first, again)
	}
	if len(again.Failed) != 2 || again.Failed[0].FailureCode != "InvalidInput" {
		t.Errorf("bad requests: %+v", again)
	}
	a, b, third := h.result(t), h.result(t), h.result(t)
	if a.Result == "" || a.Result != b.Result || a.Result != third.Result {
		t.Errorf("a result changes with its repeats: %+v %+v %+v", a, b, third)
	}
	if a.Call != "c1" || a.Disposition != "LIVE_RIGHT_PARTY" || a.Attempts != 1 || a.Seconds == 0 || a.At.IsZero() {
		t.Errorf("the result is %+v", a)
	}
	told, err := r.Book("dialer").Wait(soon(t), func(b *book.Record) bool { return b.Op == "result" })
	if err != nil || told.Outcome != "delivered" || told.Attempts != 3 {
		t.Errorf("the record is %+v, %v", told, err)
	}
	if counts := r.State().Simulators["dialer"].Records.Counts; counts["dial.accepted"] != 1 ||
		counts["dial.repeat"] != 1 || counts["dial.invalid"] != 2 || counts["result.delivered"] != 1 {
		t.Errorf("the counts are %v", counts)
	}
	status, text := ask(t, http.MethodGet, r.URLs().Dialer+"/campaigns/shutoff/state", "",
		"Authorization", "Bearer vendor-key")
	if status != http.StatusOK || !strings.Contains(string(text), `"Running"`) {
		t.Errorf("the state is %d %s", status, text)
	}
	many := strings.Split(strings.Repeat(dialRequest("c9", "+15555550100", later)+"|", 26), "|")[:26]
	if status, _ := dial(t, r, "vendor-key", many...); status != http.StatusBadRequest {
		t.Errorf("26 requests are answered with %d", status)
	}
}

func TestDialerFaults(t *testing.T) {
	t.Parallel()
	h := newHook(t, nil)
	c := calm()
	c.Hooks = simulators.Hooks{Calls: h.URL, CallsKey: "carillon-key"}
	r := start(t, c)
	later := time.Now().Add(time.Hour)
	for _, test := range []struct {
		fault   string
		status  int
		failure string
	}{
		{`{"down":true}`, 503, ""},
		{`{"error":"ThrottlingException"}`, 429, ""},
		{`{"error":"InternalServerException"}`, 500, ""},
		{`{"error":"UnknownError"}`, 200, "UnknownError"},
		{`{"refuse":["+1555*"]}`, 200, "InvalidInput"},
	} {
		fault(t, r, "dialer?key=shutoff", test.fault)
		status, a := dial(t, r, "", dialRequest("f1", "+15555550100", later))
		if status != test.status || test.failure != "" && (len(a.Failed) != 1 || a.Failed[0].FailureCode != test.failure) {
			t.Errorf("%s: %d %+v", test.fault, status, a)
		}
	}
	fault(t, r, "dialer?key=shutoff", `{"throttlePerSecond":1,"failReceipts":1}`)
	_, a := dial(t, r, "", dialRequest("t1", "+15555550100", later), dialRequest("t2", "+15555550101", later))
	if len(a.Successful) != 1 || len(a.Failed) != 1 || a.Failed[0].FailureCode != "RequestThrottled" {
		t.Errorf("the throttled batch: %+v", a)
	}
	if got := h.result(t); got.Call != "t1" || got.Disposition != "NO_ANSWER" {
		t.Errorf("the failing call: %+v", got)
	}
	fault(t, r, "dialer?key=shutoff", `{"noReceipts":1}`)
	dial(t, r, "", dialRequest("s1", "+15555550100", later))
	if _, err := r.Book("dialer").Wait(soon(t), func(b *book.Record) bool { return b.Outcome == "silent" }); err != nil {
		t.Error(err)
	}
}

func TestDialerPulls(t *testing.T) {
	t.Parallel()
	h := newHook(t, func(p post) (int, string) {
		if p.path != "/v1/feeds/calls/lease" {
			return http.StatusOK, "{}"
		}
		until := time.Now().Add(time.Minute).Format(time.RFC3339)
		return http.StatusOK, fmt.Sprintf(`{"calls":[{"call":"p1","number":"+15555550100","script":"Hello",`+
			`"language":"en-US","expiresAt":%q,"leasedUntil":%q,"more":1}]}`, until, until)
	})
	c := calm()
	c.Dialer.PullEvery = 2 * time.Millisecond
	r := start(t, c)
	fault(t, r, "dialer?key=pull", `{"lapseLeases":1}`)
	r.SetHooks(simulators.Hooks{Calls: h.URL, CallsKey: "carillon-key"})
	book1 := r.Book("dialer")
	if _, err := book1.Wait(soon(t), func(b *book.Record) bool { return b.Outcome == "lapsed" }); err != nil {
		t.Fatal(err)
	}
	fault(t, r, "dialer?key=pull", `{}`)
	if _, err := book1.Wait(soon(t), func(b *book.Record) bool { return b.Op == "lease" && b.Outcome == "repeat" }); err != nil {
		t.Fatal(err)
	}
	for {
		p := h.next(t)
		if p.path == "/v1/feeds/calls/lease" {
			var body struct{ Max, LeaseSeconds int }
			if err := json.Unmarshal(p.body, &body); err != nil || body.Max != 25 || body.LeaseSeconds != 300 {
				t.Fatalf("the lease asks for %s", p.body)
			}
			continue
		}
		if !strings.Contains(string(p.body), `"call":"p1"`) {
			t.Errorf("the result is %s", p.body)
		}
		break
	}
	if counts := r.State().Simulators["dialer"].Records.Counts; counts["lease.accepted"] != 1 {
		t.Errorf("the call was dialled more than once: %v", counts)
	}
}
