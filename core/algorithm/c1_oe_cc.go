package algorithm

import (
	"carillon/core/command"
	"carillon/core/contact"
)

// c1OECC is C1-OE-CC: a customer contact when an overdue event is activated. Its letter's data are those of C1-OD-BILL (process 3.4.1.1, step 2.2).
func c1OECC(o contact.Occasion, p command.Parameters) (contact.Creation, error) {
	return createCustCn(o, p)
}

func c1OECCAbout() command.Algorithm {
	return command.Algorithm{
		Code: "C1-OE-CC", Tells: "Creates a customer contact when an overdue event is activated. Its letter's data are those of C1-OD-BILL.",
		Spots: creationSpots(command.Spot{Owner: "overdue_event_type", Event: "activation"}), Parameters: creating(true, false),
	}
}
