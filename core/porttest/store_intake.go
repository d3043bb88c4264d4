package porttest

import (
	"math/rand/v2"
	"time"

	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/store"
)

// NewBatch draws an intake batch that has just begun.
func NewBatch(r *rand.Rand) store.IntakeBatch {
	return store.IntakeBatch{
		ID: word(r, "batch"), Source: "cis", Division: pick(r, "", "north"), By: "cis-north", StartedAt: Noon(), TouchedAt: Noon(),
		State: store.BatchRunning,
	}
}

func flushOf(b store.IntakeBatch) store.Writes {
	return store.Writes{Intake: &store.IntakeWrites{Batches: []store.BatchFlush{{IntakeBatch: b, Counted: true}}}}
}

func (st *stand) batch(id string) store.IntakeBatch {
	st.t.Helper()
	b, err := st.s.Batch(st.t.Context(), id)
	st.ok(err, "reading a batch")
	return b
}

func batches() []sentence {
	return []sentence{
		{"is not found before its first flush and reads back as it was written", func(st *stand) {
			b := NewBatch(st.r)
			_, err := st.s.Batch(st.t.Context(), b.ID)
			st.kind(err, fault.NotFound)
			b.Lines, b.Refused = 3, 3
			st.applied(flushOf(b))
			st.same("batch", st.batch(b.ID), b)
		}},
		{"counts what became of the sets that stand before its flush in the call", countedBatch},
		{"counts where nothing loses", func(st *stand) {
			b := NewBatch(st.r)
			st.applied(NewAcceptance(st.r, Given{}), NewAcceptance(st.r, Given{}), flushOf(b))
			b.Lines, b.Accepted = 2, 2
			st.same("batch", st.batch(b.ID), b)
		}},
		{"grows with each flush and keeps who began it and when", func(st *stand) {
			b := NewBatch(st.r)
			st.applied(NewAcceptance(st.r, Given{}), flushOf(b))
			next := b
			next.By, next.Division, next.StartedAt = "other", "south", Noon().Add(time.Hour)
			next.TouchedAt, next.EndedAt, next.State, next.Lines, next.Refused = Noon().Add(time.Hour), Noon().Add(time.Hour), store.BatchDone, 2, 2
			st.applied(NewAcceptance(st.r, Given{}), flushOf(next))
			want := next
			want.By, want.Division, want.StartedAt, want.Lines, want.Accepted = b.By, b.Division, b.StartedAt, 4, 2
			st.same("batch", st.batch(b.ID), want)
		}},
		{"of an id that is another source's is a conflict, and changes nothing", func(st *stand) {
			b := NewBatch(st.r)
			st.applied(flushOf(b))
			thief := b
			thief.Source, thief.Lines = "billing", 7
			set := flushOf(thief)
			store.In(&set.Intake).Ranges = []store.IntakeRange{{Batch: b.ID, First: 1_000_000_001, N: 1}}
			st.conflict(store.LostBatch, set)
			st.same("batch", st.batch(b.ID), b)
			ranges, err := st.s.BatchRanges(st.t.Context(), b.ID, 0, 10)
			st.ok(err, "reading ranges")
			st.check(len(ranges) == 0, "nothing is written of a set that lost")
		}},
		{"has the ranges of its flushes, by number", func(st *stand) {
			b, other := NewBatch(st.r), NewBatch(st.r)
			one, two := flushOf(b), flushOf(b)
			store.In(&one.Intake).Ranges = []store.IntakeRange{{Batch: b.ID, First: 1_000_000_501, N: 500}}
			store.In(&two.Intake).Ranges = []store.IntakeRange{{Batch: b.ID, First: 1_000_000_001, N: 7}, {Batch: other.ID, First: 1_000_000_100, N: 1}}
			st.applied(one, two)
			ranges, err := st.s.BatchRanges(st.t.Context(), b.ID, 0, 10)
			st.ok(err, "reading ranges")
			st.same("ranges", ranges, []store.IntakeRange{store.Of(two.Intake).Ranges[0], store.Of(one.Intake).Ranges[0]})
			ranges, err = st.s.BatchRanges(st.t.Context(), b.ID, contact.ID(1_000_000_002), 10)
			st.ok(err, "reading ranges")
			st.same("ranges further on", ranges, store.Of(one.Intake).Ranges)
		}},
		{"is listed the newest first, by source, page by page", func(st *stand) {
			var all []store.IntakeBatch
			for i := range 5 {
				b := NewBatch(st.r)
				b.StartedAt, b.Source = Noon().Add(-time.Duration(i)*time.Minute), []string{"cis", "billing"}[i%2]
				st.applied(flushOf(b))
				all = append(all, b)
			}
			st.listed(all, "", store.IntakeBatch{}, 10)
			st.listed(all[:2], "", store.IntakeBatch{}, 2)
			st.listed(all[2:4], "", all[1], 2)
			st.listed([]store.IntakeBatch{all[1], all[3]}, "billing", store.IntakeBatch{}, 10)
			st.listed(nil, "nobody", store.IntakeBatch{}, 10)
		}},
	}
}

