package desk_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/desk"
	"carillon/core/desk/administration"
	"carillon/core/desk/counter"
	"carillon/core/desk/customers"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
	"carillon/core/template"
)

func noon() time.Time { return time.Date(2026, time.March, 2, 17, 0, 0, 0, time.UTC) }

// tables answers from what it is told and keeps what it is given.
type tables struct {
	registry

	view       store.ContactView
	records    []message.Record
	people     map[string]customer.Person
	principals []access.Principal
	listed     []consent.Suppression
	held       []store.Hold
	leaves     []ledger.Leaf
	verdicts   []store.Verdict
	applied    []store.Writes
	down       error // of Apply
	blind      error // of every fact
}

func (s *tables) Apply(_ context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	if s.down != nil {
		return nil, s.down
	}
	out := make([]store.Verdict, len(sets))
	for i, w := range sets {
		out[i] = store.Verdict{Outcome: store.Applied}
		if len(s.verdicts) > 0 {
			out[i], s.verdicts = s.verdicts[0], s.verdicts[1:]
		}
		s.applied = append(s.applied, w)
		if what := s.shelve(w); what != "" && out[i].Outcome == store.Applied {
			out[i] = store.Verdict{Outcome: store.Conflict, What: what}
		}
	}
	return out, nil
}

func none() error { return fault.New(fault.NotFound, "none") }

func (s *tables) Contact(_ context.Context, id contact.ID) (store.ContactView, error) {
	if id != s.view.Contact.ID {
		return store.ContactView{}, none()
	}
	return s.view, s.blind
}

func (s *tables) Key(_ context.Context, kind store.KeyKind, source, key string) (store.IntakeKey, error) {
	if kind != store.SourceReference || source != s.view.Contact.Source || key != s.view.Contact.Reference {
		return store.IntakeKey{}, none()
	}
	return store.IntakeKey{Contact: s.view.Contact.ID}, nil
}

func (s *tables) Messages(_ context.Context, ids []message.ID) ([]message.Record, error) {
	var out []message.Record
	for _, r := range s.records {
		if slices.Contains(ids, r.Message.ID) {
			out = append(out, r)
		}
	}
	return out, s.blind
}

func (s *tables) PersonByExternal(_ context.Context, source, external string) (customer.Person, error) {
	p, known := s.people[source+"|"+external]
	if !known {
		return customer.Person{}, errors.Join(none(), s.blind)
	}
	return p, s.blind
}

func (s *tables) LaneStates(context.Context, time.Time) ([]store.LaneState, error) {
	return []store.LaneState{{Lane: 5}}, s.blind
}

func (s *tables) HoldList(_ context.Context, lifted bool) (all []store.Hold, err error) {
	for _, h := range s.held {
		if lifted || h.LiftedAt.IsZero() {
			all = append(all, h)
		}
	}
	return all, s.blind
}

func (s *tables) NextDue(context.Context, message.Lane) (time.Time, error) { return noon(), nil }

func (s *tables) Principal(context.Context, access.KeyHash) (access.Principal, error) {
	return access.Principal{}, none()
}

func (s *tables) PrincipalList(context.Context) ([]access.Principal, error) {
	return s.principals, s.blind
}

func (s *tables) GateFacts(context.Context, []message.Message) ([]consent.Facts, error) {
	return nil, nil
}

func (s *tables) Suppressions(context.Context, message.Channel, customer.Address) ([]consent.Suppression, error) {
	return slices.Clone(s.listed), s.blind
}

func (s *tables) Leaves(_ context.Context, from int64, limit int) ([]ledger.Leaf, error) {
	var out []ledger.Leaf
	for _, l := range s.leaves {
		if l.Number >= from && len(out) < limit {
			out = append(out, l)
		}
	}
	return out, s.blind
}

// configs counts how often it was refreshed.
type configs struct {
	*config.Snapshot
	refreshed int
}

func (c *configs) Current() *config.Snapshot     { return c.Snapshot }
func (c *configs) Refresh(context.Context) error { c.refreshed++; return nil }

// numbers hands out identifiers, one after the other.
type numbers struct {
	n    int64
	down error
}

