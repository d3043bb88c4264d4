package store

import (
	"slices"

	"carillon/core/access"
)

// AdminWrites is what a decision changes of keys and configuration. Empty fields change nothing.
type AdminWrites struct {
	Principals []access.Principal // insert; a name that is there is a Conflict "name"
	Revoked    []Revocation
	Config     *ConfigWrite
}

func (to *AdminWrites) and(from *AdminWrites) {
	to.Principals = slices.Concat(to.Principals, from.Principals)
	to.Revoked = slices.Concat(to.Revoked, from.Revoked)
	if from.Config != nil {
		to.Config = from.Config
	}
}
