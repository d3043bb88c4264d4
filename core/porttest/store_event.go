package porttest

import (
	"math/rand/v2"
	"slices"
	"time"

	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/occurrence"
	"carillon/core/store"
)

// NewSourceEvent draws a system event that was taken in.
func NewSourceEvent(r *rand.Rand, at time.Time) store.SourceEvent {
	kind := pick(r, occurrence.Kinds()...)
	return store.SourceEvent{
		Key:      occurrence.Key{Source: "cis", Kind: kind, Object: word(r, "object"), Sequence: r.IntN(3)},
		Division: "north", Hash: NewHash(r), At: at, By: "cis-north",
		Made: []contact.Made{
			{Creator: "C1-OE-CC", Site: "overdue_event_type:LTR/activation", Class: "COLL", Type: "DUE", Contact: NewContactID(r)},
			{Site: "campaign:SPRING/order_completion", Skipped: contact.Unplugged},
		},
	}
}

// NewTask draws a contact task that waits for its first try.
func NewTask(r *rand.Rand, at time.Time) contact.Task {
	id := contact.TaskID(1 + r.Int64N(9_999_999_999))
	return contact.NewTask(id, "cis", "north", "MOVE", "C1-CREATECC", `{"event":"service_task"}`, at, "cis-north")
}

// events reads one event back.
func (st *stand) event(k occurrence.Key) []store.SourceEvent {
	st.t.Helper()
	found, err := st.s.SourceEvents(st.t.Context(), []occurrence.Key{k, {Source: "cis", Kind: k.Kind, Object: "none"}})
	st.ok(err, "reading events")
	return found
}

func (st *stand) task(id contact.TaskID) contact.Task {
	st.t.Helper()
	found, err := st.s.ContactTasks(st.t.Context(), []contact.TaskID{id, 7})
	st.ok(err, "reading tasks")
	st.check(len(found) == 1, "the task is there, one that is not is left out")
	return found[0]
}

