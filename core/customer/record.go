package customer

import (
	"encoding/json"

	"carillon/core/fault"
	"carillon/core/plugin"
)

// personDetail, accountDetail and premiseDetail are what a store keeps of an object as one text: what nothing is looked
// up by.
type personDetail struct {
	Kind            PersonKind              `json:"kind,omitempty"`
	Mailing         Mailing                 `json:"mailing,omitzero"`
	Seasons         []Season                `json:"seasons,omitempty"`
	Silent          bool                    `json:"silent,omitempty"`
	Characteristics []plugin.Characteristic `json:"characteristics,omitempty"`
}

type accountDetail struct {
	Class           string                  `json:"class,omitempty"`
	CollectionClass string                  `json:"collectionClass,omitempty"`
	ManagementGroup string                  `json:"managementGroup,omitempty"`
	Currency        string                  `json:"currency,omitempty"`
	BillCycle       string                  `json:"billCycle,omitempty"`
	ProtectCycle    bool                    `json:"protectCycle,omitempty"`
	Comments        string                  `json:"comments,omitempty"`
	Alerts          []UserAlert             `json:"alerts,omitempty"`
	Characteristics []plugin.Characteristic `json:"characteristics,omitempty"`
}

type premiseDetail struct {
	Type       string       `json:"type,omitempty"`
	Address    Postal       `json:"address"`
	Zone       string       `json:"zone,omitempty"`
	PostalArea string       `json:"postalArea,omitempty"`
	Geography  []Geographic `json:"geography,omitempty"`
}

// written is a value as canonical JSON; a value that says nothing is the empty text.
func written(v any) string {
	b, err := json.Marshal(v)
	if err != nil || string(b) == "{}" { // strings always marshal
		return ""
	}
	return string(b)
}

func parsed(text string, into any) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fault.New(fault.Invalid, "the details of a customer's record cannot be read")
	}
	return nil
}

// Detail is what a store keeps of the person as one text.
func (p Person) Detail() string {
	return written(personDetail{p.Kind, p.Mailing, p.Seasons, p.Silent, p.Characteristics})
}

// ReadDetail puts the text of [Person.Detail] back.
func (p *Person) ReadDetail(text string) error {
	var d personDetail
	err := parsed(text, &d)
	p.Kind, p.Mailing, p.Seasons, p.Silent, p.Characteristics = d.Kind, d.Mailing, d.Seasons, d.Silent, d.Characteristics
	return err
}

// Detail is what a store keeps of the account as one text.
func (a Account) Detail() string {
	return written(accountDetail{
		a.Class, a.CollectionClass, a.ManagementGroup, a.Currency, a.BillCycle, a.ProtectCycle, a.Comments, a.Alerts, a.Characteristics,
	})
}

// ReadDetail puts the text of [Account.Detail] back.
func (a *Account) ReadDetail(text string) error {
	var d accountDetail
	err := parsed(text, &d)
	a.Class, a.CollectionClass, a.ManagementGroup, a.Currency = d.Class, d.CollectionClass, d.ManagementGroup, d.Currency
	a.BillCycle, a.ProtectCycle, a.Comments, a.Alerts, a.Characteristics = d.BillCycle, d.ProtectCycle, d.Comments, d.Alerts, d.Characteristics
	return err
}

// Detail is what a store keeps of the person on the account as one text.
func (p AccountPerson) Detail() string { return written(p) }

// ReadDetail puts the text of [AccountPerson.Detail] back.
func (p *AccountPerson) ReadDetail(text string) error { return parsed(text, p) }

// Detail is what a store keeps of the premise as one text.
func (p Premise) Detail() string {
	return written(premiseDetail{p.Type, p.Address, p.Zone, p.PostalArea, p.Geography})
}

// ReadDetail puts the text of [Premise.Detail] back.
func (p *Premise) ReadDetail(text string) error {
	var d premiseDetail
	err := parsed(text, &d)
	p.Type, p.Address, p.Zone, p.PostalArea, p.Geography = d.Type, d.Address, d.Zone, d.PostalArea, d.Geography
	return err
}
