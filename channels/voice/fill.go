package voice

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/template"
)

const (
	part     = "script" // the only part of a call
	maxRunes = 3000     // characters a provider's text to speech takes (End User Messaging, SendVoiceMessage)
)

// Fill renders the script once; the data goes with it, for a vendor whose own dialogue needs it. Missing values, and a
// script that is empty, longer than 3,000 characters or holds control characters other than line ends and tabs, are
// fault.Invalid.
func (Channel) Fill(r template.Renderer, t template.Template, data map[string]any) (message.Content, error) {
	wrong := t.Lacking(data)
	script, err := r.Render(t.Parts[part], data, false)
	if err == nil {
		script = template.Tidy(script)
		err = limits(script)
	}
	if wrong, err = template.Gather(wrong, part, err); err != nil {
		return message.Content{}, err
	}
	if len(wrong) > 0 {
		return message.Content{}, fault.Refuse(wrong...)
	}
	return message.Content{Parts: map[string]string{part: script}, Data: data}, nil
}

func limits(script string) error {
	at := "/parts/" + part
	n := utf8.RuneCountInString(script)
	switch {
	case script == "":
		return fault.Refuse(fault.Violation{Field: at, Reason: "is empty when filled"})
	case n > maxRunes:
		return fault.Refuse(fault.Violation{Field: at, Reason: fmt.Sprintf("has %d characters when filled; %d is the most", n, maxRunes)})
	case !utf8.ValidString(script), strings.ContainsFunc(script, isControl):
		return fault.Refuse(fault.Violation{Field: at, Reason: "has control characters when filled"})
	}
	return nil
}

func isControl(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
