package report_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/report"
	"carillon/core/store"
	"carillon/core/template"
)

func noon() time.Time { return time.Date(2026, time.March, 2, 17, 0, 0, 0, time.UTC) }

// tables answers from what it is told and keeps what it is given.
type tables struct {
	inbox      []store.Inboxed
	passed     []store.Passed
	last       *message.Message
	suppressed []consent.Suppression
	verdicts   []store.Verdict
	applied    []store.Writes
	down       error // of Apply
	blind      error // of every fact
}

func (s *tables) Apply(_ context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	if s.down != nil {
		return nil, s.down
	}
	out := make([]store.Verdict, len(sets))
	for i, w := range sets {
		out[i] = store.Verdict{Outcome: store.Applied}
		if len(s.verdicts) > 0 {
			out[i], s.verdicts = s.verdicts[0], s.verdicts[1:]
		}
		s.applied = append(s.applied, w)
	}
	return out, nil
}

func (s *tables) Inbox(context.Context, time.Time, int) ([]store.Inboxed, error) {
	return s.inbox, s.blind
}

func (s *tables) Deadlines(context.Context, time.Time, int) ([]store.Passed, error) {
	return s.passed, s.blind
}

func (s *tables) Suppressions(context.Context, message.Channel, customer.Address) ([]consent.Suppression, error) {
	return s.suppressed, s.blind
}

func (s *tables) LastTo(context.Context, message.Channel, customer.Address) (message.Message, error) {
	if s.last == nil {
		return message.Message{}, fault.New(fault.NotFound, "none")
	}
	return *s.last, s.blind
}

// steps starts next steps and replies that can be told by their rows.
type steps struct {
	asked   []int16
	replied []string
	err     error
}

func (s *steps) NextStep(_ context.Context, _ time.Time, id contact.ID, fell int16, _ string) (store.Writes, error) {
	s.asked = append(s.asked, fell)
	if s.err != nil {
		return store.Writes{}, s.err
	}
	return store.Writes{Contact: &store.ContactWrites{Steps: []plan.Step{{Contact: id, Number: fell + 1}}}}, nil
}

func (s *steps) Reply(_ context.Context, _ time.Time, to message.Message, _ customer.Address, form string) (store.Writes, error) {
	s.replied = append(s.replied, form)
	return store.Writes{Message: &store.MessageWrites{Messages: []message.Message{{ID: message.ID{9}, Route: to.Route}}}}, s.err
}

type fixed struct{ *config.Snapshot }

func (f fixed) Current() *config.Snapshot { return f.Snapshot }

type stand struct {
	*report.Service
	t      *testing.T
	tables *tables
	steps  *steps
}

