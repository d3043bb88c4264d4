package porttest

import (
	"fmt"
	"time"

	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
)

// aged is a stand on which years pass: what it accepts lies in months and blocks of its own.
type aged struct {
	*stand
	now time.Time
}

// newAged begins years after everything a store was made with.
func newAged(st *stand) *aged {
	a := &aged{stand: st, now: Noon().AddDate(3, 0, 0)}
	a.pass(0)
	return a
}

// pass lets days go by. Numbers move on, as they would.
func (a *aged) pass(days int) {
	a.t.Helper()
	a.now = a.now.AddDate(0, 0, days)
	_, err := a.s.Numbers(a.t.Context(), "contact", 10_000_001)
	a.ok(err, "drawing numbers")
	_, err = a.s.Extend(a.t.Context(), a.now)
	a.ok(err, "making room")
}

// sentTo accepts a message now, and sends it when told to: it is then in no queue.
func (a *aged) acceptedFor(account string, settled bool) store.Writes {
	a.t.Helper()
	l := message.NewLane(int16(100+a.r.IntN(7000)), message.Regulatory)
	w := NewAcceptance(a.r, Given{At: a.now, Lane: &l, Channel: message.Email})
	first, err := a.s.Numbers(a.t.Context(), "contact", 1)
	a.ok(err, "drawing a number")
	id := contact.ID(first)
	store.Of(w.Contact).Contacts[0].ID, store.Of(w.Contact).Plans[0].Contact, store.Of(w.Contact).Steps[0].Contact, store.Of(w.Message).Messages[0].Origin.Contact = id, id, id, id
	for i := range store.Of(w.Intake).Keys {
		store.Of(w.Intake).Keys[i].Contact = id
	}
	for i := range store.Of(w.Ledger).Entries {
		store.Of(w.Ledger).Entries[i].Contact, store.Of(w.Ledger).Entries[i].Account = id, account
	}
	store.Of(w.Contact).Contacts[0].Account, store.Of(w.Message).Messages[0].Account = account, account
	a.applied(w)
	if settled {
		taken := a.claim(l, a.now, 1)
		a.applied(a.sent(taken[0], a.now).And(store.Writes{Message: &store.MessageWrites{Undeadlines: []message.ID{store.Of(w.Message).Messages[0].ID}}}))
	}
	return w
}

// retire runs retention until there is no more to do.
func (a *aged) retire(keep store.Retention) {
	a.t.Helper()
	for range 200 {
		r, err := a.s.Retire(a.t.Context(), a.now, keep)
		a.ok(err, "retiring")
		if !r.More {
			return
		}
	}
	a.t.Fatal("retention comes to no end")
}

// there reports whether a contact is read whole, or not at all; anything between stops the proof.
func (a *aged) there(w store.Writes) bool {
	a.t.Helper()
	records, err := a.s.Messages(a.t.Context(), []message.ID{store.Of(w.Message).Messages[0].ID})
	a.ok(err, "reading a message")
	view, err := a.s.Contact(a.t.Context(), store.Of(w.Contact).Contacts[0].ID)
	if fault.Is(err, fault.NotFound) {
		a.check(len(records) == 0, "of a contact that is gone, no message is left")
		return false
	}
	a.ok(err, "reading a contact")
	a.check(len(records) == 1 && len(view.Messages) == 1 && len(view.Steps) == 1 && view.Plan == store.Of(w.Contact).Plans[0], "a contact that is there is whole")
	a.same("contact", view.Contact, store.Of(w.Contact).Contacts[0])
	a.same("message", records[0].Message, store.Of(w.Message).Messages[0])
	a.same("the same by its contact", view.Messages[0], records[0])
	return true
}

func retention() []sentence {
	const day = 24 * time.Hour
	keep := store.Retention{Messages: 60 * day}
	return []sentence{
		{"takes nothing away unless it is told to", func(st *stand) {
			a := newAged(st)
			w := a.acceptedFor("4000000001", true)
			a.pass(2000)
			a.retire(store.Retention{})
			a.check(a.there(w), "what is kept for ever is there")
		}},
		{"takes away what is older, and leaves what is younger", func(st *stand) {
			a := newAged(st)
			old := a.acceptedFor("4000000001", true)
			a.pass(130)
			young := a.acceptedFor("4000000001", true)
			a.pass(30)
			a.retire(keep)
			a.check(!a.there(old), "the old one is gone")
			a.check(a.there(young), "the young one is there")
			a.whole(a.acceptedFor("4000000002", false))
		}},
		{"leaves what still waits, whatever its age", func(st *stand) {
			a := newAged(st)
			waiting := a.acceptedFor("4000000001", false)
			a.pass(200)
			a.retire(keep)
			a.check(a.there(waiting), "a message with a due row is there")
			a.applied(store.Writes{Message: &store.MessageWrites{Undues: []store.Undue{{Message: store.Of(waiting.Message).Messages[0].ID}}}})
			a.retire(keep)
			a.check(a.there(waiting), "a message with a deadline is there")
			a.applied(store.Writes{Message: &store.MessageWrites{Undeadlines: []message.ID{store.Of(waiting.Message).Messages[0].ID}}})
			a.retire(keep)
			a.check(!a.there(waiting), "and nothing keeps it any more")
		}},
		{"takes away with a message what was kept of its failure", failuresRetired},
		{"takes away with a contact what hung on it at the desk, and leaves one whose reminder waits", filesRetired},
		{"leaves what is held until the hold is lifted", heldUntilLifted},
		{"takes away old entries of the ledger once they are sealed and in the tree, and its readers pass over the gap", ledgerRetired},
	}
}

