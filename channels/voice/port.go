package voice

import (
	"context"
	"time"

	"carillon/core/customer"
	"carillon/core/message"
)

// Dialer hands calls to a vendor that dials them. The vendor dedupes a call by its id, so a call may be handed over
// again. One call to Dial takes at most MaxBatch calls. The answers stand in the order of the calls; the error is of
// the whole batch (Throttled: no capacity; Misconfigured; Unavailable; Ambiguous: some may have been taken).
type Dialer interface {
	Dial(ctx context.Context, calls []Call) ([]Answer, error)
}

// MaxBatch is how many calls one push takes (PutDialRequestBatch of Amazon Connect outbound campaigns: 25).
const MaxBatch = 25

// Answer is what the vendor said to one call: a receipt, or a fault (Refused, Throttled, Unavailable).
type Answer = message.Answer

// Call is one call request, pushed or leased; the contracts say how a feed writes it.
type Call struct {
	ID        message.ID
	Number    customer.Address
	Script    string
	Language  string
	Data      map[string]any
	NotBefore time.Time // the call window at the called party
	NotAfter  time.Time
	ExpiresAt time.Time
	Attempts  Attempts
	Sender    map[string]string // the route's sender words: campaign, caller_id
}

// Attempts are the rules of attempt a vendor keeps for a call.
type Attempts struct {
	Max   int           // tries in all
	Pause time.Duration // between tries
}

// DefaultAttempts are the rules a vendor keeps where a route says nothing else.
func DefaultAttempts() Attempts { return Attempts{Max: 3, Pause: 30 * time.Minute} }
