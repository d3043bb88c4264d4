package algorithm_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/core/algorithm"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/plugin"
)

func TestCustomerSpotsAreInTheCatalog(t *testing.T) {
	t.Parallel()
	s := algorithm.CustomerSpots()
	is := func(code, spot string) {
		a, known := algorithm.Catalog().Find(code)
		if !known || a.Spots[0].String() != spot {
			t.Errorf("%s is not described for %s", code, spot)
		}
	}
	for code := range s.PersonInformation {
		is(code, "installation/person_information")
	}
	for code := range s.AccountInformation {
		is(code, "installation/account_information")
	}
	for code := range s.PhoneFormat {
		is(code, "phone_type/format")
	}
	for code := range s.GlobalContext {
		is(code, "installation/global_context")
	}
}

// TestPhoneNA is CI_PHNFMT_NA.
func TestPhoneNA(t *testing.T) {
	t.Parallel()
	format := algorithm.CustomerSpots().PhoneFormat["CI_PHNFMT_NA"]
	for typed, want := range map[string][3]string{
		"2125550123":               {"+12125550123", "", "(212) 555-0123"},
		"(212) 555-0123":           {"+12125550123", "", "(212) 555-0123"},
		"+1 212.555.0123":          {"+12125550123", "", "(212) 555-0123"},
		"1-212-555-0123 x204":      {"+12125550123", "204", "(212) 555-0123 x204"},
		"212/555/0123 ext. 7":      {"+12125550123", "7", "(212) 555-0123 x7"},
		"212 555 0123 Extension 9": {"+12125550123", "9", "(212) 555-0123 x9"},
		"212 555 0123#12":          {"+12125550123", "12", "(212) 555-0123 x12"},
	} {
		got, err := format(typed, nil)
		if err != nil || got.E164.Reveal() != want[0] || got.Extension != want[1] || got.Shown != want[2] {
			t.Errorf("%q: %q %q %q, %v", typed, got.E164.Reveal(), got.Extension, got.Shown, err)
		}
	}
	for _, typed := range []string{
		"", "212555012", "22125550123", "212555012345", "1125550123", "0125550123", "2121550123", "2115550123", "2129110123", "212 555 O123",
		"212 555 0123 x", "212 555 0123 x12a", "212 555 0123 x1234567", "+44 20 7946 0018", "２１２５５５０１２３",
	} {
		if _, err := format(typed, nil); !fault.Is(err, fault.Invalid) || len(typed) > 6 && strings.Contains(err.Error(), typed[:6]) {
			t.Errorf("%q: %v", typed, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) { // what it shows it reads again
		number := rapid.StringMatching(`[2-9][02-9][0-9][2-9][02-9][0-9]{5}`).Draw(t, "number")
		extension := rapid.StringMatching(`[0-9]{0,6}`).Draw(t, "extension")
		typed := number
		if extension != "" {
			typed += " x" + extension
		}
		first, err := format(typed, nil)
		if err != nil {
			t.Fatal(err)
		}
		again, err := format(first.Shown, nil)
		if err != nil || again != first || first.E164.Reveal() != "+1"+number {
			t.Fatalf("%q is shown %q: %v", typed, first.Shown, err)
		}
	})
}

func grace() customer.Person {
	return customer.Person{
		ID: 7, Names: []customer.Name{{Type: customer.Alias, Text: "Amazing"}, {Type: customer.Primary, Text: "Grace Hopper"}},
		Points: []customer.Point{
			{Kind: customer.Email, Value: "grace@example.com", Preferred: true},
			{Kind: customer.Phone, Type: "HOME", Value: "+12125550123"},
			{Kind: customer.Phone, Type: "WORK", Value: "+12125550199", Extension: "12", Preferred: true},
			{Kind: customer.Phone, Value: "+442079460018"},
			{Kind: customer.Post, Value: customer.Postal{Line1: "1 Main Street", City: "Galway", Country: "IRL"}.Address()},
		},
	}
}

// TestPersonInfo is CI_PER-INFO and C2M-PERCTINF.
func TestPersonInfo(t *testing.T) {
	t.Parallel()
	info := algorithm.CustomerSpots().PersonInformation
	dead := grace()
	for i := range dead.Points[:4] {
		dead.Points[i].UndeliverableSince = time.Unix(1, 0)
	}
	abroad := grace()
	abroad.Points = abroad.Points[3:4]
	for _, c := range []struct {
		code       string
		p          customer.Person
		parameters plugin.Parameters
		want       string
	}{
		{"CI_PER-INFO", grace(), nil, "Grace Hopper, (212) 555-0123"},
		{"CI_PER-INFO", grace(), plugin.Parameters{"PHONE-TYPE": "WORK"}, "Grace Hopper, (212) 555-0199 x12"},
		{"CI_PER-INFO", abroad, nil, "Grace Hopper, +442079460018"},
		{"CI_PER-INFO", customer.Person{Names: grace().Names}, nil, "Grace Hopper"},
		{"C2M-PERCTINF", grace(), nil, "Grace Hopper, (212) 555-0199 x12"},
		{"C2M-PERCTINF", grace(), plugin.Parameters{"PRIORITY": "email, phone"}, "Grace Hopper, grace@example.com"},
		{"C2M-PERCTINF", dead, nil, "Grace Hopper, 1 Main Street, Galway"},
		{"C2M-PERCTINF", dead, plugin.Parameters{"PRIORITY": "email"}, "Grace Hopper"},
	} {
		if got := info[c.code](c.p, c.parameters); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.code, c.parameters, got, c.want)
		}
	}
}

