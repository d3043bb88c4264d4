package algorithm

import (
	"strconv"
	"time"

	"carillon/core/contact"
	"carillon/core/occurrence"
	"carillon/core/plugin"
)

// paramLead is how many months before its expiry a card's notice is made.
const paramLead = "leadMonths"

// c1ExpCardLe is C1-ExpCardLe, the activity request of the notice that the credit card of automatic payments expires: made
// once per card and expiry, from so many months before the month of the expiry on (process 3.4.1.1, step 2.2). A card that has expired
// gets none: its notice would promise time that is over.
func c1ExpCardLe(o contact.Occasion, p plugin.Parameters) (contact.Creation, error) {
	card, is := o.Event.Detail.(*occurrence.ExpiringCard)
	if !is {
		return createCustCn(o, p)
	}
	expires, err := time.Parse("2006-01", string(card.Expires))
	if err != nil {
		return contact.Creation{}, refuse("/expires", "must be a month, as 2026-03")
	}
	today, err := time.Parse(time.DateOnly, o.Today)
	if err != nil {
		return contact.Creation{}, err
	}
	lead, err := strconv.Atoi(p[paramLead])
	if err != nil {
		lead = defaultLead
	}
	months := (expires.Year()-today.Year())*12 + int(expires.Month()-today.Month())
	switch {
	case months < 0:
		return contact.Creation{Skipped: contact.Expired}, nil
	case months > lead:
		return contact.Creation{Skipped: contact.NotDue, Later: true}, nil
	}
	return createCustCn(o, p)
}

// defaultLead is the lead of a plug that names none: a month to get a new card into the hands of the payer.
const defaultLead = 1

func c1ExpCardLeAbout() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "C1-ExpCardLe", Tells: "Creates the notice that the credit card of automatic payments expires, once per card and expiry.",
		Spots: []plugin.Spot{{Owner: "activity_request_type", Event: "processing"}},
		Parameters: append(creating(true, false), plugin.Parameter{
			Name: paramLead, Kind: plugin.Integer, Default: strconv.Itoa(defaultLead), Most: 24, Tells: "months before the month of the expiry from which the notice is made",
		}),
	}
}
