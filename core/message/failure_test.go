package message_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/core/message"
)

// TestAnew: a replayed message expires its own span after it came due anew, and never beyond what the sender allowed.
func TestAnew(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		span := func(name string, least int) time.Duration {
			return time.Duration(rapid.IntRange(least, 10_000).Draw(t, name)) * time.Minute
		}
		lasts, later := span("lasts", 1), span("later", 1)
		m := message.Message{ID: message.ID{1}, AcceptedAt: noon(), ExpiresAt: noon().Add(lasts), Channel: message.SMS, Lane: 7}
		now := noon().Add(later)
		move, err := message.Life{Work: message.Finished, Place: message.AtFailed, Seq: 3, Attempts: 2, Replays: 4}.Replay(message.Observation{At: now}, now)
		if err != nil {
			t.Fatal(err)
		}
		var ends time.Time
		if rapid.Bool().Draw(t, "the sender says until when") {
			ends = now.Add(span("ends", 1))
		}
		due := m.Anew(move, ends)
		want := now.Add(lasts)
		if !ends.IsZero() && ends.Before(want) {
			want = ends
		}
		if got := (message.Taken{Message: m, Due: due}).Current().ExpiresAt; !got.Equal(want) {
			t.Fatalf("expires %s, want %s", got, want)
		}
		if !due.At.Equal(now) || due.Attempt != 0 || due.Seq != 4 || due.Owner != "" || due.Lane != m.Lane || due.Fence <= 4<<16 || due.FirstAt.After(now) {
			t.Fatalf("%+v", due)
		}
	})
	t.Run("a letter waits for the next run", func(t *testing.T) {
		t.Parallel()
		if due := (message.Message{Channel: message.Letter}).Anew(message.Move{Reason: message.WaitNew}, time.Time{}); due.Reason != message.WaitRun {
			t.Errorf("%+v", due)
		}
	})
	t.Run("what was accepted and is due since expires when it says, what never expires never does", func(t *testing.T) {
		t.Parallel()
		m := message.Message{AcceptedAt: noon(), ExpiresAt: noon().Add(time.Hour)}
		if !m.ExpiryFrom(noon()).Equal(m.ExpiresAt) || !m.ExpiryFrom(time.Time{}).Equal(m.ExpiresAt) || !(message.Message{}).ExpiryFrom(noon()).IsZero() {
			t.Error("another expiry")
		}
	})
}

// TestTellsPlan: every fall but that of a bulk plan's last step is somebody's work.
func TestTellsPlan(t *testing.T) {
	t.Parallel()
	step := func(n int16, u message.Urgency) message.Message {
		return message.Message{Urgency: u, Origin: message.Origin{Kind: message.FromStep, Step: n, Steps: 2}}
	}
	for says, row := range map[string]struct {
		m    message.Message
		want bool
	}{
		"a first step":              {step(1, message.Service), true},
		"a last step":               {step(2, message.Service), true},
		"a first step of a bulk":    {step(1, message.Bulk), true},
		"a last step of a bulk":     {step(2, message.Bulk), false},
		"an answer to a reply":      {message.Message{Origin: message.Origin{Kind: message.FromReply}}, false},
		"a last step, an emergency": {step(2, message.Emergency), true},
	} {
		if row.m.TellsPlan() != row.want {
			t.Errorf("%s: %t", says, !row.want)
		}
	}
}
