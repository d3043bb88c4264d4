// Package customer holds who we speak to: persons, their names and languages, and the contact points at which
// they can be reached.
//
// Identifiers are those of a CIS: ten digits for a person. An object is known by (source, external id) and
// carries the sender's version, so that a load can be repeated and never goes backwards.
package customer

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"carillon/core/fault"
)

// PersonID is the ten-digit number of a person; 0 is none.
type PersonID int64

// String is the ten digits; empty for none.
func (id PersonID) String() string { return Digits(id, 10) }

// ParsePersonID reads ten digits.
func ParsePersonID(s string) (PersonID, error) { return ParseDigits[PersonID](s, 10, "a person id") }

// PointID identifies a contact point; 0 is none (an inline recipient).
type PointID int64

// Origin says who owns a field group: a load from the CIS never undoes what Carillon owns.
type Origin string

// The owners.
const (
	FromCIS      Origin = "cis"
	FromCarillon Origin = "carillon"
)

// NameType of a person's name (process 3.4.1.1, step 1.3: names by type).
type NameType string

// The name types.
const (
	Primary   NameType = "primary"
	Alias     NameType = "alias"
	Legal     NameType = "legal"
	DBA       NameType = "dba"
	Alternate NameType = "alternate"
)

// Name is one name of a person; exactly one is primary.
type Name struct {
	Type NameType `json:"type"`
	Text string   `json:"text"`
}

// PointKind is the kind of address a contact point holds.
type PointKind string

// The kinds of contact point.
const (
	Phone PointKind = "phone"
	Email PointKind = "email"
	Post  PointKind = "post"
)

// Capability is what a contact point can take.
type Capability string

// The capabilities.
const (
	CanSMS   Capability = "sms"
	CanVoice Capability = "voice"
	CanEmail Capability = "email"
	CanPost  Capability = "post"
)

// Address is an E.164 number, an email address, or a postal address block in canonical JSON. It prints
// redacted everywhere; Reveal gives the value to whoever must send to it.
type Address string

// String is never the value.
func (Address) String() string { return "•••" }

// GoString is never the value.
func (Address) GoString() string { return "•••" }

// Format is never the value, whichever verb asks.
func (Address) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("•••")) }

// LogValue is never the value.
func (Address) LogValue() slog.Value { return slog.StringValue("•••") }

// MarshalText is never the value: a struct that ends up in a JSON log does not tell it.
func (Address) MarshalText() ([]byte, error) { return []byte("•••"), nil }

// Reveal is the value itself.
func (a Address) Reveal() string { return string(a) }

// Postal is an address block of a letter (the classic extract's address record, 361 characters in all).
type Postal struct {
	Line1       string `json:"line1"`
	Line2       string `json:"line2,omitempty"`
	Line3       string `json:"line3,omitempty"`
	Line4       string `json:"line4,omitempty"`
	City        string `json:"city"`
	State       string `json:"state,omitempty"`
	Postal      string `json:"postal,omitempty"`
	Country     string `json:"country"`
	Number1     string `json:"number1,omitempty"`
	Number2     string `json:"number2,omitempty"`
	HouseType   string `json:"houseType,omitempty"`
	County      string `json:"county,omitempty"`
	GeoCode     string `json:"geoCode,omitempty"`
	InCityLimit string `json:"inCityLimit,omitempty"` // Y or N
}

// Address is the canonical JSON of the block.
func (p Postal) Address() Address {
	b, err := json.Marshal(p)
	if err != nil { // strings always marshal
		return ""
	}
	return Address(b)
}

// ParsePostal reads a block back from its canonical JSON.
func ParsePostal(a Address) (Postal, error) {
	var p Postal
	if err := json.Unmarshal([]byte(a), &p); err != nil {
		return Postal{}, fault.New(fault.Invalid, "the postal address is not a block")
	}
	return p, nil
}

// Violations names the wrong fields of a block, under the JSON pointer at.
func (p Postal) Violations(at string) []fault.Violation {
	var wrong []fault.Violation
	for _, f := range []struct {
		name, value string
		limit       int
		required    bool
	}{
		{"line1", p.Line1, 64, true},
		{"line2", p.Line2, 64, false},
		{"line3", p.Line3, 64, false},
		{"line4", p.Line4, 64, false},
		{"city", p.City, 30, true},
		{"state", p.State, 6, false},
		{"postal", p.Postal, 12, false},
		{"country", p.Country, 3, true},
		{"number1", p.Number1, 6, false},
		{"number2", p.Number2, 4, false},
		{"houseType", p.HouseType, 2, false},
		{"county", p.County, 30, false},
		{"geoCode", p.GeoCode, 11, false},
		{"inCityLimit", p.InCityLimit, 1, false},
	} {
		switch {
		case f.required && strings.TrimSpace(f.value) == "":
			wrong = append(wrong, fault.Violation{Field: at + "/" + f.name, Reason: "is required"})
		case len([]rune(f.value)) > f.limit:
			wrong = append(wrong, fault.Violation{
				Field: at + "/" + f.name, Reason: fmt.Sprintf("has more than %d characters", f.limit),
			})
		}
	}
	return wrong
}

// Point is a contact point: one way to reach a person.
type Point struct {
	ID                 PointID
	Person             PersonID
	Kind               PointKind
	Type               string // of a phone: its phone type, whose format algorithm read it; "" for plain international numbers
	Value              Address
	Extension          string // of a phone; dialled by persons only, never sent to SMS
	Capabilities       []Capability
	Zones              []string // IANA names this point may lie in; quiet hours hold in all of them
	Preferred          bool
	Origin             Origin
	UndeliverableSince time.Time // zero while it works; set by a hard bounce, an invalid number, returned mail
}

// Can reports whether the point takes what the capability names.
func (p Point) Can(c Capability) bool {
	return slices.Contains(p.Capabilities, c)
}

// PrimaryName is the person's primary name.
func (p Person) PrimaryName() string {
	for _, n := range p.Names {
		if n.Type == Primary {
			return n.Text
		}
	}
	return ""
}

// Usable returns the points that take the capability and are not undeliverable, preferred ones first.
func (p Person) Usable(c Capability) []Point {
	var first, rest []Point
	for _, pt := range p.Points {
		switch {
		case !pt.Can(c) || !pt.UndeliverableSince.IsZero():
		case pt.Preferred:
			first = append(first, pt)
		default:
			rest = append(rest, pt)
		}
	}
	return append(first, rest...)
}

// Recipient is who a message is for, as resolved when it was accepted: the person's own data or what the
// sender gave inline for a person that is not loaded.
type Recipient struct {
	Person   PersonID
	Point    PointID
	Name     string // name lines, separated by newlines
	Language string
	Address  Address
	Zones    []string
}
