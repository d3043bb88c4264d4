package sysevent_test

import (
	"encoding/json"
	"testing"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/occurrence"
	"carillon/core/sysevent"
)

// inError raises a service task whose contact cannot be made.
func inError(t *testing.T) (*world, *sysevent.Service, contact.Task) {
	t.Helper()
	w := newWorld(t, plug("service_task_type", "processing", "TASK", "A/TWO"))
	w.refuses = fault.Refuse(fault.Violation{Field: "/premise", Reason: "is required for this contact type"})
	s := w.service(nil)
	answer, err := s.Raise(t.Context(), noon(), cis(), sysevent.Raised{Event: raised(t, occurrence.KindTask, nil)})
	if err != nil || len(answer.Made) != 1 || answer.Made[0].Status != contact.TaskError || answer.Made[0].Contact != 0 || len(answer.Made[0].Problem) != 1 {
		t.Fatalf("%+v, %v", answer, err)
	}
	task := w.tasks[answer.Made[0].Task]
	want := fault.Violation{Field: "/premise", Reason: "TASK at service_task_type:CREATE-CC/processing: is required for this contact type"}
	if task.Status != contact.TaskError || task.Problem[0] != want || task.Tries != 1 || task.Type != "CREATE-CC" || task.Creator != "TASK" {
		t.Fatalf("%+v", task)
	}
	return w, s, task
}

func TestATaskIsCompletedWithItsContact(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plug("service_task_type", "processing", "TASK", "A/ONE"))
	answer, err := w.service(nil).Raise(t.Context(), noon(), cis(), sysevent.Raised{Event: raised(t, occurrence.KindTask, nil)})
	if err != nil || answer.Made[0].Status != contact.TaskCompleted || answer.Made[0].Contact == 0 || w.sets != 1 {
		t.Fatalf("%+v, %v", answer, err)
	}
	task := w.tasks[answer.Made[0].Task]
	if task.Contact != answer.Made[0].Contact || task.Event != "" || task.Source != "cis" || task.Division != "NORTH" {
		t.Errorf("%+v", task)
	}
}

// object is the business objects: it keeps what it is asked of and finds wrong what it is told to.
type object struct {
	asked map[string]any
	wrong []fault.Violation
}

func (o *object) Violations(code string, document []byte) []fault.Violation {
	if code != "C1-CreateCustomerContactTask" {
		return []fault.Violation{{Field: "", Reason: "no such business object"}}
	}
	o.asked = nil
	if err := json.Unmarshal(document, &o.asked); err != nil {
		return []fault.Violation{{Field: "", Reason: "is no JSON"}}
	}
	return o.wrong
}

func TestATaskIsWhatItsBusinessObjectSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plug("service_task_type", "processing", "TASK", "A/ONE"))
	s, o := w.service(nil), &object{}
	s.Schemas = o
	if _, err := s.Raise(t.Context(), noon(), cis(), sysevent.Raised{Event: raised(t, occurrence.KindTask, nil)}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"task": "ACT-6001", "type": "CREATE-CC", "division": "NORTH", "status": "completed", "contact": "1000000001", "person": "0000000001"} {
		if o.asked[name] != want {
			t.Errorf("%s is %v, want %s", name, o.asked[name], want)
		}
	}
	o.wrong = []fault.Violation{{Field: "/comments", Reason: "is too long"}}
	_, err := s.Raise(t.Context(), noon(), cis(), sysevent.Raised{Event: raised(t, occurrence.KindTask, map[string]any{"object": "ACT-2"})})
	if !fault.Is(err, fault.Invalid) || len(w.tasks) != 1 || len(w.events) != 1 {
		t.Errorf("one that is not: %v", err)
	}
}

func TestATaskInErrorIsTriedAgain(t *testing.T) {
	t.Parallel()
	w, s, task := inError(t)
	again, err := s.Retry(t.Context(), noon().Add(time.Hour), cis(), task.ID)
	if err != nil || again.Status != contact.TaskError || again.Tries != 2 || again.Revision != 2 || w.contacts != 0 {
		t.Fatalf("%+v, %v", again, err)
	}
	w.refuses = nil
	clerk := access.Principal{Name: "ada", Source: "desk", Divisions: []string{"NORTH"}, Roles: []access.Role{access.CSR}}
	done, err := s.Retry(t.Context(), noon().Add(2*time.Hour), clerk, task.ID)
	if err != nil || done.Status != contact.TaskCompleted || done.Contact == 0 || done.By != "ada" || w.contacts != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	if _, err := s.Retry(t.Context(), noon(), clerk, task.ID); !fault.Is(err, fault.Conflict) || w.contacts != 1 {
		t.Errorf("a completed task: %v", err)
	}
	answer, err := s.Raise(t.Context(), noon(), cis(), sysevent.Raised{Event: raised(t, occurrence.KindTask, nil)})
	if err != nil || !answer.Replayed || answer.Made[0].Contact != done.Contact || answer.Made[0].Status != contact.TaskCompleted {
		t.Errorf("the event tells of %+v, %v", answer, err)
	}
}

func TestATaskIsTriedByOneAtATime(t *testing.T) {
	t.Parallel()
	w, s, task := inError(t)
	w.refuses = nil
	w.before = func() { // somebody else is first
		other := w.tasks[task.ID]
		other.Revision++
		w.tasks[task.ID] = other
	}
	if _, err := s.Retry(t.Context(), noon(), cis(), task.ID); !fault.Is(err, fault.Conflict) {
		t.Errorf("%v", err)
	}
	if w.tasks[task.ID].Contact != 0 {
		t.Error("the loser's contact is on the task")
	}
}

func TestATaskWhoseCreatorIsUnpluggedStaysInError(t *testing.T) {
	t.Parallel()
	w, s, task := inError(t)
	w.cfg, _ = config.Compile(2, document())
	again, err := s.Retry(t.Context(), noon(), cis(), task.ID)
	if err != nil || again.Status != contact.TaskError || again.Problem[0].Reason != "TASK hangs no longer on the service task type" {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestTasksOfOthersAreNotThere(t *testing.T) {
	t.Parallel()
	_, s, task := inError(t)
	for says, p := range map[string]access.Principal{
		"another source":   {Source: "billing", Divisions: []string{"NORTH"}, Roles: []access.Role{access.CIS}},
		"another division": {Source: "desk", Divisions: []string{"SOUTH"}, Roles: []access.Role{access.CSR}},
	} {
		if _, err := s.Task(t.Context(), p, task.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s reads it: %v", says, err)
		}
		if _, err := s.Retry(t.Context(), noon(), p, task.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s tries it: %v", says, err)
		}
	}
	if _, err := s.Task(t.Context(), cis(), 7); !fault.Is(err, fault.NotFound) {
		t.Errorf("a number nobody gave: %v", err)
	}
}