func sourceEvents() []sentence {
	return []sentence{
		{"reads an event back as it was written, and leaves out what is not there", func(st *stand) {
			e, other := NewSourceEvent(st.r, Noon()), NewSourceEvent(st.r, Noon())
			other.Made = nil
			st.applied(store.Writes{Event: &store.EventWrites{Events: []store.SourceEvent{e, other}}})
			st.same("the event", st.event(e.Key), []store.SourceEvent{e})
			st.same("one that made nothing", st.event(other.Key), []store.SourceEvent{other})
			none, err := st.s.SourceEvents(st.t.Context(), nil)
			st.ok(err, "reading none")
			st.check(len(none) == 0, "none are none")
		}},
		{"takes an event once, and its contacts with it or not at all", func(st *stand) {
			e := NewSourceEvent(st.r, Noon())
			first := NewAcceptance(st.r, Given{}).And(store.Writes{Event: &store.EventWrites{Events: []store.SourceEvent{e}}})
			st.applied(first)
			again := e
			again.Made = nil
			second, third := NewAcceptance(st.r, Given{}), NewAcceptance(st.r, Given{})
			verdicts := st.apply(second.And(store.Writes{Event: &store.EventWrites{Events: []store.SourceEvent{again}}}), third)
			st.check(verdicts[0].Outcome == store.Conflict && verdicts[0].What == store.LostEvent, "the second is a conflict over the event")
			st.check(verdicts[1].Outcome == store.Applied, "its neighbour commits")
			st.absent(second)
			st.whole(third)
			st.same("the event stays", st.event(e.Key), []store.SourceEvent{e})
		}},
		{"lets the first of two in one call win", func(st *stand) {
			e := NewSourceEvent(st.r, Noon())
			a, b := NewAcceptance(st.r, Given{}), NewAcceptance(st.r, Given{})
			verdicts := st.apply(a.And(store.Writes{Event: &store.EventWrites{Events: []store.SourceEvent{e}}}), b.And(store.Writes{Event: &store.EventWrites{Events: []store.SourceEvent{e}}}))
			st.check(verdicts[0].Outcome == store.Applied && verdicts[1].Outcome == store.Conflict && verdicts[1].What == store.LostEvent, "the first wins")
			st.whole(a)
			st.absent(b)
		}},
		{"tells events apart by source, kind, object and sequence", func(st *stand) {
			e := NewSourceEvent(st.r, Noon())
			all := []store.SourceEvent{e, e, e, e, e}
			all[1].Key.Source = "other"
			all[2].Key.Kind = occurrence.Kind("another")
			all[3].Key.Object += "x"
			all[4].Key.Sequence += 10
			st.applied(store.Writes{Event: &store.EventWrites{Events: all}})
			keys := make([]occurrence.Key, len(all))
			for i, one := range all {
				keys[i] = one.Key
			}
			found, err := st.s.SourceEvents(st.t.Context(), keys)
			st.ok(err, "reading events")
			st.check(len(found) == len(all), "all five are there")
			for _, one := range all {
				st.check(slices.ContainsFunc(found, func(f store.SourceEvent) bool { return f.Key == one.Key }), "each under its key")
			}
		}},
		{"answers a repeated Idempotency-Key of an event from the key", func(st *stand) {
			e := NewSourceEvent(st.r, Noon())
			key := store.IntakeKey{Kind: store.EventKey, Source: "cis", Division: "north", Key: word(st.r, "key"), Hash: e.Hash, At: Noon()}
			st.applied(store.Writes{Intake: &store.IntakeWrites{Keys: []store.IntakeKey{key}}, Event: &store.EventWrites{Events: []store.SourceEvent{e}}})
			v := st.apply(store.Writes{Intake: &store.IntakeWrites{Keys: []store.IntakeKey{key}}, Event: &store.EventWrites{Events: []store.SourceEvent{e}}})[0]
			st.check(v.Outcome == store.Replayed && v.Contact == 0, "the same hash is a replay")
			key.Hash = NewHash(st.r)
			st.conflict(store.LostIntakeKey, store.Writes{Intake: &store.IntakeWrites{Keys: []store.IntakeKey{key}}, Event: &store.EventWrites{Events: []store.SourceEvent{NewSourceEvent(st.r, Noon())}}})
		}},
		{"gives contact tasks numbers of their own", func(st *stand) {
			first, err := st.s.Numbers(st.t.Context(), "contact_task", 2)
			st.ok(err, "drawing numbers")
			next, err := st.s.Numbers(st.t.Context(), "contact_task", 1)
			st.ok(err, "drawing numbers")
			st.check(first == 1_000_000_001 && next == first+2, "they begin at 1 000 000 001 and are dense")
		}},
		{"keeps a task in error with its problem, and completes it once", func(st *stand) {
			t := NewTask(st.r, Noon())
			t, err := t.Failed([]fault.Violation{{Field: "/premise", Reason: "is required"}}, Noon(), "cis-north")
			st.ok(err, "failing")
			st.applied(store.Writes{Event: &store.EventWrites{Tasks: []contact.Task{t}}})
			st.same("in error", st.task(t.ID), t)
			st.conflict("", store.Writes{Event: &store.EventWrites{Tasks: []contact.Task{t}}})
			done, err := t.Completed(NewContactID(st.r), Noon().Add(time.Hour), "clerk")
			st.ok(err, "completing")
			late, err := t.Failed([]fault.Violation{{Field: "/type", Reason: "is inactive"}}, Noon().Add(time.Hour), "other")
			st.ok(err, "failing again")
			w := NewAcceptance(st.r, Given{})
			verdicts := st.apply(store.Writes{Event: &store.EventWrites{Tasks: []contact.Task{done}}}, w.And(store.Writes{Event: &store.EventWrites{Tasks: []contact.Task{late}}}))
			st.check(verdicts[0].Outcome == store.Applied, "the first try wins")
			st.check(verdicts[1].Outcome == store.Conflict && verdicts[1].What == store.LostVersion, "the other is a conflict over the version")
			st.absent(w)
			st.same("completed", st.task(t.ID), done)
		}},
	}
}
