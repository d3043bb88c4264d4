package guard

import (
	"fmt"
	"time"
)

// State is what a breaker lets through.
type State uint8

// The states, with the numbers of the metric carillon_breaker_state.
const (
	Closed   State = iota // calls go through
	HalfOpen              // one call at a time goes through and decides
	Open                  // no call goes through before the pause is over
)

// States lists every state.
func States() []State { return []State{Closed, HalfOpen, Open} }

// String is the state's word in metrics, logs and the API.
func (s State) String() string {
	switch s {
	case Closed:
		return "closed"
	case HalfOpen:
		return "half_open"
	case Open:
		return "open"
	}
	return fmt.Sprintf("state_%d", uint8(s))
}

// MarshalText writes the state's word.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Snapshot is what a guard shows of itself to /readyz, the console and the API.
type Snapshot struct {
	Adapter             string    `json:"adapter"`
	Route               string    `json:"route"`
	State               State     `json:"state"`
	Until               time.Time `json:"until,omitzero"`           // when the next probe may be made, or the one that is out ends; zero when closed or tripped
	Tripped             bool      `json:"tripped,omitzero"`         // held open by a person, until a reset
	Trial               time.Time `json:"trial,omitzero"`           // since when it is closed on trial: the next real call decides; zero when it is not
	ConsecutiveFailures uint32    `json:"consecutive_failures"`     // failures the breaker counted since the last success
	LastFaultKind       string    `json:"last_fault_kind,omitzero"` // kind word of the last failure it counted; empty when there was none
	Inflight            int       `json:"inflight"`                 // calls that are out
	Slots               int       `json:"slots"`                    // calls that may be out
}
