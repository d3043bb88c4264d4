package algorithm

import (
	"carillon/core/command"
	"carillon/core/contact"
)

// c1CECC is C1-CE-CC: a customer contact when a cut event is activated (process 3.4.1.1, step 2.2).
func c1CECC(o contact.Occasion, p command.Parameters) (contact.Creation, error) {
	return createCustCn(o, p)
}

func c1CECCAbout() command.Algorithm {
	return command.Algorithm{
		Code: "C1-CE-CC", Tells: "Creates a customer contact when a cut event is activated.",
		Spots: creationSpots(command.Spot{Owner: "cut_event_type", Event: "activation"}), Parameters: creating(true, false),
	}
}
