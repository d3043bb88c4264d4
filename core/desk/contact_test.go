package desk_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/desk/counter"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/plugin"
	"carillon/core/store"
)

// cabinet keeps files as a store does: a desk part is the revision after the one that is there.
type cabinet struct {
	contacts  []contact.Contact
	files     map[contact.ID]contact.File
	entries   []ledger.Entry // numbered by their place
	reminders []contact.Reminder
	number    int64
	blind     error
}

func newCabinet() *cabinet { return &cabinet{files: map[contact.ID]contact.File{}} }

func (c *cabinet) Files(_ context.Context, ids []contact.ID) (map[contact.ID]contact.File, error) {
	out := map[contact.ID]contact.File{}
	for _, id := range ids {
		if f, there := c.files[id]; there {
			out[id] = f
		}
	}
	return out, c.blind
}

func (c *cabinet) ContactsOf(_ context.Context, of contact.Subject, below contact.ID, limit int) ([]contact.Contact, error) {
	var out []contact.Contact
	for _, one := range slices.Backward(c.contacts) {
		mine := of.Person != 0 && one.Person == of.Person || of.Account != "" && one.Account == of.Account || of.Premise != "" && one.Premise == of.Premise
		if mine && (below == 0 || one.ID < below) && len(out) < limit {
			out = append(out, one)
		}
	}
	return out, c.blind
}

func (c *cabinet) Told(_ context.Context, of []contact.ID, before store.Telling, limit int) ([]store.Told, error) {
	type numbered struct {
		n int64
		e ledger.Entry
	}
	var all []numbered
	for i, e := range c.entries {
		n := int64(i + 1)
		earlier := before.At.IsZero() || e.At.Before(before.At) || e.At.Equal(before.At) && n < before.Number
		if slices.Contains(of, e.Contact) && earlier {
			all = append(all, numbered{n, e})
		}
	}
	slices.SortFunc(all, func(a, b numbered) int { return cmp.Or(b.e.At.Compare(a.e.At), cmp.Compare(b.n, a.n)) })
	var out []store.Told
	for _, one := range all[:min(limit, len(all))] {
		out = append(out, store.Told{Number: one.n, Body: one.e.Canonical()})
	}
	return out, c.blind
}

func (c *cabinet) Reminders(_ context.Context, until string, after, _ contact.ReminderKey, limit int) ([]contact.Reminder, error) {
	var out []contact.Reminder
	for _, r := range c.reminders {
		k := r.Key()
		later := cmp.Or(cmp.Compare(k.Trigger, after.Trigger), cmp.Compare(k.Contact, after.Contact), cmp.Compare(k.Log, after.Log)) > 0
		if r.Trigger <= until && later && len(out) < limit {
			out = append(out, r)
		}
	}
	return out, c.blind
}

func (c *cabinet) ReminderQuantiles(context.Context, string, int) (store.Quantiles, error) {
	return store.Quantiles{}, c.blind
}

func (c *cabinet) Log(context.Context) (contact.LogID, error) {
	c.number++
	return contact.LogID(2_000_000_000 + c.number), nil
}

func (c *cabinet) Apply(_ context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	out := make([]store.Verdict, len(sets))
	for i, w := range sets {
		out[i] = store.Verdict{Outcome: store.Applied}
		for _, d := range store.Of(w.Desk).Desks {
			f := c.files[d.Contact]
			if f.Desk.Revision != d.Revision-1 {
				out[i] = store.Verdict{Outcome: store.Conflict, What: store.LostVersion}
				break
			}
			f.Desk = d
			c.files[d.Contact] = f
		}
		if out[i].Outcome == store.Conflict {
			continue
		}
		for _, l := range store.Of(w.Desk).Logs {
			f := c.files[l.Contact]
			f.Logs = append(f.Logs, l)
			c.files[l.Contact] = f
		}
		for _, r := range store.Of(w.Desk).Reminders {
			f := c.files[r.Contact]
			f.Reminders = append(f.Reminders, r)
			c.files[r.Contact] = f
		}
		c.entries = append(c.entries, store.Of(w.Ledger).Entries...)
	}
	return out, nil
}

// objects refuses contacts with the comments "unfit".
type objects struct{}

func (objects) Violations(_ string, document []byte) []fault.Violation {
	if strings.Contains(string(document), `"comments":"unfit"`) {
		return []fault.Violation{{Field: "/comments", Reason: "does not fit the business object"}}
	}
	return nil
}

// counterDesk is a desk over a cabinet with one contact, 1000000007 of person 42.
type counterDesk struct {
	*counter.Service
	*cabinet
	t *testing.T
}

