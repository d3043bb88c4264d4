package config_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/plan"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	one := func(t *testing.T, spoil func(*config.Document)) []config.Change {
		t.Helper()
		after := rich()
		spoil(&after)
		changes, err := config.Diff(rich(), after)
		if err != nil {
			t.Fatal(err)
		}
		return changes
	}
	t.Run("of a document with itself is nothing", func(t *testing.T) {
		t.Parallel()
		if got := one(t, func(*config.Document) {}); len(got) != 0 {
			t.Errorf("%+v", got)
		}
	})
	t.Run("names what was added and removed", func(t *testing.T) {
		t.Parallel()
		got := one(t, func(d *config.Document) {
			d.AlertTypes = []config.Named{{Code: "CAT"}}
		})
		if len(got) != 2 || got[0].Kind != "alert_type" || got[0].Code != "CAT" || got[0].What != config.Added || got[1].Code != "DOG" || got[1].What != config.Removed {
			t.Errorf("%+v", got)
		}
	})
	t.Run("names the fields that were changed, with both values", func(t *testing.T) {
		t.Parallel()
		got := one(t, func(d *config.Document) {
			v := lastType(d, "DUN")
			v.Person, v.Characteristics[0].Default, v.Shorthand = contact.Optional, "PRESS", ""
			d.Installation.AlternateName = true
		})
		if len(got) != 2 || got[0].Kind != "installation" || got[1].Code != "CRED/DUN" || got[1].What != config.Changed {
			t.Fatalf("%+v", got)
		}
		want := []config.FieldChange{
			{Field: "/characteristics/0/default", Before: "VIP", After: "PRESS"},
			{Field: "/person", Before: "required", After: "optional"},
			{Field: "/shorthand", Before: "dun"},
		}
		if !slices.Equal(got[1].Fields, want) || !slices.Equal(got[0].Fields, []config.FieldChange{{Field: "/alternateName", After: true}}) {
			t.Errorf("%+v", got)
		}
	})
	t.Run("names a longer list by its new places", func(t *testing.T) {
		t.Parallel()
		got := one(t, func(d *config.Document) { d.ToDoTypes[0].DrillKeys = append(d.ToDoTypes[0].DrillKeys, "line") })
		if len(got) != 1 || !slices.Equal(got[0].Fields, []config.FieldChange{{Field: "/drillKeys/2", After: "line"}}) {
			t.Errorf("%+v", got)
		}
	})
	t.Run("does not tell an empty list from none", func(t *testing.T) {
		t.Parallel()
		if got := one(t, func(d *config.Document) { lastType(d, "HOUSE").Plan.Steps = []plan.StepRule{} }); len(got) != 0 {
			t.Errorf("%+v", got)
		}
	})
	t.Run("shows what a list became that is gone", func(t *testing.T) {
		t.Parallel()
		got := one(t, func(d *config.Document) { d.ToDoTypes[0].SortKeys = nil })
		if len(got) != 1 || len(got[0].Fields) != 1 || got[0].Fields[0].Field != "/sortKeys" || got[0].Fields[0].After != nil {
			t.Errorf("%+v", got)
		}
	})
	t.Run("tells that rows stand in another order", func(t *testing.T) {
		t.Parallel()
		got := one(t, func(d *config.Document) { slices.Reverse(d.ToDoRoles) })
		if len(got) != 1 || got[0].Kind != "todo_role" || got[0].What != config.Reordered {
			t.Errorf("%+v", got)
		}
	})
	t.Run("is empty only for equal rows", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			codes := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"A", "B", "C", "D"}), func(s string) string { return s })
			list := func(label string) (d config.Document) {
				for _, c := range codes.Draw(t, label) {
					d.AlertTypes = append(d.AlertTypes, config.Named{Code: c, Description: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "text")})
				}
				return d
			}
			before, after := list("before"), list("after")
			changes, err := config.Diff(before, after)
			if err != nil || (len(changes) == 0) != slices.Equal(before.AlertTypes, after.AlertTypes) {
				t.Fatalf("%+v and %+v: %+v, %v", before.AlertTypes, after.AlertTypes, changes, err)
			}
		})
	})
}
