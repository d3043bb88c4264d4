package counter

import (
	"context"
	"strconv"
	"time"

	"carillon/core/access"
	"carillon/core/customer"
	"carillon/core/desk"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
)

// The longest subject and reason of a hold.
const (
	longestSubject = 64
	longestReason  = 500
)

// PutHold keeps retention from an account or a person until the hold is lifted. The reason is in the ledger.
func (s *Service) PutHold(ctx context.Context, now time.Time, p access.Principal, in store.Hold) (store.Hold, error) {
	if err := mayHold(p); err != nil {
		return in, err
	}
	if err := checkHold(in); err != nil {
		return in, err
	}
	number, err := s.IDs.Hold(ctx)
	if err != nil {
		return in, err
	}
	h := store.Hold{Number: number, Kind: in.Kind, Subject: in.Subject, Reason: in.Reason, By: p.Name, At: now}
	return h, desk.Apply(ctx, s.Store, store.Writes{Upkeep: &store.UpkeepWrites{Holds: []store.Hold{h}}, Ledger: &store.LedgerWrites{Entries: []ledger.Entry{holdEntry(h, ledger.HoldPut, now, p.Name)}}})
}

// LiftHold ends a hold; fault.NotFound when it is not in force.
func (s *Service) LiftHold(ctx context.Context, now time.Time, p access.Principal, number int64) error {
	all, err := s.Holds(ctx, p, false)
	if err != nil {
		return err
	}
	for _, h := range all {
		if h.Number == number {
			return desk.Apply(ctx, s.Store, store.Writes{
				Upkeep: &store.UpkeepWrites{Unholds: []store.Unhold{{Number: number, By: p.Name, At: now}}},
				Ledger: &store.LedgerWrites{Entries: []ledger.Entry{holdEntry(h, ledger.HoldLifted, now, p.Name)}},
			})
		}
	}
	return fault.New(fault.NotFound, "there is no such hold in force")
}

// Holds lists the holds in force, and on demand those that were lifted too, the newest first.
func (s *Service) Holds(ctx context.Context, p access.Principal, lifted bool) ([]store.Hold, error) {
	if err := mayHold(p); err != nil {
		return nil, err
	}
	return s.Facts.HoldList(ctx, lifted)
}

func mayHold(p access.Principal) error {
	if !p.Has(access.Supervisor, access.Admin) {
		return fault.New(fault.Forbidden, "this key may not use legal holds")
	}
	return nil
}

func checkHold(h store.Hold) error {
	var wrong []fault.Violation
	field := "/" + string(h.Kind)
	switch h.Kind {
	case store.HoldAccount:
		if h.Subject == "" || len(h.Subject) > longestSubject {
			wrong = append(wrong, fault.Violation{Field: field, Reason: "is the account's number"})
		}
	case store.HoldPerson:
		if _, err := personNumber(h.Subject); err != nil {
			wrong = append(wrong, fault.Violation{Field: field, Reason: "is the person's number of ten digits"})
		}
	default:
		wrong = append(wrong, fault.Violation{Field: "/account", Reason: "is required, unless there is a person; a hold has one of the two"})
	}
	if h.Reason == "" || len(h.Reason) > longestReason {
		wrong = append(wrong, fault.Violation{Field: "/reason", Reason: "is required, and no longer than 500 bytes"})
	}
	if len(wrong) > 0 {
		return fault.Refuse(wrong...)
	}
	return nil
}

// personNumber reads a person's ten digits.
func personNumber(text string) (customer.PersonID, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 || customer.PersonID(n).String() != text {
		return 0, fault.New(fault.Invalid, "no person's number")
	}
	return customer.PersonID(n), nil
}

func holdEntry(h store.Hold, kind ledger.Kind, now time.Time, by string) ledger.Entry {
	e := ledger.Entry{At: now, Kind: kind, Reason: h.Reason, By: by}
	if h.Kind == store.HoldAccount {
		e.Account = h.Subject
		return e
	}
	e.Person, _ = personNumber(h.Subject) // it was put as one
	return e
}
