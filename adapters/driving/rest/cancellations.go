package rest

import (
	"context"
	"time"

	"carillon/core/contact"
	"carillon/core/desk/counter"
	"carillon/core/fault"
	"carillon/core/message"
)

func (s *server) cancellationOperations() []operation {
	return []operation{
		op("cancelMany", s.cancelMany),
	}
}

// CancellationRequest is what shall not leave. Give one of `contact`, `batch` and `query`.
type CancellationRequest struct {
	Contact string         `json:"contact,omitzero"`
	Batch   string         `json:"batch,omitzero"`
	Query   *WaitingFilter `json:"query,omitzero"`
	Reason  string         `json:"reason,omitzero"`
	DryRun  *bool          `json:"dryRun,omitzero"`
	After   string         `json:"after,omitzero"`
}

// WaitingFilter is which waiting messages are meant. What is left out asks for nothing; something must be asked for.
type WaitingFilter struct {
	Division      string          `json:"division,omitzero"`
	Channel       message.Channel `json:"channel,omitzero"`
	Route         string          `json:"route,omitzero"`
	Urgency       string          `json:"urgency,omitzero"`
	Class         string          `json:"class,omitzero"`
	Type          string          `json:"type,omitzero"`
	AcceptedFrom  time.Time       `json:"acceptedFrom,omitzero"`
	AcceptedUntil time.Time       `json:"acceptedUntil,omitzero"`
}

// CancellationAnswer is what a cancellation did, or would do.
type CancellationAnswer struct {
	DryRun    bool   `json:"dryRun"`
	Contacts  int    `json:"contacts"`
	Cancelled int    `json:"cancelled"`
	Recalled  int    `json:"recalled"`
	UnderWay  int    `json:"underWay"`
	Halted    int    `json:"halted"`
	Lost      int    `json:"lost"`
	Next      string `json:"next,omitzero"`
}

// cancelMany stops what has not begun, or says what that would do.
func (s *server) cancelMany(ctx context.Context, c call[CancellationRequest]) (answer[CancellationAnswer], error) {
	ask := counter.Cancellation{
		Batch: c.body.Batch, Reason: c.body.Reason, DryRun: yes(c.body.DryRun, true),
	}
	var err error
	if c.body.Contact != "" {
		if ask.Contact, err = contact.ParseID(c.body.Contact); err != nil {
			return failed[CancellationAnswer](fault.New(fault.NotFound, "there is no such contact"))
		}
	}
	if q := c.body.Query; q != nil {
		ask.Query = &counter.WaitFilter{
			Division: q.Division, Channel: q.Channel, Route: q.Route, Urgency: urgencyOf(q.Urgency), Class: q.Class,
			Type: q.Type, AcceptedFrom: q.AcceptedFrom, AcceptedUntil: q.AcceptedUntil,
		}
	}
	if ask.After, err = cancelCursor(c.body.After); err != nil {
		return failed[CancellationAnswer](err)
	}
	done, err := s.Failures.CancelMany(ctx, c.now, c.caller, ask)
	if err != nil {
		return failed[CancellationAnswer](err)
	}
	out := CancellationAnswer{
		DryRun: ask.DryRun, Contacts: done.Contacts, Cancelled: done.Cancelled, Recalled: done.Recalled, UnderWay: done.UnderWay,
		Halted: done.Halted, Lost: done.Lost,
	}
	if n := done.Next; n != nil {
		next := n.Contact.String()
		if n.Contact == 0 {
			next = n.Message.String()
		}
		out.Next = next
	}
	return ok(out), nil
}

func cancelCursor(text string) (c counter.CancelCursor, err error) {
	const contactDigits = 10
	switch {
	case text == "":
		return c, nil
	case len(text) == contactDigits:
		c.Contact, err = contact.ParseID(text)
	default:
		c.Message, err = message.ParseID(text)
	}
	if err != nil {
		return c, fault.Refuse(fault.Violation{Field: "/after", Reason: "is a cursor that was given out"})
	}
	return c, nil
}
