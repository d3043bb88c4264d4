package porttest

import (
	"fmt"

	"carillon/core/agreement"
	"carillon/core/customer"
	"carillon/core/store"
)

// NewReview is what deposit review found of an account.
func NewReview(account customer.AccountID, class string) agreement.Review {
	return agreement.Review{
		Account: account, Class: class, Source: "CIS", External: "ACCT-" + account.String(), Division: "north", Date: "2026-03-31",
		End: agreement.TooLow, Recommended: "150.00", Held: "20.00", Tolerance: 10, Currency: "USD", Listed: true, Run: 3, At: Noon(),
	}
}

func depositReviews() []sentence {
	const first = customer.AccountID(1_000_000_001)
	return []sentence{
		{"parts the accounts that have service agreements, and reads them part by part", func(st *stand) {
			_, total, err := st.s.SecuredQuantiles(st.t.Context(), 4)
			st.ok(err, "parting nothing")
			st.check(total == 0, "there is none")
			var sets []store.Writes
			for i := range 7 {
				for _, kind := range []string{"E-RES", "DEP-I"} {
					a := agreement.Agreement{
						Source: "CIS", ExternalID: fmt.Sprint(kind, i), Division: "north", Version: 1, Account: first + customer.AccountID(i), Type: kind,
						Status: agreement.Active, Start: "2025-01-01", Current: "0.00", Payoff: "0.00", Currency: "USD", UpdatedAt: Noon(),
					}
					a.ID = agreement.ID(5_000_000_001 + len(sets))
					sets = append(sets, store.Writes{Customer: &store.CustomerWrites{Agreements: []agreement.Agreement{a}}})
				}
			}
			st.applied(sets...)
			last, total, err := st.s.SecuredQuantiles(st.t.Context(), 3)
			st.ok(err, "parting accounts")
			st.check(total == 7 && len(last) == 3 && last[2] == first+6, "three parts, up to the last account")
			var seen []customer.AccountID
			from := customer.AccountID(0)
			for _, to := range last {
				for {
					page, err := st.s.SecuredAccounts(st.t.Context(), from, to, 2)
					st.ok(err, "reading accounts")
					if len(page) == 0 {
						break
					}
					seen, from = append(seen, page...), page[len(page)-1]
				}
				from = to
			}
			st.check(len(seen) == 7 && seen[0] == first && seen[6] == first+6, "each account once, in order")
		}},
		{"keeps the last review of an account under a class, and lists those that are shown", func(st *stand) {
			old, shown, quiet := NewReview(first, "RES"), NewReview(first, "RES"), NewReview(first+1, "COM")
			old.Date, old.Run, quiet.Listed, quiet.End = "2026-02-28", 2, false, agreement.Enough
			other := NewReview(first, "COM")
			st.applied(store.Writes{Customer: &store.CustomerWrites{Reviews: []agreement.Review{old, quiet}}}, store.Writes{Customer: &store.CustomerWrites{Reviews: []agreement.Review{shown}}}, store.Writes{Customer: &store.CustomerWrites{Reviews: []agreement.Review{other}}})
			of, err := st.s.ReviewsOf(st.t.Context(), []customer.AccountID{first, first + 9})
			st.ok(err, "reading reviews")
			st.same("reviews", of, []agreement.Review{other, shown})
			page, err := st.s.ListedReviews(st.t.Context(), 0, "", 1)
			st.ok(err, "listing reviews")
			st.same("first page", page, []agreement.Review{other})
			page, err = st.s.ListedReviews(st.t.Context(), first, "COM", 9)
			st.ok(err, "listing reviews")
			st.same("second page", page, []agreement.Review{shown})
		}},
	}
}
