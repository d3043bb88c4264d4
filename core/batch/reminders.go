package batch

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"carillon/core/contact"
	"carillon/core/control"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/todo"
)

// ReminderBatch is the batch control of contact reminders.
const ReminderBatch = "TD-CCCB"

// LeadDays is how many days before its trigger date a reminder becomes a To Do: a parameter of TD-CCCB.
const LeadDays = "LEAD-DAYS"

// ReminderParameters are those of TD-CCCB (process 3.4.1.1, step 2.0).
func ReminderParameters() []plugin.Parameter {
	return []plugin.Parameter{{
		Name: LeadDays, Kind: plugin.Integer, Most: 99, Default: "0", Tells: "Days before its trigger date on which a reminder becomes a To Do.",
	}}
}

// ReminderFacts is what TD-CCCB reads.
type ReminderFacts interface {
	Reminders(ctx context.Context, until string, after, to contact.ReminderKey, limit int) ([]contact.Reminder, error)
	ReminderQuantiles(ctx context.Context, until string, n int) (store.Quantiles, error)
	AccountsWhere(ctx context.Context, q store.AccountQuery) ([]customer.Account, error)
	PremisesByExternal(ctx context.Context, source string, externalIDs []string) ([]customer.Premise, error)
}

// Numbers draws numbers from sequences.
type Numbers interface {
	Numbers(ctx context.Context, sequence string, n int) (first int64, err error)
}

// Reminders is TD-CCCB (process 3.4.1.1, steps 1.9 and 2.0): it makes a To Do of every reminder whose trigger date, less
// LEAD-DAYS, has come, once ever, because the To Do and the mark of the reminder are one write set. A reminder to a role
// is open in that role, one to a user assigned to them. Where the user is inactive or in no role of the type, or the role
// none of the type's, the row has an error and the To Do is open to the type's default role.
type Reminders struct {
	Facts   ReminderFacts
	Numbers Numbers
	Rules   func() todo.Rules
}

// kind is the To Do Type of reminders; fault Misconfigured when the installation names none that is configured.
func (r Reminders) kind() (todo.Rules, string, error) {
	rules := r.Rules()
	code := rules.Config.Installation().ReminderType
	if _, known := rules.Config.ToDoType(code); !known {
		return rules, "", fault.New(fault.Misconfigured, "the installation names no To Do Type of reminders")
	}
	return rules, code, nil
}

// until is the last trigger date that has come.
func until(run control.Run) (string, error) {
	day, err := time.Parse(time.DateOnly, run.BusinessDate)
	if err != nil {
		return "", fault.New(fault.Invalid, "the business date is no date")
	}
	return day.AddDate(0, 0, Whole(run, LeadDays, 0)).Format(time.DateOnly), nil
}

// Plan implements [Work].
func (r Reminders) Plan(ctx context.Context, _ time.Time, run control.Run) ([]control.Range, error) {
	if _, _, err := r.kind(); err != nil {
		return nil, err
	}
	last, err := until(run)
	if err != nil {
		return nil, err
	}
	q, err := r.Facts.ReminderQuantiles(ctx, last, run.Threads)
	if err != nil {
		return nil, err
	}
	ranges := make([]control.Range, len(q.Last))
	for i, k := range q.Last {
		n := int64(len(q.Last))
		ranges[i] = control.Range{Until: reminderKey(k), Rows: q.Total*int64(i+1)/n - q.Total*int64(i)/n}
	}
	return ranges, nil
}

// reminderKey is a key as text: its parts have fixed lengths, so that it orders as the key does.
func reminderKey(k contact.ReminderKey) string {
	return fmt.Sprintf("%s/%010d/%010d", k.Trigger, int64(k.Contact), int64(k.Log))
}

func parseReminderKey(s string) (k contact.ReminderKey, err error) {
	if s == "" {
		return k, nil
	}
	if _, err = fmt.Sscanf(strings.ReplaceAll(s, "/", " "), "%s %d %d", &k.Trigger, &k.Contact, &k.Log); err != nil {
		return k, fault.Wrap(fault.Unknown, "reading the key of a reminder", err)
	}
	return k, nil
}

// Page implements [Work].
func (r Reminders) Page(ctx context.Context, run control.Run, after, to string, limit int) ([]contact.Reminder, error) {
	last, err := until(run)
	if err != nil {
		return nil, err
	}
	from, err := parseReminderKey(after)
	if err != nil {
		return nil, err
	}
	end, err := parseReminderKey(to)
	if err != nil {
		return nil, err
	}
	return r.Facts.Reminders(ctx, last, from, end, limit)
}

// Key implements [Work].
func (Reminders) Key(row contact.Reminder) string { return reminderKey(row.Key()) }

