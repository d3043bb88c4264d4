package contact

import (
	"time"

	"carillon/core/customer"
	"carillon/core/fault"
)

// TaskID is the ten-digit number of a contact task; 0 is none.
type TaskID int64

// String is the ten digits; empty for none.
func (id TaskID) String() string { return customer.Digits(id, 10) }

// ParseTaskID reads ten digits.
func ParseTaskID(s string) (TaskID, error) { return customer.ParseDigits[TaskID](s, 10, "a task id") }

// TaskStatus is where a contact task stands.
type TaskStatus string

// The statuses.
const (
	TaskPending   TaskStatus = "pending"
	TaskCompleted TaskStatus = "completed"
	TaskError     TaskStatus = "error"
)

// Task is a service task that creates a contact (C1-CreateCustomerContactTask): pending, then completed or in error, and
// in error it can be tried again (process 3.4.1.1, step 2.2). It holds the contact it created.
type Task struct {
	ID        TaskID
	Source    string
	Division  string
	Type      string // service task type
	Creator   string // code of the algorithm
	Event     string // canonical JSON of the system event that wants the contact; empty once it has it
	Status    TaskStatus
	Contact   ID                // of a completed one
	Problem   []fault.Violation // of one in error
	Tries     int               // how often it was tried
	Revision  int64             // grows by one with every write, 1 for the first
	CreatedAt time.Time
	ChangedAt time.Time
	By        string // the principal of the last try
}

// NewTask is a task that waits for its first try.
func NewTask(id TaskID, source, division, kind, creator, event string, now time.Time, by string) Task {
	return Task{
		ID: id, Source: source, Division: division, Type: kind, Creator: creator, Event: event, Status: TaskPending, Revision: 1, CreatedAt: now,
		ChangedAt: now, By: by,
	}
}

// Completed is the task after its contact was made. fault.Conflict when it is completed already.
func (t Task) Completed(id ID, now time.Time, by string) (Task, error) {
	if t.Status == TaskCompleted {
		return t, fault.New(fault.Conflict, "the task is completed")
	}
	t.Status, t.Contact, t.Problem, t.Event = TaskCompleted, id, nil, "" // the contact has the event
	return t.tried(now, by), nil
}

// Failed is the task after its contact could not be made. fault.Conflict when it is completed already.
func (t Task) Failed(why []fault.Violation, now time.Time, by string) (Task, error) {
	if t.Status == TaskCompleted {
		return t, fault.New(fault.Conflict, "the task is completed")
	}
	t.Status, t.Problem = TaskError, why
	return t.tried(now, by), nil
}

func (t Task) tried(now time.Time, by string) Task {
	if t.Tries > 0 { // the first try is written with the task
		t.Revision++
	}
	t.Tries, t.ChangedAt, t.By = t.Tries+1, now, by
	return t
}
