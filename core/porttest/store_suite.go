// Package porttest holds the conformance suites of the ports: what every adapter behind a port must do, in
// sentences. Adapters run them in their own tests; only tests import this package.
//
// The builders (NewMessage, NewAcceptance, MoveWrites, …) draw valid rows at random for any suite that needs some.
package porttest

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

// sentence is one thing a port promises, with its proof.
type sentence struct {
	says  string
	proof func(st *stand)
}

// Store proves that a store does what package store says. open returns an empty store each time and has it closed
// when its test ends (t.Cleanup). The sub-tests run in parallel, each on a store of its own.
func Store(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	for _, chapter := range []struct {
		name      string
		sentences []sentence
	}{
		{"acceptance", acceptance()},
		{"intake keys", intakeKeys()},
		{"intake batch", batches()},
		{"reading many", together()},
		{"claim", slices.Concat(claiming(), claimingMore())},
		{"settle", settling()},
		{"requeue and undue", requeueing()},
		{"evidence", evidence()},
		{"deadlines", deadlines()},
		{"lanes", lanes()},
		{"inbox", slices.Concat(inbox(), matching())},
		{"persons", slices.Concat(persons(), loads())},
		{"points", points()},
		{"customers", slices.Concat(revisions(), accountsOf(), sightings())},
		{"search", searching()},
		{"gate", gate()},
		{"suppressions", suppressions()},
		{"administration", administration()},
		{"configuration", configuration()},
		{"holds", holds()},
		{"retention", retention()},
		{"chores", chores()},
		{"system events", sourceEvents()},
		{"fleet", fleets()},
		{"batch runs", slices.Concat(batchRuns(), batchThreads())},
		{"deposit reviews", depositReviews()},
		{"numbers", numbers()},
		{"ledger", ledgers()},
		{"tree", trees()},
		{"cursors", cursors()},
		{"runs", runs()},
		{"failures", slices.Concat(failures(), toDos(), retries())},
		{"desk", slices.Concat(deskFiles(), reminders(), subjects())},
		{"To Dos", slices.Concat(openedToDos(), listedToDos(), movedToDos())},
		{"conservation", conservation()},
		{"recovery", recovery()},
		{"concurrency", concurrency()},
		{"trouble", trouble()},
	} {
		t.Run(chapter.name, func(t *testing.T) {
			for i, s := range chapter.sentences {
				t.Run(s.says, func(t *testing.T) {
					t.Parallel()
					s.proof(&stand{t: t, s: open(t), r: NewRand(uint64(i + 1))})
				})
			}
		})
	}
}

// stand is what a proof stands on: a fresh store and numbers to draw from.
type stand struct {
	t *testing.T
	s store.Store
	r *rand.Rand
}

// apply applies the sets and returns their verdicts; the whole call must not fail.
func (st *stand) apply(sets ...store.Writes) []store.Verdict {
	st.t.Helper()
	verdicts, err := st.s.Apply(st.t.Context(), sets...)
	if err != nil {
		st.t.Fatalf("applying %d sets: %v", len(sets), err)
	}
	if len(verdicts) != len(sets) {
		st.t.Fatalf("%d verdicts for %d sets", len(verdicts), len(sets))
	}
	return verdicts
}

// applied applies the sets, all of which must win.
func (st *stand) applied(sets ...store.Writes) []store.Verdict {
	st.t.Helper()
	verdicts := st.apply(sets...)
	for i, v := range verdicts {
		if v.Outcome != store.Applied {
			st.t.Fatalf("set %d: outcome %d (%q), want applied", i, v.Outcome, v.What)
		}
	}
	return verdicts
}

// conflict applies one set, which must lose because of what; "" leaves the word open.
func (st *stand) conflict(what store.Loss, set store.Writes) {
	st.t.Helper()
	v := st.apply(set)[0]
	if v.Outcome != store.Conflict {
		st.t.Fatalf("outcome %d, want a conflict over %q", v.Outcome, what)
	}
	if what != "" && v.What != what {
		st.t.Fatalf("a conflict over %q, want %q", v.What, what)
	}
}

// accept applies a random acceptance and returns it.
func (st *stand) accept(g Given) store.Writes {
	st.t.Helper()
	w := NewAcceptance(st.r, g)
	st.applied(w)
	return w
}