func atCounter(t *testing.T, change ...func(*config.Document)) *counterDesk {
	t.Helper()
	d := document()
	kind := func(code string) config.ContactType {
		return config.ContactType{Type: contact.Type{
			Class: "D", Code: code, Description: "about " + code, Person: contact.Optional, Account: contact.Optional, Premise: contact.Optional,
		}}
	}
	call, bill, place, gone, other, mailed := kind("CALL"), kind("BILL"), kind("PLACE"), kind("GONE"), kind("OTHER"), kind("MAILED")
	call.Characteristics = []plugin.CharacteristicUse{{Sequence: 10, Type: "CASE"}}
	bill.Characteristics = []plugin.CharacteristicUse{{Sequence: 10, Type: "CASE", Required: true}}
	place.Person, place.Premise, gone.Inactive = contact.NotAllowed, contact.Required, true
	other.BusinessObject, mailed.Action = "C1-FWCustomerContact", contact.RecordNotification
	south := kind("SOUTH")
	south.Division = "south"
	d.Classes = []contact.Class{{Code: "D"}}
	d.Types = []config.ContactType{call, bill, place, gone, other, mailed, south}
	d.CharacteristicTypes = []config.CharacteristicType{
		{Code: "CASE", Entities: []string{"contact"}}, {Code: "MOOD", Entities: []string{"contact"}, Tag: true},
	}
	d.Installation.ReminderType = "REMIND"
	d.Users = []config.User{{Name: "ada"}}
	d.ToDoRoles = []config.ToDoRole{{Code: "CSR", Users: []string{"ada"}}}
	d.ToDoTypes = []config.ToDoType{{Code: "REMIND", Roles: []string{"CSR"}, DefaultRole: "CSR"}}
	d.UIZones = []config.Named{{Code: "CC-TIMELINE"}}
	d.Plugs = []config.Plug{{Owner: "zone:CC-TIMELINE", Event: "timeline_events", Sequence: 10, Code: "PLAIN"}}
	for _, f := range change {
		f(&d)
	}
	cfg, err := config.Compile(4, d)
	if err != nil {
		t.Fatal(err)
	}
	c := newCabinet()
	one := contact.Contact{ID: 1000000007, Source: "cis", Division: "north", Class: "D", Type: "CALL", Person: 42, Account: "A-1", Premise: "P-1", Data: "{}", AcceptedAt: noon()}
	c.contacts = []contact.Contact{one}
	c.entries = []ledger.Entry{{At: noon(), Kind: ledger.ContactAccepted, Source: "cis", Division: "north", Contact: one.ID, By: "cis"}}
	st := &tables{view: store.ContactView{Contact: one}}
	return &counterDesk{t: t, cabinet: c, Service: &counter.Service{
		Store: c, Facts: st, Configs: &configs{Snapshot: cfg}, Files: c, Waiting: c, Logs: c, Places: map2{}, Schemas: objects{},
		Timeliners: map[string]contact.Timeliner{"PLAIN": plain},
	}}
}

// plain makes an event of every happening.
func plain(f contact.TimelineFacts, _ plugin.Parameters) ([]contact.Event, error) {
	var out []contact.Event
	for _, h := range f.Happenings {
		out = append(out, contact.Event{Number: h.Number, At: h.At, Kind: h.Kind, Contact: h.Contact, Class: h.Class, Type: h.Type, Title: h.TypeText, Text: h.Text})
	}
	return out, nil
}

const seven = contact.ID(1000000007)

func ada() access.Principal { return who("desk", "north", access.CSR) }

