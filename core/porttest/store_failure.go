package porttest

import (
	"slices"
	"time"

	"carillon/core/contact"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
	"carillon/core/todo"
)

// failed accepts a message and has it refused at the time.
func (st *stand) failed(g Given, at time.Time) (store.Writes, message.DeadLetter) {
	st.t.Helper()
	w, taken := st.claimed(g)
	move, err := st.record(taken.Message.ID).Life().Refuse(message.Observation{At: at, Reason: "refused", Code: "OptedOut", Provider: "sns"})
	st.ok(err, "refusing")
	st.applied(store.Tell(taken.Message, move).And(store.Writes{Message: &store.MessageWrites{Settles: []store.Settle{{Fence: message.FenceOf(taken.Due)}}}}))
	m, c := store.Of(w.Message).Messages[0], store.Of(w.Contact).Contacts[0]
	return w, message.DeadLetter{
		Message: m.ID, Place: message.AtFailed, At: at, AcceptedAt: m.AcceptedAt, Source: m.Source, Division: m.Division, Contact: c.ID,
		Class: c.Class, Type: c.Type, Channel: m.Channel, Route: m.Route, Urgency: m.Urgency, Reason: "refused", Code: "OptedOut", Attempts: 1,
	}
}

func (st *stand) dead(place message.Place, after message.DeadCursor, limit int) []message.DeadLetter {
	st.t.Helper()
	page, err := st.s.DeadLetters(st.t.Context(), place, after, limit)
	st.ok(err, "reading dead letters")
	return page
}

// putBack puts a message back and returns the write set that did.
func (st *stand) putBack(m message.Message, at, ends time.Time) store.Writes {
	st.t.Helper()
	move, err := st.record(m.ID).Life().Replay(message.Observation{At: at, Reason: "replayed", Provider: "clerk", Ref: "request-1"}, at)
	st.ok(err, "replaying")
	set := store.Replay(m, move, ends)
	st.applied(set)
	return set
}

