package config

import (
	"maps"
	"slices"
	"strings"

	"carillon/core/fault"
	"carillon/core/plugin"
)

// Validator checks an object when it is configured (spot lead_event_type/validation): what it returns names fields of the
// object, as /message/sender.
type Validator func(o Owner, d Document, p plugin.Parameters) []fault.Violation

// LintPlugs returns everything that is wrong with what hangs on the spots of a document, each with the plug it stands in:
// an owner or an algorithm that is not there (codes are case-sensitive), an algorithm that does not hang there, parameters
// that are unknown, missing, badly written or name what is not configured, and a contact type that the event can never
// satisfy.
func LintPlugs(d Document, c plugin.Catalog) []fault.Violation {
	l := &linter{doc: d}
	l.keys()
	l.wrong = nil // they are Lint's to tell
	only := make(map[string]bool)
	for _, p := range d.Plugs {
		at := place("plugs", p.key())
		spot := l.spot(at, p)
		if single(spot) {
			if only[p.Owner+"/"+p.Event] {
				l.add(at, "is a second algorithm where one hangs")
			}
			only[p.Owner+"/"+p.Event] = true
		}
		a, known := c.Find(p.Code)
		switch {
		case !known:
			l.add(at+"/code", unknown(c, p.Code))
			continue
		case !slices.Contains(a.Spots, spot):
			l.add(at+"/code", p.Code+" does not hang on "+spot.String()+"; it hangs on "+spots(a))
		}
		l.parameters(at, spot, a, p)
		if makes, _, _ := Brings(spot); makes {
			l.creator(at, spot, a, p)
		}
	}
	return l.wrong
}

// single tells the spots of one algorithm: what it says is the format, or the line (process 3.3.2.3, step 1.0).
func single(s plugin.Spot) bool {
	switch s.String() {
	case "phone_type/format", "installation/person_information", "installation/account_information":
		return true
	}
	return false
}

// Validate runs the validators that hang on the objects of a document; each violation names the object's field.
func Validate(d Document, run map[string]Validator) []fault.Violation {
	x := index(d.Elements)
	s := Snapshot{elements: x}
	var wrong []fault.Violation
	for _, o := range d.Owners {
		for _, p := range s.PlugsOf(string(o.Kind), o.Code, "validation") {
			validate, known := run[p.Code]
			if !known {
				continue // LintPlugs tells
			}
			for _, v := range validate(o, d, p.Parameters) {
				v.Field = place("owners", ownerKey(o.Kind, o.Code)) + v.Field
				wrong = append(wrong, v)
			}
		}
	}
	return wrong
}

// unknown says that a code is none, and which is probably meant.
func unknown(c plugin.Catalog, code string) string {
	for _, a := range c {
		if strings.EqualFold(a.Code, code) {
			return "names no algorithm; codes are case-sensitive: " + a.Code
		}
	}
	return "names no algorithm"
}

func spots(a plugin.Algorithm) string {
	var names []string
	for _, s := range a.Spots {
		names = append(names, s.String())
	}
	return strings.Join(names, ", ")
}

// spot checks where a plug hangs.
func (l *linter) spot(at string, p Plug) plugin.Spot {
	kind, code, own := strings.Cut(p.Owner, ":")
	switch {
	case kind == kindInstallation:
		if own {
			l.add(at+"/owner", "the installation has no code")
		}
	case !hangs(kind):
		l.add(at+"/owner", "names no kind of object that algorithms hang on")
	case own && !l.owns(kind, code):
		l.add(at+"/owner", "names no "+strings.ReplaceAll(l.wordOf(kind), "_", " "))
	}
	if p.Event == "" {
		l.add(at+"/event", "is required")
	}
	if p.Sequence < 1 {
		l.add(at+"/sequence", "is at least 1")
	}
	l.status(at, kind, code, p)
	return plugin.Spot{Owner: kind, Event: p.Event}
}

// hangs reports whether algorithms hang on objects of a kind.
func hangs(kind string) bool {
	switch kind {
	case kindToDoType, kindPhoneType, kindZone, kindCustomerClass, kindSAType, kindDepositClass:
		return true
	}
	return slices.Contains(OwnerKinds(), OwnerKind(kind))
}

func (l *linter) owns(kind, code string) bool {
	switch {
	case code == "":
		return false
	case kind == kindSAType: // of whatever division
		return slices.ContainsFunc(l.doc.SATypes, func(t SAType) bool { return t.Code == code })
	case slices.Contains(OwnerKinds(), OwnerKind(kind)):
		return l.has[kindOwner][ownerKey(OwnerKind(kind), code)]
	}
	return l.has[kind][code]
}

