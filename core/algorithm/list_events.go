package algorithm

import (
	"carillon/core/contact"
	"carillon/core/plugin"
)

// creator is an algorithm that makes contacts, with what is said of it.
type creator struct {
	about plugin.Algorithm
	run   contact.Creator
}

// creators are the algorithms of system events (process 3.4.1.1, step 2.2), first the plain ones.
func creators() []creator {
	return append(plain(), []creator{
		{c1LETCRECCAbout(), c1LETCRECC},
		{mrrcreccAbout(), mrrcrecc},
		{c1CREATECCAbout(), c1CREATECC},
		{c1ExpCardLeAbout(), c1ExpCardLe},
		{createCustCnAbout(), createCustCn},
	}...)
}

// plain are the creators that do what C1-CreCustCn does, each at home on a spot of its own.
func plain() []creator {
	at := func(code, tells, owner, event string, parameters []plugin.Parameter) creator {
		home := plugin.Spot{Owner: owner, Event: event}
		return creator{plugin.Algorithm{Code: code, Tells: tells, Spots: creationSpots(home), Parameters: parameters}, createCustCn}
	}
	named := creating(true, true) // a characteristic names the source object
	return []creator{
		at("CCEE-CC", "Creates a customer contact when an order of the customer class is completed.",
			"customer_class", "order_completion", creating(true, false)),
		at("CAOC-CC", "Creates a customer contact when an order of the campaign is completed. It leaves the premise "+
			"out where the contact type does not allow one (the known fault of the base algorithm).",
			"campaign", "order_completion", creating(true, false)),
		at("SCMC-CC", "Creates a customer contact when a service credit membership is created.",
			"service_credit_membership_type", "creation", creating(true, false)),
		at("SCMA-CC", "Creates a customer contact when a service credit membership is activated.",
			"service_credit_membership_type", "activation", creating(true, false)),
		at("SAAT-CC", "Creates a customer contact when a non-billed budget SA is activated: the welcome to the "+
			"budget.",
			"sa_type", "activation", creating(true, false)),
		at("FACT-CCC", "Creates a customer contact of a field activity's remark, with a characteristic that names the "+
			"field activity.",
			"field_activity_remark", "activation", named),
		at("C2M-ADJFRCC", "Creates a customer contact when an adjustment is frozen, as that of a returned payment. A "+
			"failure rejects the freeze.",
			"adjustment_type", "freeze", creating(true, false)),
		at("C1-OE-CC", "Creates a customer contact when an overdue event is activated. Its letter's data are those of "+
			"C1-OD-BILL.",
			"overdue_event_type", "activation", creating(true, false)),
		at("C1-CE-CC", "Creates a customer contact when a cut event is activated.",
			"cut_event_type", "activation", creating(true, false)),
		at("CSEN-CC", "Creates a customer contact when a case enters a status, with a characteristic that names the "+
			"case: by it a letter extract reads the case.",
			"case_type", "enter_status", named),
	}
}

func events() plugin.Catalog {
	catalog := plugin.Catalog{c1LDEVTYMVAAbout(), c1LdEvTyCCVAbout()}
	for _, c := range creators() {
		catalog = append(catalog, c.about)
	}
	return catalog
}

// Creators are the algorithms that make contacts of system events, by their codes.
func Creators() contact.Creators {
	all := contact.Creators{}
	for _, c := range creators() {
		all[c.about.Code] = c.run
	}
	return all
}

func createCustCnAbout() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "C1-CreCustCn", Tells: "Creates a customer contact of any system event by its parameters.",
		Spots: creationSpots(plugin.Spot{Owner: "deposit_class", Event: "review_method"}), Parameters: creating(true, false),
	}
}

// EventTypeRule makes the contact that a configuration object names itself: an event type that sends a letter (process 3.4.1.1, step 2.2).
func EventTypeRule() contact.Creator { return createCustCn }
