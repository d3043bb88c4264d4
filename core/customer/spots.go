package customer

import (
	"carillon/core/plugin"
)

// PersonInformation is an algorithm on the spot installation/person_information: the line that stands next to a person's
// number (process 3.3.2.3, step 1.0).
type PersonInformation func(p Person, parameters plugin.Parameters) string

// AccountInformation is an algorithm on the spot installation/account_information: the line that stands next to an
// account's number. The main customer is zero when it cannot be read.
type AccountInformation func(a Account, main Person, parameters plugin.Parameters) string

// PhoneNumber is a number as the format of its phone type read it.
type PhoneNumber struct {
	E164      Address // canonical
	Extension string  // digits; empty: none
	Shown     string  // as people write it, with its extension
}

// PhoneFormat is an algorithm on the spot phone_type/format: it reads what was typed and says how it is shown. What it
// returns as wrong does not repeat the number.
type PhoneFormat func(typed string, parameters plugin.Parameters) (PhoneNumber, error)

// Context is who and what a person at the desk is looking at; what is not known is zero.
type Context struct {
	Person  PersonID
	Account AccountID
	Premise PremiseID
}

// ContextFacts is what a context can be completed from: everything that is related to what is known of it, and may be
// seen. Live are the accounts with a service that runs or is about to.
type ContextFacts struct {
	Accounts []Account // of the person, or the account itself, or those at the premise
	Live     map[AccountID]bool
	Premises map[string]PremiseID // by the name that the accounts' source has for them: source, a space, external id
}

// GlobalContext is an algorithm on the spot installation/global_context: it completes what it can tell, and leaves blank
// what is ambiguous (process 3.3.2.3, step 1.0).
type GlobalContext func(known Context, facts ContextFacts, parameters plugin.Parameters) Context

// Spots are the algorithms of the spots that customers own, by their codes.
type Spots struct {
	PersonInformation  map[string]PersonInformation
	AccountInformation map[string]AccountInformation
	PhoneFormat        map[string]PhoneFormat
	GlobalContext      map[string]GlobalContext
}
