// Package agreement holds service agreements (SA) as far as contacts need them: they are loaded from the CIS, whole, and
// belong to it. The stop process (3.3.2.3) widens them.
package agreement

import (
	"slices"
	"time"

	"carillon/core/customer"
)

// ID is the ten-digit number of a service agreement; 0 is none.
type ID int64

// String is the ten digits; empty for none.
func (id ID) String() string { return customer.Digits(id, 10) }

// ParseID reads ten digits.
func ParseID(s string) (ID, error) { return customer.ParseDigits[ID](s, 10, "a service agreement id") }

// Status is where a service agreement stands, by the codes of the CIS.
type Status string

// The statuses.
const (
	Incomplete   Status = "05"
	PendingStart Status = "10"
	Active       Status = "20"
	PendingStop  Status = "30"
	Stopped      Status = "40"
	Reactivated  Status = "50"
	Closed       Status = "60"
	Canceled     Status = "70"
)

// Statuses lists them in the order of a life.
func Statuses() []Status {
	return []Status{Incomplete, PendingStart, Active, PendingStop, Stopped, Reactivated, Closed, Canceled}
}

// Word is what the status is called.
func (s Status) Word() string {
	words := []string{"Incomplete", "Pending start", "Active", "Pending stop", "Stopped", "Reactivated", "Closed", "Canceled"}
	if i := slices.Index(Statuses(), s); i >= 0 {
		return words[i]
	}
	return ""
}

// Open reports whether the service runs or is about to: the agreement is neither stopped nor at its end.
func (s Status) Open() bool { return s == PendingStart || s == Active || s == PendingStop }

// Serves reports whether the customer is served under an agreement of the status. One that is about to stop still serves.
func (s Status) Serves() bool { return s == Active || s == PendingStop }

// Agreement is a service agreement. Amounts are decimal texts in its currency, as 12.50.
type Agreement struct {
	ID           ID
	Source       string
	ExternalID   string
	Division     string
	Version      int64 // the sender's; a load with a lower one is a conflict
	Account      customer.AccountID
	Type         string // SA type
	Premise      string // characteristic premise, as its source names it; most of what is not metered has none
	Status       Status
	Start        string // YYYY-MM-DD
	End          string // YYYY-MM-DD; empty while it is not ended
	DepositClass string
	Current      string // current balance: what the customer is asked to pay now
	Payoff       string // payoff balance: what would settle everything today
	Currency     string // ISO 4217
	UpdatedAt    time.Time
}
