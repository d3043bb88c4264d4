package schema_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"carillon/adapters/driven/schema"
	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/plugin"
)

func shipped(t *testing.T) *schema.Schemas {
	t.Helper()
	s, err := schema.New(os.DirFS("../../../contracts/schemas"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestBusinessObjects validates documents against every business object of process 3.4.1.1, step 2.2: what is right,
// and what is wrong with its pointer.
func TestBusinessObjects(t *testing.T) {
	t.Parallel()
	s := shipped(t)
	for code, row := range map[string]struct {
		good  []string
		wrong map[string]string // by document, its field
	}{
		"C1-CreateCustomerContact": {
			[]string{
				`{"class":"CUST","type":"CALL","division":"NORTH"}`,
				`{"class":"CUST","type":"CALL","division":"NORTH","person":"1000000001","account":"A","premise":"P","contactAt":"2026-03-02T12:00:00Z",
				"open":true,"comments":"c","preferredMethod":"sms","characteristics":[{"type":"CM","value":"v"}],"tags":[{"type":"T","value":"v"}],
				"externalContactId":"e","identifiers":[{"type":"C1NS","value":"7"}],"log":"l","data":{"x":1}}`,
			},
			map[string]string{
				`{"type":"CALL","division":"NORTH"}`:                                                               "/class",
				`{"class":"CUST","type":"CALL","division":"NORTH","person":"12"}`:                                  "/person",
				`{"class":"CUST","type":"CALL","division":"NORTH","more":1}`:                                       "/more",
				`{"class":"CUST","type":"CALL","division":"NORTH","preferredMethod":"pigeon"}`:                     "/preferredMethod",
				`{"class":"CUST","type":"CALL","division":"NORTH","open":"yes"}`:                                   "/open",
				`{"class":"CUST","type":"CALL","division":"NORTH","characteristics":[{"type":"X"}]}`:               "/characteristics/0/value",
				`{"class":"CUST","type":"CALL","division":"NORTH","contactAt":"yesterday"}`:                        "/contactAt",
				`{"class":"","type":"CALL","division":"NORTH"}`:                                                    "/class",
				`{"class":"CUST","type":"CALL","division":"NORTH","comments":"` + strings.Repeat("x", 4001) + `"}`: "/comments",
				`no JSON`: "",
			},
		},
		"C1-CreateCustContactTaskType": {
			[]string{`{"code":"T","contact":{"class":"C","type":"T"},"characteristics":[{"type":"X","required":true,"default":"d"}]}`},
			map[string]string{`{"code":"T"}`: "/contact", `{"code":"T","contact":{"class":"C"}}`: "/contact/type"},
		},
		"C1-CreateCustomerContactTask": {
			[]string{
				`{"task":"1","type":"T","division":"N","status":"pending"}`, `{"task":"1","type":"T","division":"N","status":"completed","contact":"1000000001"}`,
				`{"task":"1","type":"T","division":"N","status":"error","error":"no such person"}`,
			},
			map[string]string{
				`{"task":"1","type":"T","division":"N","status":"done"}`:                            "/status",
				`{"task":"1","type":"T","division":"N","status":"completed"}`:                       "/contact",
				`{"task":"1","type":"T","division":"N","status":"error"}`:                           "/error",
				`{"task":"1","type":"T","division":"N","status":"pending","contact":"1000000001"}`:  "",
				`{"task":"1","type":"T","division":"N","status":"error","error":"x","contact":"1"}`: "/contact",
			},
		},
		"C1-LeadEvtTypeCreCCAbtInitv": {
			[]string{`{"code":"L","contact":{"class":"C","type":"T"}}`},
			map[string]string{`{"code":"L"}`: "/contact", `{"code":"L","contact":{"class":"C","type":"T"},"message":{"channel":"fax","category":"M","number":1}}`: "/message/channel"},
		},
		"C1-ExpireCreditCardCustContact": {
			[]string{`{"class":"C","type":"T","division":"N","person":"1000000001","account":"A"}`, `{"class":"C","type":"T","division":"N","recipient":{"name":["x"]},"account":"A"}`},
			map[string]string{`{"class":"C","type":"T","division":"N","person":"1000000001"}`: "/account", `{"class":"C","type":"T","division":"N","account":"A"}`: "/person"},
		},
		"C2M-CreateAdjCustomerContact": {
			[]string{`{"class":"C","type":"T","division":"N","person":"1000000001","account":"A"}`},
			map[string]string{`{"class":"C","type":"T","division":"N","person":"1000000001"}`: "/account"},
		},
		"C1-FWCustomerContact": {
			[]string{`{"class":"C","type":"T","division":"N","premise":"P"}`, `{"class":"C","type":"T","division":"N","person":"1000000001"}`},
			map[string]string{`{"class":"C","type":"T","division":"N"}`: "/premise", `{"class":"C","type":"T","division":"N","premise":"P","x":1}`: "/x"},
		},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			if !s.Known(code) {
				t.Fatal("there is no such business object")
			}
			for _, doc := range row.good {
				if wrong := s.Violations(code, []byte(doc)); wrong != nil {
					t.Errorf("%s: %+v", doc, wrong)
				}
			}
			for doc, field := range row.wrong {
				wrong := s.Violations(code, []byte(doc))
				if !slices.ContainsFunc(wrong, func(v fault.Violation) bool { return v.Field == field && v.Reason != "" }) {
					t.Errorf("%.90s: %+v, want %q", doc, wrong, field)
				}
				for _, v := range wrong {
					if strings.Contains(v.Reason, "pigeon") || strings.Contains(v.Reason, "yesterday") {
						t.Errorf("the value is repeated: %s", v.Reason)
					}
				}
			}
		})
	}
	if wrong := s.Violations("C1-Nothing", []byte(`{}`)); len(wrong) != 1 || wrong[0].Field != "" {
		t.Errorf("a business object that is not there: %+v", wrong)
	}
}

// TestDocument proves that the document of a contact is of the default business object, whatever a desk gives it.
func TestDocument(t *testing.T) {
	t.Parallel()
	c := contact.Contact{Class: "C", Type: "T", Division: "N", Person: 1_000_000_001, Account: "A", Premise: "P", Data: `{"a":1}`, Inline: `{"name":["x"]}`}
	d := contact.Desk{
		Open: true, Comments: "c", Method: contact.ByFax, Characteristics: []plugin.Characteristic{{Type: "X", Value: "v"}},
		Tags: []plugin.Characteristic{{Type: "Y", Value: "v"}}, External: "e", Identifiers: []contact.Identifier{{Type: "C1EX", Value: "v"}},
	}
	s := shipped(t)
	for _, method := range contact.Methods() {
		d.Method = method
		if wrong := s.Violations(contact.DefaultObject, contact.Document(c, d, "log")); wrong != nil {
			t.Errorf("%+v", wrong)
		}
	}
	if wrong := s.Violations(contact.DefaultObject, contact.Document(contact.Contact{Class: "C", Type: "T", Division: "N"}, contact.Desk{}, "")); wrong != nil {
		t.Errorf("a bare contact: %+v", wrong)
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	for says, file := range map[string]string{
		"no JSON": "{", "no schema": `{"type":"nothing"}`, "one that refers outside": `{"$ref":"https://example.com/x.json"}`,
	} {
		if _, err := schema.New(fstest.MapFS{"X.json": {Data: []byte(file)}}); err == nil {
			t.Errorf("%s is taken", says)
		}
	}
}
