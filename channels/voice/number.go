package voice

import (
	"strings"

	"github.com/nyaruka/phonenumbers"

	"carillon/core/customer"
	"carillon/core/fault"
)

const (
	maxNumber = 32 // characters of a number as people write it
	maxZones  = 12 // more say only the numbering plan (North America has 42 of them), not where the number is
)

// Address is the E.164 form of a number and the time zones it may lie in, none when the number does not tell. The
// country (ISO 3166, two letters) is that of numbers written nationally. Premium-rate services are
// fault.Invalid, as is what is no number.
func (Channel) Address(raw, country string) (customer.Address, []string, error) {
	raw = strings.TrimSpace(raw)
	if len(raw) > maxNumber || strings.ContainsFunc(raw, isForeign) {
		return "", nil, fault.New(fault.Invalid, "is written with digits, as +12015550123")
	}
	number, err := phonenumbers.Parse(raw, strings.ToUpper(country))
	if err != nil || number.GetExtension() != "" || !phonenumbers.IsPossibleNumber(number) || !phonenumbers.IsValidNumber(number) {
		return "", nil, fault.New(fault.Invalid, "is no number in use in its numbering plan")
	}
	if phonenumbers.GetNumberType(number) == phonenumbers.PREMIUM_RATE {
		return "", nil, fault.New(fault.Invalid, "is a premium-rate number")
	}
	return customer.Address(phonenumbers.Format(number, phonenumbers.E164)), zones(number), nil
}

// isForeign tells what stands in no number: the library would look for one in any text.
func isForeign(r rune) bool { return !strings.ContainsRune("+0123456789 ()-./", r) }

func zones(number *phonenumbers.PhoneNumber) []string {
	found, err := phonenumbers.GetTimezonesForNumber(number)
	if err != nil || len(found) == 0 || len(found) > maxZones || found[0] == phonenumbers.UNKNOWN_TIMEZONE {
		return nil
	}
	return append([]string(nil), found...) // the library's own slice is shared
}
