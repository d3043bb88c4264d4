package desk_test

import (
	"testing"
	"time"

	"carillon/core/access"
	"carillon/core/contact"
	"carillon/core/desk/counter"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

// wait adds a contact whose message waits; owner holds it, "" nobody.
func (s *shelf) wait(n int, owner string) message.Message {
	m := s.put(n)
	s.change(m, func(v *store.ContactView) {
		v.Messages[0].Due = &message.Due{Message: m.ID, Lane: m.Lane, At: noon(), Fence: 3, Owner: owner}
	})
	return m
}

func TestCancelMany(t *testing.T) {
	t.Parallel()
	emergency := message.Emergency
	for says, row := range map[string]struct {
		c    counter.Cancellation
		want counter.Cancelled
	}{
		"of a contact":                      {counter.Cancellation{Contact: 1000}, counter.Cancelled{Contacts: 1, Cancelled: 1, Halted: 1}},
		"of a contact whose call is leased": {counter.Cancellation{Contact: 1001}, counter.Cancelled{Contacts: 1, Recalled: 1, Halted: 1}},
		"of a contact that is being called: it goes on, and nothing follows": {counter.Cancellation{Contact: 1002}, counter.Cancelled{Contacts: 1, UnderWay: 1, Halted: 1}},
		"of a contact that was sent: it stays sent, and nothing follows":     {counter.Cancellation{Contact: 1003}, counter.Cancelled{Contacts: 1, Halted: 1}},
		"of a contact that has ended":                                        {counter.Cancellation{Contact: 1004}, counter.Cancelled{}},
		"of a batch":                                                         {counter.Cancellation{Batch: "march"}, counter.Cancelled{Contacts: 3, Cancelled: 1, UnderWay: 1, Halted: 3}},
		"of everything of a division":                                        {counter.Cancellation{Query: &counter.WaitFilter{Division: "north"}}, counter.Cancelled{Contacts: 3, Cancelled: 1, Recalled: 1, UnderWay: 1, Halted: 3}},
		"of another division":                                                {counter.Cancellation{Query: &counter.WaitFilter{Division: "south"}}, counter.Cancelled{}},
		"of another urgency":                                                 {counter.Cancellation{Query: &counter.WaitFilter{Urgency: &emergency}}, counter.Cancelled{}},
		"of its type":                                                        {counter.Cancellation{Query: &counter.WaitFilter{Class: "CREDIT", Type: "WARN"}}, counter.Cancelled{Contacts: 3, Cancelled: 1, Recalled: 1, UnderWay: 1, Halted: 3}},
		"of another type":                                                    {counter.Cancellation{Query: &counter.WaitFilter{Class: "CREDIT", Type: "BILL"}}, counter.Cancelled{}},
		"accepted from":                                                      {counter.Cancellation{Query: &counter.WaitFilter{AcceptedFrom: noon().Add(time.Minute)}}, counter.Cancelled{Contacts: 2, Recalled: 1, UnderWay: 1, Halted: 2}},
		"accepted until":                                                     {counter.Cancellation{Query: &counter.WaitFilter{AcceptedUntil: noon().Add(2 * time.Minute)}}, counter.Cancelled{Contacts: 2, Cancelled: 1, Recalled: 1, Halted: 2}},
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			st, s := newShelf(t)
			s.wait(0, "")
			s.wait(1, "vendor:acme")
			s.wait(2, "gateway-1")
			s.put(3, message.Evidence{Seq: 1, Kind: message.Sent, Attempt: 1})
			s.put(4, refused(4))
			s.ranges = []store.IntakeRange{{First: 1000, N: 1}, {First: 1002, N: 7}}
			row.c.Reason, row.c.DryRun = "storm_moratorium", true
			dry, err := st.CancelMany(t.Context(), noon(), supervisor(), row.c)
			if err != nil || len(s.applied) != 0 || dry != row.want {
				t.Errorf("%+v, want %+v: %v", dry, row.want, err)
			}
			row.c.DryRun = false
			done, err := st.CancelMany(t.Context(), noon(), supervisor(), row.c)
			if err != nil || done != row.want {
				t.Errorf("%+v, want %+v: %v", done, row.want, err)
			}
			for _, w := range s.applied {
				if len(store.Of(w.Contact).Halts) != 1 || store.Of(w.Contact).Halts[0].Reason != "storm_moratorium" || store.Of(w.Contact).Halts[0].By != "me" {
					t.Errorf("%+v", store.Of(w.Contact).Halts)
				}
				for _, e := range store.Of(w.Message).Evidence {
					if e.Kind != message.CancelledE || e.Reason != "storm_moratorium" || e.Provider != "me" || len(store.Of(w.Message).Undues)+len(store.Of(w.Message).Settles) != 1 {
						t.Errorf("%+v", w)
					}
				}
			}
		})
	}
	t.Run("of many comes in pages, and misses none", func(t *testing.T) {
		t.Parallel()
		st, s := newShelf(t)
		for n := range 4500 {
			s.views[contact.ID(5000+n)] = waitingView(n)
		}
		s.ranges = []store.IntakeRange{{First: 5000, N: 4500}}
		for says, c := range map[string]counter.Cancellation{"query": {Query: &counter.WaitFilter{Channel: message.SMS}}, "batch": {Batch: "march"}} {
			total, pages := 0, 0
			for {
				c.DryRun = true
				done, err := st.CancelMany(t.Context(), noon(), supervisor(), c)
				if err != nil {
					t.Fatal(err)
				}
				total, pages = total+done.Cancelled, pages+1
				if done.Next == nil {
					break
				}
				c.After = *done.Next
			}
			if total != 4500 || pages != 3 {
				t.Errorf("by %s: %d in %d pages", says, total, pages)
			}
		}
	})
	t.Run("counts what something else moved", func(t *testing.T) {
		t.Parallel()
		st, s := newShelf(t)
		s.wait(0, "")
		s.verdicts = []store.Verdict{{Outcome: store.Conflict, What: store.LostFence}}
		if done, err := st.CancelMany(t.Context(), noon(), supervisor(), counter.Cancellation{Contact: 1000}); err != nil || done.Lost != 1 || done.Cancelled != 0 {
			t.Errorf("%+v: %v", done, err)
		}
	})
	t.Run("is refused where it asks for nothing, for two things, or without a right", func(t *testing.T) {
		t.Parallel()
		st, s := newShelf(t)
		s.wait(0, "")
		for _, c := range []counter.Cancellation{
			{}, {Contact: 1000, Batch: "march"}, {Query: &counter.WaitFilter{}}, {Contact: 1000, Reason: "two words"},
		} {
			if _, err := st.CancelMany(t.Context(), noon(), supervisor(), c); !fault.Is(err, fault.Invalid) {
				t.Errorf("%+v: %v", c, err)
			}
		}
		if _, err := st.CancelMany(t.Context(), noon(), who("desk", "north", access.CSR), counter.Cancellation{Contact: 1000}); !fault.Is(err, fault.Forbidden) {
			t.Error(err)
		}
		if _, err := st.CancelMany(t.Context(), noon(), who("desk", "south", access.Supervisor), counter.Cancellation{Contact: 1000}); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		if done, err := st.CancelMany(t.Context(), noon(), who("other", "north", access.CIS), counter.Cancellation{Query: &counter.WaitFilter{Division: "north"}}); err != nil || done.Contacts != 0 {
			t.Errorf("another source's: %+v, %v", done, err)
		}
	})
}

