package porttest

import (
	"fmt"
	"slices"
	"strings"

	"carillon/core/agreement"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/store"
)

// revisions: who changes a customer says which state was seen.
func revisions() []sentence {
	return []sentence{
		{"are changed by who saw them as they are", func(st *stand) {
			p, m := st.loaded(NewPerson(st.r)), NewPremise(st.r)
			a := NewAccount(st.r, p)
			st.applied(store.Writes{Customer: &store.CustomerWrites{Accounts: []customer.Account{a}, Premises: []customer.Premise{m}}})
			for _, off := range []int64{0, 2} {
				old, oldA, oldM := p, a, m
				old.Revision, oldA.Revision, oldM.Revision = 1+off, 1+off, 1+off
				st.conflict(store.LostRevision, store.Writes{Customer: &store.CustomerWrites{Persons: []customer.Person{old}}})
				st.conflict(store.LostRevision, store.Writes{Customer: &store.CustomerWrites{Accounts: []customer.Account{oldA}}})
				st.conflict(store.LostRevision, store.Writes{Customer: &store.CustomerWrites{Premises: []customer.Premise{oldM}}})
			}
			p.Revision, a.Revision, m.Revision = 2, 2, 2
			st.applied(store.Writes{Customer: &store.CustomerWrites{Persons: []customer.Person{p}, Accounts: []customer.Account{a}, Premises: []customer.Premise{m}}})
		}},
		{"refuse a lower version, whatever the revision", func(st *stand) {
			m := NewPremise(st.r)
			a := NewAccount(st.r)
			st.applied(store.Writes{Customer: &store.CustomerWrites{Accounts: []customer.Account{a}, Premises: []customer.Premise{m}}})
			for _, revision := range []int64{1, 2, 3} {
				a.Revision, m.Revision = revision, revision
				lowA, lowM := a, m
				lowA.Version--
				lowM.Version--
				st.conflict(store.LostVersion, store.Writes{Customer: &store.CustomerWrites{Accounts: []customer.Account{lowA}}})
				st.conflict(store.LostVersion, store.Writes{Customer: &store.CustomerWrites{Premises: []customer.Premise{lowM}}})
			}
		}},
		{"are changed one after the other within a call", func(st *stand) {
			p := NewPerson(st.r)
			a := NewAccount(st.r, p)
			m := NewPremise(st.r)
			p2, a2, m2 := p, a, m
			p2.Revision, a2.Revision, m2.Revision = 2, 2, 2
			p2.Language, a2.Comments, m2.Type = "fr", "none", "MFD"
			st.applied(
				store.Writes{Customer: &store.CustomerWrites{Persons: []customer.Person{p}, Accounts: []customer.Account{a}, Premises: []customer.Premise{m}}},
				store.Writes{Customer: &store.CustomerWrites{Persons: []customer.Person{p2}, Accounts: []customer.Account{a2}, Premises: []customer.Premise{m2}}},
			)
			st.same("person", st.person(p.ID), byID(p2))
			st.same("account", st.accounts(store.AccountQuery{Persons: []customer.PersonID{p.ID}}), []customer.Account{a2})
		}},
		{"have a unique identifier alone", func(st *stand) {
			one, two := NewPerson(st.r), NewPerson(st.r)
			one.Identifiers[0].Value = "123-45-6789"
			two.Identifiers = []customer.Identifier{{Type: "SSN", Value: "123 45 6789", Unique: true}}
			st.loaded(one)
			st.conflict(store.LostIdentifier, store.Writes{Customer: &store.CustomerWrites{Persons: []customer.Person{two}}})
			_, err := st.s.Person(st.t.Context(), two.ID)
			st.kind(err, fault.NotFound)
			two.Identifiers[0].Unique = false
			st.loaded(two)
			held, err := st.s.HoldersOf(st.t.Context(), "SSN", "123456789")
			st.ok(err, "reading who holds an identifier")
			want := []customer.PersonID{one.ID, two.ID}
			slices.Sort(want)
			st.same("holders", held, want)
			held, err = st.s.HoldersOf(st.t.Context(), "PASSPORT", "123456789")
			st.ok(err, "reading who holds an identifier")
			st.check(len(held) == 0, "it is another type")
		}},
		{"keep a unique identifier through a change, and leave it to another", func(st *stand) {
			one, two := st.loaded(NewPerson(st.r)), NewPerson(st.r)
			one.Revision = 2
			st.loaded(one)
			two.Identifiers = one.Identifiers
			one.Identifiers, one.Revision = nil, 3
			st.applied(store.Writes{Customer: &store.CustomerWrites{Persons: []customer.Person{one}}}, store.Writes{Customer: &store.CustomerWrites{Persons: []customer.Person{two}}})
			st.same("person", st.person(two.ID), byID(two))
		}},
	}
}

