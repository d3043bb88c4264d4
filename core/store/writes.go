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

	"carillon/core/access"
	"carillon/core/agreement"
	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/contact"
	"carillon/core/control"
	"carillon/core/customer"
	"carillon/core/extract"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/notice"
	"carillon/core/todo"
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

// Verdict is what became of one write set.
type Verdict struct {
	Outcome Outcome
	Contact contact.ID      // of Replayed: whom the key belongs to
	What    string          // of Conflict: intake_key, reference, evidence, fence, step, version, report, name, tick, hold, pause, retry, batch, run, thread, reminder, event, todo, or the table of a row that is there
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

// Writes is one write set: what one decision changes. Empty fields change nothing.
type Writes struct {
	Keys         []IntakeKey
	Persons      []customer.Person     // by (source, external id), under Revision-1, 1 for a new one: see [Customers]
	Accounts     []customer.Account    // after Persons, in the same way
	Premises     []customer.Premise    // in the same way
	Agreements   []agreement.Agreement // after Accounts; upsert by (source, external id); a lower Version than stored is a Conflict "version"
	Sightings    []customer.Sighting   // put, after Persons; a person that is not there is passed over
	Contacts     []contact.Contact
	Plans        []notice.Plan
	Steps        []notice.Step
	Messages     []message.Message
	Dues         []message.Due
	Settles      []Settle
	Requeues     []Requeue
	Undues       []Undue
	Evidence     []message.Evidence
	Refs         []ProviderRef
	Deadlines    []message.Deadline
	Undeadlines  []message.ID       // every deadline of the message goes, before Deadlines of the set are put
	Spent        []message.Deadline // deadline rows that go if they still stand at this time, before Deadlines of the set are put
	Counts       []message.Count
	Reports      []message.Report // into the inbox; one that is there already is passed over
	Consumed     []int64          // inbox numbers; the set is a Conflict "report" when one is gone
	Deferred     []Deferral       // inbox rows to look at again later
	Marks        []PointMark
	Suppressions []consent.Suppression // put; one that is there (channel, address, division, reason) is passed over
	Lifted       []consent.Suppression // by channel, address, division and reason
	Runs         []extract.Run         // insert (Version 1) or update under Version-1
	Letters      []extract.Letter
	Pauses       []LanePause
	Trips        []Trip
	Principals   []access.Principal // insert; a name that is there is a Conflict "name"
	Revoked      []Revocation
	Config       *ConfigWrite
	Cursors      []Cursor
	Seals        []Seal
	Growth       *Growth // of the ledger's tree, with Seals
	Folds        []Fold
	Recounts     []Recounted
	Purges       []Purge
	Holds        []Hold
	Unholds      []Unhold
	Ticks        []Tick
	Beats        []Gateway  // put; the last word of a name wins
	Farewells    []Farewell // after Beats
	Spends       []Spend
	Dead         []message.DeadLetter // put or replaced, by message; class and type are read from the contact
	Undead       []message.ID         // dead letters that go, before Dead of the set are put; one that is not there is passed over
	ToDos        []todo.Entry         // opened; where one of the type is open about the same, it is passed over
	Done         []todo.Completion    // before ToDos of the set are opened
	ToDoMoves    []todo.Move          // the set is a Conflict "todo" when an entry is not as its move says, or its user has another in progress
	ToDoPurges   []todo.ID            // complete entries that go with everything that hangs on them; others stay
	Halts        []notice.Halt        // a contact is halted once: the first stays
	Retries      []notice.Retry       // insert; the set is a Conflict "retry" when the former message has one
	Events       []SourceEvent        // insert; one that is there is a Conflict "event"
	Tasks        []contact.Task       // of Revision 1: insert; of a later one: update of the one before it, or the set is a Conflict "version"
	Entries      []ledger.Entry
	Batches      []BatchFlush
	Ranges       []IntakeRange      // insert
	BatchRuns    []control.Run      // insert (Version 1) or update under Version-1; of a batch one may be open: otherwise a Conflict "run"
	BatchThreads []control.Thread   // insert (Version 1) or update under Version-1; a Conflict "thread"; after BatchRuns
	BatchErrors  []control.RowError // put, by run and key
	BatchPauses  []control.Pause
	Reviews      []agreement.Review // put, by account and class
	Claim        *Claim             // after everything else of the set

	Desks         []contact.Desk     // of Revision 1: insert; of a later one: update of the one before it, or the set is a Conflict "version"
	Logs          []contact.Log      // insert
	Reminders     []contact.Reminder // insert
	Reminded      []Reminded
	RemindersDone []ReminderDone // after Reminded of the set
}

// And adds another write set to this one: both are applied, or neither. Only one of the two may claim, write
// configuration, or grow the ledger's tree.
func (w Writes) And(o Writes) Writes {
	w.Keys = append(w.Keys, o.Keys...)
	w.andCustomers(&o)
	w.Contacts = append(w.Contacts, o.Contacts...)
	w.Plans = append(w.Plans, o.Plans...)
	w.Steps = append(w.Steps, o.Steps...)
	w.Messages = append(w.Messages, o.Messages...)
	w.Dues = append(w.Dues, o.Dues...)
	w.Settles = append(w.Settles, o.Settles...)
	w.Requeues = append(w.Requeues, o.Requeues...)
	w.Undues = append(w.Undues, o.Undues...)
	w.Evidence = append(w.Evidence, o.Evidence...)
	w.Refs = append(w.Refs, o.Refs...)
	w.Deadlines = append(w.Deadlines, o.Deadlines...)
	w.Undeadlines = append(w.Undeadlines, o.Undeadlines...)
	w.Spent = append(w.Spent, o.Spent...)
	w.Counts = append(w.Counts, o.Counts...)
	w.Reports = append(w.Reports, o.Reports...)
	w.Consumed = append(w.Consumed, o.Consumed...)
	w.Deferred = append(w.Deferred, o.Deferred...)
	w.Marks = append(w.Marks, o.Marks...)
	w.Suppressions = append(w.Suppressions, o.Suppressions...)
	w.Lifted = append(w.Lifted, o.Lifted...)
	w.Runs = append(w.Runs, o.Runs...)
	w.Letters = append(w.Letters, o.Letters...)
	w.Pauses = append(w.Pauses, o.Pauses...)
	w.Trips = append(w.Trips, o.Trips...)
	w.Principals = append(w.Principals, o.Principals...)
	w.Revoked = append(w.Revoked, o.Revoked...)
	w.Cursors = append(w.Cursors, o.Cursors...)
	w.Seals = append(w.Seals, o.Seals...)
	w.Folds = append(w.Folds, o.Folds...)
	w.Recounts = append(w.Recounts, o.Recounts...)
	w.Purges = append(w.Purges, o.Purges...)
	w.Holds = append(w.Holds, o.Holds...)
	w.Unholds = append(w.Unholds, o.Unholds...)
	w.Ticks = append(w.Ticks, o.Ticks...)
	w.Beats = append(w.Beats, o.Beats...)
	w.Farewells = append(w.Farewells, o.Farewells...)
	w.Spends = append(w.Spends, o.Spends...)
	w.Dead = append(w.Dead, o.Dead...)
	w.Undead = append(w.Undead, o.Undead...)
	w.andToDos(o)
	w.Halts = append(w.Halts, o.Halts...)
	w.Retries = append(w.Retries, o.Retries...)
	w.Entries = append(w.Entries, o.Entries...)
	w.Batches = append(w.Batches, o.Batches...)
	w.Ranges = append(w.Ranges, o.Ranges...)
	w.Events = append(w.Events, o.Events...)
	w.Tasks = append(w.Tasks, o.Tasks...)
	w.andControls(&o)
	w.andReviews(&o)
	w.andFiles(&o)
	w.andSingles(&o)
	return w
}

// andSingles adds what a set has one of.
func (w *Writes) andSingles(o *Writes) {
	if o.Claim != nil {
		w.Claim = o.Claim
	}
	if o.Growth != nil {
		w.Growth = o.Growth
	}
	if o.Config != nil {
		w.Config = o.Config
	}
}

// andCustomers adds persons and what they have.
func (w *Writes) andCustomers(o *Writes) {
	w.Persons = append(w.Persons, o.Persons...)
	w.Accounts = append(w.Accounts, o.Accounts...)
	w.Premises = append(w.Premises, o.Premises...)
	w.Agreements = append(w.Agreements, o.Agreements...)
	w.Sightings = append(w.Sightings, o.Sightings...)
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
