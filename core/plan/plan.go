// Package plan holds plans and steps: who is told what, on which channel, and what happens when a step fails.
package plan

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/message"
)

// Span is a length of time that is written as Go writes it: "72h", "90s".
type Span time.Duration

// Of is the span as a duration.
func (s Span) Of() time.Duration { return time.Duration(s) }

// MarshalText writes the span.
func (s Span) MarshalText() ([]byte, error) { return []byte(time.Duration(s).String()), nil }

// UnmarshalText reads a span; it is never negative.
func (s *Span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d < 0 {
		return fault.New(fault.Invalid, "a length of time is written as 90s, 15m or 72h")
	}
	*s = Span(d)
	return nil
}

// StepRule is one step of a contact type's plan, as configured.
type StepRule struct {
	Channel  message.Channel `json:"channel"`
	Template string          `json:"template"`
	// Expires is how long after its start the step may still be begun; 0: no limit.
	Expires Span `json:"expires,omitempty"`
}

// PlanRule is what a contact type does: ordered steps, each taken when the one before it has failed.
type PlanRule struct {
	Urgency message.Urgency     `json:"urgency"`
	Doubt   message.DoubtPolicy `json:"in_doubt"`
	Steps   []StepRule          `json:"steps"`
}

// UnmarshalJSON reads a rule strictly; one that says nothing of its urgency is service: nobody is woken by an omission.
func (r *PlanRule) UnmarshalJSON(text []byte) error {
	type plain PlanRule
	rule := plain{Urgency: message.Service}
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&rule); err != nil {
		return err
	}
	*r = PlanRule(rule)
	return nil
}

// Plan is a contact's plan. Its rule stands in the configuration version the contact was accepted under.
type Plan struct {
	Contact contact.ID // also the plan's key
	Steps   int16      // how many steps the rule has
}

// Step is a step that was started. (Contact, Number) is unique: a step starts once.
type Step struct {
	Contact   contact.ID
	Number    int16
	Message   message.ID
	StartedAt time.Time
	Why       string // accepted, or what became of the step before
}

// Retry is a message that replaced one of the same step, because a person corrected the address or asked for another try.
// (Contact, Step, Number) is unique, and so is Former: a message is replaced once.
type Retry struct {
	Contact contact.ID
	Step    int16
	Number  int16 // 2, 3, …: the first was the step's own
	Message message.ID
	Former  message.ID
	At      time.Time
	By      string
}

// Halt ends a contact's plan where it is: no further step starts.
type Halt struct {
	Contact contact.ID
	At      time.Time
	Reason  string
	By      string
}

// Next returns the number of the step to start after the step fell, 0 when there is none.
func Next(p Plan, fell int16) int16 {
	if fell >= p.Steps {
		return 0
	}
	return fell + 1
}

// Started reports whether the step of the number is among the started.
func Started(steps []Step, number int16) bool {
	return slices.ContainsFunc(steps, func(s Step) bool { return s.Number == number })
}