func (c *numbers) Hold(context.Context) (int64, error) {
	c.n++
	return c.n, c.down
}

func (c *numbers) Person(context.Context) (customer.PersonID, error) {
	c.n++
	return customer.PersonID(c.n), c.down
}

func (c *numbers) Point(context.Context) (customer.PointID, error) {
	c.n++
	return customer.PointID(c.n), c.down
}

type medium struct{}

func (medium) Address(raw, country string) (customer.Address, []string, error) {
	if strings.HasPrefix(raw, "bad") {
		return "", nil, fault.New(fault.Invalid, "is no address in "+country)
	}
	return customer.Address(strings.ToLower(raw)), []string{"America/New_York"}, nil
}

// Check refuses forms with a brace that is not closed.
func (medium) Check(form string) ([]string, error) {
	if strings.Contains(form, "{{") && !strings.Contains(form, "}}") {
		return nil, fault.New(fault.Invalid, "is not closed")
	}
	return nil, nil
}

// The rooms of the desk, by the names under which a stand has them.
type (
	atTheCounter        = counter.Service
	amongCustomers      = customers.Service
	inTheAdministration = administration.Service
)

// stand is the desk over one set of tables.
type stand struct {
	*atTheCounter
	*amongCustomers
	*inTheAdministration

	t       *testing.T
	tables  *tables
	configs *configs
	ids     *numbers
}

func document() config.Document {
	return config.Document{
		Divisions: []config.Division{
			{Code: "north", Zone: "America/New_York", Country: "US", Language: "en-US"},
			{Code: "south", Zone: "America/Chicago", Country: "US", Language: "en-US"},
		},
		Routes: []config.Route{
			{Code: "sms", Number: 1, Channel: message.SMS, Provider: "sns"}, {Code: "mail", Number: 2, Channel: message.Email, Provider: "ses"},
		},
		Templates: []template.Template{{Code: "T", Channel: "sms", Parts: map[string]string{"text": "{{ x }}"}}},
	}
}

func newStand(t *testing.T) *stand {
	t.Helper()
	cfg, err := config.Compile(4, document())
	if err != nil {
		t.Fatal(err)
	}
	st := &tables{people: map[string]customer.Person{}, registry: newRegistry()}
	st.view = store.ContactView{
		Contact: contact.Contact{ID: 7, Source: "cis", Division: "north", Reference: "R"}, Plan: plan.Plan{Contact: 7, Steps: 1},
		Messages: []message.Record{record(1, "")},
	}
	st.records = st.view.Messages
	c, ids := &configs{Snapshot: cfg}, &numbers{}
	channels := map[message.Channel]desk.Channel{message.SMS: medium{}, message.Voice: medium{}, message.Email: medium{}, message.Letter: medium{}}
	return &stand{
		t: t, tables: st, configs: c, ids: ids,
		amongCustomers: &customers.Service{
			Store: st, Facts: st, Finder: st, Configs: c, IDs: ids, Channels: channels, Spots: spots(),
		},
		atTheCounter: &counter.Service{
			Store: st, Facts: st, Gate: st, Feed: st, Configs: c, IDs: ids, Files: newCabinet(), Channels: channels,
		},
		inTheAdministration: &administration.Service{
			Store: st, Facts: st, Configs: c, Rules: administration.Rules{Forms: medium{}},
			Random: func() [32]byte { return [32]byte{1} },
		},
	}
}

// record is a message in the queue, or claimed by the owner; "-" is one that was sent.
func record(n byte, owner string) message.Record {
	r := message.Record{Message: message.Message{ID: message.ID{n}, AcceptedAt: noon(), Source: "cis", Division: "north", Channel: message.Voice}}
	if owner == "-" {
		r.Evidence = []message.Evidence{{Message: r.Message.ID, Seq: 1, Kind: message.Sent, Attempt: 1}}
		return r
	}
	r.Due = &message.Due{Message: r.Message.ID, At: noon(), Fence: 3, Owner: owner}
	return r
}

func who(source, division string, roles ...access.Role) access.Principal {
	return access.Principal{Name: "me", Source: source, Divisions: []string{division}, Roles: roles}
}

func cis() access.Principal   { return who("cis", "north", access.CIS) }
func admin() access.Principal { return who("utility", "*", access.Admin) }

