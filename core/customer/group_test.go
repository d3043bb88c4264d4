package customer_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/plugin"
)

// drawn is a person whose every group says n.
func drawn(n int) customer.Person {
	word := fmt.Sprint("x", n)
	return customer.Person{
		Version: 1, Names: []customer.Name{{Type: customer.Primary, Text: word}},
		Identifiers: []customer.Identifier{{Type: "T", Value: customer.IdentifierValue(word)}}, Language: word,
		Points: []customer.Point{
			{Kind: customer.Phone, Value: customer.Address(word)}, {Kind: customer.Post, Value: customer.Address(word)},
		},
		Mailing: customer.Mailing{Names: []string{word}}, Seasons: []customer.Season{{From: word}}, Silent: n%2 == 0,
		Characteristics: []plugin.Characteristic{{Type: "T", Value: word}},
	}
}

// told is what a group of a person says.
func told(p customer.Person, g customer.Group) any {
	points := func(kind customer.PointKind) (values []string) {
		for _, pt := range p.Points {
			if pt.Kind == kind {
				values = append(values, pt.Value.Reveal())
			}
		}
		return values
	}
	switch g {
	case customer.OfNames:
		return p.Names
	case customer.OfIdentifiers:
		return p.Identifiers
	case customer.OfPoints:
		return points(customer.Phone)
	case customer.OfPostal:
		return points(customer.Post)
	case customer.OfMailing:
		return p.Mailing
	case customer.OfSeasons:
		return p.Seasons
	case customer.OfLanguage:
		return p.Language
	case customer.OfCommunications:
		return p.Silent
	default:
		return p.Characteristics
	}
}

// TestOwnership walks loads, corrections and returns at random: a group always says what its owner said last.
func TestOwnership(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var p customer.Person
		says, owned, revision := map[customer.Group]int{}, map[customer.Group]bool{}, int64(0)
		for n := range rapid.IntRange(1, 30).Draw(t, "moves") {
			some := rapid.SliceOfDistinct(rapid.SampledFrom(customer.PersonGroups()), rapid.ID).Draw(t, "groups")
			move := rapid.SampledFrom([]string{"load", "correct", "give back"}).Draw(t, "move")
			if n == 0 {
				move = "load"
			}
			revision++
			switch move {
			case "load":
				var err error
				if p, err = p.Loaded(drawn(n)); err != nil {
					t.Fatal(err)
				}
				for _, g := range customer.PersonGroups() {
					if !owned[g] {
						says[g] = n
					}
				}
			case "correct":
				p = p.Corrected(drawn(n), some)
				for _, g := range some {
					says[g], owned[g] = n, true
				}
			default:
				p = p.GivenBack(some)
				for _, g := range some {
					owned[g] = false
				}
			}
			if p.Revision != revision {
				t.Fatalf("revision %d after %d writes", p.Revision, revision)
			}
			for _, g := range customer.PersonGroups() {
				if want := told(drawn(says[g]), g); !reflect.DeepEqual(told(p, g), want) || slices.Contains(p.Owned, g) != owned[g] {
					t.Fatalf("after a %s, %s says otherwise than its owner", move, g)
				}
			}
			for _, pt := range p.Points {
				own := owned[map[bool]customer.Group{true: customer.OfPostal, false: customer.OfPoints}[pt.Kind == customer.Post]]
				if (pt.Origin == customer.FromCarillon) != own {
					t.Fatalf("a %s point has the owner %s", pt.Kind, pt.Origin)
				}
			}
		}
	})
}

func TestLoadsNeverGoBackwards(t *testing.T) {
	t.Parallel()
	if _, err := (customer.Person{Version: 3}).Loaded(customer.Person{Version: 2}); !fault.Is(err, fault.Conflict) {
		t.Errorf("person: %v", err)
	}
	if _, err := (customer.Account{Version: 3}).Loaded(customer.Account{Version: 2}); !fault.Is(err, fault.Conflict) {
		t.Errorf("account: %v", err)
	}
	if _, err := (customer.Premise{Version: 3}).Loaded(customer.Premise{Version: 2}); !fault.Is(err, fault.Conflict) {
		t.Errorf("premise: %v", err)
	}
}

func TestOwnershipOfAccountsAndPremises(t *testing.T) {
	t.Parallel()
	a, err := customer.Account{Version: 1, Class: "RES", Comments: "old", Revision: 1}.Corrected(customer.Account{Comments: "new"}, []customer.Group{customer.OfComments}).
		Loaded(customer.Account{Version: 2, Class: "COM", Comments: "from the CIS"})
	if err != nil || a.Class != "COM" || a.Comments != "new" || a.Revision != 3 {
		t.Errorf("%+v: %v", a, err)
	}
	if a, err = a.GivenBack([]customer.Group{customer.OfComments}).Loaded(customer.Account{Version: 2, Comments: "from the CIS"}); err != nil || a.Comments != "from the CIS" || len(a.Owned) != 0 {
		t.Errorf("%+v: %v", a, err)
	}
	m, err := customer.Premise{Version: 1, Type: "SFD"}.Corrected(customer.Premise{Type: "MFD"}, []customer.Group{customer.OfDetails}).
		Loaded(customer.Premise{Version: 2, Type: "SFD", Address: customer.Postal{Line1: "new"}})
	if err != nil || m.Type != "MFD" || m.Address.Line1 != "new" {
		t.Errorf("%+v: %v", m, err)
	}
	made := customer.Account{}.Created()
	if len(made.Owned) != len(customer.AccountGroups()) || len(customer.Premise{}.Created().Owned) != len(customer.PremiseGroups()) || made.Revision != 1 {
		t.Error("Carillon does not own all of what was made here")
	}
}

func TestDetailsAreReadBack(t *testing.T) {
	t.Parallel()
	p := drawn(3)
	var back customer.Person
	if err := back.ReadDetail(p.Detail()); err != nil || !reflect.DeepEqual(back.Mailing, p.Mailing) || !reflect.DeepEqual(back.Seasons, p.Seasons) ||
		!reflect.DeepEqual(back.Characteristics, p.Characteristics) {
		t.Errorf("%+v: %v", back, err)
	}
	if (customer.Person{}).Detail() != "" || back.ReadDetail("") != nil || !fault.Is(back.ReadDetail("{"), fault.Invalid) {
		t.Error("nothing is not the empty text, or what is broken is read")
	}
}
