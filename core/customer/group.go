package customer

import (
	"cmp"
	"slices"

	"carillon/core/fault"
)

// Group is a group of fields that has one owner: the CIS or Carillon. What a person at the desk corrects is Carillon's
// from then on, until it is given back.
type Group string

// The groups.
const (
	OfNames           Group = "names"
	OfIdentifiers     Group = "identifiers"
	OfPoints          Group = "points"          // phones and email addresses
	OfPostal          Group = "postal"          // postal contact points
	OfMailing         Group = "mailing"         // override mailing names and address
	OfSeasons         Group = "seasonal"        // seasonal addresses
	OfLanguage        Group = "language"        //
	OfCommunications  Group = "communications"  // the communication switch
	OfCharacteristics Group = "characteristics" //

	OfClasses  Group = "classes"  // of an account: customer class, collection class, management group, currency
	OfBilling  Group = "billing"  // of an account: bill cycle and its protection
	OfPremise  Group = "premise"  // of an account: its mailing premise
	OfPersons  Group = "persons"  // of an account
	OfAlerts   Group = "alerts"   // of an account
	OfComments Group = "comments" // of an account

	OfAddress   Group = "address"   // of a premise
	OfDetails   Group = "details"   // of a premise: type, time zone, postal area
	OfGeography Group = "geography" // of a premise
)

// part is how one group of an object is taken over from another version of it.
type part[T any] struct {
	group Group
	take  func(to *T, from T)
}

func personParts() []part[Person] {
	points := func(post bool) func(to *Person, from Person) {
		return func(to *Person, from Person) {
			other := func(p Point) bool { return (p.Kind == Post) != post }
			kept := slices.DeleteFunc(slices.Clone(from.Points), other)
			to.Points = append(slices.DeleteFunc(slices.Clone(to.Points), func(p Point) bool { return !other(p) }), kept...)
			slices.SortStableFunc(to.Points, func(a, b Point) int { return cmp.Compare(rank(a.Kind), rank(b.Kind)) })
		}
	}
	return []part[Person]{
		{OfNames, func(to *Person, from Person) { to.Names, to.Kind = from.Names, from.Kind }},
		{OfIdentifiers, func(to *Person, from Person) { to.Identifiers = from.Identifiers }},
		{OfPoints, points(false)},
		{OfPostal, points(true)},
		{OfMailing, func(to *Person, from Person) { to.Mailing = from.Mailing }},
		{OfSeasons, func(to *Person, from Person) { to.Seasons = from.Seasons }},
		{OfLanguage, func(to *Person, from Person) { to.Language = from.Language }},
		{OfCommunications, func(to *Person, from Person) { to.Silent = from.Silent }},
		{OfCharacteristics, func(to *Person, from Person) { to.Characteristics = from.Characteristics }},
	}
}

// rank keeps postal points behind the others when the two groups have different owners.
func rank(k PointKind) int {
	if k == Post {
		return 1
	}
	return 0
}

func accountParts() []part[Account] {
	return []part[Account]{
		{OfClasses, func(to *Account, from Account) {
			to.Class, to.CollectionClass, to.ManagementGroup, to.Currency = from.Class, from.CollectionClass, from.ManagementGroup, from.Currency
		}},
		{OfBilling, func(to *Account, from Account) {
			to.BillCycle, to.ProtectCycle = from.BillCycle, from.ProtectCycle
		}},
		{OfPremise, func(to *Account, from Account) { to.Premise = from.Premise }},
		{OfPersons, func(to *Account, from Account) { to.Persons = from.Persons }},
		{OfAlerts, func(to *Account, from Account) { to.Alerts = from.Alerts }},
		{OfComments, func(to *Account, from Account) { to.Comments = from.Comments }},
		{OfCharacteristics, func(to *Account, from Account) { to.Characteristics = from.Characteristics }},
	}
}

func premiseParts() []part[Premise] {
	return []part[Premise]{
		{OfAddress, func(to *Premise, from Premise) { to.Address = from.Address }},
		{OfDetails, func(to *Premise, from Premise) {
			to.Type, to.Zone, to.PostalArea = from.Type, from.Zone, from.PostalArea
		}},
		{OfGeography, func(to *Premise, from Premise) { to.Geography = from.Geography }},
	}
}

func groupsOf[T any](parts []part[T]) []Group {
	all := make([]Group, len(parts))
	for i, p := range parts {
		all[i] = p.group
	}
	return all
}

// taken is an object with some groups as another version of it has them.
func taken[T any](parts []part[T], to, from T, groups []Group) T {
	for _, p := range parts {
		if slices.Contains(groups, p.group) {
			p.take(&to, from)
		}
	}
	return to
}

