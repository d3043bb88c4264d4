package occurrence

import (
	"encoding/json"
	"maps"
	"slices"

	"carillon/core/fault"
)

// Limits of what an event says. Codes are as the contract has them; process 3.4.1.1, step 2.6 gives the records' own widths, which
// whoever writes a record cuts to.
const (
	longestCode   = 30
	longestObject = 100
	longestText   = 254
	mostStrings   = 5 // information strings of a letter (process 3.4.1.1, step 2.6, record 1600)
	mostChars     = 50
	mostSequence  = 9_999_999_999
)

// Amount is an amount of money, as 1234.56.
type Amount string

// Date is a calendar day, as 2026-03-31.
type Date string

// Month is a month, as 2026-03.
type Month string

// must makes a field one that has to be there.
func (f field) must() field { f.required = true; return f }

func (e *Event) common() []field {
	return []field{
		code("division", &e.Division).must(), named("object", &e.Object, longestObject).must(), number("sequence", &e.Sequence),
		date("date", (*Date)(&e.Date)), named("person", &e.Person, longestObject), recipient("recipient", &e.Recipient),
		code("account", &e.Account), code("premise", &e.Premise), code("sa", &e.SA), words("description", &e.Description),
		texts("information", &e.Information), moment("expiresAt", &e.ExpiresAt),
	}
}

// Read reads one event. fault.Invalid names every wrong field by its JSON pointer: one that is missing, that is not known
// to the kind, or that is not of its form. No reason repeats a value.
func Read(body []byte) (Event, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil || raw == nil {
		return Event{}, fault.New(fault.Invalid, "an event is a JSON object")
	}
	var wrong violations
	var e Event
	if json.Unmarshal(raw["event"], &e.Kind) != nil || detail(e.Kind) == nil {
		wrong.add("event", "names no kind of event")
		return Event{}, fault.Refuse(wrong...)
	}
	delete(raw, "event")
	e.Detail = detail(e.Kind)
	take(slices.Concat(e.common(), e.Detail.fields()), raw, &wrong)
	if len(wrong) == 0 {
		e.check(&wrong)
	}
	if len(wrong) > 0 {
		return Event{}, fault.Refuse(wrong...)
	}
	return e, nil
}

// take gives every field its value. Nothing else may be there.
func take(fields []field, raw map[string]json.RawMessage, wrong *violations) {
	for _, f := range fields {
		text, there := raw[f.name]
		delete(raw, f.name)
		reason := ""
		switch {
		case there:
			reason = f.take(text)
		case f.required:
			reason = "is required"
		}
		if reason != "" {
			wrong.add(f.name, reason)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		*wrong = append(*wrong, fault.Violation{Field: shown(name), Reason: "is no field of this event"})
	}
}

// check finds what is wrong with the whole of an event whose fields are right.
func (e *Event) check(wrong *violations) {
	if e.Person != "" && e.Recipient != nil {
		wrong.add("recipient", "give one of person and recipient")
	}
	if amount, currency := e.Detail.Money(); amount != "" && currency == "" {
		wrong.add("currency", "is required with an amount")
	}
	e.Detail.check(e, wrong)
}

// shown is the pointer of a name that the sender chose, if it looks like one: it may be anything else.
func shown(name string) string {
	letter := func(c byte) bool { return c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' }
	if name == "" || len(name) > longestName || !letter(name[0]) ||
		!all(name, func(c byte) bool { return letter(c) || isDigit(c) || c == '-' }) {
		return ""
	}
	return "/" + name
}

// longestName is how long a name may be that is shown.
const longestName = 64
