package voice_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"carillon/channels/voice"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/template"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	t.Run("takes mobiles and landlines", func(t *testing.T) {
		t.Parallel()
		for raw, want := range map[string]string{"(201) 555-0123": "+12015550123", "+44 20 7946 0000": "+442079460000"} {
			if got, zones, err := (voice.Channel{}).Address(raw, "US"); err != nil || got.Reveal() != want || len(zones) != 1 {
				t.Errorf("got %q, %v, %v", got.Reveal(), zones, err)
			}
		}
	})
	for name, raw := range map[string]string{
		"an extension": "+12015550123x77", "premium rates": "+19002345678", "no number in use": "+11115550123", "a sentence": "call 2015550123",
	} {
		t.Run("refuses "+name+" without repeating it", func(t *testing.T) {
			t.Parallel()
			_, _, err := voice.Channel{}.Address(raw, "US")
			if !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), raw) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// echo renders a form as it is.
type echo struct{}

func (echo) Check(string) ([]string, error) { return nil, nil }

func (echo) Render(form string, _ map[string]any, _ bool) (string, error) { return form, nil }

func TestFill(t *testing.T) {
	t.Parallel()
	fill := func(script string, data map[string]any) (message.Content, error) {
		return voice.Channel{}.Fill(echo{}, template.Template{Parts: map[string]string{"script": script}, Required: []string{"due"}}, data)
	}
	data := map[string]any{"due": "May 1"}
	t.Run("keeps the script and the data", func(t *testing.T) {
		t.Parallel()
		c, err := fill(" Hello\r\n", data)
		if err != nil || c.Parts["script"] != "Hello" || c.Data["due"] != "May 1" {
			t.Errorf("got %v, %v", c, err)
		}
	})
	t.Run("takes 3,000 characters and not one more", func(t *testing.T) {
		t.Parallel()
		if _, err := fill(strings.Repeat("é", 3000), data); err != nil {
			t.Error(err)
		}
		if _, err := fill(strings.Repeat("é", 3001), data); !fault.Is(err, fault.Invalid) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("refuses an empty script, control characters and missing data", func(t *testing.T) {
		t.Parallel()
		for _, script := range []string{"", "a\x07"} {
			if _, err := fill(script, data); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "/parts/script") {
				t.Errorf("got %v", err)
			}
		}
		if _, err := fill("x", map[string]any{"due": nil}); err == nil || !strings.Contains(err.Error(), "/data/due") {
			t.Errorf("got %v", err)
		}
	})
}

// short answers one call less than it is given.
type short struct{}

func (short) Dial(_ context.Context, calls []voice.Call) ([]voice.Answer, error) {
	return make([]voice.Answer, len(calls)-1), nil
}

func TestSendInDoubt(t *testing.T) {
	t.Parallel()
	t.Run("doubts every call when the dialer did not answer all", func(t *testing.T) {
		t.Parallel()
		for _, a := range voice.NewSender(short{}, nil, voice.Attempts{}, nil).Send(t.Context(), []message.Taken{call(1), call(2)}) {
			if !fault.Is(a.Err, fault.Ambiguous) {
				t.Errorf("got %v", a.Err)
			}
		}
	})
	t.Run("does not begin under a context that has ended", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), -time.Second)
		defer cancel()
		v := &vendor{}
		a := voice.NewSender(v, nil, voice.Attempts{}, nil).Send(ctx, []message.Taken{call(1)})
		if len(v.batches) != 0 || !fault.Is(a[0].Err, fault.Unavailable) || fault.CodeOf(a[0].Err) != "not_begun" {
			t.Errorf("got %v", a[0].Err)
		}
	})
	t.Run("answers what is no call and hands over the rest, in its window", func(t *testing.T) {
		t.Parallel()
		v := &vendor{answer: func(i int) voice.Answer { return voice.Answer{Receipt: message.Receipt{Ref: fmt.Sprint(i)}} }}
		window := func(message.Message) (time.Time, time.Time) { return noon(), noon().Add(time.Minute) }
		bad := call(1)
		bad.Message.Content = `{}`
		a := voice.NewSender(v, map[string]string{"campaign": "c"}, voice.Attempts{Max: 2}, window).Send(t.Context(), []message.Taken{bad, call(2), bad, call(3)})
		if !fault.Is(a[0].Err, fault.Invalid) || a[1].Receipt.Ref != "0" || !fault.Is(a[2].Err, fault.Invalid) || a[3].Receipt.Ref != "1" {
			t.Errorf("got %v", a)
		}
		if c := v.batches[0][0]; !c.ExpiresAt.Equal(noon().Add(time.Minute)) || c.Sender["campaign"] != "c" || c.Attempts.Max != 2 {
			t.Errorf("handed over %+v", c)
		}
	})
}