func newStand(t *testing.T, replies config.Replies) *stand {
	t.Helper()
	cfg, err := config.Compile(1, config.Document{
		Divisions: []config.Division{{Code: "north", Zone: "America/New_York", Country: "US", Language: "en-US", Replies: replies}},
		Templates: []template.Template{
			{Code: "STOPPED", Channel: "sms", Parts: map[string]string{"text": "no more"}},
			{Code: "HELPED", Channel: "sms", Parts: map[string]string{"text": "call us"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	st, next := &tables{}, &steps{}
	return &stand{t: t, tables: st, steps: next, Service: &report.Service{Store: st, Facts: st, Configs: fixed{cfg}, Steps: next}}
}

// work does one turn and returns what was written for the first report.
func (s *stand) work() (store.Writes, report.Done) {
	s.t.Helper()
	done, err := s.Work(s.t.Context(), noon())
	if err != nil || len(s.tables.applied) == 0 {
		s.t.Fatalf("%+v: %v", done, err)
	}
	return s.tables.applied[0], done
}

func text() message.Message {
	return message.Message{
		ID: message.ID{1}, AcceptedAt: noon(), Source: "cis", Division: "north", Channel: message.SMS, Route: "sms", Receipt: time.Hour, Hold: time.Hour,
		Recipient: customer.Recipient{Person: 42, Point: 5, Address: "+12125550123"},
		Origin:    message.Origin{Kind: message.FromStep, Contact: 7, Step: 1, Steps: 2},
	}
}

// in is a waiting report about a message in a state.
func in(says message.Saying, due *message.Due, seen ...message.EvidenceKind) store.Inboxed {
	return store.Inboxed{
		Number: 3, ReceivedAt: noon(), Report: message.Report{Provider: "sns", Key: "k", Message: text().ID, At: noon(), Says: says, Reason: "why", Code: "code"},
		Record: record(due, seen...),
	}
}

func record(due *message.Due, seen ...message.EvidenceKind) *message.Record {
	r := &message.Record{Message: text(), Due: due}
	for i, k := range seen {
		e := message.Evidence{Message: text().ID, Seq: int32(i + 1), Kind: k}
		if k.IsAttempt() {
			e.Attempt = 1
		}
		r.Evidence = append(r.Evidence, e)
	}
	return r
}

func queued() *message.Due { return &message.Due{Message: text().ID, At: noon(), Fence: 1} }

func owned(by string) *message.Due {
	return &message.Due{Message: text().ID, At: noon().Add(time.Minute), Fence: 2, Owner: by}
}

// TestSayings is each saying against each life.
func TestSayings(t *testing.T) {
	t.Parallel()
	leased := owned("vendor:acme")
	type effect struct {
		seen     message.EvidenceKind // 0: none, the report waits
		place    message.Place        // of the entry; 0: stays
		settles  bool
		undues   bool
		requeues bool
		next     bool
	}
	for _, row := range []struct {
		says message.Saying
		when string
		due  *message.Due
		seen []message.EvidenceKind
		want effect
	}{
		{message.SaysTaken, "sent", nil, []message.EvidenceKind{message.Sent}, effect{seen: message.Noted}},
		{message.SaysTaken, "in doubt", nil, []message.EvidenceKind{message.Doubtful}, effect{seen: message.Sent, place: message.AtSent}},
		{message.SaysTaken, "queued", queued(), nil, effect{seen: message.Noted}},
		{message.SaysTaken, "leased", leased, nil, effect{seen: message.Noted}},
		{message.SaysTaken, "being called", owned("me"), nil, effect{}},

		{message.SaysDelivered, "sent", nil, []message.EvidenceKind{message.Sent}, effect{seen: message.Delivered, place: message.AtDelivered}},
		{message.SaysDelivered, "in doubt", nil, []message.EvidenceKind{message.Doubtful}, effect{seen: message.Delivered, place: message.AtDelivered}},
		{message.SaysDelivered, "silent", nil, []message.EvidenceKind{message.Sent, message.Silent}, effect{seen: message.Delivered, place: message.AtDelivered}},
		{message.SaysDelivered, "delivered", nil, []message.EvidenceKind{message.Sent, message.Delivered}, effect{seen: message.Delivered}},
		{message.SaysDelivered, "queued and never tried", queued(), nil, effect{seen: message.Noted}},
		{message.SaysDelivered, "waiting for another try", queued(), []message.EvidenceKind{message.Retried}, effect{seen: message.Delivered, place: message.AtDelivered, undues: true}},
		{message.SaysDelivered, "being called", owned("me"), nil, effect{}},
		{message.SaysDelivered, "leased", leased, nil, effect{seen: message.Delivered, place: message.AtDelivered, settles: true}},

		{message.SaysFailed, "sent", nil, []message.EvidenceKind{message.Sent}, effect{seen: message.Failed, place: message.AtFailed, next: true}},
		{message.SaysFailed, "delivered before", nil, []message.EvidenceKind{message.Sent, message.Delivered}, effect{seen: message.Failed, place: message.AtFailed, next: true}},
		{message.SaysFailed, "failed before", nil, []message.EvidenceKind{message.Sent, message.Failed}, effect{seen: message.Failed}},
		{message.SaysFailed, "queued and never tried", queued(), nil, effect{seen: message.Noted}},
		{message.SaysFailed, "leased", leased, nil, effect{seen: message.Failed, place: message.AtFailed, settles: true, next: true}},
		{message.SaysFailed, "being called", owned("me"), nil, effect{}},

		{message.SaysNoted, "sent", nil, []message.EvidenceKind{message.Sent}, effect{seen: message.Noted}},
		{message.SaysNoted, "queued", queued(), nil, effect{seen: message.Noted}},
		{message.SaysNoted, "leased", leased, nil, effect{seen: message.Noted}},
		{message.SaysNoted, "cancelled", nil, []message.EvidenceKind{message.CancelledE}, effect{seen: message.Noted}},

		{message.SaysReturned, "leased", leased, nil, effect{seen: 0, requeues: true}},
		{message.SaysReturned, "pushed", nil, []message.EvidenceKind{message.Sent}, effect{seen: message.Failed, place: message.AtFailed, next: true}},
		{message.SaysReturned, "queued", queued(), nil, effect{seen: message.Noted}},
	} {
		t.Run(string(row.says)+" when "+row.when, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, config.Replies{})
			s.tables.inbox = []store.Inboxed{in(row.says, row.due, row.seen...)}
			w, _ := s.work()
			if row.want == (effect{}) {
				if len(store.Of(w.Report).Deferred) != 1 || len(store.Of(w.Report).Consumed) != 0 || len(store.Of(w.Message).Evidence) != 0 || !store.Of(w.Report).Deferred[0].At.Equal(noon().Add(200*time.Millisecond)) {
					t.Errorf("is not kept until it is settled: %+v", w)
				}
				return
			}
			got := effect{settles: len(store.Of(w.Message).Settles) == 1, undues: len(store.Of(w.Message).Undues) == 1, requeues: len(store.Of(w.Message).Requeues) == 1, next: len(store.Of(w.Contact).Steps) == 1}
			for _, e := range store.Of(w.Message).Evidence {
				got.seen = e.Kind
				if e.Seq != int32(len(row.seen)+1) || e.Message != text().ID {
					t.Errorf("%+v", e)
				}
			}
			for _, e := range store.Of(w.Ledger).Entries {
				got.place = e.Place
			}
			if got != row.want {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
			if !slices.Equal(store.Of(w.Report).Consumed, []int64{3}) {
				t.Errorf("consumes %v", store.Of(w.Report).Consumed)
			}
		})
	}
}

func TestHandedBack(t *testing.T) {
	t.Parallel()
	s := newStand(t, config.Replies{})
	s.tables.inbox = []store.Inboxed{in(message.SaysReturned, owned("vendor:acme"))}
	w, _ := s.work()
	r := store.Of(w.Message).Requeues[0]
	if r.Keep || !r.At.Equal(noon().Add(5*time.Minute)) || r.Reason != message.WaitReturned || r.Attempt != 0 || r.Fence.Number != 2 {
		t.Errorf("%+v", r)
	}
}

func TestConsequences(t *testing.T) {
	t.Parallel()
	t.Run("a point that does not work is marked", func(t *testing.T) {
		t.Parallel()
		for channel, kind := range map[message.Channel]customer.PointKind{
			message.SMS: customer.Phone, message.Voice: customer.Phone, message.Email: customer.Email, message.Letter: customer.Post,
		} {
			s := newStand(t, config.Replies{})
			one := in(message.SaysFailed, nil, message.Sent)
			one.Report.Undeliverable, one.Record.Message.Channel = true, channel
			s.tables.inbox = []store.Inboxed{one}
			w, _ := s.work()
			if len(store.Of(w.Customer).Marks) != 1 || store.Of(w.Customer).Marks[0] != (store.PointMark{Kind: kind, Value: "+12125550123", Point: 5, Since: noon()}) {
				t.Errorf("%s: %+v", channel, store.Of(w.Customer).Marks)
			}
			if !slices.ContainsFunc(store.Of(w.Ledger).Entries, func(e ledger.Entry) bool { return e.Kind == ledger.PointMarked && e.Person == 42 && e.By == "sns" }) {
				t.Errorf("%+v", store.Of(w.Ledger).Entries)
			}
		}
	})
	t.Run("a complaint suppresses the address, whatever the message's life", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, config.Replies{})
		one := in(message.SaysFailed, queued())
		one.Report.Suppress = "complaint"
		s.tables.inbox = []store.Inboxed{one}
		w, _ := s.work()
		if len(store.Of(w.Consent).Suppressions) != 1 || store.Of(w.Consent).Suppressions[0].Reason != "complaint" || store.Of(w.Consent).Suppressions[0].Division != "" || store.Of(w.Consent).Suppressions[0].Address != "+12125550123" {
			t.Errorf("%+v", store.Of(w.Consent).Suppressions)
		}
	})
}

// TestEarly: a report that comes before its message is known waits, ever longer, and is given up in the end.
func TestEarly(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says string
		age  time.Duration
		wait time.Duration // 0: given up
	}{
		{"a fresh one is looked at soon", 0, 500 * time.Millisecond},
		{"an older one waits a quarter of its age", 40 * time.Second, 10 * time.Second},
		{"an old one waits half an hour at most", 80 * time.Hour, 30 * time.Minute},
		{"one that nobody sent is given up", 97 * time.Hour, 0},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, config.Replies{})
			one := in(message.SaysDelivered, nil)
			one.Record, one.ReceivedAt = nil, noon().Add(-row.age)
			s.tables.inbox = []store.Inboxed{one}
			w, done := s.work()
			if row.wait == 0 {
				if len(store.Of(w.Report).Consumed) != 1 || len(store.Of(w.Report).Deferred) != 0 || done.Unmatched != 1 {
					t.Errorf("%+v, %+v", w, done)
				}
				return
			}
			if len(store.Of(w.Report).Deferred) != 1 || !store.Of(w.Report).Deferred[0].At.Equal(noon().Add(row.wait)) || done.Unmatched != 0 {
				t.Errorf("%+v, %+v", store.Of(w.Report).Deferred, done)
			}
		})
	}
}

