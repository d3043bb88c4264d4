package desk_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"carillon/core/access"
	"carillon/core/agreement"
	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/desk/customers"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/todo"
)

// office is a desk whose configuration has what customers need.
func office(t *testing.T, change ...func(*config.Document)) *stand {
	t.Helper()
	s := newStand(t)
	d := document()
	d.Installation.PersonID = "optional"
	d.IdentifierTypes = []config.IdentifierType{{Code: "SSN", Unique: true, Pattern: `[0-9]{3}-[0-9]{2}-[0-9]{4}`, Shown: 4}, {Code: "CARD"}}
	d.PhoneTypes, d.AlertTypes = []config.Named{{Code: "HOME"}, {Code: "PLAIN"}}, []config.Named{{Code: "DOG", Description: "Beware of the dog"}}
	d.CustomerClasses, d.GeographicTypes = []config.Named{{Code: "RES"}}, []config.Named{{Code: "GRID"}}
	d.DepositClasses = []config.DepositClass{{Code: "RES", Recommended: "100.00"}}
	d.SATypes = []config.SAType{{Code: "DEP-I", DepositClass: "RES"}, {Code: "LOAN", Division: "south"}}
	d.CharacteristicTypes = []config.CharacteristicType{
		{Code: "VIP", Entities: []string{"person", "account"}, Values: []string{"YES"}}, {Code: "CODE", Entities: []string{"person"}, Pattern: "[A-Z]+"}, {Code: "CC", Entities: []string{"contact"}},
	}
	d.Plugs = []config.Plug{
		{Owner: "phone_type:HOME", Event: "format", Sequence: 10, Code: "FORMAT"},
		{Owner: "installation", Event: "person_information", Sequence: 10, Code: "P-INFO"},
		{Owner: "installation", Event: "account_information", Sequence: 10, Code: "A-INFO"},
		{Owner: "installation", Event: "global_context", Sequence: 10, Code: "CONTEXT"},
	}
	for _, f := range change {
		f(&d)
	}
	compiled, err := config.Compile(5, d)
	if err != nil {
		t.Fatal(err)
	}
	s.configs.Snapshot = compiled
	return s
}

func csr() access.Principal { return who("desk", "north", access.CSR) }

func home() customer.Postal {
	return customer.Postal{Line1: "1 Main Street", City: "Galway", Country: "IRL"}
}

// said is what a fault says, field by field.
func said(err error) []string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return nil
	}
	var all []string
	for _, v := range f.Violations {
		all = append(all, v.Field+" "+v.Reason)
	}
	return all
}

