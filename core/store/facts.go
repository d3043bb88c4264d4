package store

import (
	"context"
	"slices"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/extract"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/todo"
)

// Every method below may return fault.Unavailable; what else it may return stands with it. Times are UTC with
// microseconds; a zero time is stored as none.

// Principals finds who asks.
type Principals interface {
	// Principal returns the principal of a key; fault.Unauthorized when there is none or it is revoked.
	Principal(ctx context.Context, hash access.KeyHash) (access.Principal, error)
	// PrincipalList lists all principals, by name.
	PrincipalList(ctx context.Context) ([]access.Principal, error)
}

// Numbers hands out identifiers from sequences in blocks.
type Numbers interface {
	// Numbers reserves n consecutive numbers of the sequence ("person", "point", "contact", "hold", "log", "account", "premise",
	// "agreement", "todo") and returns the first. Numbers are never handed out twice; gaps are lawful. Ten-digit sequences
	// start at 1 000 000 001, that of To Dos at 20 000 000 000 001: below it are those of a release that let the table number
	// them.
	Numbers(ctx context.Context, sequence string, n int) (first int64, err error)
}

// Contacts reads contacts and what became of them.
type Contacts interface {
	// Contact returns a contact with its plan, steps and messages; fault.NotFound.
	Contact(ctx context.Context, id contact.ID) (ContactView, error)
	// Key returns the contact that an intake key belongs to, with its hash; fault.NotFound.
	Key(ctx context.Context, kind KeyKind, source, key string) (IntakeKey, error)
	// Messages returns the messages with their due rows and evidence, in the order asked; unknown ones are left out.
	Messages(ctx context.Context, ids []message.ID) ([]message.Record, error)
}

// Many reads for many at once. What is not there is left out; the order is any.
type Many interface {
	// Persons returns persons as [Customers] does.
	Persons(ctx context.Context, ids []customer.PersonID) ([]customer.Person, error)
	// PersonsByExternal returns the persons a source knows by the external ids.
	PersonsByExternal(ctx context.Context, source string, externalIDs []string) ([]customer.Person, error)
	// ContactViews returns contacts as [Contacts] does.
	ContactViews(ctx context.Context, ids []contact.ID) ([]ContactView, error)
	// Keys returns intake keys.
	Keys(ctx context.Context, kind KeyKind, source string, keys []string) ([]IntakeKey, error)
}

// ContactView is a contact read back with everything that hangs on it.
type ContactView struct {
	Contact  contact.Contact
	Plan     plan.Plan
	Steps    []plan.Step
	Messages []message.Record // in the order of the steps; then those that replaced one, in the order they did
	Retries  []plan.Retry     // in the order they were made
	Halted   bool             // no further step starts
	File     contact.File     // what hangs on it at the desk; filled by the desk when it shows a contact
}

// Views puts what was read of contacts together, in the order of the contacts. Plans, steps and retries may come in any
// order of contacts; those of one contact come in theirs.
func Views(contacts []contact.Contact, plans []plan.Plan, steps []plan.Step, retries []plan.Retry, halts []contact.ID, records map[message.ID]*message.Record) []ContactView {
	views := make([]ContactView, len(contacts))
	at := make(map[contact.ID]*ContactView, len(contacts))
	for i, c := range contacts {
		views[i] = ContactView{Contact: c, Plan: plan.Plan{Contact: c.ID}}
		at[c.ID] = &views[i]
	}
	add := func(v *ContactView, id message.ID) {
		if r, known := records[id]; known {
			v.Messages = append(v.Messages, *r)
		}
	}
	for _, p := range plans {
		if v, known := at[p.Contact]; known {
			v.Plan = p
		}
	}
	for _, s := range steps {
		if v, known := at[s.Contact]; known {
			v.Steps = append(v.Steps, s)
			add(v, s.Message)
		}
	}
	for _, r := range retries {
		if v, known := at[r.Contact]; known {
			v.Retries = append(v.Retries, r)
			add(v, r.Message)
		}
	}
	for _, id := range halts {
		if v, known := at[id]; known {
			v.Halted = true
		}
	}
	return views
}

// Retry returns what replaced the message.
func (v ContactView) Retry(former message.ID) (plan.Retry, bool) {
	i := slices.IndexFunc(v.Retries, func(r plan.Retry) bool { return r.Former == former })
	if i < 0 {
		return plan.Retry{}, false
	}
	return v.Retries[i], true
}

// Failures reads what ended badly, what can still be stopped, and what hangs on both.
type Failures interface {
	// DeadLetters returns dead letters in the place after the cursor, newest first.
	DeadLetters(ctx context.Context, place message.Place, after message.DeadCursor, limit int) ([]message.DeadLetter, error)
	// Waiting returns messages that have a due row, by id: those after after and before until.
	Waiting(ctx context.Context, after, until message.ID, limit int) ([]message.Record, error)
	// ContactViews returns the contacts with everything that hangs on them, by id; unknown ones are left out.
	ContactViews(ctx context.Context, ids []contact.ID) ([]ContactView, error)
}

// ToDos reads To Do entries.
type ToDos interface {
	// ToDo returns an entry; fault.NotFound.
	ToDo(ctx context.Context, id todo.ID) (todo.Entry, error)
	// ToDoLog returns what happened to an entry, in its order.
	ToDoLog(ctx context.Context, id todo.ID) ([]todo.LogRow, error)
	// ToDoList returns entries of the filter after the one of the id: those that are not complete by priority, sort keys
	// and age; complete ones, and those that are to be routed, by id.
	ToDoList(ctx context.Context, f todo.Filter, after todo.ID, limit int) ([]todo.Entry, error)
	// ToDoCount says how many entries the filter means.
	ToDoCount(ctx context.Context, f todo.Filter) (int64, error)
	// ToDosToPurge returns complete entries that are kept no longer, the oldest first.
	ToDosToPurge(ctx context.Context, r todo.Retention, limit int) ([]todo.ID, error)
}

