// Package faults holds the ways a simulator can be told to misbehave, for all of its callers or for one key: a
// sender of SNS, a From domain of SES, a campaign of the dialer, a batch of the DMS.
package faults

import (
	"errors"
	"fmt"
	"strings"
)

// Fault is one way to misbehave; its zero value is a simulator in health. A rate lies between 0 (never) and 1
// (always).
type Fault struct {
	// Down answers every call with 503, as a provider does in an outage; a consumer stops reading.
	Down bool `json:"down,omitempty"`
	// ThrottlePerSecond is how many units (SMS parts, recipients, calls, letters) may pass in a second; 0 is no limit.
	ThrottlePerSecond float64 `json:"throttlePerSecond,omitempty"`
	// DelayMillis is waited before a call is looked at.
	DelayMillis int `json:"delayMillis,omitempty"`
	// LoseAnswers is the rate of calls that are taken and recorded, and whose connection is cut without an answer.
	LoseAnswers float64 `json:"loseAnswers,omitempty"`
	// LateAnswers is the rate of calls that are taken and recorded, and answered LateMillis later.
	LateAnswers float64 `json:"lateAnswers,omitempty"`
	// LateMillis is how late a late answer is.
	LateMillis int `json:"lateMillis,omitempty"`
	// Refuse lists numbers, addresses or ids, with * for any run of characters, that are refused for good.
	Refuse []string `json:"refuse,omitempty"`
	// FailReceipts replaces the profile's rate of reports that tell a failure.
	FailReceipts *float64 `json:"failReceipts,omitempty"`
	// NoReceipts replaces the profile's rate of messages of which nothing is ever reported.
	NoReceipts *float64 `json:"noReceipts,omitempty"`
	// LapseLeases is the rate of pulled calls that the dialer leaves until their lease is over.
	LapseLeases float64 `json:"lapseLeases,omitempty"`
	// Error is the provider's error code that every send is answered with.
	Error string `json:"error,omitempty"`
	// Reason is the text of a failing report, in place of the profile's.
	Reason string `json:"reason,omitempty"`
}

// Validate reports everything that is wrong with the fault at once.
func (f Fault) Validate() error {
	var errs []error
	rate := func(name string, value float64) {
		if !(value >= 0 && value <= 1) {
			errs = append(errs, fmt.Errorf("%s: not a rate between 0 and 1", name))
		}
	}
	rate("loseAnswers", f.LoseAnswers)
	rate("lateAnswers", f.LateAnswers)
	rate("lapseLeases", f.LapseLeases)
	if f.FailReceipts != nil {
		rate("failReceipts", *f.FailReceipts)
	}
	if f.NoReceipts != nil {
		rate("noReceipts", *f.NoReceipts)
	}
	if !(f.ThrottlePerSecond >= 0) {
		errs = append(errs, errors.New("throttlePerSecond: negative"))
	}
	const hour = 3600 * 1000
	if f.DelayMillis < 0 || f.DelayMillis > hour {
		errs = append(errs, errors.New("delayMillis: not between 0 and an hour"))
	}
	if f.LateMillis < 0 || f.LateMillis > hour {
		errs = append(errs, errors.New("lateMillis: not between 0 and an hour"))
	}
	return errors.Join(errs...)
}

// Refuses reports whether one of the names matches one of the patterns of Refuse.
func (f Fault) Refuses(names ...string) bool {
	for _, pattern := range f.Refuse {
		for _, name := range names {
			if Match(pattern, name) {
				return true
			}
		}
	}
	return false
}

// FailRate is the rate of failing reports: the fault's when it names one, else the given one.
func (f Fault) FailRate(profile float64) float64 {
	if f.FailReceipts != nil {
		return *f.FailReceipts
	}
	return profile
}

// SilenceRate is the rate of reports that never come: the fault's when it names one, else the given one.
func (f Fault) SilenceRate(profile float64) float64 {
	if f.NoReceipts != nil {
		return *f.NoReceipts
	}
	return profile
}

// Match reports whether name is the pattern, in which each * stands for any run of characters; case is ignored.
func Match(pattern, name string) bool {
	parts := strings.Split(strings.ToLower(pattern), "*")
	name = strings.ToLower(name)
	rest, found := strings.CutPrefix(name, parts[0])
	if !found {
		return false
	}
	if len(parts) == 1 {
		return rest == ""
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[last])
}
