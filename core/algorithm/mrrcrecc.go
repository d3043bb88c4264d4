package algorithm

import (
	"carillon/core/contact"
	"carillon/core/plugin"
)

// mrrcrecc is MRRCRECC: a customer contact of a meter reader's remark for the main customer; none without an active SA
// (process 3.4.1.1, step 2.2).
func mrrcrecc(o contact.Occasion, p plugin.Parameters) (contact.Creation, error) {
	if !o.Active {
		return contact.Creation{Skipped: contact.NoActiveSA}, nil
	}
	return createCustCn(o, p)
}

func mrrcreccAbout() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "MRRCRECC", Tells: "Creates a customer contact of a meter reader's remark, where the customer has an active SA.",
		Spots: creationSpots(plugin.Spot{Owner: "meter_reader_remark", Event: "remark_action"}), Parameters: creating(true, false),
	}
}