func waitingView(n int) store.ContactView {
	id := message.NewID(noon().Add(time.Duration(n)*time.Millisecond), [10]byte{})
	m := message.Message{ID: id, AcceptedAt: noon(), Source: "cis", Division: "north", Channel: message.SMS, Origin: message.Origin{Contact: contact.ID(5000 + n)}}
	return store.ContactView{
		Contact:  contact.Contact{ID: contact.ID(5000 + n), Source: "cis", Division: "north"},
		Messages: []message.Record{{Message: m, Due: &message.Due{Message: id}}},
	}
}

// TestResolve: a person ends a doubt, and nothing else.
func TestResolve(t *testing.T) {
	t.Parallel()
	doubt := message.Evidence{Seq: 1, At: noon(), Kind: message.Doubtful, Attempt: 1, Reason: "ambiguous", Provider: "sns"}
	csr := who("desk", "north", access.CSR)
	for _, row := range []struct {
		as   counter.Resolution
		kind message.EvidenceKind
		to   message.Place
		next bool
	}{
		{counter.WasSent, message.Sent, message.AtSent, false},
		{counter.WasDelivered, message.Delivered, message.AtDelivered, false},
		{counter.WasFailed, message.Failed, message.AtFailed, true},
		{counter.HaveRepeated, message.Replayed, message.Pending, false},
	} {
		for _, policy := range []message.DoubtPolicy{message.Hold, message.ToDo} {
			t.Run(string(row.as)+" under "+policy.String(), func(t *testing.T) {
				t.Parallel()
				st, s := newShelf(t)
				m := s.put(1, doubt)
				s.change(m, func(v *store.ContactView) { v.Messages[0].Message.Doubt = policy })
				if _, err := st.Resolve(t.Context(), noon(), csr, m.ID, row.as, "customer_called"); err != nil {
					t.Fatal(err)
				}
				w := s.applied[0]
				e := store.Of(w.Message).Evidence[0]
				if e.Kind != row.kind || e.Provider != "me" || e.Reason != "customer_called" || e.Seq != 2 {
					t.Errorf("%+v", e)
				}
				if len(store.Of(w.Message).Counts) != 2 || store.Of(w.Message).Counts[1].Place != row.to || (len(store.Of(w.Contact).Steps) == 1) != row.next || (len(store.Of(w.Message).Dues) == 1) != (row.to == message.Pending) {
					t.Errorf("%+v", w)
				}
				if (len(store.Of(w.ToDo).Done) == 1) != (policy == message.ToDo) {
					t.Errorf("completes %+v", store.Of(w.ToDo).Done)
				}
				if len(store.Of(w.Message).Undeadlines) != 1 {
					t.Error("the hold stays")
				}
			})
		}
	}
	t.Run("is refused for what is not in doubt, and without a right, a word or a message", func(t *testing.T) {
		t.Parallel()
		st, s := newShelf(t)
		failed, doubted := s.put(1, refused(1)), s.put(2, doubt)
		for want, call := range map[fault.Kind]func() error{
			fault.Conflict: func() error {
				_, err := st.Resolve(t.Context(), noon(), csr, failed.ID, counter.HaveRepeated, "x")
				return err
			},
			fault.Forbidden: func() error {
				_, err := st.Resolve(t.Context(), noon(), cis(), doubted.ID, counter.WasSent, "x")
				return err
			},
			fault.Invalid: func() error {
				_, err := st.Resolve(t.Context(), noon(), csr, doubted.ID, counter.WasSent, "Two words")
				return err
			},
			fault.NotFound: func() error {
				_, err := st.Resolve(t.Context(), noon(), who("desk", "south", access.CSR), doubted.ID, counter.WasSent, "x")
				return err
			},
		} {
			if err := call(); !fault.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		}
		if _, err := st.Resolve(t.Context(), noon(), csr, doubted.ID, "lost", "x"); !fault.Is(err, fault.Invalid) {
			t.Error(err)
		}
		s.change(doubted, func(v *store.ContactView) { v.Contact.ExpiresAt = noon() })
		if _, err := st.Resolve(t.Context(), noon(), csr, doubted.ID, counter.HaveRepeated, "x"); !fault.Is(err, fault.Conflict) {
			t.Errorf("repeated after the sender's time: %v", err)
		}
		if len(s.applied) != 0 {
			t.Errorf("%+v", s.applied)
		}
	})
	t.Run("is a conflict when a report came first", func(t *testing.T) {
		t.Parallel()
		st, s := newShelf(t)
		m := s.put(1, doubt)
		s.verdicts = []store.Verdict{{Outcome: store.Conflict, What: store.LostEvidence}}
		if _, err := st.Resolve(t.Context(), noon(), csr, m.ID, counter.HaveRepeated, "x"); !fault.Is(err, fault.Conflict) {
			t.Error(err)
		}
	})
}
