package desk

import (
	"context"
	"slices"
	"time"

	"carillon/core/access"
	"carillon/core/command"
	"carillon/core/contact"
	"carillon/core/todo"
)

// alertWork is how many open To Do entries are looked at for an alert; more are counted as so many.
const alertWork = 500

// AlertFacts completes what the alerts of Control Central are decided from (process 3.3.2.3, step 1.0): how often we
// touched who is in context, the person before the account before the premise, and the open To Do entries whose
// characteristics name them. The caller sees what it counts.
func (s *Service) AlertFacts(ctx context.Context, _ time.Time, p access.Principal, f contact.AlertFacts) (contact.AlertFacts, error) {
	named, err := s.Named(ctx, p, "", contact.Subject{Person: f.Person, Account: f.Account, Premise: f.Premise})
	if err != nil {
		return f, err
	}
	of := named
	switch {
	case of.Person != 0:
		of = contact.Subject{Person: of.Person}
	case of.Account != "":
		of.Premise = ""
	}
	all, err := s.contactsOf(ctx, p, of, 0, timelineContacts)
	if err != nil {
		return f, err
	}
	f.Touches = contact.CountTouches(all.contacts, all.files)
	f.Work, err = s.work(ctx, p, f, named)
	return f, err
}

// work counts the open To Do entries that name what is in context, by its number or as its source names it.
func (s *Service) work(ctx context.Context, p access.Principal, f contact.AlertFacts, named contact.Subject) ([]contact.Work, error) {
	var wanted []command.Characteristic
	for _, t := range s.Configs.Current().Document().CharacteristicTypes {
		values := map[string][]string{
			"person": {f.Person.String()}, "account": {f.Account, named.Account}, "premise": {f.Premise, named.Premise},
		}[t.Names]
		for _, v := range slices.Compact(values) {
			if v != "" && slices.Contains(t.Entities, "todo") {
				wanted = append(wanted, command.Characteristic{Type: t.Code, Value: v})
			}
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	scope := todo.Scope{Divisions: slices.Clone(p.Divisions)}
	if slices.Contains(p.Divisions, access.AllDivisions) {
		scope.Divisions = nil
	}
	entries, err := s.Work.ToDoList(ctx, todo.Filter{Scope: scope, Characteristics: wanted}, 0, alertWork)
	if err != nil {
		return nil, err
	}
	var out []contact.Work
	for i := range entries {
		for _, c := range entries[i].Characteristics {
			if slices.Contains(wanted, c) {
				out = addWork(out, contact.Work{Type: string(entries[i].Type), Characteristic: c.Type, Value: c.Value, N: 1})
			}
		}
	}
	return out, nil
}

func addWork(all []contact.Work, one contact.Work) []contact.Work {
	i := slices.IndexFunc(all, func(w contact.Work) bool {
		return w.Type == one.Type && w.Characteristic == one.Characteristic && w.Value == one.Value
	})
	if i < 0 {
		return append(all, one)
	}
	all[i].N += one.N
	return all
}
