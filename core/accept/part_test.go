package accept_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"carillon/core/accept"
	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/plan"
	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/template"
)

// desks is the configuration that contacts at the desk need.
func desks(d *config.Document) {
	kind := func(code, word string, person, account, premise contact.Usage) config.ContactType {
		return config.ContactType{Type: contact.Type{
			Class: "D", Code: code, Shorthand: word, Person: person, Account: account, Premise: premise,
		}}
	}
	d.Classes = append(d.Classes, contact.Class{Code: "D"})
	call := kind("CALL", "call", contact.Required, contact.Optional, contact.NotAllowed)
	call.Characteristics = []plugin.CharacteristicUse{
		{Sequence: 10, Type: "CASE", Required: true}, {Sequence: 20, Type: "PRIO", Default: "LOW"}, {Sequence: 30, Type: "FORM"},
	}
	gone := kind("GONE", "gone", contact.Optional, contact.Optional, contact.Optional)
	gone.Inactive = true
	south := kind("SOUTH", "south", contact.Optional, contact.Optional, contact.Optional)
	south.Division = "south"
	letter := kind("LETTER", "", contact.Required, contact.Optional, contact.Optional)
	letter.Action, letter.LetterTemplate, letter.Plan = contact.SendLetter, "FREE", plan.PlanRule{}
	special := letter
	special.Code, special.LetterTemplate = "SPECIAL", "EXTRACT"
	later := kind("LATER", "", contact.Optional, contact.Optional, contact.Optional)
	later.Plan.Steps = []plan.StepRule{{Channel: "letter", Template: "FREE"}}
	mailed := kind("MAILED", "", contact.Optional, contact.Optional, contact.Optional)
	mailed.Action = contact.RecordNotification
	field := kind("FIELD", "", contact.Optional, contact.Optional, contact.Optional)
	field.BusinessObject = "C1-FWCustomerContact"
	d.Types = append(d.Types, call, later, kind("PLACE", "", contact.NotAllowed, contact.NotAllowed, contact.Required), gone, south, letter, special, mailed, field,
		kind("FREE", "free", contact.Optional, contact.Optional, contact.Optional))
	d.Templates = append(d.Templates, template.Template{Code: "FREE", Channel: "letter"}, template.Template{Code: "EXTRACT", Channel: "letter", SpecialExtract: true})
	d.CharacteristicTypes = []config.CharacteristicType{
		{Code: "CASE", Entities: []string{"contact"}},
		{Code: "PRIO", Entities: []string{"contact"}, Values: []string{"LOW", "HIGH"}},
		{Code: "FORM", Entities: []string{"contact"}, Pattern: "[A-Z]{2}"},
		{Code: "PERSONAL", Entities: []string{"person"}},
		{Code: "MOOD", Entities: []string{"contact"}, Tag: true, Values: []string{"ANGRY", "CALM"}},
	}
	d.Installation.ReminderType = "REMIND"
	d.Users = []config.User{{Name: "ada"}, {Name: "old", Inactive: true}}
	d.ToDoRoles = []config.ToDoRole{{Code: "CSR", Users: []string{"ada"}}, {Code: "OTHER", Users: []string{"ada"}}}
	d.ToDoTypes = []config.ToDoType{{Code: "REMIND", Roles: []string{"CSR"}, DefaultRole: "CSR"}}
}

// logs hands out log numbers.
type logs struct{ n int64 }

func (l *logs) Log(context.Context) (contact.LogID, error) {
	l.n++
	return contact.LogID(2_000_000_000 + l.n), nil
}

// objects refuses what is of a business object and names no premise.
type objects struct{ asked []string }

func (o *objects) Violations(code string, document []byte) []fault.Violation {
	o.asked = append(o.asked, code)
	if code == "C1-FWCustomerContact" && !strings.Contains(string(document), `"premise"`) {
		return []fault.Violation{{Field: "/premise", Reason: "is required by the business object"}}
	}
	return nil
}

func deskStand(t *testing.T, change ...func(*config.Document)) (*stand, *objects) {
	t.Helper()
	s, o := newStand(t, append([]func(*config.Document){desks}, change...)...), &objects{}
	s.Logs, s.Schemas = &logs{}, o
	return s, o
}

