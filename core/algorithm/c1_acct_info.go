package algorithm

import (
	"carillon/core/customer"
	"carillon/core/plugin"
)

// C1_ACCT-INFO, in process 3.3.2.3, step 1.0: the account's information string. The domain says: name, class, status
// flags. Ours is the main customer's name, the customer class, then a flag for what is out of the ordinary: the protected
// bill cycle, alerts that the account carries.
func acctInfo(a customer.Account, main customer.Person, _ plugin.Parameters) string {
	parts := []string{main.PrimaryName(), a.Class}
	if a.ProtectCycle {
		parts = append(parts, "bill cycle protected")
	}
	if len(a.Alerts) > 0 {
		parts = append(parts, "has alerts")
	}
	return joined(parts)
}
