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

// creators are the algorithms of system events (process 3.4.1.1, step 2.2), in its order.
func creators() []creator {
	return []creator{
		{cceeccAbout(), cceecc},
		{caocCCAbout(), caocCC},
		{c1LETCRECCAbout(), c1LETCRECC},
		{scmcCCAbout(), scmcCC},
		{scmaCCAbout(), scmaCC},
		{saatCCAbout(), saatCC},
		{mrrcreccAbout(), mrrcrecc},
		{factCCCAbout(), factCCC},
		{c1CREATECCAbout(), c1CREATECC},
		{c2mADJFRCCAbout(), c2mADJFRCC},
		{c1OECCAbout(), c1OECC},
		{c1CECCAbout(), c1CECC},
		{csenCCAbout(), csenCC},
		{c1ExpCardLeAbout(), c1ExpCardLe},
		{createCustCnAbout(), createCustCn},
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
