package message

import (
	"time"

	"carillon/core/customer"
)

// Saying is what a report says, in our words.
type Saying string

// The sayings.
const (
	SaysTaken     Saying = "taken"       // the provider accepted it
	SaysDelivered Saying = "delivered"   // the recipient was reached
	SaysFailed    Saying = "failed"      // the recipient was not reached, for good
	SaysNoted     Saying = "noted"       // on the way: printed, delayed
	SaysReturned  Saying = "handed_back" // a leased call that was not dialled: back to the queue
	SaysReply     Saying = "reply"       // the recipient wrote back: STOP, HELP, START
)

// Report is what a provider says later, as kept in the one inbox. It finds its message by our own id where the
// provider carries it, else by the provider's reference.
type Report struct {
	Provider string // who says it; with Key what it is deduplicated by
	Key      string // the provider's own id of this report
	Message  ID     // zero when the provider does not carry our id
	Ref      string // the provider's reference, empty when it carries our id
	At       time.Time
	Says     Saying
	Reason   string // closed word
	Code     string // the provider's own word
	// A report that shows the contact point to be unusable, or the recipient's wish, carries what follows.
	Undeliverable bool             // hard bounce, invalid number, returned mail
	Suppress      string           // reason to suppress the address from now on: complaint, do_not_call; empty: none
	From          customer.Address // of a reply: who wrote
	To            string           // of a reply: to which of our senders
	Word          string           // of a reply: the keyword in capitals
}

// Receipt is a provider's "taken".
type Receipt struct {
	Ref string // the provider's reference; may be empty where it carries our id
}

// Answer is what a channel says to one message of a call: a receipt, or a fault.
type Answer struct {
	Receipt Receipt
	Err     error
}
