package algorithm

import (
	"carillon/core/contact"
	"carillon/core/plugin"
)

// cceecc is CCEE-CC: a customer contact when an order of the customer class is completed (process 3.4.1.1, step 2.2).
func cceecc(o contact.Occasion, p plugin.Parameters) (contact.Creation, error) {
	return createCustCn(o, p)
}

func cceeccAbout() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "CCEE-CC", Tells: "Creates a customer contact when an order of the customer class is completed.",
		Spots: creationSpots(plugin.Spot{Owner: "customer_class", Event: "order_completion"}), Parameters: creating(true, false),
	}
}
