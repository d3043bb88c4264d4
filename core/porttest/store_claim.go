package porttest

import (
	"bytes"
	"slices"
	"time"

	"carillon/core/message"
	"carillon/core/store"
)

// lane is the lane most proofs use.
func lane() message.Lane { return message.NewLane(3, message.Service) }

func zeroTime() time.Time { return time.Time{} }

// waiting accepts n messages in the lane, due a second apart from at on, and returns their due rows in that order.
// They are written in another order, and their identifiers are in none.
func (st *stand) waiting(n int, lane message.Lane, at time.Time) []message.Due {
	st.t.Helper()
	dues := make([]message.Due, n)
	sets := make([]store.Writes, n)
	for i, k := range st.r.Perm(n) {
		w := NewAcceptance(st.r, Given{Lane: &lane})
		store.Of(w.Message).Dues[0].At = at.Add(time.Duration(k) * time.Second)
		store.Of(w.Message).Dues[0].FirstAt = store.Of(w.Message).Dues[0].At
		sets[i], dues[k] = w, store.Of(w.Message).Dues[0]
	}
	st.applied(sets...)
	return dues
}

func claiming() []sentence {
	return []sentence{
		{"takes only what is due, earliest first, up to its limit", claimOrder},
		{"returns the whole message with its new lease, fence and owner", func(st *stand) {
			w := st.accept(Given{})
			d := store.Of(w.Message).Dues[0]
			lease := d.At.Add(time.Minute)
			c := store.Claim{Lane: d.Lane, Now: d.At, Lease: lease, Owner: "worker 1", Limit: 5}
			taken := st.applied(store.Writes{Message: &store.MessageWrites{Claim: &c}})[0].Claimed
			d.At, d.Fence, d.Owner, d.Reason = lease, 1, "worker 1", message.WaitCalled
			st.same("claimed", taken, []message.Taken{{Message: store.Of(w.Message).Messages[0], Due: d, Was: store.Of(w.Message).Dues[0].Reason}})
			st.same("due row", *st.record(d.Message).Due, d)
			st.same("life", st.record(d.Message).Life(), message.Life{Work: message.Claimed, Place: message.Pending})
		}},
		{"never takes what is claimed before its lease lapses", func(st *stand) {
			w, taken := st.claimed(Given{})
			lease := taken.Due.At
			st.check(len(st.claim(store.Of(w.Message).Dues[0].Lane, lease.Add(-time.Microsecond), 9)) == 0, "the lease still runs")
			st.check(len(st.claim(store.Of(w.Message).Dues[0].Lane, lease.Add(time.Microsecond), 9)) == 1, "the lease has lapsed")
		}},
		{"takes what has lapsed with its previous owner and a grown fence", func(st *stand) {
			w, taken := st.claimed(Given{})
			now := taken.Due.At.Add(time.Second)
			c := store.Claim{Lane: store.Of(w.Message).Dues[0].Lane, Now: now, Lease: now.Add(time.Minute), Owner: "two", Limit: 9}
			again := st.applied(store.Writes{Message: &store.MessageWrites{Claim: &c}})[0].Claimed
			st.check(len(again) == 1, "the lapsed claim is taken")
			st.same("previous owner", again[0].Lapsed, "one")
			st.check(again[0].Due.Fence > taken.Due.Fence, "the fence grows with every claim")
			st.same("owner", again[0].Due.Owner, "two")
			st.same("message", again[0].Message, store.Of(w.Message).Messages[0])
			st.same("first due", again[0].Due.FirstAt, store.Of(w.Message).Dues[0].FirstAt)
			st.same("attempts spent", again[0].Due.Attempt, store.Of(w.Message).Dues[0].Attempt)
		}},
		{"has no previous owner of what was given back", func(st *stand) {
			w, taken := st.claimed(Given{})
			now := store.Of(w.Message).Dues[0].At.Add(time.Second)
			st.applied(store.Writes{Message: &store.MessageWrites{Requeues: []store.Requeue{{Fence: message.FenceOf(taken.Due), At: now, Reason: message.WaitReturned}}}})
			again := st.claim(store.Of(w.Message).Dues[0].Lane, now, 1)
			st.check(len(again) == 1 && again[0].Lapsed == "", "a row given back is not a lapsed claim")
			st.check(again[0].Due.Fence > taken.Due.Fence, "the fence grows with every claim")
		}},
	}
}

