package config

import (
	"slices"
	"strconv"
	"time"

	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/template"
)

// maxRoute keeps lane numbers within 16 bits.
const maxRoute = 8000

// linter collects what is wrong with a document.
type linter struct {
	doc   Document
	has   map[string]map[string]bool // kind of row → keys
	word  map[string]string          // kind of row → what one of them is called
	wrong []fault.Violation
}

// Lint returns everything that is wrong with a document that is to be written, each with the row and field it stands
// in. What a template needs from its renderer, and what hangs on the spots ([LintPlugs]), is checked by whoever writes
// the configuration.
func Lint(d Document) []fault.Violation {
	l := sound(d)
	l.codes()
	return l.wrong
}

// sound checks what a configuration needs to be run with. How codes are written is no part of it: a version that was
// written before a rule on that still runs.
func sound(d Document) *linter {
	l := &linter{doc: d}
	l.keys()
	if len(d.Divisions) == 0 {
		l.add("/divisions", "name at least one division")
	}
	for _, v := range d.Divisions {
		l.division(v)
	}
	unique(l, "/routes/number", d.Routes, func(v Route) string { return strconv.Itoa(int(v.Number)) })
	for _, v := range d.Routes {
		l.route(v)
	}
	for _, v := range d.Types {
		l.contactType(v)
	}
	l.shorthands()
	l.templates()
	l.elements()
	return l
}

func (l *linter) add(field, reason string) {
	l.wrong = append(l.wrong, fault.Violation{Field: field, Reason: reason})
}

func (l *linter) division(v Division) {
	at := "/divisions/" + v.Code
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
		if age < plan.Span(time.Minute) {
			l.add(at+"/age/"+u.String(), "is at least one minute")
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
