package todo

import (
	"slices"
	"time"

	"carillon/core/fault"
	"carillon/core/message"
)

// Happening is the kind of a log row.
type Happening string

// What happens to an entry.
const (
	Opened     Happening = "created"
	Given      Happening = "assigned" // by somebody, or taken
	Forwarded  Happening = "forwarded"
	SentBack   Happening = "sent_back"
	Unassigned Happening = "unassigned"
	Started    Happening = "started"
	Held       Happening = "held"
	Stopped    Happening = "stopped"
	Changed    Happening = "changed"
	Commented  Happening = "commented"
	Routed     Happening = "routed"
	Completed  Happening = "completed"
)

// LogRow is one line of an entry's log. Rows are only added.
type LogRow struct {
	ToDo    ID
	At      time.Time
	Kind    Happening
	By      string // who did it; empty: the course of things
	User    string // to whom it is assigned since
	Role    string // whose it is since
	Comment string
	Message message.ID // of Routed: the message that was sent
}

// Move is one change of an entry: from where to where, and what the log says. The store applies it when the entry still is
// as From says.
type Move struct {
	From, To Entry
	Log      LogRow
}

// Act is who moves an entry, when, and what they say about it.
type Act struct {
	At      time.Time
	By      string
	Comment string
}

// Actor is a user with their To Do Roles.
type Actor struct {
	Name       string
	Roles      []string
	Supervises bool // sees every entry of the division, and may assign it
}

// belongs reports whether an entry of the role is the actor's to take.
func (a Actor) belongs(role string) bool { return role == "" || slices.Contains(a.Roles, role) }

// Sees reports whether the actor sees the entry: users see the entries of their roles, and what is assigned to them.
// Whoever sees an entry may comment on it.
func (a Actor) Sees(e Entry) bool { return a.Supervises || a.belongs(e.Role) || e.User == a.Name }

// Works reports whether the actor may change the entry: it is assigned to them, or open and in one of their roles.
func (a Actor) Works(e Entry) bool {
	if e.User != "" {
		return e.User == a.Name
	}
	return a.belongs(e.Role)
}

// Assigns reports whether the actor may say who does it: whoever may change the entry, and a supervisor.
func (a Actor) Assigns(e Entry) bool { return a.Supervises || a.Works(e) }

// NewEntry is an entry as it is opened: its defaults filled in, and the first row of its log.
func NewEntry(e Entry) (Entry, LogRow) {
	if e.Priority == 0 {
		e.Priority = DefaultPriority
	}
	if e.User != "" && e.AssignedAt.IsZero() {
		e.AssignedAt, e.AssignedBy = e.OpenedAt, e.OpenedBy
	}
	e.Revision, e.Links = 1, Links{}
	return e, LogRow{ToDo: e.ID, At: e.OpenedAt, Kind: Opened, By: e.OpenedBy, User: e.User, Role: e.Role}
}

// move is a change that is written to the log; fault.Conflict for an entry that is complete.
func (e Entry) move(a Act, kind Happening, change func(*Entry)) (Move, error) {
	if e.Complete() {
		return Move{}, fault.New(fault.Conflict, "the To Do is complete")
	}
	to := e
	change(&to)
	to.Revision++
	return Move{From: e, To: to, Log: LogRow{
		ToDo: e.ID, At: a.At, Kind: kind, By: a.By, User: to.User, Role: to.Role, Comment: a.Comment,
	}}, nil
}

// only is a move of an assigned entry.
func (e Entry) only(a Act, kind Happening, change func(*Entry)) (Move, error) {
	if e.Status() == IsOpen {
		return Move{}, fault.New(fault.Conflict, "the To Do is open: it is assigned to nobody")
	}
	return e.move(a, kind, change)
}

// give makes the entry a user's; work begins anew.
func give(user string, a Act) func(*Entry) {
	return func(to *Entry) {
		to.User, to.AssignedAt, to.AssignedBy, to.Work = user, a.At, a.By, Untouched
	}
}

// Assign gives an open entry to a user, or an assigned one to another: it is forwarded then. Conflict when the user has
// it already.
func (e Entry) Assign(user string, a Act) (Move, error) {
	kind := Given
	switch e.User {
	case user:
		return Move{}, fault.New(fault.Conflict, "the To Do is assigned to that user")
	case "":
	default:
		kind = Forwarded
	}
	return e.move(a, kind, give(user, a))
}

// ForwardTo gives an assigned entry to everybody of a role.
func (e Entry) ForwardTo(role string, a Act) (Move, error) {
	return e.only(a, Forwarded, func(to *Entry) {
		to.free()
		to.Role = role
	})
}

// SendBack returns an assigned entry to whom it came from. Conflict when it came from nobody, or from the user.
func (e Entry) SendBack(a Act) (Move, error) {
	if e.Status() == IsAssigned && (e.AssignedBy == "" || e.AssignedBy == e.User) {
		return Move{}, fault.New(fault.Conflict, "nobody forwarded the To Do: un-assign it")
	}
	return e.only(a, SentBack, give(e.AssignedBy, a))
}

// Unassign opens an assigned entry to its role again.
func (e Entry) Unassign(a Act) (Move, error) { return e.only(a, Unassigned, (*Entry).free) }

func (e *Entry) free() { e.User, e.AssignedAt, e.AssignedBy, e.Work = "", time.Time{}, "", Untouched }

// work changes the sub-status; Conflict when it is that already.
func (e Entry) work(is Work, a Act, kind Happening) (Move, error) {
	if e.Status() == IsAssigned && e.Work == is {
		return Move{}, fault.New(fault.Conflict, "the To Do is in that state already")
	}
	return e.only(a, kind, func(to *Entry) { to.Work = is })
}

// Start begins or resumes work. A user has one entry in progress: what they were at is put on hold in the same write set.
func (e Entry) Start(a Act) (Move, error) { return e.work(InProgress, a, Started) }

// Hold parks the work.
func (e Entry) Hold(a Act) (Move, error) { return e.work(OnHold, a, Held) }

// Stop ends the work: the entry is assigned, and nobody is at it.
func (e Entry) Stop(a Act) (Move, error) { return e.work(Untouched, a, Stopped) }

// Revised are the fields that a change may set; nil leaves a field as it is.
type Revised struct {
	Priority *int
	Subject  *string
	Comments *string
}

// Change sets priority, subject or comments.
func (e Entry) Change(r Revised, a Act) (Move, error) {
	return e.move(a, Changed, func(to *Entry) {
		if r.Priority != nil {
			to.Priority = *r.Priority
		}
		if r.Subject != nil {
			to.Subject = *r.Subject
		}
		if r.Comments != nil {
			to.Comments = *r.Comments
		}
	})
}

// Comment adds a note to the log.
func (e Entry) Comment(a Act) (Move, error) { return e.move(a, Commented, func(*Entry) {}) }

// Route notes that the entry was sent outside, once; the message, when there is one, is what was sent.
func (e Entry) Route(sent message.ID, a Act) (Move, error) {
	if !e.RoutedAt.IsZero() {
		return Move{}, fault.New(fault.Conflict, "the To Do was routed")
	}
	m, err := e.move(a, Routed, func(to *Entry) { to.RoutedAt = a.At })
	m.Log.Message = sent
	return m, err
}

// Finish ends the work for good: the entry leaves the lists and stays to be looked up.
func (e Entry) Finish(outcome string, a Act) (Move, error) {
	return e.move(a, Completed, func(to *Entry) {
		to.Work, to.CompletedAt, to.By, to.Outcome = Untouched, a.At, a.By, outcome
	})
}
