package faults_test

import (
	"errors"
	"math"
	"strconv"
	"testing"
	"time"

	"carillon/adapters/simulators/faults"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"+1555*", "+15551234567", true},
		{"+1555*", "+15561234567", false},
		{"*@bad.example", "Ann@BAD.example", true},
		{"*@bad.example", "ann@good.example", false},
		{"ann@bad.example", "ann@bad.example", true},
		{"ann@bad.example", "joann@bad.example", false},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "ac", false},
		{"ab*ba", "aba", false},
		{"*", "", true},
		{"", "", true},
		{"", "x", false},
	} {
		if got := faults.Match(test.pattern, test.name); got != test.want {
			t.Errorf("%q and %q: %v", test.pattern, test.name, got)
		}
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	s := faults.NewSet()
	put := func(key string, f faults.Fault) {
		t.Helper()
		if err := s.Put(key, f); err != nil {
			t.Fatal(err)
		}
	}
	put("", faults.Fault{Down: true})
	put("shielded", faults.Fault{})
	put("first", faults.Fault{Error: "one"})
	if !s.For().Down || !s.For("other").Down || s.For("shielded").Down {
		t.Error("the fault for all does not hold for all but the shielded")
	}
	if s.For("", "first", "shielded").Error != "one" {
		t.Error("the first key with a fault does not decide")
	}
	if state := s.State(); !state.All.Down || len(state.Keys) != 2 {
		t.Errorf("the state is %+v", state)
	}
	s.Clear("shielded")
	if !s.For("shielded").Down {
		t.Error("the shield is still there")
	}
	s.Clear("")
	if s.For("first").Error != "" || s.For().Down {
		t.Error("a fault is still there")
	}
	rate := 1.5
	err := s.Put("", faults.Fault{LoseAnswers: math.NaN(), FailReceipts: &rate, DelayMillis: -1, ThrottlePerSecond: -1})
	if err == nil {
		t.Error("a fault that is none was laid down")
	}
	for i := range 1000 {
		put(strconv.Itoa(i), faults.Fault{})
	}
	if err := s.Put("one more", faults.Fault{}); !errors.Is(err, faults.ErrKeys) {
		t.Errorf("the keys have no bound: %v", err)
	}
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	b := faults.NewThrottle(10)
	passed := 0
	for range 100 {
		if b.Pass(now, 1) {
			passed++
		}
	}
	if passed != 10 {
		t.Errorf("%d passed at once", passed)
	}
	if now = now.Add(500 * time.Millisecond); !b.Pass(now, 5) || b.Pass(now, 1) {
		t.Error("half a second does not give five")
	}
	if now = now.Add(time.Second); !b.Pass(now, 30) {
		t.Error("a big call never passes")
	}
	if now = now.Add(time.Second); b.Pass(now, 1) {
		t.Error("what a big call took is not missing")
	}
	if free := faults.NewThrottle(0); !free.Pass(now, 1_000_000) {
		t.Error("no limit limits")
	}
}

func TestRates(t *testing.T) {
	t.Parallel()
	zero := 0.0
	if (faults.Fault{}).FailRate(0.3) != 0.3 || (faults.Fault{FailReceipts: &zero}).FailRate(0.3) != 0 {
		t.Error("the rate of failures")
	}
	if (faults.Fault{}).SilenceRate(0.3) != 0.3 || (faults.Fault{NoReceipts: &zero}).SilenceRate(0.3) != 0 {
		t.Error("the rate of silence")
	}
}
