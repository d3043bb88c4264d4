package algorithm_test

import (
	"slices"
	"strings"
	"testing"

	"carillon/core/algorithm"
	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/message"
)

func leads() config.Document {
	d := config.Document{
		Divisions: []config.Division{{Code: "NORTH", Routes: map[message.Channel]string{message.SMS: "s", message.Email: "e"}}},
		Types: []config.ContactType{
			{Type: contact.Type{Class: "SALE", Code: "LEAD"}}, {Type: contact.Type{Class: "SALE", Code: "OLD", Inactive: true}},
		},
	}
	d.MessageCategories = []config.MessageCategory{{Code: "LEAD", Messages: []config.Message{
		{Number: 1, Text: map[string]string{"en-US": "Save"}}, {Number: 2, Text: map[string]string{"en-US": strings.Repeat("x", 1601), "es-US": "y"}},
	}}}
	return d
}

// TestLeadEventTypesAreCheckedWhenConfigured shows every refusal of C1-LDEVTYMVA and C1-LdEvTyCCV.
func TestLeadEventTypesAreCheckedWhenConfigured(t *testing.T) {
	t.Parallel()
	mute := leads()
	mute.Divisions[0].Routes = nil
	email := func(change func(m *config.MessageRule)) *config.MessageRule {
		m := config.MessageRule{Channel: "email", Category: "LEAD", Number: 1, Sender: "a@example.com", Subject: "Save"}
		if change != nil {
			change(&m)
		}
		return &m
	}
	text := &config.MessageRule{Channel: "sms", Category: "LEAD", Number: 1}
	for says, row := range map[string]struct {
		code    string
		doc     config.Document
		contact *config.ContactRule
		message *config.MessageRule
		want    []fault.Violation
	}{
		"a right email":     {"C1-LDEVTYMVA", leads(), nil, email(nil), nil},
		"a right text":      {"C1-LDEVTYMVA", leads(), nil, text, nil},
		"no message":        {"C1-LDEVTYMVA", leads(), nil, nil, nil},
		"no channel":        {"C1-LDEVTYMVA", leads(), nil, email(func(m *config.MessageRule) { m.Channel = "" }), []fault.Violation{{Field: "/message/channel", Reason: "is required"}}},
		"a channel of fax":  {"C1-LDEVTYMVA", leads(), nil, email(func(m *config.MessageRule) { m.Channel = "fax" }), []fault.Violation{{Field: "/message/channel", Reason: "is sms or email"}}},
		"an unknown number": {"C1-LDEVTYMVA", leads(), nil, email(func(m *config.MessageRule) { m.Number = 9 }), []fault.Violation{{Field: "/message/number", Reason: "names no message"}}},
		"an email without sender and subject": {"C1-LDEVTYMVA", leads(), nil, email(func(m *config.MessageRule) { m.Sender, m.Subject = "", "" }), []fault.Violation{
			{Field: "/message/sender", Reason: "is required: the address an email is from"},
			{Field: "/message/subject", Reason: "is required of an email: one line of at most 255 characters"},
		}},
		"a subject of two lines": {"C1-LDEVTYMVA", leads(), nil, email(func(m *config.MessageRule) { m.Subject = "a\nb" }), []fault.Violation{
			{Field: "/message/subject", Reason: "is required of an email: one line of at most 255 characters"},
		}},
		"an email nobody sends": {"C1-LDEVTYMVA", mute, nil, email(nil), []fault.Violation{{Field: "/message/channel", Reason: "no division has a route for email"}}},
		"a text nobody sends": {"C1-LDEVTYMVA", mute, nil, text, []fault.Violation{
			{Field: "/message/channel", Reason: "no SMS service is configured: no division has a route for sms"},
		}},
		"a text with a subject": {"C1-LDEVTYMVA", leads(), nil, &config.MessageRule{Channel: "sms", Category: "LEAD", Number: 1, Subject: "s"}, []fault.Violation{
			{Field: "/message/subject", Reason: "a text message has no sender and subject of its own"},
		}},
		"a text too long": {"C1-LDEVTYMVA", leads(), nil, &config.MessageRule{Channel: "sms", Category: "LEAD", Number: 2}, []fault.Violation{
			{Field: "/message/number", Reason: "the message is longer than a text message may be"},
		}},
		"a right contact":         {"C1-LdEvTyCCV", leads(), &config.ContactRule{Class: "SALE", Type: "LEAD"}, nil, nil},
		"a message in its place":  {"C1-LdEvTyCCV", leads(), nil, email(nil), nil},
		"no contact":              {"C1-LdEvTyCCV", leads(), nil, nil, []fault.Violation{{Field: "/contact", Reason: "is required: the class and type of the contact"}}},
		"a contact without class": {"C1-LdEvTyCCV", leads(), &config.ContactRule{Type: "LEAD"}, nil, []fault.Violation{{Field: "/contact/class", Reason: "is required"}}},
		"a contact without type":  {"C1-LdEvTyCCV", leads(), &config.ContactRule{Class: "SALE"}, nil, []fault.Violation{{Field: "/contact/type", Reason: "is required"}}},
		"a type of another class": {"C1-LdEvTyCCV", leads(), &config.ContactRule{Class: "BILL", Type: "LEAD"}, nil, []fault.Violation{{Field: "/contact/type", Reason: "is no contact type of this class"}}},
		"a type that is inactive": {"C1-LdEvTyCCV", leads(), &config.ContactRule{Class: "SALE", Type: "OLD"}, nil, []fault.Violation{{Field: "/contact/type", Reason: "is an inactive contact type"}}},
	} {
		o := config.Owner{Kind: config.LeadEventType, Code: "L", Contact: row.contact, Message: row.message}
		if wrong := algorithm.Validators()[row.code](o, row.doc, nil); !slices.Equal(wrong, row.want) {
			t.Errorf("%s: %v, want %v", says, wrong, row.want)
		}
		about, there := algorithm.Catalog().Find(row.code)
		if !there || about.Spots[0].String() != "lead_event_type/validation" {
			t.Errorf("%s hangs on %v", row.code, about.Spots)
		}
	}
}