// TestReplies: what a recipient texts back is obeyed.
func TestReplies(t *testing.T) {
	t.Parallel()
	both := config.Replies{Stop: "STOPPED", Help: "HELPED"}
	stopped := []consent.Suppression{{Reason: "stop_received"}}
	for _, row := range []struct {
		says     string
		word     string
		replies  config.Replies
		stranger bool
		already  []consent.Suppression
		kind     ledger.Kind // "": no entry
		put      int
		lifted   int
		answer   string
	}{
		{"STOP suppresses and is confirmed", "STOP", both, false, nil, ledger.SuppressionPut, 1, 0, "STOPPED"},
		{"STOP is not confirmed twice", "STOP", both, false, stopped, ledger.SuppressionPut, 1, 0, ""},
		{"STOP is obeyed where the provider answers", "STOP", config.Replies{}, false, nil, ledger.SuppressionPut, 1, 0, ""},
		{"STOP of a number we never wrote to is obeyed", "STOP", both, true, nil, ledger.SuppressionPut, 1, 0, ""},
		{"HELP is answered", "HELP", both, false, nil, "", 0, 0, "HELPED"},
		{"HELP is answered after a STOP", "HELP", both, false, stopped, "", 0, 0, "HELPED"},
		{"HELP of a stranger is not answered", "HELP", both, true, nil, "", 0, 0, ""},
		{"START lifts what STOP put", "START", both, false, stopped, ledger.SuppressionLifted, 0, 1, ""},
		{"START of a stranger lifts too", "START", both, true, nil, ledger.SuppressionLifted, 0, 1, ""},
		{"another word changes nothing", "HELLO", both, false, nil, "", 0, 0, ""},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, row.replies)
			s.tables.suppressed = row.already
			if last := text(); !row.stranger {
				s.tables.last = &last
			}
			s.tables.inbox = []store.Inboxed{{
				Number: 3, ReceivedAt: noon(), Report: message.Report{Provider: "sns", Says: message.SaysReply, From: "+12125550123", Word: row.word, At: noon()},
			}}
			w, done := s.work()
			var kind ledger.Kind
			for _, e := range store.Of(w.Ledger).Entries {
				kind = e.Kind
			}
			if kind != row.kind || len(store.Of(w.Consent).Suppressions) != row.put || len(store.Of(w.Consent).Lifted) != row.lifted || done.Unmatched != 0 || !slices.Equal(store.Of(w.Report).Consumed, []int64{3}) {
				t.Errorf("%+v", w)
			}
			for _, p := range append(store.Of(w.Consent).Suppressions, store.Of(w.Consent).Lifted...) {
				if p.Address != "+12125550123" || p.Channel != message.SMS || p.Reason != "stop_received" {
					t.Errorf("%+v of %s", p, p.Address.Reveal())
				}
			}
			if got := slices.Concat(s.steps.replied); (row.answer == "") != (len(got) == 0) || row.answer != "" && got[0] != row.answer {
				t.Errorf("answered with %v", got)
			}
		})
	}
	t.Run("a division that is gone is not answered for", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, both)
		last := text()
		last.Division = "south"
		s.tables.last = &last
		s.tables.inbox = []store.Inboxed{{Number: 3, ReceivedAt: noon(), Report: message.Report{Says: message.SaysReply, Word: "HELP"}}}
		if w, _ := s.work(); len(store.Of(w.Message).Messages) != 0 {
			t.Errorf("%+v", w)
		}
	})
}

