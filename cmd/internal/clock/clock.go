// Package clock is the time of both programs.
package clock

import "time"

// Now is the time: UTC, in the store's precision.
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
