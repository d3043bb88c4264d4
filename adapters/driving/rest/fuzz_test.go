package rest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"carillon/contracts"
	"carillon/core/fault"
)

// FuzzAcceptContact posts anything as a contact. Whatever it is, the answer is the acceptance or a problem document of
// the caller's own fault that repeats no value, and nothing panics.
func FuzzAcceptContact(f *testing.F) {
	for _, name := range requests(f) {
		if id, _, _ := strings.Cut(name, "."); id == "acceptContact" {
			e, _ := readExample(f, name+".request.json")
			f.Add([]byte(e.Body), "5f0c2d9e")
		}
	}
	for _, body := range []string{
		"", "null", "[]", "{", `"+13125550142"`, `{"+13125550142":1}`, `{"division":"W","class":"C","type":"T","data":{"a":1e999}}`,
		`{"division":"W","class":"C","type":"T","person":"0000000000"}`, "{\"division\":\"W\xff\"}", `{"data":{"x":{"y":[[[[{}]]]]}}}`,
		`{"division":"W","division":"X","class":"C","type":"T","recipient":{"name":[1,"a"],"postal":[]}}`,
	} {
		f.Add([]byte(body), "not one word")
	}
	handler := open(f, &house{invalid: []fault.Violation{{Field: "/data/amount", Reason: "is required by the template"}}})
	f.Fuzz(func(t *testing.T, body []byte, key string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/contacts", strings.NewReader(string(body)))
		r.Header.Set("Authorization", "Bearer crl_cis")
		r.Header.Set("Content-Type", "application/json")
		r.Header["Idempotency-Key"] = []string{key}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		switch {
		case w.Code == http.StatusAccepted && json.Valid(body):
			return
		case key == "conflict" || key == "throttled" || key == "unavailable": // what the fake answers to these
			return
		case w.Code < http.StatusBadRequest || w.Code >= http.StatusInternalServerError:
			t.Fatalf("%d for %q with %q", w.Code, body, key)
		}
		p := problemIn(t, w)
		said := p.Title + " " + p.Detail
		for _, e := range p.Errors {
			said += " " + e.Reason
		}
		for _, value := range append(values(body), key) {
			if telling(value) && strings.Contains(said, value) {
				t.Errorf("repeats %q: %s", value, w.Body)
			}
		}
	})
}

// telling reports whether a value is long enough to be somebody's, and none of our own words.
func telling(value string) bool {
	const short = 5
	ours := contracts.OpenAPI() + " The request can never be done as asked. The body is no JSON. The body is too large. " +
		"the request has wrong fields is required by the template is not a field here must have at least characters must match " +
		"must be of type null boolean integer number string array object must have at most items must be one of must be a " +
		"is not as described a body is required is no JSON value has ten digits and is not zero"
	return len(value) > short && !strings.Contains(ours, value)
}

// values are the texts and numbers of a JSON document, as far as it is one.
func values(body []byte) []string {
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	var all []string
	for {
		token, err := d.Token()
		if err != nil {
			return all
		}
		switch v := token.(type) {
		case string:
			all = append(all, v)
		case json.Number:
			all = append(all, v.String())
		}
	}
}

// TestValuesAreNotRepeated sends everything wrong at once to every operation.
func TestValuesAreNotRepeated(t *testing.T) {
	const secret = "zq7 Canary 0142"
	handler := open(t, &house{document: document(t)})
	for _, f := range specified(t).operations(t) {
		e, found := readExample(t, f.id+".request.json")
		if !found || len(f.roles) == 0 {
			continue
		}
		bodies := []string{""}
		if e.Body != nil {
			bodies = []string{
				`{"` + secret + `":"` + secret + `"}`, `"` + secret + `"`, `["` + secret + `"]`, secret, `{"` + secret, spoilt(t, e.Body, secret),
			}
		}
		for _, body := range bodies {
			for _, query := range []string{"", strings.ReplaceAll(secret, " ", "%20") + "=1"} {
				x := e
				x.Path += map[bool]string{true: "&", false: "?"}[strings.Contains(e.Path, "?")] + query
				if e.Body != nil {
					x.Body = json.RawMessage(body)
				}
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, x.request(t, roleOf(f.roles)))
				if strings.Contains(w.Body.String(), secret) || w.Code >= http.StatusInternalServerError {
					t.Errorf("%s with %.60s gives %d: %s", f.id, body, w.Code, w.Body)
				}
			}
		}
	}
}

// spoilt is a body with every text made something else, too long for what it is, and every number negative.
func spoilt(t *testing.T, body json.RawMessage, secret string) string {
	t.Helper()
	var tree any
	if err := json.Unmarshal(body, &tree); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(spoil(tree, strings.Repeat(secret+" ", 200)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func spoil(tree any, with string) any {
	switch v := tree.(type) {
	case map[string]any:
		for name := range v {
			v[name] = spoil(v[name], with)
		}
	case []any:
		for i := range v {
			v[i] = spoil(v[i], with)
		}
	case string:
		return with
	case float64:
		return -v - 0.5
	}
	return tree
}