func TestWork(t *testing.T) {
	t.Parallel()
	t.Run("a message takes one report a turn, and the next comes at once", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, config.Replies{})
		s.tables.inbox = []store.Inboxed{in(message.SaysNoted, nil, message.Sent), in(message.SaysDelivered, nil, message.Sent)}
		if _, done := s.work(); done.Looked != 2 || done.Applied != 1 || !done.Full || len(s.tables.applied) != 1 {
			t.Errorf("%+v", done)
		}
	})
	t.Run("a lost race is read and decided again", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, config.Replies{})
		s.tables.inbox, s.tables.verdicts = []store.Inboxed{in(message.SaysNoted, nil, message.Sent)}, []store.Verdict{{Outcome: store.Conflict}}
		if _, done := s.work(); done.Applied != 0 || !done.Full {
			t.Errorf("%+v", done)
		}
	})
	t.Run("a next step that cannot be read now puts the whole turn off", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, config.Replies{})
		s.steps.err = fault.New(fault.Unavailable, "away")
		s.tables.inbox = []store.Inboxed{in(message.SaysFailed, nil, message.Sent)}
		if _, err := s.Work(t.Context(), noon()); !fault.Is(err, fault.Unavailable) || len(s.tables.applied) != 0 {
			t.Errorf("%v", err)
		}
	})
	t.Run("a report that cannot be decided does not hold up the others", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, config.Replies{})
		s.steps.err = fault.New(fault.NotFound, "gone")
		other := in(message.SaysNoted, nil, message.Sent)
		other.Record.Message.ID, other.Number = message.ID{2}, 4
		s.tables.inbox = []store.Inboxed{in(message.SaysFailed, nil, message.Sent), other}
		w, done := s.work()
		if len(store.Of(w.Report).Deferred) != 1 || !store.Of(w.Report).Deferred[0].At.Equal(noon().Add(30*time.Minute)) || done.Applied != 2 || len(store.Of(s.tables.applied[1].Message).Evidence) != 1 {
			t.Errorf("%+v, %+v", w, done)
		}
	})
	t.Run("there is nothing to do", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, config.Replies{})
		if done, err := s.Work(t.Context(), noon()); err != nil || done != (report.Done{}) {
			t.Errorf("%+v: %v", done, err)
		}
		if done, err := s.Deadlines(t.Context(), noon()); err != nil || done != (report.Done{}) {
			t.Errorf("%+v: %v", done, err)
		}
		if err := s.Receive(t.Context(), noon(), nil); err != nil || len(s.tables.applied) != 0 {
			t.Errorf("%v", err)
		}
	})
	t.Run("the store is away", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, config.Replies{})
		s.tables.down = fault.New(fault.Unavailable, "away")
		s.tables.inbox = []store.Inboxed{in(message.SaysNoted, nil, message.Sent)}
		if _, err := s.Work(t.Context(), noon()); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%v", err)
		}
		if err := s.Receive(t.Context(), noon(), []message.Report{{}}); !fault.Is(err, fault.Unavailable) {
			t.Errorf("a report is taken that is not durable: %v", err)
		}
		s.tables.blind = s.tables.down
		if _, err := s.Work(t.Context(), noon()); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%v", err)
		}
		s = newStand(t, config.Replies{})
		if err := s.Receive(t.Context(), noon(), []message.Report{{Key: "k"}}); err != nil || len(store.Of(s.tables.applied[0].Report).Reports) != 1 {
			t.Errorf("%v", err)
		}
	})
}

