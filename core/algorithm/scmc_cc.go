package algorithm

import (
	"carillon/core/contact"
	"carillon/core/plugin"
)

// scmcCC is SCMC-CC: a customer contact when a service credit membership is created (process 3.4.1.1, step 2.2).
func scmcCC(o contact.Occasion, p plugin.Parameters) (contact.Creation, error) {
	return createCustCn(o, p)
}

func scmcCCAbout() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "SCMC-CC", Tells: "Creates a customer contact when a service credit membership is created.",
		Spots: creationSpots(plugin.Spot{Owner: "service_credit_membership_type", Event: "creation"}), Parameters: creating(true, false),
	}
}
