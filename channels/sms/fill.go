package sms

import (
	"fmt"
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
	wrong := t.Lacking(data)
	text, err := r.Render(t.Parts[part], data, false)
	if err == nil {
		text = tidy(text)
		err = limits(text)
	}
	if wrong, err = template.Gather(wrong, part, err); err != nil {
		return message.Content{}, err
	}
	if len(wrong) > 0 {
		return message.Content{}, fault.Refuse(wrong...)
	}
	return message.Content{Parts: map[string]string{part: text}}, nil
}

func tidy(text string) string {
	return norm.NFC.String(strings.ReplaceAll(template.Tidy(text), "\t", " "))
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
