package algorithm

import (
	"carillon/core/contact"
	"carillon/core/plugin"
)

// csenCC is CSEN-CC: a customer contact when a case enters a status, with a characteristic that names the case: by it a letter extract reads the case (process 3.4.1.1, step 2.2).
func csenCC(o contact.Occasion, p plugin.Parameters) (contact.Creation, error) {
	return createCustCn(o, p)
}

func csenCCAbout() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "CSEN-CC", Tells: "Creates a customer contact when a case enters a status, with a characteristic that names the case: by it a letter extract reads the case.",
		Spots: creationSpots(plugin.Spot{Owner: "case_type", Event: "enter_status"}), Parameters: creating(true, true),
	}
}
