package customer

import (
	"slices"
	"time"

	"carillon/core/plugin"
)

// AccountID is the ten-digit number of an account; 0 is none.
type AccountID int64

// String is the ten digits; empty for none.
func (id AccountID) String() string { return Digits(id, 10) }

// ParseAccountID reads ten digits.
func ParseAccountID(s string) (AccountID, error) {
	return ParseDigits[AccountID](s, 10, "an account id")
}

// PremiseID is the ten-digit number of a premise; 0 is none.
type PremiseID int64

// String is the ten digits; empty for none.
func (id PremiseID) String() string { return Digits(id, 10) }

// ParsePremiseID reads ten digits.
func ParsePremiseID(s string) (PremiseID, error) {
	return ParseDigits[PremiseID](s, 10, "a premise id")
}

// Account is what a customer is billed under (process 3.4.1.1, step 1.3).
type Account struct {
	ID              AccountID
	Source          string
	ExternalID      string
	Division        string
	Version         int64 // the sender's; a load with a lower one is a conflict; 0 for what was created here
	Revision        int64 // ours: grows by one with every write, 1 for the first
	Class           string
	CollectionClass string
	ManagementGroup string
	Currency        string // ISO 4217
	BillCycle       string
	ProtectCycle    bool   // the bill cycle is not derived anew
	Premise         string // mailing premise, as the account's source names it
	Comments        string
	Persons         []AccountPerson // exactly one is the main customer
	Alerts          []UserAlert
	Characteristics []plugin.Characteristic
	Owned           []Group // the groups that Carillon owns: a load leaves them alone
	UpdatedAt       time.Time
}

// AddressSource says where the address of a bill or letter to a person on an account comes from.
type AddressSource string

// The sources of an address.
const (
	FromPremise  AddressSource = "premise" // the account's mailing premise
	FromPerson   AddressSource = "person"
	FromOverride AddressSource = "override" // the address given on the account
)

// AccountPerson is a person on an account.
type AccountPerson struct {
	Person         PersonID      `json:"-"`
	Main           bool          `json:"main,omitempty"` // main customer: its name is the account's
	Responsible    bool          `json:"responsible,omitempty"`
	Guarantor      bool          `json:"guarantor,omitempty"` // third party that guarantees a deposit
	Relationship   string        `json:"relationship,omitempty"`
	ReceivesBill   bool          `json:"receivesBill,omitempty"`
	BillRoute      string        `json:"billRoute,omitempty"`
	BillFormat     string        `json:"billFormat,omitempty"` // detailed or summary
	Copies         int           `json:"copies,omitempty"`
	AddressSource  AddressSource `json:"addressSource,omitempty"`
	Override       *Postal       `json:"override,omitempty"`
	Silent         bool          `json:"silent,omitempty"`         // communications are not allowed
	ReceivesNotice bool          `json:"receivesNotice,omitempty"` // gets a copy of disconnect notices
}

// UserAlert is an alert that a person put on an account; it shows from a day to a day, both included.
type UserAlert struct {
	Type  string `json:"type"`
	From  string `json:"from"`            // YYYY-MM-DD
	Until string `json:"until,omitempty"` // empty: without end
}

// Shows reports whether the alert shows on a business date.
func (a UserAlert) Shows(day string) bool { return a.From <= day && (a.Until == "" || day <= a.Until) }

// Main is the main customer; false when the account has none, which no write leaves behind.
func (a Account) Main() (AccountPerson, bool) {
	i := slices.IndexFunc(a.Persons, func(p AccountPerson) bool { return p.Main })
	if i < 0 {
		return AccountPerson{}, false
	}
	return a.Persons[i], true
}

// On is the person on the account, when it is on it.
func (a Account) On(id PersonID) (AccountPerson, bool) {
	i := slices.IndexFunc(a.Persons, func(p AccountPerson) bool { return p.Person == id })
	if i < 0 {
		return AccountPerson{}, false
	}
	return a.Persons[i], true
}

// Geographic is a value of a Geographic Type, as a grid or a feeder.
type Geographic struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// Premise is a place that is served (process 3.4.1.1, steps 1.4 and 1.5).
type Premise struct {
	ID         PremiseID
	Source     string
	ExternalID string
	Division   string
	Version    int64 // as an account's
	Revision   int64 // as an account's
	Type       string
	Address    Postal
	Zone       string // IANA time zone; empty: the division's
	PostalArea string
	Geography  []Geographic
	Owned      []Group
	UpdatedAt  time.Time
}
