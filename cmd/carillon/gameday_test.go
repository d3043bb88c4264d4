package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"
)

// TestGameday plays the acts shortly: nothing is lost, nothing is doubled in silence, and the records of the providers
// agree with what it tells.
func TestGameday(t *testing.T) {
	if testing.Short() {
		t.Skip("its acts take their time")
	}
	t.Parallel()
	folder := t.TempDir()
	out := must(t, "run", "--gameday", "--act", "2500ms", "--exit", "--output", "json", "--data", folder, "--listen", "127.0.0.1:0", "--customers", "40")
	var begun []string
	var told struct {
		Event    string
		Balanced bool
		Acts     []struct {
			Posted   int
			Waiting  int64 `json:"mostWaiting"`
			Breakers []string
			Well     bool `json:"recovered"`
		}
		Result struct {
			Contacts      int
			Lost, Doubled []string
			InDoubt       int
			Ends          map[string]int `json:"inDoubtEnded"`
		}
		Channels map[string]map[string]int
	}
	for line := range bytes.Lines([]byte(out)) {
		var e struct{ Event, Phase, Act string }
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("a line is no object: %s", line)
		}
		switch {
		case e.Event == "act" && e.Phase == "begins":
			begun = append(begun, e.Act)
		case e.Event == "gameday":
			if err := json.Unmarshal(line, &told); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := []string{"throttle", "stall", "lost answers", "provider down"}
	if !slices.Equal(begun, want) || len(told.Acts) != len(want) || !told.Balanced {
		t.Fatalf("played %v, told %+v", begun, told)
	}
	for _, a := range told.Acts {
		if !a.Well || a.Posted == 0 || a.Waiting == 0 {
			t.Errorf("the act %+v", a)
		}
	}
	if down := told.Acts[3]; len(down.Breakers) == 0 {
		t.Errorf("of a provider that is down, these breakers opened: %v", down.Breakers)
	}
	r := told.Result
	if len(r.Lost)+len(r.Doubled) > 0 || r.InDoubt == 0 || r.Contacts < 50 {
		t.Errorf("it ended with %+v", r)
	}
	ended := 0
	for _, n := range r.Ends {
		ended += n
	}
	if ended != r.InDoubt {
		t.Errorf("%d were in doubt, and %v ended", r.InDoubt, r.Ends)
	}
	addsUp(t, told.Channels)
	audit(t, filepath.Join(folder, "carillon.db"))
	nobodyTwice(t, map[string]map[string]int{"letter": reached(t, filepath.Join(folder, "records"))["letter"]})
}