// TestVisibility is who sees what, by every way of reading.
func TestVisibility(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says string
		p    access.Principal
		sees bool
	}{
		{"the CIS that brought it", cis(), true},
		{"the CIS that brought it, in another division", who("cis", "south", access.CIS), false},
		{"another CIS of the division", who("billing", "north", access.CIS), false},
		{"a CSR of the division", who("desk", "north", access.CSR), true},
		{"a CSR of another division", who("desk", "south", access.CSR), false},
		{"a supervisor of the division", who("desk", "north", access.Supervisor), true},
		{"an SRE of every division", who("ops", "*", access.SRE), true},
		{"an admin of every division", admin(), true},
		{"a dialer vendor", who("acme", "*", access.Dialer), false},
		{"a document management system", who("dms", "*", access.DMS), false},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			s.tables.people["cis|P"] = customer.Person{Source: "cis", ExternalID: "P", Division: "north"}
			s.tables.leaves = []ledger.Leaf{{Number: 0, Source: "cis", Division: "north"}}
			_, err1 := s.Contact(t.Context(), row.p, 7)
			_, err2 := s.ContactByReference(t.Context(), row.p, "cis", "R")
			_, err3 := s.Message(t.Context(), row.p, message.ID{1})
			_, err4 := s.Person(t.Context(), row.p, "cis", "P")
			for _, err := range []error{err1, err2, err3, err4} {
				if row.sees && err != nil || !row.sees && !fault.Is(err, fault.NotFound) {
					t.Errorf("%v", err)
				}
			}
			leaves, next, err := s.Changes(t.Context(), row.p, 0, 10)
			if err != nil || (len(leaves) == 1) != row.sees || next != 1 {
				t.Errorf("%d changes, next %d: %v", len(leaves), next, err)
			}
		})
	}
	t.Run("what is hidden and what is not there look the same", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		p := who("desk", "south", access.CSR)
		s.tables.people["cis|P"] = customer.Person{Source: "cis", ExternalID: "P", Division: "north"}
		for what, read := range map[string]func(there bool) error{
			"a message": func(there bool) error {
				_, err := s.Message(t.Context(), p, map[bool]message.ID{true: {1}, false: {99}}[there])
				return err
			},
			"a contact": func(there bool) error {
				_, err := s.Contact(t.Context(), p, map[bool]contact.ID{true: 7, false: 8}[there])
				return err
			},
			"a reference": func(there bool) error {
				_, err := s.ContactByReference(t.Context(), p, "cis", map[bool]string{true: "R", false: "S"}[there])
				return err
			},
			"a person": func(there bool) error {
				_, err := s.Person(t.Context(), p, "cis", map[bool]string{true: "P", false: "Q"}[there])
				return err
			},
		} {
			if hidden, absent := read(true), read(false); hidden.Error() != absent.Error() {
				t.Errorf("%s: %q, %q", what, hidden, absent)
			}
		}
	})
	t.Run("a source looks up its own references and persons", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		s.tables.people["cis|P"] = customer.Person{Source: "cis", ExternalID: "P", Division: "north"}
		if _, err := s.ContactByReference(t.Context(), cis(), "", "R"); err != nil {
			t.Error(err)
		}
		if _, err := s.Person(t.Context(), cis(), "", "P"); err != nil {
			t.Error(err)
		}
		if _, err := s.ContactByReference(t.Context(), cis(), "", "S"); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
}

