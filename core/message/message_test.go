package message_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
)

func TestID(t *testing.T) {
	t.Parallel()
	t.Run("is a UUID of version 7 as RFC 9562 lays it out", func(t *testing.T) {
		t.Parallel()
		at := time.UnixMilli(0x017F22E279B0) // the example of appendix A.6
		id := message.NewID(at, [10]byte{0x0C, 0xC3, 0x18, 0xC4, 0xDC, 0x0C, 0x0C, 0x07, 0x39, 0x8F})
		if got, want := id.String(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("keeps its version, variant and time whatever chance brings, and reads back", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			ms := rapid.Int64Range(0, 1<<48-1).Draw(t, "ms")
			id := message.NewID(time.UnixMilli(ms), random(t, "random"))
			if id[6]>>4 != 7 || id[8]>>6 != 2 || id.IsZero() {
				t.Fatalf("%x", id)
			}
			var back int64
			for _, b := range id[:6] {
				back = back<<8 | int64(b)
			}
			if back != ms {
				t.Fatalf("time %d, want %d", back, ms)
			}
			if parsed, err := message.ParseID(id.String()); err != nil || parsed != id {
				t.Fatalf("%s is %s: %v", id, parsed, err)
			}
		})
	})
	t.Run("is ordered by time", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			ms := rapid.Int64Range(0, 1<<47).Draw(t, "ms")
			later := ms + rapid.Int64Range(1, 1<<46).Draw(t, "later")
			a, b := message.NewID(time.UnixMilli(ms), random(t, "a")), message.NewID(time.UnixMilli(later), random(t, "b"))
			if bytes.Compare(a[:], b[:]) >= 0 || a.String() >= b.String() {
				t.Fatalf("%s is not before %s", a, b)
			}
		})
	})
	for _, text := range []string{
		"", "017f22e2", "017f22e279b07cc398c4dc0c0c07398f0000", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "017f22e2_79b0_7cc3_98c4_dc0c0c07398f",
	} {
		if id, err := message.ParseID(text); !fault.Is(err, fault.Invalid) || !id.IsZero() {
			t.Errorf("takes %q as %s", text, id)
		}
	}
}

func random(t *rapid.T, name string) [10]byte {
	return [10]byte(rapid.SliceOfN(rapid.Byte(), 10, 10).Draw(t, name))
}

// FuzzParseID: what is taken reads back as it was written, in lower case.
func FuzzParseID(f *testing.F) {
	for _, s := range []string{"", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "017F22E2-79B0-7CC3-98C4-DC0C0C07398F", "----", strings.Repeat("-", 36)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := message.ParseID(s)
		if err != nil {
			if !fault.Is(err, fault.Invalid) || !id.IsZero() {
				t.Fatalf("%v with %s", err, id)
			}
			return
		}
		if id.String() != strings.ToLower(s) {
			t.Fatalf("%q is %q", s, id)
		}
	})
}

func TestLane(t *testing.T) {
	t.Parallel()
	for _, route := range []int16{1, 2, 8000} {
		for _, u := range message.Urgencies() {
			l := message.NewLane(route, u)
			if l.Route() != route || l.Urgency() != u || l < 0 {
				t.Errorf("lane %d is route %d, urgency %s; want %d, %s", l, l.Route(), l.Urgency(), route, u)
			}
		}
	}
	if message.NewLane(3, message.Bulk) != 15 {
		t.Error("lanes are renumbered")
	}
}

func TestUrgency(t *testing.T) {
	t.Parallel()
	words := []string{"emergency", "regulatory", "service", "bulk"}
	for i, u := range message.Urgencies() {
		text, err := u.MarshalText()
		var back message.Urgency = 99
		if err != nil || string(text) != words[i] || back.UnmarshalText(text) != nil || back != u {
			t.Errorf("urgency %d is %s", u, text)
		}
	}
	var u message.Urgency
	if err := u.UnmarshalText([]byte("urgent")); !fault.Is(err, fault.Invalid) {
		t.Errorf("takes another word: %v", err)
	}
}

