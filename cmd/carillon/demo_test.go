package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"
)

// TestDemoTwice runs the demo twice in one folder: the second run posts the same morning and reaches nobody again.
func TestDemoTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("a morning waits for reports that never come")
	}
	t.Parallel()
	folder := t.TempDir()
	const contacts = 150
	var taken []map[string]map[string]int
	for range 2 {
		out := must(t, "run", "--exit", "--output", "json", "--data", folder, "--listen", "127.0.0.1:0", "--contacts", "150", "--customers", "60")
		said := bytes.Split(bytes.TrimSpace([]byte(out)), []byte("\n"))
		var ready struct{ Event, URL, Key string }
		if err := json.Unmarshal(said[0], &ready); err != nil || ready.Event != "ready" || ready.URL == "" || ready.Key == "" {
			t.Errorf("the first line is %s", said[0])
		}
		var summary struct {
			Event    string
			Balanced bool
			Channels map[string]map[string]int
		}
		if err := json.Unmarshal(said[len(said)-1], &summary); err != nil || summary.Event != "summary" || !summary.Balanced {
			t.Errorf("the last line is %s", said[len(said)-1])
		}
		addsUp(t, summary.Channels)
		accepted := 0
		for channel, sums := range summary.Channels {
			accepted += sums["accepted"]
			if sums["delivered"] == 0 {
				t.Errorf("%s: nothing was delivered: %v", channel, sums)
			}
			if sums["pending"]+sums["sent"]+sums["in_doubt"] != 0 {
				t.Errorf("%s: it ended too early: %v", channel, sums)
			}
		}
		if accepted < contacts {
			t.Errorf("%d messages of %d contacts", accepted, contacts)
		}
		taken = append(taken, reached(t, filepath.Join(folder, "records")))
		if found := audit(t, filepath.Join(folder, "carillon.db")); found["sms"]["accepted"] != summary.Channels["sms"]["accepted"] {
			t.Errorf("doctor counts other texts: %v, the demo told %v", found["sms"], summary.Channels["sms"])
		}
	}
	for channel, first := range taken[0] {
		if len(first) == 0 {
			t.Errorf("%s: nobody was reached", channel)
		}
		for what, n := range taken[1][channel] {
			if first[what] != n {
				t.Errorf("%s: %d times after the first run, %d after the second: %s", channel, first[what], n, what)
			}
		}
	}
	for _, channel := range []string{"voice", "letter"} { // two contacts of a morning may well say the same in a text
		nobodyTwice(t, map[string]map[string]int{channel: taken[1][channel]})
	}
}
