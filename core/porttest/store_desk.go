package porttest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/ledger"
	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/todo"
)

// NewDesk draws the first revision of a contact's desk part; every field says something.
func NewDesk(r *rand.Rand, id contact.ID) contact.Desk {
	return contact.Desk{
		Contact: id, Revision: 1, Open: true, Comments: "Asks for \"Zoë\" — " + word(r, "w"), Method: pick(r, contact.Methods()...),
		At: Noon().Add(-time.Hour), Class: "BILL", Type: word(r, "TYPE"),
		Characteristics: []plugin.Characteristic{{Type: "CM-CASE", Value: word(r, "case")}, {Type: "CM-FA", Value: "1,2"}},
		Tags:            []plugin.Characteristic{{Type: "CM-TAG", Value: "angry"}}, External: word(r, "external"),
		Identifiers: []contact.Identifier{{Type: "C1NS", Value: word(r, "recipient")}}, ChangedAt: Noon(), By: "clerk",
	}
}

// NewReminder draws a log entry with its reminder.
func NewReminder(r *rand.Rand, id contact.ID, trigger string) (contact.Log, contact.Reminder) {
	l := contact.Log{Contact: id, ID: contact.LogID(1_000_000_001 + r.Int64N(8_000_000_000)), At: Noon(), By: "clerk", Comments: "call back " + word(r, "w")}
	return l, contact.Reminder{
		Contact: id, Log: l.ID, Source: "desk", Division: "north", Kind: contact.ToRole, To: "CLERKS", Trigger: trigger,
		Person: customer.PersonID(1_000_000_001 + r.Int64N(8_000_000_000)), Account: word(r, "acct"), Premise: word(r, "prem"),
	}
}

func (st *stand) file(id contact.ID) contact.File {
	st.t.Helper()
	files, err := st.s.Files(st.t.Context(), []contact.ID{id})
	st.ok(err, "reading a file")
	return files[id]
}

func deskFiles() []sentence {
	return []sentence{
		{"keeps the desk's part of a contact, its log and its reminders, and reads them for many at once", func(st *stand) {
			a, b := store.Of(st.accept(Given{}).Contact).Contacts[0].ID, store.Of(st.accept(Given{}).Contact).Contacts[0].ID
			desk := NewDesk(st.r, a)
			first, remind := NewReminder(st.r, a, "2026-03-31")
			second := first
			second.ID++
			st.applied(store.Writes{Desk: &store.DeskWrites{Desks: []contact.Desk{desk}, Logs: []contact.Log{second, first}, Reminders: []contact.Reminder{remind}}})
			files, err := st.s.Files(st.t.Context(), []contact.ID{b, a})
			st.ok(err, "reading files")
			st.same("files", files, map[contact.ID]contact.File{
				a: {Desk: desk, Logs: []contact.Log{first, second}, Reminders: []contact.Reminder{remind}},
			})
		}},
		{"takes a desk part with the contact it belongs to, or neither", func(st *stand) {
			w := NewAcceptance(st.r, Given{})
			store.In(&w.Desk).Desks = []contact.Desk{NewDesk(st.r, store.Of(w.Contact).Contacts[0].ID)}
			st.applied(w)
			lost := NewAcceptance(st.r, Given{})
			store.In(&lost.Desk).Desks = []contact.Desk{NewDesk(st.r, store.Of(w.Contact).Contacts[0].ID)}
			st.conflict(store.LostVersion, lost)
			st.absent(lost)
		}},
		{"lets one of two changes from the same revision win", func(st *stand) {
			id := store.Of(st.accept(Given{}).Contact).Contacts[0].ID
			one := contact.Desk{Contact: id}.With(contact.Change{}, Noon(), "one")
			verdicts := st.apply(store.Writes{Desk: &store.DeskWrites{Desks: []contact.Desk{one}}}, store.Writes{Desk: &store.DeskWrites{Desks: []contact.Desk{one}}})
			st.check(verdicts[0].Outcome == store.Applied && verdicts[1].What == store.LostVersion, "of two first ones the first wins")
			said := "settled"
			two, three := one.With(contact.Change{Comments: &said}, Noon(), "two"), one.With(contact.Change{}, Noon(), "three")
			verdicts = st.apply(store.Writes{Desk: &store.DeskWrites{Desks: []contact.Desk{two}}}, store.Writes{Desk: &store.DeskWrites{Desks: []contact.Desk{three}}})
			st.check(verdicts[0].Outcome == store.Applied && verdicts[1].What == store.LostVersion, "of two later ones the first wins")
			st.same("desk part", st.file(id).Desk, two)
			st.conflict(store.LostVersion, store.Writes{Desk: &store.DeskWrites{Desks: []contact.Desk{{Contact: id, Revision: 4, ChangedAt: Noon()}}}})
		}},
		{"keeps a log entry as it was written", func(st *stand) {
			id := store.Of(st.accept(Given{}).Contact).Contacts[0].ID
			l, _ := NewReminder(st.r, id, "")
			st.applied(store.Writes{Desk: &store.DeskWrites{Logs: []contact.Log{l}}})
			again := l
			again.Comments = "something else"
			st.conflict(store.LostLog, store.Writes{Desk: &store.DeskWrites{Logs: []contact.Log{again}}})
			st.same("log", st.file(id).Logs, []contact.Log{l})
		}},
	}
}

