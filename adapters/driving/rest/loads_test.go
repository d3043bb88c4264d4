package rest_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"carillon/core/access"
)

// TestARefusedLoadLineSaysWhoseItIs: the id stands in the answer wherever it stood in the line, and only where it is one.
func TestARefusedLoadLineSaysWhoseItIs(t *testing.T) {
	t.Parallel()
	h := &house{}
	handler := open(t, h)
	for line, want := range map[string]string{
		`{"externalId":"P-1","person":{"version":"7"}}`:    "P-1",
		`{"person":{"version":"7"},"externalId":"P-1"}`:    "P-1",
		`{"nobodyKnows":1,"externalId":"P-1","person":{}}`: "P-1",
		`{"externalId":"P 1","person":{"version":7}}`:      "",
		`{"externalId":7,"person":{"version":7}}`:          "",
		`{"person":{"version":"7"}}`:                       "",
	} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/loads", strings.NewReader(line+"\n"))
		r.Header.Set("Authorization", "Bearer "+key(access.CIS))
		r.Header.Set("Content-Type", "application/x-ndjson")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		first, _, _ := strings.Cut(w.Body.String(), "\n")
		var got struct {
			Status     int
			ExternalID string `json:"externalId"`
		}
		if err := json.Unmarshal([]byte(first), &got); err != nil || got.Status != 422 || got.ExternalID != want {
			t.Errorf("%s: %s, %v; want 422 of %q", line, first, err, want)
		}
	}
	if len(h.loads) != 0 {
		t.Errorf("what was refused was loaded: %+v", h.loads)
	}
}

// TestAnEmptyCursorIsNone: a cursor that is given and empty was not given out.
func TestAnEmptyCursorIsNone(t *testing.T) {
	t.Parallel()
	handler := open(t, &house{})
	if w := get(t, handler, "/v1/search?q=ada&after=", access.CSR); w.Code != 422 {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
	if w := get(t, handler, "/v1/search?q=ada", access.CSR); w.Code != 200 {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
}
