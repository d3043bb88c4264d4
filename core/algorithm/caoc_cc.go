package algorithm

import (
	"carillon/core/contact"
	"carillon/core/plugin"
)

// caocCC is CAOC-CC: a customer contact when an order of the campaign is completed. It leaves the premise out where the contact type does not allow one (the known fault of the base algorithm) (process 3.4.1.1, step 2.2).
func caocCC(o contact.Occasion, p plugin.Parameters) (contact.Creation, error) {
	return createCustCn(o, p)
}

func caocCCAbout() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "CAOC-CC", Tells: "Creates a customer contact when an order of the campaign is completed. It leaves the premise out where the contact type does not allow one (the known fault of the base algorithm).",
		Spots: creationSpots(plugin.Spot{Owner: "campaign", Event: "order_completion"}), Parameters: creating(true, false),
	}
}
