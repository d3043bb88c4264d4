package accept_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"carillon/core/accept"
	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
	"carillon/core/todo"
)

func TestAccept(t *testing.T) {
	t.Parallel()
	t.Run("writes contact, plan, step, message, due row, keys, counts and entry in one set", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		r := request()
		r.Reference = "ref-1"
		a, err := s.Accept(t.Context(), noon(), cis(), r)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.tables.applied) != 1 || a.Contact != 1_000_000_001 || len(a.Messages) != 1 || a.Replayed || a.Reference != "ref-1" || !a.AcceptedAt.Equal(noon()) {
			t.Fatalf("%+v", a)
		}
		w := s.tables.applied[0]
		m := store.Of(w.Message).Messages[0]
		want := message.Message{
			ID: m.ID, AcceptedAt: noon(), Source: "cis", Division: "north",
			Origin:  message.Origin{Kind: message.FromStep, Contact: a.Contact, Step: 1, Steps: 1},
			Channel: message.SMS, Urgency: message.Regulatory, Route: "sms", Lane: message.NewLane(1, message.Regulatory),
			Recipient: customer.Recipient{Person: 42, Point: 1, Name: "Jane\nDoe", Language: "es", Address: "+12125550123", Zones: []string{"America/New_York"}},
			Account:   "ACC-1", Reference: "ref-1", Template: "TEXT", Config: 3, Content: m.Content, ExpiresAt: noon().Add(time.Hour),
			Receipt: 72 * time.Hour, Hold: time.Hour, Doubt: message.Repeat,
		}
		if !reflect.DeepEqual(m, want) {
			t.Errorf("message\n got %+v\nwant %+v", m, want)
		}
		if c, err := m.Filled(); err != nil || c.Parts["text"] != "Hello Jane Doe" {
			t.Errorf("content %v: %v", c, err)
		}
		if d := store.Of(w.Message).Dues[0]; d != (message.Due{Lane: m.Lane, At: noon(), Message: m.ID, FirstAt: noon(), Reason: message.WaitNew}) {
			t.Errorf("due %+v", d)
		}
		if len(store.Of(w.Intake).Keys) != 2 || store.Of(w.Intake).Keys[0].Hash != r.Hash() || store.Of(w.Intake).Keys[1].Key != "ref-1" || store.Of(w.Intake).Keys[1].Kind != store.SourceReference {
			t.Errorf("keys %+v", store.Of(w.Intake).Keys)
		}
		if !reflect.DeepEqual(store.Of(w.Message).Counts, message.Arrival(m, message.Pending)) {
			t.Errorf("counts %+v", store.Of(w.Message).Counts)
		}
		if !reflect.DeepEqual(store.Of(w.Message).Deadlines, []message.Deadline{{At: m.ExpiresAt, Message: m.ID, Kind: message.Expiry}}) {
			t.Errorf("deadlines %+v", store.Of(w.Message).Deadlines)
		}
		if e := store.Of(w.Ledger).Entries[0]; len(store.Of(w.Ledger).Entries) != 1 || e.Kind != ledger.ContactAccepted || e.Message != m.ID || e.Contact != a.Contact || e.By != "cis-key" || e.Config != 3 {
			t.Errorf("entries %+v", store.Of(w.Ledger).Entries)
		}
		if len(store.Of(w.Contact).Plans) != 1 || store.Of(w.Contact).Plans[0].Steps != 1 || len(store.Of(w.Contact).Steps) != 1 || store.Of(w.Contact).Steps[0].Why != "accepted" {
			t.Errorf("plan %+v, steps %+v", store.Of(w.Contact).Plans, store.Of(w.Contact).Steps)
		}
	})
	t.Run("takes a contact that sends nothing", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		r := request()
		r.Type, r.Data = "NOTE", nil
		a, err := s.Accept(t.Context(), noon(), cis(), r)
		w := s.tables.applied[0]
		if err != nil || len(a.Messages) != 0 || len(store.Of(w.Contact).Plans) != 0 || len(store.Of(w.Message).Messages) != 0 || store.Of(w.Contact).Contacts[0].Data != "{}" || len(store.Of(w.Intake).Keys) != 1 {
			t.Errorf("%+v: %v", a, err)
		}
	})
	t.Run("takes the id by which the source knows a person", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		r := request()
		r.Person, r.External = 0, "P-42"
		if a, err := s.Accept(t.Context(), noon(), cis(), r); err != nil || store.Of(s.tables.applied[0].Contact).Contacts[0].Person != 42 {
			t.Errorf("%+v: %v", a, err)
		}
	})
	t.Run("takes a recipient inline, in the zones of its number and of where it is", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		r := request()
		r.Person, r.Inline = 0, inline()
		if _, err := s.Accept(t.Context(), noon(), cis(), r); err != nil {
			t.Fatal(err)
		}
		w := s.tables.applied[0]
		to := store.Of(w.Message).Messages[0].Recipient
		if to.Person != 0 || to.Address != "+15550001111" || to.Language != "en-US" || !slices.Equal(to.Zones, []string{"America/New_York", "America/Los_Angeles"}) {
			t.Errorf("recipient %+v of %s", to, to.Address.Reveal())
		}
		var back accept.Inline
		if err := json.Unmarshal([]byte(store.Of(w.Contact).Contacts[0].Inline), &back); err != nil || !reflect.DeepEqual(back, *r.Inline) {
			t.Errorf("kept as %s: %v", store.Of(w.Contact).Contacts[0].Inline, err)
		}
	})
	t.Run("expires a message at the earliest of what request, step and route say", func(t *testing.T) {
		t.Parallel()
		for says, row := range map[string]struct {
			kind string
			at   time.Time
			want time.Time
		}{
			"the request":     {"TEXT", noon().Add(time.Minute), noon().Add(time.Minute)},
			"the step":        {"TEXT", noon().Add(2 * time.Hour), noon().Add(time.Hour)},
			"the route":       {"MAIL", noon().Add(72 * time.Hour), noon().Add(48 * time.Hour)},
			"the route alone": {"MAIL", time.Time{}, noon().Add(48 * time.Hour)},
		} {
			s := newStand(t)
			r := request()
			r.Person, r.Inline, r.Type, r.ExpiresAt = 0, inline(), row.kind, row.at
			if _, err := s.Accept(t.Context(), noon(), cis(), r); err != nil {
				t.Fatal(err)
			}
			if got := store.Of(s.tables.applied[0].Message).Messages[0].ExpiresAt; !got.Equal(row.want) {
				t.Errorf("%s: expires at %s, want %s", says, got, row.want)
			}
		}
	})
	t.Run("passes the store's trouble on", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		s.tables.down = fault.New(fault.Unavailable, "away")
		if _, err := s.Accept(t.Context(), noon(), cis(), request()); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%v", err)
		}
		s = newStand(t)
		s.ids.down = fault.New(fault.Unavailable, "away")
		if _, err := s.Accept(t.Context(), noon(), cis(), request()); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%v", err)
		}
		s = newStand(t)
		r := request()
		r.Type = "BROKEN"
		if _, err := s.Accept(t.Context(), noon(), cis(), r); !fault.Is(err, fault.Unknown) {
			t.Errorf("a bug of a channel is %v", err)
		}
	})
}