func clerk() access.Principal {
	return access.Principal{Name: "ada", Source: "desk", Divisions: []string{"north"}, Roles: []access.Role{access.CSR}}
}

// atDesk is a contact that a user enters, right in every part.
func atDesk() accept.Request {
	return accept.Request{Key: "k-1", Division: "north", Class: "D", Type: "CALL", Person: 42, Part: &contact.Part{
		Manual: true, Open: true, Comments: "the bill seems too high", Method: contact.ByPhone, At: noon().Add(-time.Hour),
		Characteristics: []plugin.Characteristic{{Type: "FORM", Value: "AB"}, {Type: "CASE", Value: "C-1"}},
		Tags:            []plugin.Characteristic{{Type: "MOOD", Value: "ANGRY"}}, External: "ext-1",
		Identifiers: []contact.Identifier{{Type: "C1NS", Value: "77"}},
		Log:         &contact.Note{Comments: "call back", Remind: &contact.Remind{Role: "CSR", Trigger: "2026-03-02"}},
	}}
}

func TestAcceptAtDesk(t *testing.T) {
	t.Parallel()
	t.Run("writes the contact with its desk part, its log and its reminder in one set", func(t *testing.T) {
		t.Parallel()
		s, o := deskStand(t)
		r := atDesk()
		a, err := s.Accept(t.Context(), noon(), clerk(), r)
		if err != nil {
			t.Fatal(err)
		}
		w := s.tables.applied[0]
		want := contact.Desk{
			Contact: a.Contact, Revision: 1, Open: true, Comments: r.Part.Comments, Method: contact.ByPhone, At: noon().Add(-time.Hour),
			Characteristics: []plugin.Characteristic{{Type: "CASE", Value: "C-1"}, {Type: "PRIO", Value: "LOW"}, {Type: "FORM", Value: "AB"}},
			Tags:            r.Part.Tags, External: "ext-1", Identifiers: r.Part.Identifiers, ChangedAt: noon(), By: "ada",
		}
		if len(s.tables.applied) != 1 || !reflect.DeepEqual(store.Of(w.Desk).Desks, []contact.Desk{want}) {
			t.Errorf("desk part\n got %+v\nwant %+v", store.Of(w.Desk).Desks, want)
		}
		remind := contact.Reminder{
			Contact: a.Contact, Log: 2_000_000_001, Source: "desk", Division: "north", Kind: contact.ToRole, To: "CSR", Trigger: "2026-03-02",
			Person: 42, Account: "ACC-1",
		}
		if len(store.Of(w.Desk).Logs) != 1 || store.Of(w.Desk).Logs[0].Comments != "call back" || store.Of(w.Desk).Logs[0].Contact != a.Contact || !reflect.DeepEqual(store.Of(w.Desk).Reminders, []contact.Reminder{remind}) {
			t.Errorf("log %+v, reminder %+v", store.Of(w.Desk).Logs, store.Of(w.Desk).Reminders)
		}
		var kinds []ledger.Kind
		for _, e := range store.Of(w.Ledger).Entries {
			kinds = append(kinds, e.Kind)
			if strings.Contains(e.Canonical(), "bill") || strings.Contains(e.Canonical(), "call back") {
				t.Errorf("an entry holds comments: %s", e.Canonical())
			}
		}
		if !slices.Equal(kinds, []ledger.Kind{ledger.ContactAccepted, ledger.ContactLogged, ledger.ReminderSet}) || !slices.Equal(o.asked, []string{"C1-CreateCustomerContact"}) {
			t.Errorf("entries %v, business objects %v", kinds, o.asked)
		}
	})
	t.Run("finds a type by its shorthand, the division's own first", func(t *testing.T) {
		t.Parallel()
		s, _ := deskStand(t, func(d *config.Document) {
			own := d.Types[len(d.Types)-1]
			own.Code, own.Division, own.Shorthand = "OWN", "north", "quick"
			other := own
			other.Code, other.Division = "THEIRS", "south"
			d.Types = append(d.Types, other, own)
		})
		for word, want := range map[string]string{"FREE": "FREE", "quick": "OWN"} {
			r := accept.Request{Key: word, Division: "north", Part: &contact.Part{Manual: true, Shorthand: word}}
			if _, err := s.Accept(t.Context(), noon(), clerk(), r); err != nil {
				t.Fatal(err)
			}
			if c := store.Of(s.tables.applied[len(s.tables.applied)-1].Contact).Contacts[0]; c.Type != want || c.Class != "D" {
				t.Errorf("%s is %s/%s, want %s", word, c.Class, c.Type, want)
			}
			again, err := s.Accept(t.Context(), noon(), clerk(), r)
			if err != nil || !again.Replayed {
				t.Errorf("the same request again: %+v, %v", again, err)
			}
		}
	})
	t.Run("takes a contact that is about a place alone", func(t *testing.T) {
		t.Parallel()
		s, _ := deskStand(t)
		_, err := s.Accept(t.Context(), noon(), clerk(), accept.Request{Key: "k", Division: "north", Class: "D", Type: "PLACE", Premise: "P-1", Part: &contact.Part{Manual: true}})
		if err != nil || store.Of(s.tables.applied[0].Contact).Contacts[0].Premise != "P-1" || len(store.Of(s.tables.applied[0].Desk).Desks) != 0 {
			t.Errorf("%+v, %v", s.tables.applied, err)
		}
	})
	t.Run("sends the letter of a letter type by the one acceptance", func(t *testing.T) {
		t.Parallel()
		s, _ := deskStand(t)
		a, err := s.Accept(t.Context(), noon(), clerk(), accept.Request{Key: "k", Division: "north", Class: "D", Type: "LETTER", Person: 42, Part: &contact.Part{Manual: true}})
		if err != nil || len(a.Messages) != 1 || a.Messages[0].Channel != "letter" {
			t.Errorf("%+v, %v", a, err)
		}
	})
	t.Run("answers a repeated request from the first although it would be refused today", func(t *testing.T) {
		t.Parallel()
		s, _ := deskStand(t)
		first, err := s.Accept(t.Context(), noon(), clerk(), atDesk())
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Accept(t.Context(), noon().AddDate(0, 0, 9), clerk(), atDesk()) // its trigger date has passed
		if err != nil || !again.Replayed || again.Contact != first.Contact {
			t.Errorf("%+v, %v", again, err)
		}
		other := atDesk()
		other.Part.Comments = "something else"
		if _, err := s.Accept(t.Context(), noon(), clerk(), other); !fault.Is(err, fault.Conflict) {
			t.Errorf("another part under the key: %v", err)
		}
	})
	t.Run("gives the characteristics of a type their defaults, whoever posts", func(t *testing.T) {
		t.Parallel()
		s, _ := deskStand(t, func(d *config.Document) {
			i := slices.IndexFunc(d.Types, func(t config.ContactType) bool { return t.Code == "CALL" })
			d.Types[i].Characteristics[0].Default = "NONE"
		})
		if _, err := s.Accept(t.Context(), noon(), cis(), accept.Request{Key: "k", Division: "north", Class: "D", Type: "CALL", Person: 42}); err != nil {
			t.Fatal(err)
		}
		want := []plugin.Characteristic{{Type: "CASE", Value: "NONE"}, {Type: "PRIO", Value: "LOW"}}
		if got := store.Of(s.tables.applied[0].Desk).Desks; len(got) != 1 || !reflect.DeepEqual(got[0].Characteristics, want) {
			t.Errorf("%+v", got)
		}
	})
	t.Run("costs a contact without a part nothing, and leaves its hash what it was", func(t *testing.T) {
		t.Parallel()
		s, o := deskStand(t)
		r := request()
		hash := r.Hash()
		if _, err := s.Accept(t.Context(), noon(), cis(), r); err != nil {
			t.Fatal(err)
		}
		w := s.tables.applied[0]
		if len(store.Of(w.Desk).Desks)+len(store.Of(w.Desk).Logs)+len(store.Of(w.Desk).Reminders) != 0 || len(o.asked) != 0 || store.Of(w.Intake).Keys[0].Hash != hash {
			t.Errorf("desk %+v, business objects %v", store.Of(w.Desk).Desks, o.asked)
		}
		if r.Part = (&contact.Part{Manual: true}); r.Hash() != hash {
			t.Error("who enters it is no part of the request")
		}
	})
	t.Run("lets the system make what no user may", func(t *testing.T) {
		t.Parallel()
		s, _ := deskStand(t)
		for _, code := range []string{"SPECIAL", "MAILED"} {
			if _, err := s.Accept(t.Context(), noon(), cis(), accept.Request{Key: code, Division: "north", Class: "D", Type: code, Person: 42}); err != nil {
				t.Errorf("%s: %v", code, err)
			}
		}
	})
	t.Run("fails whole when its log gets no number", func(t *testing.T) {
		t.Parallel()
		s, _ := deskStand(t)
		s.Logs = noLogs{}
		if _, err := s.Accept(t.Context(), noon(), clerk(), atDesk()); !errors.Is(err, errNoNumber) || len(s.tables.applied) != 0 {
			t.Errorf("%v, %d sets", err, len(s.tables.applied))
		}
	})
}