func TestChangeContact(t *testing.T) {
	t.Parallel()
	t.Run("writes the next revision, tells the ledger nothing personal, and leaves what was not named", func(t *testing.T) {
		t.Parallel()
		s := atCounter(t)
		view, err := s.ChangeContact(t.Context(), noon(), ada(), seven, 0, contact.Change{
			Open: new(true), Comments: new("wants a call"), Tags: &[]plugin.Characteristic{{Type: "MOOD", Value: "calm"}},
		})
		if err != nil || view.File.Desk.Revision != 1 || !view.File.Desk.Open || view.Contact.Type != "CALL" {
			t.Fatalf("%+v, %v", view.File, err)
		}
		view, err = s.ChangeContact(t.Context(), noon(), ada(), seven, 1, contact.Change{Method: new(contact.BySMS)})
		if err != nil || view.File.Desk.Comments != "wants a call" || view.File.Desk.Method != contact.BySMS || view.File.Desk.Revision != 2 {
			t.Fatalf("%+v, %v", view.File, err)
		}
		if e := s.entries[1]; len(s.entries) != 3 || e.Kind != ledger.ContactChanged || strings.Contains(e.Canonical(), "call\"") {
			t.Errorf("%+v", s.entries)
		}
	})
	t.Run("loses to who changed it first", func(t *testing.T) {
		t.Parallel()
		s := atCounter(t)
		for i, want := range []fault.Kind{fault.Unknown, fault.Conflict} {
			_, err := s.ChangeContact(t.Context(), noon(), ada(), seven, 0, contact.Change{Open: new(true)})
			if i == 0 && err != nil || i == 1 && !fault.Is(err, want) {
				t.Errorf("change %d: %v", i, err)
			}
		}
	})
	t.Run("closes what is open, once", func(t *testing.T) {
		t.Parallel()
		s := atCounter(t)
		if _, err := s.CloseContact(t.Context(), noon(), ada(), seven, 0); !fault.Is(err, fault.Conflict) || len(s.files) != 0 {
			t.Errorf("closing what is not open: %v", err)
		}
		if _, err := s.ChangeContact(t.Context(), noon(), ada(), seven, 0, contact.Change{Open: new(true)}); err != nil {
			t.Fatal(err)
		}
		if view, err := s.CloseContact(t.Context(), noon(), ada(), seven, 1); err != nil || view.File.Desk.Open || s.entries[2].Kind != ledger.ContactClosed {
			t.Errorf("%+v, %v", view.File, err)
		}
	})
	t.Run("corrects the type to one with the same business object", func(t *testing.T) {
		t.Parallel()
		s := atCounter(t)
		cases := []plugin.Characteristic{{Type: "CASE", Value: "C-1"}}
		if _, err := s.ChangeContact(t.Context(), noon(), ada(), seven, 0, contact.Change{Characteristics: &cases}); err != nil {
			t.Fatal(err)
		}
		view, err := s.RetypeContact(t.Context(), noon(), ada(), seven, 1, "D", "BILL")
		if class, code := view.File.Desk.Kind(view.Contact); err != nil || class != "D" || code != "BILL" || view.Contact.Type != "CALL" {
			t.Errorf("%s/%s, %v", class, code, err)
		}
		if e := s.entries[2]; e.Kind != ledger.ContactRetyped || e.Code != "D/BILL" {
			t.Errorf("%+v", e)
		}
	})
	t.Run("adds to the log, with a reminder that knows what its To Do will need", func(t *testing.T) {
		t.Parallel()
		s := atCounter(t)
		view, err := s.AddLog(t.Context(), noon(), ada(), seven, contact.Note{Comments: "call back", Remind: &contact.Remind{User: "ada", Trigger: "2026-03-02"}})
		want := contact.Reminder{
			Contact: seven, Log: 2_000_000_001, Source: "cis", Division: "north", Kind: contact.ToUser, To: "ada", Trigger: "2026-03-02", Person: 42,
			Account: "A-1", Premise: "P-1",
		}
		if err != nil || len(view.File.Logs) != 1 || !reflect.DeepEqual(view.File.Reminders, []contact.Reminder{want}) {
			t.Errorf("%+v, %v", view.File, err)
		}
	})
	t.Run("takes the business date of the contact's division for today", func(t *testing.T) {
		t.Parallel()
		s := atCounter(t)
		late := time.Date(2026, 3, 3, 4, 0, 0, 0, time.UTC) // still the second in New York
		if _, err := s.AddLog(t.Context(), late, ada(), seven, contact.Note{Comments: "x", Remind: &contact.Remind{Role: "CSR", Trigger: "2026-03-02"}}); err != nil {
			t.Error(err)
		}
	})
}

