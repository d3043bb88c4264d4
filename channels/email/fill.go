package email

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/template"
)

// The parts of an email; html may be missing.
const (
	subject = "subject"
	text    = "text"
	html    = "html"
)

const (
	maxSubject = 200 // characters; clients show fewer
	maxLine    = 998 // bytes of a header line (RFC 5322, 2.1.1)
)

// Fill renders every part once, HTML with its values escaped, and checks it: the subject is one line of at most 200
// characters, nothing that must be there is empty, and nothing holds control characters other than line ends and tabs.
// fault.Invalid names every missing value and every wrong part.
func (Channel) Fill(r template.Renderer, t template.Template, data map[string]any) (message.Content, error) {
	wrong := t.Lacking(data)
	filled := make(map[string]string)
	for _, part := range []string{subject, text, html} {
		form, there := t.Parts[part]
		if !there && part == html {
			continue
		}
		value, err := r.Render(form, data, part == html)
		if err == nil {
			value = template.Tidy(value)
			err = limits(part, value)
		}
		if wrong, err = template.Gather(wrong, part, err); err != nil {
			return message.Content{}, err
		}
		filled[part] = value
	}
	if len(wrong) > 0 {
		return message.Content{}, fault.Refuse(wrong...)
	}
	return message.Content{Parts: filled}, nil
}

func limits(part, value string) error {
	refuse := func(reason string) error {
		return fault.Refuse(fault.Violation{Field: "/parts/" + part, Reason: reason})
	}
	n := utf8.RuneCountInString(value)
	switch {
	case value == "":
		return refuse("is empty when filled")
	case part == subject && strings.ContainsFunc(value, isBreak):
		return refuse("is one line")
	case part == subject && (n > maxSubject || len(value) > maxLine):
		return refuse(fmt.Sprintf("has %d characters when filled; %d is the most", n, maxSubject))
	case !utf8.ValidString(value), strings.ContainsFunc(value, isControl):
		return refuse("has control characters when filled")
	}
	return nil
}

// isBreak tells what could end a header line for somebody on the way.
func isBreak(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

func isControl(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
