package sms_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"carillon/channels/sms"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/template"
)

// plain fills a form by putting the value of "text" in its place.
type plain struct{}

func (plain) Check(string) ([]string, error) { return nil, nil }

func (plain) Render(form string, data map[string]any, _ bool) (string, error) {
	if form != "{{text}}" {
		return form, nil
	}
	text, there := data["text"].(string)
	if !there {
		return "", fault.Refuse(fault.Violation{Field: "/data/text", Reason: "is missing"})
	}
	return text, nil
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, raw, country, want string }{
		{"a national number gets its country", "(201) 555-0123", "US", "+12015550123"},
		{"an international one stays", "+44 7400 123456", "US", "+447400123456"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, zones, err := sms.Channel{}.Address(tt.raw, tt.country)
			if err != nil || got.Reveal() != tt.want || len(zones) == 0 {
				t.Errorf("got %q, %v, %v", got.Reveal(), zones, err)
			}
		})
	}
	for name, raw := range map[string]string{
		"nothing": "", "letters": "1-800-SECRET-X", "too short": "+1201", "too long": strings.Repeat("5", 40),
		"a landline": "+442079460000", "an extension": "+12015550123x77", "a premium-rate number": "+19002345678",
	} {
		t.Run("refuses "+name+" without repeating it", func(t *testing.T) {
			t.Parallel()
			_, _, err := sms.Channel{}.Address(raw, "US")
			if !fault.Is(err, fault.Invalid) || raw != "" && strings.Contains(err.Error(), raw) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	form := template.Template{Code: "T", Channel: "sms", Parts: map[string]string{"text": "{{text}}"}, Required: []string{"amount"}}
	fill := func(text string) (message.Content, error) {
		return sms.Channel{}.Fill(plain{}, form, map[string]any{"text": text, "amount": "1"})
	}
	t.Run("keeps what was said", func(t *testing.T) {
		t.Parallel()
		c, err := fill("  power is\r\nback ")
		if err != nil || c.Parts["text"] != "power is\nback" {
			t.Errorf("got %q, %v", c.Parts["text"], err)
		}
	})
	t.Run("takes 1,600 characters and not one more", func(t *testing.T) {
		t.Parallel()
		if _, err := fill(strings.Repeat("a", 1600)); err != nil {
			t.Error(err)
		}
		if _, err := fill(strings.Repeat("a", 1601)); !fault.Is(err, fault.Invalid) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("refuses an empty text and control characters", func(t *testing.T) {
		t.Parallel()
		for _, text := range []string{"", " \n", "a\x07b"} {
			if _, err := fill(text); !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: got %v", text, err)
			}
		}
	})
	t.Run("names every value that is missing", func(t *testing.T) {
		t.Parallel()
		_, err := sms.Channel{}.Fill(plain{}, form, map[string]any{})
		var f *fault.Error
		if !errors.As(err, &f) || len(f.Violations) != 2 {
			t.Errorf("got %v", err)
		}
	})
}

type carrier struct {
	got []sms.Text
	err error
}

func (c *carrier) Send(_ context.Context, t sms.Text) (message.Receipt, error) {
	c.got = append(c.got, t)
	return message.Receipt{Ref: "r"}, c.err
}

func TestSend(t *testing.T) {
	t.Parallel()
	m := message.Message{Channel: message.SMS, Content: `{"parts":{"text":"hello"}}`, Urgency: message.Emergency}
	m.Recipient.Address = "+12015550123"
	t.Run("hands over the text with its parts and sender", func(t *testing.T) {
		t.Parallel()
		c := &carrier{}
		answers := sms.NewSender(c, map[string]string{"sender_id": "X"}).Send(t.Context(), []message.Taken{{Message: m}})
		if answers[0].Err != nil || answers[0].Receipt.Ref != "r" || c.got[0].Body != "hello" || c.got[0].Parts != 1 || !c.got[0].Urgent || c.got[0].Sender["sender_id"] != "X" {
			t.Errorf("got %+v of %+v", answers, c.got)
		}
	})
	t.Run("gives the carrier's fault back", func(t *testing.T) {
		t.Parallel()
		c := &carrier{err: fault.New(fault.Throttled, "slow")}
		if a := sms.NewSender(c, nil).Send(t.Context(), []message.Taken{{Message: m}}); !fault.Is(a[0].Err, fault.Throttled) {
			t.Errorf("got %v", a[0].Err)
		}
	})
	t.Run("does not begin under a context that has ended", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		c := &carrier{}
		a := sms.NewSender(c, nil).Send(ctx, []message.Taken{{Message: m}})
		if len(c.got) != 0 || fault.CodeOf(a[0].Err) != "not_begun" {
			t.Errorf("got %v after %d calls", a[0].Err, len(c.got))
		}
	})
	t.Run("refuses content that is no text", func(t *testing.T) {
		t.Parallel()
		bad := m
		bad.Content = `{}`
		if a := sms.NewSender(&carrier{}, nil).Send(t.Context(), []message.Taken{{Message: bad}}); !fault.Is(a[0].Err, fault.Invalid) {
			t.Errorf("got %v", a[0].Err)
		}
	})
}

func TestUnits(t *testing.T) {
	t.Parallel()
	s := sms.NewSender(nil, nil)
	for text, want := range map[string]int{"hello": 1, strings.Repeat("a", 161): 2, strings.Repeat("ł", 135): 3} {
		m := message.Message{Content: `{"parts":{"text":"` + text + `"}}`}
		if got := s.Units(m); got != want {
			t.Errorf("%d units of a text of %d characters, want %d", got, len([]rune(text)), want)
		}
	}
	if s.Units(message.Message{Content: "no JSON"}) != 1 {
		t.Error("what is no text costs no unit")
	}
}
