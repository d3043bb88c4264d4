// Package voice is what a call is: whom it can reach, what it says, when it may be dialled and how often. It
// declares the port of whoever dials, [Dialer].
package voice

import (
	"context"
	"slices"
	"time"

	"carillon/core/fault"
	"carillon/core/message"
)

// Channel is the medium on the side of acceptance: it checks numbers and fills templates. Its zero value is ready.
type Channel struct{}

// Window says when a message's call may be dialled at the called party: from when and, zero for ever, until when.
type Window func(m message.Message) (opens, closes time.Time)

// Sender is the medium on the side of dispatch: it takes accepted messages to one route's dialer.
type Sender struct {
	dialer Dialer
	sender map[string]string
	rule   Attempts
	window Window
}

// NewSender binds a dialer, the route's sender words, the rules of attempt its vendor keeps, and the window of each
// call; a nil window is always open.
func NewSender(dialer Dialer, sender map[string]string, rule Attempts, window Window) *Sender {
	if window == nil {
		window = func(message.Message) (opens, closes time.Time) { return time.Time{}, time.Time{} }
	}
	return &Sender{dialer: dialer, sender: sender, rule: rule, window: window}
}

// Send hands the batch to the dialer, [MaxBatch] calls at a time, and answers in the order of the batch. An answer's
// error is the dialer's fault, of the call or of all that were handed over with it; Ambiguous where the dialer gave
// no answer; Invalid when the message is no call; Cancelled or Unavailable with the code not_begun when the context
// was over before the call.
func (s *Sender) Send(ctx context.Context, batch []message.Taken) []message.Answer {
	answers := make([]message.Answer, len(batch))
	var calls []Call
	var places []int // of the calls in the batch
	for i, taken := range batch {
		opens, closes := s.window(taken.Message)
		call, err := CallOf(taken.Current(), opens, closes, s.rule, s.sender)
		if err != nil {
			answers[i].Err = err
			continue
		}
		calls, places = append(calls, call), append(places, i)
	}
	at := 0
	for chunk := range slices.Chunk(calls, MaxBatch) {
		for _, a := range s.dial(ctx, chunk) {
			answers[places[at]] = a
			at++
		}
	}
	return answers
}

// dial gives every call an answer.
func (s *Sender) dial(ctx context.Context, calls []Call) []Answer {
	err := fault.NotBegun(ctx, "the calls were not begun")
	var answers []Answer
	if err == nil {
		answers, err = s.dialer.Dial(ctx, calls)
	}
	if err == nil && len(answers) != len(calls) {
		err = fault.New(fault.Ambiguous, "the dialer did not answer every call")
	}
	if err == nil {
		return answers
	}
	return slices.Repeat([]Answer{{Err: err}}, len(calls))
}

// CallOf is the call of an accepted message within its window at the called party (a zero closes never closes). It
// expires with the message or when the window closes, whichever is first. fault.Invalid: the message is no call, or
// the window closes before it opens.
func CallOf(m message.Message, opens, closes time.Time, rule Attempts, sender map[string]string) (Call, error) {
	c, err := m.Filled()
	if err != nil || c.Parts[part] == "" {
		return Call{}, fault.New(fault.Invalid, "the message holds no script")
	}
	if !closes.IsZero() && !closes.After(opens) {
		return Call{}, fault.New(fault.Invalid, "the call window closes before it opens")
	}
	expires := m.ExpiresAt
	if !closes.IsZero() && (expires.IsZero() || closes.Before(expires)) {
		expires = closes
	}
	return Call{
		ID: m.ID, Number: m.Recipient.Address, Script: c.Parts[part], Language: m.Recipient.Language, Data: c.Data,
		NotBefore: opens, NotAfter: closes, ExpiresAt: expires, Attempts: rule, Sender: sender,
	}, nil
}
