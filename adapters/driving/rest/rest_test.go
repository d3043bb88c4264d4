package rest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/adapters/driving/rest"
	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/dispatch"
	"carillon/core/fault"
	"carillon/core/message"
)

// document is the configuration of the examples.
func document(tb testing.TB) config.Document {
	tb.Helper()
	e, found := readExample(tb, "putConfig.request.json")
	if !found {
		tb.Fatal("no configuration")
	}
	var d config.Document
	if err := json.Unmarshal(e.Body, &d); err != nil {
		tb.Fatal(err)
	}
	return d
}

// send sends an example and returns the answer.
func send(tb testing.TB, handler http.Handler, name string, role access.Role) *httptest.ResponseRecorder {
	tb.Helper()
	e, found := readExample(tb, name+".request.json")
	if !found {
		tb.Fatalf("no example %s", name)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, e.request(tb, role))
	return w
}

type problemDocument struct {
	Type, Title, Detail, Instance string
	Status                        int
	Errors                        []struct{ Field, Reason string }
}

func problemIn(tb testing.TB, w *httptest.ResponseRecorder) problemDocument {
	tb.Helper()
	var p problemDocument
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		tb.Fatalf("%v in %s", err, w.Body)
	}
	if w.Header().Get("Content-Type") != "application/problem+json" || p.Status != w.Code || p.Title == "" || !strings.HasPrefix(p.Type, "urn:carillon:problem:") {
		tb.Errorf("no problem document: %v %+v", w.Header(), p)
	}
	return p
}

func (p problemDocument) fields() []string {
	fields := make([]string, 0, len(p.Errors))
	for _, e := range p.Errors {
		fields = append(fields, e.Field)
	}
	return fields
}

func TestRequestsReachTheCore(t *testing.T) {
	h := &house{}
	handler := open(t, h)
	t.Run("a contact with everything", func(t *testing.T) {
		send(t, handler, "acceptContact", access.CIS)
		got := h.accepted
		if got.Key != "5f0c2d9e-disc-warn-4000000001" || got.Inline.Phone != "+1 312 555 0142" || got.Inline.Postal.City != "Springfield" ||
			got.Inline.Zone != "America/Chicago" || len(got.Inline.Name) != 2 || got.Premise != "5000000001" {
			t.Errorf("got %+v %+v", got, got.Inline)
		}
		if n, ok := got.Data["amount"].(json.Number); !ok || n != "129.5" {
			t.Errorf("the amount is %#v", got.Data["amount"])
		}
		if !got.ExpiresAt.Equal(time.Date(2026, 3, 20, 22, 0, 0, 0, time.UTC)) {
			t.Errorf("expires at %v", got.ExpiresAt)
		}
		if h.principal.Name != "cis-west" {
			t.Errorf("asked as %q", h.principal.Name)
		}
	})
	t.Run("checks a contact without writing", func(t *testing.T) {
		before := h.acceptCalled
		if w := send(t, handler, "acceptContact.validated", access.CIS); w.Code != http.StatusOK || h.acceptCalled != before {
			t.Errorf("got %d", w.Code)
		}
	})
	t.Run("a person's points", func(t *testing.T) {
		send(t, handler, "putPerson", access.CIS)
		p := h.person
		if p.Source != "CIS-W" || p.ExternalID != "P-77" || p.Version != 7 || len(p.Points) != 3 || p.Points[0].Value.Reveal() != "(312) 555-0142" ||
			!p.Points[0].Preferred || !strings.Contains(p.Points[2].Value.Reveal(), `"line2":"Apt 4"`) {
			t.Errorf("got %+v", p)
		}
	})
	t.Run("an address that is lifted", func(t *testing.T) {
		send(t, handler, "liftSuppression", access.CSR)
		want := consent.Suppression{Channel: message.SMS, Address: "+13125550142", Division: "WEST"}
		if h.suppression != want {
			t.Errorf("got %+v", h.suppression)
		}
	})
	t.Run("a configuration goes through unchanged", func(t *testing.T) {
		send(t, handler, "putConfig", access.Admin)
		if diff := cmp.Diff(document(t), h.document); diff != "" {
			t.Error(diff)
		}
		back := send(t, handler, "getConfig", access.Admin)
		var d config.Document
		if err := json.Unmarshal(back.Body.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(d, document(t)) {
			t.Error(cmp.Diff(document(t), d))
		}
	})
	t.Run("an empty configuration has all its lists", func(t *testing.T) {
		w := send(t, open(t, &house{}), "getConfig", access.Admin)
		if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "null") || w.Header().Get("ETag") != `"3"` {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
	})
	t.Run("results and leases", func(t *testing.T) {
		send(t, handler, "postCallResults", access.Dialer)
		want := dispatch.CallResult{ID: messageID(3), Result: "r-1", Disposition: "LIVE_RIGHT_PARTY", At: time.Date(2026, 3, 2, 15, 4, 5, 5e8, time.UTC), Attempts: 1, Seconds: 42}
		if len(h.results) != 2 || h.results[0] != want {
			t.Errorf("got %+v", h.results)
		}
		send(t, handler, "extendCalls", access.Dialer)
		if h.lease != 10*time.Minute || len(h.ids) != 2 || h.ids[1] != messageID(4) {
			t.Errorf("got %v %v", h.lease, h.ids)
		}
	})
	t.Run("defaults of what is left out", func(t *testing.T) {
		get(t, handler, "/v1/changes", access.SRE)
		if h.from != 0 || h.limit != 100 {
			t.Errorf("got %d, %d", h.from, h.limit)
		}
		get(t, handler, "/v1/contacts?reference=x&source=OTHER", access.CSR)
		if h.source != "OTHER" {
			t.Errorf("asked %s", h.source)
		}
		send(t, handler, "tripBreaker", access.SRE)
		if h.ordered != "trip sns/texts: the provider announced work on its side" {
			t.Errorf("ordered %s", h.ordered)
		}
		send(t, handler, "resetBreaker", access.SRE)
		if h.ordered != "reset sns/texts: the provider says it is mended" {
			t.Errorf("ordered %s", h.ordered)
		}
		send(t, handler, "pauseLane", access.SRE)
		if h.lane != message.NewLane(1, message.Service) || h.reason == "" {
			t.Errorf("got %d", h.lane)
		}
	})
}

func get(tb testing.TB, handler http.Handler, target string, role access.Role) *httptest.ResponseRecorder {
	tb.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, example{Method: http.MethodGet, Path: target}.request(tb, role))
	return w
}

