package occurrence_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"carillon/core/fault"
	"carillon/core/occurrence"
)

// sample is an event of the kind as a source raises it.
func sample(tb testing.TB, k occurrence.Kind) map[string]any {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", string(k)+".json"))
	if err != nil {
		tb.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		tb.Fatal(err)
	}
	return fields
}

func written(tb testing.TB, fields map[string]any) []byte {
	tb.Helper()
	text, err := json.Marshal(fields)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// wrongOf are the violations of an event, as field: reason.
func wrongOf(tb testing.TB, fields map[string]any) map[string]string {
	tb.Helper()
	_, err := occurrence.Read(written(tb, fields))
	var f *fault.Error
	if err != nil && (!errors.As(err, &f) || f.Kind != fault.Invalid) {
		tb.Fatal(err)
	}
	wrong := map[string]string{}
	if f != nil {
		for _, v := range f.Violations {
			wrong[v.Field] = v.Reason
		}
	}
	return wrong
}

func TestEveryKindIsReadAndWritten(t *testing.T) {
	t.Parallel()
	if n := len(occurrence.Kinds()); n != 18 {
		t.Fatalf("%d kinds of event, the process has eighteen", n)
	}
	for _, kind := range occurrence.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			fields := sample(t, kind)
			e, err := occurrence.Read(written(t, fields))
			if err != nil {
				t.Fatal(err)
			}
			if e.Kind != kind || e.Object != fields["object"] || e.Division != "NORTH" {
				t.Errorf("%+v", e)
			}
			again, err := occurrence.Read([]byte(e.JSON()))
			if err != nil || !reflect.DeepEqual(again, e) || again.Hash() != e.Hash() {
				t.Errorf("read back as %+v, %v", again, err)
			}
			data := e.Data()
			for name, want := range fields {
				if name == "recipient" {
					continue
				}
				got, _ := json.Marshal(data[name])
				asked, _ := json.Marshal(want)
				if string(got) != string(asked) {
					t.Errorf("the contact's data have %s as %s, want %s", name, got, asked)
				}
			}
			kept, err := json.Marshal(map[string]any{occurrence.Reserved: data})
			if err != nil {
				t.Fatal(err)
			}
			from, ok := occurrence.OfContact(string(kept))
			e.Recipient = nil
			if !ok || !reflect.DeepEqual(from, e) {
				t.Errorf("the contact tells of %+v", from)
			}
			if sites := e.Detail.Sites(); len(sites) == 0 || sites[0].Code == "" || sites[0].Owner == "" || sites[0].Event == "" {
				t.Errorf("hangs at %v", sites)
			}
		})
	}
}