// TestWrongPersons shows what is said about every wrong field of a person, by every way in, and that nothing changed
// (process 3.4.1.1, step 1.3).
func TestWrongPersons(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 65)
	for _, row := range []struct {
		says   string
		change func(*customer.Person)
		want   []string
	}{
		{"no primary name", func(p *customer.Person) { p.Names = []customer.Name{{Type: customer.Alias, Text: "A"}} }, []string{"/names has exactly one primary name"}},
		{"a name type that is none", func(p *customer.Person) { p.Names = append(p.Names, customer.Name{Type: "nick", Text: "A"}) }, []string{"/names/1/type is primary, alias, legal, dba or alternate"}},
		{"an alternate name where none are kept", func(p *customer.Person) {
			p.Names = append(p.Names, customer.Name{Type: customer.Alternate, Text: "A"})
		}, []string{"/names/1/type is not kept: the installation has no alternate names"}},
		{"a name that is too long", func(p *customer.Person) { p.Names[0].Text = strings.Repeat("é", 255) }, []string{"/names/0/text has more than 254 characters"}},
		{"a kind that is none", func(p *customer.Person) { p.Kind = "ghost" }, []string{"/kind is person or business"}},
		{"an identifier of no type", func(p *customer.Person) { p.Identifiers = []customer.Identifier{{Type: "X", Value: "1"}} }, []string{"/identifiers/0/type is no Identifier Type"}},
		{"an identifier in another format", func(p *customer.Person) { p.Identifiers = []customer.Identifier{{Type: "SSN", Value: "123456789"}} }, []string{"/identifiers/0/value does not match the format of Identifier Type SSN"}},
		{"an empty identifier", func(p *customer.Person) { p.Identifiers = []customer.Identifier{{Type: "CARD", Value: "--"}} }, []string{"/identifiers/0/value has letters or digits, and 100 characters at most"}},
		{"an identifier twice, and two that are primary", func(p *customer.Person) {
			p.Identifiers = []customer.Identifier{{Type: "CARD", Value: "1-2", Primary: true}, {Type: "CARD", Value: "12", Primary: true}}
		}, []string{"/identifiers/1/value is there twice", "/identifiers has one primary identifier at most"}},
		{"a phone of no phone type", func(p *customer.Person) {
			p.Points = []customer.Point{{Kind: customer.Phone, Type: "X", Value: "+1"}}
		}, []string{"/points/0/type is no phone type"}},
		{"a phone in another format than its phone type's", func(p *customer.Person) {
			p.Points = []customer.Point{{Kind: customer.Phone, Type: "HOME", Value: "212"}}
		}, []string{"/points/0/value phone number does not match format for phone type HOME: begins with +"}},
		{"an extension that is none", func(p *customer.Person) {
			p.Points = []customer.Point{{Kind: customer.Phone, Value: "+1", Extension: "1234567"}, {Kind: customer.Phone, Value: "+2", Extension: "x"}}
		}, []string{"/points/0/extension has at most six digits", "/points/1/extension has at most six digits"}},
		{"a phone type of an email address", func(p *customer.Person) {
			p.Points = []customer.Point{{Kind: customer.Email, Type: "HOME", Value: "a@b"}}
		}, []string{"/points/0/type is of phones only"}},
		{"mailing lines", func(p *customer.Person) {
			p.Mailing = customer.Mailing{Names: []string{"a", " ", long, "d"}, Address: &customer.Postal{Line1: long, City: "x", Country: "IRL", InCityLimit: "YES", Number1: "1234567"}}
		}, []string{
			"/mailing/names has at most three lines", "/mailing/names/1 has 1 to 64 characters", "/mailing/names/2 has 1 to 64 characters",
			"/mailing/address/line1 has more than 64 characters", "/mailing/address/number1 has more than 6 characters", "/mailing/address/inCityLimit has more than 1 characters",
		}},
		{"seasons", func(p *customer.Person) {
			p.Seasons = []customer.Season{{Address: home(), From: "11-01", Until: "03-31"}, {Address: home(), From: "03-01", Until: "04-30"}, {Address: customer.Postal{}, From: "13-01", Until: "1"}}
		}, []string{
			"/seasons/1 overlaps season 0", "/seasons/2/address/line1 is required", "/seasons/2/address/city is required", "/seasons/2/address/country is required",
			"/seasons/2/from is a month and day, as 11-01", "/seasons/2/until is a month and day, as 03-31",
		}},
		{"a language that is none", func(p *customer.Person) { p.Language = "klingonese!" }, []string{"/language is no language, as en-US"}},
		{"characteristics", func(p *customer.Person) {
			p.Characteristics = []plugin.Characteristic{{Type: "CC", Value: "1"}, {Type: "VIP", Value: "NO"}, {Type: "CODE", Value: "abc"}}
		}, []string{
			"/characteristics/0/type is no characteristic type of persons", "/characteristics/1/value is not one of the values of VIP",
			"/characteristics/2/value does not match the format of CODE",
		}},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			s := office(t)
			p := jane()
			p.Points = nil
			row.change(&p)
			_, loaded := s.LoadPerson(t.Context(), noon(), cis(), p)
			_, created := s.CreatePerson(t.Context(), noon(), csr(), p)
			s.tables.people["cis|known"] = customer.Person{ID: 9, Source: "cis", ExternalID: "known", Division: "north", Revision: 1, Names: jane().Names}
			_, corrected := s.CorrectPerson(t.Context(), noon(), csr(), 9, customers.Correction[customer.Person]{To: p, Groups: customer.PersonGroups(), Revision: 1})
			for way, err := range map[string]error{"load": loaded, "create": created, "correct": corrected} {
				if got := said(err); !slices.Equal(got, row.want) {
					t.Errorf("%s: %q\nwant %q", way, got, row.want)
				}
			}
			if len(s.tables.applied) != 0 {
				t.Error("something was written")
			}
		})
	}
	t.Run("no identifier where one is required, and one where none is used", func(t *testing.T) {
		t.Parallel()
		needs := office(t, func(d *config.Document) { d.Installation.PersonID = "required" })
		if _, err := needs.CreatePerson(t.Context(), noon(), csr(), jane()); !slices.Equal(said(err), []string{"/identifiers has at least one: the installation requires it"}) {
			t.Errorf("%q", said(err))
		}
		none := office(t, func(d *config.Document) { d.Installation.PersonID = "not_used" })
		p := jane()
		p.Identifiers = []customer.Identifier{{Type: "CARD", Value: "1"}}
		if _, err := none.CreatePerson(t.Context(), noon(), csr(), p); !slices.Equal(said(err), []string{"/identifiers is not used in this installation"}) {
			t.Errorf("%q", said(err))
		}
	})
	t.Run("an identifier that another person has", func(t *testing.T) {
		t.Parallel()
		s := office(t)
		p := jane()
		p.Identifiers = []customer.Identifier{{Type: "SSN", Value: "123-45-6789"}}
		if _, err := s.LoadPerson(t.Context(), noon(), cis(), p); err != nil {
			t.Fatal(err)
		}
		written := len(s.tables.applied)
		_, err := s.CreatePerson(t.Context(), noon(), csr(), p)
		if !slices.Equal(said(err), []string{"/identifiers/0/value another person has it"}) || len(s.tables.applied) != written {
			t.Errorf("%q", said(err))
		}
		p.ExternalID = "P-2"
		if _, err := s.LoadPerson(t.Context(), noon(), cis(), p); !slices.Equal(said(err), []string{"/identifiers another person has an identifier that only one may have"}) {
			t.Errorf("%q", said(err))
		}
		if _, there := s.tables.people["cis|P-2"]; there {
			t.Error("the second person was written")
		}
	})
}

// on is a person on an account.
func on(id customer.PersonID, main bool) customer.AccountPerson {
	return customer.AccountPerson{Person: id, Main: main, AddressSource: customer.FromPerson}
}

