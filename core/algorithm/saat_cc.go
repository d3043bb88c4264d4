package algorithm

import (
	"carillon/core/command"
	"carillon/core/contact"
)

// saatCC is SAAT-CC: a customer contact when a non-billed budget SA is activated: the welcome to the budget (process 3.4.1.1, step 2.2).
func saatCC(o contact.Occasion, p command.Parameters) (contact.Creation, error) {
	return createCustCn(o, p)
}

func saatCCAbout() command.Algorithm {
	return command.Algorithm{
		Code: "SAAT-CC", Tells: "Creates a customer contact when a non-billed budget SA is activated: the welcome to the budget.",
		Spots: creationSpots(command.Spot{Owner: "sa_type", Event: "activation"}), Parameters: creating(true, false),
	}
}
