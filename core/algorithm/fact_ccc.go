package algorithm

import (
	"carillon/core/command"
	"carillon/core/contact"
)

// factCCC is FACT-CCC: a customer contact of a field activity's remark, with a characteristic that names the field activity (process 3.4.1.1, step 2.2).
func factCCC(o contact.Occasion, p command.Parameters) (contact.Creation, error) {
	return createCustCn(o, p)
}

func factCCCAbout() command.Algorithm {
	return command.Algorithm{
		Code: "FACT-CCC", Tells: "Creates a customer contact of a field activity's remark, with a characteristic that names the field activity.",
		Spots: creationSpots(command.Spot{Owner: "field_activity_remark", Event: "activation"}), Parameters: creating(true, true),
	}
}
