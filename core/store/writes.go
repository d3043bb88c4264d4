// Package store declares the ports of the store: facts to read, and the one write set to apply.
//
// There is one way into the tables. A verb gathers facts, decides, and hands over one [Writes]; [Applier.Apply]
// applies it in one transaction or not at all. Many write sets may share a transaction (group commit on
// acceptance, the settle batch, the jobs); each is all or nothing alone: a set whose key, version, number or fence
// lost gets Conflict and its neighbours commit. Of equal keys within one call the first wins and the others are
// answered from it.
package store

import (
	"context"
	"time"

	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/message"
)

// Applier is the one way into the tables.
type Applier interface {
	// Apply applies the write sets, all of them in as few transactions as it takes, in the order given. The
	// verdicts stand in the order of the sets. The error is of the whole call (fault.Unavailable: nothing was
	// applied; fault.Ambiguous: the commit's answer was lost); a set that lost is told by its verdict.
	Apply(ctx context.Context, sets ...Writes) ([]Verdict, error)
}

// Outcome is what became of one write set.
type Outcome uint8

// The outcomes.
const (
	Applied  Outcome = iota + 1
	Replayed         // its intake key was there with the same hash: nothing was written, Contact answers
	Conflict         // its key was there with another hash, or a version, number or fence lost: nothing was written
)

// Loss is what a write set lost by.
type Loss string

// What a write set may lose by: a key or a row that is there, or one that has changed.
const (
	LostIntakeKey     Loss = "intake_key"     // its key was there with another hash
	LostReference     Loss = "reference"      // its source's reference was there with another hash
	LostContact       Loss = "contact"        // a contact, or its plan, is there
	LostStep          Loss = "step"           // the step has started
	LostEvidence      Loss = "evidence"       // the message moved on
	LostFence         Loss = "fence"          // somebody else has the claim
	LostVersion       Loss = "version"        // another write came first
	LostRevision      Loss = "revision"       // the same of a customer's object
	LostReport        Loss = "report"         // the report is gone from the inbox
	LostName          Loss = "name"           // the name is taken
	LostTick          Loss = "tick"           // the chore ran at this time
	LostHold          Loss = "hold"           // the hold is not in force, or one like it is
	LostPause         Loss = "pause"          // the pause is another's
	LostRetry         Loss = "retry"          // the message has been replaced
	LostBatch         Loss = "batch"          // the batch is another source's
	LostRun           Loss = "run"            // the batch has an open run
	LostThread        Loss = "thread"         // another gateway has the thread
	LostReminder      Loss = "reminder"       // the reminder does not wait
	LostEvent         Loss = "event"          // the event was raised before
	LostToDo          Loss = "todo"           // the To Do is not as its move says
	LostAccountPerson Loss = "account_person" // the person is on the account
	LostContactTask   Loss = "contact_task"   // the task is there
	LostIntakeRange   Loss = "intake_range"   // the stretch is there
	LostPerson        Loss = "person"         // the person is there
	LostPlan          Loss = "plan"           // the plan is there
	LostPoint         Loss = "point"          // the contact point is there
	LostIdentifier    Loss = "identifier"     // another person has an identifier that only one may have
	LostLog           Loss = "log"            // the log entry is there
	LostMessage       Loss = "message"        // the message is there
)

// Verdict is what became of one write set.
type Verdict struct {
	Outcome Outcome
	Contact contact.ID      // of Replayed: whom the key belongs to
	What    Loss            // of Conflict: what it lost by
	Claimed []message.Taken // of an applied Claim
	Purged  int64           // rows that applied Purges took away
}

// KeyKind separates the uses of the intake key table.
type KeyKind uint8

// The kinds of key.
const (
	IdempotencyKey  KeyKind = iota + 1 // source, Idempotency-Key → request hash, contact
	SourceReference                    // source, source reference → request hash, contact
	RetryKey                           // source, Idempotency-Key of a retry → request hash, contact
	EventKey        KeyKind = 16       // source, Idempotency-Key of a system event → hash of the event; no contact
)