// TestRefuses: a request is refused whole, naming every wrong field at once.
func TestRefuses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says   string
		change func(*accept.Request)
		want   []string
	}{
		{"a request without a key", func(r *accept.Request) { r.Key = "" }, []string{"header/Idempotency-Key"}},
		{"a key that is too long", func(r *accept.Request) { r.Key = strings.Repeat("k", 201) }, []string{"header/Idempotency-Key"}},
		{"a reference that is too long", func(r *accept.Request) { r.Reference = strings.Repeat("r", 101) }, []string{"/reference"}},
		{"no division", func(r *accept.Request) { r.Division = "" }, []string{"/division"}},
		{"a division that is none", func(r *accept.Request) { r.Division = "west" }, []string{"/division"}},
		{"a type that is none", func(r *accept.Request) { r.Type = "NONE" }, []string{"/type"}},
		{"names that Carillon fills itself", func(r *accept.Request) {
			r.Data["recipient"], r.Data["division"], r.Data["account"] = 1, 2, 3
		}, []string{"/data/account", "/data/division", "/data/recipient"}},
		{"nobody to send to", func(r *accept.Request) { r.Person = 0 }, []string{"/person"}},
		{"two ways to say who", func(r *accept.Request) { r.External = "P-42" }, []string{"/recipient"}},
		{"a person that is none", func(r *accept.Request) { r.Person = 43 }, []string{"/person"}},
		{"a person of the source that is none", func(r *accept.Request) { r.Person, r.External = 0, "P-43" }, []string{"/externalPerson"}},
		{"a type that needs an account and allows no premise", func(r *accept.Request) {
			r.Type, r.Premise = "STRICT", "PREM"
			r.Person, r.Inline = 0, &accept.Inline{Name: []string{"x"}, Phone: "+12125550123"} // who brings no account
		}, []string{"/account", "/premise"}},
		{"a value a template needs", func(r *accept.Request) { r.Data = nil }, []string{"/data/amount"}},
		{"a value that only a later step needs, each once", func(r *accept.Request) {
			r.Type, r.Data = "CASCADE", nil
		}, []string{"/data/amount", "/data/due"}},
		{"an inline recipient without a name", func(r *accept.Request) {
			r.Person, r.Inline = 0, &accept.Inline{Phone: "+15550001111"}
		}, []string{"/recipient/name"}},
		{"everything wrong of an inline recipient", func(r *accept.Request) {
			r.Person, r.Inline = 0, &accept.Inline{
				Name: []string{"a", "b", "c", "d"}, Phone: "bad", Email: "bad", Postal: &customer.Postal{}, Zone: "Mars",
			}
		}, []string{
			"/recipient/email", "/recipient/name", "/recipient/phone", "/recipient/postal/city", "/recipient/postal/country",
			"/recipient/postal/line1", "/recipient/zone",
		}},
		{"a name line that is none", func(r *accept.Request) { r.Person, r.Inline = 0, &accept.Inline{Name: []string{"a\nb"}} }, []string{"/recipient/name"}},
		{"wrong words, a wrong recipient and missing values, all at once", func(r *accept.Request) {
			r.Key, r.Person, r.Data = "", 0, nil
			r.Inline = &accept.Inline{Name: []string{"x"}, Phone: "bad", Zone: "Local"}
		}, []string{"/data/amount", "/recipient/phone", "/recipient/zone", "header/Idempotency-Key"}},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			r := request()
			row.change(&r)
			_, err := s.Accept(t.Context(), noon(), cis(), r)
			if got := fields(t, err); !slices.Equal(got, row.want) {
				t.Errorf("names %v, want %v", got, row.want)
			}
			if _, err = s.Validate(t.Context(), noon(), cis(), r); !slices.Equal(fields(t, err), row.want) {
				t.Errorf("validation says otherwise: %v", err)
			}
			if len(s.tables.applied) != 0 {
				t.Error("something is written")
			}
		})
	}
	t.Run("a type of another division", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		p, r := cis(), request()
		p.Divisions, r.Division, r.Type = []string{"*"}, "south", "STRICT"
		if _, err := s.Accept(t.Context(), noon(), p, r); !slices.Equal(fields(t, err), []string{"/type"}) {
			t.Errorf("%v", err)
		}
	})
	t.Run("a person of a division that is not the principal's, as if it were not there", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		p, r := cis(), request()
		p.Divisions, r.Division = []string{"south"}, "south"
		if _, err := s.Accept(t.Context(), noon(), p, r); !slices.Equal(fields(t, err), []string{"/person"}) {
			t.Errorf("%v", err)
		}
	})
	t.Run("who may not", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		r := request()
		r.Division = "south"
		if _, err := s.Accept(t.Context(), noon(), cis(), r); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a forbidden division: %v", err)
		}
		p := cis()
		p.Roles = []access.Role{access.Dialer, access.DMS, access.SRE}
		if _, err := s.Accept(t.Context(), noon(), p, request()); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a forbidden role: %v", err)
		}
	})
}