func failures() []sentence {
	hour := Noon().Truncate(time.Hour)
	return []sentence{
		{"lists dead letters newest first, with the class and type of the contact, page by page", func(st *stand) {
			var want []message.DeadLetter
			for i := range 7 {
				_, d := st.failed(Given{}, Noon().Add(time.Duration(i%4)*time.Minute))
				want = append(want, d)
			}
			slices.SortFunc(want, func(a, b message.DeadLetter) int {
				if c := b.At.Compare(a.At); c != 0 {
					return c
				}
				return slices.Compare(b.Message[:], a.Message[:])
			})
			st.same("all", st.dead(message.AtFailed, message.DeadCursor{}, 100), want)
			var paged []message.DeadLetter
			for after := (message.DeadCursor{}); ; {
				page := st.dead(message.AtFailed, after, 3)
				if len(page) == 0 {
					break
				}
				paged, after = append(paged, page...), page[len(page)-1].Cursor()
			}
			st.same("page by page", paged, want)
			st.check(len(st.dead(message.AtExpired, message.DeadCursor{}, 9)) == 0, "another place has none")
		}},
		{"writes no dead letter for what goes well", func(st *stand) {
			_, taken := st.claimed(Given{})
			st.applied(st.sent(taken, Noon()))
			for _, p := range message.Places() {
				st.check(len(st.dead(p, message.DeadCursor{}, 9)) == 0, "nothing is dead")
			}
		}},
		{"takes a dead letter away when its message turns out to be delivered, and has one when it fails after all", func(st *stand) {
			w, d := st.failed(Given{}, Noon())
			move, err := st.record(d.Message).Life().Deliver(message.Observation{At: Noon()})
			st.ok(err, "delivering")
			st.applied(store.Tell(store.Of(w.Message).Messages[0], move))
			st.check(len(st.dead(message.AtFailed, message.DeadCursor{}, 9)) == 0, "it is delivered")
			again, err := st.record(d.Message).Life().Fail(message.Observation{At: Noon().Add(time.Hour), Reason: "bounced", Code: "5.1.1"})
			st.ok(err, "failing")
			st.applied(store.Tell(store.Of(w.Message).Messages[0], again))
			got := st.dead(message.AtFailed, message.DeadCursor{}, 9)
			st.check(len(got) == 1 && got[0].Reason == "bounced" && got[0].Code == "5.1.1", "it has the last reason and code")
		}},
		{"puts a replayed message back into its lane under its id, with its attempts and its time anew", func(st *stand) {
			w, d := st.failed(Given{}, Noon())
			m, at := store.Of(w.Message).Messages[0], Noon().Add(100*time.Hour)
			set := st.putBack(m, at, time.Time{})
			rec := st.record(d.Message)
			st.same("due row", *rec.Due, store.Of(set.Message).Dues[0])
			st.same("life", rec.Life(), message.Life{Work: message.Queued, Place: message.Pending, Seq: 2, Replays: 1})
			st.check(len(st.dead(message.AtFailed, message.DeadCursor{}, 9)) == 0, "it is dead no longer")
			taken := st.claim(m.Lane, at, 1)
			st.check(len(taken) == 1 && taken[0].Message.ID == m.ID && taken[0].Due.Attempt == 0, "it can be claimed")
			st.same("expiry", taken[0].Current().ExpiresAt, at.Add(m.ExpiresAt.Sub(m.AcceptedAt)))
			passed, err := st.s.Deadlines(st.t.Context(), at.Add(1000*time.Hour), 9)
			st.ok(err, "reading deadlines")
			st.check(len(passed) == 1 && passed[0].Deadline.At.Equal(at.Add(m.ExpiresAt.Sub(m.AcceptedAt))), "its expiry began anew")
			st.recounted(hour, hour.Add(time.Hour))
		}},
		{"never replays beyond what the sender allowed", func(st *stand) {
			w, _ := st.failed(Given{}, Noon())
			m, at := store.Of(w.Message).Messages[0], Noon().Add(time.Hour)
			ends := at.Add(time.Minute)
			st.putBack(m, at, ends)
			taken := st.claim(m.Lane, at, 1)
			st.check(len(taken) == 1 && taken[0].Current().ExpiresAt.Equal(ends), "it expires when the sender says")
		}},
		{"lets one of two replays win", func(st *stand) {
			w, d := st.failed(Given{}, Noon())
			move, err := st.record(d.Message).Life().Replay(message.Observation{At: Noon()}, Noon())
			st.ok(err, "replaying")
			set := store.Replay(store.Of(w.Message).Messages[0], move, time.Time{})
			verdicts := st.apply(set, set)
			st.check(verdicts[0].Outcome == store.Applied && verdicts[1].Outcome == store.Conflict, "the first wins")
			st.recounted(hour, hour.Add(time.Hour))
		}},
		{"reads what waits by id, between two ids, and no message that is settled", func(st *stand) {
			var want []message.ID
			for i := range 5 {
				w := st.accept(Given{At: Noon().Add(time.Duration(i) * time.Second)})
				want = append(want, store.Of(w.Message).Messages[0].ID)
			}
			st.failed(Given{At: Noon().Add(2500 * time.Millisecond)}, Noon())
			read := func(after, until message.ID, limit int) (got []message.ID) {
				all, err := st.s.Waiting(st.t.Context(), after, until, limit)
				st.ok(err, "reading what waits")
				for _, r := range all {
					got = append(got, r.Message.ID)
					st.check(r.Due != nil, "it waits")
				}
				return got
			}
			st.same("all", read(message.ID{}, message.ID{}, 9), want)
			st.same("a page", read(want[0], message.ID{}, 2), want[1:3])
			st.same("until", read(want[0], want[3], 9), want[1:3])
		}},
	}
}

