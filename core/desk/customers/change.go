package customers

import (
	"context"
	"slices"
	"strings"
	"time"

	"carillon/core/access"
	"carillon/core/customer"
	"carillon/core/desk"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
)

// LoadPerson takes a person from a CIS: an upsert by (source, external id) with the sender's version. Points are
// given raw and canonicalised here. Errors: Invalid naming every wrong field, Conflict when a newer version is here.
func (s *Service) LoadPerson(ctx context.Context, now time.Time, p access.Principal, in customer.Person) (customer.Person, error) {
	all, err := s.Load(ctx, now, p, []Load{{Person: &in}})
	if err != nil || all[0].Err != nil {
		return customer.Person{}, either(err, all)
	}
	return *all[0].Person, nil
}

func either(err error, all []Loaded) error {
	if err != nil {
		return err
	}
	return all[0].Err
}

// Person reads a person by the id its source knows it by; NotFound when the principal may not see it.
func (s *Service) Person(ctx context.Context, p access.Principal, source, externalID string) (customer.Person, error) {
	if source == "" {
		source = p.Source
	}
	return seenPerson(p)(s.Facts.PersonByExternal(ctx, source, externalID))
}

// PersonByID reads a person by its number.
func (s *Service) PersonByID(ctx context.Context, p access.Principal, id customer.PersonID) (customer.Person, error) {
	return seenPerson(p)(s.Facts.Person(ctx, id))
}

func seenPerson(p access.Principal) func(customer.Person, error) (customer.Person, error) {
	return func(found customer.Person, err error) (customer.Person, error) {
		switch {
		case err != nil:
			return customer.Person{}, desk.Hide(err)
		case !found.SeenBy(p):
			return customer.Person{}, desk.Hidden()
		}
		return found, nil
	}
}

// Correction is what a person at the desk changes of an object: the groups as To has them, and groups that are given
// back to the CIS. Revision is the one that was seen.
type Correction[T any] struct {
	To       T
	Groups   []customer.Group
	GiveBack []customer.Group
	Revision int64
}

// check refuses a correction that says nothing, names groups that there are not, or gives back what it changes.
func (c Correction[T]) check(all []customer.Group) error {
	var w wrongs
	w.when(len(c.Groups)+len(c.GiveBack) == 0, "/", "changes a group of fields, or gives one back")
	for _, g := range c.GiveBack {
		w.when(!slices.Contains(all, g), "/giveBack", "names groups of fields: "+strings.ReplaceAll(groupWords(all), ",", ", "))
		w.when(slices.Contains(c.Groups, g), "/giveBack", "names a group that is changed as well")
	}
	if len(w) > 0 {
		return fault.Refuse(slices.Compact(w)...)
	}
	return nil
}

// stale is the answer to who has seen another revision.
func stale(seen, is int64) error {
	if seen != is {
		return fault.New(fault.Conflict, "it was changed in the meantime: read it again")
	}
	return nil
}

// write applies the one set of a change at the desk.
func (s *Service) write(ctx context.Context, w store.Writes) error {
	verdicts, err := s.Store.Apply(ctx, w)
	if err != nil {
		return err
	}
	if verdicts[0].Outcome != store.Applied {
		return lostTo(verdicts[0].What)
	}
	return nil
}

// CreatePerson makes a person at the desk (process 3.4.1.1, step 1.3): its source is the principal's, its external id its
// own number. Invalid names every wrong field.
func (s *Service) CreatePerson(ctx context.Context, now time.Time, p access.Principal, in customer.Person) (customer.Person, error) {
	if err := mayServe(p); err != nil {
		return in, err
	}
	if err := mayIn(p, in.Division); err != nil {
		return in, err
	}
	in.Source, in.UpdatedAt, in.Account = p.Source, now, ""
	in, wrong := s.checked(in)
	if len(wrong) > 0 {
		return in, fault.Refuse(wrong...)
	}
	if err := s.alone(ctx, in); err != nil {
		return in, err
	}
	in, err := s.numberPerson(ctx, in.Created(), customer.Person{})
	if err != nil {
		return in, err
	}
	in.ExternalID = in.ID.String()
	return in, s.write(ctx, store.Writes{
		Customer: &store.CustomerWrites{Persons: []customer.Person{in}}, Ledger: &store.LedgerWrites{Entries: []ledger.Entry{personEntry(now, p, ledger.PersonCreated, in, nil)}},
	})
}

// alone refuses a unique identifier that another person has, naming it; the store refuses whoever comes in between.
func (s *Service) alone(ctx context.Context, in customer.Person) error {
	var w wrongs
	for i, id := range in.Identifiers {
		if !id.Unique {
			continue
		}
		holders, err := s.Facts.HoldersOf(ctx, id.Type, id.Value.Key())
		if err != nil {
			return err
		}
		other := slices.ContainsFunc(holders, func(h customer.PersonID) bool { return h != in.ID })
		w.when(other, "/identifiers/"+itoa(i)+"/value", "another person has it")
	}
	if len(w) > 0 {
		return fault.Refuse(w...)
	}
	return nil
}

// CorrectPerson changes groups of a person's fields at the desk; Carillon owns them from then on.
func (s *Service) CorrectPerson(ctx context.Context, now time.Time, p access.Principal, id customer.PersonID, c Correction[customer.Person]) (customer.Person, error) {
	known, err := s.PersonByID(ctx, p, id)
	if err != nil {
		return known, err
	}
	if err := firstOf(mayServe(p), c.check(customer.PersonGroups()), stale(c.Revision, known.Revision)); err != nil {
		return known, err
	}
	c.To.UpdatedAt = now
	to, entries := known, []ledger.Entry(nil)
	if len(c.Groups) > 0 {
		wanted, wrong := s.checked(known.Corrected(c.To, c.Groups))
		if len(wrong) > 0 {
			return known, fault.Refuse(wrong...)
		}
		if err := s.alone(ctx, wanted); err != nil {
			return known, err
		}
		if to, err = s.numberPerson(ctx, wanted, known); err != nil {
			return known, err
		}
		entries = append(entries, personEntry(now, p, ledger.PersonChanged, to, c.Groups))
	}
	if len(c.GiveBack) > 0 {
		to = to.GivenBack(c.GiveBack)
		entries = append(entries, personEntry(now, p, ledger.PersonGivenBack, to, c.GiveBack))
	}
	to.Revision, to.UpdatedAt = known.Revision+1, now
	return to, s.write(ctx, store.Writes{Customer: &store.CustomerWrites{Persons: []customer.Person{to}}, Ledger: &store.LedgerWrites{Entries: entries}})
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