// TestWrongAccounts shows what is said about every wrong field of an account (process 3.4.1.1, step 1.3).
func TestWrongAccounts(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says   string
		change func(*customer.Account)
		want   []string
	}{
		{"no main customer", func(a *customer.Account) { a.Persons[0].Main = false }, []string{"/persons has exactly one main customer"}},
		{"two main customers", func(a *customer.Account) { a.Persons[1].Main = true }, []string{"/persons has exactly one main customer"}},
		{"somebody twice", func(a *customer.Account) { a.Persons[1].Person = 1 }, []string{"/persons/1/person is there twice"}},
		{"somebody who is not here", func(a *customer.Account) { a.Persons[1].Person = 99 }, []string{"/persons/1/person is no person that is here"}},
		{"no address source of another than the main customer", func(a *customer.Account) { a.Persons[1].AddressSource = "" }, []string{"/persons/1/addressSource is premise, person or override, and only the main customer has a default"}},
		{"no override address, and one that is not used", func(a *customer.Account) {
			block := home()
			a.Persons[0].AddressSource, a.Persons[1].Override = customer.FromOverride, &block
		}, []string{"/persons/0/override is required: the address source is override", "/persons/1/override is for the address source override only"}},
		{"an override address that is none", func(a *customer.Account) {
			a.Persons[0].AddressSource, a.Persons[0].Override = customer.FromOverride, &customer.Postal{Line1: "x", Country: "IRL"}
		}, []string{"/persons/0/override/city is required"}},
		{"a bill", func(a *customer.Account) {
			a.Persons[0].BillFormat, a.Persons[0].Copies, a.Persons[0].BillRoute, a.Persons[0].Relationship = "short", 100, strings.Repeat("x", 41), strings.Repeat("x", 41)
		}, []string{
			"/persons/0/billFormat is detailed or summary", "/persons/0/billRoute has at most 40 characters", "/persons/0/copies is 0 to 99", "/persons/0/relationship has at most 40 characters",
		}},
		{"codes", func(a *customer.Account) {
			a.Class, a.Currency, a.BillCycle = "X", "usd", strings.Repeat("x", 41)
		}, []string{"/billCycle has at most 40 characters", "/class is no Customer Class", "/currency is a currency of three letters, as USD"}},
		{"comments", func(a *customer.Account) { a.Comments = strings.Repeat("é", 2001) }, []string{"/comments has at most 2000 characters"}},
		{"alerts", func(a *customer.Account) {
			a.Alerts = []customer.UserAlert{{Type: "CAT", From: "2026-02-30", Until: "soon"}, {Type: "DOG", From: "2026-03-02", Until: "2026-03-01"}}
		}, []string{
			"/alerts/0/from is a date, as 2026-03-31", "/alerts/0/type is no alert type", "/alerts/0/until is a date, as 2026-03-31", "/alerts/1/until is not before it begins",
		}},
		{"characteristics", func(a *customer.Account) { a.Characteristics = []plugin.Characteristic{{Type: "CODE", Value: "A"}} }, []string{"/characteristics/0/type is no characteristic type of accounts"}},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			s := office(t)
			for id, name := range map[customer.PersonID]string{1: "P-1", 2: "P-2"} {
				s.tables.people["cis|"+name] = customer.Person{ID: id, Source: "cis", ExternalID: name, Division: "north"}
			}
			a := customer.Account{Division: "north", ExternalID: "A-1", Version: 1, Persons: []customer.AccountPerson{on(1, true), on(2, false)}}
			row.change(&a)
			_, created := s.CreateAccount(t.Context(), noon(), csr(), a)
			s.tables.accounts["cis|A"] = customer.Account{ID: 9, Source: "cis", ExternalID: "A", Division: "north", Revision: 1, Persons: []customer.AccountPerson{on(1, true)}}
			_, corrected := s.CorrectAccount(t.Context(), noon(), csr(), 9, customers.Correction[customer.Account]{To: a, Groups: customer.AccountGroups(), Revision: 1})
			for way, err := range map[string]error{"create": created, "correct": corrected} {
				got := said(err)
				slices.Sort(got)
				want := slices.Sorted(slices.Values(row.want))
				if !slices.Equal(got, want) {
					t.Errorf("%s: %q\nwant %q", way, got, want)
				}
			}
			if len(s.tables.applied) != 0 {
				t.Error("something was written")
			}
		})
	}
}

