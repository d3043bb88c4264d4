package config

import (
	"slices"
	"strconv"
	"time"

	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/notice"
	"carillon/core/template"
)

// maxRoute keeps lane numbers within 16 bits.
const maxRoute = 8000

// linter collects what is wrong with a document.
type linter struct {
	doc   Document
	wrong []fault.Violation
}

// Lint returns everything that is wrong with a document, each with the row and field it stands in. What a
// template needs from its renderer is checked by whoever writes the configuration.
func Lint(d Document) []fault.Violation {
	l := &linter{doc: d}
	if len(d.Divisions) == 0 {
		l.add("/divisions", "name at least one division")
	}
	for _, v := range d.Divisions {
		l.division(v)
	}
	unique(l, "/divisions", d.Divisions, func(v Division) string { return v.Code })
	unique(l, "/routes", d.Routes, func(v Route) string { return v.Code })
	unique(l, "/routes/number", d.Routes, func(v Route) string { return strconv.Itoa(int(v.Number)) })
	for _, v := range d.Routes {
		l.route(v)
	}
	unique(l, "/classes", d.Classes, func(v contact.Class) string { return v.Code })
	unique(l, "/types", d.Types, func(v ContactType) string { return typeKey(v.Class, v.Code) })
	for _, v := range d.Types {
		l.contactType(v)
	}
	unique(l, "/templates", d.Templates, func(v template.Template) string { return v.Code })
	l.templates()
	return l.wrong
}

func (l *linter) add(field, reason string) {
	l.wrong = append(l.wrong, fault.Violation{Field: field, Reason: reason})
}

func (l *linter) division(v Division) {
	at := "/divisions/" + v.Code
	if v.Code == "" {
		l.add(at, "needs a code")
	}
	l.place(at, v)
	for channel, w := range v.Windows {
		if w.Validate() != nil {
			l.add(at+"/windows/"+string(channel), "opens before it closes on the same day, as 08:00 and 21:00")
		}
	}
	for channel, code := range v.Routes {
		i := slices.IndexFunc(l.doc.Routes, func(r Route) bool { return r.Code == code })
		if i < 0 || l.doc.Routes[i].Channel != channel {
			l.add(at+"/routes/"+string(channel), "names no route of that channel")
		}
	}
	for name, code := range map[string]string{"stop": v.Replies.Stop, "help": v.Replies.Help} {
		if code != "" && !l.hasTemplate(code, message.SMS) {
			l.add(at+"/replies/"+name, "names no sms template")
		}
	}
}

// place is where a division is and what is spoken there.
func (l *linter) place(at string, v Division) {
	if _, err := time.LoadLocation(v.Zone); err != nil || v.Zone == "" || v.Zone == "Local" { // Local is wherever we happen to run
		l.add(at+"/zone", "is not an IANA time zone")
	}
	if len(v.Country) != 2 {
		l.add(at+"/country", "is a country of two letters, as US")
	}
	if v.Language == "" {
		l.add(at+"/language", "is required, as en-US")
	}
}

func (l *linter) route(v Route) {
	at := "/routes/" + v.Code
	if v.Code == "" {
		l.add(at, "needs a code")
	}
	if v.Number < 1 || v.Number > maxRoute {
		l.add(at+"/number", "is between 1 and "+strconv.Itoa(maxRoute))
	}
	if !slices.Contains(message.Channels(), v.Channel) {
		l.add(at+"/channel", "is letter, sms, email or voice")
	}
	if v.Provider == "" {
		l.add(at+"/provider", "is required")
	}
	if v.Slots < 0 || v.Attempts < 0 {
		l.add(at+"/slots", "slots and attempts are not negative")
	}
	l.pace(at, v)
	for u, age := range v.Age {
		if age < notice.Span(time.Minute) {
			l.add(at+"/age/"+u.String(), "is at least one minute")
		}
	}
}

func (l *linter) contactType(v ContactType) {
	at := "/types/" + typeKey(v.Class, v.Code)
	if v.Code == "" {
		l.add(at, "needs a code")
	}
	if !slices.ContainsFunc(l.doc.Classes, func(c contact.Class) bool { return c.Code == v.Class }) {
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
	if v.Division != "" && !slices.ContainsFunc(l.doc.Divisions, func(d Division) bool { return d.Code == v.Division }) {
		l.add(at+"/division", "names no division")
	}
	l.steps(at, v)
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

// parts are what a template of each channel must and may bring.
func parts(channel string) (must, may []string, known bool) {
	switch message.Channel(channel) {
	case message.SMS:
		return []string{"text"}, nil, true
	case message.Email:
		return []string{"subject", "text"}, []string{"html"}, true
	case message.Voice:
		return []string{"script"}, nil, true
	case message.Letter:
		return nil, nil, true
	}
	return nil, nil, false
}

func (l *linter) templates() {
	for _, v := range l.doc.Templates {
		at := "/templates/" + v.Code
		must, may, known := parts(v.Channel)
		if !known {
			l.add(at+"/channel", "is letter, sms, email or voice")
			continue
		}
		for _, p := range must {
			if v.Parts[p] == "" {
				l.add(at+"/parts/"+p, "is required")
			}
		}
		for p := range v.Parts {
			if !slices.Contains(must, p) && !slices.Contains(may, p) {
				l.add(at+"/parts/"+p, "is no part of this channel")
			}
		}
	}
}

func (l *linter) hasTemplate(code string, c message.Channel) bool {
	return slices.ContainsFunc(l.doc.Templates, func(t template.Template) bool {
		return t.Code == code && t.Channel == string(c)
	})
}

// unique adds a violation for every code that stands twice.
func unique[T any](l *linter, at string, items []T, code func(T) string) {
	seen := make(map[string]bool, len(items))
	for _, it := range items {
		c := code(it)
		if seen[c] {
			l.add(at+"/"+c, "is there twice")
		}
		seen[c] = true
	}
}
