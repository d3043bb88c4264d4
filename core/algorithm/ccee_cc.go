package algorithm

import (
	"carillon/core/command"
	"carillon/core/contact"
)

// cceecc is CCEE-CC: a customer contact when an order of the customer class is completed (process 3.4.1.1, step 2.2).
func cceecc(o contact.Occasion, p command.Parameters) (contact.Creation, error) {
	return createCustCn(o, p)
}

func cceeccAbout() command.Algorithm {
	return command.Algorithm{
		Code: "CCEE-CC", Tells: "Creates a customer contact when an order of the customer class is completed.",
		Spots: creationSpots(command.Spot{Owner: "customer_class", Event: "order_completion"}), Parameters: creating(true, false),
	}
}
