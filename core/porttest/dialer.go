package porttest

import (
	"context"
	"testing"
	"time"

	"carillon/channels/voice"
	"carillon/core/customer"
	"carillon/core/fault"
)

// Dialer is what a [voice.Dialer] must do, whatever its vendor does. Open returns one whose vendor behaves as asked
// to every batch: it Refuses and Throttles call by call; Exhausts is not asked.
func Dialer(t *testing.T, open func(t *testing.T, b Behaviour) voice.Dialer) {
	t.Helper()
	t.Run("answers every call in order when it "+Takes.String(), func(t *testing.T) {
		batch := callBatch(3)
		answers, err := open(t, Takes).Dial(t.Context(), batch)
		if err != nil {
			t.Fatalf("taken, but: %v", err)
		}
		if len(answers) != len(batch) {
			t.Fatalf("%d answers to %d calls", len(answers), len(batch))
		}
		for i, a := range answers {
			if a.Err != nil || a.Receipt.Ref == "" {
				t.Errorf("call %d: receipt %q, %v", i, a.Receipt.Ref, a.Err)
			}
		}
	})
	t.Run("gives the same receipt to a call that is handed over again", func(t *testing.T) {
		d := open(t, Takes)
		first, err := d.Dial(t.Context(), callBatch(1))
		if err != nil {
			t.Fatal(err)
		}
		again, err := d.Dial(t.Context(), callBatch(1))
		if err != nil {
			t.Fatal(err)
		}
		if first[0].Receipt != again[0].Receipt {
			t.Errorf("receipts %q and %q", first[0].Receipt.Ref, again[0].Receipt.Ref)
		}
	})
	t.Run("does nothing with no calls", func(t *testing.T) {
		answers, err := open(t, IsUnreachable).Dial(t.Context(), nil)
		if err != nil || len(answers) != 0 {
			t.Errorf("%d answers, %v", len(answers), err)
		}
	})
	t.Run("refuses more calls than a batch takes", func(t *testing.T) {
		_, err := open(t, Takes).Dial(t.Context(), callBatch(voice.MaxBatch+1))
		mustBe(t, err, fault.Invalid)
	})
	for _, b := range []Behaviour{Refuses, Throttles} {
		t.Run("says "+expectations()[b].String()+" of each call when it "+b.String(), func(t *testing.T) {
			answers, err := open(t, b).Dial(t.Context(), callBatch(2))
			if err != nil || len(answers) != 2 {
				t.Fatalf("%d answers, %v", len(answers), err)
			}
			for _, a := range answers {
				mustBe(t, a.Err, expectations()[b])
			}
		})
	}
	for _, b := range []Behaviour{RefusesCredentials, IsDown, IsUnreachable, LosesAnswer} {
		t.Run("says "+expectations()[b].String()+" of the batch when it "+b.String(), func(t *testing.T) {
			_, err := open(t, b).Dial(t.Context(), callBatch(2))
			mustBe(t, err, expectations()[b])
		})
	}
	endings(t, func(ctx context.Context, t *testing.T, b Behaviour) error {
		t.Helper()
		_, err := open(t, b).Dial(ctx, callBatch(2))
		return err
	})
}

func callBatch(n int) []voice.Call {
	now := time.Now()
	batch := make([]voice.Call, n)
	for i := range batch {
		batch[i] = voice.Call{
			ID: testID(byte(i + 1)), Number: customer.Address(privateNumber), Script: privateBody, Language: "en-US",
			Data: map[string]any{"amount": 12.5, "due": "2026-03-20"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
			ExpiresAt: now.Add(2 * time.Hour), Attempts: voice.Attempts{Max: 3, Pause: 10 * time.Minute},
			Sender: map[string]string{"campaign": "notices"},
		}
	}
	return batch
}