// TestAgain: the same request gets the same answer; another under the key is a conflict.
func TestAgain(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says   string
		first  func(*accept.Request)
		second func(*accept.Request)
		want   fault.Kind // Unknown: replayed
	}{
		{"the same request is answered as the first time", nil, nil, fault.Unknown},
		{"another request under the key is a conflict", nil, func(r *accept.Request) { r.Data["amount"] = "13" }, fault.Conflict},
		{"another key with the reference of the same request is the same request", func(r *accept.Request) {
			r.Reference = "R"
		}, func(r *accept.Request) { r.Reference, r.Key = "R", "k-2" }, fault.Unknown},
		{"another request under the reference is a conflict", func(r *accept.Request) { r.Reference = "R" }, func(r *accept.Request) {
			r.Reference, r.Key, r.Account = "R", "k-2", "B"
		}, fault.Conflict},
		{"the same request is answered although it would be refused today", nil, func(r *accept.Request) { r.Person = 42 }, fault.Unknown},
		{"no data and empty data are the same", func(r *accept.Request) { r.Type, r.Data = "NOTE", nil }, func(r *accept.Request) {
			r.Type, r.Data = "NOTE", map[string]any{}
		}, fault.Unknown},
		{"an expiry in another zone is the same", func(r *accept.Request) { r.ExpiresAt = noon().Add(24 * time.Hour) }, func(r *accept.Request) {
			r.ExpiresAt = noon().Add(24 * time.Hour).In(time.FixedZone("x", 3600))
		}, fault.Unknown},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			first, second := request(), request()
			for r, change := range map[*accept.Request]func(*accept.Request){&first: row.first, &second: row.second} {
				if change != nil {
					change(r)
				}
			}
			a, err := s.Accept(t.Context(), noon(), cis(), first)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(row.says, "refused today") {
				delete(s.tables.persons, 42)
			}
			b, err := s.Accept(t.Context(), noon().Add(time.Hour), cis(), second)
			if row.want != fault.Unknown {
				if !fault.Is(err, row.want) {
					t.Errorf("%+v: %v", b, err)
				}
				return
			}
			a.Replayed = true
			if err != nil || !reflect.DeepEqual(a, b) {
				t.Errorf("\n got %+v: %v\nwant %+v", b, err, a)
			}
			if len(s.tables.applied) != 1 {
				t.Error("accepted twice")
			}
		})
	}
	t.Run("a refused request under another's key is a conflict", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		if _, err := s.Accept(t.Context(), noon(), cis(), request()); err != nil {
			t.Fatal(err)
		}
		r := request()
		r.Type = "NONE"
		if _, err := s.Accept(t.Context(), noon(), cis(), r); !fault.Is(err, fault.Conflict) {
			t.Errorf("%v", err)
		}
	})
	t.Run("another source has keys of its own", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		p := cis()
		p.Source, p.Roles = "billing", append(p.Roles, access.CSR)
		a, err := s.Accept(t.Context(), noon(), cis(), request())
		b, err2 := s.Accept(t.Context(), noon(), p, request())
		if err != nil || err2 != nil || a.Contact == b.Contact {
			t.Errorf("%v, %v", err, err2)
		}
	})
	t.Run("a step that had nobody to go to is told again", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		r := request()
		r.Type = "CASCADE"
		r.Data["due"] = "x"
		a, err := s.Accept(t.Context(), noon(), cis(), r)
		b, err2 := s.Accept(t.Context(), noon(), cis(), r)
		a.Replayed = true
		if err != nil || err2 != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("\n got %+v: %v\nwant %+v: %v", b, err2, a, err)
		}
	})
	t.Run("a lost race for anything else is a conflict", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		s.tables.lose = store.LostVersion
		if _, err := s.Accept(t.Context(), noon(), cis(), request()); !fault.Is(err, fault.Conflict) {
			t.Errorf("%v", err)
		}
	})
}

