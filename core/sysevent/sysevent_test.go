package sysevent_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/occurrence"
	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/sysevent"
)

func noon() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

func cis() access.Principal {
	return access.Principal{Name: "cis-north", Source: "cis", Divisions: []string{"NORTH", "SOUTH"}, Roles: []access.Role{access.CIS}}
}

// world is everything around the use case. It applies write sets as the store does, for what events need of it.
type world struct {
	cfg      *config.Snapshot
	events   map[occurrence.Key]store.SourceEvent
	keys     map[string]store.IntakeKey
	tasks    map[contact.TaskID]contact.Task
	accounts map[string]sysevent.Account
	sas      map[string]sysevent.Agreement
	persons  map[customer.PersonID]customer.Person
	asked    []sysevent.Request
	contacts int
	sets     int
	refuses  error  // the acceptance does
	fails    error  // the store does
	before   func() // runs before sets are applied
	task     contact.TaskID
}

func document(plugs ...config.Plug) config.Document {
	d := config.Document{
		Divisions: []config.Division{
			{Code: "NORTH", Zone: "America/New_York", Country: "US", Language: "en-US", Routes: map[message.Channel]string{}},
			{Code: "SOUTH", Zone: "America/Chicago", Country: "US", Language: "en-US", Routes: map[message.Channel]string{}},
		},
		Classes: []contact.Class{{Code: "A"}},
	}
	for _, code := range []string{"ONE", "TWO", "BARE"} {
		kind := contact.Type{Class: "A", Code: code, Person: contact.Required, Account: contact.Optional, Premise: contact.Optional}
		if code == "BARE" {
			kind.Person, kind.Premise = contact.NotAllowed, contact.Required
		}
		d.Types = append(d.Types, config.ContactType{Type: kind})
	}
	d.CustomerClasses = []config.Named{{Code: "RES"}}
	d.Owners = []config.Owner{
		{Kind: config.Campaign, Code: "SPRING"},
		{Kind: config.CaseType, Code: "HIGHBILL", Statuses: []string{"OPEN", "CLOSED"}},
		{Kind: config.CollectionEventType, Code: "COLL-LTR", Contact: &config.ContactRule{Class: "A", Type: "ONE"}},
		{Kind: config.CollectionEventType, Code: "REFER"},
		{Kind: config.ServiceTaskType, Code: "CREATE-CC", Contact: &config.ContactRule{Class: "A", Type: "ONE"}},
	}
	d.Plugs = plugs
	return d
}

func plug(owner, spot, code, kind string) config.Plug {
	return config.Plug{Owner: owner, Event: spot, Sequence: 10, Code: code, Parameters: plugin.Parameters{"contactType": kind}}
}

func newWorld(t *testing.T, plugs ...config.Plug) *world {
	t.Helper()
	cfg, err := config.Compile(1, document(plugs...))
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		cfg: cfg, events: map[occurrence.Key]store.SourceEvent{}, keys: map[string]store.IntakeKey{}, tasks: map[contact.TaskID]contact.Task{},
		accounts: map[string]sysevent.Account{"4000000001": {Division: "NORTH", Main: 1, Active: true}},
		sas:      map[string]sysevent.Agreement{},
		persons:  map[customer.PersonID]customer.Person{1: {ID: 1, Language: "es-US"}, 2: {ID: 2, ExternalID: "PER-1", Language: "en-US"}},
		task:     1000000000,
	}
}

func (w *world) Current() *config.Snapshot { return w.cfg }

func (w *world) SourceEvents(_ context.Context, keys []occurrence.Key) (found []store.SourceEvent, err error) {
	for _, k := range keys {
		if e, there := w.events[k]; there {
			e.Made = slices.Clone(e.Made)
			found = append(found, e)
		}
	}
	return found, w.fails
}

func (w *world) ContactTasks(_ context.Context, ids []contact.TaskID) (found []contact.Task, err error) {
	for _, id := range ids {
		if t, there := w.tasks[id]; there {
			found = append(found, t)
		}
	}
	return found, w.fails
}