func TestChanges(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	for n := range int64(1200) {
		l := ledger.Leaf{Number: n, Source: "cis", Division: "north"}
		if n%2 == 1 {
			l.Division = "south"
		}
		s.tables.leaves = append(s.tables.leaves, l)
	}
	if got, next, err := s.Changes(t.Context(), cis(), 0, 0); err != nil || len(got) != 1 || next != 1 {
		t.Errorf("one at least: %d, next %d: %v", len(got), next, err)
	}
	if got, next, err := s.Changes(t.Context(), cis(), 100, 9999); err != nil || len(got) != 500 || next != 1100 {
		t.Errorf("the cursor moves over what is hidden, a thousand at most: %d, next %d: %v", len(got), next, err)
	}
	if got, next, err := s.Changes(t.Context(), cis(), 5000, 10); err != nil || len(got) != 0 || next != 5000 {
		t.Errorf("at the end it stays: %d, next %d: %v", len(got), next, err)
	}
	s.tables.leaves = []ledger.Leaf{{Number: 0}} // a lane was paused
	for p, want := range map[*access.Principal]int{new(who("ops", "north", access.SRE)): 1, new(cis()): 0, new(who("desk", "north", access.CSR)): 0} {
		if got, _, err := s.Changes(t.Context(), *p, 0, 10); err != nil || len(got) != want {
			t.Errorf("%v sees %d entries of no division: %v", p.Roles, len(got), err)
		}
	}
	s.tables.blind = fault.New(fault.Unavailable, "x")
	if _, next, err := s.Changes(t.Context(), cis(), 7, 10); !fault.Is(err, fault.Unavailable) || next != 7 {
		t.Errorf("next %d: %v", next, err)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says  string
		owner []string
		want  int // sets; 0: a conflict
	}{
		{"ends what waits", []string{""}, 1},
		{"withdraws a call that a vendor has leased", []string{"vendor:acme"}, 1},
		{"leaves what is being called alone", []string{"gateway-1"}, 0},
		{"leaves what was sent alone", []string{"-"}, 0},
		{"ends what can be ended and leaves the rest", []string{"-", "", "gateway-1", "vendor:acme"}, 2},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			s.tables.view.Messages = nil
			for i, o := range row.owner {
				s.tables.view.Messages = append(s.tables.view.Messages, record(byte(i+1), o))
			}
			_, err := s.Cancel(t.Context(), noon(), cis(), 7, "")
			if row.want == 0 {
				if !fault.Is(err, fault.Conflict) || len(s.tables.applied) != 0 {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil || len(s.tables.applied) != row.want {
				t.Fatalf("%+v: %v", s.tables.applied, err)
			}
			for _, w := range s.tables.applied {
				if store.Of(w.Message).Evidence[0].Kind != message.CancelledE || store.Of(w.Message).Evidence[0].Reason != "cancelled" || len(store.Of(w.Message).Undues)+len(store.Of(w.Message).Settles) != 1 {
					t.Errorf("%+v", w)
				}
			}
		})
	}
	t.Run("is a conflict when the race is lost", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		s.tables.verdicts = []store.Verdict{{Outcome: store.Conflict}}
		if _, err := s.Cancel(t.Context(), noon(), cis(), 7, "x"); !fault.Is(err, fault.Conflict) {
			t.Errorf("%v", err)
		}
	})
	t.Run("is not for everybody", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		if _, err := s.Cancel(t.Context(), noon(), who("ops", "*", access.SRE), 7, "x"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%v", err)
		}
		if _, err := s.Cancel(t.Context(), noon(), who("billing", "north", access.CIS), 7, "x"); !fault.Is(err, fault.NotFound) {
			t.Errorf("%v", err)
		}
		s.tables.down = fault.New(fault.Unavailable, "x")
		if _, err := s.Cancel(t.Context(), noon(), cis(), 7, "x"); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%v", err)
		}
	})
}

func jane() customer.Person {
	return customer.Person{
		ExternalID: "P-1", Division: "north", Version: 2, Names: []customer.Name{{Type: customer.Primary, Text: "Jane"}},
		Points: []customer.Point{
			{Kind: customer.Phone, Value: "+1212555"},
			{Kind: customer.Phone, Value: "+1212556", Capabilities: []customer.Capability{customer.CanVoice}, Zones: []string{"America/Chicago"}},
			{Kind: customer.Email, Value: "Jane@Example.com"},
			{Kind: customer.Post, Value: "{}"},
		},
	}
}