// Do implements [Work].
func (r Reminders) Do(ctx context.Context, now time.Time, run control.Run, rows []contact.Reminder) ([]Result, error) {
	rules, kind, err := r.kind()
	if err != nil {
		return nil, err
	}
	links, err := r.links(ctx, rows)
	if err != nil {
		return nil, err
	}
	first, err := r.Numbers.Numbers(ctx, "todo", len(rows))
	if err != nil {
		return nil, err
	}
	out := make([]Result, len(rows))
	for i, row := range rows {
		q := todo.Request{
			OpenToDo: plugin.OpenToDo{
				Type: kind, Drill: []string{row.Contact.String(), row.Log.String()}, Sort: sortKeys(rules, kind, row),
				Text: plugin.Text{Parameters: []string{row.Contact.String(), row.Trigger}},
			},
			ID: todo.ID(first + int64(i)), Source: row.Source, Division: row.Division, Contact: row.Contact, Reason: "reminder",
			Links: links[i], At: now, Batch: run.Batch, Run: run.Number,
		}
		if row.Kind == contact.ToUser {
			q.User = row.To
		} else {
			q.Role = row.To
		}
		out[i] = remind(rules, now, run, row, q)
	}
	return out, nil
}

// sortKeys fills the sort keys of the type that a reminder has a word for.
func sortKeys(rules todo.Rules, kind string, row contact.Reminder) []string {
	t, _ := rules.Config.ToDoType(kind)
	words := map[string]string{
		"date": row.Trigger, "contact": row.Contact.String(), "person": row.Person.String(), "account": row.Account, "premise": row.Premise,
	}
	keys := make([]string, len(t.SortKeys))
	for i, name := range t.SortKeys {
		keys[i] = words[name]
	}
	return keys
}

// remind makes the To Do of a reminder and marks it.
func remind(rules todo.Rules, now time.Time, run control.Run, row contact.Reminder, q todo.Request) Result {
	e, suppressed, err := rules.Open(q)
	if suppressed { // the type opens none for this message: the reminder waits, as it would in the CIS
		return Result{}
	}
	if e.ID == 0 {
		return Result{Err: err}
	}
	made, madeErr := row.Made(int64(e.ID), now)
	if madeErr != nil {
		return Result{Err: madeErr}
	}
	if err != nil {
		what := "its user is no active user of a role of the To Do Type"
		if row.Kind == contact.ToRole {
			what = "its role is none of the To Do Type"
		}
		err = fault.New(fault.Invalid, what+": the To Do is open to the type's default role")
	}
	return Result{Err: err, Writes: store.Writes{
		ToDo: &store.ToDoWrites{ToDos: []todo.Entry{e}},
		Desk: &store.DeskWrites{Reminded: []store.Reminded{{Contact: made.Contact, Log: made.Log, ToDo: e.ID, At: now}}},
		Ledger: &store.LedgerWrites{Entries: []ledger.Entry{{
			At: now, Kind: ledger.ReminderMade, Source: row.Source, Division: row.Division, Contact: row.Contact, Person: row.Person,
			Account: row.Account, Code: row.Log.String(), By: run.Batch, Run: run.Number,
		}}},
	}}
}

// named is an object as its source names it.
type named struct{ source, id string }

// bySource lines up what is named by source, each once.
func bySource(rows []contact.Reminder, id func(contact.Reminder) string) map[string][]string {
	of := map[string][]string{}
	for _, row := range rows {
		if id := id(row); id != "" && !slices.Contains(of[row.Source], id) {
			of[row.Source] = append(of[row.Source], id)
		}
	}
	return of
}

// links are whom the reminders concern: by their numbers where they are loaded, else as their source names them.
func (r Reminders) links(ctx context.Context, rows []contact.Reminder) ([]todo.Links, error) {
	accounts, err := r.accounts(ctx, rows)
	if err != nil {
		return nil, err
	}
	premises, err := r.premises(ctx, rows)
	if err != nil {
		return nil, err
	}
	out := make([]todo.Links, len(rows))
	for i, row := range rows {
		out[i] = todo.Links{Person: row.Person.String(), Account: row.Account, Premise: row.Premise}
		if a, loaded := accounts[named{row.Source, row.Account}]; loaded && a.Division == row.Division {
			out[i].Account, out[i].Group = a.ID.String(), a.ManagementGroup
		}
		if p, loaded := premises[named{row.Source, row.Premise}]; loaded {
			out[i].Premise = p.ID.String()
		}
	}
	return out, nil
}

func (r Reminders) accounts(ctx context.Context, rows []contact.Reminder) (map[named]customer.Account, error) {
	all := map[named]customer.Account{}
	for source, ids := range bySource(rows, func(row contact.Reminder) string { return row.Account }) {
		found, err := r.Facts.AccountsWhere(ctx, store.AccountQuery{Source: source, ExternalIDs: ids})
		if err != nil {
			return nil, err
		}
		for i := range found {
			all[named{source, found[i].ExternalID}] = found[i]
		}
	}
	return all, nil
}

func (r Reminders) premises(ctx context.Context, rows []contact.Reminder) (map[named]customer.Premise, error) {
	all := map[named]customer.Premise{}
	for source, ids := range bySource(rows, func(row contact.Reminder) string { return row.Premise }) {
		found, err := r.Facts.PremisesByExternal(ctx, source, ids)
		if err != nil {
			return nil, err
		}
		for i := range found {
			all[named{source, found[i].ExternalID}] = found[i]
		}
	}
	return all, nil
}