func TestValidate(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	a, err := s.Validate(t.Context(), noon(), cis(), request())
	if err != nil || a.Contact != 0 || !a.AcceptedAt.IsZero() || len(a.Messages) != 1 || !a.Messages[0].ID.IsZero() || len(s.tables.applied) != 0 {
		t.Errorf("%+v: %v", a, err)
	}
	if _, err := s.Accept(t.Context(), noon(), cis(), request()); err != nil {
		t.Fatal(err)
	}
	if a, err := s.Validate(t.Context(), noon(), cis(), request()); err != nil || !a.Replayed {
		t.Errorf("the same again: %+v, %v", a, err)
	}
	other := request()
	other.Account = "B"
	if _, err := s.Validate(t.Context(), noon(), cis(), other); !fault.Is(err, fault.Conflict) {
		t.Errorf("a key in use: %v", err)
	}
}

// TestNoContactPoint: a step with nobody to go to is suppressed where it stands, and the next one starts at once.
func TestNoContactPoint(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	r := request()
	r.Type = "CASCADE" // email, sms, letter: the person has no email
	r.Data["due"] = "x"
	a, err := s.Accept(t.Context(), noon(), cis(), r)
	if err != nil || len(a.Messages) != 2 || a.Messages[0].Suppressed != accept.NoContactPoint || a.Messages[1].Channel != message.SMS || a.Messages[1].Suppressed != "" {
		t.Fatalf("%+v: %v", a, err)
	}
	w := s.tables.applied[0]
	if len(store.Of(w.Message).Dues) != 1 || store.Of(w.Message).Dues[0].Message != a.Messages[1].ID || len(store.Of(w.Message).Evidence) != 1 || store.Of(w.Message).Evidence[0].Message != a.Messages[0].ID || store.Of(w.Message).Evidence[0].Seq != 1 {
		t.Errorf("dues %+v, evidence %+v", store.Of(w.Message).Dues, store.Of(w.Message).Evidence)
	}
	if store.Of(w.Contact).Steps[1].Why != accept.NoContactPoint || store.Of(w.Contact).Steps[1].Number != 2 {
		t.Errorf("steps %+v", store.Of(w.Contact).Steps)
	}
	total := map[message.Place]int64{}
	for _, c := range store.Of(w.Message).Counts {
		total[c.Place] += c.Delta
	}
	if total[message.Accepted] != 2 || total[message.Pending] != 1 || total[message.AtSuppressed] != 1 {
		t.Errorf("counts %v", total)
	}
	var kinds []ledger.Kind
	for _, e := range store.Of(w.Ledger).Entries {
		kinds = append(kinds, e.Kind)
	}
	if !slices.Equal(kinds, []ledger.Kind{ledger.ContactAccepted, ledger.MessageMoved, ledger.StepStarted}) {
		t.Errorf("entries %v", kinds)
	}
	t.Run("and a plan that reaches nobody ends there", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		r := request()
		r.Type = "MAIL"
		a, err := s.Accept(t.Context(), noon(), cis(), r)
		if err != nil || len(a.Messages) != 1 || a.Messages[0].Suppressed == "" || len(store.Of(s.tables.applied[0].Message).Dues) != 0 {
			t.Errorf("%+v: %v", a, err)
		}
		w := s.tables.applied[0]
		if len(store.Of(w.ToDo).ToDos) != 1 || store.Of(w.ToDo).ToDos[0].Type != todo.NotReached || store.Of(w.ToDo).ToDos[0].Contact != a.Contact || store.Of(w.ToDo).ToDos[0].Reason != accept.NoContactPoint {
			t.Errorf("nobody is told: %+v", store.Of(w.ToDo).ToDos)
		}
		if len(store.Of(w.Message).Dead) != 1 || store.Of(w.Message).Dead[0].Place != message.AtSuppressed || store.Of(w.Message).Dead[0].Reason != accept.NoContactPoint || store.Of(w.Message).Dead[0].Contact != a.Contact {
			t.Errorf("no dead letter: %+v", store.Of(w.Message).Dead)
		}
	})
}

