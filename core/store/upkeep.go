package store

import (
	"context"
	"slices"
	"time"

	"carillon/core/message"
)

// Upkeep keeps the tables in shape.
type Upkeep interface {
	// Extend makes room for what will be written from now on, months ahead; a store that grows by itself has nothing to
	// make. It may run on any number of gateways at once.
	Extend(ctx context.Context, now time.Time) (made int, err error)
	// Retire takes away what is older than it is to be kept, as much as one turn takes, and tells whether there is more.
	// Nothing goes that a due row, a deadline, a report that waits, an open run, an unsealed stretch of the ledger or one
	// of its readers still needs, and nothing that is held.
	Retire(ctx context.Context, now time.Time, keep Retention) (Retired, error)
	// Troubles tells, a sentence each, what of the server's settings or of its sessions will slow the store down.
	Troubles(ctx context.Context) ([]string, error)
}

// Retention is how long what is kept; 0 is for ever.
type Retention struct {
	Messages time.Duration // contacts and messages with all that hangs on them
	Ledger   time.Duration // entries of the ledger; its tree stays
}

// Partitioned are the tables that [Retired] may name.
func Partitioned() []string {
	return []string{"contact", "plan", "step", "message", "evidence", "ledger_entry"}
}

// Retired is what a turn of retention took away.
type Retired struct {
	Dropped []string // tables of which a whole month or block went
	Rows    int64    // rows that went one by one, where tables are whole
	Kept    []string // why something that is old enough stays, a sentence each
	More    bool     // there may be more to take away
}

// Holds reads legal holds.
type Holds interface {
	// HoldList lists the holds in force, and on demand those that were lifted too, the newest first.
	HoldList(ctx context.Context, lifted bool) ([]Hold, error)
}

// HoldKind says what a hold names.
type HoldKind string

// The kinds.
const (
	HoldAccount HoldKind = "account"
	HoldPerson  HoldKind = "person"
)

// Hold is a legal hold: retention takes nothing away that belongs to its account or person until it is lifted. One
// that is in force for the same subject and reason is a Conflict "hold".
type Hold struct {
	Number   int64 // from the sequence "hold"
	Kind     HoldKind
	Subject  string // the account's number, or the person's ten digits
	Reason   string
	By       string
	At       time.Time
	LiftedAt time.Time // zero while it is in force
	LiftedBy string
}

// Unhold lifts a hold; the set is a Conflict "hold" when it is not in force.
type Unhold struct {
	Number int64
	By     string
	At     time.Time
}

// Conservation reads the sums.
type Conservation interface {
	// Sums adds up the counters of hours from from (inclusive) until to (exclusive).
	Sums(ctx context.Context, from, to time.Time) ([]message.Count, error)
	// Recount says of one moment what the counters of the hours say, and the same counted from the messages, due rows
	// and evidence themselves.
	Recount(ctx context.Context, from, to time.Time) (counted, recounted []message.Count, err error)
	// Recounts returns what the last recounts of the hours from from on found, newest hour first.
	Recounts(ctx context.Context, from time.Time) ([]Recounted, error)
}

// Recounted is what the last recount of an hour found. Written, it takes the place of what was found before.
type Recounted struct {
	Hour  time.Time
	At    time.Time
	Next  time.Time // when it is to be recounted again
	Drift []Drift   // channels in which the counters and the tables differ
}

// Drift is by how many messages the counters of a channel and its tables differ: the absolute differences of every
// urgency and place, and of what was accepted, added up.
type Drift struct {
	Channel  message.Channel
	Messages int64
}

// Purge takes away rows of one kind that are older than Before, Limit at most. The verdict says how many went.
type Purge struct {
	What   Purgeable
	Before time.Time
	Limit  int
}

// Purgeable is a kind of row that is kept for a window only.
type Purgeable uint8

// The kinds.
const (
	PurgeKeys     Purgeable = iota + 1 // intake keys, by when they were written
	PurgeRefs                          // references of providers, by when they were written
	PurgeReports                       // reports that were consumed, by when they were received
	PurgeTicks                         // by their occurrence
	PurgeCounters                      // by their hour
	PurgeRecounts                      // by their hour
	PurgeEvents                        // system events, by when they were taken in
	PurgeTasks                         // contact tasks that are completed, by when they were
)

// Purgeables are all of them.
func Purgeables() []Purgeable {
	return []Purgeable{PurgeKeys, PurgeRefs, PurgeReports, PurgeTicks, PurgeCounters, PurgeRecounts, PurgeEvents, PurgeTasks}
}

// String is the kind's name in metrics.
func (p Purgeable) String() string {
	names := [...]string{"", "keys", "references", "reports", "ticks", "counters", "recounts", "events", "tasks"}
	if int(p) >= len(names) {
		return ""
	}
	return names[p]
}

// UpkeepWrites is what a chore changes. Empty fields change nothing.
type UpkeepWrites struct {
	Folds    []Fold
	Recounts []Recounted
	Purges   []Purge
	Holds    []Hold
	Unholds  []Unhold
	Ticks    []Tick
}

func (to *UpkeepWrites) and(from *UpkeepWrites) {
	to.Folds = slices.Concat(to.Folds, from.Folds)
	to.Recounts = slices.Concat(to.Recounts, from.Recounts)
	to.Purges = slices.Concat(to.Purges, from.Purges)
	to.Holds = slices.Concat(to.Holds, from.Holds)
	to.Unholds = slices.Concat(to.Unholds, from.Unholds)
	to.Ticks = slices.Concat(to.Ticks, from.Ticks)
}
