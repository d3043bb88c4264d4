package algorithm

import (
	"strings"

	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/plugin"
)

// CI_PHNFMT_NA, the North American phone format (process 3.3.2.3, step 1.0): any punctuation is taken; exactly ten digits, or
// eleven with a leading 1; area code and exchange begin with 2 to 9 and are not N11. It is kept as +1AAAEEENNNN and shown
// as (AAA) EEE-NNNN. An extension (x, ext, extension, #) stands apart and is never sent to SMS.
func phoneNA(typed string, _ plugin.Parameters) (customer.PhoneNumber, error) {
	number, extension, ok := parted(typed)
	if !ok {
		return customer.PhoneNumber{}, notNA()
	}
	digits := onlyDigits(number)
	if len(digits) == 11 && digits[0] == '1' {
		digits = digits[1:]
	}
	if len(digits) != 10 || strings.ContainsFunc(number, isForeign) || !isNANP(digits[:3]) || !isNANP(digits[3:6]) {
		return customer.PhoneNumber{}, notNA()
	}
	out := customer.PhoneNumber{
		E164: customer.Address("+1" + digits), Extension: extension, Shown: "(" + digits[:3] + ") " + digits[3:6] + "-" + digits[6:],
	}
	if extension != "" {
		out.Shown += " x" + extension
	}
	return out, nil
}

func notNA() error {
	return fault.New(fault.Invalid, "has ten digits, as (212) 555-0123, with an area code and exchange that are in use in North America")
}

// longestExtension is ours: the domain names none.
const longestExtension = 6

// parted cuts the extension off.
func parted(typed string) (number, extension string, ok bool) {
	low := strings.ToLower(typed)
	for _, mark := range []string{"extension", "ext", "x", "#"} {
		i := strings.Index(low, mark)
		if i < 0 {
			continue
		}
		rest := strings.Trim(low[i+len(mark):], " .:")
		extension = onlyDigits(rest)
		return typed[:i], extension, extension == rest && rest != "" && len(rest) <= longestExtension
	}
	return typed, "", true
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// isForeign tells letters and other digits: punctuation is anything else.
func isForeign(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > '~' && r != '–' && r != '·' && r != '\u00a0'
}

// isNANP checks an area code or an exchange: 2 to 9 first, and not N11.
func isNANP(three string) bool { return three[0] >= '2' && three[1:] != "11" }