// Gatekeeper reads what the gate decides from.
type Gatekeeper interface {
	// GateFacts returns the facts of each message, in order, in one round trip.
	GateFacts(ctx context.Context, messages []message.Message) ([]consent.Facts, error)
	// Suppressions lists the suppressions of an address on a channel.
	Suppressions(ctx context.Context, channel message.Channel, address customer.Address) ([]consent.Suppression, error)
}

// Inbox reads reports that wait.
type Inbox interface {
	// Inbox returns reports whose next look is due, oldest first, each with the message it is about when it can
	// be found: by its own id, else by provider and reference.
	Inbox(ctx context.Context, now time.Time, limit int) ([]Inboxed, error)
	// LastTo returns the newest message sent to the address on the channel, to give a reply its division and
	// route; fault.NotFound.
	LastTo(ctx context.Context, channel message.Channel, address customer.Address) (message.Message, error)
	// Deadlines returns deadlines that have passed, oldest first, each with its message.
	Deadlines(ctx context.Context, now time.Time, limit int) ([]Passed, error)
}

// Inboxed is a report as it waits.
type Inboxed struct {
	Number     int64
	Report     message.Report
	ReceivedAt time.Time
	Record     *message.Record // nil while its message is not known
}

// Passed is a deadline that has passed.
type Passed struct {
	Deadline message.Deadline
	Record   message.Record
}

// Configs reads the configuration.
type Configs interface {
	// LatestConfig returns the newest version, 0 when none was written.
	LatestConfig(ctx context.Context) (version int64, err error)
	// ConfigRows returns the rows of a version; fault.NotFound.
	ConfigRows(ctx context.Context, version int64) ([]config.Row, error)
	// ConfigVersions lists the versions before one, newest first; before 0, all.
	ConfigVersions(ctx context.Context, before int64, limit int) ([]ConfigVersion, error)
}

// ConfigVersion says when a version of the configuration was written, and by whom.
type ConfigVersion struct {
	Version int64
	At      time.Time
	By      string
}

// Lanes reads what waits.
type Lanes interface {
	// LaneStates returns every lane that has rows or a pause. It reads a bounded number of rows of each ([LaneBound]).
	LaneStates(ctx context.Context, now time.Time) ([]LaneState, error)
	// NextDue returns when the earliest row of the lane is due; the zero time when there is none.
	NextDue(ctx context.Context, lane message.Lane) (time.Time, error)
}

// Breakers reads what persons have ordered of breakers.
type Breakers interface {
	// Trips returns the last order of every breaker that was ever given one, by adapter and route.
	Trips(ctx context.Context) ([]Trip, error)
}

// LaneBound is how many rows of a lane are counted at most: of those that are due, and of those that are not, which is
// where claims are.
const LaneBound = 10_000

// LaneState is a lane with its backlog and its pause.
type LaneState struct {
	Lane      message.Lane
	Queued    int64
	Claimed   int64
	AtLeast   bool      // a bound was reached: Queued and Claimed are what was counted until then
	OldestDue time.Time // the earliest FirstAt among the rows counted that are due now; zero when none is
	Pause     LanePause
}

// Ledger reads what happened.
type Ledger interface {
	// Marks returns unsealed stretches in the order they committed, as near as can be told.
	Marks(ctx context.Context, limit int) ([]Mark, error)
	// NextLeaf returns the number the next sealed entry gets.
	NextLeaf(ctx context.Context) (int64, error)
	// Leaves returns sealed entries from the leaf number on.
	Leaves(ctx context.Context, from int64, limit int) ([]ledger.Leaf, error)
	// CursorAt returns how far a named reader has got: the next leaf it wants; 0 for a new one.
	CursorAt(ctx context.Context, name string) (int64, error)
}

// Runs reads runs of LTRPRT and their letters.
type Runs interface {
	// OpenRun returns the unfinished run of a batch, one whose manifest was not handed over; fault.NotFound.
	OpenRun(ctx context.Context, batch string) (extract.Run, error)
	// RunList returns runs of a batch, the newest first, those below a number where one is given.
	RunList(ctx context.Context, batch string, below int64, limit int) ([]extract.Run, error)
	// Letters returns letters of a run in order of their number, from the number after on.
	Letters(ctx context.Context, batch string, run, after int64, limit int) ([]extract.Letter, error)
	// Unsent returns letters of a run whose message still has a due row, with that row, in order of their number, from
	// the number after on.
	Unsent(ctx context.Context, batch string, run, after int64, limit int) ([]FrozenLetter, error)
}

// FrozenLetter is a letter of an open run that was not settled yet, with what settling needs.
type FrozenLetter struct {
	Letter extract.Letter
	Record message.Record
}

// Health exercises the store.
type Health interface {
	// Check writes and reads back, and fails while there is still room when the room ahead comes to its end; it returns
	// within the context's deadline.
	Check(ctx context.Context) error
}

// Store is everything a store does; only what wires the program names it. Each user declares the part it needs.
type Store interface { //nolint:interfacebloat // the sum of the small ones; only what wires the program names it
	Applier
	Principals
	Numbers
	Customers
	Accounts
	Premises
	Agreements
	Search
	Contacts
	Many
	Batches
	Events
	Failures
	ToDos
	Gatekeeper
	Inbox
	Configs
	Lanes
	Breakers
	Ledger
	Log
	Runs
	Recovery
	Conservation
	Upkeep
	Holds
	Fleet
	Controls
	FailedRuns
	Deposits
	Health
	DeskFiles
	Reminders
	// Close waits for what is under way.
	Close() error
}
