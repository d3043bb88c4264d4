package worklist

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/todo"
)

// NewToDo is an entry that a person adds by hand.
type NewToDo struct {
	Type            string
	Division        string
	Role            string // empty: chosen by the rules of the type
	User            string // assigned at once; empty: open to the role
	Priority        int    // 0: the type's
	Subject         string
	Comments        string
	Drill           []string
	Sort            []string
	Characteristics []plugin.Characteristic
}

// Add opens an entry by hand, in a role or at once with a user. Errors: Forbidden for a division that is not the caller's;
// Invalid naming every wrong field; Conflict when one of the type is open about the same drill keys.
func (w *Service) Add(ctx context.Context, now time.Time, p access.Principal, in NewToDo) (View, error) {
	if _, err := w.actor(p); err != nil {
		return View{}, err
	}
	rules := w.rules()
	wrong := in.check(rules.Config)
	if len(wrong) > 0 {
		return View{}, fault.Refuse(wrong...)
	}
	if !p.InDivision(in.Division) {
		return View{}, fault.New(fault.Forbidden, "this key may not open To Dos of that division")
	}
	id, err := w.IDs.ToDo(ctx)
	if err != nil {
		return View{}, err
	}
	e, warnings, err := in.entry(rules, id, now, p)
	if err != nil {
		return View{}, err
	}
	if err := w.alone(ctx, e); err != nil {
		return View{}, err
	}
	err = w.apply(ctx, store.Writes{
		ToDo: &store.ToDoWrites{ToDos: []todo.Entry{e}}, Ledger: &store.LedgerWrites{Entries: []ledger.Entry{told(now, ledger.ToDoOpened, e, todo.Opened, p.Name)}},
	})
	if err != nil {
		return View{}, err
	}
	view := View{Row: Row{e, rules.Information(e)}, Warnings: warnings}
	if seen, err := w.View(ctx, p, id); err == nil { // of a role of others, who adds it does not see it
		seen.Warnings = warnings
		return seen, nil
	}
	return view, nil
}

// alone refuses what is open already.
func (w *Service) alone(ctx context.Context, e todo.Entry) error {
	n, err := w.Facts.ToDoCount(ctx, todo.Filter{Type: e.Type, About: e.About})
	if err == nil && n > 0 {
		return fault.New(fault.Conflict, "a To Do of this type is open about the same")
	}
	return err
}

// entry is what is to be opened.
func (in NewToDo) entry(rules todo.Rules, id todo.ID, now time.Time, p access.Principal) (todo.Entry, []string, error) {
	q := todo.Request{
		OpenToDo: plugin.OpenToDo{
			Type: in.Type, Role: in.Role, User: in.User, Priority: in.Priority, Drill: in.Drill, Sort: in.Sort, Characteristics: in.Characteristics,
		},
		ID: id, Source: p.Source, Division: in.Division, Reason: "manual", Subject: in.Subject, Comments: in.Comments, At: now, By: p.Name,
	}
	if len(in.Drill) == 0 {
		q.About = "manual:" + id.String()
	}
	e, suppressed, err := rules.Open(q)
	switch {
	case err != nil:
		return e, nil, err
	case suppressed:
		return e, nil, fault.Refuse(fault.Violation{Field: "/type", Reason: "opens no To Do for its message"})
	case e.User == "":
		return e, nil, nil
	}
	warnings, err := rules.Assignable(e, e.User)
	return e, warnings, err
}

// check names everything that is wrong with an entry that is added by hand, as far as the configuration tells.
func (in NewToDo) check(cfg *config.Snapshot) (wrong []fault.Violation) {
	add := func(bad bool, field, reason string) {
		if bad {
			wrong = append(wrong, fault.Violation{Field: field, Reason: reason})
		}
	}
	kind, known := cfg.ToDoType(in.Type)
	_, divided := cfg.Division(in.Division)
	add(!known, "/type", "names no To Do Type")
	add(known && !kind.Manual, "/type", "is opened by the system only")
	add(!divided, "/division", "names no division")
	add(in.Priority != 0 && !lawful(in.Priority), "/priority", "is from 1 to 9")
	add(strings.TrimSpace(in.Subject) == "" || len(in.Subject) > longestTitle, "/subject", "is required, and no longer than 254 bytes")
	add(len(in.Comments) > longestComment, "/comments", "is no longer than 4000 bytes")
	add(len(in.Drill) > 0 && len(in.Drill) != len(kind.DrillKeys), "/drillKeys", "are as many as the type has, or none")
	add(len(in.Sort) > len(kind.SortKeys), "/sortKeys", "are as many as the type has at most")
	for field, keys := range map[string][]string{"/drillKeys/": in.Drill, "/sortKeys/": in.Sort} {
		for i, k := range keys {
			add(!isKey(k), field+strconv.Itoa(i), "has 1 to 254 characters that can be printed")
		}
	}
	return append(wrong, characteristics(cfg, kind, in.Characteristics)...)
}

func isKey(s string) bool {
	return s != "" && len(s) <= longestTitle && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// characteristics checks those of an entry against its type: each is one of the type's, has a lawful value, and what is
// required is there.
func characteristics(cfg *config.Snapshot, kind config.ToDoType, chars []plugin.Characteristic) (wrong []fault.Violation) {
	for i, c := range chars {
		field := "/characteristics/" + strconv.Itoa(i)
		is := func(u plugin.CharacteristicUse) bool { return u.Type == c.Type }
		if !slices.ContainsFunc(kind.Characteristics, is) {
			wrong = append(wrong, fault.Violation{Field: field + "/type", Reason: "is no characteristic of the To Do Type"})
			continue
		}
		of, _ := cfg.CharacteristicType(c.Type)
		if reason := of.Check(c.Value); reason != "" {
			wrong = append(wrong, fault.Violation{Field: field + "/value", Reason: reason})
		}
	}
	for _, u := range kind.Characteristics {
		given := slices.ContainsFunc(chars, func(c plugin.Characteristic) bool { return c.Type == u.Type })
		if u.Required && u.Default == "" && !given {
			wrong = append(wrong, fault.Violation{Field: "/characteristics", Reason: "needs " + u.Type})
		}
	}
	return wrong
}