func (st *stand) accounts(q store.AccountQuery) []customer.Account {
	st.t.Helper()
	all, err := st.s.AccountsWhere(st.t.Context(), q)
	st.ok(err, "reading accounts")
	return all
}

// accountsOf: accounts, premises and service agreements are read back in every way they are looked for.
func accountsOf() []sentence {
	return []sentence{
		{"have accounts, which are read back whole", accountsWhole},
		{"have premises, which are read back whole", func(st *stand) {
			m, other := NewPremise(st.r), NewPremise(st.r)
			st.applied(store.Writes{Customer: &store.CustomerWrites{Premises: []customer.Premise{m, other}}})
			got, err := st.s.Premise(st.t.Context(), m.ID)
			st.ok(err, "reading a premise")
			st.same("premise", got, m)
			all, err := st.s.PremisesByExternal(st.t.Context(), "cis", []string{other.ExternalID, "nowhere"})
			st.ok(err, "reading by external id")
			st.same("premises", all, []customer.Premise{other})
			_, err = st.s.Premise(st.t.Context(), 1)
			st.kind(err, fault.NotFound)
		}},
		{"have service agreements, which are loaded whole and never backwards", func(st *stand) {
			a, b := NewAccount(st.r), NewAccount(st.r)
			one, two, three := NewAgreement(st.r, a.ID), NewAgreement(st.r, a.ID), NewAgreement(st.r, b.ID)
			st.applied(store.Writes{Customer: &store.CustomerWrites{Accounts: []customer.Account{a, b}, Agreements: []agreement.Agreement{one, two, three}}})
			again := one
			again.ID, again.Version, again.Status = one.ID+1, one.Version+1, agreement.PendingStop
			st.applied(store.Writes{Customer: &store.CustomerWrites{Agreements: []agreement.Agreement{again}}})
			st.conflict(store.LostVersion, store.Writes{Customer: &store.CustomerWrites{Agreements: []agreement.Agreement{one}}})
			again.ID = one.ID
			want := []agreement.Agreement{again, two}
			slices.SortFunc(want, func(a, b agreement.Agreement) int { return int(a.ID - b.ID) })
			got, err := st.s.AgreementsOfAccounts(st.t.Context(), []customer.AccountID{a.ID})
			st.ok(err, "reading service agreements")
			st.same("service agreements", got, want)
			got, err = st.s.AgreementsByExternal(st.t.Context(), "cis", []string{three.ExternalID})
			st.ok(err, "reading by external id")
			st.same("service agreements", got, []agreement.Agreement{three})
		}},
	}
}

