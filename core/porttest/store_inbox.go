package porttest

import (
	"time"

	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

// inboxed reads what is due of the inbox.
func (st *stand) inboxed(now time.Time) []store.Inboxed {
	st.t.Helper()
	all, err := st.s.Inbox(st.t.Context(), now, 100)
	st.ok(err, "reading the inbox")
	return all
}

// later is when the inbox is looked at: after anything was received.
func later() time.Time { return Noon().Add(time.Hour) }

func inbox() []sentence {
	return []sentence{
		{"keeps a report whole until it is consumed", func(st *stand) {
			report := NewReport(st.r)
			st.applied(store.Writes{Report: &store.ReportWrites{Reports: []message.Report{report}}})
			all := st.inboxed(later())
			st.check(len(all) == 1, "one report waits")
			st.same("report", all[0].Report, report)
			st.check(all[0].Record == nil, "its message is not known")
			st.check(!all[0].ReceivedAt.IsZero(), "it says when it was received")
			st.applied(store.Writes{Report: &store.ReportWrites{Consumed: []int64{all[0].Number}}})
			st.check(len(st.inboxed(later())) == 0, "none waits")
		}},
		{"passes over a report that is there already, even when it was consumed", func(st *stand) {
			first, second := NewReport(st.r), NewReport(st.r)
			again := NewReport(st.r)
			again.Key = first.Key
			st.applied(store.Writes{Report: &store.ReportWrites{Reports: []message.Report{first, again}}}, store.Writes{Report: &store.ReportWrites{Reports: []message.Report{again, second}}})
			all := st.inboxed(later())
			st.check(len(all) == 2, "two reports wait")
			st.same("first", all[0].Report, first)
			st.same("second", all[1].Report, second)
			st.applied(store.Writes{Report: &store.ReportWrites{Consumed: []int64{all[0].Number}}})
			st.applied(store.Writes{Report: &store.ReportWrites{Reports: []message.Report{again}}})
			st.check(len(st.inboxed(later())) == 1, "what was consumed does not come back")
			other := again
			other.Provider = "ses"
			st.applied(store.Writes{Report: &store.ReportWrites{Reports: []message.Report{other}}})
			st.check(len(st.inboxed(later())) == 2, "another provider's key is another")
		}},
		{"tells the oldest first, no more than asked", func(st *stand) {
			var want []message.Report
			for range 5 {
				want = append(want, NewReport(st.r))
				st.applied(store.Writes{Report: &store.ReportWrites{Reports: want[len(want)-1:]}})
			}
			some, err := st.s.Inbox(st.t.Context(), later(), 3)
			st.ok(err, "reading the inbox")
			st.check(len(some) == 3, "no more than asked")
			for i, in := range some {
				st.same("report", in.Report, want[i])
			}
		}},
	}
}

func matching() []sentence {
	return []sentence{
		{"finds the message by our own id", func(st *stand) {
			w := st.accept(Given{})
			report := NewReport(st.r)
			report.Message, report.Ref = store.Of(w.Message).Messages[0].ID, ""
			st.applied(store.Writes{Report: &store.ReportWrites{Reports: []message.Report{report}}})
			all := st.inboxed(later())
			st.check(len(all) == 1 && all[0].Record != nil, "its message is known")
			st.same("record", *all[0].Record, st.record(store.Of(w.Message).Messages[0].ID))
			st.same("report", all[0].Report, report)
		}},
		{"finds the message by the provider's reference, written before or after the report", func(st *stand) {
			before, after := st.accept(Given{}), st.accept(Given{})
			early, late := NewReport(st.r), NewReport(st.r)
			ref := func(r message.Report, w store.Writes) store.ProviderRef {
				return store.ProviderRef{Provider: r.Provider, Ref: r.Ref, Message: store.Of(w.Message).Messages[0].ID, At: Noon()}
			}
			st.applied(store.Writes{Message: &store.MessageWrites{Refs: []store.ProviderRef{ref(late, before)}}})
			foreign := ref(early, before)
			foreign.Provider = "ses"
			st.applied(store.Writes{Report: &store.ReportWrites{Reports: []message.Report{early, late}}, Message: &store.MessageWrites{Refs: []store.ProviderRef{foreign}}})
			all := st.inboxed(later())
			st.check(len(all) == 2, "two reports wait")
			st.check(all[0].Record == nil, "the reference is not written yet; another provider's is not it")
			st.check(all[1].Record != nil && all[1].Record.Message.ID == store.Of(before.Message).Messages[0].ID, "the reference was written")
			st.applied(store.Writes{Message: &store.MessageWrites{Refs: []store.ProviderRef{ref(early, after)}}})
			all = st.inboxed(later())
			st.check(all[0].Record != nil && all[0].Record.Message.ID == store.Of(after.Message).Messages[0].ID, "the reference came later")
		}},
		{"is a conflict when what is consumed is gone", func(st *stand) {
			w := st.accept(Given{})
			report := NewReport(st.r)
			report.Message = store.Of(w.Message).Messages[0].ID
			st.applied(store.Writes{Report: &store.ReportWrites{Reports: []message.Report{report}}})
			number := st.inboxed(later())[0].Number
			set := func(seq int32) store.Writes {
				return store.Writes{Report: &store.ReportWrites{Consumed: []int64{number}}, Message: &store.MessageWrites{Evidence: []message.Evidence{{Message: report.Message, Seq: seq, At: Noon(), Kind: message.Noted}}}}
			}
			verdicts := st.apply(set(1), set(2))
			st.check(verdicts[0].Outcome == store.Applied, "the first consumes it")
			st.check(verdicts[1].Outcome == store.Conflict && verdicts[1].What == store.LostReport, "the second finds it gone")
			st.check(len(st.record(report.Message).Evidence) == 1, "nothing of the second is written")
			st.conflict(store.LostReport, store.Writes{Report: &store.ReportWrites{Consumed: []int64{number + 1000}}})
		}},
		{"looks again later at what was deferred", func(st *stand) {
			first, second := NewReport(st.r), NewReport(st.r)
			st.applied(store.Writes{Report: &store.ReportWrites{Reports: []message.Report{first, second}}})
			all := st.inboxed(later())
			at := later().Add(time.Hour)
			st.applied(store.Writes{Report: &store.ReportWrites{Deferred: []store.Deferral{{Number: all[0].Number, At: at}}}})
			rest := st.inboxed(at.Add(-time.Microsecond))
			st.check(len(rest) == 1 && rest[0].Report.Key == second.Key, "the other one waits")
			st.check(len(st.inboxed(at)) == 2, "the deferred one is due again")
		}},
		{"knows the newest message sent to an address", lastTo},
	}
}

func lastTo(st *stand) {
	address := NewAddress(st.r, customer.Phone)
	_, err := st.s.LastTo(st.t.Context(), message.SMS, address)
	st.kind(err, fault.NotFound)
	var newest message.Message
	for i, channel := range []message.Channel{message.SMS, message.SMS, message.Voice} {
		at := Noon().Add(time.Duration(i) * time.Minute)
		w := NewAcceptance(st.r, Given{At: at, Channel: channel})
		store.Of(w.Message).Messages[0].Recipient.Address = address
		st.applied(w)
		taken := st.claim(store.Of(w.Message).Dues[0].Lane, at, 1)
		st.applied(st.sent(taken[0], at))
		if channel == message.SMS {
			newest = store.Of(w.Message).Messages[0]
		}
	}
	got, err := st.s.LastTo(st.t.Context(), message.SMS, address)
	st.ok(err, "looking for the last message")
	st.same("last message", got, newest)
	_, err = st.s.LastTo(st.t.Context(), message.SMS, NewAddress(st.r, customer.Phone))
	st.kind(err, fault.NotFound)
}
