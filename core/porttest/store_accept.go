package porttest

import (
	"slices"

	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
)

func acceptance() []sentence {
	return []sentence{
		{"is visible whole", func(st *stand) {
			for _, c := range message.Channels() {
				st.whole(st.accept(Given{Channel: c}))
			}
			st.same("entries", st.entries(), int64(8))
		}},
		{"is not visible at all when a part of it loses", func(st *stand) {
			first := st.accept(Given{})
			w := NewAcceptance(st.r, Given{})
			store.In(&w.Contact).Steps = append(store.Of(w.Contact).Steps, store.Of(first.Contact).Steps[0])
			st.conflict(store.LostStep, w)
			st.absent(w)
			_, err := st.s.Key(st.t.Context(), store.IdempotencyKey, store.Of(w.Intake).Keys[0].Source, store.Of(w.Intake).Keys[0].Key)
			st.kind(err, fault.NotFound)
			st.same("entries", st.entries(), int64(2))
			st.applied(dropLast(w))
			st.whole(dropLast(w))
		}},
		{"stores zero times and empty fields as none", zeroFields},
		{"leaves the neighbours of losers committed", mixedBatch},
		{"starts a step once", func(st *stand) {
			w := st.accept(Given{Steps: 2})
			m := NewMessage(st.r, Noon())
			next := store.Writes{
				Message: &store.MessageWrites{Messages: []message.Message{m}, Dues: []message.Due{DueOf(m)}},
				Contact: &store.ContactWrites{Steps: []plan.Step{{Contact: store.Of(w.Contact).Contacts[0].ID, Number: 2, Message: m.ID, StartedAt: Noon(), Why: "failed"}}},
			}
			st.applied(next)
			rival := NewMessage(st.r, Noon())
			store.In(&next.Message).Messages, store.In(&next.Message).Dues = []message.Message{rival}, []message.Due{DueOf(rival)}
			store.In(&next.Contact).Steps = []plan.Step{{Contact: store.Of(w.Contact).Contacts[0].ID, Number: 2, Message: rival.ID, StartedAt: Noon(), Why: "failed"}}
			st.conflict(store.LostStep, next)
			view, err := st.s.Contact(st.t.Context(), store.Of(w.Contact).Contacts[0].ID)
			st.ok(err, "reading the contact")
			st.check(len(view.Messages) == 2, "the plan has two messages")
			st.same("messages in the order of the steps",
				[]message.ID{view.Messages[0].Message.ID, view.Messages[1].Message.ID}, []message.ID{store.Of(w.Message).Messages[0].ID, m.ID})
		}},
		{"is read back in the order asked, without what is unknown", func(st *stand) {
			a, b := st.accept(Given{}), st.accept(Given{})
			ids := []message.ID{store.Of(b.Message).Messages[0].ID, NewMessageID(st.r, Noon()), store.Of(a.Message).Messages[0].ID}
			records, err := st.s.Messages(st.t.Context(), ids)
			st.ok(err, "reading messages")
			st.check(len(records) == 2, "two of the three are known")
			st.same("first", records[0].Message, store.Of(b.Message).Messages[0])
			st.same("second", records[1].Message, store.Of(a.Message).Messages[0])
			none, err := st.s.Messages(st.t.Context(), nil)
			st.ok(err, "reading no message")
			st.check(len(none) == 0, "nothing was asked")
		}},
		{"of an unknown contact or key is not found", func(st *stand) {
			_, err := st.s.Contact(st.t.Context(), NewContactID(st.r))
			st.kind(err, fault.NotFound)
			_, err = st.s.Key(st.t.Context(), store.IdempotencyKey, "cis", "none")
			st.kind(err, fault.NotFound)
		}},
	}
}

