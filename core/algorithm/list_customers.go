package algorithm

import (
	"carillon/core/customer"
	"carillon/core/plugin"
)

func customers() plugin.Catalog {
	at := func(owner, event string) []plugin.Spot { return []plugin.Spot{{Owner: owner, Event: event}} }
	return plugin.Catalog{
		{
			Code: "CI_PER-INFO", Tells: "The line next to a person's number: name and phone.", Spots: at("installation", "person_information"),
			Parameters: []plugin.Parameter{{Name: "PHONE-TYPE", Kind: plugin.Words, Tells: "the phone type that is shown first"}},
		},
		{
			Code: "C2M-PERCTINF", Tells: "The line next to a person's number: name and the best person contact.", Spots: at("installation", "person_information"),
			Parameters: []plugin.Parameter{{Name: "PRIORITY", Kind: plugin.Words, Default: "phone,email,post", Tells: "kinds of contact point, the first that there is one of is shown"}},
		},
		{Code: "C1_ACCT-INFO", Tells: "The line next to an account's number: name, class and flags.", Spots: at("installation", "account_information")},
		{Code: "CI_PHNFMT_NA", Tells: "The North American phone format.", Spots: at("phone_type", "format")},
		{Code: "X1-GLBL-CTX", Tells: "Completes person, account and premise from each other.", Spots: at("installation", "global_context")},
	}
}

// CustomerSpots are the algorithms of the spots that customers own, by their codes.
func CustomerSpots() customer.Spots {
	return customer.Spots{
		PersonInformation:  map[string]customer.PersonInformation{"CI_PER-INFO": perInfo, "C2M-PERCTINF": perCtInf},
		AccountInformation: map[string]customer.AccountInformation{"C1_ACCT-INFO": acctInfo},
		PhoneFormat:        map[string]customer.PhoneFormat{"CI_PHNFMT_NA": phoneNA},
		GlobalContext:      map[string]customer.GlobalContext{"X1-GLBL-CTX": glblCtx},
	}
}
