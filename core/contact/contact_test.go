package contact_test

import (
	"testing"

	"pgregory.net/rapid"

	"carillon/core/contact"
	"carillon/core/fault"
)

func TestID(t *testing.T) {
	t.Parallel()
	t.Run("reads back what it writes", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			id := contact.ID(rapid.Int64Range(1, 9_999_999_999).Draw(t, "id"))
			back, err := contact.ParseID(id.String())
			if err != nil || back != id || len(id.String()) != 10 {
				t.Fatalf("%d is %q is %d: %v", id, id, back, err)
			}
		})
	})
	t.Run("is nothing when it is zero", func(t *testing.T) {
		t.Parallel()
		if contact.ID(0).String() != "" {
			t.Error("zero has digits")
		}
	})
	for _, text := range []string{"", "1", "0000000000", "-000000001", "+000000001", "12345678901", "123456789x", "１２３４５"} {
		t.Run("refuses "+text, func(t *testing.T) {
			t.Parallel()
			if id, err := contact.ParseID(text); !fault.Is(err, fault.Invalid) || id != 0 {
				t.Errorf("%d, %v", id, err)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		usage   contact.Usage
		present bool
		want    string
	}{
		{contact.Required, true, ""},
		{contact.Required, false, "is required for this contact type"},
		{contact.Optional, true, ""},
		{contact.Optional, false, ""},
		{contact.NotAllowed, true, "is not allowed for this contact type"},
		{contact.NotAllowed, false, ""},
	} {
		if got := row.usage.Check(row.present); got != row.want {
			t.Errorf("%s, there %t: %q, want %q", row.usage, row.present, got, row.want)
		}
	}
}
