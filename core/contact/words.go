package contact

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"carillon/core/fault"
)

// Limits of what people write. The field of the CIS has 254 characters and more (CI_CC.DESCRLONG); 4000 is ours.
const (
	maxComments   = 4000
	maxExternal   = 100
	maxIdentifier = 30
)

// wrongWords gathers what is wrong with what people wrote.
type wrongWords []fault.Violation

func (w *wrongWords) add(field, reason string) {
	*w = append(*w, fault.Violation{Field: field, Reason: reason})
}

func (w *wrongWords) comments(field, text string) {
	if utf8.RuneCountInString(text) > maxComments {
		w.add(field, "has more than 4000 characters")
	}
}

func (w *wrongWords) method(field string, m Method) {
	if m != NoMethod && !slices.Contains(Methods(), m) {
		w.add(field, "is phone, email, sms, postal, fax or not_applicable")
	}
}

// Violations names what is wrong with the part's own words. What the configuration says of its characteristics, tags and
// reminder is checked there.
func (p Part) Violations() []fault.Violation {
	var w wrongWords
	w.comments("/comments", p.Comments)
	w.method("/preferredMethod", p.Method)
	if utf8.RuneCountInString(p.External) > maxExternal {
		w.add("/externalContactId", "has more than 100 characters")
	}
	for i, id := range p.Identifiers {
		at := "/identifiers/" + strconv.Itoa(i)
		if id.Type == "" || utf8.RuneCountInString(id.Type) > maxIdentifier {
			w.add(at+"/type", "has 1 to 30 characters")
		}
		if id.Value == "" || utf8.RuneCountInString(id.Value) > maxExternal {
			w.add(at+"/value", "has 1 to 100 characters")
		}
		if slices.ContainsFunc(p.Identifiers[:i], func(o Identifier) bool { return o.Type == id.Type }) {
			w.add(at+"/type", "is there twice")
		}
	}
	if p.Log != nil {
		return append(w, p.Log.Violations("/log")...)
	}
	return w
}

// Violations names what is wrong with the words of a log entry, below a pointer.
func (n Note) Violations(at string) []fault.Violation {
	var w wrongWords
	if strings.TrimSpace(n.Comments) == "" {
		w.add(at+"/comments", "says why: it is required")
	}
	w.comments(at+"/comments", n.Comments)
	return w
}

// Violations names what is wrong with the words of a change.
func (c Change) Violations() []fault.Violation {
	var w wrongWords
	if c == (Change{}) {
		w.add("", "changes nothing: name a field")
	}
	if c.Comments != nil {
		w.comments("/comments", *c.Comments)
	}
	if c.Method != nil {
		w.method("/preferredMethod", *c.Method)
	}
	return w
}

// CountTouches counts contacts by class, type and day, as alerts look at them. The order is that of the contacts.
func CountTouches(contacts []Contact, files map[ID]File) []Touches {
	var out []Touches
	for i := range contacts {
		c := &contacts[i]
		class, code := files[c.ID].Desk.Kind(*c)
		one := Touches{Class: class, Type: code, Day: c.AcceptedAt.UTC().Format("2006-01-02")}
		at := slices.IndexFunc(out, func(t Touches) bool { return t.Class == one.Class && t.Type == one.Type && t.Day == one.Day })
		if at < 0 {
			out, at = append(out, one), len(out)
		}
		out[at].N++
	}
	return out
}