func toDos() []sentence {
	doubt := func(st *stand, policy message.DoubtPolicy) message.Message {
		own := message.NewLane(int16(100+st.r.IntN(7000)), message.Service)
		set := NewAcceptance(st.r, Given{Lane: &own})
		store.Of(set.Message).Messages[0].Doubt = policy
		st.applied(set)
		taken := st.claim(own, Noon(), 1)[0]
		move, err := st.record(taken.Message.ID).Life().Doubt(message.Observation{At: Noon(), Reason: "ambiguous", Code: "timeout"})
		st.ok(err, "doubting")
		st.applied(store.Tell(taken.Message, move).And(store.Writes{Message: &store.MessageWrites{Settles: []store.Settle{{Fence: message.FenceOf(taken.Due)}}}}))
		return taken.Message
	}
	read := func(st *stand, complete bool) []todo.Entry {
		f := todo.Filter{}
		if complete {
			f.Status = todo.IsComplete
		}
		all, err := st.s.ToDoList(st.t.Context(), f, 0, 99)
		st.ok(err, "reading To Dos")
		return all
	}
	return []sentence{
		{"opens a To Do with a doubt where the policy says so, without a deadline, and completes it with what resolves it", func(st *stand) {
			m := doubt(st, message.ToDo)
			doubt(st, message.Hold)
			open := read(st, false)
			st.check(len(open) == 1 && len(open[0].ID.String()) == 14 && open[0].Message == m.ID && open[0].Contact == m.Origin.Contact, "one entry")
			st.same("reason", open[0].Reason, "ambiguous")
			passed, err := st.s.Deadlines(st.t.Context(), Noon().Add(10_000*time.Hour), 9)
			st.ok(err, "reading deadlines")
			for _, p := range passed {
				st.check(p.Record.Message.ID != m.ID || p.Deadline.Kind != message.HoldEnds, "a To Do has no deadline")
			}
			move, err := st.record(m.ID).Life().Confirm(message.Observation{At: Noon().Add(time.Hour), Provider: "clerk"})
			st.ok(err, "confirming")
			st.applied(store.Tell(m, move))
			st.check(len(read(st, false)) == 0, "nothing is open")
			done := read(st, true)
			st.check(len(done) == 1 && done[0].By == "clerk" && done[0].Outcome == "sent" && done[0].Complete(), "it is complete")
		}},
		{"opens one To Do about one thing, and another when that is complete", func(st *stand) {
			m := NewMessage(st.r, Noon())
			entry := todo.Unreached(m, Noon(), "refused")
			st.applied(store.Writes{ToDo: &store.ToDoWrites{ToDos: []todo.Entry{entry}}}, store.Writes{ToDo: &store.ToDoWrites{ToDos: []todo.Entry{entry}}})
			st.check(len(read(st, false)) == 1, "once")
			done := todo.Taken(m.Origin.Contact, Noon(), "clerk", "replayed")
			st.applied(store.Writes{ToDo: &store.ToDoWrites{Done: []todo.Completion{done}, ToDos: []todo.Entry{entry}}})
			st.check(len(read(st, false)) == 1 && len(read(st, true)) == 1, "again")
			first, second := read(st, true)[0].ID, read(st, false)[0].ID
			st.check(first < second, "numbers grow")
		}},
	}
}

func retries() []sentence {
	return []sentence{
		{"shows what replaced a message after the messages of the steps, and lets it be replaced once", func(st *stand) {
			w, d := st.failed(Given{}, Noon())
			set := NewRetry(st.r, store.Of(w.Message).Messages[0], 2, Noon().Add(time.Hour))
			st.applied(set)
			view, err := st.s.Contact(st.t.Context(), d.Contact)
			st.ok(err, "reading the contact")
			st.same("retries", view.Retries, store.Of(set.Contact).Retries)
			st.check(len(view.Steps) == 1 && len(view.Messages) == 2, "one step, two messages")
			st.same("message", view.Messages[1].Message, store.Of(set.Message).Messages[0])
			st.conflict(store.LostRetry, NewRetry(st.r, store.Of(w.Message).Messages[0], 3, Noon().Add(time.Hour)))
			st.check(len(st.dead(message.AtFailed, message.DeadCursor{}, 9)) == 0, "what is replaced is no dead letter")
		}},
		{"reads many contacts at once, each with its own", func(st *stand) {
			var ids []contact.ID
			all := map[contact.ID]store.Writes{}
			for range 5 {
				w := st.accept(Given{})
				ids = append(ids, store.Of(w.Contact).Contacts[0].ID)
				all[store.Of(w.Contact).Contacts[0].ID] = w
			}
			halt := plan.Halt{Contact: ids[2], At: Noon(), Reason: "cancelled", By: "clerk"}
			st.applied(store.Writes{Contact: &store.ContactWrites{Halts: []plan.Halt{halt, halt}}}, store.Writes{Contact: &store.ContactWrites{Halts: []plan.Halt{halt}}})
			views, err := st.s.ContactViews(st.t.Context(), append(slices.Clone(ids), 1))
			st.ok(err, "reading contacts")
			st.same("how many", len(views), len(ids))
			for i, v := range views {
				w := all[v.Contact.ID]
				st.check(i == 0 || views[i-1].Contact.ID < v.Contact.ID, "by id")
				st.same("contact", v.Contact, store.Of(w.Contact).Contacts[0])
				st.same("steps", v.Steps, store.Of(w.Contact).Steps)
				st.check(len(v.Messages) == 1 && v.Messages[0].Message.ID == store.Of(w.Message).Messages[0].ID && v.Messages[0].Due != nil, "its message")
				st.same("halted", v.Halted, v.Contact.ID == ids[2])
			}
		}},
	}
}
