package algorithm

import "carillon/core/config"

// Validators are the algorithms of the spot lead_event_type/validation by their codes.
func Validators() map[string]config.Validator { return nil }
