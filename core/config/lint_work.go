package config

import (
	"maps"
	"net/mail"
	"slices"
	"strings"

	"github.com/robfig/cron/v3"

	"carillon/core/fault"
	"carillon/core/plugin"
)

// work checks who does what, and what runs by itself.
func (l *linter) work() {
	for _, v := range l.doc.ToDoTypes {
		l.todoType(v)
	}
	for _, v := range l.doc.ToDoRoles {
		l.todoRole(v)
	}
	for _, v := range l.doc.Users {
		l.user(v)
	}
	for _, v := range l.doc.BatchControls {
		l.batch(v)
	}
}

// Bounds of To Do Types and skills.
const (
	maxPriority = 9
	maxLevel    = 9
)

func (l *linter) todoType(v ToDoType) {
	at := place("todoTypes", v.Code)
	if v.Priority < 0 || v.Priority > maxPriority {
		l.add(at+"/priority", "is from 1 to "+itoa(maxPriority))
	}
	if v.Keep < 0 {
		l.add(at+"/keepDays", "is not negative")
	}
	l.names(at+"/navigation", kindNavigation, v.Navigation)
	l.names(at+"/creation", kindBatch, v.Creation)
	l.names(at+"/routing", kindBatch, v.Routing)
	if v.Category != "" || v.Number != 0 {
		l.message(at+"/messageNumber", v.Category, v.Number)
	}
	l.rolesOf(at, v)
	l.keyNames(at+"/sortKeys", v.SortKeys)
	l.keyNames(at+"/drillKeys", v.DrillKeys)
	l.overrides(at, v)
	l.characteristics(at, todoEntity, v.Characteristics)
	l.skills(at, v.Skills)
}

// rolesOf checks the permitted roles of a type, of which one is the default (process 3.4.1.1, steps 1.7 to 2.1).
func (l *linter) rolesOf(at string, v ToDoType) {
	if len(v.Roles) == 0 {
		l.add(at+"/roles", "name at least one To Do Role")
	}
	for i, code := range v.Roles {
		field := at + "/roles/" + itoa(i)
		l.needs(field, kindToDoRole, code)
		if slices.Contains(v.Roles[:i], code) {
			l.add(field, "is there twice")
		}
	}
	if !slices.Contains(v.Roles, v.DefaultRole) {
		l.add(at+"/defaultRole", "is one of the roles of the type")
	}
}

func (l *linter) keyNames(at string, names []string) {
	for i, name := range names {
		if name == "" || slices.Contains(names[:i], name) {
			l.add(at+"/"+itoa(i), "is a name of its own")
		}
	}
}

func (l *linter) overrides(at string, v ToDoType) {
	seen := make(map[string]bool)
	for i, o := range v.Overrides {
		field := at + "/messageOverrides/" + itoa(i)
		l.message(field+"/number", o.Category, o.Number)
		key := messageKey(o.Category, o.Number)
		switch {
		case seen[key]:
			l.add(field, "is there twice")
		case o.Suppress && o.Role != "":
			l.add(field+"/role", "a message is suppressed or goes to another role")
		case !o.Suppress && o.Role == "":
			l.add(field, "suppresses the message or names a role")
		case o.Role != "" && !slices.Contains(v.Roles, o.Role):
			l.add(field+"/role", "is one of the roles of the type")
		}
		seen[key] = true
	}
}

func (l *linter) skills(at string, skills []Skill) {
	seen := make(map[string]bool)
	for i, s := range skills {
		field := at + "/skills/" + itoa(i)
		l.needs(field+"/type", kindSkillType, s.Type)
		if seen[s.Type] {
			l.add(field+"/type", "is there twice")
		}
		seen[s.Type] = true
		if s.Level < 1 || s.Level > maxLevel {
			l.add(field+"/level", "is from 1 to "+itoa(maxLevel))
		}
	}
}

func (l *linter) todoRole(v ToDoRole) {
	at := place("todoRoles", v.Code)
	for i, name := range v.Users {
		field := at + "/users/" + itoa(i)
		l.needs(field, kindUser, name)
		if slices.Contains(v.Users[:i], name) {
			l.add(field, "is there twice")
		}
	}
	for i, group := range v.Groups {
		field := at + "/groups/" + itoa(i)
		division, name, both := strings.Cut(group, "/")
		if !both {
			division, name = "", group
		}
		if name == "" || both && division == "" {
			l.add(field, "is a group, or a division, a slash and a group")
		}
		l.names(field, KindDivision, division)
		for _, other := range l.doc.ToDoRoles {
			if other.Code < v.Code && slices.Contains(other.Groups, group) {
				l.add(field, "is that of role "+other.Code+" already")
			}
		}
	}
}

func (l *linter) user(v User) {
	at := place("users", v.Name)
	if a, err := mail.ParseAddress(v.Email); v.Email != "" && (err != nil || a.Address != v.Email) {
		l.add(at+"/email", "is an email address")
	}
	l.skills(at, v.Skills)
}

// What one batch may take of the store at once.
const (
	maxThreads = 64
	maxCommit  = 5000
)

func (l *linter) batch(v BatchControl) {
	at := place("batchControls", v.Code)
	if v.Threads < 0 || v.Threads > maxThreads {
		l.add(at+"/threads", "is from 1 to "+itoa(maxThreads))
	}
	if v.Commit < 0 || v.Commit > maxCommit {
		l.add(at+"/commit", "is from 1 to "+itoa(maxCommit))
	}
	if v.MaxErrors < 0 {
		l.add(at+"/maxErrors", "is not negative")
	}
	if v.CatchUp != "" {
		l.oneOf(at+"/catchUp", v.CatchUp, "once", "skip")
	}
	l.names(at+"/division", KindDivision, v.Division)
	if v.Schedule != "" {
		if _, err := parseSchedule(v.Schedule); err != nil {
			l.add(at+"/schedule", "is a cron expression of five fields, as 30 5 * * 1-5")
		}
	}
	if _, blank := v.Parameters[""]; blank {
		l.add(at+"/parameters", "a parameter has a name")
	}
}

// parseSchedule reads a cron expression of five fields: minute, hour, day of the month, month, day of the week. Its times
// are those of the zone they are asked in.
func parseSchedule(text string) (cron.Schedule, error) {
	if strings.Contains(text, "=") { // a zone of its own; the parser takes one, and falls over one without an expression
		text = ""
	}
	return cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(text)
}

// LintBatches returns what is wrong with the parameters of the Batch Controls: those that a batch of the program does not
// take, or takes otherwise. What the program does not know by its code, it does not run; its parameters are free.
func LintBatches(d Document, takes map[string][]plugin.Parameter) []fault.Violation {
	l := &linter{doc: d}
	l.keys()
	l.wrong = nil // they are Lint's to tell
	for _, v := range d.BatchControls {
		known, ours := takes[v.Code]
		for _, name := range slices.Sorted(maps.Keys(v.Parameters)) {
			field := place("batchControls", v.Code) + "/parameters/" + name
			i := slices.IndexFunc(known, func(p plugin.Parameter) bool { return p.Name == name })
			switch {
			case i < 0 && ours:
				l.add(field, "is no parameter of this batch")
			case i < 0:
			case known[i].Check(v.Parameters[name]) != "":
				l.add(field, known[i].Check(v.Parameters[name]))
			default:
				l.refers(field, plugin.Spot{}, known[i].Kind, v.Parameters[name])
			}
		}
	}
	return l.wrong
}
