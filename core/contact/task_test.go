package contact_test

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/core/contact"
	"carillon/core/fault"
)

func TestTaskID(t *testing.T) {
	t.Parallel()
	if id, err := contact.ParseTaskID("1000000001"); err != nil || id.String() != "1000000001" || contact.TaskID(0).String() != "" {
		t.Errorf("%v, %v", id, err)
	}
	for _, text := range []string{"", "1", "0000000000", "+000000001", "10000000010", "x000000001"} {
		if _, err := contact.ParseTaskID(text); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q is read: %v", text, err)
		}
	}
}

// TestTaskLife walks a task at random: it is completed once and for all, each try counts, and every write but the first
// has a revision of its own.
func TestTaskLife(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
		task := contact.NewTask(7, "cis", "NORTH", "MOVE", "C1-CREATECC", `{}`, now, "cis-north")
		if task.Status != contact.TaskPending || task.Revision != 1 || task.Tries != 0 {
			t.Fatalf("born as %+v", task)
		}
		for i, succeeds := range rapid.SliceOf(rapid.Bool()).Draw(t, "tries") {
			before, at := task, now.Add(time.Duration(i)*time.Minute)
			var err error
			if succeeds {
				task, err = task.Completed(contact.ID(i+1), at, "clerk")
			} else {
				task, err = task.Failed([]fault.Violation{{Field: "/type", Reason: "is inactive"}}, at, "clerk")
			}
			if before.Status == contact.TaskCompleted {
				if !fault.Is(err, fault.Conflict) || !reflect.DeepEqual(task, before) {
					t.Fatalf("a completed task became %+v, %v", task, err)
				}
				continue
			}
			want := map[bool]contact.TaskStatus{true: contact.TaskCompleted, false: contact.TaskError}[succeeds]
			if err != nil || task.Status != want || task.Tries != before.Tries+1 || task.Revision != max(1, int64(before.Tries)+1) || !task.ChangedAt.Equal(at) {
				t.Fatalf("after %+v came %+v, %v", before, task, err)
			}
			if succeeds != (task.Contact != 0) || succeeds == (len(task.Problem) > 0) || succeeds != (task.Event == "") {
				t.Fatalf("%s with contact %v, problem %v and event %q", task.Status, task.Contact, task.Problem, task.Event)
			}
		}
	})
}
