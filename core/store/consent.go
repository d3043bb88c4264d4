package store

import (
	"slices"

	"carillon/core/consent"
)

// ConsentWrites is what a decision changes of the suppression list. Empty fields change nothing.
type ConsentWrites struct {
	Suppressions []consent.Suppression // put; one that is there (channel, address, division, reason) is passed over
	Lifted       []consent.Suppression // by channel, address, division and reason
}

func (to *ConsentWrites) and(from *ConsentWrites) {
	to.Suppressions = slices.Concat(to.Suppressions, from.Suppressions)
	to.Lifted = slices.Concat(to.Lifted, from.Lifted)
}
