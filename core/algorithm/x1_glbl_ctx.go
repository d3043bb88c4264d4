package algorithm

import (
	"carillon/core/customer"
	"carillon/core/plugin"
)

// X1-GLBL-CTX completes the context (process 3.3.2.3, step 1.0; the rules are ours where process 3.4.1.1, step 2.2 leaves them open):
//
//   - a person: its only account; of several, the only one with a service that runs;
//   - a premise: the only account that is mailed to there; of several, the only one with a service that runs;
//   - an account: its main customer, and its mailing premise.
//
// What is given is never changed, and what is ambiguous is left blank.
func glblCtx(known customer.Context, facts customer.ContextFacts, _ plugin.Parameters) customer.Context {
	if known.Account == 0 {
		known.Account = onlyAccount(known, facts)
	}
	for _, a := range facts.Accounts {
		if a.ID != known.Account {
			continue
		}
		if main, ok := a.Main(); ok && known.Person == 0 {
			known.Person = main.Person
		}
		if known.Premise == 0 {
			known.Premise = facts.Premises[a.Source+" "+a.Premise]
		}
	}
	return known
}

// onlyAccount is the one account that fits everything that is known, or the only one of those that is live.
func onlyAccount(known customer.Context, facts customer.ContextFacts) customer.AccountID {
	var fits, live []customer.AccountID
	for _, a := range facts.Accounts {
		if _, on := a.On(known.Person); known.Person != 0 && !on {
			continue
		}
		if known.Premise != 0 && facts.Premises[a.Source+" "+a.Premise] != known.Premise {
			continue
		}
		fits = append(fits, a.ID)
		if facts.Live[a.ID] {
			live = append(live, a.ID)
		}
	}
	switch {
	case len(fits) == 1:
		return fits[0]
	case len(live) == 1:
		return live[0]
	}
	return 0
}
