package config

import (
	"regexp"
	"slices"
	"strings"
)

// Check returns what is wrong with a value of a characteristic of the type, or "". Whether what it names is there is for
// the store to say.
func (t CharacteristicType) Check(value string) string {
	switch {
	case value == "":
		return "is required"
	case len(t.Values) > 0 && !slices.Contains(t.Values, value):
		return "is one of " + strings.Join(t.Values, ", ")
	case t.Pattern != "" && !matches(t.Pattern, value):
		return "is not of the form of its characteristic type"
	}
	return ""
}

// whole is the expression that a whole value matches.
func whole(pattern string) string { return "^(?:" + pattern + ")$" }

func matches(pattern, value string) bool {
	found, err := regexp.MatchString(whole(pattern), value)
	return err == nil && found
}

// Check returns what is wrong with the form of an identifier of the type, or "". It does not repeat the value.
func (t IdentifierType) Check(value string) string {
	switch {
	case value == "":
		return "is required"
	case t.Pattern != "" && !matches(t.Pattern, value):
		return "is not of the form of its Identifier Type"
	}
	return ""
}
