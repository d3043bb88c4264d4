package store

import (
	"context"
	"slices"
	"time"

	"carillon/core/contact"
	"carillon/core/occurrence"
)

// SourceEvent is a system event that was taken in, for the key table's window (400 days): who raises it again gets the
// same answer. A write set with an event that is there is a Conflict "event".
type SourceEvent struct {
	Key      occurrence.Key
	Division string
	Hash     [32]byte // of the whole event
	Made     []contact.Made
	At       time.Time
	By       string
}

// Events reads what system events made.
type Events interface {
	// SourceEvents returns the events of the keys that were taken in; the order is any.
	SourceEvents(ctx context.Context, keys []occurrence.Key) ([]SourceEvent, error)
	// ContactTasks returns tasks; unknown ones are left out, the order is any.
	ContactTasks(ctx context.Context, ids []contact.TaskID) ([]contact.Task, error)
}

// EventWrites is what a decision changes of system events and their contact tasks. Empty fields change nothing.
type EventWrites struct {
	Events []SourceEvent  // insert; one that is there is a Conflict "event"
	Tasks  []contact.Task // of Revision 1: insert; of a later one: update of the one before it, or the set is a Conflict "version"
}

func (to *EventWrites) and(from *EventWrites) {
	to.Events = slices.Concat(to.Events, from.Events)
	to.Tasks = slices.Concat(to.Tasks, from.Tasks)
}
