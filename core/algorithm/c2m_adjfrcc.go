package algorithm

import (
	"carillon/core/contact"
	"carillon/core/plugin"
)

// c2mADJFRCC is C2M-ADJFRCC: a customer contact when an adjustment is frozen, as that of a returned payment. A failure rejects the freeze (process 3.4.1.1, step 2.2).
func c2mADJFRCC(o contact.Occasion, p plugin.Parameters) (contact.Creation, error) {
	return createCustCn(o, p)
}

func c2mADJFRCCAbout() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "C2M-ADJFRCC", Tells: "Creates a customer contact when an adjustment is frozen, as that of a returned payment. A failure rejects the freeze.",
		Spots: creationSpots(plugin.Spot{Owner: "adjustment_type", Event: "freeze"}), Parameters: creating(true, false),
	}
}
