package plan_test

import (
	"encoding/json"
	"testing"
	"time"

	"carillon/core/fault"
	"carillon/core/plan"
)

func TestSpan(t *testing.T) {
	t.Parallel()
	t.Run("is written as Go writes it", func(t *testing.T) {
		t.Parallel()
		var rule plan.StepRule
		if err := json.Unmarshal([]byte(`{"channel":"sms","template":"T","expires":"36h"}`), &rule); err != nil {
			t.Fatal(err)
		}
		if rule.Expires.Of() != 36*time.Hour {
			t.Errorf("%s", rule.Expires.Of())
		}
		b, err := json.Marshal(rule)
		if err != nil || string(b) != `{"channel":"sms","template":"T","expires":"36h0m0s"}` {
			t.Errorf("%s, %v", b, err)
		}
	})
	for _, text := range []string{"", "-1s", "3", "a day"} {
		t.Run("refuses "+text, func(t *testing.T) {
			t.Parallel()
			var s plan.Span
			if err := s.UnmarshalText([]byte(text)); !fault.Is(err, fault.Invalid) || s != 0 {
				t.Errorf("%v, %v", s, err)
			}
		})
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	p := plan.Plan{Steps: 2}
	for fell, want := range map[int16]int16{0: 1, 1: 2, 2: 0, 3: 0} {
		if got := plan.Next(p, fell); got != want {
			t.Errorf("after %d comes %d, want %d", fell, got, want)
		}
	}
	if plan.Next(plan.Plan{}, 0) != 0 {
		t.Error("an empty plan has a step")
	}
	steps := []plan.Step{{Number: 1}}
	if !plan.Started(steps, 1) || plan.Started(steps, 2) {
		t.Error("a step is started that was not")
	}
}