// TestWrongPremisesAndAgreements shows what is said about every wrong field of them (process 3.4.1.1, step 1.5; process
// 3.4.1.1, step 1.5: address not valid).
func TestWrongPremisesAndAgreements(t *testing.T) {
	t.Parallel()
	s := office(t)
	m := customer.Premise{
		Division: "north", Type: strings.Repeat("x", 41), Address: customer.Postal{Line1: " ", City: "x", Country: "IRL"}, Zone: "Mars", PostalArea: strings.Repeat("x", 41),
		Geography: []customer.Geographic{{Type: "X", Value: "1"}, {Type: "GRID", Value: " "}, {Type: "GRID", Value: "2"}},
	}
	want := []string{
		"/type has at most 40 characters", "/address/line1 is required", "/zone is no IANA time zone", "/postalArea has at most 40 characters", "/geography/0/type is no Geographic Type",
		"/geography/1/value has 1 to 100 characters", "/geography/2/type is there twice",
	}
	if _, err := s.CreatePremise(t.Context(), noon(), csr(), m); !slices.Equal(said(err), want) {
		t.Errorf("%q\nwant %q", said(err), want)
	}
	all, err := s.Load(t.Context(), noon(), cis(), []customers.Load{{Agreement: &customers.AgreementLoad{Of: "nowhere", Agreement: agreement.Agreement{
		ExternalID: "SA", Version: 1, Division: "north", Type: "LOAN", Status: "99", Start: "2026-13-01", End: "x", DepositClass: "X", Current: "1,50", Payoff: "", Currency: "$",
	}}}})
	want = []string{
		"/type is no SA type of the division", "/status is a status of a service agreement, as 20", "/start is a date, as 2026-03-31", "/end is a date, as 2026-03-31",
		"/depositClass is no deposit class", "/currentBalance is an amount, as 12.50", "/payoffBalance is an amount, as 12.50", "/currency is a currency of three letters, as USD",
		"/account names no account that was loaded",
	}
	if err != nil || !slices.Equal(said(all[0].Err), want) {
		t.Errorf("%q\nwant %q", said(all[0].Err), want)
	}
	if len(s.tables.applied) != 0 {
		t.Error("something was written")
	}
}

// TestLoadsMeetCorrections is a CIS's night after a CSR's day.
func TestLoadsMeetCorrections(t *testing.T) {
	t.Parallel()
	s := office(t)
	loaded, err := s.LoadPerson(t.Context(), noon(), cis(), jane())
	if err != nil {
		t.Fatal(err)
	}
	to := customer.Person{Names: []customer.Name{{Type: customer.Primary, Text: "Janet"}}, Language: "es"}
	c := customers.Correction[customer.Person]{To: to, Groups: []customer.Group{customer.OfNames, customer.OfLanguage}, Revision: loaded.Revision}
	changed, err := s.CorrectPerson(t.Context(), noon(), csr(), loaded.ID, c)
	if err != nil || changed.PrimaryName() != "Janet" || changed.Revision != 2 {
		t.Fatalf("%+v: %v", changed, err)
	}
	if e := store.Of(s.tables.applied[1].Ledger).Entries[0]; e.Kind != ledger.PersonChanged || e.Reason != "names,language" || e.Source != "cis" || e.By != "me" || strings.Contains(e.Canonical(), "Janet") {
		t.Errorf("%+v", e)
	}
	if _, err := s.CorrectPerson(t.Context(), noon(), csr(), loaded.ID, c); !fault.Is(err, fault.Conflict) {
		t.Errorf("a change of what was not seen: %v", err)
	}
	next := jane()
	next.Version, next.Names[0].Text, next.Language, next.Points = 9, "Jane Again", "fr", next.Points[:1]
	all, err := s.Load(t.Context(), noon(), cis(), []customers.Load{{Person: &next}})
	if got := all[0].Person; err != nil || got.PrimaryName() != "Janet" || got.Language != "es" || len(got.Points) != 1 || !slices.Equal(all[0].Left, []customer.Group{"language", "names"}) {
		t.Fatalf("%+v: %v", all[0], err)
	}
	back := customers.Correction[customer.Person]{GiveBack: []customer.Group{customer.OfNames}, Revision: 3}
	if _, err := s.CorrectPerson(t.Context(), noon(), csr(), loaded.ID, back); err != nil {
		t.Fatal(err)
	}
	if e := store.Of(s.tables.applied[len(s.tables.applied)-1].Ledger).Entries[0]; e.Kind != ledger.PersonGivenBack || e.Reason != "names" {
		t.Errorf("%+v", e)
	}
	all, err = s.Load(t.Context(), noon(), cis(), []customers.Load{{Person: &next}})
	if got := all[0].Person; err != nil || got.PrimaryName() != "Jane Again" || got.Language != "es" {
		t.Errorf("%+v: %v", all[0], err)
	}
	for says, c := range map[string]customers.Correction[customer.Person]{
		"/ changes a group of fields, or gives one back":       {Revision: 5},
		"/giveBack names a group that is changed as well":      {Groups: []customer.Group{customer.OfNames}, GiveBack: []customer.Group{customer.OfNames}, Revision: 5},
		"/giveBack names groups of fields: names, identifiers": {GiveBack: []customer.Group{"shoes"}, Revision: 5},
	} {
		if _, err := s.CorrectPerson(t.Context(), noon(), csr(), loaded.ID, c); len(said(err)) != 1 || !strings.HasPrefix(said(err)[0], says) {
			t.Errorf("%q, want %q", said(err), says)
		}
	}
}