// remind writes reminders of one contact with the trigger dates.
func (st *stand) remind(triggers ...string) []contact.Reminder {
	st.t.Helper()
	var w store.Writes
	for _, t := range triggers {
		l, r := NewReminder(st.r, NewContactID(st.r), t)
		store.In(&w.Desk).Logs, store.In(&w.Desk).Reminders = append(store.Of(w.Desk).Logs, l), append(store.Of(w.Desk).Reminders, r)
	}
	st.applied(w)
	return store.Of(w.Desk).Reminders
}

func (st *stand) unmade(until string, after, to contact.ReminderKey, limit int) []contact.Reminder {
	st.t.Helper()
	all, err := st.s.Reminders(st.t.Context(), until, after, to, limit)
	st.ok(err, "reading reminders")
	return all
}

func byKey(all []contact.Reminder) []contact.Reminder {
	return slices.SortedFunc(slices.Values(all), func(a, b contact.Reminder) int {
		return slices.Compare([]string{a.Trigger, a.Contact.String(), a.Log.String()}, []string{b.Trigger, b.Contact.String(), b.Log.String()})
	})
}

func reminders() []sentence {
	var none contact.ReminderKey
	return []sentence{
		{"reads reminders that wait and are due, in the order of their keys, page by page", func(st *stand) {
			made := st.remind("2026-03-05", "2026-03-03", "2026-03-04", "2026-03-03", "2026-02-28", "2026-03-04")
			want := byKey(made)[:5]
			st.same("due", st.unmade("2026-03-04", none, none, 99), want)
			st.same("first page", st.unmade("2026-03-04", none, none, 2), want[:2])
			st.same("second page", st.unmade("2026-03-04", want[1].Key(), none, 99), want[2:])
			st.same("stretch", st.unmade("2026-03-04", want[0].Key(), want[2].Key(), 99), want[1:3])
			st.check(len(st.unmade("2026-02-27", none, none, 99)) == 0, "nothing is due before")
		}},
		{"parts what waits into stretches of the same size that hold each reminder once", func(st *stand) {
			var dates []string
			for i := range 23 {
				dates = append(dates, fmt.Sprintf("2026-03-%02d", 1+i%5))
			}
			all := byKey(st.remind(dates...))
			st.remind("2026-04-01")
			for _, n := range []int{1, 2, 5, 23, 50} {
				q, err := st.s.ReminderQuantiles(st.t.Context(), "2026-03-31", n)
				st.ok(err, "parting")
				st.check(q.Total == 23 && len(q.Last) == min(n, 23), "as many stretches as there can be")
				var got []contact.Reminder
				after := none
				for _, to := range q.Last {
					part := st.unmade("2026-03-31", after, to, 99)
					st.check(len(part) >= 23/n && len(part) <= 23/n+1, "the same size")
					got, after = append(got, part...), to
				}
				st.same("all of them", got, all)
			}
			q, err := st.s.ReminderQuantiles(st.t.Context(), "2025-01-01", 4)
			st.ok(err, "parting nothing")
			st.check(q.Total == 0 && len(q.Last) == 0, "nothing has no stretches")
		}},
		{"marks a reminder once ever, together with what opens its To Do", func(st *stand) {
			r := st.remind("2026-03-03")[0]
			mark := func(id todo.ID) store.Writes {
				w := store.Writes{Ledger: &store.LedgerWrites{Entries: []ledger.Entry{NewEntry(st.r)}}}
				store.In(&w.Desk).Reminded = []store.Reminded{{Contact: r.Contact, Log: r.Log, ToDo: id, At: Noon()}}
				return w
			}
			verdicts := st.apply(mark(10_000_000_000_001), mark(10_000_000_000_002))
			st.check(verdicts[0].Outcome == store.Applied && verdicts[1].What == store.LostReminder, "the first mark wins")
			st.conflict(store.LostReminder, mark(10_000_000_000_003))
			st.same("entries", st.entries(), int64(1))
			made, err := r.Made(10_000_000_000_001, Noon())
			st.ok(err, "making")
			st.same("reminder", st.file(r.Contact).Reminders, []contact.Reminder{made})
			st.check(len(st.unmade("9999-12-31", none, none, 9)) == 0, "it waits no longer")
			st.conflict(store.LostReminder, store.Writes{Desk: &store.DeskWrites{Reminded: []store.Reminded{{Contact: r.Contact, Log: r.Log + 1, ToDo: 10_000_000_000_009, At: Noon()}}}})
		}},
		{"completes a reminder with its To Do, the first time", func(st *stand) {
			r := st.remind("2026-03-03")[0]
			done := func(at time.Time) store.Writes {
				return store.Writes{Desk: &store.DeskWrites{RemindersDone: []store.ReminderDone{{ToDo: 10_000_000_000_001, At: at}}}}
			}
			st.applied(done(Noon())) // there is none
			st.applied(store.Writes{Desk: &store.DeskWrites{Reminded: []store.Reminded{{Contact: r.Contact, Log: r.Log, ToDo: 10_000_000_000_001, At: Noon()}}}})
			st.applied(done(Noon().Add(time.Hour)), done(Noon().Add(2*time.Hour)))
			made, err := r.Made(10_000_000_000_001, Noon())
			st.ok(err, "making")
			complete, err := made.Completed(Noon().Add(time.Hour))
			st.ok(err, "completing")
			st.same("reminder", st.file(r.Contact).Reminders, []contact.Reminder{complete})
		}},
	}
}

