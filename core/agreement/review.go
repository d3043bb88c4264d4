package agreement

import (
	"math/big"
	"slices"
	"strings"
	"time"

	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/plugin"
)

// Standing is one account under one deposit class as deposit review sees it (batch control DEPRVW, process 3.4.1.1, step 2.2): what
// is secured and what is held.
type Standing struct {
	Account  customer.AccountID
	Class    string
	Date     string      // business date
	Secured  []Agreement // open service agreements of the class, but for deposits
	Deposits []Agreement // cash deposits of the class
}

// The signatures of the spots of a deposit class.
type (
	// GoodCustomer says whether the customer needs no deposit (deposit_class, good_customer).
	GoodCustomer func(s Standing, p plugin.Parameters) bool

	// Recommend says how much deposit there should be, when configured says the class's own amount (deposit_class,
	// recommended_amount).
	Recommend func(s Standing, configured *big.Rat, p plugin.Parameters) *big.Rat
)

// ReviewEnd is what a review came to.
type ReviewEnd string

// The ends.
const (
	GoodStanding ReviewEnd = "good_customer" // needs no deposit
	Enough       ReviewEnd = "enough"        // what is held is within the tolerance
	TooLow       ReviewEnd = "too_low"       // the review methods were run
	Unreviewed   ReviewEnd = "error"
)

// Review is the review of an account under a deposit class on a business date. The next takes its place.
type Review struct {
	Account     customer.AccountID
	Class       string
	Source      string // of the account
	External    string // the account as its source names it
	Division    string
	Date        string // business date
	End         ReviewEnd
	Recommended string // decimal, as 150.00
	Held        string
	Tolerance   int // percent
	Currency    string
	Listed      bool   // the base review method shows it (C1-CR-UP-DRR), or it had an error
	Reason      string // why it could not be reviewed
	Run         int64
	At          time.Time
}

// Money reads a decimal; none is nothing.
func Money(text string) (*big.Rat, error) {
	if text == "" {
		return new(big.Rat), nil
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok || strings.ContainsAny(text, "/eE") {
		return nil, fault.New(fault.Invalid, "an amount is a decimal, as 150.00")
	}
	return n, nil
}

// Held adds up what the cash deposits hold: their payoff balances, by whichever sign their source books a deposit (ours to
// choose: process 3.4.1.1, step 2.2 says the payoff and no sign). Deposits that are no cash are not loaded.
func (s Standing) Held() (*big.Rat, error) {
	sum := new(big.Rat)
	for _, d := range s.Deposits {
		n, err := Money(d.Payoff)
		if err != nil {
			return nil, err
		}
		sum.Add(sum, n.Abs(n))
	}
	return sum, nil
}

// Short reports whether what is held is less than what is recommended, less the tolerance in percent: with 10 percent,
// less than 90 percent of it.
func Short(held, recommended *big.Rat, tolerance int) bool {
	least := new(big.Rat).Mul(recommended, big.NewRat(int64(100-tolerance), 100))
	return held.Cmp(least) < 0
}

// Currency is that of the agreements; fault Invalid when they have several.
func (s Standing) Currency() (string, error) {
	all := slices.Concat(s.Secured, s.Deposits)
	for _, a := range all {
		if a.Currency != all[0].Currency {
			return "", fault.New(fault.Invalid, "the service agreements of the deposit class have several currencies")
		}
	}
	if len(all) == 0 {
		return "", nil
	}
	return all[0].Currency, nil
}
