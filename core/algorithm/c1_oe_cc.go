package algorithm

import (
	"carillon/core/contact"
	"carillon/core/plugin"
)

// c1OECC is C1-OE-CC: a customer contact when an overdue event is activated. Its letter's data are those of C1-OD-BILL (process 3.4.1.1, step 2.2).
func c1OECC(o contact.Occasion, p plugin.Parameters) (contact.Creation, error) {
	return createCustCn(o, p)
}

func c1OECCAbout() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "C1-OE-CC", Tells: "Creates a customer contact when an overdue event is activated. Its letter's data are those of C1-OD-BILL.",
		Spots: creationSpots(plugin.Spot{Owner: "overdue_event_type", Event: "activation"}), Parameters: creating(true, false),
	}
}
