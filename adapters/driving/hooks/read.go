package hooks

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"carillon/core/fault"
	"carillon/core/message"
)

// finding is what a notification says.
type finding struct {
	reports []message.Report
	ignored int // events and texts that say nothing we act on
}

// read reads what a notification carries. Every report gets a key of its own that a repeated notification keeps.
func read(t Topic, n notification) (finding, error) {
	at, err := n.at()
	if err != nil {
		return finding{}, fault.New(fault.Invalid, "the notification has no time")
	}
	var found finding
	switch t.Kind {
	case EmailEvents:
		found, err = emailEvent(n.Message, at)
	case SMSStatus:
		found, err = smsStatus(n.Message, at)
	case SMSInbound:
		found, err = inbound(n.Message, at)
	default:
		err = fault.New(fault.Invalid, "the topic carries nothing that is known")
	}
	for i := range found.reports {
		r := &found.reports[i]
		r.Provider = t.Provider
		r.Key = n.MessageID + ":" + strconv.Itoa(i)
	}
	return found, err
}

// each calls do with every JSON value of a text: one, several on lines of their own, or an array of them.
func each(text string, do func(json.RawMessage) error) error {
	d := json.NewDecoder(strings.NewReader(text))
	for none := true; ; none = false {
		var value json.RawMessage
		err := d.Decode(&value)
		switch {
		case errors.Is(err, io.EOF) && !none:
			return nil
		case err != nil:
			return fault.Wrap(fault.Invalid, "the message is no JSON", err)
		}
		list := []json.RawMessage{value}
		if bytes.HasPrefix(value, []byte("[")) {
			if err := json.Unmarshal(value, &list); err != nil {
				return fault.Wrap(fault.Invalid, "the message is no JSON", err)
			}
		}
		for _, v := range list {
			if err := do(v); err != nil {
				return err
			}
		}
	}
}

// moment reads a time as providers write it; the other one when there is none.
func moment(text string, otherwise time.Time) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC()
		}
	}
	return otherwise.UTC()
}

// word keeps a provider's own word when it looks like one; it stands in evidence and must not be anything else.
func word(text string) string {
	const longest = 60
	plain := func(r rune) bool {
		return r == '/' || r == '_' || r == '-' || r == ' ' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
	}
	if len(text) > longest || strings.ContainsFunc(text, func(r rune) bool { return !plain(r) }) {
		return ""
	}
	return text
}

// reference keeps a provider's reference of a message; an id of SES or SNS is printable and short.
func reference(text string) string {
	const longest = 200
	if len(text) > longest || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return text
}