func intakeKeys() []sentence {
	return []sentence{
		{"of a known key with the same hash answer from the first", func(st *stand) {
			first, again := st.accept(Given{}), NewAcceptance(st.r, Given{})
			store.Of(again.Intake).Keys[0].Key, store.Of(again.Intake).Keys[0].Hash = store.Of(first.Intake).Keys[0].Key, store.Of(first.Intake).Keys[0].Hash
			st.replayed(again, first)
		}},
		{"of a known key with another hash are a conflict", func(st *stand) {
			first, again := st.accept(Given{}), NewAcceptance(st.r, Given{})
			store.Of(again.Intake).Keys[0].Key = store.Of(first.Intake).Keys[0].Key
			st.conflict(store.LostIntakeKey, again)
			st.absent(again)
			st.same("entries", st.entries(), int64(2))
		}},
		{"that are source references with the same hash answer from the first", func(st *stand) {
			first, again := st.accept(Given{}), NewAcceptance(st.r, Given{})
			store.Of(again.Intake).Keys[1].Key, store.Of(again.Intake).Keys[1].Hash = store.Of(first.Intake).Keys[1].Key, store.Of(first.Intake).Keys[1].Hash
			st.replayed(again, first)
		}},
		{"that are source references with another hash are a conflict", func(st *stand) {
			first, again := st.accept(Given{}), NewAcceptance(st.r, Given{})
			store.Of(again.Intake).Keys[1].Key = store.Of(first.Intake).Keys[1].Key
			st.conflict(store.LostReference, again)
			st.absent(again)
			_, err := st.s.Key(st.t.Context(), store.IdempotencyKey, store.Of(again.Intake).Keys[0].Source, store.Of(again.Intake).Keys[0].Key)
			st.kind(err, fault.NotFound)
		}},
		{"of other sources and of the other kind are kept apart", func(st *stand) {
			first, second, third := st.accept(Given{}), NewAcceptance(st.r, Given{}), NewAcceptance(st.r, Given{})
			store.Of(second.Intake).Keys[0].Source, store.Of(second.Intake).Keys[0].Key = "billing", store.Of(first.Intake).Keys[0].Key
			store.Of(third.Intake).Keys[1].Key = store.Of(first.Intake).Keys[0].Key
			st.applied(second, third)
			st.whole(first)
			st.whole(second)
			st.whole(third)
		}},
		{"that are equal in one call are won by the first, and the others are answered from it", equalKeys},
		{"that are equal fall to the second when the first loses for another reason", func(st *stand) {
			old := st.accept(Given{})
			first, second := NewAcceptance(st.r, Given{}), NewAcceptance(st.r, Given{})
			store.In(&first.Contact).Steps = append(store.Of(first.Contact).Steps, store.Of(old.Contact).Steps[0])
			store.Of(second.Intake).Keys[0].Key = store.Of(first.Intake).Keys[0].Key
			verdicts := st.apply(first, second)
			st.check(verdicts[0].Outcome == store.Conflict && verdicts[0].What == store.LostStep, "the first loses over its step")
			st.check(verdicts[1].Outcome == store.Applied, "the second wins: nothing was written of the first")
			st.absent(first)
			st.whole(second)
		}},
	}
}

func dropLast(w store.Writes) store.Writes {
	w = w.Clone()
	w.Contact.Steps = w.Contact.Steps[:len(w.Contact.Steps)-1]
	return w
}

// replayed applies a set that must be answered from an earlier one.
func (st *stand) replayed(again, first store.Writes) {
	st.t.Helper()
	before := st.entries()
	v := st.apply(again)[0]
	st.check(v.Outcome == store.Replayed, "the second request is answered from the first")
	st.same("contact", v.Contact, store.Of(first.Contact).Contacts[0].ID)
	st.absent(again)
	st.same("entries", st.entries(), before)
	st.whole(first)
}

func zeroFields(st *stand) {
	w := NewAcceptance(st.r, Given{})
	m := &store.In(&w.Message).Messages[0]
	m.ExpiresAt, m.Receipt, m.Hold, m.Marketing, m.Doubt = zeroTime(), 0, 0, false, message.Hold
	m.Account, m.Reference, m.Content, m.Template = "", "", "", ""
	m.Recipient = customer.Recipient{Address: NewAddress(st.r, customer.Post)}
	c := &store.In(&w.Contact).Contacts[0]
	c.Reference, c.Account, c.Premise, c.Person, c.Data = "", "", "", 0, ""
	store.In(&w.Intake).Keys, store.In(&w.Message).Deadlines = store.Of(w.Intake).Keys[:1], nil
	st.applied(w)
	st.whole(w)
}