func (st *stand) listed(want []store.IntakeBatch, source string, last store.IntakeBatch, limit int) {
	st.t.Helper()
	got, err := st.s.BatchList(st.t.Context(), source, last, limit)
	st.ok(err, "listing batches")
	st.check(len(got) == len(want), "the list has as many batches as it should")
	for i := range want {
		st.same("batch", got[i], want[i])
	}
}

// countedBatch has a flush count two that win, two that are answered from an earlier one, and one that loses.
func countedBatch(st *stand) {
	old := st.accept(Given{})
	first, again, rival, echo, last := NewAcceptance(st.r, Given{}), NewAcceptance(st.r, Given{}), NewAcceptance(st.r, Given{}), NewAcceptance(st.r, Given{}), NewAcceptance(st.r, Given{})
	store.Of(again.Intake).Keys[0].Key, store.Of(again.Intake).Keys[0].Hash = store.Of(old.Intake).Keys[0].Key, store.Of(old.Intake).Keys[0].Hash
	store.Of(rival.Intake).Keys[0].Key = store.Of(old.Intake).Keys[0].Key
	store.Of(echo.Intake).Keys[0].Key, store.Of(echo.Intake).Keys[0].Hash = store.Of(first.Intake).Keys[0].Key, store.Of(first.Intake).Keys[0].Hash
	b := NewBatch(st.r)
	b.Lines, b.Refused = 1, 1
	set := flushOf(b)
	store.In(&set.Intake).Ranges = []store.IntakeRange{{Batch: b.ID, First: 1_000_000_001, N: 6}}
	verdicts := st.apply(first, again, rival, echo, last, set)
	st.check(verdicts[5].Outcome == store.Applied, "the flush is applied whatever the lines do")
	b.Lines, b.Accepted, b.Replayed, b.Refused = 6, 2, 2, 2
	st.same("batch", st.batch(b.ID), b)
	ranges, err := st.s.BatchRanges(st.t.Context(), b.ID, 0, 10)
	st.ok(err, "reading ranges")
	st.same("ranges", ranges, store.Of(set.Intake).Ranges)
}

// together proves what reads many at once: the same as one read after the other.
func together() []sentence {
	return []sentence{
		{"of persons, by number and by external id, finds those that are there", func(st *stand) {
			one, two, other := NewPerson(st.r), NewPerson(st.r), NewPerson(st.r)
			other.Source = "billing"
			one.Points = one.Points[:1]
			two.Points = nil
			st.applied(store.Writes{Customer: &store.CustomerWrites{Persons: []customer.Person{one, two, other}}})
			for _, found := range [][]customer.Person{
				st.persons(st.s.Persons(st.t.Context(), []customer.PersonID{two.ID, one.ID, 7})),
				st.persons(st.s.PersonsByExternal(st.t.Context(), "cis", []string{one.ExternalID, "nobody", two.ExternalID, other.ExternalID})),
			} {
				st.check(len(found) == 2, "two are found")
				for _, p := range found {
					want, err := st.s.Person(st.t.Context(), p.ID)
					st.ok(err, "reading a person")
					st.same("person", p, want)
				}
			}
			st.check(len(st.persons(st.s.Persons(st.t.Context(), nil))) == 0, "nobody was asked for")
		}},
		{"of contacts finds those that are there, each with all that hangs on it", func(st *stand) {
			one, two := st.accept(Given{}), st.accept(Given{})
			found, err := st.s.ContactViews(st.t.Context(), []contact.ID{store.Of(two.Contact).Contacts[0].ID, 7, store.Of(one.Contact).Contacts[0].ID})
			st.ok(err, "reading contacts")
			st.check(len(found) == 2, "two are found")
			for _, v := range found {
				want, err := st.s.Contact(st.t.Context(), v.Contact.ID)
				st.ok(err, "reading a contact")
				st.same("contact", v, want)
			}
		}},
		{"of keys finds those that are there", func(st *stand) {
			one, two := st.accept(Given{}), st.accept(Given{})
			names := []string{store.Of(one.Intake).Keys[0].Key, "none", store.Of(two.Intake).Keys[0].Key, store.Of(two.Intake).Keys[1].Key}
			found, err := st.s.Keys(st.t.Context(), store.IdempotencyKey, store.Of(one.Intake).Keys[0].Source, names)
			st.ok(err, "reading keys")
			st.check(len(found) == 2, "two are found: the kinds and the sources are kept apart")
			for _, k := range found {
				want, err := st.s.Key(st.t.Context(), store.IdempotencyKey, k.Source, k.Key)
				st.ok(err, "reading a key")
				st.same("key", k, want)
			}
			found, err = st.s.Keys(st.t.Context(), store.IdempotencyKey, "billing", names)
			st.ok(err, "reading keys")
			st.check(len(found) == 0, "another source's keys are not found")
		}},
	}
}

func (st *stand) persons(found []customer.Person, err error) []customer.Person {
	st.t.Helper()
	st.ok(err, "reading persons")
	return found
}