func accountsWhole(st *stand) {
	one, two := st.loaded(NewPerson(st.r)), st.loaded(NewPerson(st.r))
	a, b, c := NewAccount(st.r, one, two), NewAccount(st.r, two), NewAccount(st.r, one)
	a.ID, b.ID, c.ID = 2_000_000_001, 2_000_000_002, 2_000_000_003
	b.Premise, c.Source = a.Premise, "billing"
	st.applied(store.Writes{Customer: &store.CustomerWrites{Accounts: []customer.Account{c, a, b}}})
	got, err := st.s.Account(st.t.Context(), a.ID)
	st.ok(err, "reading an account")
	st.same("account, with the persons in their order", got, a)
	got, err = st.s.AccountByExternal(st.t.Context(), "billing", c.ExternalID)
	st.ok(err, "reading by external id")
	st.same("account", got, c)
	_, err = st.s.AccountByExternal(st.t.Context(), "cis", c.ExternalID)
	st.kind(err, fault.NotFound)
	st.same("of any source", st.accounts(store.AccountQuery{ExternalIDs: []string{c.ExternalID}}), []customer.Account{c})
	st.same("of a person", st.accounts(store.AccountQuery{Persons: []customer.PersonID{one.ID}}), []customer.Account{a, c})
	st.same("of two", st.accounts(store.AccountQuery{Persons: []customer.PersonID{one.ID, two.ID}, Limit: 2}), []customer.Account{a, b})
	st.same("at a premise", st.accounts(store.AccountQuery{Source: "cis", Premise: a.Premise}), []customer.Account{a, b})
	st.check(len(st.accounts(store.AccountQuery{Source: "billing", Premise: a.Premise})) == 0, "another source's premise is another")
	st.check(len(st.accounts(store.AccountQuery{Source: "cis"})) == 0, "nothing asked, nothing told")
	page, err := st.s.AccountsAfter(st.t.Context(), a.ID, 1)
	st.ok(err, "walking accounts")
	st.same("after the first", page, []customer.Account{b})
	many, err := st.s.Accounts(st.t.Context(), []customer.AccountID{c.ID, 1, a.ID})
	st.ok(err, "reading accounts")
	st.same("many", many, []customer.Account{a, c})
	a.Persons, a.Revision = a.Persons[1:], 2
	st.applied(store.Writes{Customer: &store.CustomerWrites{Accounts: []customer.Account{a}}})
	st.same("of who left it", st.accounts(store.AccountQuery{Persons: []customer.PersonID{one.ID}}), []customer.Account{c})
}

func sightings() []sentence {
	return []sentence{
		{"are seen in every division where they hold something, each once", func(st *stand) {
			p := NewPerson(st.r)
			p.Division = "north"
			st.applied(store.Writes{Customer: &store.CustomerWrites{Persons: []customer.Person{p}, Sightings: []customer.Sighting{{Person: p.ID, Division: "south"}, {Person: p.ID, Division: "north"}}}})
			st.applied(store.Writes{Customer: &store.CustomerWrites{Sightings: []customer.Sighting{{Person: p.ID, Division: "east"}, {Person: p.ID, Division: "south"}, {Person: p.ID + 1, Division: "south"}}}})
			got := st.person(p.ID).Also
			slices.Sort(got)
			st.same("divisions", got, []string{"east", "south"})
			p.Revision = 2
			st.loaded(p)
			st.check(len(st.person(p.ID).Also) == 2, "a write leaves them")
		}},
	}
}

func (st *stand) find(q store.PersonQuery) []customer.PersonID {
	st.t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	if q.Scope.Divisions == nil {
		q.Scope.Every = true
	}
	places, err := st.s.FindPersons(st.t.Context(), q)
	st.ok(err, "searching persons")
	ids := make([]customer.PersonID, len(places))
	for i, p := range places {
		ids[i] = customer.PersonID(p.ID)
	}
	return ids
}

// named loads a person of that name in the division.
func (st *stand) named(division, name string) customer.Person {
	st.t.Helper()
	p := NewPerson(st.r)
	p.Division, p.Names = division, []customer.Name{{Type: customer.Primary, Text: name}}
	return st.loaded(p)
}

