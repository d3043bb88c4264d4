package algorithm

import (
	"carillon/core/contact"
	"carillon/core/plugin"
)

func contacts() plugin.Catalog {
	return plugin.Catalog{timelineContacts(), countContacts(), openWork()}
}

// Timeliners are the algorithms on the spot zone/timeline_events, by code.
func Timeliners() map[string]contact.Timeliner {
	return map[string]contact.Timeliner{"C1-TL-CC-EVT": C1TLCCEvt}
}

// Alerters are the algorithms on the spot installation/control_central_alert, by code.
func Alerters() map[string]contact.Alerter {
	return map[string]contact.Alerter{"CC BY TYPCL": CCByTypCl, "CCAL-TD": CCALTD}
}
