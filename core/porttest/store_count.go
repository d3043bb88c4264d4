package porttest

import (
	"fmt"
	"time"

	"carillon/core/message"
	"carillon/core/store"
	"carillon/core/todo"
)

// tally is a sum of counters without what is zero.
type tally map[message.Count]int64

func tallied(counts []message.Count) tally {
	all := tally{}
	for _, c := range counts {
		n := c.Delta
		c.Delta = 0
		all[c] += n
		if all[c] == 0 {
			delete(all, c)
		}
	}
	return all
}

// recounted proves that the counters of the hours are what is counted from the rows, and returns them.
func (st *stand) recounted(from, to time.Time) tally {
	st.t.Helper()
	sums, err := st.s.Sums(st.t.Context(), from, to)
	st.ok(err, "adding up the counters")
	counted, recount, err := st.s.Recount(st.t.Context(), from, to)
	st.ok(err, "recounting")
	st.same("counters of that moment", tallied(counted), tallied(sums))
	st.same("counters against the rows", tallied(sums), tallied(recount))
	return tallied(sums)
}

func conservation() []sentence {
	hour := Noon().Truncate(time.Hour)
	return []sentence{
		{"counts by hour of acceptance, channel, urgency and place", func(st *stand) {
			a := st.accept(Given{})
			b := st.accept(Given{At: Noon().Add(time.Hour)})
			want := tallied(store.Of(a.Message).Counts)
			st.same("first hour", st.recounted(hour, hour.Add(time.Hour)), want)
			st.same("before", st.recounted(hour.Add(-time.Hour), hour), tally{})
			for k, n := range tallied(store.Of(b.Message).Counts) {
				want[k] += n
			}
			st.same("both hours", st.recounted(hour, hour.Add(2*time.Hour)), want)
		}},
		{"counts a settled message where its evidence puts it, whatever was noted later", func(st *stand) {
			_, taken := st.claimed(Given{})
			st.applied(st.sent(taken, Noon()))
			note := message.Evidence{Message: taken.Message.ID, Seq: 2, At: Noon(), Kind: message.Noted}
			st.applied(store.Writes{Message: &store.MessageWrites{Evidence: []message.Evidence{note}}})
			for count := range st.recounted(hour, hour.Add(time.Hour)) {
				st.check(count.Place == message.Accepted || count.Place == message.AtSent, "accepted and sent")
			}
		}},
		{"keeps the sums of closed hours when they are folded", func(st *stand) {
			for i := range 12 {
				st.accept(Given{At: Noon().Add(time.Duration(i%3) * time.Hour)})
			}
			before := st.recounted(hour, hour.Add(3*time.Hour))
			for range 2 {
				st.applied(store.Writes{Upkeep: &store.UpkeepWrites{Folds: []store.Fold{{Before: hour.Add(2 * time.Hour)}}}})
				st.same("sums", st.recounted(hour, hour.Add(3*time.Hour)), before)
			}
			_, taken := st.claimed(Given{})
			st.applied(st.sent(taken, Noon()))
			st.recounted(hour, hour.Add(3*time.Hour))
		}},
		{"finds the two apart when they are", func(st *stand) {
			w := st.accept(Given{})
			wrong := store.Of(w.Message).Counts[0]
			wrong.Delta = 3
			st.applied(store.Writes{Message: &store.MessageWrites{Counts: []message.Count{wrong}}})
			counted, recounted, err := st.s.Recount(st.t.Context(), hour, hour.Add(time.Hour))
			st.ok(err, "recounting")
			got, want := tallied(counted), tallied(recounted)
			wrong.Delta = 0
			st.same("what the counters have too many of", got[wrong]-want[wrong], int64(3))
			got[wrong] = want[wrong]
			st.same("the others", got, want)
		}},
		{"keeps what the last recount of each hour found, newest first", recountsKept},
		{"agrees with the rows through a walk of many lives", func(st *stand) { newWalk(st).run(400) }},
	}
}

func recountsKept(st *stand) {
	hour := Noon().Truncate(time.Hour)
	found := func(hours int, drift ...store.Drift) store.Recounted {
		at := hour.Add(time.Duration(hours) * time.Hour)
		return store.Recounted{Hour: at, At: Noon(), Next: Noon().Add(time.Hour), Drift: drift}
	}
	older, newer := found(0, store.Drift{Channel: message.SMS, Messages: 4}, store.Drift{Channel: message.Voice, Messages: 1}), found(1)
	st.applied(store.Writes{Upkeep: &store.UpkeepWrites{Recounts: []store.Recounted{older, newer, found(-5)}}})
	got, err := st.s.Recounts(st.t.Context(), hour)
	st.ok(err, "reading recounts")
	st.same("recounts", got, []store.Recounted{newer, older})
	older.Drift, older.Next = []store.Drift{{Channel: message.SMS, Messages: 2}}, Noon().Add(2*time.Hour)
	st.applied(store.Writes{Upkeep: &store.UpkeepWrites{Recounts: []store.Recounted{older}}})
	got, err = st.s.Recounts(st.t.Context(), hour)
	st.ok(err, "reading recounts")
	st.same("recounts", got, []store.Recounted{newer, older})
}

