package voice_test

import (
	"context"
	"testing"
	"time"

	"carillon/channels/voice"
	"carillon/core/fault"
	"carillon/core/message"
)

func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

func call(n byte) message.Taken {
	m := message.Message{ID: message.NewID(noon(), [10]byte{n}), Channel: message.Voice, Content: `{"parts":{"script":"hello"},"data":{"amount":1.50}}`, ExpiresAt: noon().Add(time.Hour)}
	m.Recipient.Address, m.Recipient.Language = "+12015550123", "en-US"
	return message.Taken{Message: m}
}

// vendor answers as it is told, by the number of the call in its batch.
type vendor struct {
	batches [][]voice.Call
	answer  func(i int) voice.Answer
	err     error
}

func (v *vendor) Dial(_ context.Context, calls []voice.Call) ([]voice.Answer, error) {
	v.batches = append(v.batches, calls)
	out := make([]voice.Answer, len(calls))
	for i := range calls {
		if v.answer != nil {
			out[i] = v.answer(i)
		}
	}
	return out, v.err
}

func TestSend(t *testing.T) {
	t.Parallel()
	rule := voice.Attempts{Max: 3, Pause: time.Minute}
	t.Run("hands calls over in batches of 25 and answers in order", func(t *testing.T) {
		t.Parallel()
		v := &vendor{answer: func(i int) voice.Answer {
			if i == 1 {
				return voice.Answer{Err: fault.New(fault.Refused, "no")}
			}
			return voice.Answer{}
		}}
		var batch []message.Taken
		for n := range 30 {
			batch = append(batch, call(byte(n)))
		}
		answers := voice.NewSender(v, nil, rule, nil).Send(t.Context(), batch)
		if len(v.batches) != 2 || len(v.batches[0]) != 25 || len(answers) != 30 || !fault.Is(answers[1].Err, fault.Refused) || !fault.Is(answers[26].Err, fault.Refused) || answers[2].Err != nil {
			t.Errorf("got %d batches, %d answers", len(v.batches), len(answers))
		}
	})
	t.Run("gives every call the fault of its batch", func(t *testing.T) {
		t.Parallel()
		v := &vendor{err: fault.New(fault.Throttled, "no lines")}
		for _, a := range voice.NewSender(v, nil, rule, nil).Send(t.Context(), []message.Taken{call(1), call(2)}) {
			if !fault.Is(a.Err, fault.Throttled) {
				t.Errorf("got %v", a.Err)
			}
		}
	})
}

func TestCallOf(t *testing.T) {
	t.Parallel()
	t.Run("expires with the message or when the window closes", func(t *testing.T) {
		t.Parallel()
		c, err := voice.CallOf(call(1).Message, noon(), noon().Add(10*time.Minute), voice.Attempts{Max: 3}, nil)
		if err != nil || !c.ExpiresAt.Equal(noon().Add(10*time.Minute)) {
			t.Errorf("got %v, %v", c.ExpiresAt, err)
		}
		c, err = voice.CallOf(call(1).Message, noon(), time.Time{}, voice.Attempts{Max: 3}, nil)
		if err != nil || !c.ExpiresAt.Equal(noon().Add(time.Hour)) {
			t.Errorf("got %v, %v", c.ExpiresAt, err)
		}
	})
	t.Run("refuses a window that closes before it opens", func(t *testing.T) {
		t.Parallel()
		if _, err := voice.CallOf(call(1).Message, noon(), noon().Add(-time.Minute), voice.Attempts{}, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("got %v", err)
		}
	})
}
