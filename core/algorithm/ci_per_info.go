package algorithm

import (
	"slices"

	"carillon/core/customer"
	"carillon/core/plugin"
)

// CI_PER-INFO, in process 3.3.2.3, step 1.0: the person's summary from its names and its list of phones. Formats are
// ours (process 3.4.1.1, step 2.2 leaves them open): name, then the primary identifier's type, then the phone, parted by commas; the
// phone is the first whose phone type the parameter names, else the first.
func perInfo(p customer.Person, parameters plugin.Parameters) string {
	parts := []string{p.PrimaryName()}
	phones := slices.DeleteFunc(slices.Clone(p.Points), func(pt customer.Point) bool { return pt.Kind != customer.Phone })
	if len(phones) > 0 {
		best := phones[0]
		named := func(pt customer.Point) bool { return pt.Type != "" && pt.Type == parameters["PHONE-TYPE"] }
		if i := slices.IndexFunc(phones, named); i >= 0 {
			best = phones[i]
		}
		parts = append(parts, shownPhone(best))
	}
	return joined(parts)
}

// shownPhone is a number as its country writes it.
func shownPhone(p customer.Point) string {
	number, err := phoneNA(p.Value.Reveal(), nil)
	if err != nil {
		number.Shown = p.Value.Reveal()
	}
	if p.Extension != "" {
		number.Shown += " x" + p.Extension
	}
	return number.Shown
}