// walk drives many messages through random lawful moves and knows what the store must say of each.
type walk struct {
	*stand
	now      time.Time
	lives    []*walked
	reserved int
}

// walked is a message with its life as the model knows it.
type walked struct {
	message message.Message
	due     *message.Due
	life    message.Life
	seen    []message.Evidence
	number  int16       // of its retry; 0 for a step's own
	by      *message.ID // what replaced it
}

func newWalk(st *stand) *walk { return &walk{stand: st, now: Noon()} }

func (w *walk) run(steps int) {
	w.t.Helper()
	for range steps {
		w.now = w.now.Add(time.Duration(w.r.IntN(20)) * time.Second)
		switch n := w.r.IntN(10); {
		case n < 2 || len(w.lives) == 0:
			w.arrive()
		case n < 4:
			w.take()
		case n == 4 && w.r.IntN(2) == 0:
			w.stale()
		case n == 4:
			w.retry(w.lives[w.r.IntN(len(w.lives))])
		default:
			w.step(w.lives[w.r.IntN(len(w.lives))])
		}
	}
	w.settleUp()
}

// arrive accepts one to three contacts in one call.
func (w *walk) arrive() {
	w.t.Helper()
	var sets []store.Writes
	for range 1 + w.r.IntN(3) {
		l := message.NewLane(int16(1+w.r.IntN(2)), message.Urgencies()[w.r.IntN(2)])
		set := NewAcceptance(w.r, Given{At: w.now, Lane: &l})
		due := store.Of(set.Message).Dues[0]
		sets = append(sets, set)
		w.lives = append(w.lives, &walked{message: store.Of(set.Message).Messages[0], due: &due, life: message.Born()})
	}
	w.applied(sets...)
}

// take claims from a random lane; what comes must be what the model says is due there.
func (w *walk) take() {
	w.t.Helper()
	l := w.lives[w.r.IntN(len(w.lives))].message.Lane
	w.reserved++
	c := store.Claim{
		Lane: l, Now: w.now, Lease: w.now.Add(time.Minute + time.Duration(w.reserved)*time.Microsecond),
		Owner: fmt.Sprintf("owner-%d", w.reserved), Limit: 1 + w.r.IntN(4),
	}
	expected := 0
	for _, one := range w.lives {
		if one.due != nil && one.due.Lane == l && !one.due.At.After(w.now) {
			expected++
		}
	}
	taken := w.applied(store.Writes{Message: &store.MessageWrites{Claim: &c}})[0].Claimed
	w.same("how many are claimed", len(taken), min(expected, c.Limit))
	for _, t := range taken {
		one := w.find(t.Message.ID)
		w.check(one.due != nil && !one.due.At.After(w.now), "only what is due is claimed")
		w.same("previous owner", t.Lapsed, one.due.Owner)
		w.check(t.Due.Fence > one.due.Fence, "the fence grows")
		next, err := one.life.Claim()
		w.ok(err, "claiming")
		due := t.Due
		one.life, one.due = next, &due
	}
}

func (w *walk) find(id message.ID) *walked {
	w.t.Helper()
	for _, one := range w.lives {
		if one.message.ID == id {
			return one
		}
	}
	w.t.Fatal("the store returns a message that nobody accepted")
	return nil
}

// stale repeats a move that was overtaken: it must lose and change nothing.
func (w *walk) stale() {
	w.t.Helper()
	one := w.lives[w.r.IntN(len(w.lives))]
	if one.life.Seq == 0 {
		return
	}
	again := one.seen[w.r.IntN(len(one.seen))]
	again.Kind = message.Failed
	set := NewAcceptance(w.r, Given{At: w.now})
	store.In(&set.Message).Evidence = []message.Evidence{again}
	w.conflict(store.LostEvidence, set)
}

// retry replaces a message that has fallen by a new one of its step, once.
func (w *walk) retry(one *walked) {
	w.t.Helper()
	if !one.life.Place.Fallen() {
		return
	}
	set := NewRetry(w.r, one.message, max(one.number, 1)+1, w.now)
	if one.by != nil {
		w.conflict(store.LostRetry, set)
		return
	}
	w.applied(set)
	due := store.Of(set.Message).Dues[0]
	one.by = &store.Of(set.Message).Messages[0].ID
	w.lives = append(w.lives, &walked{message: store.Of(set.Message).Messages[0], due: &due, life: message.Born(), number: store.Of(set.Contact).Retries[0].Number})
}

