// Package sms is what a text message is: whom it can reach, how many parts it is billed as, and what it may say.
// It declares the port of whoever carries it, [Carrier].
package sms

import (
	"context"

	"carillon/core/fault"
	"carillon/core/message"
)

// Channel is the medium on the side of acceptance: it checks numbers and fills templates. Its zero value is ready.
type Channel struct{}

// Sender is the medium on the side of dispatch: it takes accepted messages to one route's carrier.
type Sender struct {
	carrier Carrier
	sender  map[string]string
}

// NewSender binds a carrier and the route's sender words.
func NewSender(carrier Carrier, sender map[string]string) *Sender {
	return &Sender{carrier: carrier, sender: sender}
}

// Send calls the carrier once for each message of the batch, in order, and answers in that order. An answer's error
// is the carrier's fault; Invalid when the message is no text; Cancelled or Unavailable with the code not_begun when
// the context was over before the call.
func (s *Sender) Send(ctx context.Context, batch []message.Taken) []message.Answer {
	answers := make([]message.Answer, len(batch))
	for i, taken := range batch {
		text, err := s.text(taken.Message)
		if err == nil {
			err = fault.NotBegun(ctx, "the text was not begun")
		}
		if err != nil {
			answers[i].Err = err
			continue
		}
		answers[i].Receipt, answers[i].Err = s.carrier.Send(ctx, text)
	}
	return answers
}

// Units is how many parts a message is sent in: what carriers bill and limit. It is one for a message that is no text,
// which is not sent.
func (s *Sender) Units(m message.Message) int {
	c, err := m.Filled()
	if err != nil {
		return 1
	}
	_, parts := Segment(c.Parts[part])
	return len(parts)
}

func (s *Sender) text(m message.Message) (Text, error) {
	c, err := m.Filled()
	if err != nil || c.Parts[part] == "" {
		return Text{}, fault.New(fault.Invalid, "the message holds no text")
	}
	encoding, parts := Segment(c.Parts[part])
	return Text{
		ID: m.ID, To: m.Recipient.Address, Body: c.Parts[part], Parts: len(parts), Encoding: encoding,
		Sender: s.sender, Urgent: m.Urgency <= message.Regulatory,
	}, nil
}
