package kafkain_test

import (
	"strings"
	"testing"
	"time"

	"carillon/adapters/driving/kafkain"
	"carillon/core/fault"
	"carillon/core/message"
)

func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

func TestRead(t *testing.T) {
	t.Parallel()
	const letter = "01a1fbc5-7da8-7f97-8f55-75b6b442f8da"
	for _, tt := range []struct {
		name, record string
		says         message.Saying
		gone         bool
	}{
		{"accepted is taken", `{"id":"1","letter":"` + letter + `","status":"accepted","at":"2026-03-02T11:00:00Z"}`, message.SaysTaken, false},
		{"printed is seen on the way", `{"id":"1","letter":"` + letter + `","status":"printed"}`, message.SaysNoted, false},
		{"mailed is delivered", `{"id":"1","letter":"` + letter + `","status":"mailed"}`, message.SaysDelivered, false},
		{"rejected has failed", `{"id":"1","letter":"` + letter + `","status":"rejected","reason":"x"}`, message.SaysFailed, false},
		{"returned mail marks the address", `{"id":"1","letter":"` + letter + `","status":"returned"}`, message.SaysFailed, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, known, err := kafkain.Read([]byte(tt.record), noon())
			if err != nil || !known || r.Says != tt.says || r.Undeliverable != tt.gone || r.Message.String() != letter || r.Provider != "dms" || r.Key != "1" || r.At.IsZero() {
				t.Errorf("got %+v, %v, %v", r, known, err)
			}
		})
	}
	t.Run("a run's answer is understood and no report", func(t *testing.T) {
		t.Parallel()
		if _, known, err := kafkain.Read([]byte(`{"id":"1","batch":"LTRPRT","run":7,"status":"accepted","letters":3}`), noon()); known || err != nil {
			t.Errorf("got %v, %v", known, err)
		}
	})
	t.Run("a run that was rejected is told from one that was taken", func(t *testing.T) {
		t.Parallel()
		if batch, run, no := kafkain.Rejected([]byte(`{"id":"1","batch":"LTRPRT","run":7,"status":"rejected"}`)); !no || batch != "LTRPRT" || run != 7 {
			t.Errorf("got %s, %d, %v", batch, run, no)
		}
		if _, _, no := kafkain.Rejected([]byte(`{"id":"1","batch":"LTRPRT","run":7,"status":"accepted"}`)); no {
			t.Error("one that was taken is rejected")
		}
	})
	for _, poison := range []string{
		"", "{", "[]", `{"letter":"x"}`, `{"id":"1","letter":"secret-name","status":"mailed"}`,
		`{"id":"1","letter":"` + letter + `","status":"shredded"}`, `{"id":"` + strings.Repeat("x", 101) + `","letter":"` + letter + `","status":"mailed"}`,
	} {
		t.Run("refuses "+poison[:min(len(poison), 20)], func(t *testing.T) {
			t.Parallel()
			_, _, err := kafkain.Read([]byte(poison), noon())
			if !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"id":"1","letter":"01a1fbc5-7da8-7f97-8f55-75b6b442f8da","status":"accepted","at":"2026-03-02T11:00:00Z"}`))
	f.Add([]byte(`{"id":"1","batch":"LTRPRT","run":7}`))
	f.Fuzz(func(t *testing.T, value []byte) {
		r, known, err := kafkain.Read(value, noon())
		if known && (err != nil || r.Key == "" || r.At.IsZero()) {
			t.Errorf("a report lacks what it is kept by: %+v", r)
		}
	})
}
