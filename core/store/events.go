package store

import (
	"context"
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