func equalKeys(st *stand) {
	first, same, other := NewAcceptance(st.r, Given{}), NewAcceptance(st.r, Given{}), NewAcceptance(st.r, Given{})
	reference, alone := NewAcceptance(st.r, Given{}), NewAcceptance(st.r, Given{})
	store.Of(same.Intake).Keys[0].Key, store.Of(same.Intake).Keys[0].Hash = store.Of(first.Intake).Keys[0].Key, store.Of(first.Intake).Keys[0].Hash
	store.Of(other.Intake).Keys[0].Key = store.Of(first.Intake).Keys[0].Key
	store.Of(reference.Intake).Keys[1].Key = store.Of(first.Intake).Keys[1].Key
	verdicts := st.apply(first, same, other, reference, alone)
	st.same("verdicts", verdicts, []store.Verdict{
		{Outcome: store.Applied},
		{Outcome: store.Replayed, Contact: store.Of(first.Contact).Contacts[0].ID},
		{Outcome: store.Conflict, What: store.LostIntakeKey},
		{Outcome: store.Conflict, What: store.LostReference},
		{Outcome: store.Applied},
	})
	st.whole(first)
	st.whole(alone)
	st.absent(same)
	st.absent(other)
	st.absent(reference)
}

// mixedBatch applies fifty sets, every fifth of which loses, each for another reason in turn.
func mixedBatch(st *stand) {
	old, stale := st.accept(Given{}), st.accept(Given{})
	seen := message.Evidence{Message: store.Of(old.Message).Messages[0].ID, Seq: 1, At: Noon(), Kind: message.Noted}
	st.applied(store.Writes{Message: &store.MessageWrites{Evidence: []message.Evidence{seen}}})
	spoil := []func(w *store.Writes) store.Loss{
		func(w *store.Writes) store.Loss {
			store.Of(w.Intake).Keys[0].Key = store.Of(old.Intake).Keys[0].Key
			return store.LostIntakeKey
		},
		func(w *store.Writes) store.Loss {
			store.In(&w.Contact).Steps = slices.Concat(store.Of(w.Contact).Steps, store.Of(old.Contact).Steps)
			return store.LostStep
		},
		func(w *store.Writes) store.Loss {
			store.In(&w.Message).Evidence = []message.Evidence{seen}
			return store.LostEvidence
		},
		func(w *store.Writes) store.Loss {
			store.In(&w.Message).Settles = []store.Settle{{Fence: message.FenceOf(store.Of(stale.Message).Dues[0])}}
			return store.LostFence
		},
		func(w *store.Writes) store.Loss {
			store.In(&w.Ledger).Cursors = []store.Cursor{{Name: "webhook", From: 7, Next: 8}}
			return store.LostVersion
		},
		func(w *store.Writes) store.Loss {
			store.In(&w.Report).Consumed = []int64{987_654}
			return store.LostReport
		},
	}
	sets, want := make([]store.Writes, 0, 50), make([]store.Loss, 0, 50)
	for i := range 50 {
		w, what := NewAcceptance(st.r, Given{}), store.Loss("")
		if i%5 == 2 {
			what = spoil[i/5%len(spoil)](&w)
		}
		sets, want = append(sets, w), append(want, what)
	}
	verdicts, entries := st.apply(sets...), st.entries()
	for i, v := range verdicts {
		st.same("what set lost over", v.What, want[i])
		if want[i] == "" {
			st.check(v.Outcome == store.Applied, "a neighbour of a loser is applied")
			st.whole(sets[i])
		} else {
			st.check(v.Outcome == store.Conflict, "a loser is told so")
			st.absent(sets[i])
		}
	}
	st.same("entries", entries, int64(2*(2+40)))
}
