package sms

import (
	"context"

	"carillon/core/customer"
	"carillon/core/message"
)

// Carrier takes texts to the network. Implementations classify every failure as a fault: Refused (number or
// content, for good), Throttled, Exhausted, Misconfigured, Unavailable (not reached), Ambiguous (the text may have
// been taken). They never repeat a call.
type Carrier interface {
	Send(ctx context.Context, t Text) (message.Receipt, error)
}

// Text is one SMS as a carrier sends it.
type Text struct {
	ID       message.ID // for the carrier's own logs; no carrier dedupes it
	To       customer.Address
	Body     string
	Parts    int // billed and rate-limited unit
	Encoding Encoding
	Sender   map[string]string // the route's sender words: sender_id, number
	Urgent   bool              // emergency and regulatory: transactional whatever it costs
}
