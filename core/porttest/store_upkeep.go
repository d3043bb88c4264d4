package porttest

import (
	"time"

	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

// purged purges one kind and returns how many rows went.
func (st *stand) purged(what store.Purgeable, before time.Time, limit int) int64 {
	st.t.Helper()
	return st.applied(store.Writes{Upkeep: &store.UpkeepWrites{Purges: []store.Purge{{What: what, Before: before, Limit: limit}}}})[0].Purged
}

func purging(st *stand) {
	const old = 5
	day := 24 * time.Hour
	var first store.Writes
	for i := range old + 1 {
		at := Noon().Add(-20 * day)
		if i == old {
			at = Noon()
		}
		w := st.accept(Given{At: at, Lane: new(lane())})
		if i == 0 {
			first = w
		}
		hour := at.Truncate(time.Hour).Add(time.Duration(i) * time.Hour)
		done, err := NewTask(st.r, at).Completed(store.Of(w.Contact).Contacts[0].ID, at, "cis-north")
		st.ok(err, "completing a task")
		st.applied(store.Writes{
			Event:   &store.EventWrites{Events: []store.SourceEvent{NewSourceEvent(st.r, at)}, Tasks: []contact.Task{done}},
			Message: &store.MessageWrites{Refs: []store.ProviderRef{{Provider: "sns", Ref: word(st.r, "ref"), Message: store.Of(w.Message).Messages[0].ID, At: at}}},
			Upkeep: &store.UpkeepWrites{Ticks: []store.Tick{{Chore: "fold", At: hour, By: "one"}},
				Recounts: []store.Recounted{{Hour: hour, At: at, Next: at, Drift: []store.Drift{{Channel: message.SMS, Messages: 1}}}}},
		})
	}
	for _, kind := range []struct {
		what store.Purgeable
		rows int64
	}{
		{store.PurgeKeys, 2 * old}, {store.PurgeRefs, old}, {store.PurgeTicks, old}, {store.PurgeRecounts, old}, {store.PurgeEvents, old}, {store.PurgeTasks, old},
	} {
		st.same("the first of them", st.purged(kind.what, Noon().Add(-10*day), 3), int64(3))
		st.same("the others", st.purged(kind.what, Noon().Add(-10*day), 100), kind.rows-3)
		st.same("what is left that is old", st.purged(kind.what, Noon().Add(-10*day), 100), int64(0))
	}
	st.check(st.purged(store.PurgeCounters, Noon().Add(-10*day), 1000) > 0, "counters of old hours go")
	sums, err := st.s.Sums(st.t.Context(), Noon().Add(-30*day), Noon().Add(-10*day))
	st.ok(err, "adding up the counters")
	st.same("what is left of the old hours", len(sums), 0)
	_, err = st.s.Key(st.t.Context(), store.Of(first.Intake).Keys[0].Kind, store.Of(first.Intake).Keys[0].Source, store.Of(first.Intake).Keys[0].Key)
	st.kind(err, fault.NotFound)
	kept, err := st.s.Recounts(st.t.Context(), Noon().Add(-30*day))
	st.ok(err, "reading recounts")
	st.same("recounts that are left", len(kept), 1)
	_, err = st.s.Contact(st.t.Context(), store.Of(first.Contact).Contacts[0].ID)
	st.ok(err, "reading a contact whose key is purged")
	purgingReports(st)
}

func purgingReports(st *stand) {
	var numbers []int64
	for range 3 {
		st.applied(store.Writes{Report: &store.ReportWrites{Reports: []message.Report{NewReport(st.r)}}})
	}
	later := Noon().AddDate(50, 0, 0) // the store itself says when a report came
	waiting, err := st.s.Inbox(st.t.Context(), later, 10)
	st.ok(err, "reading the inbox")
	for _, w := range waiting[:2] {
		numbers = append(numbers, w.Number)
	}
	st.applied(store.Writes{Report: &store.ReportWrites{Consumed: numbers}})
	st.same("those that were consumed", st.purged(store.PurgeReports, later, 10), int64(2))
	waiting, err = st.s.Inbox(st.t.Context(), later, 10)
	st.ok(err, "reading the inbox")
	st.same("those that wait", len(waiting), 1)
}