func searching() []sentence {
	return []sentence{
		{"finds persons by the beginnings of all words of a name, whole words first", func(st *stand) {
			whole := st.named("north", "Zoë O'Neil")
			longer := st.named("north", "Zoe ONeilson")
			last := st.named("north", "Zoe Oneilsonovich")
			st.named("north", "Adam Oneill")
			st.same("found", st.find(store.PersonQuery{Names: []string{"oneil"}})[0:1], []customer.PersonID{whole.ID})
			want := []customer.PersonID{whole.ID, longer.ID, last.ID}
			slices.Sort(want)
			for _, words := range [][]string{{"oneil", "zoe"}, {"zoe", "oneil"}, {"zo", "oneil"}} {
				got := st.find(store.PersonQuery{Names: words})
				slices.Sort(got)
				st.same("found", got, want)
			}
			st.check(len(st.find(store.PersonQuery{Names: []string{"neil"}})) == 0, "a word is found by its beginning only")
			st.check(len(st.find(store.PersonQuery{})) == 0, "nothing asked, nothing found")
		}},
		{"finds a person once, and by the name it has now", func(st *stand) {
			p := st.named("north", "Smith Smithson Smithers")
			st.same("found", st.find(store.PersonQuery{Names: []string{"smith"}}), []customer.PersonID{p.ID})
			p.Names[0].Text, p.Revision = "Jones", 2
			st.loaded(p)
			st.check(len(st.find(store.PersonQuery{Names: []string{"smith"}})) == 0, "the old name is gone")
			st.same("found", st.find(store.PersonQuery{Names: []string{"jones"}}), []customer.PersonID{p.ID})
		}},
		{"finds persons by address, number, email, identifier and account, all of it together", searchedByAll},
		{"shows what the scope lets see", searchedInScope},
		{"goes on behind the last hit, page by page", searchedInPages},
		{"finds premises by address and geographic value", searchedPremises},
	}
}

func searchedByAll(st *stand) {
	p, other := st.named("north", "Ann One"), st.named("north", "Ann Two")
	a := NewAccount(st.r, p, other)
	st.applied(store.Writes{Customer: &store.CustomerWrites{Accounts: []customer.Account{a}}})
	block, err := customer.ParsePostal(p.Points[2].Value)
	st.ok(err, "reading an address")
	key := p.Identifiers[0].Value.Key()
	want := []customer.PersonID{p.ID}
	st.same("by address", st.find(store.PersonQuery{Places: block.Words()}), want)
	st.same("by number", st.find(store.PersonQuery{Points: []customer.Address{p.Points[0].Value, "+10000000000"}}), want)
	st.same("by email", st.find(store.PersonQuery{Points: []customer.Address{p.Points[1].Value}}), want)
	shouted := customer.Address(strings.ToUpper(p.Points[1].Value.Reveal()))
	st.same("by email, however it is written", st.find(store.PersonQuery{Emails: []string{customer.EmailKey(shouted)}}), want)
	st.same("by number", st.find(store.PersonQuery{Known: p.ID.String()}), want)
	st.same("by external id and name", st.find(store.PersonQuery{Known: p.ExternalID, Names: []string{"ann"}}), want)
	st.check(len(st.find(store.PersonQuery{Known: "nobody"})) == 0, "nobody is known so")
	st.same("by identifier", st.find(store.PersonQuery{Identifier: key}), want)
	both := []customer.PersonID{p.ID, other.ID}
	slices.Sort(both)
	st.same("by account", st.find(store.PersonQuery{Accounts: []customer.AccountID{a.ID}}), both)
	st.same("by account and name", st.find(store.PersonQuery{Accounts: []customer.AccountID{a.ID}, Names: []string{"one"}}), want)
	st.same("by all", st.find(store.PersonQuery{
		Accounts: []customer.AccountID{a.ID}, Names: []string{"one"}, Identifier: key, Points: []customer.Address{p.Points[1].Value}, Places: block.Words()[:1],
	}), want)
	st.check(len(st.find(store.PersonQuery{Identifier: key, Names: []string{"two"}})) == 0, "all of it must be met")
}

