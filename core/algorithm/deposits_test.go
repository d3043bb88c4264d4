package algorithm_test

import (
	"math/big"
	"testing"

	"carillon/core/agreement"
	"carillon/core/algorithm"
	"carillon/core/plugin"
)

// secured is an account with services of the class, each begun on a day and owing an amount.
func secured(services ...[2]string) agreement.Standing {
	s := agreement.Standing{Date: "2026-03-31"}
	for _, v := range services {
		s.Secured = append(s.Secured, agreement.Agreement{Start: v[0], Current: v[1]})
	}
	return s
}

// TestDepositGoodCustomer: who needs no deposit has had each service long enough and owes little.
func TestDepositGoodCustomer(t *testing.T) {
	t.Parallel()
	good := algorithm.GoodCustomers()["DEP-GOOD"]
	p := plugin.Parameters{"MONTHS": "12", "MOST-OWED": "25.00"}
	for name, tt := range map[string]struct {
		s    agreement.Standing
		p    plugin.Parameters
		want bool
	}{
		"old services that owe as much as they may": {secured([2]string{"2025-03-31", "10.00"}, [2]string{"2020-01-01", "15.00"}), p, true},
		"a cent more":                                 {secured([2]string{"2025-03-31", "10.01"}, [2]string{"2020-01-01", "15.00"}), p, false},
		"one service is a day too young":              {secured([2]string{"2025-04-01", "0.00"}, [2]string{"2020-01-01", "0.00"}), p, false},
		"a service whose begin nobody knows":          {secured([2]string{"", "0.00"}), p, false},
		"no service of the class":                     {secured(), p, false},
		"a bound that is no amount makes nobody good": {secured([2]string{"2020-01-01", "0.00"}), plugin.Parameters{"MONTHS": "12", "MOST-OWED": "a lot"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := good(tt.s, tt.p); got != tt.want {
				t.Errorf("good: %t", got)
			}
		})
	}
}

// TestDepositRecommendation: a percentage of what is owed, and never less than the class's own amount.
func TestDepositRecommendation(t *testing.T) {
	t.Parallel()
	configured := big.NewRat(150, 1)
	recommend := algorithm.Recommendations()["DEP-PCT"]
	for name, tt := range map[string]struct {
		s       agreement.Standing
		percent string
		want    string
	}{
		"twice what is owed":           {secured([2]string{"2020-01-01", "80.25"}, [2]string{"2020-01-01", "20.00"}), "200", "200.50"},
		"less than the class's amount": {secured([2]string{"2020-01-01", "10.00"}), "200", "150.00"},
		"nothing owed":                 {secured(), "200", "150.00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := recommend(tt.s, configured, plugin.Parameters{"PERCENT": tt.percent}).FloatString(2); got != tt.want {
				t.Errorf("recommended %s, want %s", got, tt.want)
			}
		})
	}
}