// cascaded is a contact whose first two steps have started (email: nobody; sms: on its way).
func cascaded(t *testing.T, change func(*accept.Request), alter ...func(*config.Document)) (*stand, contact.ID) {
	t.Helper()
	s := newStand(t, alter...)
	r := request()
	r.Type = "CASCADE"
	r.Data["due"] = json.Number("7.10")
	if change != nil {
		change(&r)
	}
	a, err := s.Accept(t.Context(), noon(), cis(), r)
	if err != nil {
		t.Fatal(err)
	}
	return s, a.Contact
}

func TestNextStep(t *testing.T) {
	t.Parallel()
	later := noon().Add(time.Hour)
	t.Run("starts the step after the one that fell, with the data of the contact", func(t *testing.T) {
		t.Parallel()
		s, id := cascaded(t, nil)
		w, err := s.NextStep(t.Context(), later, id, 2, "bounced")
		if err != nil || len(store.Of(w.Message).Messages) != 1 || len(store.Of(w.Contact).Contacts) != 0 || len(store.Of(w.Intake).Keys) != 0 {
			t.Fatalf("%+v: %v", w, err)
		}
		m := store.Of(w.Message).Messages[0]
		c, err := m.Filled()
		if err != nil || c.Data["due"] != json.Number("7.10") || m.Channel != message.Letter || m.Origin.Step != 3 || !m.Origin.LastStep() || !m.AcceptedAt.Equal(later) {
			t.Errorf("%+v: %v", m, err)
		}
		if store.Of(w.Message).Dues[0].Reason != message.WaitRun || store.Of(w.Contact).Steps[0].Why != "bounced" || store.Of(w.Ledger).Entries[0].Kind != ledger.StepStarted || store.Of(w.Ledger).Entries[0].Reason != "bounced" {
			t.Errorf("%+v", w)
		}
	})
	t.Run("is nothing when the step was started", func(t *testing.T) {
		t.Parallel()
		s, id := cascaded(t, nil)
		first, err := s.NextStep(t.Context(), later, id, 2, "bounced")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.tables.Apply(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		w, err := s.NextStep(t.Context(), later, id, 2, "bounced again")
		if err != nil || !reflect.DeepEqual(w, store.Writes{}) {
			t.Errorf("%+v: %v", w, err)
		}
		if w, err := s.NextStep(t.Context(), later, id, 1, "late"); err != nil || !reflect.DeepEqual(w, store.Writes{}) {
			t.Errorf("an earlier step's late fall starts %+v: %v", w, err)
		}
	})
	t.Run("is nothing when the contact is halted", func(t *testing.T) {
		t.Parallel()
		s, id := cascaded(t, nil)
		s.tables.contacts[id].Halted = true
		if w, err := s.NextStep(t.Context(), later, id, 2, "bounced"); err != nil || !reflect.DeepEqual(w, store.Writes{}) {
			t.Errorf("%+v: %v", w, err)
		}
	})
	for says, row := range map[string]struct {
		second message.EvidenceKind // what became of the second step
		halted bool
		opened int
	}{
		"is a To Do after the last step, when nobody was reached":       {message.Refused, false, 1},
		"is nothing after the last step, when another way has reached":  {message.Delivered, false, 0},
		"is nothing after the last step, while another way may reach":   {message.Sent, false, 0},
		"is nothing after the last step of a contact that was halted":   {message.Refused, true, 0},
		"is a To Do after the last step, when the other was called off": {message.CancelledE, false, 1},
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			s, id := cascaded(t, nil)
			third, err := s.NextStep(t.Context(), later, id, 2, "bounced")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.tables.Apply(t.Context(), third); err != nil {
				t.Fatal(err)
			}
			view := s.tables.contacts[id]
			view.Halted = row.halted
			view.Messages[1].Evidence = []message.Evidence{{Seq: 1, Kind: row.second}}
			w, err := s.NextStep(t.Context(), later, id, 3, "returned")
			if err != nil || len(store.Of(w.ToDo).ToDos) != row.opened || len(store.Of(w.Message).Messages) != 0 {
				t.Fatalf("%+v: %v", w, err)
			}
			for _, e := range store.Of(w.ToDo).ToDos {
				if e.Type != todo.NotReached || e.Contact != id || e.Message != store.Of(third.Message).Messages[0].ID || e.Reason != "returned" || !e.OpenedAt.Equal(later) {
					t.Errorf("%+v", e)
				}
			}
		})
	}
	t.Run("reads the contact points anew", func(t *testing.T) {
		t.Parallel()
		s, id := cascaded(t, nil)
		p := person()
		p.Points = nil
		s.tables.persons[42] = p
		w, err := s.NextStep(t.Context(), later, id, 2, "bounced")
		if err != nil || len(store.Of(w.Message).Dues) != 0 || store.Of(w.Message).Evidence[0].Reason != accept.NoContactPoint {
			t.Errorf("%+v: %v", w, err)
		}
	})
	t.Run("reaches an inline recipient again", func(t *testing.T) {
		t.Parallel()
		s, id := cascaded(t, func(r *accept.Request) { r.Person, r.Inline = 0, inline() })
		w, err := s.NextStep(t.Context(), later, id, 1, "bounced")
		if err != nil || len(store.Of(w.Message).Messages) != 1 || store.Of(w.Message).Messages[0].Recipient.Address != "+15550001111" || store.Of(w.Message).Messages[0].Recipient.Name != "Jane Doe" {
			t.Errorf("%+v: %v", w, err)
		}
	})
	t.Run("has nobody to go to at an inline address that is refused today", func(t *testing.T) {
		t.Parallel()
		s, id := cascaded(t, func(r *accept.Request) { r.Person, r.Inline = 0, inline() })
		view := s.tables.contacts[id]
		view.Contact.Inline = `{"name":["Jane"],"phone":"bad"}`
		w, err := s.NextStep(t.Context(), later, id, 1, "bounced")
		if err != nil || len(store.Of(w.Message).Dues) != 0 || len(store.Of(w.Message).Messages) != 2 {
			t.Errorf("%+v: %v", w, err)
		}
	})
	t.Run("obeys the configuration the contact was accepted under", func(t *testing.T) {
		t.Parallel()
		s, id := cascaded(t, nil)
		d := document()
		d.Types = nil
		newer, err := config.Compile(4, d)
		if err != nil {
			t.Fatal(err)
		}
		old := s.Configs.Current()
		s.Configs = configs{old, newer}
		if w, err := s.NextStep(t.Context(), later, id, 2, "x"); err != nil || store.Of(w.Message).Messages[0].Config != 3 {
			t.Errorf("%+v: %v", w, err)
		}
		s.Configs = configs{newer}
		if _, err := s.NextStep(t.Context(), later, id, 2, "x"); !fault.Is(err, fault.NotFound) {
			t.Errorf("a version that is gone: %v", err)
		}
	})
	t.Run("tells what it cannot read", func(t *testing.T) {
		t.Parallel()
		s, id := cascaded(t, nil)
		if _, err := s.NextStep(t.Context(), later, 1, 1, "x"); !fault.Is(err, fault.NotFound) {
			t.Errorf("no contact: %v", err)
		}
		s.tables.contacts[id].Contact.Data = "{"
		if _, err := s.NextStep(t.Context(), later, id, 2, "x"); !fault.Is(err, fault.Unknown) {
			t.Errorf("broken data: %v", err)
		}
		s.tables.contacts[id].Contact.Inline = "{"
		if _, err := s.NextStep(t.Context(), later, id, 2, "x"); !fault.Is(err, fault.Unknown) {
			t.Errorf("broken recipient: %v", err)
		}
		s.tables.contacts[id].Contact.Type = "GONE"
		if _, err := s.NextStep(t.Context(), later, id, 2, "x"); !fault.Is(err, fault.Unknown) {
			t.Errorf("no type: %v", err)
		}
	})
}