func TestLoadPerson(t *testing.T) {
	t.Parallel()
	t.Run("canonicalises, numbers and tells", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		got, err := s.LoadPerson(t.Context(), noon(), cis(), jane())
		if err != nil || got.ID == 0 || got.Source != "cis" || !got.UpdatedAt.Equal(noon()) {
			t.Fatalf("%+v: %v", got, err)
		}
		caps := [][]customer.Capability{{customer.CanSMS, customer.CanVoice}, {customer.CanVoice}, {customer.CanEmail}, {customer.CanPost}}
		for i, pt := range got.Points {
			if pt.ID == 0 || pt.Person != got.ID || pt.Origin != customer.FromCIS || !slices.Equal(pt.Capabilities, caps[i]) || len(pt.Zones) == 0 {
				t.Errorf("%+v", pt)
			}
		}
		if got.Points[2].Value != "jane@example.com" || !slices.Equal(got.Points[1].Zones, []string{"America/Chicago", "America/New_York"}) {
			t.Errorf("%+v", got.Points)
		}
		if e := store.Of(s.tables.applied[0].Ledger).Entries[0]; e.Kind != ledger.PersonLoaded || e.Person != got.ID || e.By != "me" {
			t.Errorf("%+v", e)
		}
	})
	t.Run("keeps the number of a person it knows", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		s.tables.people["cis|P-1"] = customer.Person{ID: 42, Source: "cis", ExternalID: "P-1", Division: "north"}
		if got, err := s.LoadPerson(t.Context(), noon(), cis(), jane()); err != nil || got.ID != 42 {
			t.Errorf("%+v: %v", got, err)
		}
	})
	t.Run("is a conflict when a newer version is here", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		s.tables.verdicts = []store.Verdict{{Outcome: store.Conflict, What: store.LostVersion}}
		if _, err := s.LoadPerson(t.Context(), noon(), cis(), jane()); !fault.Is(err, fault.Conflict) {
			t.Errorf("%v", err)
		}
	})
	for _, row := range []struct {
		says   string
		change func(*customer.Person)
		want   []string
	}{
		{"everything that is missing, at once", func(p *customer.Person) {
			*p = customer.Person{Division: "north"}
		}, []string{"/externalId", "/names", "/version"}},
		{"names", func(p *customer.Person) {
			p.Names = []customer.Name{{Type: customer.Primary, Text: " "}, {Type: customer.Primary, Text: "x"}}
		}, []string{"/names", "/names/0/text"}},
		{"an external id that is too long", func(p *customer.Person) { p.ExternalID = strings.Repeat("x", 101) }, []string{"/externalId"}},
		{"points", func(p *customer.Person) {
			p.Points = []customer.Point{
				{Kind: "fax"},
				{Kind: customer.Phone, Value: "bad"},
				{Kind: customer.Email, Value: "a@b", Capabilities: []customer.Capability{customer.CanSMS}},
				{Kind: customer.Post, Value: "{}", Zones: []string{"Mars"}},
				{Kind: customer.Post, Value: "{}", Zones: []string{"Local"}},
			}
		}, []string{"/points/0/kind", "/points/1/value", "/points/2/capabilities", "/points/3/zones", "/points/4/zones"}},
	} {
		t.Run("refuses "+row.says, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			p := jane()
			row.change(&p)
			_, err := s.LoadPerson(t.Context(), noon(), cis(), p)
			if got := fields(err); !slices.Equal(got, row.want) || len(s.tables.applied) != 0 {
				t.Errorf("%v, want %v", got, row.want)
			}
		})
	}
	t.Run("is not for everybody, nor everywhere", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		if _, err := s.LoadPerson(t.Context(), noon(), who("dms", "*", access.DMS), jane()); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%v", err)
		}
		p := jane()
		p.Division = "south"
		if _, err := s.LoadPerson(t.Context(), noon(), cis(), p); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%v", err)
		}
		p.Division = "west"
		if _, err := s.LoadPerson(t.Context(), noon(), who("cis", "*", access.CIS), p); !slices.Equal(fields(err), []string{"/division"}) {
			t.Errorf("%v", err)
		}
		s.tables.people["cis|P-1"] = customer.Person{ID: 42, Source: "cis", ExternalID: "P-1", Division: "south"}
		if _, err := s.LoadPerson(t.Context(), noon(), cis(), jane()); !fault.Is(err, fault.NotFound) {
			t.Errorf("a person is moved out of a division that is not seen: %v", err)
		}
	})
	t.Run("tells trouble", func(t *testing.T) {
		t.Parallel()
		away := fault.New(fault.Unavailable, "x")
		for _, spoil := range []func(*stand){
			func(s *stand) { s.tables.down = away }, func(s *stand) { s.ids.down = away },
			func(s *stand) { s.tables.blind, s.tables.people["cis|P-1"] = away, customer.Person{} },
		} {
			s := newStand(t)
			spoil(s)
			if _, err := s.LoadPerson(t.Context(), noon(), cis(), jane()); !fault.Is(err, fault.Unavailable) {
				t.Errorf("%v", err)
			}
		}
	})
}

