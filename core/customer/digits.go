package customer

import (
	"fmt"
	"strconv"

	"carillon/core/fault"
)

// ParseDigits reads the number of a thing: that many digits and nothing else, above 0. It fails as Invalid, and says what
// it should have been: "a contact id has ten digits".
func ParseDigits[ID ~int64](s string, digits int, of string) (ID, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || len(s) != digits || s[0] == '+' || n <= 0 {
		words := map[int]string{10: "ten", 14: "fourteen"}
		return 0, fault.New(fault.Invalid, fmt.Sprintf("%s has %s digits", of, words[digits]))
	}
	return ID(n), nil
}

// Digits writes what [ParseDigits] reads; empty for 0.
func Digits[ID ~int64](id ID, digits int) string {
	if id == 0 {
		return ""
	}
	return fmt.Sprintf("%0*d", digits, int64(id))
}
