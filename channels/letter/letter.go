// Package letter is what a letter is: where it can be posted, what its template needs, and the record into which a
// run of LTRPRT freezes it. A letter has no words of its own here: the document management system composes it from
// the record. It declares the port of whoever takes the records, [Press].
package letter

import (
	"strings"
	"unicode"

	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/template"
)

// Channel is the medium on the side of acceptance: it checks addresses and data. Its zero value is ready.
type Channel struct{}

// Address is the canonical form of an address block, given as the canonical JSON of [customer.Postal]: trimmed, in
// the given country when it names none. fault.Invalid names the wrong fields of the block. A postal address tells no
// time zone.
func (Channel) Address(raw, country string) (customer.Address, []string, error) {
	p, err := customer.ParsePostal(customer.Address(raw))
	if err != nil {
		return "", nil, err
	}
	var wrong []fault.Violation
	for _, f := range []struct {
		name  string
		value *string
	}{
		{"line1", &p.Line1},
		{"line2", &p.Line2},
		{"line3", &p.Line3},
		{"line4", &p.Line4},
		{"city", &p.City},
		{"state", &p.State},
		{"postal", &p.Postal},
		{"country", &p.Country},
	} {
		*f.value = strings.TrimSpace(*f.value)
		if strings.ContainsFunc(*f.value, unicode.IsControl) {
			wrong = append(wrong, fault.Violation{Field: "/" + f.name, Reason: "is one line"})
		}
	}
	if p.Country == "" {
		p.Country = country
	}
	p.Country = strings.ToUpper(p.Country)
	if wrong = append(wrong, p.Violations("")...); len(wrong) > 0 {
		return "", nil, fault.Refuse(wrong...)
	}
	return p.Address(), nil, nil
}

// Fill checks that the data brings what the template requires; the data is the letter's content. A letter renders no
// parts, so the renderer is not used. fault.Invalid names every missing value.
func (Channel) Fill(_ template.Renderer, t template.Template, data map[string]any) (message.Content, error) {
	if wrong := t.Lacking(data); len(wrong) > 0 {
		return message.Content{}, fault.Refuse(wrong...)
	}
	return message.Content{Data: data}, nil
}
