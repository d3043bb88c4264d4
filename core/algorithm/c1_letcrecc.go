package algorithm

import (
	"cmp"

	"carillon/core/contact"
	"carillon/core/occurrence"
	"carillon/core/plugin"
)

// c1LETCRECC is C1-LETCRECC, and the script C1-LECCreCC behind it: a customer contact of a lead event on the lead's person,
// or on the prospect, about the initiative. Class and type are those of the lead event type (process 3.4.1.1, step 2.2).
func c1LETCRECC(o contact.Occasion, p plugin.Parameters) (contact.Creation, error) {
	if lead, is := o.Event.Detail.(*occurrence.Lead); is {
		o.Event.Description = cmp.Or(o.Event.Description, lead.Initiative)
	}
	return createCustCn(o, p)
}

func c1LETCRECCAbout() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "C1-LETCRECC", Tells: "Creates a customer contact of a lead event about its initiative, of the type that the lead event type names.",
		Spots: creationSpots(plugin.Spot{Owner: "lead_event_type", Event: "lead_event"}), Parameters: creating(false, false),
	}
}
