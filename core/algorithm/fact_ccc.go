package algorithm

import (
	"carillon/core/contact"
	"carillon/core/plugin"
)

// factCCC is FACT-CCC: a customer contact of a field activity's remark, with a characteristic that names the field activity (process 3.4.1.1, step 2.2).
func factCCC(o contact.Occasion, p plugin.Parameters) (contact.Creation, error) {
	return createCustCn(o, p)
}

func factCCCAbout() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "FACT-CCC", Tells: "Creates a customer contact of a field activity's remark, with a characteristic that names the field activity.",
		Spots: creationSpots(plugin.Spot{Owner: "field_activity_remark", Event: "activation"}), Parameters: creating(true, true),
	}
}