func (l *linter) wordOf(kind string) string {
	if word, known := l.word[kind]; known {
		return word
	}
	return kind
}

// status is the status of a case type at which an algorithm runs.
func (l *linter) status(at, kind, code string, p Plug) {
	if kind != string(CaseType) || p.Event != "enter_status" {
		if p.Status != "" {
			l.add(at+"/status", "is for case_type/enter_status")
		}
		return
	}
	lawful := slices.ContainsFunc(l.doc.Owners, func(o Owner) bool {
		return o.Kind == CaseType && (code == "" || o.Code == code) && slices.Contains(o.Statuses, p.Status)
	})
	if !lawful {
		l.add(at+"/status", "is a status of the case type")
	}
}

func (l *linter) parameters(at string, spot plugin.Spot, a plugin.Algorithm, p Plug) {
	at += "/parameters"
	for _, name := range slices.Sorted(maps.Keys(p.Parameters)) {
		if !slices.ContainsFunc(a.Parameters, func(q plugin.Parameter) bool { return q.Name == name }) {
			l.add(at+"/"+name, "is no parameter of "+a.Code)
		}
	}
	for _, q := range a.Parameters {
		field, value := at+"/"+q.Name, p.Parameters[q.Name]
		if reason := q.Check(value); reason != "" {
			l.add(field, reason)
			continue
		}
		if value != "" {
			l.refers(field, spot, q.Kind, value)
		}
	}
}

// refers checks that what a parameter names is configured.
func (l *linter) refers(field string, spot plugin.Spot, kind plugin.ParameterKind, value string) {
	switch kind {
	case plugin.ContactKind:
		if makes, _, _ := Brings(spot); !makes { // else creator tells
			l.names(field, KindType, value)
		}
	case plugin.CharType:
		l.names(field, kindCharType, value)
	case plugin.MessageRef:
		category, number, _ := strings.Cut(value, "/")
		l.message(field, category, atoi(number))
	case plugin.ToDoKind:
		l.names(field, kindToDoType, value)
	case plugin.RoleCode:
		l.names(field, kindToDoRole, value)
	case plugin.TemplateRef:
		l.names(field, KindTemplate, value)
	default: // it names nothing
	}
}

// creator checks the contacts that a plug makes at a spot: that of its parameter, else those that the owners there name.
func (l *linter) creator(at string, spot plugin.Spot, a plugin.Algorithm, p Plug) {
	kind := slices.IndexFunc(a.Parameters, func(q plugin.Parameter) bool { return q.Kind == plugin.ContactKind })
	if kind < 0 {
		return
	}
	given := "" // the characteristic that it gives its contacts
	for _, q := range a.Parameters {
		if q.Kind == plugin.CharType {
			given = p.Parameters[q.Name]
		}
	}
	field := at + "/parameters/" + a.Parameters[kind].Name
	if key := p.Parameters[a.Parameters[kind].Name]; key != "" {
		l.makes(field, spot, key, given)
		l.carries(at, key, given)
		return
	}
	if a.Parameters[kind].Required {
		return // it is missing, as parameters tells
	}
	for _, o := range l.ownersAt(p) {
		if o.Contact == nil {
			l.add(field, "is required: "+ownerKey(o.Kind, o.Code)+" names no contact type itself")
			continue
		}
		l.carries(at, typeKey(o.Contact.Class, o.Contact.Type), given)
	}
}

// carries checks that contacts of a type carry the characteristic that they are given.
func (l *linter) carries(at, key, given string) {
	t, known := l.typeOf(key)
	if given == "" || !known {
		return
	}
	if !slices.ContainsFunc(t.Characteristics, func(u plugin.CharacteristicUse) bool { return u.Type == given }) {
		l.add(at+"/parameters", "contact type "+key+" does not carry characteristic "+given)
	}
}

// ownersAt are the objects of the CIS at which a plug runs: the one it names, else all of its kind that have none of their
// own.
func (l *linter) ownersAt(p Plug) []Owner {
	kind, code, own := strings.Cut(p.Owner, ":")
	var at []Owner
	for _, o := range l.doc.Owners {
		mine := func(q Plug) bool { return q.Owner == ownerKey(o.Kind, o.Code) && q.Event == p.Event }
		if string(o.Kind) == kind && (own && o.Code == code || !own && !slices.ContainsFunc(l.doc.Plugs, mine)) {
			at = append(at, o)
		}
	}
	return at
}
