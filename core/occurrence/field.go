package occurrence

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"carillon/core/fault"
	"carillon/core/plugin"
)

// field is one field of an event.
type field struct {
	name     string
	required bool
	take     func(raw json.RawMessage) string // reads the value and returns what is wrong with it, or ""
	tell     func() (value any, says bool)
}

// plainly is a field that is decoded and then checked.
func plainly[T comparable](name string, into *T, reason string, right func(T) bool) field {
	return field{
		name: name,
		take: func(raw json.RawMessage) string {
			var v T
			if strict(raw, &v) != nil || !right(v) {
				return reason
			}
			*into = v
			return ""
		},
		tell: func() (any, bool) { return *into, *into != *new(T) },
	}
}

// text is a field of text.
func text(name string, into *string, most int, form func(string) bool, like string) field {
	f := plainly(name, into, "must be of type string", func(string) bool { return true })
	read := f.take
	f.take = func(raw json.RawMessage) string {
		reason := read(raw)
		switch {
		case reason != "":
			return reason
		case *into == "" || !fits(*into, most):
			return "must have 1 to " + itoa(most) + " characters"
		case !form(*into):
			return like
		}
		return ""
	}
	return f
}

// named is the name that somebody gave to something, so long at most.
func named(name string, into *string, most int) field {
	return text(name, into, most, isCode, "must be of visible ASCII, with spaces only inside")
}

func code(name string, into *string) field { return named(name, into, longestCode) }

func words(name string, into *string) field {
	return text(name, into, longestText, func(string) bool { return true }, "")
}

func currencyOf(into *string) field {
	return text("currency", into, 3, func(s string) bool {
		return len(s) == 3 && all(s, func(c byte) bool { return 'A' <= c && c <= 'Z' })
	}, "must be a currency of three letters, as USD")
}

func digits(name string, into *string, n int) field {
	return text(name, into, n, func(s string) bool { return len(s) == n && all(s, isDigit) }, "must have "+itoa(n)+" digits")
}

func number(name string, into *int) field {
	return plainly(name, into, "must be a whole number that is not negative and not too large", func(n int) bool { return n >= 0 && n <= mostSequence })
}

func amount(name string, into *Amount) field {
	return plainly(name, into, `must be a decimal number as text, as "12.50"`, Amount.valid)
}

func money(of *Amount, currency *string) []field {
	return []field{amount("amount", of), currencyOf(currency)}
}

func date(name string, into *Date) field {
	return plainly(name, into, "must be a date, as 2026-03-31", func(d Date) bool { return isDay(time.DateOnly, string(d)) })
}

func month(name string, into *Month) field {
	return plainly(name, into, "must be a month, as 2026-03", func(m Month) bool { return isDay("2006-01", string(m)) })
}

func moment(name string, into *time.Time) field {
	return field{
		name: name,
		take: func(raw json.RawMessage) string {
			var written string
			at, err := time.Time{}, strict(raw, &written)
			if err == nil {
				at, err = time.Parse(time.RFC3339Nano, written)
			}
			if *into = at.UTC(); err != nil || into.Year() < 1 || into.Year() > 9999 {
				return "must be a moment, as 2026-03-31T12:00:00Z"
			}
			return ""
		},
		tell: func() (any, bool) { return into.Format(time.RFC3339Nano), !into.IsZero() },
	}
}

// list is a field of several values; an empty list says nothing.
func list[T any](name string, into *[]T, most int, reason string, right func(T) bool) field {
	return field{
		name: name,
		take: func(raw json.RawMessage) string {
			var v []T
			if strict(raw, &v) != nil || len(v) > most || slices.ContainsFunc(v, func(one T) bool { return !right(one) }) {
				return reason
			}
			if len(v) > 0 {
				*into = v
			}
			return ""
		},
		tell: func() (any, bool) { return slices.Clone(*into), len(*into) > 0 },
	}
}

func texts(name string, into *[]string) field {
	return list(name, into, mostStrings, "must be a list of at most 5 texts of at most 254 characters", func(s string) bool { return fits(s, longestText) })
}

func characteristics(name string, into *[]plugin.Characteristic) field {
	return list(name, into, mostChars, "must be a list of characteristics, each with type and value", func(c plugin.Characteristic) bool {
		return c.Type != "" && c.Value != "" && fits(c.Type, longestCode) && fits(c.Value, longestText)
	})
}

func recipient(name string, into **Recipient) field {
	return field{
		name: name,
		take: func(raw json.RawMessage) string {
			if strict(raw, into) != nil || *into == nil {
				return "must be a recipient"
			}
			return ""
		},
		tell: func() (any, bool) { return *into, *into != nil },
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func all(text string, is func(c byte) bool) bool {
	for i := range len(text) {
		if !is(text[i]) {
			return false
		}
	}
	return true
}

func isDay(layout, text string) bool {
	_, err := time.Parse(layout, text)
	return err == nil && len(text) == len(layout)
}

// valid: up to thirteen digits and up to four behind the point.
func (a Amount) valid() bool {
	text := strings.TrimPrefix(string(a), "-")
	whole, part, pointed := strings.Cut(text, ".")
	switch {
	case whole == "" || len(whole) > 13 || !all(whole, isDigit) || len(whole) > 1 && whole[0] == '0':
		return false
	case pointed:
		return part != "" && len(part) <= 4 && all(part, isDigit)
	}
	return true
}

func fits(text string, most int) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= most
}

func isCode(text string) bool {
	return strings.TrimSpace(text) == text && all(text, func(c byte) bool { return ' ' <= c && c <= '~' })
}

// strict decodes a value that is there and holds nothing that is not known.
func strict(raw json.RawMessage, to any) error {
	if string(raw) == "null" {
		return fault.New(fault.Invalid, "there is no value")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(to)
}
