package letter_test

import (
	"encoding/json"
	"testing"
	"time"

	"carillon/channels/letter"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/template"
)

func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

func home() customer.Postal {
	return customer.Postal{Line1: "1 Mill Lane", City: "Albany", State: "NY", Postal: "12207", Country: "US"}
}

func waiting() message.Message {
	m := message.Message{
		ID: message.NewID(noon(), [10]byte{1}), AcceptedAt: noon(), Source: "cis", Division: "NORTH", Channel: message.Letter,
		Origin: message.Origin{Kind: message.FromStep, Contact: 1000000001, Step: 1, Steps: 1}, Account: "NF-1", Reference: "R-1",
		Template: "LT-BILL", Config: 3, Content: `{"data":{"amount":1234.50,"due":"May 1"}}`,
	}
	m.Recipient.Language = "en-US"
	return m
}

func TestFreeze(t *testing.T) {
	t.Parallel()
	t.Run("writes the record of the contract", func(t *testing.T) {
		t.Parallel()
		l, err := letter.Freeze("LTRPRT", 7, 2, waiting(), []string{"Ada Abbott"}, home(), noon())
		if err != nil {
			t.Fatal(err)
		}
		const want = `{"id":"019cae6b-6600-7100-8000-000000000000","batch":"LTRPRT","run":7,"sequence":2,"template":"LT-BILL","templateVersion":3,` +
			`"division":"NORTH","source":"cis","reference":"R-1","contact":"1000000001","person":"","account":"NF-1","language":"en-US",` +
			`"recipient":{"lines":["Ada Abbott"]},"address":{"line1":"1 Mill Lane","city":"Albany","state":"NY","postal":"12207","country":"US"},` +
			`"data":{"amount":1234.50,"due":"May 1"},"acceptedAt":"2026-03-02T12:00:00.000Z","frozenAt":"2026-03-02T12:00:00.000Z"}`
		if l.Record != want {
			t.Errorf("got\n%s\nwant\n%s", l.Record, want)
		}
		if !json.Valid([]byte(l.Record)) || l.Key != "account:NF-1" || l.Run != 7 || l.Number != 2 {
			t.Errorf("got %+v", l)
		}
	})
	t.Run("gives the same bytes for the same letter", func(t *testing.T) {
		t.Parallel()
		a, _ := letter.Freeze("LTRPRT", 7, 2, waiting(), []string{"Ada"}, home(), noon())
		b, _ := letter.Freeze("LTRPRT", 7, 2, waiting(), []string{"Ada"}, home(), noon())
		if a.Record != b.Record || a.Record == "" {
			t.Error("the bytes differ")
		}
	})
	t.Run("refuses a letter without an address", func(t *testing.T) {
		t.Parallel()
		if _, err := letter.Freeze("LTRPRT", 7, 2, waiting(), []string{"Ada"}, customer.Postal{}, noon()); !fault.Is(err, fault.Refused) || fault.CodeOf(err) != "no_address" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("refuses what is no letter", func(t *testing.T) {
		t.Parallel()
		m := waiting()
		m.Channel = message.SMS
		if _, err := letter.Freeze("LTRPRT", 7, 2, m, []string{"Ada"}, home(), noon()); err == nil {
			t.Error("a text was frozen")
		}
	})
}

func TestChannel(t *testing.T) {
	t.Parallel()
	t.Run("takes an address block", func(t *testing.T) {
		t.Parallel()
		got, _, err := letter.Channel{}.Address(home().Address().Reveal(), "US")
		if err != nil || got != home().Address() {
			t.Errorf("got %q, %v", got.Reveal(), err)
		}
	})
	t.Run("refuses one without a city, naming it", func(t *testing.T) {
		t.Parallel()
		bad := home()
		bad.City = ""
		if _, _, err := (letter.Channel{}).Address(bad.Address().Reveal(), "US"); !fault.Is(err, fault.Invalid) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("names data that the template requires", func(t *testing.T) {
		t.Parallel()
		form := template.Template{Code: "L", Channel: "letter", Required: []string{"amount"}}
		if _, err := (letter.Channel{}).Fill(nil, form, map[string]any{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("got %v", err)
		}
		c, err := (letter.Channel{}).Fill(nil, form, map[string]any{"amount": "1"})
		if err != nil || c.Data["amount"] != "1" {
			t.Errorf("got %v, %v", c, err)
		}
	})
}
