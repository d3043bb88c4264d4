package batch

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"carillon/core/fault"
)

// faultText is a fault in its own words.
func faultText(err error) (string, bool) {
	var f *fault.Error
	if !errors.As(err, &f) {
		return "", false
	}
	return f.Error(), true
}

// escape writes a name as part of a JSON pointer.
func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

// sorted are violations in the order of their fields.
func sorted(wrong []fault.Violation) []fault.Violation {
	slices.SortStableFunc(wrong, func(a, b fault.Violation) int { return cmp.Compare(a.Field, b.Field) })
	return wrong
}
