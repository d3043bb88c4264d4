package rest

import (
	"context"
	"errors"
	"reflect"

	"carillon/adapters/driving/api/intake"
	"carillon/core/access"
)

// Services are the use cases behind the API; all are needed.
type Services struct {
	Keys           Keys
	Accept         intake.Accepter
	Intake         *intake.Contacts
	Batches        Batches
	Events         Events
	Contacts       Contacts
	Desk           Desk
	Timelines      Timelines
	Persons        Persons
	Customers      Customers
	Suppressions   Suppressions
	Changes        Changes
	Proofs         Proofs
	Lanes          Lanes
	Calls          Calls
	Letters        Letters
	Runs           Runs
	RunOrders      RunOrders
	DepositReviews DepositReviews
	Configs        Configs
	Versions       Versions
	Snapshots      Snapshots
	Principals     Principals
	Health         Health
	Breakers       Breakers
	Trips          Trips
	Failures       Failures
	ToDos          ToDos
	Retries        Retrier
	Fleet          Fleet
	Holds          Holds
}

func (s Services) check() error {
	var missing []error
	all := reflect.ValueOf(s)
	for i := range all.NumField() {
		if all.Field(i).IsNil() {
			missing = append(missing, errors.New("no "+all.Type().Field(i).Name))
		}
	}
	return errors.Join(missing...)
}

// Keys finds who asks.
type Keys interface {
	// Principal returns the principal of a key; fault.Unauthorized when there is none or it is revoked.
	Principal(ctx context.Context, hash access.KeyHash) (access.Principal, error)
}