func TestDoubtPolicy(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]message.DoubtPolicy{"": message.Hold, "hold": message.Hold, "repeat": message.Repeat} {
		var p message.DoubtPolicy
		if err := p.UnmarshalText([]byte(text)); err != nil || p != want {
			t.Errorf("%q is %s: %v", text, p, err)
		}
		if back, err := p.MarshalText(); err != nil || text != "" && string(back) != text {
			t.Errorf("%s is written %s: %v", p, back, err)
		}
	}
	var p message.DoubtPolicy
	if !fault.Is(p.UnmarshalText([]byte("maybe")), fault.Invalid) {
		t.Error("takes another word")
	}
}

func TestOrderKey(t *testing.T) {
	t.Parallel()
	id := message.NewID(noon(), [10]byte{})
	whole := message.Message{ID: id, Account: "a", Source: "cis", Reference: "r", Recipient: customer.Recipient{Person: 7}}
	for _, row := range []struct {
		says   string
		change func(*message.Message)
		want   string
	}{
		{"is the account", func(*message.Message) {}, "account:a"},
		{"is the person where there is no account", func(m *message.Message) { m.Account = "" }, "person:0000000007"},
		{"is the source's reference where there is neither", func(m *message.Message) { m.Account, m.Recipient.Person = "", 0 }, "reference:cis:r"},
		{"is the message where there is nothing", func(m *message.Message) { *m = message.Message{ID: id} }, "message:" + id.String()},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			m := whole
			row.change(&m)
			if got := m.OrderKey(); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func TestContent(t *testing.T) {
	t.Parallel()
	t.Run("keeps numbers as they were written", func(t *testing.T) {
		t.Parallel()
		c := message.Content{Parts: map[string]string{"text": "a<b"}, Data: map[string]any{"amount": json.Number("12.50")}}
		text, err := c.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		back, err := message.Message{Content: text}.Filled()
		if err != nil || back.Data["amount"] != json.Number("12.50") || back.Parts["text"] != "a<b" {
			t.Errorf("%+v: %v", back, err)
		}
	})
	t.Run("that was not written by us is a bug", func(t *testing.T) {
		t.Parallel()
		if _, err := (message.Message{Content: "{"}).Filled(); !fault.Is(err, fault.Unknown) {
			t.Errorf("%v", err)
		}
	})
	t.Run("that is no JSON is refused", func(t *testing.T) {
		t.Parallel()
		if _, err := (message.Content{Data: map[string]any{"f": func() {}}}).Canonical(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%v", err)
		}
	})
}

func TestChannel(t *testing.T) {
	t.Parallel()
	needs := []customer.Capability{customer.CanPost, customer.CanSMS, customer.CanEmail, customer.CanVoice}
	for i, c := range message.Channels() {
		if c.Needs() != needs[i] {
			t.Errorf("%s needs %s", c, c.Needs())
		}
	}
	if !slices.Contains(message.Channels(), message.Voice) {
		t.Error("a channel is not listed")
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		origin message.Origin
		last   bool
	}{
		{message.Origin{Kind: message.FromStep, Step: 1, Steps: 2}, false},
		{message.Origin{Kind: message.FromStep, Step: 2, Steps: 2}, true},
		{message.Origin{Kind: message.FromReply, Contact: 1}, true},
	} {
		if row.origin.LastStep() != row.last {
			t.Errorf("%+v: last %t", row.origin, row.origin.LastStep())
		}
	}
}

func TestFenceOf(t *testing.T) {
	t.Parallel()
	d := message.Due{Lane: 5, At: noon(), Message: message.ID{1}, Fence: 9, Owner: "me"}
	if got := message.FenceOf(d); got != (message.Fence{Lane: 5, Lease: noon(), Message: message.ID{1}, Number: 9}) {
		t.Errorf("%+v", got)
	}
}
