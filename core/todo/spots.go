package todo

import (
	"carillon/core/config"
	"carillon/core/fault"
	"carillon/core/plugin"
)

// The system events on which algorithms of To Dos hang.
const (
	onInstallation  = "installation"
	onType          = "todo_type"
	eventPreCreate  = "todo_pre_creation"
	eventInfo       = "todo_information"
	eventTypeInfo   = "information"
	eventAssign     = "assignment"
	eventRoleChange = "role_change"
	eventRouting    = "external_routing"
)

// Subject is an entry as its algorithms see it, with the configuration that explains its codes.
type Subject struct {
	Entry  Entry
	Config *config.Snapshot
}

// The signatures of the spots.
type (
	// PreCreation runs before an entry is opened (installation, todo_pre_creation): it may name a role, and
	// characteristics the entry is to have. Empty: it has no word.
	PreCreation func(s Subject, p plugin.Parameters) (role string, chars []plugin.Characteristic)

	// Information makes the one line that says what an entry is about (todo_type, information; where the type has none,
	// installation, todo_information).
	Information func(s Subject, p plugin.Parameters) string

	// Assignment checks whether a user can be given an entry (todo_type, assignment): what speaks against it in words
	// without personal data, and whether it forbids it.
	Assignment func(s Subject, to config.User, p plugin.Parameters) (against []string, forbids bool)

	// RoleChange says why an entry may not get the role (todo_type, role_change); empty when it may.
	RoleChange func(s Subject, role string, p plugin.Parameters) (against string)

	// Routing says which emails tell whom of an entry (todo_type, external_routing); to are the users whose work it is.
	Routing func(s Subject, to []config.User, p plugin.Parameters) []plugin.SendEmail
)

// Algorithms are those of the spots, by their codes.
type Algorithms struct {
	PreCreation map[string]PreCreation
	Information map[string]Information
	Assignment  map[string]Assignment
	RoleChange  map[string]RoleChange
	Routing     map[string]Routing
}

// Rules are the configuration in force with its algorithms.
type Rules struct {
	Config     *config.Snapshot
	Algorithms Algorithms
}

// run runs the algorithms that hang on a spot, in order. A plug whose algorithm is not of the spot was refused when the
// configuration was written.
func run[F any](plugs []config.Plug, of map[string]F, each func(F, plugin.Parameters)) {
	for _, p := range plugs {
		if f, known := of[p.Code]; known {
			each(f, p.Parameters)
		}
	}
}

// Information is the line that says what an entry is about; empty where no algorithm makes one.
func (r Rules) Information(e Entry) (line string) {
	s := Subject{e, r.Config}
	first := func(f Information, p plugin.Parameters) {
		if line == "" {
			line = f(s, p)
		}
	}
	run(r.Config.PlugsOf(onType, string(e.Type), eventTypeInfo), r.Algorithms.Information, first)
	if line == "" {
		run(r.Config.PlugsOf(onInstallation, "", eventInfo), r.Algorithms.Information, first)
	}
	return line
}

// Text is the message of the entry, in the language; empty where it has none.
func (r Rules) Text(e Entry, language string) string {
	if e.Text.Category == "" {
		return ""
	}
	return r.Config.Text(e.Text.Category, e.Text.Number, language, e.Text.Parameters...)
}

// Assignable checks a user whom an entry is to be given. The warnings say what speaks against it and does not forbid it;
// the fault (Invalid, at /user) what does.
func (r Rules) Assignable(e Entry, user string) (warnings []string, err error) {
	to, known := r.member(e.Role, user)
	if !known {
		return nil, fault.Refuse(fault.Violation{Field: "/user", Reason: "is no active user of the To Do's role"})
	}
	var wrong []fault.Violation
	run(r.Config.PlugsOf(onType, string(e.Type), eventAssign), r.Algorithms.Assignment, func(f Assignment, p plugin.Parameters) {
		against, forbids := f(Subject{e, r.Config}, to, p)
		if !forbids {
			warnings = append(warnings, against...)
			return
		}
		for _, a := range against {
			wrong = append(wrong, fault.Violation{Field: "/user", Reason: a})
		}
	})
	if len(wrong) > 0 {
		return nil, fault.Refuse(wrong...)
	}
	return warnings, nil
}

// Forwardable checks a role that an entry is to get; the fault is Invalid, at /role.
func (r Rules) Forwardable(e Entry, role string) error {
	kind, known := r.Config.ToDoType(string(e.Type))
	if known && !permits(kind, role) || !known && !r.hasRole(role) {
		return fault.Refuse(fault.Violation{Field: "/role", Reason: "is no role of the To Do Type"})
	}
	if role == e.Role {
		return nil
	}
	var wrong []fault.Violation
	run(r.Config.PlugsOf(onType, string(e.Type), eventRoleChange), r.Algorithms.RoleChange, func(f RoleChange, p plugin.Parameters) {
		if against := f(Subject{e, r.Config}, role, p); against != "" {
			wrong = append(wrong, fault.Violation{Field: "/role", Reason: against})
		}
	})
	if len(wrong) > 0 {
		return fault.Refuse(wrong...)
	}
	return nil
}

// Emails are what tells people of an entry: nothing where its type routes nothing out.
func (r Rules) Emails(e Entry) (mails []plugin.SendEmail) {
	run(r.Config.PlugsOf(onType, string(e.Type), eventRouting), r.Algorithms.Routing, func(f Routing, p plugin.Parameters) {
		mails = append(mails, f(Subject{e, r.Config}, r.workers(e), p)...)
	})
	return mails
}

// RoutedTypes are the configured types whose entries go outside.
func (r Rules) RoutedTypes() (types []Type) {
	for _, k := range r.Config.Document().ToDoTypes {
		if len(r.Config.PlugsOf(onType, k.Code, eventRouting)) > 0 {
			types = append(types, Type(k.Code))
		}
	}
	return types
}

// workers are the active users whose work the entry is: the one it is assigned to, else those of its role.
func (r Rules) workers(e Entry) (users []config.User) {
	names := []string{e.User}
	if e.User == "" {
		role, _ := r.Config.ToDoRole(e.Role)
		names = role.Users
	}
	for _, name := range names {
		if u, known := r.Config.User(name); known && !u.Inactive {
			users = append(users, u)
		}
	}
	return users
}

// member returns the active user of the name when they belong to the role; everybody belongs to none.
func (r Rules) member(role, name string) (config.User, bool) {
	u, known := r.Config.User(name)
	if !known || u.Inactive {
		return u, false
	}
	return u, Actor{Roles: r.Config.RolesOf(name)}.belongs(role)
}

func (r Rules) hasRole(code string) bool { _, known := r.Config.ToDoRole(code); return known }