// step makes one random move; one that is not lawful now is passed over.
func (w *walk) step(one *walked) {
	w.t.Helper()
	mv, err := w.draw(one.life)
	if err != nil {
		return
	}
	set := MoveWrites(one.message, one.due, mv)
	w.applied(set)
	if mv.Evidence != nil {
		one.seen = append(one.seen, store.Of(set.Message).Evidence[0])
	}
	one.life = mv.To
	switch mv.To.Work {
	case message.Queued:
		switch {
		case len(store.Of(set.Message).Dues) > 0: // replayed
			due := store.Of(set.Message).Dues[0]
			one.due = &due
		case len(store.Of(set.Message).Requeues) > 0:
			q := store.Of(set.Message).Requeues[0]
			one.due.At, one.due.Reason, one.due.Attempt, one.due.Seq, one.due.Owner = q.At, q.Reason, q.Attempt, q.Seq, ""
		}
	case message.Claimed:
	case message.Doubted, message.Finished:
		one.due = nil
	}
}

// draw draws a move of the life.
func (w *walk) draw(l message.Life) (message.Move, error) {
	o := message.Observation{At: w.now, Reason: "walk", Provider: "sns", Ref: word(w.r, "ref"), Took: time.Millisecond}
	again := w.now.Add(time.Duration(w.r.IntN(60)) * time.Second)
	moves := []func() (message.Move, error){
		func() (message.Move, error) { return l.Sent(o) },
		func() (message.Move, error) { return l.Refuse(o) },
		func() (message.Move, error) { return l.Retry(o, again) },
		func() (message.Move, error) { return l.GiveUp(o) },
		func() (message.Move, error) { return l.GiveBack(again, message.WaitThrottled) },
		func() (message.Move, error) { return l.Doubt(o) },
		func() (message.Move, error) { return l.Suppress(o) },
		func() (message.Move, error) { return l.Expire(o) },
		func() (message.Move, error) { return l.Cancel(o) },
		func() (message.Move, error) { return l.Recall(o) },
		func() (message.Move, error) { return l.Deliver(o) },
		func() (message.Move, error) { return l.Fail(o) },
		func() (message.Move, error) { return l.Confirm(o) },
		func() (message.Move, error) { return l.Note(o) },
		func() (message.Move, error) { return l.Silence(o) },
		func() (message.Move, error) { return l.Replay(o, again) },
	}
	return moves[w.r.IntN(len(moves))]()
}

// settleUp compares everything the store says with the model.
func (w *walk) settleUp() {
	w.t.Helper()
	all := make([]message.ID, 0, len(w.lives))
	model := tally{}
	for _, one := range w.lives {
		all = append(all, one.message.ID)
		for _, c := range message.Arrival(one.message, one.life.Place) {
			c.Delta = 0
			model[c]++
		}
	}
	records, err := w.s.Messages(w.t.Context(), all)
	w.ok(err, "reading messages")
	w.same("messages", len(records), len(w.lives))
	for i, one := range w.lives {
		w.same("record", records[i], message.Record{Message: one.message, Due: one.due, Evidence: one.seen})
		w.same("life", records[i].Life(), one.life)
	}
	w.dead()
	w.same("counters", w.recounted(Noon().Add(-time.Hour), w.now.Add(time.Hour)), model)
}

// dead compares the dead letters and the open To Dos with the model.
func (w *walk) dead() {
	w.t.Helper()
	want, doubts := map[message.ID]message.Place{}, 0
	for _, one := range w.lives {
		if one.life.Place.Dead() && one.by == nil {
			want[one.message.ID] = one.life.Place
		}
		if one.life.Place == message.InDoubt && one.message.Doubt == message.ToDo {
			doubts++
		}
	}
	got := map[message.ID]message.Place{}
	for _, p := range message.Places() {
		page, err := w.s.DeadLetters(w.t.Context(), p, message.DeadCursor{}, 10_000)
		w.ok(err, "reading dead letters")
		for _, d := range page {
			got[d.Message] = d.Place
			one := w.find(d.Message)
			last := one.seen[len(one.seen)-1]
			if last.Kind != message.Noted { // a note on the way changes nothing
				w.same("reason and code", []string{d.Reason, d.Code}, []string{last.Reason, last.Code})
			}
		}
	}
	for id, place := range got {
		if one := w.find(id); one.by != nil { // it fell again after it was replaced
			w.same("place", place, one.life.Place)
			delete(got, id)
		}
	}
	w.same("dead letters", got, want)
	open, err := w.s.ToDoList(w.t.Context(), todo.Filter{}, 0, 10_000)
	w.ok(err, "reading To Dos")
	w.same("open To Dos", len(open), doubts)
}