func failuresRetired(st *stand) {
	a := newAged(st)
	failed := func(account string) message.ID {
		w := a.acceptedFor(account, true)
		m := store.Of(w.Message).Messages[0]
		a.applied(store.Writes{
			Message: &store.MessageWrites{Dead: []message.DeadLetter{{
				Message: m.ID, Place: message.AtFailed, At: a.now, AcceptedAt: m.AcceptedAt, Source: m.Source, Division: m.Division,
				Contact: m.Origin.Contact, Channel: m.Channel, Route: m.Route, Urgency: m.Urgency, Reason: "refused", Attempts: 1,
			}}},
			Contact: &store.ContactWrites{Halts: []plan.Halt{{Contact: m.Origin.Contact, At: a.now, Reason: "cancelled", By: "clerk"}}},
		})
		return m.ID
	}
	left := func() (ids []message.ID) {
		for _, d := range st.dead(message.AtFailed, message.DeadCursor{}, 10) {
			ids = append(ids, d.Message)
		}
		return ids
	}
	failed("4000000001")
	a.pass(130)
	young := failed("4000000001")
	a.retire(store.Retention{Messages: 60 * 24 * time.Hour})
	a.same("dead letters", left(), []message.ID{young})
}

func heldUntilLifted(st *stand) {
	a := newAged(st)
	keep := store.Retention{Messages: 60 * 24 * time.Hour}
	byAccount, byPerson, other := a.acceptedFor("4000000001", true), a.acceptedFor("4000000002", true), a.acceptedFor("4000000003", true)
	var holds []store.Hold
	for i, h := range []store.Hold{
		{Kind: store.HoldAccount, Subject: "4000000001"}, {Kind: store.HoldPerson, Subject: store.Of(byPerson.Contact).Contacts[0].Person.String()},
	} {
		h.Number, h.Reason, h.By, h.At = int64(i+1), fmt.Sprintf("case %d", i), "counsel", a.now
		holds = append(holds, h)
	}
	a.applied(store.Writes{Upkeep: &store.UpkeepWrites{Holds: holds}})
	a.pass(200)
	a.retire(keep)
	a.check(!a.there(other), "what is not held is gone")
	a.check(a.there(byAccount), "the held account's is read as before")
	records, err := a.s.Messages(a.t.Context(), []message.ID{store.Of(byPerson.Message).Messages[0].ID})
	a.ok(err, "reading a message")
	a.check(store.Of(byPerson.Message).Messages[0].Recipient.Person == 0 || len(records) == 1, "the held person's message is there")
	record := a.record(store.Of(byAccount.Message).Messages[0].ID)
	a.check(len(record.Evidence) == 1 && record.Evidence[0].Kind == message.Sent, "with its evidence")
	a.applied(store.Writes{Upkeep: &store.UpkeepWrites{Unholds: []store.Unhold{{Number: 1, By: "judge", At: a.now}, {Number: 2, By: "judge", At: a.now}}}})
	a.pass(31)
	a.acceptedFor("4000000009", true)
	a.retire(keep)
	a.check(!a.there(byAccount), "a hold that was lifted keeps nothing")
}

func ledgerRetired(st *stand) {
	a := newAged(st)
	keep := store.Retention{Ledger: 60 * 24 * time.Hour}
	old := a.acceptedFor("4000000001", true)
	a.pass(100)
	a.retire(keep)
	set, err := growth(a.stand, "", "")
	a.ok(err, "growing the tree")
	for i := range store.Of(set.Ledger).Seals {
		store.Of(set.Ledger).Seals[i].At = a.now.AddDate(0, 0, -100)
	}
	a.applied(set)
	a.nextBlock()
	before := a.leaves(0)
	a.same("what was not sealed stayed, and is read", before, []int64{0, 1, 2})
	young := a.acceptedFor("4000000002", true)
	a.sealed()
	a.same("leaves", a.leaves(0)[:3], before)
	next := a.nextLeaf()
	a.check(next > int64(len(before)+len(store.Of(young.Ledger).Entries)), "the young follow the old")
	a.retire(keep)
	left := a.leaves(0)
	a.check(len(left) > 0 && left[0] > before[2] && left[0] <= int64(len(before)+manyEntries), "the old ones are gone, the young are there")
	a.same("read from the middle of the gap", a.leaves(1), left)
	a.same("the next leaf", a.nextLeaf(), next)
	a.check(a.there(old), "contacts are kept by a retention of their own")
}

// manyEntries are more than a process reserves numbers for.
const manyEntries = 10_001

// nextBlock lets retention begin a new block of ledger entries, as the first of a month does, and uses up the numbers
// that were reserved before.
func (a *aged) nextBlock() {
	a.t.Helper()
	a.retire(store.Retention{Ledger: 10_000 * 24 * time.Hour})
	_, err := a.s.Extend(a.t.Context(), a.now)
	a.ok(err, "making room")
	entries := make([]ledger.Entry, manyEntries)
	for i := range entries {
		entries[i] = ledger.Entry{At: a.now, Kind: ledger.MessageNoted, Source: "cis", Division: "north"}
	}
	a.applied(store.Writes{Ledger: &store.LedgerWrites{Entries: entries}})
}

// leaves are the numbers of the leaves that are read from a number on.
func (a *aged) leaves(from int64) (numbers []int64) {
	a.t.Helper()
	all, err := a.s.Leaves(a.t.Context(), from, 1000)
	a.ok(err, "reading leaves")
	for _, l := range all {
		numbers = append(numbers, l.Number)
	}
	return numbers
}