func TestEveryFieldOfEveryKindIsChecked(t *testing.T) {
	t.Parallel()
	for _, kind := range occurrence.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			if wrong := wrongOf(t, sample(t, kind)); len(wrong) > 0 {
				t.Fatalf("the sample is wrong: %v", wrong)
			}
			for _, name := range occurrence.Fields(kind) {
				for _, value := range []any{true, map[string]any{"no": 1}, nil, -1.5, []any{7}} {
					fields := sample(t, kind)
					fields[name] = value
					wrong := wrongOf(t, fields)
					if wrong["/"+name] == "" || len(wrong) != 1 {
						t.Errorf("%s = %v is refused as %v", name, value, wrong)
					}
				}
			}
			fields := sample(t, kind)
			fields["frobnicate"], fields["+1 212 555 0142"] = "x", "y"
			want := map[string]string{"/frobnicate": "is no field of this event", "": "is no field of this event"}
			if wrong := wrongOf(t, fields); !maps.Equal(wrong, want) {
				t.Errorf("unknown fields are refused as %v", wrong)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	with := func(k occurrence.Kind, name string, value any) map[string]any {
		fields := sample(t, k)
		if value == nil {
			delete(fields, name)
		} else {
			fields[name] = value
		}
		return fields
	}
	for says, row := range map[string]struct {
		fields map[string]any
		field  string
		reason string
	}{
		"a kind nobody knows":              {with(occurrence.KindCase, "event", "case_leaves_status"), "/event", "names no kind of event"},
		"no kind":                          {with(occurrence.KindCase, "event", nil), "/event", "names no kind of event"},
		"no division":                      {with(occurrence.KindCase, "division", nil), "/division", "is required"},
		"no object":                        {with(occurrence.KindCase, "object", nil), "/object", "is required"},
		"no status of a case":              {with(occurrence.KindCase, "status", nil), "/status", "is required"},
		"a day that is none":               {with(occurrence.KindCase, "date", "2026-02-30"), "/date", "must be a date, as 2026-03-31"},
		"a person and a recipient":         {with(occurrence.KindLead, "person", "PER-9"), "/recipient", "give one of person and recipient"},
		"an amount without currency":       {with(occurrence.KindCollection, "currency", nil), "/currency", "is required with an amount"},
		"a currency that is none":          {with(occurrence.KindCollection, "currency", "usd"), "/currency", "must be a currency of three letters, as USD"},
		"an amount that is a number":       {with(occurrence.KindCollection, "amount", 12.5), "/amount", `must be a decimal number as text, as "12.50"`},
		"an amount with an exponent":       {with(occurrence.KindCollection, "amount", "1e3"), "/amount", `must be a decimal number as text, as "12.50"`},
		"an amount too large for a record": {with(occurrence.KindCollection, "amount", "12345678901234.00"), "/amount", `must be a decimal number as text, as "12.50"`},
		"a process without a sequence":     {with(occurrence.KindCollection, "sequence", nil), "/sequence", "is required: the event's number in its process, from 1"},
		"a workflow without a sequence":    {with(occurrence.KindWorkflow, "sequence", nil), "/sequence", "is required: the event's number in its process, from 1"},
		"six information strings":          {with(occurrence.KindOverdue, "information", []any{"1", "2", "3", "4", "5", "6"}), "/information", "must be a list of at most 5 texts of at most 254 characters"},
		"a code too long":                  {with(occurrence.KindCase, "caseType", strings.Repeat("x", 31)), "/caseType", "must have 1 to 30 characters"},
		"a code that is no ASCII":          {with(occurrence.KindCase, "caseType", "é"), "/caseType", "must be of visible ASCII, with spaces only inside"},
		"a card that expires never":        {with(occurrence.KindCard, "expires", "2026-13"), "/expires", "must be a month, as 2026-03"},
		"a card with a sequence":           {with(occurrence.KindCard, "sequence", 3), "/sequence", "is the month of the expiry, or left out"},
		"a card number":                    {with(occurrence.KindCard, "cardEnding", "12345"), "/cardEnding", "must have 1 to 4 characters"},
		"a moment that is none":            {with(occurrence.KindCollection, "createdAt", "yesterday"), "/createdAt", "must be a moment, as 2026-03-31T12:00:00Z"},
		"a recipient with other fields":    {with(occurrence.KindLead, "recipient", map[string]any{"name": []any{"A"}, "pet": "dog"}), "/recipient", "must be a recipient"},
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			if wrong := wrongOf(t, row.fields); len(wrong) != 1 || wrong[row.field] != row.reason {
				t.Errorf("refused as %v, want %s %s", wrong, row.field, row.reason)
			}
		})
	}
	t.Run("an order of nobody's", func(t *testing.T) {
		t.Parallel()
		fields := sample(t, occurrence.KindOrder)
		delete(fields, "customerClass")
		delete(fields, "campaign")
		if wrong := wrongOf(t, fields); wrong["/customerClass"] != "is required of an order without a campaign" {
			t.Errorf("refused as %v", wrong)
		}
	})
	for _, text := range []string{"", "null", "[]", "7", "{", `{"event":"case_enters_status"} {}`} {
		if _, err := occurrence.Read([]byte(text)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestNoticesAreOnePerCardAndExpiry(t *testing.T) {
	t.Parallel()
	e, err := occurrence.Read(written(t, sample(t, occurrence.KindCard)))
	if err != nil {
		t.Fatal(err)
	}
	if k := e.Key("cis"); k != (occurrence.Key{Source: "cis", Kind: occurrence.KindCard, Object: "APAY-9101", Sequence: 202612}) {
		t.Errorf("%+v", k)
	}
}

func TestHashTellsPayloadsApart(t *testing.T) {
	t.Parallel()
	seen := map[[32]byte]occurrence.Kind{}
	for _, kind := range occurrence.Kinds() {
		fields := sample(t, kind)
		for _, description := range []string{"", "one", "two"} {
			fields["description"] = description
			if description == "" {
				delete(fields, "description")
			}
			e, err := occurrence.Read(written(t, fields))
			if err != nil {
				t.Fatal(err)
			}
			if other, there := seen[e.Hash()]; there {
				t.Errorf("%s has the hash of %s", kind, other)
			}
			seen[e.Hash()] = kind
		}
	}
}

func TestOfContactKnowsWhatIsNone(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"", "{}", "[]", `{"event":7}`, `{"event":{"event":"x"}}`, `{"amount":"12.50"}`} {
		if e, ok := occurrence.OfContact(data); ok {
			t.Errorf("%q is taken for %+v", data, e)
		}
	}
}

// FuzzRead: whatever is read is written and read again as the same, and no refusal repeats a value.
func FuzzRead(f *testing.F) {
	for _, kind := range occurrence.Kinds() {
		f.Add(written(f, sample(f, kind)))
	}
	f.Add([]byte(`{"event":"service_task","object":"1","division":"N","serviceTaskType":"T","information":[],"characteristics":[]}`))
	f.Add([]byte(`{"event":"case_enters_status","object":"\ud800","sequence":1e9,"division":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := occurrence.Read(body)
		if err != nil {
			var wrong *fault.Error
			if !errors.As(err, &wrong) || wrong.Kind != fault.Invalid {
				t.Fatalf("%v is not invalid", err)
			}
			return
		}
		again, err := occurrence.Read([]byte(e.JSON()))
		if err != nil || !reflect.DeepEqual(e, again) || e.JSON() != again.JSON() {
			t.Fatalf("%s is read back as %s, %v", e.JSON(), again.JSON(), err)
		}
		if len(e.Values()) != 9 || !slices.Contains(occurrence.Kinds(), e.Kind) {
			t.Fatal("an event has nine values and a kind")
		}
	})
}