// record reads one message back.
func (st *stand) record(id message.ID) message.Record {
	st.t.Helper()
	records, err := st.s.Messages(st.t.Context(), []message.ID{id})
	st.ok(err, "reading a message")
	if len(records) != 1 {
		st.t.Fatalf("%d records of a message, want 1", len(records))
	}
	return records[0]
}

// claim claims from a lane; the lease is an hour.
func (st *stand) claim(lane message.Lane, now time.Time, limit int) []message.Taken {
	st.t.Helper()
	c := store.Claim{Lane: lane, Now: now, Lease: now.Add(time.Hour), Owner: "one", Limit: limit}
	return st.applied(store.Writes{Message: &store.MessageWrites{Claim: &c}})[0].Claimed
}

// claimed accepts a message and claims it; its lane is its own unless told.
func (st *stand) claimed(g Given) (store.Writes, message.Taken) {
	st.t.Helper()
	if g.Lane == nil {
		own := message.NewLane(int16(100+st.r.IntN(7000)), message.Regulatory)
		g.Lane = &own
	}
	w := st.accept(g)
	taken := st.claim(store.Of(w.Message).Dues[0].Lane, store.Of(w.Message).Dues[0].At, 1)
	if len(taken) != 1 || taken[0].Message.ID != store.Of(w.Message).Messages[0].ID {
		st.t.Fatalf("claimed %d messages, want the one that was accepted", len(taken))
	}
	return w, taken[0]
}

// ok stops the proof on an error.
func (st *stand) ok(err error, doing string) {
	st.t.Helper()
	if err != nil {
		st.t.Fatalf("%s: %v", doing, err)
	}
}

// kind stops the proof unless the error is of the kind.
func (st *stand) kind(err error, kinds ...fault.Kind) {
	st.t.Helper()
	if err == nil || !slices.Contains(kinds, fault.KindOf(err)) {
		st.t.Fatalf("error %v, want one of kind %v", err, kinds)
	}
}

// same stops the proof unless the two are deeply equal.
func (st *stand) same(what string, got, want any) {
	st.t.Helper()
	if !reflect.DeepEqual(got, want) {
		st.t.Fatalf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// check stops the proof unless what it says holds.
func (st *stand) check(holds bool, says string) {
	st.t.Helper()
	if !holds {
		st.t.Fatal("does not hold: " + says)
	}
}

// absent stops the proof if anything of an acceptance can be seen.
func (st *stand) absent(w store.Writes) {
	st.t.Helper()
	ctx := st.t.Context()
	_, err := st.s.Contact(ctx, store.Of(w.Contact).Contacts[0].ID)
	st.kind(err, fault.NotFound)
	records, err := st.s.Messages(ctx, []message.ID{store.Of(w.Message).Messages[0].ID})
	st.ok(err, "reading messages")
	st.check(len(records) == 0, "nothing is written of a set that lost")
}

// whole stops the proof unless all of an acceptance can be seen as it was written.
func (st *stand) whole(w store.Writes) {
	st.t.Helper()
	view, err := st.s.Contact(st.t.Context(), store.Of(w.Contact).Contacts[0].ID)
	st.ok(err, "reading the contact")
	st.same("contact", view.Contact, store.Of(w.Contact).Contacts[0])
	st.same("plan", view.Plan, store.Of(w.Contact).Plans[0])
	st.same("steps", view.Steps, store.Of(w.Contact).Steps)
	st.check(len(view.Messages) == len(store.Of(w.Message).Messages), "the contact has its messages")
	for i, record := range view.Messages {
		st.same("message", record.Message, store.Of(w.Message).Messages[i])
		st.check(record.Due != nil, "the message has its due row")
		st.same("due row", *record.Due, store.Of(w.Message).Dues[i])
		st.check(len(record.Evidence) == 0, "nothing was seen of the message yet")
	}
	for _, key := range store.Of(w.Intake).Keys {
		got, err := st.s.Key(st.t.Context(), key.Kind, key.Source, key.Key)
		st.ok(err, "reading a key")
		st.same("intake key", got, key)
	}
}

// entries counts the ledger entries that nobody has sealed.
func (st *stand) entries() (n int64) {
	st.t.Helper()
	marks, err := st.s.Marks(st.t.Context(), 10_000)
	st.ok(err, "reading marks")
	for _, m := range marks {
		n += m.N
	}
	return n
}