func notThere() error { return fault.New(fault.NotFound, "there is none") }

func (w *world) Person(_ context.Context, id customer.PersonID) (customer.Person, error) {
	if p, there := w.persons[id]; there {
		return p, nil
	}
	return customer.Person{}, notThere()
}

func (w *world) PersonByExternal(_ context.Context, _, external string) (customer.Person, error) {
	for _, p := range w.persons {
		if p.ExternalID == external {
			return p, nil
		}
	}
	return customer.Person{}, notThere()
}

func (w *world) Account(_ context.Context, _, external string) (sysevent.Account, error) {
	if a, there := w.accounts[external]; there {
		return a, nil
	}
	return sysevent.Account{}, notThere()
}

func (w *world) Agreement(_ context.Context, _, external string) (sysevent.Agreement, error) {
	if a, there := w.sas[external]; there {
		return a, nil
	}
	return sysevent.Agreement{}, notThere()
}

// Prepare is the acceptance.
func (w *world) Prepare(_ context.Context, now time.Time, p access.Principal, r sysevent.Request) (store.Writes, contact.ID, error) {
	if w.refuses != nil && r.Type == "TWO" {
		return store.Writes{}, 0, w.refuses
	}
	w.asked = append(w.asked, r)
	w.contacts++
	id := contact.ID(1000000000 + w.contacts)
	return store.Writes{Contact: &store.ContactWrites{Contacts: []contact.Contact{{ID: id, Source: p.Source, Class: r.Class, Type: r.Type, AcceptedAt: now}}}}, id, nil
}

func (w *world) ContactTask(context.Context) (contact.TaskID, error) {
	w.task++
	return w.task, nil
}

// Apply is the store.
func (w *world) Apply(_ context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	if w.before != nil {
		w.before()
	}
	if w.fails != nil {
		return nil, w.fails
	}
	verdicts := make([]store.Verdict, len(sets))
	for i, set := range sets {
		if verdicts[i] = w.verdict(set); verdicts[i].Outcome != store.Applied {
			continue
		}
		w.sets++
		for _, k := range store.Of(set.Intake).Keys {
			w.keys[k.Key] = k
		}
		for _, e := range store.Of(set.Event).Events {
			w.events[e.Key] = e
		}
		for _, t := range store.Of(set.Event).Tasks {
			w.tasks[t.ID] = t
		}
	}
	return verdicts, nil
}

func (w *world) verdict(set store.Writes) store.Verdict {
	for _, k := range store.Of(set.Intake).Keys {
		if held, there := w.keys[k.Key]; there && held.Hash != k.Hash {
			return store.Verdict{Outcome: store.Conflict, What: store.LostIntakeKey}
		} else if there {
			return store.Verdict{Outcome: store.Replayed}
		}
	}
	for _, e := range store.Of(set.Event).Events {
		if _, there := w.events[e.Key]; there {
			return store.Verdict{Outcome: store.Conflict, What: store.LostEvent}
		}
	}
	for _, t := range store.Of(set.Event).Tasks {
		if held, there := w.tasks[t.ID]; there && held.Revision != t.Revision-1 {
			return store.Verdict{Outcome: store.Conflict, What: store.LostVersion}
		}
	}
	return store.Verdict{Outcome: store.Applied}
}

