package customer

import (
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"carillon/core/fault"
)

const (
	maxNumber = 32 // characters of a number as people write it
	maxZones  = 12 // more say only the numbering plan (North America has 42 of them), not where the number is
)

// Number is a phone number that is in use in its numbering plan.
type Number struct {
	E164     Address
	Zones    []string // IANA names it may lie in; none when the number does not tell
	Landline bool     // known to take no texts
}

// ParseNumber reads a number as people write it; the country (ISO 3166, two letters) is that of numbers written
// nationally. What is no number in use, and premium-rate services, are fault.Invalid; the value is not repeated.
func ParseNumber(raw, country string) (Number, error) {
	raw = strings.TrimSpace(raw)
	if len(raw) > maxNumber || strings.ContainsFunc(raw, isForeign) {
		return Number{}, fault.New(fault.Invalid, "is written with digits, as +12015550123")
	}
	n, err := read(raw, country)
	if err != nil || n.GetExtension() != "" {
		return Number{}, fault.New(fault.Invalid, "is no number in use in its numbering plan")
	}
	kind := phonenumbers.GetNumberType(n) // unknown is the library's word for a number that is not valid
	switch kind {
	case phonenumbers.UNKNOWN:
		return Number{}, fault.New(fault.Invalid, "is no number in use in its numbering plan")
	case phonenumbers.PREMIUM_RATE:
		return Number{}, fault.New(fault.Invalid, "is a premium-rate number")
	default:
	}
	return Number{
		E164: Address(phonenumbers.Format(n, phonenumbers.E164)), Zones: zonesOf(n), Landline: kind == phonenumbers.FIXED_LINE,
	}, nil
}

// read takes a number apart. One of North America in international form, as systems keep them, is taken apart here: it
// has one form, and the library would look for extensions, prefixes and other ways of writing in it.
func read(raw, country string) (*phonenumbers.PhoneNumber, error) {
	const form = "+12015550123"
	if len(raw) != len(form) || !strings.HasPrefix(raw, "+1") || raw[2] < '2' {
		return phonenumbers.Parse(raw, strings.ToUpper(country))
	}
	national, err := strconv.ParseUint(raw[2:], 10, 64)
	if err != nil {
		return phonenumbers.Parse(raw, strings.ToUpper(country))
	}
	var code int32 = 1
	return &phonenumbers.PhoneNumber{CountryCode: &code, NationalNumber: &national}, nil
}

// isForeign tells what stands in no number: the library would look for one in any text.
func isForeign(r rune) bool { return !strings.ContainsRune("+0123456789 ()-./", r) }

func zonesOf(n *phonenumbers.PhoneNumber) []string {
	found, err := phonenumbers.GetTimezonesForNumber(n)
	if err != nil || len(found) == 0 || len(found) > maxZones || found[0] == phonenumbers.UNKNOWN_TIMEZONE {
		return nil
	}
	return append([]string(nil), found...) // the library's own slice is shared
}