// TestDeadlines: what nobody reported in time.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says   string
		kind   message.DeadlineKind
		due    *message.Due
		seen   []message.EvidenceKind
		want   message.EvidenceKind // 0: none
		reason string
		again  bool // looked at again in a minute
		next   bool
	}{
		{"a receipt that did not come is unconfirmed", message.ReceiptDue, nil, []message.EvidenceKind{message.Sent}, message.Silent, "receipt_deadline", false, false},
		{"a receipt that came meanwhile", message.ReceiptDue, nil, []message.EvidenceKind{message.Sent, message.Delivered}, 0, "", false, false},
		{"a doubt that nobody resolved is unconfirmed", message.HoldEnds, nil, []message.EvidenceKind{message.Doubtful}, message.Silent, "hold_ended", false, false},
		{"a doubt that was resolved meanwhile", message.HoldEnds, nil, []message.EvidenceKind{message.Doubtful, message.Sent}, 0, "", false, false},
		{"what waits expires, and the next step starts", message.Expiry, queued(), nil, message.ExpiredE, "expired", false, true},
		{"a leased call past its expiry is unconfirmed", message.Expiry, owned("vendor:acme"), nil, message.Silent, "expired_while_leased", false, false},
		{"what is being called is looked at again", message.Expiry, owned("me"), nil, 0, "", true, false},
		{"an expiry that was begun in time", message.Expiry, nil, []message.EvidenceKind{message.Sent}, 0, "", false, false},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, config.Replies{})
			s.tables.passed = []store.Passed{{Deadline: message.Deadline{At: noon(), Message: text().ID, Kind: row.kind}, Record: *record(row.due, row.seen...)}}
			done, err := s.Deadlines(t.Context(), noon())
			if err != nil || done.Looked != 1 || done.Applied != 1 {
				t.Fatalf("%+v: %v", done, err)
			}
			w := s.tables.applied[0]
			var seen message.Evidence
			for _, e := range store.Of(w.Message).Evidence {
				seen = e
			}
			if seen.Kind != row.want || seen.Reason != row.reason || (len(store.Of(w.Contact).Steps) == 1) != row.next {
				t.Errorf("%+v", w)
			}
			if again := len(store.Of(w.Message).Deadlines) == 1; again != row.again || again && !store.Of(w.Message).Deadlines[0].At.Equal(noon().Add(time.Minute)) {
				t.Errorf("%+v", store.Of(w.Message).Deadlines)
			}
			if len(store.Of(w.Message).Spent) != 1 || store.Of(w.Message).Spent[0] != s.tables.passed[0].Deadline {
				t.Errorf("the deadline stays: %v", store.Of(w.Message).Spent)
			}
			if row.want != 0 && row.due != nil && len(store.Of(w.Message).Settles)+len(store.Of(w.Message).Undues) != 1 {
				t.Errorf("the due row stays: %+v", w)
			}
		})
	}
	passed := func(id byte) store.Passed {
		r := *record(queued())
		r.Message.ID = message.ID{id}
		return store.Passed{Deadline: message.Deadline{At: noon(), Message: r.Message.ID, Kind: message.Expiry}, Record: r}
	}
	t.Run("a message is decided once a turn", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, config.Replies{})
		s.tables.passed = []store.Passed{passed(1), passed(1), passed(2)}
		if done, err := s.Deadlines(t.Context(), noon()); err != nil || done.Applied != 2 {
			t.Errorf("%+v: %v", done, err)
		}
	})
	t.Run("one that cannot be decided does not hold up the others", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, config.Replies{})
		s.steps.err = fault.New(fault.NotFound, "gone")
		last := passed(2)
		last.Record.Message.Origin.Step, last.Record.Message.Urgency = 2, message.Bulk
		s.tables.passed = []store.Passed{passed(1), last}
		done, err := s.Deadlines(t.Context(), noon())
		if err != nil || done.Applied != 2 || len(store.Of(s.tables.applied[0].Message).Evidence) != 0 || len(store.Of(s.tables.applied[1].Message).Evidence) != 1 {
			t.Fatalf("%+v, %+v: %v", done, s.tables.applied, err)
		}
		if d := store.Of(s.tables.applied[0].Message).Deadlines; len(d) != 1 || d[0].Kind != message.Expiry || !d[0].At.After(noon()) {
			t.Errorf("%+v", d)
		}
	})
	t.Run("a store that is away puts the turn off", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, config.Replies{})
		s.steps.err = fault.New(fault.Unavailable, "away")
		s.tables.passed = []store.Passed{passed(1)}
		if _, err := s.Deadlines(t.Context(), noon()); !fault.Is(err, fault.Unavailable) || len(s.tables.applied) != 0 {
			t.Errorf("%v", err)
		}
	})
}
