package sms

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/template"
)

const (
	part     = "text" // the only part of a text
	maxUnits = 1600   // characters SNS takes; counted in 16-bit units, which are never fewer
)

// Fill renders the text once and tidies it: composed characters (so that a letter with an accent of its own does not
// double the price), LF at line ends, a space for a tab, nothing at either end. Missing values, a text that is empty
// or longer than 1,600 characters, and other control characters are fault.Invalid.
func (Channel) Fill(r template.Renderer, t template.Template, data map[string]any) (message.Content, error) {
	wrong := lacking(t, data)
	text, err := r.Render(t.Parts[part], data, false)
	if err == nil {
		text = tidy(text)
		err = limits(text)
	}
	if wrong, err = take(wrong, err); err != nil {
		return message.Content{}, err
	}
	if len(wrong) > 0 {
		return message.Content{}, fault.Refuse(wrong...)
	}
	return message.Content{Parts: map[string]string{part: text}}, nil
}

func tidy(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", " ").Replace(text)
	return strings.TrimSpace(norm.NFC.String(text))
}

func limits(text string) error {
	at := "/parts/" + part
	n := total(text, units)
	switch {
	case text == "":
		return fault.Refuse(fault.Violation{Field: at, Reason: "is empty when filled"})
	case n > maxUnits:
		return fault.Refuse(fault.Violation{Field: at, Reason: fmt.Sprintf("has %d characters when filled; %d is the most", n, maxUnits)})
	case !utf8.ValidString(text), strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }):
		return fault.Refuse(fault.Violation{Field: at, Reason: "has control characters when filled"})
	}
	return nil
}

// lacking names what the template requires and the data does not bring.
func lacking(t template.Template, data map[string]any) []fault.Violation {
	var wrong []fault.Violation
	for _, name := range t.Required {
		if v, ok := data[name]; !ok || v == nil {
			wrong = append(wrong, fault.Violation{Field: "/data/" + name, Reason: "is required by the template"})
		}
	}
	return wrong
}

// take adds what a part's fault names, each field once; a fault that is no refusal of fields is returned. A renderer
// does not know which part it renders, so the fault of a form ("/parts") is given the part's name.
func take(wrong []fault.Violation, err error) ([]fault.Violation, error) {
	var f *fault.Error
	switch {
	case err == nil:
		return wrong, nil
	case !errors.As(err, &f) || f.Kind != fault.Invalid || len(f.Violations) == 0:
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
