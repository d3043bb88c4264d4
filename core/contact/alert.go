package contact

import (
	"time"

	"carillon/core/customer"
	"carillon/core/plugin"
)

// AlertFacts is what a Control Central alert is decided from (process 3.3.2.3, step 1.0): who is in context, how often we
// touched, and what work is open.
type AlertFacts struct {
	Now     time.Time
	Today   string            // the business date, YYYY-MM-DD
	Person  customer.PersonID // 0: none in context
	Account string            // the account's ten digits; empty: none in context
	Premise string            // the premise's ten digits; empty: none in context
	Touches []Touches         // of the person, else of the account, else of the premise
	Work    []Work            // open To Do entries whose characteristics name the person, the account or the premise
}

// Touches counts contacts of one class and type on one day.
type Touches struct {
	Class string
	Type  string
	Day   string // when they were accepted, in UTC, YYYY-MM-DD
	N     int
}

// Work counts open To Do entries of one type that name an object in context.
type Work struct {
	Type           string // the To Do Type
	Characteristic string // the characteristic type by which they name it
	Value          string // what they name
	N              int
}

// Alerter is an algorithm on the spot installation/control_central_alert: the lines it adds to the alerts. What it
// returns holds no name, number or address of a customer.
type Alerter func(AlertFacts, plugin.Parameters) ([]plugin.Alert, error)
