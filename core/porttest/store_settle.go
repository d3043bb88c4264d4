package porttest

import (
	"time"

	"carillon/core/message"
	"carillon/core/store"
)

// sent is the write set that settles a claimed message as sent.
func (st *stand) sent(taken message.Taken, at time.Time) store.Writes {
	st.t.Helper()
	life, err := message.Tell(&taken.Due, nil).Sent(message.Observation{
		At: at, Provider: "sns", Ref: word(st.r, "provider"), Code: "200", Reason: "taken", Took: 93 * time.Millisecond,
	})
	st.ok(err, "moving to sent")
	return MoveWrites(taken.Message, &taken.Due, life)
}

func settling() []sentence {
	return []sentence{
		{"removes the due row and keeps the evidence", func(st *stand) {
			_, taken := st.claimed(Given{})
			w := st.sent(taken, Noon())
			st.applied(w)
			record := st.record(taken.Message.ID)
			st.check(record.Due == nil, "a settled message waits no longer")
			st.same("evidence", record.Evidence, store.Of(w.Message).Evidence)
			st.same("life", record.Life(), message.Life{Work: message.Finished, Place: message.AtSent, Seq: 1, Attempts: 1})
			st.check(len(st.claim(taken.Due.Lane, Noon().Add(100*time.Hour), 9)) == 0, "it is never claimed again")
		}},
		{"is a conflict once another has claimed, and nothing of the set is written", func(st *stand) {
			_, taken := st.claimed(Given{})
			st.claim(taken.Due.Lane, taken.Due.At.Add(time.Second), 1)
			st.lost(taken)
		}},
		{"is a conflict when the message was given back and claimed anew", func(st *stand) {
			w, taken := st.claimed(Given{})
			st.applied(store.Writes{Message: &store.MessageWrites{Requeues: []store.Requeue{{Fence: message.FenceOf(taken.Due), At: store.Of(w.Message).Dues[0].At, Reason: message.WaitReturned}}}})
			st.lost(taken)
			c := store.Claim{Lane: taken.Due.Lane, Now: store.Of(w.Message).Dues[0].At, Lease: taken.Due.At, Owner: "one", Limit: 1}
			st.check(len(st.applied(store.Writes{Message: &store.MessageWrites{Claim: &c}})[0].Claimed) == 1, "claimed anew, by chance with the same lease and owner")
			st.lost(taken)
		}},
		{"is a conflict of what is not claimed or was settled", func(st *stand) {
			w, taken := st.claimed(Given{})
			queued := st.accept(Given{})
			st.conflict(store.LostFence, store.Writes{Message: &store.MessageWrites{Settles: []store.Settle{{Fence: message.FenceOf(store.Of(queued.Message).Dues[0])}}}})
			st.applied(st.sent(taken, Noon()))
			st.conflict(store.LostFence, store.Writes{Message: &store.MessageWrites{Settles: []store.Settle{{Fence: message.FenceOf(taken.Due)}}}})
			st.check(st.record(store.Of(w.Message).Messages[0].ID).Due == nil, "it stays settled")
		}},
		{"still holds after the lease while nobody else has claimed", func(st *stand) {
			_, taken := st.claimed(Given{})
			st.applied(st.sent(taken, taken.Due.At.Add(time.Hour)))
			st.check(st.record(taken.Message.ID).Due == nil, "the late settlement counts")
		}},
		{"of many in one set is all or nothing", func(st *stand) {
			dues := st.waiting(8, lane(), Noon())
			taken := st.claim(lane(), Noon().Add(time.Minute), 8)
			var all store.Writes
			for _, t := range taken {
				store.In(&all.Message).Settles = append(store.Of(all.Message).Settles, store.Settle{Fence: message.FenceOf(t.Due)})
			}
			stale := all.Clone()
			store.In(&stale.Message).Settles = append(append([]store.Settle{}, store.Of(all.Message).Settles...), store.Of(all.Message).Settles[3])
			store.Of(stale.Message).Settles[8].Fence.Number++
			st.conflict(store.LostFence, stale)
			for _, d := range dues {
				st.check(st.record(d.Message).Due != nil, "none of them is settled")
			}
			st.applied(all)
			for _, d := range dues {
				st.check(st.record(d.Message).Due == nil, "all of them are settled")
			}
		}},
	}
}

// lost proves that a stale claim settles nothing, and that nothing of the set is written.
func (st *stand) lost(stale message.Taken) {
	st.t.Helper()
	before, entries := st.record(stale.Message.ID), st.entries()
	neighbour := NewAcceptance(st.r, Given{})
	w := st.sent(stale, Noon())
	store.In(&w.Message).Refs = []store.ProviderRef{{Provider: "sns", Ref: "stale", Message: stale.Message.ID, At: Noon()}}
	verdicts := st.apply(w, neighbour)
	st.check(verdicts[0].Outcome == store.Conflict && verdicts[0].What == store.LostFence, "the fence was lost")
	st.check(verdicts[1].Outcome == store.Applied, "its neighbour is applied")
	st.same("record", st.record(stale.Message.ID), before)
	st.same("entries", st.entries(), entries+2)
	st.recounted(Noon().Add(-time.Hour), Noon().Add(time.Hour))
}