// IntakeKey makes a request unique within its source for the key table's window (400 days).
type IntakeKey struct {
	Kind     KeyKind
	Source   string
	Division string // the key's own; seen only there
	Key      string
	Hash     [32]byte // of the normalised request
	Contact  contact.ID
	At       time.Time
}

// Settle removes the due row of a claim. The write set is a Conflict unless the fence still holds.
type Settle struct{ Fence message.Fence }

// Requeue returns a claimed message to the queue under its fence, or, with Keep, moves the end of its lease: the claim
// stays, under a fence whose Lease is the new At.
type Requeue struct {
	Fence   message.Fence
	At      time.Time // when it is due again, or the lease's new end
	Reason  message.WaitReason
	Attempt int16
	Seq     int32
	Keep    bool // extend the lease: the owner stays
}

// Undue removes the due row of a queued message (cancel, expiry, suppression). The write set is a Conflict when
// the row is gone or claimed.
type Undue struct{ Message message.ID }

// PointMark marks contact points that hold the address as undeliverable, or usable again when Since is zero.
type PointMark struct {
	Kind  customer.PointKind
	Value customer.Address
	Point customer.PointID // 0: every point with the value
	Since time.Time
}

// ProviderRef lets a report find its message by the provider's reference.
type ProviderRef struct {
	Provider string
	Ref      string
	Message  message.ID
	At       time.Time
}

// Claim takes queued or lapsed messages of one lane under an owner until Lease. A row that still has an owner is a
// lapsed claim: it comes back with that owner in Taken.Lapsed. Rows come earliest due first. Attempt and Seq
// of the row stay as they are (a settlement writes them), its Reason becomes the
// claim's, and the fence grows by one. A lane with a pause that
// has not run out gives nothing.
type Claim struct {
	Lane   message.Lane
	Now    time.Time
	Lease  time.Time // until when
	Owner  string
	Reason message.WaitReason // what the row says while it is held: a call, a lease, a letter run; empty: a call
	Limit  int
	Low    time.Time // a hint: no row is due before it (zero: none). Rows before it are found by a claim without the hint.
}

// LanePause stops or resumes a lane. Until is zero for a pause that a person must lift.
type LanePause struct {
	Lane   message.Lane
	Paused bool
	Reason string
	Until  time.Time
	By     string
	// Only is set by a resume that lifts nothing but a pause set by this By; the set is a Conflict "pause" when there is
	// none. It is not read back.
	Only string
	// Release is set by a resume: what waits for a person in the lane ([message.WaitOperator]) is due from then on. It is
	// not read back.
	Release time.Time
}

// Trip holds a breaker open on every gateway until a person resets it, or resets it.
type Trip struct {
	Adapter string
	Route   string
	Tripped bool
	Number  int64 // how many orders the breaker was given: the store counts them, and a gateway follows each once
	Reason  string
	By      string
	At      time.Time
}

// Writes is one write set: what one decision changes, by noun. A group that is nil changes nothing, and neither does an
// empty field of one. [Of] reads a group, [In] writes to one.
type Writes struct {
	Intake   *IntakeWrites
	Customer *CustomerWrites
	Contact  *ContactWrites
	Desk     *DeskWrites
	Event    *EventWrites
	Message  *MessageWrites
	Report   *ReportWrites
	Consent  *ConsentWrites
	Letter   *LetterWrites
	Lane     *LaneWrites
	Admin    *AdminWrites
	Ledger   *LedgerWrites
	Upkeep   *UpkeepWrites
	Fleet    *FleetWrites
	ToDo     *ToDoWrites
	Batch    *BatchWrites
}

// Of is a group for reading: empty when it is nil.
func Of[G any](group *G) *G {
	if group == nil {
		return new(G)
	}
	return group
}

// In is a group for writing, made when there is none. A copy of the set shares it: copy with [Writes.Clone].
func In[G any](group **G) *G {
	if *group == nil {
		*group = new(G)
	}
	return *group
}