func TestAddressesAreMasked(t *testing.T) {
	w := send(t, open(t, &house{}), "getContact", access.CIS)
	for _, hidden := range []string{"3125550142", "Ada"} {
		if strings.Contains(w.Body.String(), hidden) {
			t.Errorf("shows %s", hidden)
		}
	}
	if !strings.Contains(w.Body.String(), `"address":"+1••••••••42"`) {
		t.Errorf("got %s", w.Body)
	}
}

func TestRefusalsNameEveryField(t *testing.T) {
	handler := open(t, &house{})
	w := send(t, handler, "acceptContact.invalid", access.CIS)
	p := problemIn(t, w)
	want := []string{
		"header/Idempotency-Key", "/class", "/expiresAt", "/person", "/recipient/fax", "/recipient/name", "/recipient/phone",
		"/recipient/postal/city", "/recipient/postal/country", "/recipient/postal/country",
	}
	if diff := cmp.Diff(want, p.fields()); diff != "" {
		t.Error(diff)
	}
	for _, value := range []string{"call me", "USA!", "has a space", "tomorrow", `"12"`} {
		if strings.Contains(w.Body.String(), value) {
			t.Errorf("repeats %s", value)
		}
	}
	for target, fields := range map[string][]string{
		"/v1/changes?from=-1&limit=0":                       {"query/from", "query/limit"},
		"/v1/changes?from=x&limt=5":                         {"query/from", "query/limt"},
		"/v1/changes?form=1":                                {"query/form"},
		"/v1/changes?%2B13125550142=1":                      {"query"},
		"/v1/contacts":                                      {"query/reference"},
		"/v1/contacts/12":                                   {"path/id"},
		"/v1/messages/0198F3A0-1C00-7000-8000-000000000001": {"path/id"},
		"/v1/suppressions?channel=letter":                   {"query/channel", "header/Carillon-Address"},
		"/v1/batches/deprvw/runs":                           {"path/batch"},
	} {
		role := access.Admin
		w := get(t, handler, target, role)
		if p := problemIn(t, w); w.Code != http.StatusUnprocessableEntity || !reflect.DeepEqual(p.fields(), fields) {
			t.Errorf("%s gives %d %+v", target, w.Code, p)
		}
	}
}