// TestBadInputOfChanges is the catalogue of what is refused of changes of a contact (process 3.4.1.1, steps 1.6 to 1.8):
// the message, and that nothing was written.
func TestBadInputOfChanges(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 4001)
	change := func(c contact.Change) func(*counterDesk) error {
		return func(s *counterDesk) error {
			_, err := s.ChangeContact(s.t.Context(), noon(), ada(), seven, 0, c)
			return err
		}
	}
	retype := func(class, code string) func(*counterDesk) error {
		return func(s *counterDesk) error {
			_, err := s.RetypeContact(s.t.Context(), noon(), ada(), seven, 0, class, code)
			return err
		}
	}
	note := func(n contact.Note) func(*counterDesk) error {
		return func(s *counterDesk) error {
			_, err := s.AddLog(s.t.Context(), noon(), ada(), seven, n)
			return err
		}
	}
	for says, row := range map[string]struct {
		do   func(*counterDesk) error
		want map[string]string
	}{
		"nothing":           {change(contact.Change{}), map[string]string{"": "changes nothing: name a field"}},
		"long comments":     {change(contact.Change{Comments: &long}), map[string]string{"/comments": "has more than 4000 characters"}},
		"an unknown method": {change(contact.Change{Method: new(contact.Method("pigeon"))}), map[string]string{"/preferredMethod": "is phone, email, sms, postal, fax or not_applicable"}},
		"a characteristic of another type": {
			change(contact.Change{Characteristics: &[]plugin.Characteristic{{Type: "MOOD", Value: "x"}}}), map[string]string{"/characteristics/0/type": "is no characteristic of this type"},
		},
		"a tag that is none":               {change(contact.Change{Tags: &[]plugin.Characteristic{{Type: "CASE", Value: "x"}}}), map[string]string{"/tags/0/type": "is no type of tags"}},
		"what its business object refuses": {change(contact.Change{Comments: new("unfit")}), map[string]string{"/comments": "does not fit the business object"}},
		"no such type":                     {retype("D", "NONE"), map[string]string{"/type": "is no contact type of this class and division"}},
		"a type of another division":       {retype("D", "SOUTH"), map[string]string{"/type": "is no contact type of this class and division"}},
		"an inactive type":                 {retype("D", "GONE"), map[string]string{"/type": "is not active: it takes no new contacts"}},
		"a type only the system makes":     {retype("D", "MAILED"), map[string]string{"/type": "is a type that records notifications: no user adds such contacts"}},
		"another business object":          {retype("D", "OTHER"), map[string]string{"/type": "has another business object: only a type with the same can take its place"}},
		"a type that allows no person":     {retype("D", "PLACE"), map[string]string{"/person": "is not allowed for this contact type"}},
		"a type that needs more":           {retype("D", "BILL"), map[string]string{"/characteristics": "needs the characteristic CASE"}},
		"a log entry that says nothing":    {note(contact.Note{}), map[string]string{"/comments": "says why: it is required"}},
		"a long log entry":                 {note(contact.Note{Comments: long}), map[string]string{"/comments": "has more than 4000 characters"}},
		"a reminder to both": {
			note(contact.Note{Comments: "x", Remind: &contact.Remind{User: "ada", Role: "CSR", Trigger: "2026-03-02"}}),
			map[string]string{"/reminder": "goes to a user or to a role: give one of the two"},
		},
		"a reminder in the past, to a stranger": {
			note(contact.Note{Comments: "x", Remind: &contact.Remind{User: "eve", Trigger: "2026-03-01"}}),
			map[string]string{"/reminder/user": "names no user", "/reminder/triggerDate": "lies in the past"},
		},
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			s := atCounter(t)
			var f *fault.Error
			if err := row.do(s); !errors.As(err, &f) || f.Kind != fault.Invalid {
				t.Fatalf("not refused: %v", err)
			}
			got := map[string]string{}
			for _, v := range f.Violations {
				got[v.Field] = v.Reason
			}
			if !maps.Equal(got, row.want) {
				t.Errorf("refused with %v, want %v", got, row.want)
			}
			if len(s.files) != 0 || len(s.entries) != 1 {
				t.Errorf("something was written: %+v", s.files)
			}
		})
	}
	t.Run("a correction that the installation prevents", func(t *testing.T) {
		t.Parallel()
		s := atCounter(t, func(d *config.Document) { d.Installation.PreventTypeChange = true })
		if _, err := s.RetypeContact(t.Context(), noon(), ada(), seven, 0, "D", "BILL"); !fault.Is(err, fault.Forbidden) || len(s.files) != 0 {
			t.Errorf("%v", err)
		}
	})
	t.Run("who sees the contact and may not change it, and who does not see it", func(t *testing.T) {
		t.Parallel()
		s := atCounter(t)
		for name, row := range map[string]struct {
			p    access.Principal
			want fault.Kind
		}{
			"the CIS that posted it": {who("cis", "north", access.CIS), fault.Forbidden}, "an operator": {who("ops", "north", access.SRE), fault.Forbidden},
			"another CIS": {who("cis2", "north", access.CIS), fault.NotFound}, "a clerk of another division": {who("desk", "south", access.CSR), fault.NotFound},
		} {
			_, one := s.ChangeContact(t.Context(), noon(), row.p, seven, 0, contact.Change{Open: new(true)})
			_, two := s.CloseContact(t.Context(), noon(), row.p, seven, 0)
			_, three := s.RetypeContact(t.Context(), noon(), row.p, seven, 0, "D", "BILL")
			_, four := s.AddLog(t.Context(), noon(), row.p, seven, contact.Note{Comments: "x"})
			for i, err := range []error{one, two, three, four} {
				if !fault.Is(err, row.want) {
					t.Errorf("%s, operation %d: %v", name, i, err)
				}
			}
		}
		if len(s.files) != 0 {
			t.Error("something was written")
		}
	})
}
