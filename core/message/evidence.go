package message

import "time"

// EvidenceKind says what was seen of a message.
type EvidenceKind uint8

// The kinds. The first group are ends of attempts, the second ends without a call, the third what reports say.
// They are stored as numbers and never renumbered.
const (
	Sent     EvidenceKind = 1 // the provider took it
	Retried  EvidenceKind = 2 // the call failed and will be made again
	Refused  EvidenceKind = 3 // the provider says no for good
	GaveUp   EvidenceKind = 4 // the call failed and will not be made again
	Doubtful EvidenceKind = 5 // the call may have been made and the answer is lost

	Suppressed EvidenceKind = 11
	CancelledE EvidenceKind = 12
	ExpiredE   EvidenceKind = 13
	Silent     EvidenceKind = 14 // the receipt deadline or the hold passed and nothing was heard

	Delivered EvidenceKind = 21
	Failed    EvidenceKind = 22 // bounced, undeliverable, returned, no answer, refused
	Noted     EvidenceKind = 23 // seen on the way: accepted, printed, delayed, complained; changes no outcome

	Replayed EvidenceKind = 31 // a person put it back into the queue; Ref is the request that did
)

// String is the kind's word.
func (k EvidenceKind) String() string {
	switch k {
	case Sent:
		return "sent"
	case Retried:
		return "retried"
	case Refused:
		return "refused"
	case GaveUp:
		return "gave_up"
	case Doubtful:
		return "doubtful"
	case Suppressed:
		return "suppressed"
	case CancelledE:
		return "cancelled"
	case ExpiredE:
		return "expired"
	case Silent:
		return "silent"
	case Delivered:
		return "delivered"
	case Failed:
		return "failed"
	case Noted:
		return "noted"
	case Replayed:
		return "replayed"
	}
	return "unknown"
}

// IsAttempt reports whether the evidence is the end of a call we made.
func (k EvidenceKind) IsAttempt() bool { return k >= Sent && k <= Doubtful }

// Evidence is one thing seen of a message. (Message, Seq) is unique: a decision writes Seq + 1, and a collision
// is a lost race.
type Evidence struct {
	Message  ID
	Seq      int32
	At       time.Time
	Kind     EvidenceKind
	Attempt  int16         // which attempt it ended; 0 when it is not the end of one
	Reason   string        // closed word: no_contact_point, bounced, stop_received, quiet_hours …
	Code     string        // the provider's own code
	Provider string        // who said it
	Ref      string        // the provider's reference of the message
	Took     time.Duration // of an attempt: how long the call took
}

// Place is one of the nine places a message is always in exactly one of.
type Place uint8

// The places; their order is that of the conservation equation. They are stored as numbers.
const (
	Pending Place = iota + 1
	InDoubt
	AtSent
	AtDelivered
	AtUnconfirmed
	AtFailed
	AtSuppressed
	AtCancelled
	AtExpired
)

// Accepted is what the nine places add up to; in a counter row it counts acceptances.
const Accepted Place = 0

// Places lists the nine.
func Places() []Place {
	return []Place{Pending, InDoubt, AtSent, AtDelivered, AtUnconfirmed, AtFailed, AtSuppressed, AtCancelled, AtExpired}
}

// String is the place's word in tables, metrics and the API.
func (p Place) String() string {
	switch p {
	case Accepted:
		return "accepted"
	case Pending:
		return "pending"
	case InDoubt:
		return "in_doubt"
	case AtSent:
		return "sent"
	case AtDelivered:
		return "delivered"
	case AtUnconfirmed:
		return "unconfirmed"
	case AtFailed:
		return "failed"
	case AtSuppressed:
		return "suppressed"
	case AtCancelled:
		return "cancelled"
	case AtExpired:
		return "expired"
	}
	return "unknown"
}

// Final reports whether nothing more is expected of a message in the place.
func (p Place) Final() bool {
	switch p {
	case AtDelivered, AtUnconfirmed, AtFailed, AtSuppressed, AtCancelled, AtExpired:
		return true
	default:
		return false
	}
}

// Fallen reports whether the place means that the recipient was not reached, so that the plan moves on.
// Unconfirmed is not a failure: nothing says so.
func (p Place) Fallen() bool {
	switch p {
	case AtFailed, AtSuppressed, AtExpired:
		return true
	default:
		return false
	}
}

// Dead reports whether a message in the place is a dead letter: it ended without a proof that anybody was reached, or
// nobody knows. What was cancelled was meant to end.
func (p Place) Dead() bool { return p.Fallen() || p == AtUnconfirmed || p == InDoubt }

// Count is one delta of the conservation counters.
type Count struct {
	Hour    time.Time // of the message's acceptance
	Channel Channel
	Urgency Urgency
	Place   Place
	Delta   int64
}
