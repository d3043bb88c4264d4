package email

import (
	"context"

	"carillon/core/customer"
	"carillon/core/message"
)

// Mailer takes mails to the network. Implementations classify every failure as a fault: Refused (address or
// content, for good), Throttled, Exhausted, Misconfigured, Unavailable (not reached), Ambiguous (the mail may have
// been taken). They never repeat a call.
type Mailer interface {
	Send(ctx context.Context, m Mail) (message.Receipt, error)
}

// Mail is one email as a mailer sends it.
type Mail struct {
	ID      message.ID // travels as a tag, so that events can be told apart
	To      customer.Address
	Subject string
	Text    string
	HTML    string            // may be empty
	Headers map[string]string // extra headers, as List-Unsubscribe
	Sender  map[string]string // the route's sender words: from, reply_to, configuration_set
}
