package voice

import "carillon/core/customer"

// Address is the E.164 form of a number and the time zones it may lie in, none when the number does not tell. The
// country (ISO 3166, two letters) is that of numbers written nationally. Premium-rate services are
// fault.Invalid, as is what is no number.
func (Channel) Address(raw, country string) (customer.Address, []string, error) {
	n, err := customer.ParseNumber(raw, country)
	return n.E164, n.Zones, err
}
