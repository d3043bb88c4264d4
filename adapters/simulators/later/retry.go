package later

import "time"

// Retry bounds the repeats of a delivery: the first tries follow at once, the others after a wait that doubles.
type Retry struct {
	// Attempts is how many tries there are in all; 12 when 0.
	Attempts int
	// AtOnce is how many of the repeats follow without a wait; 2 when 0, as SNS does.
	AtOnce int
	// First is the first wait; 250 ms when 0.
	First time.Duration
	// Max is the longest wait; 10 s when 0.
	Max time.Duration
	// Timeout is how long one try may take; 15 s when 0.
	Timeout time.Duration
}

// WithDefaults fills what was left empty.
func (r Retry) WithDefaults() Retry {
	if r.Attempts == 0 {
		r.Attempts = 12
	}
	if r.AtOnce == 0 {
		r.AtOnce = 2
	}
	if r.First == 0 {
		r.First = 250 * time.Millisecond
	}
	if r.Max == 0 {
		r.Max = 10 * time.Second
	}
	if r.Timeout == 0 {
		r.Timeout = 15 * time.Second
	}
	return r
}

// Wait is how long to wait after so many tries; false when there was the last one.
func (r Retry) Wait(tries int) (time.Duration, bool) {
	if tries >= r.Attempts {
		return 0, false
	}
	if tries <= r.AtOnce {
		return 0, true
	}
	wait := r.First
	for range tries - r.AtOnce - 1 {
		wait = min(wait*2, r.Max)
	}
	return min(wait, r.Max), true
}