func claimingMore() []sentence {
	return []sentence{
		{"keeps lanes apart", func(st *stand) {
			w := st.accept(Given{})
			d := store.Of(w.Message).Dues[0]
			for route := range int16(6) {
				for _, u := range message.Urgencies() {
					if l := message.NewLane(route, u); l != d.Lane {
						st.check(len(st.claim(l, d.At.Add(time.Hour), 9)) == 0, "another lane is empty")
					}
				}
			}
			st.check(len(st.claim(d.Lane, d.At, 9)) == 1, "its own lane has it")
		}},
		{"with a low-water hint passes over nothing at or after it, and finds the rest without", lowWater},
		{"comes after everything else of its set", func(st *stand) {
			w, taken := st.claimed(Given{})
			now := store.Of(w.Message).Dues[0].At.Add(time.Second)
			next := NewAcceptance(st.r, Given{At: now, Lane: &store.Of(w.Message).Dues[0].Lane})
			store.In(&next.Message).Settles = []store.Settle{{Fence: message.FenceOf(taken.Due)}}
			store.In(&next.Message).Claim = &store.Claim{Lane: store.Of(w.Message).Dues[0].Lane, Now: now, Lease: now.Add(time.Hour), Owner: "one", Limit: 9}
			claimed := st.applied(next)[0].Claimed
			st.check(len(claimed) == 1, "one settled, one claimed")
			st.same("claimed", claimed[0].Message, store.Of(next.Message).Messages[0])
			st.check(st.record(store.Of(w.Message).Messages[0].ID).Due == nil, "the settled one is gone")
		}},
		{"of two sets in one call never takes the same", func(st *stand) {
			dues := st.waiting(6, lane(), Noon())
			now := Noon().Add(time.Hour)
			one := store.Claim{Lane: lane(), Now: now, Lease: now.Add(time.Hour), Owner: "one", Limit: 4}
			two := store.Claim{Lane: lane(), Now: now, Lease: now.Add(2 * time.Hour), Owner: "two", Limit: 4}
			verdicts := st.applied(store.Writes{Message: &store.MessageWrites{Claim: &one}}, store.Writes{Message: &store.MessageWrites{Claim: &two}})
			st.same("first", ids(verdicts[0].Claimed), dueIDs(dues[:4]))
			st.same("second", ids(verdicts[1].Claimed), dueIDs(dues[4:]))
		}},
		{"takes nothing for a set that lost", func(st *stand) {
			dues := st.waiting(2, lane(), Noon())
			now := Noon().Add(time.Hour)
			w := store.Writes{Report: &store.ReportWrites{Consumed: []int64{42}}, Message: &store.MessageWrites{Claim: &store.Claim{Lane: lane(), Now: now, Lease: now.Add(time.Hour), Owner: "one", Limit: 4}}}
			v := st.apply(w)[0]
			st.check(v.Outcome == store.Conflict && len(v.Claimed) == 0, "a set that lost claims nothing")
			st.check(st.record(dues[0].Message).Due.Owner == "", "the row is still queued")
		}},
	}
}

func claimOrder(st *stand) {
	dues := st.waiting(12, lane(), Noon())
	now := dues[7].At
	first := st.claim(lane(), now, 5)
	st.same("the first five, earliest first", ids(first), dueIDs(dues[:5]))
	second := st.claim(lane(), now, 5)
	st.same("the rest of what is due", ids(second), dueIDs(dues[5:8]))
	st.check(len(st.claim(lane(), now, 5)) == 0, "nothing else is due")
	st.check(len(st.claim(lane(), now, 0)) == 0, "a limit of none takes none")
	st.same("later the rest", ids(st.claim(lane(), dues[11].At, 50)), dueIDs(dues[8:]))
}

func lowWater(st *stand) {
	dues := st.waiting(6, lane(), Noon())
	now := Noon().Add(time.Hour)
	c := store.Claim{Lane: lane(), Now: now, Lease: now.Add(time.Hour), Owner: "one", Limit: 9, Low: dues[3].At}
	hinted := st.applied(store.Writes{Message: &store.MessageWrites{Claim: &c}})[0].Claimed
	for _, d := range dues[3:] {
		st.check(slices.Contains(ids(hinted), d.Message), "rows at and after the hint are taken")
	}
	c.Low = zeroTime()
	rest := st.applied(store.Writes{Message: &store.MessageWrites{Claim: &c}})[0].Claimed
	st.check(len(hinted)+len(rest) == 6, "a claim without the hint finds the others")
}

func ids(taken []message.Taken) []message.ID {
	all := make([]message.ID, 0, len(taken))
	for _, t := range taken {
		all = append(all, t.Message.ID)
	}
	return all
}

func dueIDs(dues []message.Due) []message.ID {
	all := make([]message.ID, 0, len(dues))
	for _, d := range dues {
		all = append(all, d.Message)
	}
	return all
}