// creators make a contact of the type of their plug; that they are pure functions of the occasion is all the use case knows.
func creators(seen *[]contact.Occasion) contact.Creators {
	simple := func(o contact.Occasion, p plugin.Parameters) (contact.Creation, error) {
		*seen = append(*seen, o)
		class, code := o.Class, o.Type
		if named := p["contactType"]; named != "" {
			class, code = named[:1], named[2:]
		}
		c := contact.Creation{Add: plugin.AddContact{Class: class, Type: code, Person: int64(o.Person), Account: o.Account, Premise: o.Premise}}
		if code == "BARE" {
			c.Add.Person = 0
		}
		return c, nil
	}
	return contact.Creators{
		"MAKES": simple, "ALSO": simple,
		"SKIPS": func(contact.Occasion, plugin.Parameters) (contact.Creation, error) {
			return contact.Creation{Skipped: contact.NoActiveSA}, nil
		},
		"LATER": func(contact.Occasion, plugin.Parameters) (contact.Creation, error) {
			return contact.Creation{Skipped: contact.NotDue, Later: true}, nil
		},
		"FAILS": func(contact.Occasion, plugin.Parameters) (contact.Creation, error) {
			return contact.Creation{}, fault.Refuse(fault.Violation{Field: "/account", Reason: "is unknown"}, fault.Violation{Field: "/data/x", Reason: "is missing"})
		},
		"BREAKS": func(contact.Occasion, plugin.Parameters) (contact.Creation, error) {
			return contact.Creation{}, fault.New(fault.Unavailable, "not now")
		},
		"TASK": func(o contact.Occasion, p plugin.Parameters) (contact.Creation, error) {
			c, err := simple(o, p)
			c.Task = true
			return c, err
		},
	}
}

func (w *world) service(seen *[]contact.Occasion) *sysevent.Service {
	if seen == nil {
		seen = new([]contact.Occasion)
	}
	all := creators(seen)
	return &sysevent.Service{
		Store: w, Facts: w, Customers: w, Configs: w, Contacts: w, IDs: w, Creators: all, Rule: all["MAKES"],
	}
}

func raised(t *testing.T, k occurrence.Kind, change map[string]any) occurrence.Event {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "occurrence", "testdata", string(k)+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	maps.Copy(fields, change)
	maps.DeleteFunc(fields, func(_ string, v any) bool { return v == nil })
	if text, err = json.Marshal(fields); err != nil {
		t.Fatal(err)
	}
	e, err := occurrence.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func order(t *testing.T, change map[string]any) sysevent.Raised {
	t.Helper()
	return sysevent.Raised{Event: raised(t, occurrence.KindOrder, change)}
}

func TestEveryCreatorOfEveryPlaceRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plug("customer_class:RES", "order_completion", "MAKES", "A/ONE"), plug("campaign", "order_completion", "ALSO", "A/TWO"))
	var seen []contact.Occasion
	answer, err := w.service(&seen).Raise(t.Context(), noon(), cis(), order(t, nil))
	if err != nil || !answer.Kept || answer.Replayed || len(answer.Made) != 2 || w.sets != 1 {
		t.Fatalf("%+v, %v", answer, err)
	}
	for i, want := range []contact.Made{
		{Creator: "MAKES", Site: "customer_class:RES/order_completion", Class: "A", Type: "ONE", Contact: 1000000001},
		{Creator: "ALSO", Site: "campaign:SPRING/order_completion", Class: "A", Type: "TWO", Contact: 1000000002},
	} {
		if got := answer.Made[i]; got.Creator != want.Creator || got.Site != want.Site || got.Type != want.Type || got.Contact != want.Contact {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if o := seen[0]; o.Person != 2 || o.Today != "2026-11-20" || o.Account != "4000000001" || o.Premise != "5000000001" {
		t.Errorf("%+v", o)
	}
	if r := w.asked[0]; r.Event["object"] != "ORD-1001" || r.Event["customerClass"] != "RES" || r.Division != "NORTH" {
		t.Errorf("the contact keeps %v", r.Event)
	}
}

func TestAnEventIsRaisedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plug("campaign", "order_completion", "MAKES", "A/ONE"))
	s := w.service(nil)
	first, err := s.Raise(t.Context(), noon(), cis(), order(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	w.cfg, _ = config.Compile(2, document()) // unplugged since: the answer is still the first
	again, err := s.Raise(t.Context(), noon().Add(time.Hour), cis(), order(t, nil))
	if err != nil || !again.Replayed || !again.At.Equal(first.At) || !slices.EqualFunc(again.Made, first.Made, sameMade) || w.contacts != 1 {
		t.Errorf("%+v, %v, first %+v", again, err, first)
	}
	if _, err = s.Raise(t.Context(), noon(), cis(), order(t, map[string]any{"package": "OTHER"})); !fault.Is(err, fault.Conflict) {
		t.Errorf("other content: %v", err)
	}
	other := cis()
	other.Source = "billing" // another source's order of the same number is another
	if a, err := s.Raise(t.Context(), noon(), other, order(t, map[string]any{"person": nil})); err != nil || a.Replayed {
		t.Errorf("%+v, %v", a, err)
	}
}

func sameMade(a, b contact.Made) bool {
	return a.Creator == b.Creator && a.Site == b.Site && a.Contact == b.Contact && a.Task == b.Task && a.Skipped == b.Skipped
}

func TestTwoOfOneEventAtOnceAreAnsweredTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plug("campaign", "order_completion", "MAKES", "A/ONE"))
	s := w.service(nil)
	all, err := s.RaiseAll(t.Context(), noon(), cis(), []sysevent.Raised{order(t, nil), order(t, nil), order(t, map[string]any{"package": "OTHER"})})
	if err != nil || all[0].Err != nil || all[1].Err != nil || all[0].Answer.Replayed || !all[1].Answer.Replayed ||
		all[0].Answer.Made[1].Contact != all[1].Answer.Made[1].Contact || !fault.Is(all[2].Err, fault.Conflict) {
		t.Errorf("%+v, %v", all, err)
	}
	if len(w.events) != 1 || w.sets != 1 {
		t.Errorf("%d events, %d sets", len(w.events), w.sets)
	}
}

func TestAnIdempotencyKeyIsOneEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.service(nil)
	one, two := order(t, nil), order(t, map[string]any{"object": "ORD-2"})
	one.Key, two.Key = "k", "k"
	if _, err := s.Raise(t.Context(), noon(), cis(), one); err != nil {
		t.Fatal(err)
	}
	if a, err := s.Raise(t.Context(), noon(), cis(), one); err != nil || !a.Replayed {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := s.Raise(t.Context(), noon(), cis(), two); !fault.Is(err, fault.Conflict) || len(w.events) != 1 {
		t.Errorf("another event under the key: %v", err)
	}
}

func TestWhatIsUnpluggedMakesNothingAndSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for kind, want := range map[occurrence.Kind][]string{
		occurrence.KindOrder: {contact.Unplugged, contact.Unplugged}, occurrence.KindCase: {contact.Unplugged},
		occurrence.KindOverdue: {contact.Unplugged}, occurrence.KindSeverance: {contact.NotForOwner},
	} {
		answer, err := w.service(nil).Raise(t.Context(), noon(), cis(), sysevent.Raised{Event: raised(t, kind, nil)})
		var got []string
		for _, m := range answer.Made {
			got = append(got, m.Skipped)
		}
		if err != nil || !slices.Equal(got, want) || w.contacts != 0 {
			t.Errorf("%s: %v, %v", kind, got, err)
		}
	}
	answer, err := w.service(nil).Raise(t.Context(), noon(), cis(), sysevent.Raised{Event: raised(t, occurrence.KindCollection, map[string]any{"eventType": "REFER"})})
	if err != nil || answer.Made[0].Skipped != contact.NoContact {
		t.Errorf("%+v, %v", answer, err)
	}
	if len(w.events) != 5 {
		t.Errorf("%d events are kept", len(w.events))
	}
}