func requeueing() []sentence {
	return []sentence{
		{"returns a claimed message to the queue", func(st *stand) {
			w, taken := st.claimed(Given{})
			again := Noon().Add(10 * time.Minute)
			mv, err := message.Tell(&taken.Due, nil).Retry(message.Observation{At: Noon(), Provider: "sns", Code: "503"}, again)
			st.ok(err, "moving to retry")
			st.applied(MoveWrites(taken.Message, &taken.Due, mv))
			want := store.Of(w.Message).Dues[0]
			want.At, want.Reason, want.Attempt, want.Seq, want.Fence = again, message.WaitRetry, 1, 1, taken.Due.Fence
			st.same("due row", *st.record(taken.Message.ID).Due, want)
			st.same("life", st.record(taken.Message.ID).Life(),
				message.Life{Work: message.Queued, Place: message.Pending, Seq: 1, Attempts: 1})
			st.check(len(st.claim(taken.Due.Lane, again.Add(-time.Microsecond), 9)) == 0, "it is not due yet")
			st.check(len(st.claim(taken.Due.Lane, again, 9)) == 1, "it is due again")
		}},
		{"extends a lease when the claim is kept", func(st *stand) {
			_, taken := st.claimed(Given{})
			longer := taken.Due.At.Add(time.Hour)
			st.applied(store.Writes{Message: &store.MessageWrites{Requeues: []store.Requeue{{
				Fence: message.FenceOf(taken.Due), At: longer, Reason: message.WaitLeased, Keep: true,
			}}}})
			want := taken.Due
			want.At, want.Reason = longer, message.WaitLeased
			st.same("due row", *st.record(taken.Message.ID).Due, want)
			st.check(len(st.claim(taken.Due.Lane, taken.Due.At.Add(time.Minute), 9)) == 0, "the longer lease runs")
			taken.Due = want
			st.applied(st.sent(taken, Noon()))
		}},
		{"is a conflict when the fence is lost", func(st *stand) {
			_, taken := st.claimed(Given{})
			st.claim(taken.Due.Lane, taken.Due.At.Add(time.Second), 1)
			before := st.record(taken.Message.ID)
			for _, keep := range []bool{false, true} {
				st.conflict(store.LostFence, store.Writes{Message: &store.MessageWrites{Requeues: []store.Requeue{{
					Fence: message.FenceOf(taken.Due), At: Noon(), Reason: message.WaitRetry, Keep: keep,
				}}}})
			}
			st.same("record", st.record(taken.Message.ID), before)
		}},
		{"undue removes the row of what is queued", func(st *stand) {
			w := st.accept(Given{})
			mv, err := message.Born().Cancel(message.Observation{At: Noon(), Reason: "asked"})
			st.ok(err, "moving to cancelled")
			st.applied(MoveWrites(store.Of(w.Message).Messages[0], &store.In(&w.Message).Dues[0], mv))
			st.check(st.record(store.Of(w.Message).Messages[0].ID).Due == nil, "it waits no longer")
			st.same("place", st.record(store.Of(w.Message).Messages[0].ID).Life().Place, message.AtCancelled)
			st.conflict(store.LostFence, store.Writes{Message: &store.MessageWrites{Undues: []store.Undue{{Message: store.Of(w.Message).Messages[0].ID}}}})
		}},
		{"undue is a conflict of what is claimed, even when its lease has lapsed", func(st *stand) {
			w, taken := st.claimed(Given{})
			mv, err := message.Born().Cancel(message.Observation{At: taken.Due.At.Add(time.Hour), Reason: "asked"})
			st.ok(err, "moving to cancelled")
			before := st.record(taken.Message.ID)
			st.conflict(store.LostFence, MoveWrites(store.Of(w.Message).Messages[0], &store.In(&w.Message).Dues[0], mv))
			st.same("record", st.record(taken.Message.ID), before)
		}},
	}
}

