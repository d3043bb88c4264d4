package voice

import (
	"errors"
	"fmt"
	"slices"
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
	wrong := lacking(t, data)
	script, err := r.Render(t.Parts[part], data, false)
	if err == nil {
		script = tidy(script)
		err = limits(script)
	}
	if wrong, err = take(wrong, err); err != nil {
		return message.Content{}, err
	}
	if len(wrong) > 0 {
		return message.Content{}, fault.Refuse(wrong...)
	}
	return message.Content{Parts: map[string]string{part: script}, Data: data}, nil
}

func tidy(script string) string {
	return strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(script))
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
