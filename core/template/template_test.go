package template_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/core/fault"
	"carillon/core/template"
)

func TestLacking(t *testing.T) {
	t.Parallel()
	form := template.Template{Required: []string{"amount", "due", "empty", "none"}}
	got := form.Lacking(map[string]any{"amount": 0, "empty": "", "none": nil, "more": 1})
	const reason = "is required by the template"
	want := []fault.Violation{{Field: "/data/due", Reason: reason}, {Field: "/data/none", Reason: reason}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := (template.Template{}).Lacking(nil); got != nil {
		t.Errorf("nothing is required, and %v is lacking", got)
	}
}

func TestGather(t *testing.T) {
	t.Parallel()
	had := []fault.Violation{{Field: "/data/a", Reason: "first"}}
	for _, row := range []struct {
		name string
		err  error
		want []fault.Violation
		back bool
	}{
		{"a part that was filled adds nothing", nil, had, false},
		{"names each field once", fault.Refuse(
			fault.Violation{Field: "/data/a", Reason: "second"}, fault.Violation{Field: "/data/b", Reason: "b"},
		), []fault.Violation{had[0], {Field: "/data/b", Reason: "b"}}, false},
		{
			"gives the fault of a form the part's name", fault.Refuse(fault.Violation{Field: "/parts", Reason: "does not parse"}),
			[]fault.Violation{had[0], {Field: "/parts/text", Reason: "does not parse"}},
			false,
		},
		{"returns a refusal that names no field", fault.New(fault.Invalid, "no"), had, true},
		{"returns a fault of another kind", fault.New(fault.Unavailable, "down"), had, true},
		{"returns what is no fault", errors.New("bug"), had, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, err := template.Gather(had[:1:1], "text", row.err)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
			if row.back != (err != nil) || row.back && !errors.Is(err, row.err) {
				t.Errorf("returned %v", err)
			}
		})
	}
}

func TestTidy(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"": "", " \r\n ": "", "\ta\tb ": "a\tb", "a\r\nb\rc\nd\r\r\n": "a\nb\nc\nd",
	} {
		if got := template.Tidy(given); got != want {
			t.Errorf("%q becomes %q, want %q", given, got, want)
		}
	}
}
