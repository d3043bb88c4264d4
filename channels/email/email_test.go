package email_test

import (
	"context"
	"strings"
	"testing"

	"carillon/channels/email"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/template"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string][2]string{
		"a plain address stays":               {"ada@example.com", "ada@example.com"},
		"the domain is lowered, not the name": {"Ada@EXAMPLE.com", "Ada@example.com"},
		"a foreign domain goes by punycode":   {"ada@bücher.example", "ada@xn--bcher-kva.example"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, err := email.Channel{}.Address(tt[0], "US")
			if err != nil || got.Reveal() != tt[1] {
				t.Errorf("got %q, %v", got.Reveal(), err)
			}
		})
	}
	for name, raw := range map[string]string{
		"nothing": "", "no domain": "ada", "a display name": "Ada <ada@example.com>", "two addresses": "a@example.com,b@example.com",
		"a long local part": strings.Repeat("x", 65) + "@example.com", "letters beyond ASCII before the @": "zoë@example.com",
		"a header break": "ada@example.com\r\nBcc: x@example.com", "an address as domain": "ada@127.0.0.1", "a dot at the end": "ada.@example.com",
	} {
		t.Run("refuses "+name+" without repeating it", func(t *testing.T) {
			t.Parallel()
			_, _, err := email.Channel{}.Address(raw, "US")
			if !fault.Is(err, fault.Invalid) || raw != "" && strings.Contains(err.Error(), raw) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// asIs gives a form back as it is written.
type asIs struct{ escaped *[]string }

func (asIs) Check(string) ([]string, error) { return nil, nil }

func (r asIs) Render(form string, _ map[string]any, escape bool) (string, error) {
	if escape && r.escaped != nil {
		*r.escaped = append(*r.escaped, form)
	}
	return form, nil
}

func TestFill(t *testing.T) {
	t.Parallel()
	fill := func(r asIs, parts map[string]string) (message.Content, error) {
		return email.Channel{}.Fill(r, template.Template{Code: "E", Channel: "email", Parts: parts}, nil)
	}
	t.Run("escapes values in HTML only", func(t *testing.T) {
		t.Parallel()
		var escaped []string
		c, err := fill(asIs{&escaped}, map[string]string{"subject": "s", "text": "t", "html": "<p>h</p>"})
		if err != nil || len(escaped) != 1 || c.Parts["html"] != "<p>h</p>" {
			t.Errorf("got %v, %v, %v", c, escaped, err)
		}
	})
	for name, parts := range map[string]map[string]string{
		"a subject of two lines":     {"subject": "a\nBcc: x", "text": "t"},
		"a subject that is too long": {"subject": strings.Repeat("a", 201), "text": "t"},
		"an empty text":              {"subject": "s", "text": " "},
		"a missing subject":          {"text": "t"},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			t.Parallel()
			if _, err := fill(asIs{}, parts); !fault.Is(err, fault.Invalid) {
				t.Errorf("got %v", err)
			}
		})
	}
}

type mailer struct{ got []email.Mail }

func (m *mailer) Send(_ context.Context, mail email.Mail) (message.Receipt, error) {
	m.got = append(m.got, mail)
	return message.Receipt{Ref: "r"}, nil
}

func TestSend(t *testing.T) {
	t.Parallel()
	m := message.Message{Channel: message.Email, Content: `{"parts":{"subject":"s","text":"t","html":"<p>h</p>"}}`}
	m.Recipient.Address = "ada@example.com"
	to := &mailer{}
	a := email.NewSender(to, map[string]string{"from": "x@example.com"}).Send(t.Context(), []message.Taken{{Message: m}})
	if a[0].Err != nil || a[0].Receipt.Ref != "r" || to.got[0].Subject != "s" || to.got[0].Text != "t" || to.got[0].HTML != "<p>h</p>" || to.got[0].Sender["from"] != "x@example.com" {
		t.Errorf("got %+v of %+v", a, to.got)
	}
}