func TestBodiesThatAreNone(t *testing.T) {
	handler := open(t, &house{})
	post := func(media, body string) *httptest.ResponseRecorder {
		e := example{Method: http.MethodPost, Path: "/v1/contacts", Headers: map[string]string{"Idempotency-Key": "x", "Content-Type": media}}
		r := e.request(t, access.CIS)
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	good := `{"division":"W","class":"C","type":"T"}`
	for _, c := range []struct {
		media, body, kind string
		status            int
	}{
		{"application/json", "", "invalid", 422},
		{"application/json", "{", "malformed", 400},
		{"application/json", good + good, "malformed", 400},
		{"application/json", "[]", "invalid", 422},
		{"application/json", "null", "invalid", 422},
		{"application/json", `{"division":7,"class":"C","type":"T"}`, "invalid", 422},
		{"application/json", `{"division":"W","class":"C","type":"T","data":[]}`, "invalid", 422},
		{"application/json", `{"division":"W","class":"C","type":"T","+13125550142":1}`, "invalid", 422},
		{"text/plain", good, "unsupported_media_type", 415},
		{"", good, "unsupported_media_type", 415},
		{"application/json; charset=utf-8", `"` + strings.Repeat("x", 1<<20) + `"`, "too_large", 413},
	} {
		w := post(c.media, c.body)
		if p := problemIn(t, w); w.Code != c.status || p.Type != "urn:carillon:problem:"+c.kind || strings.Contains(w.Body.String(), "3125550142") {
			t.Errorf("%s %.40s gives %d %s", c.media, c.body, w.Code, w.Body)
		}
	}
	if w := post("application/json; charset=utf-8", good); w.Code != http.StatusAccepted {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestPathsAndMethodsThatAreNot(t *testing.T) {
	handler := open(t, &house{})
	for _, c := range []struct {
		method, path, kind string
		status             int
	}{
		{http.MethodGet, "/", "not_found", 404},
		{http.MethodGet, "/v1/nothing", "not_found", 404},
		{http.MethodPatch, "/v1/contacts", "method_not_allowed", 405},
		{http.MethodPost, "/livez", "method_not_allowed", 405},
	} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), c.method, c.path, nil))
		if p := problemIn(t, w); w.Code != c.status || p.Type != "urn:carillon:problem:"+c.kind || c.status == 405 && w.Header().Get("Allow") == "" {
			t.Errorf("%s %s gives %d %s", c.method, c.path, w.Code, w.Body)
		}
	}
}

func TestFaultsBecomeProblems(t *testing.T) {
	want := map[fault.Kind]int{
		fault.Unknown: 500, fault.Invalid: 422, fault.NotFound: 404, fault.Conflict: 409, fault.Forbidden: 403, fault.Unauthorized: 401,
		fault.Suppressed: 422, fault.Refused: 422, fault.Throttled: 429, fault.Exhausted: 503, fault.Misconfigured: 503,
		fault.Unavailable: 503, fault.Ambiguous: 502, fault.Cancelled: 503,
	}
	for _, kind := range fault.Kinds() {
		status, listed := want[kind]
		if !listed {
			t.Errorf("%s has no status", kind)
		}
		err := &fault.Error{Kind: kind, Text: "what is wrong", Wait: 2500 * time.Millisecond}
		for _, failure := range []error{err, fmt.Errorf("around it: %w", err)} {
			w := send(t, open(t, &house{fail: failure}), "getContact", access.CSR)
			p := problemIn(t, w)
			if w.Code != status || p.Type != "urn:carillon:problem:"+kind.String() || w.Header().Get("Retry-After") != "3" {
				t.Errorf("%s gives %d %s %v", kind, w.Code, w.Body, w.Header())
			}
			if told := p.Detail == "what is wrong"; told == (kind == fault.Unknown) {
				t.Errorf("%s says %q", kind, p.Detail)
			}
			if (p.Instance != "") != (status == 500) || (status == 401) != (w.Header().Get("WWW-Authenticate") == "Bearer") {
				t.Errorf("%s gives %+v %v", kind, p, w.Header())
			}
		}
	}
}

