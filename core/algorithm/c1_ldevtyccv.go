package algorithm

import (
	"slices"

	"carillon/core/config"
	"carillon/core/fault"
	"carillon/core/plugin"
)

// c1LdEvTyCCV is the script C1-LdEvTyCCV, the validation of the contact of a lead event type: class and type are both
// there, and are a contact type that is active (process 3.4.1.1, step 2.2).
func c1LdEvTyCCV(o config.Owner, d config.Document, _ plugin.Parameters) []fault.Violation {
	var wrong []fault.Violation
	add := func(field, reason string) {
		wrong = append(wrong, fault.Violation{Field: "/contact" + field, Reason: reason})
	}
	switch {
	case o.Contact == nil && o.Message != nil: // it sends a message, which C1-LDEVTYMVA checks
	case o.Contact == nil:
		add("", "is required: the class and type of the contact")
	case o.Contact.Class == "" || o.Contact.Type == "":
		if o.Contact.Class == "" {
			add("/class", "is required")
		}
		if o.Contact.Type == "" {
			add("/type", "is required")
		}
	default:
		i := slices.IndexFunc(d.Types, func(t config.ContactType) bool {
			return t.Class == o.Contact.Class && t.Code == o.Contact.Type
		})
		switch {
		case i < 0:
			add("/type", "is no contact type of this class")
		case d.Types[i].Inactive:
			add("/type", "is an inactive contact type")
		}
	}
	return wrong
}

func c1LdEvTyCCVAbout() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "C1-LdEvTyCCV", Tells: "Checks the contact class and type of a lead event type when it is configured.",
		Spots: []plugin.Spot{{Owner: "lead_event_type", Event: "validation"}},
	}
}
