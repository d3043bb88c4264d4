package algorithm

import (
	"math/big"
	"strconv"
	"time"

	"carillon/core/agreement"
	"carillon/core/plugin"
)

// What process 3.4.1.1, step 2.2 says of deposit classes is where algorithms hang, not their codes: those of this file are ours,
// but for C1-CR-UP-DRR, the base review method, which lists a review and bills nothing.

// dep-good-customer: a customer is good whose open service agreements of the class all began long enough ago, and owe no
// more than so much.
func depGoodCustomer(s agreement.Standing, p plugin.Parameters) bool {
	months, err := strconv.Atoi(p["MONTHS"])
	day, wrong := time.Parse(time.DateOnly, s.Date)
	most, bad := agreement.Money(p["MOST-OWED"])
	if err != nil || wrong != nil || bad != nil || len(s.Secured) == 0 {
		return false
	}
	since, owed := day.AddDate(0, -months, 0).Format(time.DateOnly), new(big.Rat)
	for _, a := range s.Secured {
		n, err := agreement.Money(a.Current)
		if err != nil || a.Start == "" || a.Start > since {
			return false
		}
		owed.Add(owed, n)
	}
	return owed.Cmp(most) <= 0
}

// dep-percent: what is owed by the open service agreements of the class, times a percentage; not less than the class's own
// amount.
func depPercent(s agreement.Standing, configured *big.Rat, p plugin.Parameters) *big.Rat {
	percent, err := strconv.Atoi(p["PERCENT"])
	if err != nil {
		return configured
	}
	owed := new(big.Rat)
	for _, a := range s.Secured {
		if n, err := agreement.Money(a.Current); err == nil {
			owed.Add(owed, n)
		}
	}
	if owed.Mul(owed, big.NewRat(int64(percent), 100)).Cmp(configured) < 0 {
		return configured
	}
	return owed
}

// GoodCustomers are the algorithms that say who needs no deposit, by their codes.
func GoodCustomers() map[string]agreement.GoodCustomer {
	return map[string]agreement.GoodCustomer{"DEP-GOOD": depGoodCustomer}
}

// Recommendations are the algorithms that say how much deposit there should be, by their codes.
func Recommendations() map[string]agreement.Recommend {
	return map[string]agreement.Recommend{"DEP-PCT": depPercent}
}

func deposits() plugin.Catalog {
	spot := func(event string) []plugin.Spot { return []plugin.Spot{{Owner: "deposit_class", Event: event}} }
	return plugin.Catalog{
		{
			Code: "DEP-GOOD", Tells: "A customer needs no deposit whose services of the class are old enough and owe little.", Spots: spot("good_customer"),
			Parameters: []plugin.Parameter{
				{Name: "MONTHS", Kind: plugin.Integer, Least: 1, Most: 240, Required: true, Tells: "How old each service is at least."},
				{Name: "MOST-OWED", Kind: plugin.Words, Default: "0.00", Tells: "How much they owe together at most, as 25.00."},
			},
		},
		{
			Code: "DEP-PCT", Tells: "Recommends a percentage of what the services of the class owe, not less than the class's amount.", Spots: spot("recommended_amount"),
			Parameters: []plugin.Parameter{{Name: "PERCENT", Kind: plugin.Integer, Least: 1, Most: 1000, Required: true, Tells: "Percent of what is owed."}},
		},
		{Code: "C1-CR-UP-DRR", Tells: "Lists the deposit review; it bills nothing.", Spots: spot("review_method")},
	}
}