func evidence() []sentence {
	return []sentence{
		{"with a number that is there is a conflict", func(st *stand) {
			w := st.accept(Given{})
			id := store.Of(w.Message).Messages[0].ID
			seen := message.Evidence{Message: id, Seq: 1, At: Noon(), Kind: message.Noted, Reason: "printed"}
			st.applied(store.Writes{Message: &store.MessageWrites{Evidence: []message.Evidence{seen}}})
			rival := NewAcceptance(st.r, Given{})
			store.In(&rival.Message).Evidence = []message.Evidence{
				{Message: id, Seq: 2, At: Noon(), Kind: message.Noted},
				{Message: id, Seq: 1, At: Noon(), Kind: message.Delivered},
			}
			st.conflict(store.LostEvidence, rival)
			st.absent(rival)
			st.same("evidence", st.record(id).Evidence, []message.Evidence{seen})
		}},
		{"of the same number in one call is won by the first", func(st *stand) {
			id := store.Of(st.accept(Given{}).Message).Messages[0].ID
			set := func(reason string) store.Writes {
				return store.Writes{Message: &store.MessageWrites{Evidence: []message.Evidence{{Message: id, Seq: 1, At: Noon(), Kind: message.Noted, Reason: reason}}}}
			}
			verdicts := st.apply(set("first"), set("second"))
			st.check(verdicts[0].Outcome == store.Applied && verdicts[1].Outcome == store.Conflict, "one race, one winner")
			st.same("reason", st.record(id).Evidence[0].Reason, "first")
		}},
		{"is read back whole, in the order of its numbers", func(st *stand) {
			id := store.Of(st.accept(Given{}).Message).Messages[0].ID
			seen := []message.Evidence{
				{
					Message: id, Seq: 1, At: Noon(), Kind: message.Sent, Attempt: 3, Reason: "r", Code: "250", Provider: "ses",
					Ref: "0100-abc", Took: 1500 * time.Microsecond,
				},
				{Message: id, Seq: 2, At: Noon().Add(time.Second), Kind: message.Noted},
				{Message: id, Seq: 10, At: Noon().Add(-time.Hour), Kind: message.Delivered},
			}
			st.applied(store.Writes{Message: &store.MessageWrites{Evidence: []message.Evidence{seen[2], seen[0], seen[1]}}})
			st.same("evidence", st.record(id).Evidence, seen)
		}},
	}
}

func deadlines() []sentence {
	return []sentence{
		{"are told when they have passed, oldest first, with their message", func(st *stand) {
			var want []message.ID
			for _, minutes := range []int{1, 2, 3, 4} {
				w := NewAcceptance(st.r, Given{})
				store.In(&w.Message).Deadlines = []message.Deadline{{At: Noon().Add(time.Duration(minutes) * time.Minute), Message: store.Of(w.Message).Messages[0].ID, Kind: message.Expiry}}
				st.applied(w)
				want = append(want, store.Of(w.Message).Messages[0].ID)
			}
			passed, err := st.s.Deadlines(st.t.Context(), Noon().Add(3*time.Minute), 10)
			st.ok(err, "reading deadlines")
			st.check(len(passed) == 3, "three have passed")
			for i, p := range passed {
				st.same("deadline", p.Deadline, message.Deadline{At: Noon().Add(time.Duration(i+1) * time.Minute), Message: want[i], Kind: message.Expiry})
				st.same("record", p.Record, st.record(want[i]))
			}
			passed, err = st.s.Deadlines(st.t.Context(), Noon().Add(time.Hour), 2)
			st.ok(err, "reading deadlines")
			st.check(len(passed) == 2 && passed[0].Deadline.Message == want[0], "no more than asked, the oldest")
		}},
		{"go all at once, before the same set puts new ones", func(st *stand) {
			w := st.accept(Given{})
			m := store.Of(w.Message).Messages[0]
			hold := message.Deadline{At: Noon().Add(time.Minute), Message: m.ID, Kind: message.HoldEnds}
			st.applied(store.Writes{Message: &store.MessageWrites{Deadlines: []message.Deadline{hold}}})
			receipt := message.Deadline{At: Noon().Add(2 * time.Minute), Message: m.ID, Kind: message.ReceiptDue}
			st.applied(store.Writes{Message: &store.MessageWrites{Undeadlines: []message.ID{m.ID}, Deadlines: []message.Deadline{receipt}}})
			passed, err := st.s.Deadlines(st.t.Context(), Noon().Add(1000*time.Hour), 10)
			st.ok(err, "reading deadlines")
			st.check(len(passed) == 1, "only the new one is left")
			st.same("deadline", passed[0].Deadline, receipt)
			st.applied(store.Writes{Message: &store.MessageWrites{Undeadlines: []message.ID{m.ID}}})
			passed, err = st.s.Deadlines(st.t.Context(), Noon().Add(1000*time.Hour), 10)
			st.ok(err, "reading deadlines")
			st.check(len(passed) == 0, "none is left")
			st.applied(store.Writes{Message: &store.MessageWrites{Undeadlines: []message.ID{m.ID}}})
		}},
		{"put again under their kind move", func(st *stand) {
			w := st.accept(Given{})
			moved := store.Of(w.Message).Deadlines[0]
			moved.At = Noon().Add(time.Minute)
			st.applied(store.Writes{Message: &store.MessageWrites{Deadlines: []message.Deadline{moved}}})
			passed, err := st.s.Deadlines(st.t.Context(), Noon().Add(1000*time.Hour), 10)
			st.ok(err, "reading deadlines")
			st.check(len(passed) == 1, "a message has one deadline of a kind")
			st.same("deadline", passed[0].Deadline, moved)
		}},
	}
}
