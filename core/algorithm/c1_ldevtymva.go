package algorithm

import (
	"slices"
	"strings"

	"carillon/core/config"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/plugin"
)

// Widths of what a lead event sends: a text of ten SMS parts, the subject line of an email.
const (
	longestSMS     = 1600
	longestSubject = 255
)

// c1LDEVTYMVA is C1-LDEVTYMVA, the validation of the email or text message of a lead event type: the channel is set, the
// message is there, an email has a sender and a subject, an SMS has a service that sends it, and the text is not too long
// (process 3.4.1.1, step 2.2).
func c1LDEVTYMVA(o config.Owner, d config.Document, _ plugin.Parameters) []fault.Violation {
	if o.Message == nil { // it makes a contact, which C1-LdEvTyCCV checks
		return nil
	}
	var wrong []fault.Violation
	add := func(field, reason string) {
		wrong = append(wrong, fault.Violation{Field: "/message/" + field, Reason: reason})
	}
	text, known := messageText(d, o.Message.Category, o.Message.Number)
	if !known {
		add("number", "names no message")
	}
	switch o.Message.Channel {
	case "":
		add("channel", "is required")
	case "email":
		rightEmail(d, *o.Message, add)
	case "sms":
		rightSMS(d, *o.Message, text, add)
	default:
		add("channel", "is sms or email")
	}
	return wrong
}

func rightEmail(d config.Document, m config.MessageRule, add func(field, reason string)) {
	if !strings.Contains(m.Sender, "@") {
		add("sender", "is required: the address an email is from")
	}
	if m.Subject == "" || len([]rune(m.Subject)) > longestSubject || strings.ContainsAny(m.Subject, "\r\n") {
		add("subject", "is required of an email: one line of at most 255 characters")
	}
	if !sends(d, message.Email) {
		add("channel", "no division has a route for email")
	}
}

func rightSMS(d config.Document, m config.MessageRule, text string, add func(field, reason string)) {
	if m.Sender != "" || m.Subject != "" {
		add("subject", "a text message has no sender and subject of its own")
	}
	if !sends(d, message.SMS) {
		add("channel", "no SMS service is configured: no division has a route for sms")
	}
	if len([]rune(text)) > longestSMS {
		add("number", "the message is longer than a text message may be")
	}
}

// messageText is the longest text of a message, whatever its language.
func messageText(d config.Document, category string, number int) (text string, known bool) {
	for _, c := range d.MessageCategories {
		if c.Code != category {
			continue
		}
		for _, m := range c.Messages {
			if m.Number != number {
				continue
			}
			for _, t := range m.Text {
				if len([]rune(t)) > len([]rune(text)) {
					text = t
				}
			}
			return text, true
		}
	}
	return "", false
}

// sends reports whether some division can send on a channel.
func sends(d config.Document, c message.Channel) bool {
	return slices.ContainsFunc(d.Divisions, func(v config.Division) bool { return v.Routes[c] != "" })
}

func c1LDEVTYMVAAbout() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "C1-LDEVTYMVA", Tells: "Checks the email or text message of a lead event type when it is configured.",
		Spots: []plugin.Spot{{Owner: "lead_event_type", Event: "validation"}},
	}
}
