package config

import (
	"slices"
	"strconv"
	"strings"

	"carillon/core/contact"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/plugin"
)

// Entities are the kinds of object that characteristics hang on and point at.
const (
	contactEntity     = "contact"
	todoEntity        = "todo"
	caseEntity        = "case"
	activityEntity    = "field_activity"
	remarkEntity      = "field_activity_remark"
	serviceTaskEntity = "service_task"
)

// schemasOf are the business objects that a kind of object may name: the schemas that the house serves.
func schemasOf(kind string) []string {
	switch kind {
	case KindType:
		return []string{"C1-CreateCustomerContact", "C1-ExpireCreditCardCustContact", "C2M-CreateAdjCustomerContact", "C1-FWCustomerContact"}
	case string(LeadEventType):
		return []string{"C1-LeadEvtTypeCreCCAbtInitv"}
	case string(ServiceTaskType):
		return []string{"C1-CreateCustContactTaskType"}
	case string(AdjustmentType):
		return []string{"C2M-CreateAdjCustomerContact"}
	case string(ActivityRequestType):
		return []string{"C1-ExpireCreditCardCustContact"}
	}
	return nil
}

func (l *linter) businessObject(at, kind, code string) {
	if code != "" && !slices.Contains(schemasOf(kind), code) {
		l.add(at+"/businessObject", "names no business object of this kind")
	}
}

func (l *linter) contactType(v ContactType) {
	at := "/types/" + typeKey(v.Class, v.Code)
	if !l.has[KindClass][v.Class] {
		l.add(at+"/class", "names no contact class")
	}
	for name, u := range map[string]contact.Usage{"person": v.Person, "account": v.Account, "premise": v.Premise} {
		if u != contact.Required && u != contact.Optional && u != contact.NotAllowed {
			l.add(at+"/"+name, "is required, optional or not_allowed")
		}
	}
	if v.Person == contact.NotAllowed && v.Premise == contact.NotAllowed {
		l.add(at+"/person", "person and premise cannot both be not_allowed")
	}
	l.names(at+"/division", KindDivision, v.Division)
	l.steps(at, v)
	l.action(at, v)
	l.businessObject(at, KindType, v.BusinessObject)
	l.characteristics(at, contactEntity, v.Characteristics)
}

// action checks what a contact of the type does of itself (process 3.4.1.1, steps 1.1 and 1.2).
func (l *linter) action(at string, v ContactType) {
	sends := v.Send != nil || len(v.Plan.Steps) > 0
	switch v.Action {
	case contact.NoAction, contact.RecordNotification:
		if v.LetterTemplate != "" {
			l.add(at+"/letterTemplate", "is for a type whose action is send_letter")
		}
		if v.Action == contact.RecordNotification && sends {
			l.add(at+"/action", "a type that records a notification sends nothing itself")
		}
	case contact.SendLetter:
		l.letter(at, v)
	default:
		l.add(at+"/action", "is send_letter, record_notification or left out")
	}
}

func (l *linter) letter(at string, v ContactType) {
	switch {
	case v.LetterTemplate == "":
		l.add(at+"/letterTemplate", "is required of a type that sends a letter")
	case !l.hasTemplate(v.LetterTemplate, message.Letter):
		l.add(at+"/letterTemplate", "names no letter template")
	default:
		steps := v.planned().Plan.Steps
		if !slices.ContainsFunc(steps, func(s plan.StepRule) bool { return s.Channel == message.Letter && s.Template == v.LetterTemplate }) {
			l.add(at+"/letterTemplate", "is in no step of the plan")
		}
	}
	if v.Person != contact.Required {
		l.add(at+"/person", "a letter is written to a person: required")
	}
}

func (l *linter) steps(at string, v ContactType) {
	if v.Send != nil && len(v.Plan.Steps) > 0 {
		l.add(at+"/send", "is for a type without a plan")
	}
	v = v.planned()
	if len(v.Plan.Steps) > 0 && v.Person == contact.NotAllowed {
		l.add(at+"/person", "a type that sends needs somebody to send to")
	}
	for i, s := range v.Plan.Steps {
		step := at + "/plan/steps/" + strconv.Itoa(i)
		if !l.hasTemplate(s.Template, s.Channel) {
			l.add(step+"/template", "names no template of the step's channel")
		}
		for _, d := range l.doc.Divisions {
			if _, ok := d.Routes[s.Channel]; !ok && (v.Division == "" || v.Division == d.Code) {
				l.add(step+"/channel", "division "+d.Code+" has no route for it")
			}
		}
	}
}

// shorthands are unique within a division; that of a type of every division, within all. Case does not tell them apart.
func (l *linter) shorthands() {
	for i, v := range l.doc.Types {
		at := "/types/" + typeKey(v.Class, v.Code) + "/shorthand"
		if strings.ContainsAny(v.Shorthand, " \t\n") {
			l.add(at, "is one word")
		}
		for _, w := range l.doc.Types[:i] {
			if v.Shorthand != "" && strings.EqualFold(v.Shorthand, w.Shorthand) && (v.Division == "" || w.Division == "" || v.Division == w.Division) {
				l.add(at, "is that of "+typeKey(w.Class, w.Code)+" already")
			}
		}
	}
}

// characteristics checks how objects of an entity carry them.
func (l *linter) characteristics(at, entity string, uses []plugin.CharacteristicUse) {
	types, sequences := make(map[string]bool), make(map[int]bool)
	for i, u := range uses {
		use := at + "/characteristics/" + strconv.Itoa(i)
		if types[u.Type] {
			l.add(use+"/type", "is there twice")
		}
		if u.Sequence != 0 && sequences[u.Sequence] {
			l.add(use+"/sequence", "is there twice")
		}
		types[u.Type], sequences[u.Sequence] = true, true
		t, known := l.characteristicType(u.Type)
		switch {
		case !known:
			l.add(use+"/type", "names no characteristic type")
		case !slices.Contains(t.Entities, entity):
			l.add(use+"/type", "is not for a "+strings.ReplaceAll(entity, "_", " "))
		case u.Default != "" && t.Check(u.Default) != "":
			l.add(use+"/default", t.Check(u.Default))
		}
	}
}

func (l *linter) characteristicType(code string) (CharacteristicType, bool) {
	i := slices.IndexFunc(l.doc.CharacteristicTypes, func(t CharacteristicType) bool { return t.Code == code })
	if i < 0 {
		return CharacteristicType{}, false
	}
	return l.doc.CharacteristicTypes[i], true
}
