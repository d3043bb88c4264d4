package customers

import (
	"context"
	"slices"
	"time"

	"carillon/core/access"
	"carillon/core/agreement"
	"carillon/core/contact"
	"carillon/core/plugin"
	"carillon/core/todo"
)

// AlertFacts is what the alerts of Control Central are decided from.
type AlertFacts interface {
	// ContactsOf returns contacts of a subject, the newest first.
	ContactsOf(ctx context.Context, of contact.Subject, below contact.ID, limit int) ([]contact.Contact, error)
	// Files returns what hangs on contacts at the desk.
	Files(ctx context.Context, ids []contact.ID) (map[contact.ID]contact.File, error)
	// ToDoList returns To Do entries of the filter.
	ToDoList(ctx context.Context, f todo.Filter, after todo.ID, limit int) ([]todo.Entry, error)
}

// The code of the alert that Carillon itself gives.
const alertPendingStop = "PENDING-STOP"

// mostCounted bounds what an alert counts: beyond it, more is not news.
const mostCounted = 500

// alerts are the lines of Control Central: the account's own, the one about what is about to stop, and those of the
// algorithms of the installation, in their order.
func (s *Service) alerts(ctx context.Context, now time.Time, p access.Principal, v ContextView, agreements []agreement.Agreement) ([]plugin.Alert, error) {
	cfg := s.Configs.Current()
	today := now.In(cfg.Zone(divisionOf(v))).Format(time.DateOnly)
	var out []plugin.Alert
	if v.Account != nil {
		out = append(s.ownAlerts(*v.Account, today), pendingStops(*v.Account, agreements)...)
	}
	plugs := cfg.PlugsOf("installation", "", "control_central_alert")
	if len(plugs) == 0 {
		return out, nil
	}
	facts, err := s.alertFacts(ctx, p, v)
	if err != nil {
		return nil, err
	}
	facts.Now, facts.Today = now, today
	for _, plug := range plugs {
		alert, there := s.Alerters[plug.Code]
		if !there {
			continue
		}
		more, err := alert(facts, plug.Parameters)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// alertFacts gathers contacts and open work of who and what is in context, as far as the principal sees them.
func (s *Service) alertFacts(ctx context.Context, p access.Principal, v ContextView) (facts contact.AlertFacts, err error) {
	var of contact.Subject
	values := map[string][]string{} // by the kind of object that a characteristic names: its number, and as its source names it
	if v.Premise != nil {
		facts.Premise, of = v.Premise.ID.String(), contact.Subject{Premise: v.Premise.ExternalID, Division: v.Premise.Division}
		values["premise"] = []string{facts.Premise, v.Premise.ExternalID}
	}
	if v.Account != nil {
		facts.Account, of = v.Account.ID.String(), contact.Subject{Account: v.Account.ExternalID, Division: v.Account.Division}
		values["account"] = []string{facts.Account, v.Account.ExternalID}
	}
	if v.Person != nil {
		facts.Person, of = v.Person.ID, contact.Subject{Person: v.Person.ID}
		values["person"] = []string{facts.Person.String()}
	}
	contacts, err := s.Alerts.ContactsOf(ctx, of, 0, mostCounted)
	if err != nil {
		return facts, err
	}
	contacts = slices.DeleteFunc(contacts, func(c contact.Contact) bool {
		return !p.Sees(c.Source, c.Division) || of.Division != "" && c.Division != of.Division
	})
	ids := make([]contact.ID, len(contacts))
	for i := range contacts {
		ids[i] = contacts[i].ID
	}
	files, err := s.Alerts.Files(ctx, ids)
	if err != nil {
		return facts, err
	}
	facts.Touches = contact.CountTouches(contacts, files)
	facts.Work, err = s.openWork(ctx, p, values)
	return facts, err
}

// openWork counts the open entries whose characteristics name what is in context, by type.
func (s *Service) openWork(ctx context.Context, p access.Principal, values map[string][]string) (work []contact.Work, err error) {
	scope := todo.Scope{Divisions: p.Divisions}
	if slices.Contains(p.Divisions, access.AllDivisions) {
		scope.Divisions = nil
	}
	for _, kind := range s.Configs.Current().Document().CharacteristicTypes {
		for _, value := range slices.Compact(slices.Clone(values[kind.Names])) {
			if value == "" || !slices.Contains(kind.Entities, "todo") {
				continue
			}
			is := plugin.Characteristic{Type: kind.Code, Value: value}
			entries, err := s.Alerts.ToDoList(ctx, todo.Filter{Scope: scope, Characteristics: []plugin.Characteristic{is}}, 0, mostCounted)
			if err != nil {
				return nil, err
			}
			for _, e := range entries {
				work = addWork(work, contact.Work{Type: string(e.Type), Characteristic: kind.Code, Value: value, N: 1})
			}
		}
	}
	return work, nil
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