func TestTheRuleOfAnEventTypeMakesItsContact(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plug("collection_event_type", "activation", "ALSO", "A/TWO"))
	answer, err := w.service(nil).Raise(t.Context(), noon(), cis(), sysevent.Raised{Event: raised(t, occurrence.KindCollection, nil)})
	if err != nil || len(answer.Made) != 2 || answer.Made[0].Creator != "" || answer.Made[0].Type != "ONE" || answer.Made[1].Creator != "ALSO" {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestOnlyTheStatusThatIsEnteredCounts(t *testing.T) {
	t.Parallel()
	open, closed := plug("case_type:HIGHBILL", "enter_status", "MAKES", "A/ONE"), plug("case_type:HIGHBILL", "enter_status", "ALSO", "A/TWO")
	open.Status, closed.Status = "OPEN", "CLOSED"
	w := newWorld(t, open, closed)
	answer, err := w.service(nil).Raise(t.Context(), noon(), cis(), sysevent.Raised{Event: raised(t, occurrence.KindCase, nil)})
	if err != nil || len(answer.Made) != 1 || answer.Made[0].Creator != "ALSO" || answer.Made[0].Site != "case_type:HIGHBILL/enter_status(CLOSED)" {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestOneContactPerType(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plug("customer_class:RES", "order_completion", "MAKES", "A/ONE"), plug("campaign", "order_completion", "ALSO", "A/ONE"))
	answer, err := w.service(nil).Raise(t.Context(), noon(), cis(), order(t, nil))
	if err != nil || w.contacts != 1 || answer.Made[1].Skipped != contact.SameType || answer.Made[1].Contact != answer.Made[0].Contact {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestACreatorThatFailsRefusesTheEventWhole(t *testing.T) {
	t.Parallel()
	for code, want := range map[string][]fault.Violation{
		"FAILS": {
			{Field: "/account", Reason: "FAILS at campaign:SPRING/order_completion: is unknown"},
			{Field: "/event", Reason: "FAILS at campaign:SPRING/order_completion: /data/x is missing"},
		},
		"ALSO": {{Field: "/premise", Reason: "ALSO at campaign:SPRING/order_completion: is required for this contact type"}},
	} {
		w := newWorld(t, plug("customer_class:RES", "order_completion", "MAKES", "A/ONE"), plug("campaign", "order_completion", code, "A/TWO"))
		w.refuses = fault.Refuse(fault.Violation{Field: "/premise", Reason: "is required for this contact type"})
		_, err := w.service(nil).Raise(t.Context(), noon(), cis(), order(t, nil))
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Invalid || !slices.Equal(f.Violations, want) {
			t.Errorf("%s: %v", code, err)
		}
		if w.sets != 0 || len(w.events) != 0 {
			t.Errorf("%s: something was written", code)
		}
	}
}

func TestWhatPassesIsTriedAgainWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plug("campaign", "order_completion", "BREAKS", ""))
	if _, err := w.service(nil).RaiseAll(t.Context(), noon(), cis(), []sysevent.Raised{order(t, nil)}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a creator: %v", err)
	}
	w = newWorld(t)
	w.fails = fault.New(fault.Ambiguous, "the answer was lost")
	if _, err := w.service(nil).RaiseAll(t.Context(), noon(), cis(), []sysevent.Raised{order(t, nil)}); !fault.Is(err, fault.Ambiguous) {
		t.Errorf("the store: %v", err)
	}
}

func TestANoticeThatIsNotDueIsNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plug("activity_request_type", "processing", "LATER", ""))
	card := sysevent.Raised{Event: raised(t, occurrence.KindCard, nil)}
	answer, err := w.service(nil).Raise(t.Context(), noon(), cis(), card)
	if err != nil || answer.Kept || answer.Made[0].Skipped != contact.NotDue || len(w.events) != 0 {
		t.Errorf("%+v, %v", answer, err)
	}
	w.cfg, _ = config.Compile(2, document(plug("activity_request_type", "processing", "MAKES", "A/ONE")))
	if answer, err = w.service(nil).Raise(t.Context(), noon(), cis(), card); err != nil || !answer.Kept || w.contacts != 1 {
		t.Errorf("raised again: %+v, %v", answer, err)
	}
}