// Clone is a set whose groups are its own; their rows are shared until they are appended to.
func (w Writes) Clone() Writes {
	return Writes{
		Intake:   cloned(w.Intake),
		Customer: cloned(w.Customer),
		Contact:  cloned(w.Contact),
		Desk:     cloned(w.Desk),
		Event:    cloned(w.Event),
		Message:  cloned(w.Message),
		Report:   cloned(w.Report),
		Consent:  cloned(w.Consent),
		Letter:   cloned(w.Letter),
		Lane:     cloned(w.Lane),
		Admin:    cloned(w.Admin),
		Ledger:   cloned(w.Ledger),
		Upkeep:   cloned(w.Upkeep),
		Fleet:    cloned(w.Fleet),
		ToDo:     cloned(w.ToDo),
		Batch:    cloned(w.Batch),
	}
}

func cloned[G any](group *G) *G {
	if group == nil {
		return nil
	}
	own := *group
	return &own
}

// And adds another write set to this one: both are applied, or neither. Only one of the two may claim, write
// configuration, or grow the ledger's tree.
func (w Writes) And(o Writes) Writes {
	return Writes{
		Intake:   joined(w.Intake, o.Intake, (*IntakeWrites).and),
		Customer: joined(w.Customer, o.Customer, (*CustomerWrites).and),
		Contact:  joined(w.Contact, o.Contact, (*ContactWrites).and),
		Desk:     joined(w.Desk, o.Desk, (*DeskWrites).and),
		Event:    joined(w.Event, o.Event, (*EventWrites).and),
		Message:  joined(w.Message, o.Message, (*MessageWrites).and),
		Report:   joined(w.Report, o.Report, (*ReportWrites).and),
		Consent:  joined(w.Consent, o.Consent, (*ConsentWrites).and),
		Letter:   joined(w.Letter, o.Letter, (*LetterWrites).and),
		Lane:     joined(w.Lane, o.Lane, (*LaneWrites).and),
		Admin:    joined(w.Admin, o.Admin, (*AdminWrites).and),
		Ledger:   joined(w.Ledger, o.Ledger, (*LedgerWrites).and),
		Upkeep:   joined(w.Upkeep, o.Upkeep, (*UpkeepWrites).and),
		Fleet:    joined(w.Fleet, o.Fleet, (*FleetWrites).and),
		ToDo:     joined(w.ToDo, o.ToDo, (*ToDoWrites).and),
		Batch:    joined(w.Batch, o.Batch, (*BatchWrites).and),
	}
}

// joined is what two sets have of a group.
func joined[G any](a, b *G, and func(to, from *G)) *G {
	switch {
	case b == nil:
		return a
	case a == nil:
		return b
	}
	both := *a
	and(&both, b)
	return &both
}

// Deferral puts off the next look at a report whose message is not settled or not known yet.
type Deferral struct {
	Number int64
	At     time.Time
}

// Revocation ends a principal's key.
type Revocation struct {
	Name string
	At   time.Time
}

// ConfigWrite stores a configuration under the next version. It is a Conflict "version" when Version is there.
type ConfigWrite struct {
	Version int64
	Rows    []config.Row
	At      time.Time
	By      string
}

// Cursor is how far a named reader has got: the next leaf it wants. Cursors only go forward, from From.
type Cursor struct {
	Name string
	From int64 // what it must be now; the set is a Conflict "version" otherwise
	Next int64
}

// Mark is a stretch of ledger entries that one transaction appended and nobody has sealed: First, First+1 and so on.
type Mark struct {
	First int64
	N     int64
}

// Seal numbers a marked stretch as leaves and removes its mark. Leaves are dense: the set is a Conflict "version"
// when FirstLeaf is not the next one, or the mark is gone.
type Seal struct {
	Mark      Mark
	FirstLeaf int64
	At        time.Time
}

// Fold replaces the counter deltas of closed hours by their sums.
type Fold struct{ Before time.Time }

// Tick makes one occurrence of a chore exclusive: the set is a Conflict "tick" when (Chore, At) is there.
type Tick struct {
	Chore string
	At    time.Time
	By    string
}
