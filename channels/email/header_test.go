package email_test

import (
	"context"
	"maps"
	"strings"
	"testing"

	"carillon/channels/email"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/template"
)

func TestHeaders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, link string
		marketing  bool
		want       map[string]string
		fails      bool
	}{
		{"service mail carries none", "https://example.com/u", false, nil, false},
		{"marketing without an address carries none", "", true, nil, false},
		{"marketing can be left with one click", "https://example.com/u?a=1", true, map[string]string{
			"List-Unsubscribe": "<https://example.com/u?a=1>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		}, false},
		{"or by mail", "mailto:u@example.com", true, map[string]string{"List-Unsubscribe": "<mailto:u@example.com>"}, false},
		{"a line end makes no header", "https://example.com/\r\nBcc: x@example.com", true, nil, true},
		{"nor does a bracket", "https://example.com/>,<https://example.org", true, nil, true},
		{"nor another scheme", "http://example.com", true, nil, true},
		{"nor what is too long for a line", "https://example.com/" + strings.Repeat("x", 1000), true, nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := message.Message{Content: `{"parts":{"subject":"s","text":"t"}}`, Marketing: tt.marketing}
			to := &mailer{}
			a := email.NewSender(to, map[string]string{email.UnsubscribeWord: tt.link}).Send(t.Context(), []message.Taken{{Message: m}})
			switch {
			case tt.fails:
				if !fault.Is(a[0].Err, fault.Misconfigured) || len(to.got) != 0 {
					t.Errorf("got %v after %d mails", a[0].Err, len(to.got))
				}
			case a[0].Err != nil || !maps.Equal(to.got[0].Headers, tt.want):
				t.Errorf("got %v, %v", to.got, a[0].Err)
			}
		})
	}
}

func TestSendAnswersInOrder(t *testing.T) {
	t.Parallel()
	good := message.Taken{Message: message.Message{Content: `{"parts":{"subject":"s","text":"t"}}`}}
	bad := message.Taken{Message: message.Message{Content: `{"parts":{"subject":"s"}}`}}
	to := &mailer{}
	a := email.NewSender(to, nil).Send(t.Context(), []message.Taken{bad, good})
	if len(a) != 2 || !fault.Is(a[0].Err, fault.Invalid) || a[1].Err != nil || a[1].Receipt.Ref != "r" || len(to.got) != 1 {
		t.Errorf("got %v", a)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	a = email.NewSender(to, nil).Send(ended, []message.Taken{good})
	if !fault.Is(a[0].Err, fault.Cancelled) || fault.CodeOf(a[0].Err) != "not_begun" || len(to.got) != 1 {
		t.Errorf("begun under a context that has ended: %v", a)
	}
}

// forms answers each form with what it stands for.
type forms map[string]error

func (forms) Check(string) ([]string, error) { return nil, nil }

func (f forms) Render(form string, _ map[string]any, _ bool) (string, error) { return form, f[form] }

func TestFillNamesEverythingAtOnce(t *testing.T) {
	t.Parallel()
	missing := fault.Violation{Field: "/data/a", Reason: "is missing"}
	r := forms{"S": fault.Refuse(missing), "T": fault.Refuse(missing), "H": fault.Refuse(fault.Violation{Field: "/parts", Reason: "does not parse"})}
	parts := map[string]string{"subject": "S", "text": "T", "html": "H"}
	_, err := email.Channel{}.Fill(r, template.Template{Parts: parts, Required: []string{"b"}}, nil)
	const want = "/data/b is required by the template; /data/a is missing; /parts/html does not parse"
	if !fault.Is(err, fault.Invalid) || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v", err)
	}
	for name, parts := range map[string]map[string]string{
		"an empty HTML": {"subject": "s", "text": "t", "html": " "}, "a NUL": {"subject": "s", "text": "a\x00"},
		"a separator in the subject": {"subject": "a\u2028b", "text": "t"}, "a tab in the subject": {"subject": "a\tb", "text": "t"},
	} {
		if _, err := (email.Channel{}).Fill(forms{}, template.Template{Parts: parts}, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// FuzzAddress: what is accepted is one plain address, and accepting it again changes nothing; what is refused is not
// repeated.
func FuzzAddress(f *testing.F) {
	for _, raw := range []string{
		"ada@example.com", "Ada <ada@example.com>", "\"a b\"@example.com", "ada@bücher.example", "a@b", "a@[127.0.0.1]", "a@b.c.",
		"a..b@example.com", "ada@ex\u00adample.com", "ada@xn--bcher-kva.example", "ada@ａ.example", "a@b@example.com", "a@-x.example", "ada@bücher.exam\x80le",
	} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, _, err := email.Channel{}.Address(raw, "")
		if err != nil {
			if !fault.Is(err, fault.Invalid) || len(raw) > 20 && strings.Contains(err.Error(), raw) {
				t.Fatalf("refused as %v", err)
			}
			return
		}
		address := got.Reveal()
		local, domain, _ := strings.Cut(address, "@")
		switch {
		case len(address) > 254, len(local) > 64, !strings.Contains(domain, "."), strings.ToLower(domain) != domain,
			strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`<>,;:"()[]\`, r) }):
			t.Fatalf("no plain address: %q", address)
		}
		if again, _, err := (email.Channel{}).Address(address, ""); err != nil || again != got {
			t.Fatalf("%q became %q, %v", address, again.Reveal(), err)
		}
	})
}