func TestMistakesAreLoud(t *testing.T) {
	secret := "+13125550142"
	for name, h := range map[string]*house{
		"an error nobody classified": {fail: errors.New("sql: no rows")},
		"a panic with a value":       {panics: secret},
		"a panic with an error":      {panics: errors.New(secret)},
		"a runtime panic":            {panics: runtimePanic()},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			observed := 0
			handler := openWith(t, h, rest.Config{
				Clock: now, Log: slog.New(slog.NewJSONHandler(&log, nil)),
				Observe: func(operation string, status int, _ time.Duration) {
					observed++
					if operation != "getContact" || status != http.StatusInternalServerError {
						t.Errorf("observed %s %d", operation, status)
					}
				},
			})
			w := send(t, handler, "getContact", access.CSR)
			p := problemIn(t, w)
			if w.Code != http.StatusInternalServerError || p.Detail != "" || observed != 1 {
				t.Errorf("got %d %+v", w.Code, p)
			}
			if !strings.Contains(log.String(), p.Instance) || strings.Contains(log.String(), secret) || !strings.Contains(log.String(), `"level":"ERROR"`) {
				t.Errorf("logged %s", log.String())
			}
			if h.panics != nil && !strings.Contains(log.String(), "fakes_test.go") {
				t.Error("does not log where")
			}
		})
	}
	t.Run("leaves hanging up to the server", func(t *testing.T) {
		defer func() {
			if recover() != any(http.ErrAbortHandler) {
				t.Error("swallowed")
			}
		}()
		send(t, open(t, &house{panics: http.ErrAbortHandler}), "getContact", access.CSR)
	})
}

func runtimePanic() (value any) {
	defer func() { value = recover() }()
	var none *house
	_ = none.limit
	return nil
}

func TestRequestsAreLogged(t *testing.T) {
	var log bytes.Buffer
	handler := openWith(t, &house{}, rest.Config{Clock: now, Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	send(t, handler, "listSuppressions", access.CSR)
	get(t, handler, "/v1/contacts?reference=%2B13125550142", access.CSR)
	line := log.String()
	if strings.Contains(line, "3125550142") || !strings.Contains(line, `"operation":"listSuppressions"`) || !strings.Contains(line, `"principal":"csr-west"`) {
		t.Errorf("logged %s", line)
	}
}

func TestNewWantsEverything(t *testing.T) {
	h := &house{}
	if _, err := rest.New(rest.Config{Contract: theContract(t)}, h.services(t)); err == nil {
		t.Error("takes no clock")
	}
	_, err := rest.New(rest.Config{Contract: theContract(t), Clock: now, Log: slog.Default()}, rest.Services{Keys: h})
	if err == nil || !strings.Contains(err.Error(), "no Letters") || strings.Contains(err.Error(), "no Keys") {
		t.Errorf("got %v", err)
	}
}

func TestPointsAreChecked(t *testing.T) {
	handler := open(t, &house{})
	body := `{"version":1,"division":"W","names":[{"type":"primary","text":"A"}],"points":[{"kind":"phone"},{"kind":"post","value":"x@y"},{"kind":"email","value":"a@b.c"}]}`
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, example{Method: http.MethodPut, Path: "/v1/persons/P", Body: []byte(body)}.request(t, access.CIS))
	if p := problemIn(t, w); !reflect.DeepEqual(p.fields(), []string{"/points/0", "/points/1"}) {
		t.Errorf("got %+v", p)
	}
}

func BenchmarkAcceptContact(b *testing.B) {
	handler := open(b, &house{})
	e, _ := readExample(b, "acceptContact.request.json")
	for b.Loop() {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, e.request(b, access.CIS))
		if w.Code != http.StatusAccepted {
			b.Fatal(w.Code)
		}
	}
}
