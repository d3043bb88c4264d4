package rest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/core/access"
	"carillon/core/fault"
	"carillon/core/message"
)

// TestRefusalsNameWhatTheCoreSeesToo sends contacts that both the contract and the core refuse.
func TestRefusalsNameWhatTheCoreSeesToo(t *testing.T) {
	found := []fault.Violation{
		{Field: "header/Idempotency-Key", Reason: "has 1 to 200 characters"},
		{Field: "/recipient/phone", Reason: "is needed by step 1"},
		{Field: "/recipient/name", Reason: "has one to three lines"},
		{Field: "/person", Reason: "is required"},
		{Field: "/data/amount", Reason: "is required by the template"},
	}
	const start = `{"division":"W","class":"C","type":"T",`
	for body, want := range map[string][]string{
		start + `"recipient":{"name":["A"],"phone":"call me"},"data":{"due":129.50}}`: {"/recipient/phone", "/recipient/name", "/person", "/data/amount"},
		start + `"recipient":{"name":["A",""],"phone":"+13125550142"}}`:               {"/recipient/name/1", "/recipient/phone", "/person", "/data/amount"},
		start + `"recipient":"Ada"}`:                                                  {"/recipient", "/data/amount"},
		start + `"person":"0000000000"}`:                                              {"/person", "/recipient/phone", "/recipient/name", "/data/amount"},
		start + `"data":[]}`:                                                          {"/data", "/recipient/phone", "/recipient/name", "/person"},
		start + `"recipient":{"name":["A"],"phone":7},"data":{"due":129.50}}`:         {"/recipient/phone", "/recipient/name", "/person", "/data/amount"},
		`{"division":"W","class":"C","data":[]}`:                                      {"/data", "/type"},
	} {
		h := &house{invalid: found}
		w := postContact(t, h, body)
		if diff := cmp.Diff(want, problemIn(t, w).fields()); w.Code != http.StatusUnprocessableEntity || diff != "" {
			t.Errorf("%s gives %d: %s", body, w.Code, diff)
		}
		if h.acceptCalled != 0 || h.validated.Key != "" {
			t.Errorf("%s is accepted", body)
		}
		if due, there := h.validated.Data["due"]; there && due != json.Number("129.50") {
			t.Errorf("%s is checked with %#v", body, due)
		}
	}
	t.Run("and nothing of a core that is not reached", func(t *testing.T) {
		w := postContact(t, &house{fail: fault.New(fault.Unavailable, "not now")}, start+`"data":[]}`)
		if p := problemIn(t, w); w.Code != http.StatusUnprocessableEntity || len(p.Errors) != 1 {
			t.Errorf("got %d %+v", w.Code, p)
		}
	})
}

func postContact(t *testing.T, h *house, body string) *httptest.ResponseRecorder {
	t.Helper()
	e := example{Method: http.MethodPost, Path: "/v1/contacts", Headers: map[string]string{"Idempotency-Key": "x"}, Body: []byte(body)}
	w := httptest.NewRecorder()
	open(t, h).ServeHTTP(w, e.request(t, access.CIS))
	return w
}

func TestParametersAreNamedAsParameters(t *testing.T) {
	handler := open(t, &house{fail: fault.Refuse(
		fault.Violation{Field: "/address", Reason: "is no phone number"}, fault.Violation{Field: "/division", Reason: "is required"},
	)})
	for name, want := range map[string][]string{
		"liftSuppression":  {"header/Carillon-Address", "query/division"},
		"listSuppressions": {"header/Carillon-Address", "query/division"},
		"putSuppression":   {"/address", "/division"},
	} {
		if p := problemIn(t, send(t, handler, name, access.CSR)); !reflect.DeepEqual(p.fields(), want) {
			t.Errorf("%s names %v", name, p.fields())
		}
	}
}

// TestWhyAMessageWaits reads a message in every state in which one waits, alone and with its contact.
func TestWhyAMessageWaits(t *testing.T) {
	h := &house{document: document(t)}
	handler := open(t, h)
	for _, why := range []message.WaitReason{
		message.WaitNew, message.WaitRetry, message.WaitThrottled, message.WaitWindow, message.WaitReturned, message.WaitOperator,
		message.WaitRun, message.WaitCalled, message.WaitLeased,
	} {
		h.why = why
		for _, target := range []string{"/v1/messages/0198f3a0-1c00-7000-8000-000000000002", "/v1/contacts/1000000418"} {
			w := get(t, handler, target, access.CSR)
			var got struct {
				Waiting  waitingDocument
				Messages []struct{ Waiting waitingDocument }
			}
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
				t.Fatalf("%v: %d %s", err, w.Code, w.Body)
			}
			if len(got.Messages) > 0 {
				got.Waiting = got.Messages[0].Waiting
			}
			x := got.Waiting
			if x.Reason != string(why) || string(x.Until) != `"2026-03-02T15:05:05.123456Z"` || x.LanePause == "" ||
				len(x.Breakers) != 1 || x.Breakers[0].State != "open" {
				t.Errorf("%s: %s says %+v", target, why, x)
			}
		}
	}
}

// TestWhyADueMessageWaits: what is due and not called waits for its lane's pace.
func TestWhyADueMessageWaits(t *testing.T) {
	w := get(t, open(t, &house{document: document(t), due: true}), "/v1/messages/0198f3a0-1c00-7000-8000-000000000002", access.CSR)
	var got struct{ Waiting waitingDocument }
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Waiting.Reason != string(message.WaitPace) ||
		string(got.Waiting.Until) != `"2026-03-02T15:04:05.223456Z"` {
		t.Errorf("%v: %s", err, w.Body)
	}
}

func TestPlansOfContacts(t *testing.T) {
	for want, h := range map[string]*house{
		`{"number":2,"channel":"letter","template":"DISC-LTR","started":false}`: {document: document(t)},
		`{"number":2,"started":false}`:                                          {configGone: true},
	} {
		if w := send(t, open(t, h), "getContact", access.CIS); !strings.Contains(w.Body.String(), want) {
			t.Errorf("got %s", w.Body)
		}
	}
}
