package email

import (
	"strings"

	"golang.org/x/net/idna"

	"carillon/core/customer"
	"carillon/core/fault"
)

// Limits of an address (RFC 5321, 4.5.3.1, and erratum 1690 to RFC 3696; labels: RFC 1035, 2.3.4).
const (
	maxLocal   = 64
	maxAddress = 254
	maxLabel   = 63
)

// Address is the canonical form of one addr-spec: the local part as written, the domain in lower case and, where it
// is international, in punycode. No display name, comment, quoted local part or address literal; the domain has at
// least two labels. What is wrong is fault.Invalid. An email tells no time zone, and the country is of no use.
func (Channel) Address(raw, _ string) (customer.Address, []string, error) {
	raw = strings.TrimSpace(raw)
	at := strings.LastIndexByte(raw, '@')
	if at < 0 {
		return "", nil, fault.New(fault.Invalid, "is one address, as name@example.com")
	}
	local, domain := raw[:at], raw[at+1:]
	if !isDotAtom(local) {
		return "", nil, fault.New(fault.Invalid, "has up to 64 plain ASCII characters before the @")
	}
	host, ok := canonical(domain)
	if !ok {
		return "", nil, fault.New(fault.Invalid, "has a registered domain name after the @")
	}
	if len(local)+1+len(host) > maxAddress {
		return "", nil, fault.New(fault.Invalid, "has at most 254 characters")
	}
	return customer.Address(local + "@" + host), nil, nil
}

// isDotAtom tells a local part of atoms with single dots between them (RFC 5322, 3.2.3).
func isDotAtom(local string) bool {
	if len(local) > maxLocal {
		return false
	}
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !isAtext(r) }) {
			return false
		}
	}
	return true
}

func isAtext(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r != 0 && strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}

// canonical is the domain as it is looked up (UTS 46, IDNA 2008), if it is one that can be registered.
func canonical(domain string) (string, bool) {
	if len(domain) > maxAddress {
		return "", false
	}
	host, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return "", false
	}
	if again, err := idna.Lookup.ToASCII(host); err != nil || again != host {
		return "", false // some names come out as what is no name itself
	}
	labels := strings.Split(host, ".")
	for _, l := range labels {
		if l == "" || len(l) > maxLabel || strings.ContainsFunc(l, func(r rune) bool { return r >= 0x80 }) {
			return "", false
		}
	}
	last := labels[len(labels)-1]
	return host, len(labels) > 1 && strings.Trim(last, "0123456789") != ""
}
