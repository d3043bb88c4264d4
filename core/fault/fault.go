// Package fault names the kinds of failure. One table of kinds drives the HTTP status of a refusal, what
// dispatch does with a message, and what a breaker counts; callers branch on [KindOf], never on a text.
//
// A fault's text is shown to callers and written to logs: it names fields, codes and identifiers, never a
// person's data and never the value that was refused.
package fault

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Kind is a closed list of the ways a thing can fail.
type Kind uint8

// The kinds. Unknown is the zero value, so that a failure nobody classified is treated as a bug.
const (
	Unknown       Kind = iota // a bug: loud log; a message that was begun is in doubt
	Invalid                   // can never be done as asked
	NotFound                  // there is no such thing
	Conflict                  // same key with another request, or a lost race
	Forbidden                 // the caller may not
	Unauthorized              // nobody we know is asking
	Suppressed                // we may not reach this contact point
	Refused                   // the provider says no for good
	Throttled                 // slow down; may carry a wait; spends no attempt
	Exhausted                 // a quota or spend cap is used up; pauses the lane
	Misconfigured             // credentials, unknown topic, sandbox; pauses the lane and pages a person
	Unavailable               // not reached, or "later"; the breaker is open
	Ambiguous                 // sent, and the answer was lost
	Cancelled                 // we are stopping; the context was cancelled
)

// Kinds lists every kind, for tables that must have a row for each.
func Kinds() []Kind {
	return []Kind{
		Unknown, Invalid, NotFound, Conflict, Forbidden, Unauthorized, Suppressed, Refused, Throttled,
		Exhausted, Misconfigured, Unavailable, Ambiguous, Cancelled,
	}
}

// String is the kind's word in metrics, logs, tables and problem types.
func (k Kind) String() string {
	switch k {
	case Unknown:
		return "unknown"
	case Invalid:
		return "invalid"
	case NotFound:
		return "not_found"
	case Conflict:
		return "conflict"
	case Forbidden:
		return "forbidden"
	case Unauthorized:
		return "unauthorized"
	case Suppressed:
		return "suppressed"
	case Refused:
		return "refused"
	case Throttled:
		return "throttled"
	case Exhausted:
		return "exhausted"
	case Misconfigured:
		return "misconfigured"
	case Unavailable:
		return "unavailable"
	case Ambiguous:
		return "ambiguous"
	case Cancelled:
		return "cancelled"
	}
	return "unknown"
}

// Violation names one wrong field of a request by its JSON pointer and says what is wrong with it.
type Violation struct {
	Field  string // JSON pointer into the request, e.g. "/recipient/phone"
	Reason string // what a right value would be; never the value itself
}

// Error is a failure with its kind. Make one with [New], [Wrap] or [Refuse].
type Error struct {
	Kind       Kind
	Text       string        // what was being done or what is wrong; free of personal data
	Violations []Violation   // of an Invalid request: every wrong field
	Wait       time.Duration // of Throttled, Exhausted, Unavailable: how long the other side asks us to wait; 0 when it does not say
	Code       string        // the provider's own code, from its documented list; empty when there is none
	cause      error
}

// New returns a fault of the kind.
func New(kind Kind, text string) *Error { return &Error{Kind: kind, Text: text} }

// Wrap gives cause a kind and says what was being done. The cause stays reachable by errors.Is and errors.As,
// but its text is not part of the fault's text when the kind is not ours to fix: provider texts can hold
// personal data.
func Wrap(kind Kind, text string, cause error) *Error {
	return &Error{Kind: kind, Text: text, cause: cause}
}

// Refuse returns an Invalid fault that lists every wrong field.
func Refuse(violations ...Violation) *Error {
	return &Error{Kind: Invalid, Text: "the request has wrong fields", Violations: violations}
}

// Provider returns a fault with the provider's own code.
func Provider(kind Kind, code, text string, cause error) *Error {
	return &Error{Kind: kind, Text: text, Code: code, cause: cause}
}

// The codes of a call that was not made, whoever stopped it: no attempt is spent, and nothing is in doubt.
const (
	CodeBreakerOpen  = "breaker_open"  // the provider's breaker is open
	CodeBulkheadFull = "bulkhead_full" // as many calls as may be are under way
	CodeNotBegun     = "not_begun"     // it was given up, or ran out of time, before it was begun
)

// NotMade reports whether err says that a call was not made.
func NotMade(err error) bool {
	switch CodeOf(err) {
	case CodeBreakerOpen, CodeBulkheadFull, CodeNotBegun:
		return true
	}
	return false
}

// NotBegun says why nothing may be begun under ctx any more, nil when it may: Cancelled where ctx was cancelled,
// Unavailable where its time is over, both with the code [CodeNotBegun].
func NotBegun(ctx context.Context, text string) error {
	switch err := ctx.Err(); {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return Provider(Cancelled, CodeNotBegun, text, err)
	default:
		return Provider(Unavailable, CodeNotBegun, text, err)
	}
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Kind.String())
	if e.Text != "" {
		b.WriteString(": ")
		b.WriteString(e.Text)
	}
	if e.Code != "" {
		b.WriteString(" (")
		b.WriteString(e.Code)
		b.WriteString(")")
	}
	for i, v := range e.Violations {
		if i == 0 {
			b.WriteString(": ")
		} else {
			b.WriteString("; ")
		}
		b.WriteString(v.Field)
		b.WriteString(" ")
		b.WriteString(v.Reason)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// KindOf returns the kind of the first fault in err's chain; a cancelled context is Cancelled, a passed
// deadline without a fault around it is Ambiguous (the call may have been made), anything else Unknown.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, context.Canceled):
		return Cancelled
	case errors.Is(err, context.DeadlineExceeded):
		return Ambiguous
	}
	return Unknown
}

// Is reports whether err is a fault of the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// WaitOf returns how long the other side asks us to wait, 0 when it does not say.
func WaitOf(err error) time.Duration {
	if e, told := errors.AsType[*Error](err); told {
		return e.Wait
	}
	return 0
}

// CodeOf returns the provider's code in err, or the kind's word where there is none.
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Code != "" {
		return e.Code
	}
	return KindOf(err).String()
}

// Passing reports whether the same thing may well succeed when it is asked for again later: the failure is of the
// moment, not of what was asked.
func Passing(err error) bool {
	switch KindOf(err) {
	case Unavailable, Ambiguous, Cancelled, Conflict, Throttled, Exhausted:
		return err != nil
	default:
		return false
	}
}

// Trips reports whether a breaker counts the kind as a failure of the provider.
func Trips(kind Kind) bool {
	switch kind {
	case Misconfigured, Unavailable, Ambiguous, Unknown:
		return true
	default:
		return false
	}
}

// Excluded reports whether a breaker leaves the kind out of its counts altogether.
func Excluded(kind Kind) bool { return !Trips(kind) }
