package store

import (
	"slices"

	"carillon/core/contact"
	"carillon/core/plan"
)

// ContactWrites is what a decision changes of customer contacts and their plans. Empty fields change nothing.
type ContactWrites struct {
	Contacts []contact.Contact
	Plans    []plan.Plan
	Steps    []plan.Step
	Halts    []plan.Halt  // a contact is halted once: the first stays
	Retries  []plan.Retry // insert; the set is a Conflict "retry" when the former message has one
}

func (to *ContactWrites) and(from *ContactWrites) {
	to.Contacts = slices.Concat(to.Contacts, from.Contacts)
	to.Plans = slices.Concat(to.Plans, from.Plans)
	to.Steps = slices.Concat(to.Steps, from.Steps)
	to.Halts = slices.Concat(to.Halts, from.Halts)
	to.Retries = slices.Concat(to.Retries, from.Retries)
}