func fields(err error) []string {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		return []string{"no invalid request"}
	}
	var out []string
	for _, v := range f.Violations {
		out = append(out, v.Field)
	}
	slices.Sort(out)
	return out
}

func TestSuppressions(t *testing.T) {
	t.Parallel()
	sms := consent.Suppression{Channel: message.SMS, Address: "+1212X", Division: "north"}
	t.Run("are put with who and when, and told without the address", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		if err := s.Suppress(t.Context(), noon(), cis(), sms); err != nil {
			t.Fatal(err)
		}
		w := s.tables.applied[0]
		want := consent.Suppression{Channel: message.SMS, Address: "+1212x", Division: "north", Reason: "listed", Origin: "me", Since: noon()}
		if store.Of(w.Consent).Suppressions[0] != want {
			t.Errorf("%+v", store.Of(w.Consent).Suppressions[0])
		}
		if e := store.Of(w.Ledger).Entries[0]; e.Kind != ledger.SuppressionPut || e.Division != "north" || strings.Contains(e.Canonical(), "+1212") {
			t.Errorf("%s", e.Canonical())
		}
	})
	t.Run("are lifted", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		if err := s.Lift(t.Context(), noon(), cis(), sms); err != nil || store.Of(s.tables.applied[0].Consent).Lifted[0].Address != "+1212x" || store.Of(s.tables.applied[0].Ledger).Entries[0].Kind != ledger.SuppressionLifted {
			t.Errorf("%v", err)
		}
	})
	t.Run("are listed where the principal may see them", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		s.tables.listed = []consent.Suppression{{Division: ""}, {Division: "north"}, {Division: "south"}}
		for p, want := range map[*access.Principal]int{new(cis()): 2, new(admin()): 3} {
			if got, err := s.Suppressions(t.Context(), *p, message.SMS, "+1212"); err != nil || len(got) != want {
				t.Errorf("%v: %+v: %v", p.Divisions, got, err)
			}
		}
	})
	for _, row := range []struct {
		says string
		p    access.Principal
		in   consent.Suppression
		kind fault.Kind
	}{
		{"of every division are for a key of every division", cis(), consent.Suppression{Channel: message.SMS, Address: "+1"}, fault.Invalid},
		{"of every division are put by a key of every division", admin(), consent.Suppression{Channel: message.SMS, Address: "+1"}, fault.Unknown},
		{"of another division are forbidden", cis(), consent.Suppression{Channel: message.SMS, Address: "+1", Division: "south"}, fault.Forbidden},
		{"are not for a dialer vendor", who("acme", "*", access.Dialer), sms, fault.Forbidden},
		{"of no channel are refused", cis(), consent.Suppression{Channel: "fax", Division: "north"}, fault.Invalid},
		{"of an address that is none are refused", cis(), consent.Suppression{Channel: message.SMS, Address: "bad", Division: "north"}, fault.Invalid},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			for _, err := range []error{s.Suppress(t.Context(), noon(), row.p, row.in), s.Lift(t.Context(), noon(), row.p, row.in)} {
				if row.kind == fault.Unknown && err != nil || row.kind != fault.Unknown && !fault.Is(err, row.kind) {
					t.Errorf("%v", err)
				}
			}
		})
	}
	t.Run("tell trouble", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		s.tables.verdicts = []store.Verdict{{Outcome: store.Conflict, What: "x"}}
		if err := s.Suppress(t.Context(), noon(), cis(), sms); !fault.Is(err, fault.Conflict) {
			t.Errorf("%v", err)
		}
		s.tables.down = fault.New(fault.Unavailable, "x")
		if err := s.Lift(t.Context(), noon(), cis(), sms); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%v", err)
		}
	})
}
