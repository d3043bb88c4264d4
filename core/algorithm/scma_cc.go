package algorithm

import (
	"carillon/core/contact"
	"carillon/core/plugin"
)

// scmaCC is SCMA-CC: a customer contact when a service credit membership is activated (process 3.4.1.1, step 2.2).
func scmaCC(o contact.Occasion, p plugin.Parameters) (contact.Creation, error) {
	return createCustCn(o, p)
}

func scmaCCAbout() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "SCMA-CC", Tells: "Creates a customer contact when a service credit membership is activated.",
		Spots: creationSpots(plugin.Spot{Owner: "service_credit_membership_type", Event: "activation"}), Parameters: creating(true, false),
	}
}
