package letter

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"carillon/core/customer"
	"carillon/core/extract"
	"carillon/core/fault"
	"carillon/core/message"
)

const (
	maxLines = 3 // name lines of the classic record
	moment   = "2006-01-02T15:04:05.000Z"
)

// record is a letter as the document management system reads it. Its fields keep this order, and all are always
// there, so that a record is the same bytes whenever it is made of the same letter.
type record struct {
	ID              string          `json:"id"`
	Batch           string          `json:"batch"`
	Run             int64           `json:"run"`
	Sequence        int64           `json:"sequence"`
	Template        string          `json:"template"`
	TemplateVersion int64           `json:"templateVersion"`
	Division        string          `json:"division"`
	Source          string          `json:"source"`
	Reference       string          `json:"reference"`
	Contact         string          `json:"contact"`
	Person          string          `json:"person"`
	Account         string          `json:"account"`
	Language        string          `json:"language"`
	Recipient       recipient       `json:"recipient"`
	Address         customer.Postal `json:"address"`
	Data            map[string]any  `json:"data"` // marshalled with its names in order
	AcceptedAt      string          `json:"acceptedAt"`
	FrozenAt        string          `json:"frozenAt"`
}

type recipient struct {
	Lines []string `json:"lines"`
}

// Freeze makes the record of a message in its place in a run: number is 1, 2, … within it. The names are the
// recipient's lines, at most three. The same input gives the same bytes; numbers of the data stay as they were
// written. Faults: Refused with the code no_address when there is no address, or bad_address when a part of it that
// must be there is missing or too long; Invalid when the message is no letter or has more name lines.
func Freeze(batch string, run, number int64, m message.Message, names []string, postal customer.Postal, frozenAt time.Time) (extract.Letter, error) {
	if m.Channel != message.Letter {
		return extract.Letter{}, fault.New(fault.Invalid, "the message is no letter")
	}
	if postal == (customer.Postal{}) {
		return extract.Letter{}, fault.Provider(fault.Refused, "no_address", "the letter has no address", nil)
	}
	if len(postal.Violations("")) > 0 {
		return extract.Letter{}, fault.Provider(fault.Refused, "bad_address", "the letter's address is not complete", nil)
	}
	lines, err := nameLines(names)
	if err != nil {
		return extract.Letter{}, err
	}
	data, err := dataOf(m)
	if err != nil {
		return extract.Letter{}, err
	}
	text, err := canonical(record{
		ID: m.ID.String(), Batch: batch, Run: run, Sequence: number, Template: m.Template, TemplateVersion: m.Config,
		Division: m.Division, Source: m.Source, Reference: m.Reference, Contact: m.Origin.Contact.String(),
		Person: m.Recipient.Person.String(), Account: m.Account, Language: m.Recipient.Language,
		Recipient: recipient{Lines: lines}, Address: postal, Data: data,
		AcceptedAt: m.AcceptedAt.UTC().Format(moment), FrozenAt: frozenAt.UTC().Format(moment),
	})
	if err != nil {
		return extract.Letter{}, err
	}
	return extract.Letter{Batch: batch, Run: run, Number: number, Message: m.ID, Key: m.OrderKey(), Route: m.Route, Record: text}, nil
}

// nameLines leaves out blank lines.
func nameLines(names []string) ([]string, error) {
	lines := make([]string, 0, maxLines)
	for _, n := range names {
		if n = strings.TrimSpace(n); n != "" {
			lines = append(lines, n)
		}
	}
	if len(lines) > maxLines {
		return nil, fault.New(fault.Invalid, "a letter has at most three name lines")
	}
	return lines, nil
}

// dataOf is the data a letter was accepted with, its numbers untouched.
func dataOf(m message.Message) (map[string]any, error) {
	c, err := m.Filled()
	if err != nil {
		return nil, fault.New(fault.Invalid, "the message holds no letter")
	}
	if c.Data == nil {
		c.Data = map[string]any{}
	}
	return c.Data, nil
}

// canonical is the record on one line, without the escapes that only a web page needs.
func canonical(r record) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return "", fault.New(fault.Invalid, "the letter cannot be written as a record")
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}
