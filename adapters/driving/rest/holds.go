package rest

import (
	"context"
	"net/http"
	"time"

	"carillon/adapters/driving/api/contract"
	"carillon/core/access"
	"carillon/core/store"
)

func (s *server) holdOperations() []operation {
	return []operation{
		op("putHold", s.putHold),
		op("liftHold", s.liftHold),
		op("listHolds", s.listHolds),
	}
}

// Holds keep retention from accounts and persons. All return fault.Forbidden for who may not.
type Holds interface {
	// PutHold puts one; fault.Conflict when the same is in force, fault.Invalid.
	PutHold(ctx context.Context, now time.Time, p access.Principal, h store.Hold) (store.Hold, error)
	// LiftHold ends one; fault.NotFound when it is not in force.
	LiftHold(ctx context.Context, now time.Time, p access.Principal, number int64) error
	// Holds lists those in force, and on demand those that were lifted too.
	Holds(ctx context.Context, p access.Principal, lifted bool) ([]store.Hold, error)
}

// HoldRequest is a legal hold of an account or of a person; it names one of the two.
type HoldRequest struct {
	Account string `json:"account,omitzero"`
	Person  string `json:"person,omitzero"`
	Reason  string `json:"reason"`
}

// Hold is a legal hold.
type Hold struct {
	Hold     int64           `json:"hold"`
	Account  string          `json:"account,omitzero"`
	Person   string          `json:"person,omitzero"`
	Reason   string          `json:"reason"`
	By       string          `json:"by"`
	At       contract.Moment `json:"at"`
	LiftedBy string          `json:"liftedBy,omitzero"`
	LiftedAt contract.Moment `json:"liftedAt,omitzero"`
}

// HoldList lists legal holds.
type HoldList struct {
	Holds []Hold `json:"holds"`
}

// putHold keeps retention from an account or a person.
func (s *server) putHold(ctx context.Context, c call[HoldRequest]) (answer[Hold], error) {
	in := store.Hold{Reason: c.body.Reason}
	switch {
	case c.body.Account != "" && c.body.Person != "": // neither kind: the desk says that a hold has one of the two
	case c.body.Account != "":
		in.Kind, in.Subject = store.HoldAccount, c.body.Account
	case c.body.Person != "":
		in.Kind, in.Subject = store.HoldPerson, c.body.Person
	}
	h, err := s.Holds.PutHold(ctx, c.now, c.caller, in)
	if err != nil {
		return failed[Hold](err)
	}
	return ok(holdView(h)).as(http.StatusCreated), nil
}

// liftHold ends a hold.
func (s *server) liftHold(ctx context.Context, c call[nothing]) (answer[nothing], error) {
	if err := s.Holds.LiftHold(ctx, c.now, c.caller, c.Integer("hold")); err != nil {
		return failed[nothing](err)
	}
	return done(), nil
}

// listHolds says what is held.
func (s *server) listHolds(ctx context.Context, c call[nothing]) (answer[HoldList], error) {
	all, err := s.Holds.Holds(ctx, c.caller, *c.Flag("lifted"))
	if err != nil {
		return failed[HoldList](err)
	}
	out := HoldList{Holds: make([]Hold, len(all))}
	for i, h := range all {
		out.Holds[i] = holdView(h)
	}
	return ok(out), nil
}

func holdView(h store.Hold) Hold {
	out := Hold{
		Hold: h.Number, Reason: h.Reason, By: h.By, At: contract.Moment(h.At), LiftedBy: h.LiftedBy,
		LiftedAt: contract.Moment(h.LiftedAt),
	}
	if h.Kind == store.HoldAccount {
		out.Account = h.Subject
	} else {
		out.Person = h.Subject
	}
	return out
}
