package algorithm

import (
	"carillon/core/contact"
	"carillon/core/plugin"
)

// saatCC is SAAT-CC: a customer contact when a non-billed budget SA is activated: the welcome to the budget (process 3.4.1.1, step 2.2).
func saatCC(o contact.Occasion, p plugin.Parameters) (contact.Creation, error) {
	return createCustCn(o, p)
}

func saatCCAbout() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "SAAT-CC", Tells: "Creates a customer contact when a non-billed budget SA is activated: the welcome to the budget.",
		Spots: creationSpots(plugin.Spot{Owner: "sa_type", Event: "activation"}), Parameters: creating(true, false),
	}
}