var errNoNumber = errors.New("no number")

type noLogs struct{}

func (noLogs) Log(context.Context) (contact.LogID, error) { return 0, errNoNumber }

// TestBadInputAtDesk is the catalogue of what is refused of a contact at the desk (process 3.4.1.1, steps 1.2, 1.7, 1.8):
// the message, and that nothing was written.
func TestBadInputAtDesk(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 4001)
	remind := func(r contact.Remind) func(*accept.Request) {
		return func(q *accept.Request) { q.Part.Log.Remind = &r }
	}
	of := func(code string) func(*accept.Request) {
		return func(q *accept.Request) {
			q.Type, q.Part.Characteristics = code, nil
		}
	}
	chars := func(all ...plugin.Characteristic) func(*accept.Request) {
		return func(q *accept.Request) { q.Part.Characteristics = all }
	}
	good := plugin.Characteristic{Type: "CASE", Value: "C-1"}
	for says, row := range map[string]struct {
		change func(*accept.Request)
		want   map[string]string
	}{
		"no person where the type requires one": {func(q *accept.Request) { q.Person = 0 }, map[string]string{"/person": "is required for this contact type"}},
		"a premise where the type allows none":  {func(q *accept.Request) { q.Premise = "P" }, map[string]string{"/premise": "is not allowed for this contact type"}},
		"no premise where the type requires one": {
			func(q *accept.Request) { of("PLACE")(q); q.Person = 0 }, map[string]string{"/premise": "is required for this contact type"},
		},
		"a person where the type allows none": {
			func(q *accept.Request) { of("PLACE")(q); q.Premise = "P" }, map[string]string{"/person": "is not allowed for this contact type"},
		},
		"an account where the type allows none": {
			func(q *accept.Request) { of("PLACE")(q); q.Person, q.Premise, q.Account = 0, "P", "A" }, map[string]string{"/account": "is not allowed for this contact type"},
		},
		"a letter without a person":         {func(q *accept.Request) { of("LETTER")(q); q.Person = 0 }, map[string]string{"/person": "is required for this contact type"}},
		"a letter by plan without a person": {func(q *accept.Request) { of("LATER")(q); q.Person = 0 }, map[string]string{"/person": "is required: a letter goes to a person"}},
		"a person nobody knows":             {func(q *accept.Request) { q.Person = 43 }, map[string]string{"/person": "names no person"}},
		"a type that is not active":         {of("GONE"), map[string]string{"/type": "is not active: it takes no new contacts"}},
		"a type of another division":        {of("SOUTH"), map[string]string{"/type": "is no contact type of this class and division"}},
		"a special extract type":            {of("SPECIAL"), map[string]string{"/type": "is a type of special extract letters: no user adds such contacts"}},
		"a type of notifications":           {of("MAILED"), map[string]string{"/type": "is a type that records notifications: no user adds such contacts"}},
		"a word of no type":                 {func(q *accept.Request) { q.Class, q.Type, q.Part.Shorthand = "", "", "nothing" }, map[string]string{"/shorthand": "is the word of no contact type of this division", "/type": "is no contact type of this class and division"}},
		"the word of an inactive type":      {func(q *accept.Request) { q.Class, q.Type, q.Part.Shorthand = "", "", "gone" }, map[string]string{"/shorthand": "is the word of no contact type of this division", "/type": "is no contact type of this class and division"}},
		"a word beside class and type":      {func(q *accept.Request) { q.Part.Shorthand = "call" }, map[string]string{"/shorthand": "stands in place of class and type"}},
		"a missing characteristic":          {chars(), map[string]string{"/characteristics": "needs the characteristic CASE"}},
		"an unknown characteristic":         {chars(good, plugin.Characteristic{Type: "NONE", Value: "x"}), map[string]string{"/characteristics/1/type": "names no characteristic type for this"}},
		"a characteristic of persons":       {chars(good, plugin.Characteristic{Type: "PERSONAL", Value: "x"}), map[string]string{"/characteristics/1/type": "names no characteristic type for this"}},
		"one that the type does not have":   {chars(good, plugin.Characteristic{Type: "MOOD", Value: "CALM"}), map[string]string{"/characteristics/1/type": "is no characteristic of this type"}},
		"a value its type does not list":    {chars(good, plugin.Characteristic{Type: "PRIO", Value: "x"}), map[string]string{"/characteristics/1/value": "is one of LOW, HIGH"}},
		"a value of another form":           {chars(good, plugin.Characteristic{Type: "FORM", Value: "ABC"}), map[string]string{"/characteristics/1/value": "is not of the form of its characteristic type"}},
		"a characteristic without value":    {chars(plugin.Characteristic{Type: "CASE"}), map[string]string{"/characteristics/0/value": "is required"}},
		"a value that is too long":          {chars(plugin.Characteristic{Type: "CASE", Value: long}), map[string]string{"/characteristics/0/value": "has more than 254 characters"}},
		"a characteristic twice":            {chars(good, good), map[string]string{"/characteristics/1/type": "is there twice"}},
		"a tag that is no tag":              {func(q *accept.Request) { q.Part.Tags = []plugin.Characteristic{good} }, map[string]string{"/tags/0/type": "is no type of tags"}},
		"a tag nobody lists":                {func(q *accept.Request) { q.Part.Tags = []plugin.Characteristic{{Type: "MOOD", Value: "x"}} }, map[string]string{"/tags/0/value": "is one of ANGRY, CALM"}},
		"a tag twice":                       {func(q *accept.Request) { q.Part.Tags = append(q.Part.Tags, q.Part.Tags[0]) }, map[string]string{"/tags/1": "is there twice"}},
		"long comments":                     {func(q *accept.Request) { q.Part.Comments = long }, map[string]string{"/comments": "has more than 4000 characters"}},
		"an unknown method":                 {func(q *accept.Request) { q.Part.Method = "pigeon" }, map[string]string{"/preferredMethod": "is phone, email, sms, postal, fax or not_applicable"}},
		"a long external id":                {func(q *accept.Request) { q.Part.External = long }, map[string]string{"/externalContactId": "has more than 100 characters"}},
		"an identifier without its type":    {func(q *accept.Request) { q.Part.Identifiers[0].Type = "" }, map[string]string{"/identifiers/0/type": "has 1 to 30 characters"}},
		"an identifier without a value":     {func(q *accept.Request) { q.Part.Identifiers[0].Value = "" }, map[string]string{"/identifiers/0/value": "has 1 to 100 characters"}},
		"an identifier twice":               {func(q *accept.Request) { q.Part.Identifiers = append(q.Part.Identifiers, q.Part.Identifiers[0]) }, map[string]string{"/identifiers/1/type": "is there twice"}},
		"a log entry that says nothing":     {func(q *accept.Request) { q.Part.Log.Comments = " " }, map[string]string{"/log/comments": "says why: it is required"}},
		"a reminder to nobody":              {remind(contact.Remind{Trigger: "2026-03-02"}), map[string]string{"/log/reminder": "goes to a user or to a role: give one of the two"}},
		"a reminder to both":                {remind(contact.Remind{User: "ada", Role: "CSR", Trigger: "2026-03-02"}), map[string]string{"/log/reminder": "goes to a user or to a role: give one of the two"}},
		"a reminder to a stranger":          {remind(contact.Remind{User: "eve", Trigger: "2026-03-02"}), map[string]string{"/log/reminder/user": "names no user"}},
		"a reminder to who has left":        {remind(contact.Remind{User: "old", Trigger: "2026-03-02"}), map[string]string{"/log/reminder/user": "names a user who is not active"}},
		"a reminder to no role":             {remind(contact.Remind{Role: "NONE", Trigger: "2026-03-02"}), map[string]string{"/log/reminder/role": "names no To Do Role"}},
		"a reminder to a role of another":   {remind(contact.Remind{Role: "OTHER", Trigger: "2026-03-02"}), map[string]string{"/log/reminder/role": "is no role of the To Do Type of reminders"}},
		"a trigger date in the past":        {remind(contact.Remind{User: "ada", Trigger: "2026-03-01"}), map[string]string{"/log/reminder/triggerDate": "lies in the past"}},
		"a trigger date that is none":       {remind(contact.Remind{User: "ada", Trigger: "2026-02-30"}), map[string]string{"/log/reminder/triggerDate": "is a date, as 2026-03-31"}},
		"what its business object refuses": {
			func(q *accept.Request) { of("FIELD")(q) }, map[string]string{"/premise": "is required by the business object"},
		},
		"all at once": {func(q *accept.Request) {
			q.Person, q.Premise, q.Part.Comments, q.Part.Characteristics = 0, "P", long, nil
		}, map[string]string{
			"/person": "is required for this contact type", "/premise": "is not allowed for this contact type",
			"/comments": "has more than 4000 characters", "/characteristics": "needs the characteristic CASE",
		}},
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			s, _ := deskStand(t)
			r := atDesk()
			row.change(&r)
			_, err := s.Accept(t.Context(), noon(), clerk(), r)
			if got := reasons(t, err); !maps.Equal(got, row.want) {
				t.Errorf("refused with %v, want %v", got, row.want)
			}
			if len(s.tables.applied) != 0 {
				t.Errorf("%d sets were written", len(s.tables.applied))
			}
		})
	}
	t.Run("an inactive division", func(t *testing.T) {
		t.Parallel()
		s, _ := deskStand(t, func(d *config.Document) { d.Divisions[0].Inactive = true })
		_, err := s.Accept(t.Context(), noon(), clerk(), atDesk())
		if got := reasons(t, err); got["/division"] != "is not active: it takes no new contacts" || len(s.tables.applied) != 0 {
			t.Errorf("refused with %v", got)
		}
	})
	t.Run("a reminder where no To Do Type is for them", func(t *testing.T) {
		t.Parallel()
		s, _ := deskStand(t, func(d *config.Document) { d.Installation.ReminderType = "" })
		_, err := s.Accept(t.Context(), noon(), clerk(), atDesk())
		if got := reasons(t, err); got["/log/reminder"] != "cannot be set: the installation names no To Do Type of reminders" || len(s.tables.applied) != 0 {
			t.Errorf("refused with %v", got)
		}
	})
	t.Run("another's desk part that was there first", func(t *testing.T) {
		t.Parallel()
		s, _ := deskStand(t)
		s.tables.lose = store.LostVersion
		if _, err := s.Accept(t.Context(), noon(), clerk(), atDesk()); !fault.Is(err, fault.Conflict) {
			t.Errorf("%v", err)
		}
	})
}

// reasons are the fields of a refusal with what is wrong with them.
func reasons(t *testing.T, err error) map[string]string {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		t.Fatalf("not refused: %v", err)
	}
	out := make(map[string]string)
	for _, v := range f.Violations {
		out[v.Field] = v.Reason
	}
	return out
}

var _ store.Applier = (*tables)(nil)