// TestLoadsTogether loads a family of objects at once, in order, each all or nothing alone.
func TestLoadsTogether(t *testing.T) {
	t.Parallel()
	s := office(t)
	p, other := jane(), jane()
	other.ExternalID, other.Names = "P-2", nil
	m := customer.Premise{ExternalID: "M", Version: 1, Division: "north", Address: home()}
	a := customers.AccountLoad{Account: customer.Account{ExternalID: "A", Version: 1, Division: "north", Premise: "M", Persons: []customer.AccountPerson{{Main: true}}}, Who: []string{"P-1"}}
	lost := a
	lost.ExternalID, lost.Who = "B", []string{"P-2"}
	sa := customers.AgreementLoad{Of: "A", Agreement: agreement.Agreement{ExternalID: "SA", Version: 2, Division: "north", Type: "DEP-I", Status: agreement.Active, Start: "2026-01-01", Current: "0", Payoff: "-1.50", Currency: "USD"}}
	old := sa
	old.Version = 1
	all, err := s.Load(t.Context(), noon(), cis(), []customers.Load{{Person: &p}, {Person: &other}, {Premise: &m}, {Account: &a}, {Account: &lost}, {Agreement: &sa}, {Agreement: &old}, {Person: &p}, {}})
	if err != nil {
		t.Fatal(err)
	}
	kinds := make([]string, len(all))
	for i, l := range all {
		if l.Err != nil {
			kinds[i] = fault.KindOf(l.Err).String()
		}
	}
	if want := []string{"", "invalid", "", "", "invalid", "", "conflict", "", "invalid"}; !slices.Equal(kinds, want) {
		t.Fatalf("%q, want %q", kinds, want)
	}
	if !slices.Equal(said(all[4].Err), []string{"/persons/0/person names nobody who was loaded"}) {
		t.Errorf("%q", said(all[4].Err))
	}
	account := s.tables.accounts["cis|A"]
	if main, ok := account.Main(); !ok || main.Person != all[0].Person.ID || main.AddressSource != customer.FromPremise {
		t.Errorf("%+v", account)
	}
	if got := s.tables.agreements["cis|SA"]; got.Account != account.ID || got.Version != 2 {
		t.Errorf("%+v", got)
	}
	if all[7].Person.Revision != 2 || all[7].Person.ID != all[0].Person.ID {
		t.Errorf("the second load of a person in one call: %+v", all[7].Person)
	}
	t.Run("and decides anew what somebody changed in the meantime", func(t *testing.T) {
		t.Parallel()
		s := office(t)
		s.tables.verdicts = []store.Verdict{{Outcome: store.Conflict, What: store.LostRevision}}
		p := jane()
		got, err := s.LoadPerson(t.Context(), noon(), cis(), p)
		if err != nil || got.ID == 0 || len(s.tables.applied) != 2 {
			t.Errorf("%+v: %v", got, err)
		}
	})
	t.Run("and says trouble of the whole call", func(t *testing.T) {
		t.Parallel()
		s := office(t)
		s.ids.down = fault.New(fault.Unavailable, "x")
		p := jane()
		if _, err := s.Load(t.Context(), noon(), cis(), []customers.Load{{Person: &p}}); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%v", err)
		}
	})
}

