package contact_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/core/contact"
	"carillon/core/fault"
)

// TestReminderLife walks reminders at random: a To Do is made of one once ever, it is completed after that, and stays so.
func TestReminderLife(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := contact.Reminder{Contact: 1, Log: 2, Kind: contact.ToRole, To: "CSR", Trigger: "2026-03-02"}
		key, now := r.Key(), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		made, ended := int64(0), time.Time{}
		t.Repeat(map[string]func(*rapid.T){
			"make": func(t *rapid.T) {
				id := rapid.Int64Range(-1, 99).Draw(t, "todo")
				next, err := r.Made(id, now)
				if lawful := made == 0 && id > 0; lawful != (err == nil) || !lawful && !fault.Is(err, fault.Conflict) {
					t.Fatalf("making %d of one with %d: %v", id, made, err)
				}
				if err == nil {
					made = id
				}
				r = next
			},
			"complete": func(t *rapid.T) {
				next, err := r.Completed(now)
				if (made != 0) != (err == nil) || made == 0 && !fault.Is(err, fault.Conflict) {
					t.Fatalf("completing one with %d: %v", made, err)
				}
				if err == nil && ended.IsZero() {
					ended = now
				}
				r = next
			},
			"": func(t *rapid.T) {
				now = now.Add(time.Hour)
				if r.ToDo != made || r.Waits() != (made == 0) || !r.CompletedAt.Equal(ended) || r.MadeAt.IsZero() != (made == 0) || r.Key() != key {
					t.Fatalf("%+v, want To Do %d completed at %v", r, made, ended)
				}
			},
		})
	})
}

// TestDeskRevisions walks the desk part of a contact at random: every change is the next revision, and only an open contact
// is closed.
func TestDeskRevisions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, revision, now := contact.Desk{Contact: 7}, int64(0), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		open, comments := false, ""
		t.Repeat(map[string]func(*rapid.T){
			"change": func(t *rapid.T) {
				c := contact.Change{}
				if rapid.Bool().Draw(t, "switch") {
					v := rapid.Bool().Draw(t, "open")
					c.Open, open = &v, v
				}
				if rapid.Bool().Draw(t, "write") {
					v := rapid.StringN(0, 9, -1).Draw(t, "comments")
					c.Comments, comments = &v, v
				}
				d, revision = d.With(c, now, "ada"), revision+1
			},
			"close": func(t *rapid.T) {
				next, err := d.Close(now, "ada")
				if open != (err == nil) {
					t.Fatalf("closing one that is open %t: %v", open, err)
				}
				if err == nil {
					open, revision = false, revision+1
				}
				d = next
			},
			"retype": func(*rapid.T) { d, revision = d.Retype("C", "T", now, "ada"), revision+1 },
			"": func(t *rapid.T) {
				if d.Revision != revision || d.Open != open || d.Comments != comments || d.Contact != 7 {
					t.Fatalf("%+v, want revision %d, open %t, %q", d, revision, open, comments)
				}
			},
		})
	})
}

func TestLogID(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := contact.LogID(rapid.Int64Range(1, 9_999_999_999).Draw(t, "id"))
		if back, err := contact.ParseLogID(id.String()); err != nil || back != id || len(id.String()) != 10 {
			t.Fatalf("%d is %q is %d: %v", id, id, back, err)
		}
	})
	for _, text := range []string{"", "1", "0000000000", "-000000001", "12345678901", "123456789x"} {
		if id, err := contact.ParseLogID(text); !fault.Is(err, fault.Invalid) || id != 0 {
			t.Errorf("%q: %d, %v", text, id, err)
		}
	}
}

func TestCountTouches(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 3, 2, 23, 0, 0, 0, time.UTC)
	contacts := []contact.Contact{
		{ID: 1, Class: "C", Type: "A", AcceptedAt: day},
		{ID: 2, Class: "C", Type: "A", AcceptedAt: day.Add(2 * time.Hour)},
		{ID: 3, Class: "C", Type: "B", AcceptedAt: day},
		{ID: 4, Class: "C", Type: "A", AcceptedAt: day},
	}
	got := contact.CountTouches(contacts, map[contact.ID]contact.File{3: {Desk: contact.Desk{Class: "C", Type: "A"}}})
	want := []contact.Touches{{Class: "C", Type: "A", Day: "2026-03-02", N: 3}, {Class: "C", Type: "A", Day: "2026-03-03", N: 1}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%+v, want %+v", got, want)
	}
}