func TestReply(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	if _, err := s.Accept(t.Context(), noon(), cis(), request()); err != nil {
		t.Fatal(err)
	}
	to := store.Of(s.tables.applied[0].Message).Messages[0]
	w, err := s.Reply(t.Context(), noon(), to, "+12125550123", "STOPPED")
	if err != nil {
		t.Fatal(err)
	}
	m := store.Of(w.Message).Messages[0]
	if m.ID == to.ID || m.Origin.Kind != message.FromReply || m.Origin.Contact != to.Origin.Contact || !m.Origin.LastStep() ||
		m.Lane != message.NewLane(1, message.Service) || m.Route != to.Route || !m.ExpiresAt.IsZero() || m.Recipient.Address != "+12125550123" || m.Recipient.Point != 0 {
		t.Errorf("%+v", m)
	}
	if len(store.Of(w.Message).Dues) != 1 || !store.Of(w.Message).Dues[0].At.Equal(noon()) || len(store.Of(w.Contact).Steps) != 0 || !reflect.DeepEqual(store.Of(w.Message).Counts, message.Arrival(m, message.Pending)) {
		t.Errorf("%+v", w)
	}
	if _, err := s.Reply(t.Context(), noon(), to, "+12125550123", "NONE"); !fault.Is(err, fault.Unknown) {
		t.Errorf("a template that is not there: %v", err)
	}
}

// TestSeenByTheirContacts: a person is seen in every division where they hold something, and a contact makes them seen in its
// own.
func TestSeenByTheirContacts(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change  func(p *customer.Person)
		refused bool
		seen    []customer.Sighting
	}{
		"made in the division":           {change: func(*customer.Person) {}},
		"of another, with an account":    {change: func(p *customer.Person) { p.Division, p.Also = "south", []string{"north"} }},
		"of another, with nothing":       {change: func(p *customer.Person) { p.Division = "south" }, refused: true},
		"of another that the key is for": {change: func(p *customer.Person) { p.Division = "east" }, seen: []customer.Sighting{{Person: 42, Division: "north"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			p := person()
			tt.change(&p)
			s.tables.persons[42] = p
			who := cis()
			who.Divisions = append(who.Divisions, "east")
			_, err := s.Accept(t.Context(), noon(), who, request())
			if fault.Is(err, fault.Invalid) != tt.refused {
				t.Fatal(err)
			}
			if !tt.refused && !reflect.DeepEqual(store.Of(s.tables.applied[0].Customer).Sightings, tt.seen) {
				t.Errorf("seen: %+v", store.Of(s.tables.applied[0].Customer).Sightings)
			}
		})
	}
}
