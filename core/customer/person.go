package customer

import (
	"fmt"
	"log/slog"
	"slices"
	"time"

	"carillon/core/access"
	"carillon/core/plugin"
)

// PersonKind says whether a person is a human being or an organization; it changes which identifier is expected.
type PersonKind string

// The kinds of person; "" counts as a human being.
const (
	Human    PersonKind = "person"
	Business PersonKind = "business"
)

// Person is a customer or anyone else we write to.
type Person struct {
	ID              PersonID
	Source          string
	ExternalID      string
	Division        string   // where created
	Also            []string // other divisions that see it: where it holds an account, premise or contact; the store keeps them
	Version         int64    // the sender's; a load with a lower one is a conflict; 0 for what was created here
	Revision        int64    // ours: grows by one with every write, 1 for the first
	Kind            PersonKind
	Names           []Name
	Identifiers     []Identifier
	Language        string // BCP 47
	Account         string // the account of which this is the main customer, as the CIS names it; may be empty
	Points          []Point
	Mailing         Mailing
	Seasons         []Season
	Silent          bool // communications are switched off: no push, no subscription
	Characteristics []plugin.Characteristic
	Owned           []Group // the groups that Carillon owns: a load leaves them alone
	UpdatedAt       time.Time
}

// SeenBy reports whether the principal may see the person: where created, or where holding an account, premise or
// contact.
func (p Person) SeenBy(who access.Principal) bool {
	return who.Sees(p.Source, p.Division) || slices.ContainsFunc(p.Also, func(d string) bool { return who.Sees(p.Source, d) })
}

// IdentifierValue is the value of an identifier. It prints redacted; Reveal gives it to whoever may see it.
type IdentifierValue string

// String is never the value.
func (IdentifierValue) String() string { return "•••" }

// GoString is never the value.
func (IdentifierValue) GoString() string { return "•••" }

// Format is never the value, whichever verb asks.
func (IdentifierValue) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("•••")) }

// LogValue is never the value.
func (IdentifierValue) LogValue() slog.Value { return slog.StringValue("•••") }

// MarshalText is never the value.
func (IdentifierValue) MarshalText() ([]byte, error) { return []byte("•••"), nil }

// Reveal is the value itself.
func (v IdentifierValue) Reveal() string { return string(v) }

// Masked shows the last characters and hides the others; shown 0 hides none (the Identifier Type's masking).
func (v IdentifierValue) Masked(shown int) string {
	all := []rune(string(v))
	if shown <= 0 {
		return string(v)
	}
	for i := range max(len(all)-shown, 0) {
		all[i] = '*'
	}
	if len(all) <= shown { // as many as are shown would be all of it
		for i := range all {
			all[i] = '*'
		}
	}
	return string(all)
}

// Key is what two identifiers of a type are the same by: letters and digits only, in upper case.
func (v IdentifierValue) Key() string { return squeezed(string(v)) }

// Identifier is what a person is known by elsewhere, as a tax number (process 3.4.1.1, step 1.3).
type Identifier struct {
	Type    string
	Value   IdentifierValue
	Primary bool
	Unique  bool // no other person may have it: the Identifier Type says so
}

// Mailing is what letters to a person say instead of its primary name and address.
type Mailing struct {
	Names   []string `json:"names,omitempty"` // override mailing names 1 to 3; the first replaces the primary name
	Address *Postal  `json:"address,omitempty"`
}

// Season is an address that holds for a part of every year; it always wins while it does.
type Season struct {
	Address Postal `json:"address"`
	From    string `json:"from"`  // MM-DD
	Until   string `json:"until"` // MM-DD, that day included; before From: over the turn of the year
}

// Holds reports whether the season holds on a day, YYYY-MM-DD.
func (s Season) Holds(day string) bool {
	if len(day) != len(time.DateOnly) {
		return false
	}
	at := day[5:]
	if s.From <= s.Until {
		return s.From <= at && at <= s.Until
	}
	return at >= s.From || at <= s.Until
}

// MailTo is where a letter to the person goes on a business date when nothing else is said: the seasonal address while
// one holds, else the override mailing address, else the first usable postal point. ok is false when there is none.
func (p Person) MailTo(day string) (address Postal, ok bool) {
	for _, s := range p.Seasons {
		if s.Holds(day) {
			return s.Address, true
		}
	}
	if p.Mailing.Address != nil {
		return *p.Mailing.Address, true
	}
	for _, pt := range p.Usable(CanPost) {
		if block, err := ParsePostal(pt.Value); err == nil {
			return block, true
		}
	}
	return Postal{}, false
}

// MailName is the name lines of a letter to the person.
func (p Person) MailName() []string {
	if len(p.Mailing.Names) > 0 {
		return p.Mailing.Names
	}
	return []string{p.PrimaryName()}
}

// Sighting says that a person is seen in a division: it holds an account, premise or contact there.
type Sighting struct {
	Person   PersonID
	Division string
}
