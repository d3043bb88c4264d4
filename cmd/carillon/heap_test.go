package main

import "testing"

// TestCeiling: a small heap stays within its ceiling, and a large one is not kept collecting.
func TestCeiling(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int64{0: 80 << 20, 10 << 20: 80 << 20, 40 << 20: 120 << 20, 1 << 30: 3 << 30} {
		if got := ceiling(live); got != want {
			t.Errorf("for %d MiB: %d MiB, want %d", live>>20, got>>20, want>>20)
		}
	}
}
