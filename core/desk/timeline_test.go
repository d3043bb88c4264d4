package desk_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/desk/counter"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

// happened gives the desk more contacts of person 42: each of a type and division, with an entry a minute later.
func (s *counterDesk) happened(rows ...[2]string) {
	for i, row := range rows {
		c := s.contacts[0]
		c.ID, c.Type, c.Division = seven+contact.ID(i+1), row[0], row[1]
		c.AcceptedAt = noon().Add(time.Duration(i+1) * time.Minute)
		s.contacts = append(s.contacts, c)
		s.entries = append(s.entries, ledger.Entry{At: c.AcceptedAt, Kind: ledger.ContactAccepted, Source: "cis", Division: c.Division, Contact: c.ID, By: "cis"})
	}
}

func (s *counterDesk) timeline(q counter.TimelineQuery) ([]string, store.Telling) {
	s.t.Helper()
	if q.Of.Empty() {
		q.Of.Person = 42
	}
	events, next, err := s.Timeline(s.t.Context(), noon().Add(time.Hour), ada(), q)
	if err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for _, e := range events {
		out = append(out, fmt.Sprintf("%s %s", e.Kind, e.Type))
	}
	return out, next
}

func TestTimeline(t *testing.T) {
	t.Parallel()
	t.Run("shows what happened with all contacts of a person, the newest first, page by page", func(t *testing.T) {
		t.Parallel()
		s := atCounter(t)
		s.happened([2]string{"BILL", "north"}, [2]string{"CALL", "north"})
		s.entries = append(s.entries, ledger.Entry{At: noon().Add(90 * time.Second), Kind: ledger.MessageMoved, Source: "cis", Division: "north", Contact: seven, Message: message.ID{1}, Place: message.AtDelivered})
		want := []string{"contact.accepted CALL", "message.moved CALL", "contact.accepted BILL", "contact.accepted CALL"}
		if got, next := s.timeline(counter.TimelineQuery{Limit: 9}); !slices.Equal(got, want) || !next.At.IsZero() {
			t.Fatalf("%v, %v", got, next)
		}
		var paged []string
		for next, more := (store.Telling{}), true; more; more = !next.At.IsZero() {
			var page []string
			page, next = s.timeline(counter.TimelineQuery{Limit: 1, Before: next})
			paged = append(paged, page...)
		}
		if !slices.Equal(paged, want) {
			t.Errorf("page by page %v", paged)
		}
	})
	t.Run("takes only the class, type, kind, openness and time that was asked for", func(t *testing.T) {
		t.Parallel()
		s := atCounter(t)
		s.happened([2]string{"BILL", "north"}, [2]string{"CALL", "north"})
		s.files[seven+1] = contact.File{Desk: contact.Desk{Contact: seven + 1, Revision: 1, Open: true}}
		for says, row := range map[string]struct {
			q    counter.TimelineQuery
			want []string
		}{
			"class":    {counter.TimelineQuery{Class: "E"}, nil},
			"type":     {counter.TimelineQuery{Type: "BILL"}, []string{"contact.accepted BILL"}},
			"kind":     {counter.TimelineQuery{Kind: "message.moved"}, nil},
			"open":     {counter.TimelineQuery{Open: new(true)}, []string{"contact.accepted BILL"}},
			"not open": {counter.TimelineQuery{Open: new(false)}, []string{"contact.accepted CALL", "contact.accepted CALL"}},
			"from":     {counter.TimelineQuery{From: noon().Add(2 * time.Minute)}, []string{"contact.accepted CALL"}},
			"until":    {counter.TimelineQuery{Until: noon().Add(time.Minute)}, []string{"contact.accepted CALL"}},
		} {
			row.q.Limit = 9
			if got, _ := s.timeline(row.q); !slices.Equal(got, row.want) {
				t.Errorf("%s: %v, want %v", says, got, row.want)
			}
		}
	})
	t.Run("shows comments of contacts and logs, and the type as it was corrected", func(t *testing.T) {
		t.Parallel()
		s := atCounter(t)
		if _, err := s.ChangeContact(t.Context(), noon(), ada(), seven, 0, contact.Change{Comments: new("hello")}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.AddLog(t.Context(), noon(), ada(), seven, contact.Note{Comments: "called", Remind: &contact.Remind{Role: "CSR", Trigger: "2026-03-09"}}); err != nil {
			t.Fatal(err)
		}
		s.files[seven] = contact.File{Desk: s.files[seven].Desk.Retype("D", "BILL", noon(), "ada"), Logs: s.files[seven].Logs}
		events, _, err := s.Timeline(t.Context(), noon(), ada(), counter.TimelineQuery{Of: contact.Subject{Account: "4000000001"}, Limit: 9})
		var got []string
		for _, e := range events {
			got = append(got, e.Kind+": "+e.Text+" ("+e.Title+")")
		}
		want := []string{
			"reminder.set: called (about BILL)", "contact.logged: called (about BILL)", "contact.changed: hello (about BILL)",
			"contact.accepted: hello (about BILL)",
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q, %v", got, err)
		}
	})
	t.Run("hides contacts of other divisions and other sources", func(t *testing.T) {
		t.Parallel()
		s := atCounter(t)
		s.happened([2]string{"BILL", "south"})
		if got, _ := s.timeline(counter.TimelineQuery{Limit: 9}); !slices.Equal(got, []string{"contact.accepted CALL"}) {
			t.Errorf("%v", got)
		}
		events, _, err := s.Timeline(t.Context(), noon(), who("cis2", "*", access.CIS), counter.TimelineQuery{Of: contact.Subject{Person: 42}, Limit: 9})
		if err != nil || len(events) != 0 {
			t.Errorf("another CIS sees %v, %v", events, err)
		}
	})
	t.Run("shows of a loaded account only the contacts of its division", func(t *testing.T) {
		t.Parallel()
		s := atCounter(t)
		s.happened([2]string{"BILL", "south"})
		both := who("desk", "*", access.CSR)
		for account, want := range map[string]int{"4000000001": 1, "A-1": 2} {
			events, _, err := s.Timeline(t.Context(), noon(), both, counter.TimelineQuery{Of: contact.Subject{Account: account}, Limit: 9})
			if err != nil || len(events) != want {
				t.Errorf("%s: %+v, %v", account, events, err)
			}
		}
	})
	t.Run("shows nothing of nobody, and nothing where no algorithm hangs", func(t *testing.T) {
		t.Parallel()
		s := atCounter(t, func(d *config.Document) { d.Plugs = nil })
		if got, _ := s.timeline(counter.TimelineQuery{Limit: 9}); got != nil {
			t.Errorf("%v", got)
		}
		events, _, err := atCounter(t).Timeline(t.Context(), noon(), ada(), counter.TimelineQuery{})
		if err != nil || events != nil {
			t.Errorf("%v, %v", events, err)
		}
	})
	t.Run("fails loudly on an algorithm it does not know", func(t *testing.T) {
		t.Parallel()
		s := atCounter(t)
		s.Timeliners = nil
		if _, _, err := s.Timeline(t.Context(), noon(), ada(), counter.TimelineQuery{Of: contact.Subject{Person: 42}}); !fault.Is(err, fault.Unknown) {
			t.Errorf("%v", err)
		}
	})
}

func TestContactList(t *testing.T) {
	t.Parallel()
	s := atCounter(t)
	s.happened([2]string{"BILL", "north"}, [2]string{"CALL", "south"}, [2]string{"CALL", "north"})
	s.files[seven] = contact.File{Desk: contact.Desk{Contact: seven, Revision: 1, Open: true}}
	list := func(f counter.ContactFilter, below contact.ID, limit int) ([]contact.ID, contact.ID) {
		t.Helper()
		f.Of.Person = 42
		listed, next, err := s.ContactList(t.Context(), ada(), f, below, limit)
		if err != nil {
			t.Fatal(err)
		}
		var ids []contact.ID
		for _, l := range listed {
			ids = append(ids, l.Contact.ID)
		}
		return ids, next
	}
	if got, next := list(counter.ContactFilter{}, 0, 9); !slices.Equal(got, []contact.ID{seven + 3, seven + 1, seven}) || next != 0 {
		t.Errorf("all: %v, %v", got, next)
	}
	got, next := list(counter.ContactFilter{}, 0, 2)
	if rest, end := list(counter.ContactFilter{}, next, 2); !slices.Equal(append(got, rest...), []contact.ID{seven + 3, seven + 1, seven}) || end != 0 {
		t.Errorf("in pages: %v then %v", got, rest)
	}
	if got, _ := list(counter.ContactFilter{Open: new(true)}, 0, 9); !slices.Equal(got, []contact.ID{seven}) {
		t.Errorf("open: %v", got)
	}
	if got, _ := list(counter.ContactFilter{Type: "BILL"}, 0, 9); !slices.Equal(got, []contact.ID{seven + 1}) {
		t.Errorf("of a type: %v", got)
	}
	if got, _ := list(counter.ContactFilter{From: noon().Add(time.Minute), Until: noon().Add(3 * time.Minute)}, 0, 9); !slices.Equal(got, []contact.ID{seven + 1}) {
		t.Errorf("of a time: %v", got)
	}
}

func TestReminderList(t *testing.T) {
	t.Parallel()
	s := atCounter(t)
	for i := range 4 {
		r := contact.Reminder{Contact: seven, Log: contact.LogID(i + 1), Source: "cis", Division: "north", Kind: contact.ToRole, To: "CSR", Trigger: fmt.Sprintf("2026-03-%02d", i+1)}
		switch i {
		case 1:
			r.Kind, r.To = contact.ToUser, "ada"
		case 2:
			r.Division = "south"
		}
		s.reminders = append(s.reminders, r)
	}
	list := func(f counter.ReminderFilter, after contact.ReminderKey, limit int) ([]contact.LogID, contact.ReminderKey) {
		t.Helper()
		found, next, err := s.Service.Reminders(t.Context(), ada(), f, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		var ids []contact.LogID
		for _, r := range found {
			ids = append(ids, r.Log)
		}
		return ids, next
	}
	none := contact.ReminderKey{}
	if got, _ := list(counter.ReminderFilter{}, none, 9); !slices.Equal(got, []contact.LogID{1, 2, 4}) {
		t.Errorf("all: %v", got)
	}
	if got, _ := list(counter.ReminderFilter{Until: "2026-03-02"}, none, 9); !slices.Equal(got, []contact.LogID{1, 2}) {
		t.Errorf("until: %v", got)
	}
	if got, _ := list(counter.ReminderFilter{User: "ada"}, none, 9); !slices.Equal(got, []contact.LogID{2}) {
		t.Errorf("of a user: %v", got)
	}
	if got, _ := list(counter.ReminderFilter{Role: "CSR"}, none, 9); !slices.Equal(got, []contact.LogID{1, 4}) {
		t.Errorf("of a role: %v", got)
	}
	got, next := list(counter.ReminderFilter{}, none, 2)
	if rest, _ := list(counter.ReminderFilter{}, next, 2); !slices.Equal(append(got, rest...), []contact.LogID{1, 2, 4}) {
		t.Errorf("in pages: %v then %v", got, rest)
	}
	if _, _, err := s.Service.Reminders(t.Context(), who("cis", "north", access.CIS), counter.ReminderFilter{}, none, 9); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a CIS: %v", err)
	}
}
