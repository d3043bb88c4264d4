package algorithm

import (
	"carillon/core/command"
	"carillon/core/contact"
)

// scmcCC is SCMC-CC: a customer contact when a service credit membership is created (process 3.4.1.1, step 2.2).
func scmcCC(o contact.Occasion, p command.Parameters) (contact.Creation, error) {
	return createCustCn(o, p)
}

func scmcCCAbout() command.Algorithm {
	return command.Algorithm{
		Code: "SCMC-CC", Tells: "Creates a customer contact when a service credit membership is created.",
		Spots: creationSpots(command.Spot{Owner: "service_credit_membership_type", Event: "creation"}), Parameters: creating(true, false),
	}
}
