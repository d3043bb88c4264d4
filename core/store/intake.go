package store

import (
	"context"
	"slices"
	"time"

	"carillon/core/contact"
)

// BatchState is where an intake batch stands.
type BatchState uint8

// The states.
const (
	BatchRunning BatchState = iota + 1 // lines are being taken in
	BatchDone                          // every line that came was answered
	BatchBroken                        // the store or the sender was lost: the rest of the lines is to be sent again
)

// String is the state as the API writes it.
func (s BatchState) String() string {
	switch s {
	case BatchRunning:
		return "running"
	case BatchDone:
		return "done"
	case BatchBroken:
		return "broken"
	}
	return "none"
}

// IntakeBatch is contacts that came in together under one id. Of a batch that was sent again the counters tell of all
// its sendings.
type IntakeBatch struct {
	ID        string // unique; the sender's own, or ours
	Source    string // of who sent it
	Division  string // the one division of who sent it; empty when it may post in several
	By        string // who sent it
	StartedAt time.Time
	EndedAt   time.Time // zero while it runs
	TouchedAt time.Time // when it last got on
	Lines     int64     // answered
	Accepted  int64
	Replayed  int64 // had been accepted before, by this batch or otherwise
	Refused   int64
	State     BatchState
}

// BatchFlush is what one write adds to an intake batch. The batch is made when it is not there; of one that is there the
// counters grow, and state and times become those of the flush. The set is a Conflict "batch" when the id is another
// source's.
type BatchFlush struct {
	IntakeBatch

	// Counted has the store add the verdicts on the sets that stand before this one in the call: each is a line,
	// accepted when it was applied, replayed when it was, and else refused.
	Counted bool
}

// IntakeRange says that the contacts numbered First to First+N-1, as far as there are any, belong to the batch.
type IntakeRange struct {
	Batch string
	First contact.ID
	N     int64
}

// Batches reads intake batches.
type Batches interface {
	// Batch returns a batch; fault.NotFound.
	Batch(ctx context.Context, id string) (IntakeBatch, error)
	// BatchList lists batches, the newest first; those of one source, or of all when source is empty. With a last one
	// (by StartedAt and ID) it goes on behind it.
	BatchList(ctx context.Context, source string, last IntakeBatch, limit int) ([]IntakeBatch, error)
	// BatchRanges returns the ranges of a batch in the order of their numbers, from those after on.
	BatchRanges(ctx context.Context, id string, after contact.ID, limit int) ([]IntakeRange, error)
}

// IntakeWrites is what a decision changes of what keeps intake from being done twice, and of its batches. Empty fields change nothing.
type IntakeWrites struct {
	Keys    []IntakeKey
	Batches []BatchFlush
	Ranges  []IntakeRange // insert
}

func (to *IntakeWrites) and(from *IntakeWrites) {
	to.Keys = slices.Concat(to.Keys, from.Keys)
	to.Batches = slices.Concat(to.Batches, from.Batches)
	to.Ranges = slices.Concat(to.Ranges, from.Ranges)
}