func sorted(ids []message.ID) []message.ID {
	slices.SortFunc(ids, func(a, b message.ID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}

func lanes() []sentence {
	return []sentence{
		{"are told with what waits, what is claimed and the oldest that is due", laneStates},
		{"give nothing while they are paused, and go on when the pause has run out or was lifted", func(st *stand) {
			w := st.accept(Given{})
			lane, now := store.Of(w.Message).Dues[0].Lane, store.Of(w.Message).Dues[0].At
			pause := store.LanePause{Lane: lane, Paused: true, Reason: "quota", Until: now.Add(time.Hour), By: "sns"}
			st.applied(store.Writes{Lane: &store.LaneWrites{Pauses: []store.LanePause{pause}}})
			st.check(len(st.claim(lane, now, 9)) == 0, "a paused lane gives nothing")
			st.check(len(st.claim(lane, now.Add(time.Hour), 9)) == 1, "a pause that has run out holds nothing back")
			other := st.accept(Given{})
			lane, now = store.Of(other.Message).Dues[0].Lane, store.Of(other.Message).Dues[0].At
			st.applied(store.Writes{Lane: &store.LaneWrites{Pauses: []store.LanePause{{Lane: lane, Paused: true, Reason: "by hand", By: "sre"}}}})
			st.check(len(st.claim(lane, now, 9)) == 0, "nor does one that a person paused")
			st.applied(store.Writes{Lane: &store.LaneWrites{Pauses: []store.LanePause{{Lane: lane, By: "sre"}}}})
			st.check(len(st.claim(lane, now, 9)) >= 1, "a lane that was resumed goes on")
		}},
		{"release what waits for a person when they resume", func(st *stand) {
			w := st.accept(Given{})
			lane, now := store.Of(w.Message).Dues[0].Lane, store.Of(w.Message).Dues[0].At
			taken := st.claim(lane, now, 1)
			st.check(len(taken) == 1, "it is claimed")
			far := now.Add(100 * 365 * 24 * time.Hour)
			st.applied(store.Writes{Message: &store.MessageWrites{Requeues: []store.Requeue{{Fence: message.FenceOf(taken[0].Due), At: far, Reason: message.WaitOperator}}}})
			st.check(len(st.claim(lane, now.Add(time.Hour), 9)) == 0, "it waits for a person")
			st.applied(store.Writes{Lane: &store.LaneWrites{Pauses: []store.LanePause{{Lane: lane, By: "sre", Release: now.Add(time.Hour)}}}})
			released := st.claim(lane, now.Add(time.Hour), 9)
			st.check(len(released) == 1 && released[0].Was == message.WaitReturned && released[0].Lapsed == "", "it is due again")
		}},
		{"resume by themselves only from a pause of their own", func(st *stand) {
			l := message.NewLane(7, message.Bulk)
			own := store.LanePause{Lane: l, Paused: true, Reason: "exhausted: daily", By: "ses"}
			lift := store.Writes{Lane: &store.LaneWrites{Pauses: []store.LanePause{{Lane: l, By: "ses", Only: "ses"}}}}
			st.conflict(store.LostPause, lift)
			st.applied(store.Writes{Lane: &store.LaneWrites{Pauses: []store.LanePause{own}}})
			st.applied(lift)
			person := own
			person.By = "ops"
			st.applied(store.Writes{Lane: &store.LaneWrites{Pauses: []store.LanePause{own}}}, store.Writes{Lane: &store.LaneWrites{Pauses: []store.LanePause{person}}})
			st.conflict(store.LostPause, lift)
			states, err := st.s.LaneStates(st.t.Context(), Noon())
			st.ok(err, "reading lanes")
			st.check(len(states) == 1 && states[0].Pause == person, "a person's pause stays")
		}},
		{"are told with their pause until they resume", func(st *stand) {
			w := st.accept(Given{})
			empty := message.NewLane(9, message.Bulk)
			pause := store.LanePause{Lane: store.Of(w.Message).Dues[0].Lane, Paused: true, Reason: "quota", Until: Noon().Add(72 * time.Hour), By: "sns"}
			held := store.LanePause{Lane: empty, Paused: true, Reason: "operator", By: "sre"}
			st.applied(store.Writes{Lane: &store.LaneWrites{Pauses: []store.LanePause{pause, held}}})
			st.same("pause", st.laneState(pause.Lane).Pause, pause)
			st.same("pause of an empty lane", st.laneState(empty).Pause, held)
			st.same("why the message waits", st.record(store.Of(w.Message).Messages[0].ID).Pause, "quota")
			pause.Reason = "credentials"
			st.applied(store.Writes{Lane: &store.LaneWrites{Pauses: []store.LanePause{pause}}})
			st.same("pause", st.laneState(pause.Lane).Pause, pause)
			st.applied(store.Writes{Lane: &store.LaneWrites{Pauses: []store.LanePause{{Lane: pause.Lane, By: "sre"}, {Lane: empty, By: "sre"}}}})
			st.check(!st.laneState(pause.Lane).Pause.Paused, "the lane has resumed")
			st.same("why the message waits", st.record(store.Of(w.Message).Messages[0].ID).Pause, "")
			st.check(!st.laneState(empty).Pause.Paused, "the empty lane has resumed")
		}},
		{"keep the last order of each breaker, and count them", func(st *stand) {
			order := store.Trip{Adapter: "sns", Route: "route-of-the-trip", Tripped: true, Reason: "it doubles", By: "sre", At: Noon()}
			last := func() store.Trip {
				trips, err := st.s.Trips(st.t.Context())
				st.ok(err, "reading orders")
				for _, t := range trips {
					if t.Route == order.Route {
						return t
					}
				}
				return store.Trip{}
			}
			st.same("before", last(), store.Trip{})
			st.applied(store.Writes{Lane: &store.LaneWrites{Trips: []store.Trip{order}}})
			order.Number = 1
			st.same("tripped", last(), order)
			order.Tripped, order.Reason, order.At = false, "it is mended", Noon().Add(time.Hour)
			st.applied(store.Writes{Lane: &store.LaneWrites{Trips: []store.Trip{order}}})
			order.Number = 2
			st.same("reset", last(), order)
		}},
		{"are counted up to a bound, and say so", func(st *stand) {
			full, small := message.NewLane(6, message.Bulk), message.NewLane(6, message.Emergency)
			dues := make([]message.Due, store.LaneBound+5)
			for i := range dues {
				at := Noon().Add(time.Duration(i) * time.Millisecond)
				dues[i] = message.Due{
					Lane: full, At: at, FirstAt: at, Message: NewMessageID(st.r, at), Reason: message.WaitNew,
				}
			}
			st.applied(store.Writes{Message: &store.MessageWrites{Dues: dues}})
			st.waiting(3, small, Noon())
			got := st.laneStateAt(full, Noon().Add(time.Hour))
			st.same("counted", got.Queued, int64(store.LaneBound))
			st.same("oldest", got.OldestDue, dues[0].FirstAt)
			st.check(got.AtLeast, "there may be more")
			got = st.laneStateAt(small, Noon().Add(time.Hour))
			st.same("counted", got.Queued, int64(3))
			st.check(!got.AtLeast, "there are no more")
		}},
		{"tell when the earliest row is due", func(st *stand) {
			next, err := st.s.NextDue(st.t.Context(), lane())
			st.ok(err, "asking an empty lane")
			st.check(next.IsZero(), "an empty lane has no next row")
			dues := st.waiting(3, lane(), Noon())
			next, err = st.s.NextDue(st.t.Context(), lane())
			st.ok(err, "asking a lane")
			st.same("next", next, dues[0].At)
			taken := st.claim(lane(), Noon().Add(time.Minute), 9)
			next, err = st.s.NextDue(st.t.Context(), lane())
			st.ok(err, "asking a lane")
			st.same("next: when the lease ends", next, taken[0].Due.At)
		}},
	}
}

func laneStates(st *stand) {
	other := message.NewLane(4, message.Emergency)
	dues := st.waiting(5, lane(), Noon())
	st.waiting(2, other, Noon().Add(time.Hour))
	st.claim(lane(), Noon().Add(time.Second), 2)
	states, err := st.s.LaneStates(st.t.Context(), Noon().Add(time.Minute))
	st.ok(err, "reading lanes")
	st.check(len(states) == 2, "two lanes have rows")
	got := st.laneStateAt(lane(), Noon().Add(time.Minute))
	st.same("queued", got.Queued, int64(3))
	st.same("claimed", got.Claimed, int64(2))
	st.same("oldest due", got.OldestDue, dues[2].FirstAt)
	got = st.laneStateAt(other, Noon().Add(time.Minute))
	st.same("queued", got.Queued, int64(2))
	st.check(got.OldestDue.IsZero(), "nothing of the other lane is due yet")
}

func (st *stand) laneState(l message.Lane) store.LaneState {
	st.t.Helper()
	return st.laneStateAt(l, Noon())
}

// laneStateAt is the lane's state; the zero state when the lane is not told.
func (st *stand) laneStateAt(l message.Lane, now time.Time) store.LaneState {
	st.t.Helper()
	states, err := st.s.LaneStates(st.t.Context(), now)
	st.ok(err, "reading lanes")
	for _, state := range states {
		if state.Lane == l {
			return state
		}
	}
	return store.LaneState{}
}
