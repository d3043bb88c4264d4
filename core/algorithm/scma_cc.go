package algorithm

import (
	"carillon/core/command"
	"carillon/core/contact"
)

// scmaCC is SCMA-CC: a customer contact when a service credit membership is activated (process 3.4.1.1, step 2.2).
func scmaCC(o contact.Occasion, p command.Parameters) (contact.Creation, error) {
	return createCustCn(o, p)
}

func scmaCCAbout() command.Algorithm {
	return command.Algorithm{
		Code: "SCMA-CC", Tells: "Creates a customer contact when a service credit membership is activated.",
		Spots: creationSpots(command.Spot{Owner: "service_credit_membership_type", Event: "activation"}), Parameters: creating(true, false),
	}
}
