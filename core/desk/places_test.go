package desk_test

import (
	"context"
	"errors"
	"testing"

	"carillon/core/access"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/desk/counter"
	"carillon/core/fault"
)

// map2 knows account 4000000001 of the north and premise 5000000001 of the south.
type map2 struct{ blind error }

func (m map2) Account(_ context.Context, id customer.AccountID) (customer.Account, error) {
	if m.blind != nil || id != 4000000001 {
		return customer.Account{}, errors.Join(m.blind, none())
	}
	return customer.Account{ID: id, Source: "cis", Division: "north", ExternalID: "A-1"}, nil
}

func (m map2) Premise(_ context.Context, id customer.PremiseID) (customer.Premise, error) {
	if id != 5000000001 {
		return customer.Premise{}, none()
	}
	return customer.Premise{ID: id, Source: "cis", Division: "south", ExternalID: "P-1"}, nil
}

func TestNamed(t *testing.T) {
	t.Parallel()
	s := &counter.Service{Places: map2{}}
	both := who("desk", access.AllDivisions, access.CSR)
	for says, row := range map[string]struct {
		p        access.Principal
		division string
		of, want contact.Subject
		kind     fault.Kind
	}{
		"numbers":                    {both, "", contact.Subject{Account: "4000000001", Premise: "5000000001"}, contact.Subject{Account: "A-1", Premise: "P-1", Division: "south"}, 0},
		"names":                      {both, "", contact.Subject{Account: "A-1", Premise: "P-1"}, contact.Subject{Account: "A-1", Premise: "P-1"}, 0},
		"ten digits of no account":   {both, "", contact.Subject{Account: "4000000002"}, contact.Subject{Account: "4000000002"}, 0},
		"what the caller cannot see": {who("desk", "south", access.CSR), "", contact.Subject{Account: "4000000001"}, contact.Subject{Account: "4000000001"}, 0},
		"a person":                   {both, "", contact.Subject{Person: 42}, contact.Subject{Person: 42}, 0},
		"its own division":           {both, "north", contact.Subject{Account: "4000000001"}, contact.Subject{Account: "A-1", Division: "north"}, 0},
		"another division":           {both, "north", contact.Subject{Premise: "5000000001"}, contact.Subject{}, fault.Invalid},
	} {
		got, err := s.Named(t.Context(), row.p, row.division, row.of)
		if row.kind != 0 && !fault.Is(err, row.kind) || row.kind == 0 && (err != nil || got != row.want) {
			t.Errorf("%s: %+v, %v; want %+v", says, got, err, row.want)
		}
	}
	s.Places = map2{blind: fault.New(fault.Unavailable, "down")}
	if _, err := s.Named(t.Context(), both, "", contact.Subject{Account: "4000000001"}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a store that is down: %v", err)
	}
}