func searchedInScope(st *stand) {
	north, south := st.named("north", "Ann"), st.named("south", "Ann")
	both := []customer.PersonID{north.ID, south.ID}
	slices.Sort(both)
	scope := func(divisions ...string) store.SearchScope { return store.SearchScope{Divisions: divisions} }
	for _, q := range []store.PersonQuery{{Names: []string{"ann"}}, {Points: []customer.Address{north.Points[0].Value, south.Points[0].Value}}} {
		q.Scope = scope("north")
		st.same("north", st.find(q), []customer.PersonID{north.ID})
		q.Scope = scope("east")
		st.check(len(st.find(q)) == 0, "nobody is seen in the east")
		q.Scope = scope("north", "south")
		st.same("both", st.find(q), both)
		q.Scope = store.SearchScope{Every: true, Source: "billing"}
		st.check(len(st.find(q)) == 0, "another source sees nobody")
	}
	st.applied(store.Writes{Customer: &store.CustomerWrites{Sightings: []customer.Sighting{{Person: south.ID, Division: "east"}}}})
	st.same("east", st.find(store.PersonQuery{Names: []string{"ann"}, Scope: scope("east")}), []customer.PersonID{south.ID})
}

func searchedInPages(st *stand) {
	const many = 25
	for i := range many {
		st.named("north", fmt.Sprintf("Smith%c Adam%d", 'a'+i%5, i))
	}
	for _, words := range [][]string{{"smith"}, {"smith", "adam"}, {"s", "smith"}} {
		q := store.PersonQuery{Names: words, Limit: 7, Scope: store.SearchScope{Every: true}}
		all := q
		all.Limit = 100
		want, err := st.s.FindPersons(st.t.Context(), all)
		st.ok(err, "searching")
		var got []store.SearchPlace
		for {
			page, err := st.s.FindPersons(st.t.Context(), q)
			st.ok(err, "searching a page")
			if len(page) == 0 {
				break
			}
			got, q.After = append(got, page...), page[len(page)-1]
		}
		st.check(len(got) == many, "every hit is on one page")
		st.same("pages", got, want)
	}
}

func searchedPremises(st *stand) {
	m, other := NewPremise(st.r), NewPremise(st.r)
	m.Division, other.Division = "north", "south"
	m.Address.Line1, other.Address.Line1 = "12 Shop Street", "14 Shop Street"
	st.applied(store.Writes{Customer: &store.CustomerWrites{Premises: []customer.Premise{m, other}}})
	find := func(q store.PremiseQuery) []int64 {
		q.Limit = 10
		q.Scope.Every = q.Scope.Divisions == nil
		places, err := st.s.FindPremises(st.t.Context(), q)
		st.ok(err, "searching premises")
		ids := []int64{}
		for _, p := range places {
			ids = append(ids, p.ID)
		}
		slices.Sort(ids)
		return ids
	}
	both := []int64{int64(m.ID), int64(other.ID)}
	slices.Sort(both)
	st.same("by street", find(store.PremiseQuery{Places: []string{"shop", "galw"}}), both)
	st.same("by number", find(store.PremiseQuery{Places: []string{"14", "shop"}}), []int64{int64(other.ID)})
	st.same("in the north", find(store.PremiseQuery{Places: []string{"shop"}, Scope: store.SearchScope{Divisions: []string{"north"}}}), []int64{int64(m.ID)})
	st.same("by grid", find(store.PremiseQuery{Grid: customer.GeographicKey(m.Geography[0])}), []int64{int64(m.ID)})
	st.check(len(find(store.PremiseQuery{Grid: "GRID=G"})) == 0, "a geographic value is found whole")
	st.check(len(find(store.PremiseQuery{})) == 0, "nothing asked, nothing found")
}
