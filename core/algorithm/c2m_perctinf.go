package algorithm

import (
	"slices"
	"strings"

	"carillon/core/customer"
	"carillon/core/plugin"
)

// C2M-PERCTINF: the same from the person contacts: the preferred usable point of the first kind of the parameter's list
// that there is one of.
func perCtInf(p customer.Person, parameters plugin.Parameters) string {
	order := strings.Split(or(parameters["PRIORITY"], "phone,email,post"), ",")
	parts := []string{p.PrimaryName()}
	for _, kind := range order {
		points := slices.DeleteFunc(slices.Clone(p.Points), func(pt customer.Point) bool {
			return string(pt.Kind) != strings.TrimSpace(kind) || !pt.UndeliverableSince.IsZero()
		})
		slices.SortStableFunc(points, func(a, b customer.Point) int { return preference(a) - preference(b) })
		if len(points) > 0 {
			return joined(append(parts, shownPoint(points[0])))
		}
	}
	return joined(parts)
}

func preference(p customer.Point) int {
	if p.Preferred {
		return 0
	}
	return 1
}

func shownPoint(p customer.Point) string {
	switch p.Kind {
	case customer.Phone:
		return shownPhone(p)
	case customer.Post:
		block, err := customer.ParsePostal(p.Value)
		if err != nil {
			return ""
		}
		return joined([]string{block.Line1, block.City})
	default:
		return p.Value.Reveal()
	}
}

func joined(parts []string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