func subjects() []sentence {
	about := func(st *stand, person customer.PersonID, account, premise string) contact.Contact {
		w := NewAcceptance(st.r, Given{})
		c := &store.In(&w.Contact).Contacts[0]
		c.Person, c.Account, c.Premise = person, account, premise
		st.applied(w)
		return *c
	}
	newest := func(all ...contact.Contact) []contact.Contact {
		return slices.SortedFunc(slices.Values(all), func(a, b contact.Contact) int { return int(b.ID - a.ID) })
	}
	read := func(st *stand, of contact.Subject, below contact.ID, limit int) []contact.Contact {
		all, err := st.s.ContactsOf(st.t.Context(), of, below, limit)
		st.ok(err, "looking for contacts")
		return all
	}
	return []sentence{
		{"finds the contacts of a person, an account or a premise, the newest first, page by page", func(st *stand) {
			a, b, c := about(st, 1_000_000_007, "acct-1", ""), about(st, 1_000_000_007, "acct-2", "prem-1"), about(st, 0, "acct-1", "prem-1")
			st.same("of the person", read(st, contact.Subject{Person: 1_000_000_007}, 0, 9), newest(a, b))
			st.same("of the account", read(st, contact.Subject{Account: "acct-1"}, 0, 9), newest(a, c))
			of := newest(b, c)
			st.same("of the premise", read(st, contact.Subject{Premise: "prem-1"}, 0, 9), of)
			st.same("first page", read(st, contact.Subject{Premise: "prem-1"}, 0, 1), of[:1])
			st.same("second page", read(st, contact.Subject{Premise: "prem-1"}, of[0].ID, 9), of[1:])
			st.check(len(read(st, contact.Subject{}, 0, 9)) == 0, "nobody has none")
			st.check(len(read(st, contact.Subject{Account: "acct-3"}, 0, 9)) == 0, "a stranger has none")
		}},
		{"tells what the ledger holds of contacts, the newest first, page by page, sealed or not", func(st *stand) {
			a, b := NewContactID(st.r), NewContactID(st.r)
			entry := func(id contact.ID, minute int) ledger.Entry {
				e := NewEntry(st.r)
				e.Contact, e.At = id, Noon().Add(time.Duration(minute)*time.Minute)
				return e
			}
			all := []ledger.Entry{entry(a, 4), entry(b, 3), entry(a, 2), entry(a, 1)}
			st.applied(store.Writes{Ledger: &store.LedgerWrites{Entries: []ledger.Entry{all[2], all[0], entry(NewContactID(st.r), 5)}}}, store.Writes{Ledger: &store.LedgerWrites{Entries: []ledger.Entry{all[3], all[1]}}})
			read := func(before store.Telling, limit int) (bodies []string, last store.Telling) {
				told, err := st.s.Told(st.t.Context(), []contact.ID{b, a, a}, before, limit)
				st.ok(err, "reading entries")
				for _, t := range told {
					bodies = append(bodies, t.Body)
					e, err := ledger.Read(t.Body)
					st.ok(err, "reading an entry")
					last = store.Telling{At: e.At, Number: t.Number}
				}
				return bodies, last
			}
			var want []string
			for _, e := range all {
				want = append(want, e.Canonical())
			}
			got, _ := read(store.Telling{}, 9)
			st.same("all", got, want)
			first, last := read(store.Telling{}, 2)
			rest, _ := read(last, 9)
			st.same("two pages", append(first, rest...), want)
		}},
	}
}