func TestWhomItIsAbout(t *testing.T) {
	t.Parallel()
	ada := map[string]any{"name": []any{"Ada"}}
	for says, row := range map[string]struct {
		change  map[string]any
		prepare func(w *world)
		person  customer.PersonID
		account string
		premise string
		active  bool
	}{
		"the main customer of the account":          {nil, nil, 1, "4000000001", "", true},
		"whom the source names":                     {map[string]any{"person": "PER-1"}, nil, 2, "4000000001", "", true},
		"who is not loaded":                         {map[string]any{"recipient": ada}, nil, 0, "4000000001", "", true},
		"nobody, of an account that is not there":   {map[string]any{"account": "4999999999"}, nil, 0, "4999999999", "", false},
		"nobody, of an account of another division": {nil, func(w *world) { w.accounts["4000000001"] = sysevent.Account{Division: "SOUTH", Main: 1, Active: true} }, 0, "4000000001", "", false},
		"the main customer of the SA's account": {
			map[string]any{"account": nil, "sa": "7"}, func(w *world) {
				w.sas["7"] = sysevent.Agreement{Division: "NORTH", Account: "4000000001", Premise: "5000000009", Active: true}
			}, 1, "4000000001", "5000000009", true,
		},
		"an SA that is stopped":                {map[string]any{"sa": "7"}, func(w *world) { w.sas["7"] = sysevent.Agreement{Division: "NORTH", Account: "4000000001"} }, 1, "4000000001", "", false},
		"an SA that is not loaded is believed": {map[string]any{"sa": "8", "account": nil}, nil, 0, "", "", true},
		"an account without an active SA":      {nil, func(w *world) { w.accounts["4000000001"] = sysevent.Account{Division: "NORTH", Main: 1} }, 1, "4000000001", "", false},
	} {
		w := newWorld(t, plug("adjustment_type", "freeze", "MAKES", "A/ONE"))
		change := map[string]any{"sa": nil}
		maps.Copy(change, row.change)
		if row.prepare != nil {
			row.prepare(w)
		}
		var seen []contact.Occasion
		_, err := w.service(&seen).Raise(t.Context(), noon(), cis(), sysevent.Raised{Event: raised(t, occurrence.KindAdjustment, change)})
		if err != nil || len(seen) != 1 {
			t.Errorf("%s: %v", says, err)
			continue
		}
		o := seen[0]
		if o.Person != row.person || o.Account != row.account || o.Premise != row.premise || o.Active != row.active {
			t.Errorf("%s: person %v, account %q, premise %q, active %v", says, o.Person, o.Account, o.Premise, o.Active)
		}
		if w.asked[0].Vouched != (row.person == 1) {
			t.Errorf("%s: vouched for: %v", says, w.asked[0].Vouched)
		}
		if (w.asked[0].Recipient != nil) != (row.change["recipient"] != nil) {
			t.Errorf("%s: recipient %v", says, w.asked[0].Recipient)
		}
	}
	w := newWorld(t)
	if _, err := w.service(nil).Raise(t.Context(), noon(), cis(), order(t, map[string]any{"person": "NOBODY"})); !fault.Is(err, fault.Invalid) || len(w.events) != 0 {
		t.Errorf("a person nobody knows: %v", err)
	}
}

func TestAContactOfAPlaceHasNoRecipient(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plug("lead_event_type", "lead_event", "MAKES", "A/BARE"))
	_, err := w.service(nil).Raise(t.Context(), noon(), cis(), sysevent.Raised{Event: raised(t, occurrence.KindLead, nil)})
	if err != nil || w.asked[0].Recipient != nil || w.asked[0].Person != 0 {
		t.Errorf("%+v, %v", w.asked, err)
	}
}

func TestWhoMayRaise(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for says, row := range map[string]struct {
		change func(p *access.Principal)
		event  map[string]any
		want   fault.Kind
	}{
		"a CSR":                     {func(p *access.Principal) { p.Roles = []access.Role{access.CSR} }, nil, fault.Forbidden},
		"a CIS of another division": {func(p *access.Principal) { p.Divisions = []string{"SOUTH"} }, nil, fault.Forbidden},
		"a CIS of no such division": {func(*access.Principal) {}, map[string]any{"division": "WEST"}, fault.Invalid},
	} {
		p := cis()
		row.change(&p)
		if _, err := w.service(nil).Raise(t.Context(), noon(), p, order(t, row.event)); fault.KindOf(err) != row.want || len(w.events) != 0 {
			t.Errorf("%s: %v", says, err)
		}
	}
	admin := cis()
	admin.Roles = []access.Role{access.Admin}
	if _, err := w.service(nil).Raise(t.Context(), noon(), admin, order(t, nil)); err != nil {
		t.Errorf("an administrator: %v", err)
	}
}