// TestAccountInfo is C1_ACCT-INFO.
func TestAccountInfo(t *testing.T) {
	t.Parallel()
	info := algorithm.CustomerSpots().AccountInformation["C1_ACCT-INFO"]
	a := customer.Account{Class: "RES"}
	if got := info(a, grace(), nil); got != "Grace Hopper, RES" {
		t.Errorf("%q", got)
	}
	a.ProtectCycle, a.Alerts = true, []customer.UserAlert{{Type: "DOG"}}
	if got := info(a, customer.Person{}, nil); got != "RES, bill cycle protected, has alerts" {
		t.Errorf("%q", got)
	}
}

// TestGlobalContext is X1-GLBL-CTX.
func TestGlobalContext(t *testing.T) {
	t.Parallel()
	complete := algorithm.CustomerSpots().GlobalContext["X1-GLBL-CTX"]
	account := func(id customer.AccountID, premise string, persons ...customer.PersonID) customer.Account {
		a := customer.Account{ID: id, Source: "cis", Premise: premise}
		for i, p := range persons {
			a.Persons = append(a.Persons, customer.AccountPerson{Person: p, Main: i == 0})
		}
		return a
	}
	premises := map[string]customer.PremiseID{"cis P1": 1, "cis P2": 2}
	for _, c := range []struct {
		says  string
		known customer.Context
		facts customer.ContextFacts
		want  customer.Context
	}{
		{
			"an account brings its main customer and its mailing premise",
			customer.Context{Account: 10},
			customer.ContextFacts{Accounts: []customer.Account{account(10, "P1", 7, 8)}},
			customer.Context{Person: 7, Account: 10, Premise: 1},
		},
		{
			"a person's only account brings the rest, and the person stays",
			customer.Context{Person: 8},
			customer.ContextFacts{Accounts: []customer.Account{account(10, "P1", 7, 8)}},
			customer.Context{Person: 8, Account: 10, Premise: 1},
		},
		{
			"of two accounts neither is taken",
			customer.Context{Person: 7},
			customer.ContextFacts{Accounts: []customer.Account{account(10, "P1", 7), account(11, "P2", 7)}},
			customer.Context{Person: 7},
		},
		{
			"of two accounts the one with a service is taken",
			customer.Context{Person: 7},
			customer.ContextFacts{Accounts: []customer.Account{account(10, "P1", 7), account(11, "P2", 7)}, Live: map[customer.AccountID]bool{11: true}},
			customer.Context{Person: 7, Account: 11, Premise: 2},
		},
		{
			"a premise brings its only account and its main customer",
			customer.Context{Premise: 2},
			customer.ContextFacts{Accounts: []customer.Account{account(11, "P2", 7)}},
			customer.Context{Person: 7, Account: 11, Premise: 2},
		},
		{
			"a person and a premise choose the account that has both",
			customer.Context{Person: 7, Premise: 2},
			customer.ContextFacts{Accounts: []customer.Account{account(10, "P1", 7), account(11, "P2", 7)}},
			customer.Context{Person: 7, Account: 11, Premise: 2},
		},
		{
			"a mailing premise that was not loaded stays blank",
			customer.Context{Account: 10},
			customer.ContextFacts{Accounts: []customer.Account{account(10, "P9", 7)}},
			customer.Context{Person: 7, Account: 10},
		},
		{"nothing related completes nothing", customer.Context{Person: 7}, customer.ContextFacts{}, customer.Context{Person: 7}},
	} {
		c.facts.Premises = premises
		if got := complete(c.known, c.facts, nil); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.says, got, c.want)
		}
	}
}