// PersonGroups are the groups of a person.
func PersonGroups() []Group { return groupsOf(personParts()) }

// AccountGroups are the groups of an account.
func AccountGroups() []Group { return groupsOf(accountParts()) }

// PremiseGroups are the groups of a premise.
func PremiseGroups() []Group { return groupsOf(premiseParts()) }

func together(owned, more []Group) []Group {
	all := slices.Concat(owned, more)
	slices.Sort(all)
	return slices.Compact(all)
}

func without(owned, less []Group) []Group {
	return slices.DeleteFunc(slices.Clone(owned), func(g Group) bool { return slices.Contains(less, g) })
}

func older(version, known int64) error {
	if version < known {
		return fault.New(fault.Conflict, "a newer version is here")
	}
	return nil
}

// Loaded is the person after a load: what Carillon owns stays as it is, everything else is as the load says.
// fault.Conflict when the load is older than what is here.
func (p Person) Loaded(load Person) (Person, error) {
	if err := older(load.Version, p.Version); err != nil {
		return p, err
	}
	load.ID, load.Revision, load.Owned, load.Also = p.ID, p.Revision+1, p.Owned, p.Also
	return owners(taken(personParts(), load, p, p.Owned)), nil
}

// Corrected is the person after a person at the desk changed some groups: Carillon owns them from then on.
func (p Person) Corrected(to Person, groups []Group) Person {
	out := taken(personParts(), p, to, groups)
	out.Owned, out.Revision, out.UpdatedAt = together(p.Owned, groups), p.Revision+1, to.UpdatedAt
	return owners(out)
}

// GivenBack is the person after Carillon gave groups back to the CIS: the next load fills them.
func (p Person) GivenBack(groups []Group) Person {
	p.Owned, p.Revision = without(p.Owned, groups), p.Revision+1
	return owners(p)
}

// owners says on each point who owns its group.
func owners(p Person) Person {
	p.Points = slices.Clone(p.Points)
	for i, pt := range p.Points {
		group := OfPoints
		if pt.Kind == Post {
			group = OfPostal
		}
		p.Points[i].Origin = FromCIS
		if slices.Contains(p.Owned, group) {
			p.Points[i].Origin = FromCarillon
		}
	}
	return p
}

// Created is a person that somebody at the desk made: Carillon owns all of it.
func (p Person) Created() Person {
	p.Owned, p.Revision, p.Version = PersonGroups(), 1, 0
	slices.Sort(p.Owned)
	return owners(p)
}

// Loaded is the account after a load, as [Person.Loaded].
func (a Account) Loaded(load Account) (Account, error) {
	if err := older(load.Version, a.Version); err != nil {
		return a, err
	}
	load.ID, load.Revision, load.Owned = a.ID, a.Revision+1, a.Owned
	return taken(accountParts(), load, a, a.Owned), nil
}

// Corrected is the account after a person at the desk changed some groups.
func (a Account) Corrected(to Account, groups []Group) Account {
	out := taken(accountParts(), a, to, groups)
	out.Owned, out.Revision, out.UpdatedAt = together(a.Owned, groups), a.Revision+1, to.UpdatedAt
	return out
}

// GivenBack is the account after Carillon gave groups back to the CIS.
func (a Account) GivenBack(groups []Group) Account {
	a.Owned, a.Revision = without(a.Owned, groups), a.Revision+1
	return a
}

// Created is an account that somebody at the desk made.
func (a Account) Created() Account {
	a.Owned, a.Revision, a.Version = AccountGroups(), 1, 0
	slices.Sort(a.Owned)
	return a
}

// Loaded is the premise after a load, as [Person.Loaded].
func (p Premise) Loaded(load Premise) (Premise, error) {
	if err := older(load.Version, p.Version); err != nil {
		return p, err
	}
	load.ID, load.Revision, load.Owned = p.ID, p.Revision+1, p.Owned
	return taken(premiseParts(), load, p, p.Owned), nil
}

// Corrected is the premise after a person at the desk changed some groups.
func (p Premise) Corrected(to Premise, groups []Group) Premise {
	out := taken(premiseParts(), p, to, groups)
	out.Owned, out.Revision, out.UpdatedAt = together(p.Owned, groups), p.Revision+1, to.UpdatedAt
	return out
}

// GivenBack is the premise after Carillon gave groups back to the CIS.
func (p Premise) GivenBack(groups []Group) Premise {
	p.Owned, p.Revision = without(p.Owned, groups), p.Revision+1
	return p
}

// Created is a premise that somebody at the desk made.
func (p Premise) Created() Premise {
	p.Owned, p.Revision, p.Version = PremiseGroups(), 1, 0
	slices.Sort(p.Owned)
	return p
}
