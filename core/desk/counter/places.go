package counter

import (
	"context"

	"carillon/core/access"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
)

// Places reads accounts and premises by their numbers; fault.NotFound.
type Places interface {
	Account(ctx context.Context, id customer.AccountID) (customer.Account, error)
	Premise(ctx context.Context, id customer.PremiseID) (customer.Premise, error)
}

// Named gives an account and a premise that are named by their ten digits the names that their sources have for them, by
// which contacts know them. A text that is the number of none that the caller sees is such a name already: those of other
// systems may have ten digits, too (ours: nothing says it). Of another division than the contact's is fault.Invalid; an
// empty division is any.
func (s *Service) Named(ctx context.Context, p access.Principal, division string, of contact.Subject) (contact.Subject, error) {
	var wrong []fault.Violation
	take := func(field string, name *string, source, in, external string, err error) error {
		switch {
		case fault.Is(err, fault.NotFound), err == nil && !p.Sees(source, in):
			return nil
		case err != nil:
			return err
		case division != "" && in != division:
			wrong = append(wrong, fault.Violation{Field: field, Reason: "is of another division"})
		}
		*name, of.Division = external, in
		return nil
	}
	if id, err := customer.ParseAccountID(of.Account); err == nil {
		a, err := s.Places.Account(ctx, id)
		if err := take("/account", &of.Account, a.Source, a.Division, a.ExternalID, err); err != nil {
			return of, err
		}
	}
	if id, err := customer.ParsePremiseID(of.Premise); err == nil {
		a, err := s.Places.Premise(ctx, id)
		if err := take("/premise", &of.Premise, a.Source, a.Division, a.ExternalID, err); err != nil {
			return of, err
		}
	}
	if wrong != nil {
		return of, fault.Refuse(wrong...)
	}
	return of, nil
}
