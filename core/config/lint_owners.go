package config

import (
	"slices"
	"strings"

	"carillon/core/contact"
	"carillon/core/plugin"
)

// eventTypeOf is the kind of the event types of a process template; "" for what is none, or has none.
func eventTypeOf(k OwnerKind) OwnerKind {
	switch k {
	case CollectionTemplate:
		return CollectionEventType
	case SeveranceTemplate:
		return SeveranceEventType
	case WriteOffTemplate:
		return WriteOffEventType
	case OverdueTemplate:
		return OverdueEventType
	case CutTemplate:
		return CutEventType
	default:
		return ""
	}
}

// entityOf is what the characteristics of an owner hang on; "" for an owner that has none.
func entityOf(k OwnerKind) string {
	switch k {
	case FieldActivityType:
		return activityEntity
	case FieldActivityRemark:
		return remarkEntity
	case ServiceTaskType:
		return serviceTaskEntity
	case CaseType:
		return caseEntity
	default:
		return ""
	}
}

// ruled reports whether an owner names its contact itself; the others have it in the parameters of what hangs on them
// (process 3.4.1.1, step 2.2).
func ruled(k OwnerKind) bool {
	switch k {
	case LeadEventType, ServiceTaskType, CollectionEventType, SeveranceEventType, WriteOffEventType, WorkflowTemplate:
		return true
	default:
		return false
	}
}

func (l *linter) owner(v Owner) {
	at := place("owners", ownerKey(v.Kind, v.Code))
	if !slices.Contains(OwnerKinds(), v.Kind) {
		l.add(at+"/kind", "is no kind of owner")
		return
	}
	if len(v.Characteristics) > 0 && entityOf(v.Kind) == "" {
		l.add(at+"/characteristics", "are not for a "+string(v.Kind))
	} else {
		l.characteristics(at, entityOf(v.Kind), v.Characteristics)
	}
	l.statuses(at, v)
	l.events(at, v)
	l.contactRule(at, v)
	l.messageRule(at, v)
	l.businessObject(at, string(v.Kind), v.BusinessObject)
}

func (l *linter) statuses(at string, v Owner) {
	if v.Kind != CaseType {
		if len(v.Statuses) > 0 {
			l.add(at+"/statuses", "are those of a case_type")
		}
		return
	}
	if len(v.Statuses) == 0 {
		l.add(at+"/statuses", "name at least one")
	}
	for i, s := range v.Statuses {
		if s == "" || strings.ContainsAny(s, "/()") || slices.Contains(v.Statuses[:i], s) {
			l.add(at+"/statuses/"+itoa(i), "is a status of its own, without slash and brackets")
		}
	}
}

func (l *linter) events(at string, v Owner) {
	kind := eventTypeOf(v.Kind)
	if kind == "" {
		if len(v.Events) > 0 {
			l.add(at+"/events", "are those of a process template")
		}
		return
	}
	if len(v.Events) == 0 {
		l.add(at+"/events", "name at least one")
	}
	for i, e := range v.Events {
		field := at + "/events/" + itoa(i)
		if i > 0 && e.Sequence <= v.Events[i-1].Sequence || e.Sequence < 1 {
			l.add(field+"/sequence", "is above that of the event before")
		}
		if i > 0 && e.Days < v.Events[i-1].Days || e.Days < 0 {
			l.add(field+"/days", "is not before the event before")
		}
		if !l.has[kindOwner][ownerKey(kind, e.Type)] {
			l.add(field+"/type", "names no "+string(kind))
		}
	}
}

