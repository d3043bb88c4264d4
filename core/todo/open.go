package todo

import (
	"cmp"
	"slices"
	"time"

	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/plugin"
)

// Request asks for an entry to be opened: what an algorithm asked for, and what the verb that runs it knows beside.
type Request struct {
	plugin.OpenToDo

	ID       ID     // reserved; 0: the store draws one
	About    string // empty: the source and the drill keys
	Source   string
	Division string
	Contact  contact.ID
	Message  message.ID
	Reason   string // a word
	Subject  string
	Comments string
	Links    Links
	At       time.Time
	By       string // the principal; empty: the course of things
	Batch    string // the batch control that asks
	Run      int64
}

// entry is the request as an entry, before anything is chosen.
func (q Request) entry() Entry {
	return Entry{
		ID: q.ID, Type: Type(q.Type), About: cmp.Or(q.About, About(q.Source, q.Drill...)), Source: q.Source, Division: q.Division,
		Contact: q.Contact, Message: q.Message, Reason: q.Reason, User: q.User, Priority: q.Priority, Subject: q.Subject,
		Comments: q.Comments, Text: q.Text, Drill: q.Drill, Sort: q.Sort, Characteristics: q.Characteristics, Batch: q.Batch,
		Run: q.Run, OpenedBy: q.By, OpenedAt: q.At, Links: q.Links,
	}
}

// Open makes the entry that a request asks for, with what the configuration says about it: role, priority, message,
// characteristics and skills. suppressed says that the type opens none for that message; the entry is zero then.
//
// The fault is Invalid. When only the user or the role that was asked for cannot have it (a user who is inactive or in no
// role of the type, a role that is none of the type's), the entry comes with the fault: open to the type's default role.
// A batch writes both, the entry and a row error, so that no work is lost; a person is told and writes neither (inferred).
func (r Rules) Open(q Request) (e Entry, suppressed bool, err error) {
	kind, known := r.Config.ToDoType(q.Type)
	if !known {
		return Entry{}, false, fault.Refuse(fault.Violation{Field: "/type", Reason: "names no To Do Type"})
	}
	e = q.entry()
	if e, suppressed = r.chosen(kind, e, q.Role); suppressed {
		return Entry{}, true, nil
	}
	var wrong []fault.Violation
	if q.Role != "" && !permits(kind, q.Role) {
		wrong = append(wrong, fault.Violation{Field: "/role", Reason: "is no role of the To Do Type"})
	}
	if e.User != "" && !r.own(kind, &e) {
		wrong = append(wrong, fault.Violation{Field: "/user", Reason: "is no active user of a role of the To Do Type"})
	}
	if len(wrong) > 0 {
		e.User, e.Role = "", kind.DefaultRole
		return e, false, fault.Refuse(wrong...)
	}
	return e, false, nil
}

// Fill is what [Rules.Open] does for an entry that was opened without asking: by the course of things, in a pure decision
// that knows no configuration. One that has a role, or whose type is not configured, stays as it is.
func (r Rules) Fill(e Entry) (filled Entry, suppressed bool) {
	kind, known := r.Config.ToDoType(string(e.Type))
	if !known || e.Role != "" {
		return e, false
	}
	return r.chosen(kind, e, "")
}

// chosen fills in what the type says.
func (r Rules) chosen(kind config.ToDoType, e Entry, role string) (Entry, bool) {
	if e.Text.Category == "" {
		e.Text.Category, e.Text.Number = kind.Category, kind.Number
	}
	e.Priority = cmp.Or(e.Priority, kind.Priority, DefaultPriority)
	e.Skills = kind.Skills
	for _, use := range kind.Characteristics {
		if use.Default != "" && !carries(e, use.Type) {
			e.Characteristics = append(slices.Clip(e.Characteristics), plugin.Characteristic{Type: use.Type, Value: use.Default})
		}
	}
	plugged := r.preCreate(&e)
	var suppressed bool
	e.Role, suppressed = Choose(kind, e.Text, plugged, role)
	return e, suppressed
}

// preCreate runs the pre-creation algorithms in their order: the first role that one of them names is theirs.
func (r Rules) preCreate(e *Entry) (role string) {
	run(r.Config.PlugsOf(onInstallation, "", eventPreCreate), r.Algorithms.PreCreation, func(f PreCreation, p plugin.Parameters) {
		named, chars := f(Subject{*e, r.Config}, p)
		role = cmp.Or(role, named)
		for _, c := range chars {
			if !slices.Contains(e.Characteristics, c) {
				e.Characteristics = append(slices.Clip(e.Characteristics), c)
			}
		}
	})
	return role
}

// Choose says whose an entry is, in the order of the CIS: a message that the type suppresses opens none; the role that its
// message is rerouted to; that of the pre-creation algorithms (plugged); the role given by the creating program; the
// default role of the type. A role that is none of the type's is passed over.
func Choose(kind config.ToDoType, text plugin.Text, plugged, given string) (role string, suppressed bool) {
	var rerouted string
	for _, o := range kind.Overrides {
		if o.Category == text.Category && o.Number == text.Number {
			if o.Suppress {
				return "", true
			}
			rerouted = o.Role
		}
	}
	for _, candidate := range []string{rerouted, plugged, given} {
		if candidate != "" && permits(kind, candidate) {
			return candidate, false
		}
	}
	return kind.DefaultRole, false
}

// own reports whether the entry's user can have it, and gives it a role of theirs where they are not in the chosen one.
func (r Rules) own(kind config.ToDoType, e *Entry) bool {
	if _, member := r.member(e.Role, e.User); member {
		return true
	}
	for _, role := range kind.Roles {
		if _, member := r.member(role, e.User); member {
			e.Role = role
			return true
		}
	}
	return false
}

// permits reports whether a type's entries may have the role.
func permits(kind config.ToDoType, role string) bool {
	return role == kind.DefaultRole || slices.Contains(kind.Roles, role)
}

func carries(e Entry, kind string) bool {
	return slices.ContainsFunc(e.Characteristics, func(c plugin.Characteristic) bool { return c.Type == kind })
}
