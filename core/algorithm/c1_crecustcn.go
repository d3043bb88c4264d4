package algorithm

import (
	"strconv"
	"strings"

	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/plugin"
)

// longestComments is the width of a contact's comments (process 3.4.1.1, steps 1.1 and 1.2, A254).
const longestComments = 254

// createCustCn is C1-CreCustCn, the plug-in script that the creators share: it makes the contact of an event by the
// parameters of the plug. Hung on a spot itself it is the plain creator of any event, and that of a deposit review.
func createCustCn(o contact.Occasion, p plugin.Parameters) (contact.Creation, error) {
	class, code := o.Class, o.Type
	if named := p[paramType]; named != "" {
		class, code, _ = strings.Cut(named, "/")
	}
	return createContact(o, p, class, code)
}

// createContact makes a contact of a class and type. Person, account and premise are filled only where the type allows
// them (process 3.4.1.1, step 2.2): what it does not allow is left out and fails nothing.
func createContact(o contact.Occasion, p plugin.Parameters, class, code string) (contact.Creation, error) {
	if class == "" || code == "" {
		return contact.Creation{}, refuse("/event", "no contact class and type are configured for it")
	}
	kind, known := o.Types(class, code)
	if !known || kind.Inactive {
		return contact.Creation{}, refuse("/event", "contact type "+class+"/"+code+" is not configured or is inactive")
	}
	if kind.Person == contact.Required && !o.Someone() {
		return contact.Creation{}, refuse("/account", "names no loaded account with a main customer, and the event names nobody: contact type "+
			class+"/"+code+" needs a person")
	}
	add := plugin.AddContact{Class: class, Type: code, Comments: comments(o, p)}
	if kind.Person != contact.NotAllowed {
		add.Person = int64(o.Person)
	}
	if kind.Account != contact.NotAllowed {
		add.Account = o.Account
	}
	if kind.Premise != contact.NotAllowed {
		add.Premise = o.Premise
	}
	if pointer := p[paramCharacteristic]; pointer != "" {
		add.Characteristics = []plugin.Characteristic{{Type: pointer, Value: o.Event.Object}}
	}
	return contact.Creation{Add: add}, nil
}

// comments are the configured message with the values of the event, else the event's own description, cut to the field.
func comments(o contact.Occasion, p plugin.Parameters) string {
	text := o.Event.Description
	if category, number, named := strings.Cut(p[paramMessage], "/"); named {
		n, err := strconv.Atoi(number)
		if said := o.Text(category, n, o.Event.Values()...); err == nil && said != "" {
			text = said
		}
	}
	if all := []rune(text); len(all) > longestComments {
		text = string(all[:longestComments])
	}
	return text
}

func refuse(field, reason string) error {
	return fault.Refuse(fault.Violation{Field: field, Reason: reason})
}

// The parameters that creators share.
const (
	paramType           = "contactType"
	paramMessage        = "message"
	paramCharacteristic = "characteristic"
)

// creating are the parameters of a creator. Where the configuration object names the contact, its type need not be told.
func creating(typeNeeded, characteristicNeeded bool) []plugin.Parameter {
	return []plugin.Parameter{
		{Name: paramType, Kind: plugin.ContactKind, Required: typeNeeded, Tells: "CLASS/TYPE of the contact"},
		{Name: paramMessage, Kind: plugin.MessageRef, Tells: "CATEGORY/NUMBER of the message that is its comments; without one, the event's description is"},
		{Name: paramCharacteristic, Kind: plugin.CharType, Required: characteristicNeeded, Tells: "characteristic of the contact that holds the id of the source object"},
	}
}

// creationSpots are where creators hang: each at home on one, and on any other with other parameters (process 3.4.1.1,
// step 2.2: "they may also be added to any processes by using parameters").
func creationSpots(home plugin.Spot) []plugin.Spot {
	all := []plugin.Spot{
		{Owner: "customer_class", Event: "order_completion"},
		{Owner: "campaign", Event: "order_completion"},
		{Owner: "lead_event_type", Event: "lead_event"},
		{Owner: "service_credit_membership_type", Event: "creation"},
		{Owner: "service_credit_membership_type", Event: "activation"},
		{Owner: "sa_type", Event: "activation"},
		{Owner: "meter_reader_remark", Event: "remark_action"},
		{Owner: "field_activity_remark", Event: "activation"},
		{Owner: "service_task_type", Event: "processing"},
		{Owner: "adjustment_type", Event: "freeze"},
		{Owner: "deposit_class", Event: "review_method"},
		{Owner: "collection_event_type", Event: "activation"},
		{Owner: "severance_event_type", Event: "activation"},
		{Owner: "write_off_event_type", Event: "activation"},
		{Owner: "overdue_event_type", Event: "activation"},
		{Owner: "cut_event_type", Event: "activation"},
		{Owner: "workflow_process_template", Event: "activation"},
		{Owner: "case_type", Event: "enter_status"},
		{Owner: "activity_request_type", Event: "processing"},
	}
	spots := []plugin.Spot{home}
	for _, s := range all {
		if s != home {
			spots = append(spots, s)
		}
	}
	return spots
}