// TestWhoMayWhat: a CIS loads its own, the desk corrects what it sees, nobody else does either.
func TestWhoMayWhat(t *testing.T) {
	t.Parallel()
	s := office(t)
	s.tables.people["cis|P"] = customer.Person{ID: 1, Source: "cis", ExternalID: "P", Division: "south", Names: jane().Names, Revision: 1}
	s.tables.accounts["cis|A"] = customer.Account{ID: 2, Source: "cis", ExternalID: "A", Division: "south", Revision: 1}
	s.tables.premises["cis|M"] = customer.Premise{ID: 3, Source: "cis", ExternalID: "M", Division: "south", Revision: 1}
	toPerson := customers.Correction[customer.Person]{GiveBack: []customer.Group{customer.OfNames}, Revision: 1}
	toAccount := customers.Correction[customer.Account]{GiveBack: []customer.Group{customer.OfAlerts}, Revision: 1}
	toPremise := customers.Correction[customer.Premise]{GiveBack: []customer.Group{customer.OfAddress}, Revision: 1}
	for _, c := range []struct {
		p    access.Principal
		want fault.Kind
	}{
		{csr(), fault.NotFound}, {who("desk", "south", access.CIS), fault.NotFound}, {who("cis", "south", access.CIS), fault.Forbidden}, {who("desk", "south", access.SRE), fault.Forbidden},
	} {
		_, err1 := s.CorrectPerson(t.Context(), noon(), c.p, 1, toPerson)
		_, err2 := s.CorrectAccount(t.Context(), noon(), c.p, 2, toAccount)
		_, err3 := s.CorrectPremise(t.Context(), noon(), c.p, 3, toPremise)
		for _, err := range []error{err1, err2, err3} {
			if !fault.Is(err, c.want) {
				t.Errorf("%+v: %v, want %v", c.p, err, c.want)
			}
		}
	}
	for _, err := range []error{
		second(s.CreatePerson(t.Context(), noon(), cis(), jane())), second(s.CreateAccount(t.Context(), noon(), cis(), customer.Account{Division: "north"})),
		second(s.CreatePremise(t.Context(), noon(), cis(), customer.Premise{Division: "north"})), second(s.CreatePremise(t.Context(), noon(), csr(), customer.Premise{Division: "south"})),
	} {
		if !fault.Is(err, fault.Forbidden) {
			t.Errorf("%v", err)
		}
	}
	if len(s.tables.applied) != 0 {
		t.Error("something was written")
	}
	t.Run("a person is seen where it holds an account", func(t *testing.T) {
		t.Parallel()
		s := office(t)
		p := jane()
		made, err := s.LoadPerson(t.Context(), noon(), cis(), p)
		if err != nil {
			t.Fatal(err)
		}
		south := who("desk", "south", access.CSR)
		if _, err := s.PersonByID(t.Context(), south, made.ID); !fault.Is(err, fault.NotFound) {
			t.Fatalf("seen too early: %v", err)
		}
		a := customers.AccountLoad{Account: customer.Account{ExternalID: "A", Version: 1, Division: "south", Persons: []customer.AccountPerson{{Main: true}}}, Who: []string{"P-1"}}
		if all, err := s.Load(t.Context(), noon(), who("cis", "*", access.CIS), []customers.Load{{Account: &a}}); err != nil || all[0].Err != nil {
			t.Fatal(err, all)
		}
		if _, err := s.PersonByID(t.Context(), south, made.ID); err != nil {
			t.Errorf("not seen: %v", err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestMadeAtTheDesk(t *testing.T) {
	t.Parallel()
	s := office(t)
	p, err := s.CreatePerson(t.Context(), noon(), csr(), jane())
	if err != nil || p.ExternalID != p.ID.String() || p.Source != "desk" || p.Revision != 1 || p.Version != 0 || len(p.Owned) != len(customer.PersonGroups()) || p.Points[0].Origin != customer.FromCarillon {
		t.Fatalf("%+v: %v", p, err)
	}
	m, err := s.CreatePremise(t.Context(), noon(), csr(), customer.Premise{Division: "north", Address: home()})
	if err != nil || m.ExternalID != m.ID.String() {
		t.Fatalf("%+v: %v", m, err)
	}
	a, err := s.CreateAccount(t.Context(), noon(), csr(), customer.Account{Division: "north", Premise: m.ID.String(), Persons: []customer.AccountPerson{on(p.ID, true)}})
	if err != nil || a.ExternalID != a.ID.String() || a.Premise != m.ExternalID {
		t.Fatalf("%+v: %v", a, err)
	}
	a, err = s.CorrectAccount(t.Context(), noon(), csr(), a.ID, customers.Correction[customer.Account]{To: customer.Account{Comments: "x"}, Groups: []customer.Group{customer.OfComments}, Revision: 1})
	if err != nil || a.Comments != "x" || len(a.Persons) != 1 {
		t.Fatalf("%+v: %v", a, err)
	}
	m, err = s.CorrectPremise(t.Context(), noon(), csr(), m.ID, customers.Correction[customer.Premise]{To: customer.Premise{Type: "SFD"}, Groups: []customer.Group{customer.OfDetails}, Revision: 1})
	if err != nil || m.Type != "SFD" || m.Address != home() {
		t.Fatalf("%+v: %v", m, err)
	}
	var kinds []ledger.Kind
	for _, w := range s.tables.applied {
		kinds = append(kinds, store.Of(w.Ledger).Entries[0].Kind)
	}
	if want := []ledger.Kind{ledger.PersonCreated, ledger.PremiseCreated, ledger.AccountCreated, ledger.AccountChanged, ledger.PremiseChanged}; !slices.Equal(kinds, want) {
		t.Errorf("%v, want %v", kinds, want)
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	s := office(t)
	s.tables.people["cis|P"] = customer.Person{ID: 1, Source: "cis", ExternalID: "P", Division: "north", Names: []customer.Name{{Type: customer.Primary, Text: "Ann Smithson"}}}
	s.tables.people["cis|Q"] = customer.Person{ID: 2, Source: "cis", ExternalID: "Q", Division: "north", Names: []customer.Name{{Type: customer.Primary, Text: "Ann Smith"}}}
	s.tables.accounts["cis|A"] = customer.Account{ID: 3, Source: "cis", ExternalID: "A", Division: "north", Premise: "M", Persons: []customer.AccountPerson{on(1, true)}}
	s.tables.accounts["cis|B"] = customer.Account{ID: 4, Source: "cis", ExternalID: "B", Division: "south", Persons: []customer.AccountPerson{on(1, true)}}
	s.tables.premises["cis|M"] = customer.Premise{ID: 5, Source: "cis", ExternalID: "M", Division: "north", Address: home()}
	s.tables.places = []store.SearchPlace{{Kind: 1, Word: "ann", ID: 1}, {Kind: 1, Word: "ann", ID: 2}, {Kind: 1, Word: "ann", ID: 9}}
	hits, next, err := s.amongCustomers.Search(t.Context(), csr(), customers.SearchQuery{Name: "SMITH, Änn", Limit: 2})
	if err != nil || len(hits) != 2 || hits[0].Person.ID != 2 || hits[1].Person.ID != 1 || next == nil || next.ID != 2 {
		t.Fatalf("%+v, next %v: %v", hits, next, err)
	}
	if len(hits[1].Accounts) != 1 || hits[1].Accounts[0].ID != 3 || hits[1].Info != "person Ann Smithson" {
		t.Errorf("%+v", hits[1])
	}
	if q := s.tables.asked; !slices.Equal(q.Names, []string{"ann", "smith"}) || q.Limit != 3 || q.Scope.Every || q.Scope.Source != "" || !slices.Equal(q.Scope.Divisions, []string{"north"}) {
		t.Errorf("%+v", q)
	}
	for _, q := range []customers.SearchQuery{{Account: "A"}, {Account: "0000000003"}, {Premise: "M"}, {Premise: "0000000005", Account: "A"}} {
		if _, _, err := s.amongCustomers.Search(t.Context(), csr(), q); err != nil || !slices.Equal(s.tables.asked.Accounts, []customer.AccountID{3}) {
			t.Errorf("%+v: %+v, %v", q, s.tables.asked, err)
		}
	}
	if hits, _, err := s.amongCustomers.Search(t.Context(), csr(), customers.SearchQuery{Account: "B"}); err != nil || len(hits) != 0 {
		t.Errorf("an account of another division is found: %v, %v", hits, err)
	}
	if _, _, err := s.amongCustomers.Search(t.Context(), who("cis", "*", access.CIS), customers.SearchQuery{Phone: "+1 (212)", Identifier: "12-3"}); err != nil || s.tables.asked.Scope.Source != "cis" || !s.tables.asked.Scope.Every || s.tables.asked.Identifier != "123" || len(s.tables.asked.Points) != 1 {
		t.Errorf("%+v: %v", s.tables.asked, err)
	}
	s.tables.places = []store.SearchPlace{{Kind: 3, Word: "main", ID: 5}}
	hits, next, err = s.amongCustomers.Search(t.Context(), csr(), customers.SearchQuery{Premises: true, Address: "Main", Geographic: customer.Geographic{Type: "GRID", Value: "1-a"}})
	if err != nil || next != nil || len(hits) != 1 || hits[0].Premise.ID != 5 || len(hits[0].Accounts) != 1 || s.tables.askedAt.Grid != "GRID=1A" {
		t.Errorf("%+v: %v", hits, err)
	}
	if hits, _, err = s.amongCustomers.Search(t.Context(), csr(), customers.SearchQuery{Premises: true, Premise: "M"}); err != nil || len(hits) != 1 {
		t.Errorf("%+v: %v", hits, err)
	}
}

func TestWrongSearches(t *testing.T) {
	t.Parallel()
	s := office(t)
	for _, c := range []struct {
		q    customers.SearchQuery
		want string
	}{
		{customers.SearchQuery{}, "query/q say something of who is looked for"},
		{customers.SearchQuery{Name: "!!"}, "query/q has a letter or a digit"},
		{customers.SearchQuery{Address: "-"}, "query/address has a letter or a digit"},
		{customers.SearchQuery{Identifier: "-"}, "query/identifier has a letter or a digit"},
		{customers.SearchQuery{Phone: "bad"}, "query/phone is no number in use in its numbering plan"},
		{customers.SearchQuery{Email: "bad"}, "query/email is no email address"},
		{customers.SearchQuery{Phone: "+1", Email: "a@b"}, "query/email stands instead of a phone"},
		{customers.SearchQuery{Name: "a", Geographic: customer.Geographic{Type: "GRID", Value: "1"}}, "query/geographic is of premises"},
		{customers.SearchQuery{Premises: true}, "query/address say something of what is looked for"},
		{customers.SearchQuery{Premises: true, Address: "."}, "query/address has a letter or a digit"},
		{customers.SearchQuery{Premises: true, Name: "a", Address: "b"}, "query/kind premises are found by address, premise and geographic value"},
		{customers.SearchQuery{Premises: true, Geographic: customer.Geographic{Type: "X", Value: "1"}}, "query/geographic names no Geographic Type"},
		{customers.SearchQuery{Premises: true, Premise: "1", Address: "b"}, "query/premise stands alone"},
	} {
		if _, _, err := s.amongCustomers.Search(t.Context(), csr(), c.q); !slices.Equal(said(err), []string{c.want}) {
			t.Errorf("%q, want %q", said(err), c.want)
		}
	}
	if _, _, err := s.amongCustomers.Search(t.Context(), who("acme", "*", access.Dialer), customers.SearchQuery{Name: "a"}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("%v", err)
	}
}

// pile is what alerts are told of.
type pile struct {
	contacts []contact.Contact
	entries  []todo.Entry
}

func (p pile) ContactsOf(context.Context, contact.Subject, contact.ID, int) ([]contact.Contact, error) {
	return p.contacts, nil
}

// Files has one contact's type corrected.
func (p pile) Files(context.Context, []contact.ID) (map[contact.ID]contact.File, error) {
	return map[contact.ID]contact.File{7: {Desk: contact.Desk{Class: "C", Type: "T"}}}, nil
}

func (p pile) ToDoList(_ context.Context, f todo.Filter, _ todo.ID, _ int) (found []todo.Entry, _ error) {
	for _, e := range p.entries {
		if slices.Contains(f.Characteristics, e.Characteristics[0]) {
			found = append(found, e)
		}
	}
	return found, nil
}

func TestContext(t *testing.T) {
	t.Parallel()
	s := office(t)
	p, hidden := jane(), jane()
	p.ID, p.Source, hidden.ID, hidden.Source, hidden.ExternalID, hidden.Division = 1, "cis", 2, "cis", "P-2", "south"
	s.tables.people["cis|P-1"], s.tables.people["cis|P-2"] = p, hidden
	s.tables.premises["cis|M"] = customer.Premise{ID: 5, Source: "cis", ExternalID: "M", Division: "north"}
	s.tables.accounts["cis|A"] = customer.Account{
		ID: 3, Source: "cis", ExternalID: "A", Division: "north", Premise: "M", Persons: []customer.AccountPerson{on(1, true)},
		Alerts: []customer.UserAlert{{Type: "DOG", From: "2026-03-02"}, {Type: "DOG", From: "2026-01-01", Until: "2026-03-01"}},
	}
	for n, status := range map[string]agreement.Status{"1": agreement.PendingStop, "2": agreement.PendingStop, "3": agreement.Active} {
		s.tables.agreements["cis|"+n] = agreement.Agreement{ID: agreement.ID(n[0]), Source: "cis", ExternalID: n, Division: "north", Account: 3, Status: status}
	}
	for _, known := range []customer.Context{{Person: 1}, {Account: 3}, {Premise: 5}} {
		v, err := s.Complete(t.Context(), noon(), csr(), known)
		if err != nil || v.Person == nil || v.Account == nil || v.Premise == nil || v.PersonInfo != "person Jane" || v.AccountInfo != "account of Jane" {
			t.Fatalf("%+v: %+v, %v", known, v, err)
		}
		want := []plugin.Alert{
			{Code: "DOG", Text: "Beware of the dog", Link: "/v1/accounts/by-id/0000000003"},
			{Code: "PENDING-STOP", Text: "2 service agreements are pending stop", Link: "/v1/accounts/by-id/0000000003/service-agreements"},
		}
		if !slices.Equal(v.Alerts, want) {
			t.Errorf("%+v", v.Alerts)
		}
	}
	t.Run("tells what the algorithms say", func(t *testing.T) {
		s := office(t, func(d *config.Document) {
			d.CharacteristicTypes = append(d.CharacteristicTypes, config.CharacteristicType{Code: "PER", Entities: []string{"todo"}, Names: "person"},
				config.CharacteristicType{Code: "ACCT", Entities: []string{"todo"}, Names: "account"})
			d.Plugs = append(d.Plugs, config.Plug{Owner: "installation", Event: "control_central_alert", Sequence: 10, Code: "COUNT"})
		})
		s.tables.people["cis|P-1"] = p
		s.tables.accounts["cis|A"] = customer.Account{ID: 3, Source: "cis", ExternalID: "A", Division: "north", Persons: []customer.AccountPerson{on(1, true)}}
		s.amongCustomers.Alerts = pile{
			contacts: []contact.Contact{
				{Class: "C", Type: "T", Source: "cis", Division: "north", AcceptedAt: noon()},
				{ID: 7, Class: "C", Type: "WRONG", Source: "cis", Division: "north", AcceptedAt: noon()},
				{Class: "C", Type: "T", Source: "cis", Division: "south", AcceptedAt: noon()},
			},
			entries: []todo.Entry{
				{Type: "TD", Characteristics: []plugin.Characteristic{{Type: "PER", Value: "0000000001"}}},
				{Type: "TD", Characteristics: []plugin.Characteristic{{Type: "PER", Value: "0000000001"}}},
				{Type: "TD", Characteristics: []plugin.Characteristic{{Type: "ACCT", Value: "A"}}}, // as its source names it
			},
		}
		s.amongCustomers.Alerters = map[string]contact.Alerter{"COUNT": func(f contact.AlertFacts, _ plugin.Parameters) ([]plugin.Alert, error) {
			return []plugin.Alert{{Code: fmt.Sprintf("%+v %+v %s", f.Touches, f.Work, f.Today)}}, nil
		}}
		v, err := s.Complete(t.Context(), noon(), csr(), customer.Context{Person: 1})
		want := "[{Class:C Type:T Day:2026-03-02 N:2}] [{Type:TD Characteristic:PER Value:0000000001 N:2} {Type:TD Characteristic:ACCT Value:A N:1}] 2026-03-02"
		if err != nil || len(v.Alerts) != 1 || v.Alerts[0].Code != want {
			t.Errorf("%+v, want %s: %v", v.Alerts, want, err)
		}
	})
	for _, known := range []customer.Context{{Person: 2}, {Person: 9}, {Account: 9}, {Premise: 9}, {Person: 1, Account: 9}} {
		if _, err := s.Complete(t.Context(), noon(), csr(), known); !fault.Is(err, fault.NotFound) {
			t.Errorf("%+v: %v", known, err)
		}
	}
	if _, err := s.Complete(t.Context(), noon(), csr(), customer.Context{}); !slices.Equal(said(err), []string{"query/person give a person, an account or a premise"}) {
		t.Errorf("%q", said(err))
	}
	a := s.tables.accounts["cis|A"]
	a.Persons = []customer.AccountPerson{on(2, true)}
	s.tables.accounts["cis|A"] = a
	if v, err := s.Complete(t.Context(), noon(), csr(), customer.Context{Account: 3}); err != nil || v.Person != nil || v.AccountInfo != "account of " {
		t.Errorf("a main customer of another division is told: %+v, %v", v, err)
	}
}
