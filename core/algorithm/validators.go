package algorithm

import "carillon/core/config"

// Validators are the algorithms of the spot lead_event_type/validation by their codes.
func Validators() map[string]config.Validator {
	return map[string]config.Validator{"C1-LDEVTYMVA": c1LDEVTYMVA, "C1-LdEvTyCCV": c1LdEvTyCCV}
}
