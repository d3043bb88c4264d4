package rest_test

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"carillon/core/access"
	"carillon/core/contact"
	"carillon/core/desk/counter"
	"carillon/core/plugin"
	"carillon/core/store"
)

// TestDesk proves that what a request says reaches the desk.
func TestDesk(t *testing.T) {
	t.Parallel()
	h := &house{}
	handler := open(t, h)
	call := func(method, path, body, ifMatch string, role access.Role) int {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+key(role))
		r.Header.Set("Idempotency-Key", "k")
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		if ifMatch != "" {
			r.Header.Set("If-Match", ifMatch)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	at := time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)
	one := []plugin.Characteristic{{Type: "CASE-ID", Value: "C-1"}}
	t.Run("a contact with all its parts", func(t *testing.T) {
		request, _ := readExample(t, "addContact.request.json")
		if code := call("POST", "/v1/desk/contacts", string(request.Body), "", access.CSR); code != http.StatusAccepted {
			t.Fatal(code)
		}
		want := contact.Part{
			Manual: true, Open: true, Comments: "asks for a call about the bill", Method: contact.ByPhone, At: at, Characteristics: one,
			Tags: []plugin.Characteristic{{Type: "TAG", Value: "VIP"}}, External: "ext-1", Identifiers: []contact.Identifier{{Type: "C1NS", Value: "77"}},
			Log: &contact.Note{Comments: "call back", Remind: &contact.Remind{Role: "CSR", Trigger: "2026-03-09"}},
		}
		if r := h.accepted; !reflect.DeepEqual(r.Part, &want) || r.Person != 1000000042 || r.Account != "4000000001" || r.Class != "CUST" || r.Key != "k" {
			t.Errorf("asked for %+v with %+v", r, r.Part)
		}
	})
	t.Run("a premise as its source names it", func(t *testing.T) {
		body := `{"division":"WEST","shorthand":"note","premise":"5000000009"}`
		if code := call("POST", "/v1/desk/contacts", body, "", access.CSR); code != http.StatusAccepted || h.accepted.Premise != "P-9" {
			t.Errorf("%d, %q", code, h.accepted.Premise)
		}
	})
	t.Run("a contact that a user posts is one that a user enters, and that of a CIS is not", func(t *testing.T) {
		body := `{"division":"WEST","class":"CUST","type":"CALL","person":"1000000042"}`
		if code := call("POST", "/v1/contacts", body, "", access.CSR); code != http.StatusAccepted || h.accepted.Part == nil || !h.accepted.Part.Manual {
			t.Errorf("%d, %+v", code, h.accepted.Part)
		}
		if code := call("POST", "/v1/contacts", body, "", access.CIS); code != http.StatusAccepted || h.accepted.Part != nil {
			t.Errorf("%d, %+v", code, h.accepted.Part)
		}
	})
	t.Run("changes, and only those that are named", func(t *testing.T) {
		path := "/v1/contacts/1000000417"
		if code := call("PATCH", path, `{"tags":[],"characteristics":[{"type":"CASE-ID","value":"C-1"}],"contactAt":"2026-03-02T15:00:00+01:00"}`, `"7"`, access.CSR); code != http.StatusOK {
			t.Fatal(code)
		}
		c, ok := h.desk.(contact.Change)
		if !ok || c.Open != nil || c.Comments != nil || c.Method != nil || c.Tags == nil || len(*c.Tags) != 0 || !reflect.DeepEqual(*c.Characteristics, one) || !c.At.Equal(at) {
			t.Errorf("%+v", h.desk)
		}
		for says, row := range map[string]struct {
			method, path, body, ifMatch string
			want                        int
		}{
			"no revision":               {"PATCH", path, `{"open":true}`, "", http.StatusUnprocessableEntity},
			"another revision":          {"PATCH", path, `{"open":true}`, `"3"`, http.StatusConflict},
			"a revision that is none":   {"PATCH", path, `{"open":true}`, `"x"`, http.StatusUnprocessableEntity},
			"closing another":           {"POST", path + "/close", "", `"3"`, http.StatusConflict},
			"correcting another":        {"POST", path + "/type", `{"class":"C","type":"T"}`, `"3"`, http.StatusConflict},
			"a contact that is no id":   {"PATCH", "/v1/contacts/0000000000", `{"open":true}`, `"7"`, http.StatusNotFound},
			"the log of no id":          {"POST", "/v1/contacts/0000000000/log", `{"comments":"x"}`, "", http.StatusNotFound},
			"a field nobody knows":      {"PATCH", path, `{"class":"X"}`, `"7"`, http.StatusUnprocessableEntity},
			"a class without a type":    {"POST", path + "/type", `{"class":"C"}`, `"7"`, http.StatusUnprocessableEntity},
			"a timeline of two":         {"GET", "/v1/timeline?person=1000000042&premise=P", "", "", http.StatusUnprocessableEntity},
			"a person that is none":     {"GET", "/v1/timeline?person=0000000000", "", "", http.StatusUnprocessableEntity},
			"a cursor that is none":     {"GET", "/v1/timeline?after=0.1", "", "", http.StatusUnprocessableEntity},
			"a list from no contact":    {"GET", "/v1/desk/contacts?after=0000000000", "", "", http.StatusUnprocessableEntity},
			"reminders after no one":    {"GET", "/v1/reminders?after=2026-03-02.0000000000.0000000001", "", "", http.StatusUnprocessableEntity},
			"reminders until no day":    {"GET", "/v1/reminders?until=someday", "", "", http.StatusUnprocessableEntity},
			"a business object of none": {"GET", "/v1/schemas/..%2Fopenapi", "", "", http.StatusUnprocessableEntity},
		} {
			if code := call(row.method, row.path, row.body, row.ifMatch, access.CSR); code != row.want {
				t.Errorf("%s: %d, want %d", says, code, row.want)
			}
		}
	})
	t.Run("what a timeline is to show", func(t *testing.T) {
		request, _ := readExample(t, "getTimeline.next.request.json")
		if code := call("GET", request.Path, "", "", access.CSR); code != http.StatusOK {
			t.Fatal(code)
		}
		no := false
		want := counter.TimelineQuery{
			Of: contact.Subject{Account: "4000000001"}, Zone: "CC-TIMELINE", Class: "CREDIT", Type: "DISC-WARN", Kind: "message.moved", Open: &no,
			From: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC),
			Before: store.Telling{At: now().Add(-time.Hour), Number: 8}, Limit: 100,
		}
		if got, ok := h.desk.(counter.TimelineQuery); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("\n got %+v\nwant %+v", h.desk, want)
		}
	})
	t.Run("which reminders", func(t *testing.T) {
		if code := call("GET", "/v1/reminders?role=CSR&after=2026-03-09.1000000417.1000000002", "", "", access.Supervisor); code != http.StatusOK {
			t.Fatal(code)
		}
		want := []any{counter.ReminderFilter{Role: "CSR"}, contact.ReminderKey{Trigger: "2026-03-09", Contact: 1000000417, Log: 1000000002}}
		if !reflect.DeepEqual(h.desk, want) {
			t.Errorf("%+v", h.desk)
		}
	})
}
