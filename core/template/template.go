// Package template says what a template is, what it needs and what it gives, and declares the port of whoever
// renders it. Templates are written by business users in Liquid; a value a template names and the contact does
// not bring is refused when the contact is accepted.
package template

import (
	"errors"
	"slices"
	"strings"

	"carillon/core/fault"
)

// Template is one form of words for one channel. It is immutable under its configuration version.
type Template struct {
	Code     string            `json:"code"`
	Channel  string            `json:"channel"`
	Parts    map[string]string `json:"parts"`              // sms: text; email: subject, text, html; voice: script; letter: none
	Required []string          `json:"required,omitempty"` // names the data must bring although no part prints them (letter fields)
	// SpecialExtract is set of a Letter Template whose letters only system events may make: no user adds such a contact.
	SpecialExtract bool `json:"specialExtract,omitempty"`
}

// Lacking names what the template requires and the data does not bring.
func (t Template) Lacking(data map[string]any) []fault.Violation {
	var wrong []fault.Violation
	for _, name := range t.Required {
		if v, ok := data[name]; !ok || v == nil {
			wrong = append(wrong, fault.Violation{Field: "/data/" + name, Reason: "is required by the template"})
		}
	}
	return wrong
}

// Gather adds to wrong what the fault of filling a part names, each field once; a fault that is no refusal of fields
// is returned. A renderer does not know which part it renders, so the fault of a form ("/parts") is given the part's
// name.
func Gather(wrong []fault.Violation, part string, err error) ([]fault.Violation, error) {
	if err == nil {
		return wrong, nil
	}
	f, told := errors.AsType[*fault.Error](err)
	if !told || f.Kind != fault.Invalid || len(f.Violations) == 0 {
		return wrong, err
	}
	for _, v := range f.Violations {
		if v.Field == "/parts" {
			v.Field += "/" + part
		}
		if !slices.ContainsFunc(wrong, func(w fault.Violation) bool { return w.Field == v.Field }) {
			wrong = append(wrong, v)
		}
	}
	return wrong, nil
}

// Tidy gives a filled part LF at its line ends and nothing at either end.
func Tidy(text string) string {
	if strings.Contains(text, "\r") {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	return strings.TrimSpace(text)
}

// Renderer fills a form. Implementations are strict: a name that the data lacks is a fault.Invalid whose
// violations name it (field "/data/<name>"), and so is a form that does not parse (field "/parts/<part>").
// It is safe for concurrent use and may cache parsed forms by their text.
type Renderer interface {
	// Check returns the top-level names a form reads, or fault.Invalid when it does not parse.
	Check(form string) ([]string, error)
	// Render fills the form with the data. Escape says whether values are HTML-escaped.
	Render(form string, data map[string]any, escape bool) (string, error)
}