// contactRule checks the contact that an owner makes itself: there is such a type, and what the event brings is enough
// for it (process 3.4.1.1, step 2.2).
func (l *linter) contactRule(at string, v Owner) {
	at += "/contact"
	if v.Contact != nil {
		if !ruled(v.Kind) {
			l.add(at, "is not for a "+string(v.Kind)+": the algorithms on it name their contact type")
			return
		}
		l.makes(at, plugin.Spot{Owner: string(v.Kind), Event: eventOf(v.Kind)}, typeKey(v.Contact.Class, v.Contact.Type), "")
		return
	}
	wanted := v.BusinessObject != "" && (v.Kind == LeadEventType || v.Kind == ServiceTaskType) || v.Kind == WorkflowTemplate
	switch {
	case wanted:
		l.add(at, "is required")
	case v.Kind == LeadEventType && v.Message == nil:
		l.add(at, "a lead event type makes a contact or a message")
	}
}

// eventOf is the system event at which an owner makes the contact of its rule.
func eventOf(k OwnerKind) string {
	switch k {
	case LeadEventType:
		return "lead_event"
	case ServiceTaskType:
		return "processing"
	default:
		return "activation"
	}
}

// makes checks that a contact of a type (CLASS/TYPE) can be made at a spot, with the one characteristic that it is given
// there, if any.
func (l *linter) makes(at string, spot plugin.Spot, key, given string) {
	t, known := l.typeOf(key)
	if !known {
		l.add(at, "names no contact type")
		return
	}
	if t.Inactive {
		l.add(at, "names an inactive contact type")
	}
	for _, u := range t.Characteristics {
		// A service task may bring whatever its contact carries.
		if u.Required && u.Default == "" && u.Type != given && spot.Owner != string(ServiceTaskType) {
			l.add(at, "contact type "+key+" requires characteristic "+u.Type+", and nothing gives it")
		}
	}
	person, account, premise := Brings(spot)
	for _, u := range []struct {
		name   string
		usage  contact.Usage
		brings bool
	}{{"person", t.Person, person}, {"account", t.Account, account}, {"premise", t.Premise, premise}} {
		if u.usage == contact.Required && !u.brings {
			l.add(at, "contact type "+key+" requires a "+u.name+", and "+spot.String()+" brings none")
		}
	}
}

func (l *linter) typeOf(key string) (ContactType, bool) {
	i := slices.IndexFunc(l.doc.Types, func(t ContactType) bool { return typeKey(t.Class, t.Code) == key })
	if i < 0 {
		return ContactType{}, false
	}
	return l.doc.Types[i], true
}

func (l *linter) messageRule(at string, v Owner) {
	at += "/message"
	switch {
	case v.Message == nil:
	case v.Kind != LeadEventType:
		l.add(at, "is for a lead_event_type")
	default: // what a channel asks of it is checked by C1-LDEVTYMVA, where it hangs
		l.oneOf(at+"/channel", v.Message.Channel, "sms", "email")
		l.message(at+"/number", v.Message.Category, v.Message.Number)
	}
}

// Brings says what an event of a spot can bring to the contact it makes (process 3.4.1.1, step 2.2, inputs). A type that requires
// more can never be made there. What a spot that makes no contacts brings is nothing.
func Brings(s plugin.Spot) (person, account, premise bool) {
	switch s.String() {
	case "customer_class/order_completion", "campaign/order_completion", // order: person, account, premise
		"meter_reader_remark/remark_action",    // read → SP, at its premise → SA → account
		"field_activity_remark/activation",     // field activity: premise, SA
		"service_task_type/processing",         // activity → SP → SA → account
		"severance_event_type/activation",      // SA, cut at its premise
		"cut_event_type/activation",            // likewise
		"workflow_process_template/activation", // context: account, SP
		"case_type/enter_status":               // case: person, account, premise
		return true, true, true
	case "service_credit_membership_type/creation", "service_credit_membership_type/activation", // membership of an account
		"sa_type/activation",               // a non-billed budget has no premise
		"adjustment_type/freeze",           // adjustment → SA → account
		"deposit_class/review_method",      // account
		"collection_event_type/activation", // account
		"write_off_event_type/activation",  // account
		"overdue_event_type/activation",    // account
		"activity_request_type/processing": // auto-pay row of an account
		return true, true, false
	case "lead_event_type/lead_event": // lead → person
		return true, false, false
	}
	return false, false, false
}
