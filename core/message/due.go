package message

import (
	"strings"
	"time"
)

// WaitReason says why a queued message is not being called now.
type WaitReason string

// The reasons a due row can hold. A breaker's or an operator's pause is read from the lane.
const (
	WaitNew       WaitReason = "new"        // accepted, never tried
	WaitRetry     WaitReason = "retry"      // a try failed; the next one is later
	WaitThrottled WaitReason = "throttled"  // the provider asked us to slow down
	WaitWindow    WaitReason = "window"     // quiet hours at the recipient's
	WaitReturned  WaitReason = "returned"   // claimed and given back uncalled
	WaitOperator  WaitReason = "operator"   // a bug or a person stopped it; a person must release it
	WaitRun       WaitReason = "letter_run" // waits for the next run of LTRPRT
	WaitCalled    WaitReason = "calling"    // claimed: a call is under way
	WaitLeased    WaitReason = "leased"     // leased by a dialer vendor
)

// WaitPace is told of a message that is due while its provider's limit holds its lane back. It is read from the lane's
// pace; no due row holds it.
const WaitPace WaitReason = "pace"

// Due is the narrow row of a message that waits or is being called. A lease is a later At.
type Due struct {
	Lane     Lane
	At       time.Time // when it may be claimed; while claimed: when the lease ends
	Message  ID
	FirstAt  time.Time // when it first came due
	Reason   WaitReason
	Priority int16
	Attempt  int16  // attempts spent
	Seq      int32  // last evidence number known when the row was written
	Fence    int32  // grows with every claim
	Owner    string // who holds the claim; empty while queued
}

// vendorMark begins the owner of a call that a dialer vendor has leased.
const vendorMark = "vendor:"

// VendorOwner is who holds a call that the dialer vendor of the source has leased.
func VendorOwner(source string) string { return vendorMark + source }

// LeasedByVendor reports whether a due row is leased by a dialer vendor, as opposed to claimed by a gateway.
func LeasedByVendor(d *Due) bool { return d != nil && strings.HasPrefix(d.Owner, vendorMark) }

// Fence names a claim: only who still holds it may settle the message.
type Fence struct {
	Lane    Lane
	Lease   time.Time // the At the claim wrote
	Message ID
	Number  int32
}

// FenceOf is the fence of a claimed due row.
func FenceOf(d Due) Fence {
	return Fence{Lane: d.Lane, Lease: d.At, Message: d.Message, Number: d.Fence}
}

// DeadlineKind says what happens when a deadline passes.
type DeadlineKind uint8

// The kinds.
const (
	ReceiptDue DeadlineKind = iota + 1 // sent and nothing heard: unconfirmed
	HoldEnds                           // in doubt and nothing heard: unconfirmed
	Expiry                             // not begun: expired; leased by a vendor: unconfirmed
)

// Deadline is a row of the second narrow table.
type Deadline struct {
	At      time.Time
	Message ID
	Kind    DeadlineKind
}

// Taken is a message that was just claimed, as the claim returns it.
type Taken struct {
	Message Message
	Due     Due        // with the new lease, fence and owner
	Was     WaitReason // why it waited before the claim
	Lapsed  string     // the owner whose claim had lapsed; empty when the row was queued
}

// Current is the message with the expiry that holds now.
func (t Taken) Current() Message {
	m := t.Message
	m.ExpiresAt = m.ExpiryFrom(t.Due.FirstAt)
	return m
}

// Record is a message read back with everything that tells its life.
type Record struct {
	Message  Message
	Due      *Due // nil when the message is settled
	Evidence []Evidence
	Pause    string // why its lane is paused; empty when it is not
}

// Life folds the record.
func (r Record) Life() Life { return Tell(r.Due, r.Evidence) }
