package algorithm

import (
	"carillon/core/contact"
	"carillon/core/plugin"
)

// c1CECC is C1-CE-CC: a customer contact when a cut event is activated (process 3.4.1.1, step 2.2).
func c1CECC(o contact.Occasion, p plugin.Parameters) (contact.Creation, error) {
	return createCustCn(o, p)
}

func c1CECCAbout() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "C1-CE-CC", Tells: "Creates a customer contact when a cut event is activated.",
		Spots: creationSpots(plugin.Spot{Owner: "cut_event_type", Event: "activation"}), Parameters: creating(true, false),
	}
}