// filesRetired proves that what hangs on a contact goes with it, and that a reminder which waits keeps its contact.
func filesRetired(st *stand) {
	a := newAged(st)
	filed := func(account string, toDo todo.ID) contact.ID {
		id := store.Of(a.acceptedFor(account, true).Contact).Contacts[0].ID
		l, r := NewReminder(st.r, id, "2031-01-01")
		a.applied(store.Writes{Desk: &store.DeskWrites{Desks: []contact.Desk{NewDesk(st.r, id)}, Logs: []contact.Log{l}, Reminders: []contact.Reminder{r}}})
		if toDo != 0 {
			a.applied(store.Writes{Desk: &store.DeskWrites{Reminded: []store.Reminded{{Contact: id, Log: l.ID, ToDo: toDo, At: a.now}}}})
		}
		return id
	}
	keep := store.Retention{Messages: 60 * 24 * time.Hour}
	old := filed("4000000001", 10_000_000_000_001)
	a.pass(130)
	waits := filed("4000000001", 0)
	a.pass(130)
	a.retire(keep)
	a.same("file of the old", st.file(old), contact.File{})
	a.check(len(st.file(waits).Logs) == 1 && len(st.file(waits).Reminders) == 1, "a reminder that waits is there")
	_, err := st.s.Contact(st.t.Context(), waits)
	a.ok(err, "reading the contact whose reminder waits")
	r := st.file(waits).Reminders[0]
	a.applied(store.Writes{Desk: &store.DeskWrites{Reminded: []store.Reminded{{Contact: waits, Log: r.Log, ToDo: 10_000_000_000_002, At: a.now}}}})
	a.retire(keep)
	a.same("file of the other", st.file(waits), contact.File{})
}
