package accept_test

import (
	"testing"
	"time"

	"carillon/core/accept"
	"carillon/core/access"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
)

// fallen is a contact of one text that was refused, to an inline recipient or to person 42.
func fallen(t *testing.T, inlined bool) (*stand, message.Message) {
	t.Helper()
	s := newStand(t)
	r := request()
	if inlined {
		r.Person, r.Inline = 0, inline()
	}
	a, err := s.Accept(t.Context(), noon(), cis(), r)
	if err != nil {
		t.Fatal(err)
	}
	view := s.tables.contacts[a.Contact]
	view.Messages[0].Evidence = []message.Evidence{{Seq: 1, Kind: message.Refused, Attempt: 1, Reason: "refused"}}
	return s, view.Messages[0].Message
}

// keep makes the tables remember a retry as a store does.
func (s *stand) keep(w store.Writes) {
	view := s.tables.contacts[store.Of(w.Contact).Retries[0].Contact]
	view.Retries = append(view.Retries, store.Of(w.Contact).Retries...)
	view.Messages = append(view.Messages, message.Record{Message: store.Of(w.Message).Messages[0], Due: &store.In(&w.Message).Dues[0]})
}

func TestRetry(t *testing.T) {
	t.Parallel()
	later := noon().Add(48 * time.Hour)
	t.Run("replaces a message that fell by one to the corrected address, with the same content and its time anew", func(t *testing.T) {
		t.Parallel()
		s, former := fallen(t, true)
		got, err := s.Retry(t.Context(), later, cis(), accept.RetryRequest{Key: "r-1", Message: former.ID, Address: "+15550002222"})
		if err != nil {
			t.Fatal(err)
		}
		w := s.tables.applied[len(s.tables.applied)-1]
		m := store.Of(w.Message).Messages[0]
		if m.Recipient.Address != "+15550002222" || m.Recipient.Name != former.Recipient.Name || m.Content != former.Content || m.ID == former.ID || m.Origin != former.Origin {
			t.Errorf("%+v", m)
		}
		if !m.AcceptedAt.Equal(later) || !m.ExpiresAt.Equal(later.Add(time.Hour)) || store.Of(w.Message).Deadlines[0].Kind != message.Expiry || !store.Of(w.Message).Deadlines[0].At.Equal(m.ExpiresAt) {
			t.Errorf("accepted %s, expires %s: %+v", m.AcceptedAt, m.ExpiresAt, store.Of(w.Message).Deadlines)
		}
		if z := m.Recipient.Zones; len(z) != 2 || z[0] != "America/New_York" || z[1] != "America/Los_Angeles" {
			t.Errorf("zones %v", z)
		}
		want := plan.Retry{Contact: former.Origin.Contact, Step: 1, Number: 2, Message: m.ID, Former: former.ID, At: later, By: "cis-key"}
		if got.Retry != want || got.Channel != message.SMS || got.Replayed || len(store.Of(w.Contact).Retries) != 1 || store.Of(w.Contact).Retries[0] != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		counts := map[message.Place]int64{}
		for _, c := range store.Of(w.Message).Counts {
			counts[c.Place] += c.Delta
		}
		if counts[message.Accepted] != 1 || counts[message.Pending] != 1 || len(store.Of(w.Message).Dues) != 1 || len(store.Of(w.Contact).Steps) != 0 || store.Of(w.Ledger).Entries[0].Kind != ledger.StepStarted || store.Of(w.Ledger).Entries[0].Reason != "retry" {
			t.Errorf("counts %v, %+v", counts, w)
		}
		if len(store.Of(w.ToDo).Done) != 1 || len(store.Of(w.Message).Undead) != 1 || store.Of(w.Message).Undead[0] != former.ID {
			t.Errorf("%+v, %+v", store.Of(w.ToDo).Done, store.Of(w.Message).Undead)
		}
		s.keep(w)
		again, err := s.Retry(t.Context(), later.Add(time.Hour), cis(), accept.RetryRequest{Key: "r-1", Message: former.ID, Address: "+15550002222"})
		if err != nil || !again.Replayed || again.Retry != want {
			t.Errorf("the same request again: %+v: %v", again, err)
		}
		for says, r := range map[string]accept.RetryRequest{
			"another request under its key": {Key: "r-1", Message: former.ID, Address: "+15550003333"},
			"the former once more":          {Key: "r-2", Message: former.ID, Address: "+15550003333"},
			"the new one while it waits":    {Key: "r-3", Message: m.ID, Address: "+15550003333"},
		} {
			if _, err := s.Retry(t.Context(), later, cis(), r); !fault.Is(err, fault.Conflict) {
				t.Errorf("%s: %v", says, err)
			}
		}
		view := s.tables.contacts[former.Origin.Contact]
		view.Messages[1].Due, view.Messages[1].Evidence = nil, []message.Evidence{{Seq: 1, Kind: message.Refused}}
		third, err := s.Retry(t.Context(), later, cis(), accept.RetryRequest{Key: "r-4", Message: m.ID})
		if err != nil || third.Number != 3 || third.Former != m.ID {
			t.Errorf("the chain goes on: %+v: %v", third, err)
		}
	})
	t.Run("reads the contact point of a person that is loaded", func(t *testing.T) {
		t.Parallel()
		s, former := fallen(t, false)
		p := s.tables.persons[42]
		p.Points = []customer.Point{{ID: 9, Kind: customer.Phone, Value: "+12125550999", Capabilities: []customer.Capability{customer.CanSMS}}}
		s.tables.persons[42] = p
		if _, err := s.Retry(t.Context(), later, cis(), accept.RetryRequest{Key: "r", Message: former.ID}); err != nil {
			t.Fatal(err)
		}
		if to := store.Of(s.tables.applied[len(s.tables.applied)-1].Message).Messages[0].Recipient; to.Address != "+12125550999" || to.Point != 9 {
			t.Errorf("%+v", to)
		}
	})
	for says, row := range map[string]struct {
		inlined bool
		change  func(*store.ContactView)
		r       accept.RetryRequest
		p       access.Principal
		want    fault.Kind
	}{
		"wants a key":                                       {true, nil, accept.RetryRequest{}, cis(), fault.Invalid},
		"wants a right":                                     {true, nil, accept.RetryRequest{Key: "r"}, access.Principal{Roles: []access.Role{access.SRE}}, fault.Forbidden},
		"does not see another source's message":             {true, nil, accept.RetryRequest{Key: "r"}, access.Principal{Source: "x", Divisions: []string{"north"}, Roles: []access.Role{access.CIS}}, fault.NotFound},
		"refuses an address the channel does not have":      {true, nil, accept.RetryRequest{Key: "r", Address: "bad"}, cis(), fault.Invalid},
		"refuses a postal block for a text":                 {true, nil, accept.RetryRequest{Key: "r", Postal: &customer.Postal{Line1: "1 Main St", City: "Albany", Country: "US"}}, cis(), fault.Invalid},
		"refuses an address of a person that is loaded":     {false, nil, accept.RetryRequest{Key: "r", Address: "+15550002222"}, cis(), fault.Invalid},
		"is a conflict while the message is pending":        {true, func(v *store.ContactView) { v.Messages[0].Due = &message.Due{} }, accept.RetryRequest{Key: "r"}, cis(), fault.Conflict},
		"is a conflict when the contact was cancelled":      {true, func(v *store.ContactView) { v.Halted = true }, accept.RetryRequest{Key: "r"}, cis(), fault.Conflict},
		"is a conflict when the sender wants it no more":    {true, func(v *store.ContactView) { v.Contact.ExpiresAt = later }, accept.RetryRequest{Key: "r"}, cis(), fault.Conflict},
		"is a conflict for the answer to a recipient's own": {true, func(v *store.ContactView) { v.Messages[0].Message.Origin.Kind = message.FromReply }, accept.RetryRequest{Key: "r"}, cis(), fault.Conflict},
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			s, former := fallen(t, row.inlined)
			if row.change != nil {
				row.change(s.tables.contacts[former.Origin.Contact])
			}
			row.r.Message = former.ID
			before := len(s.tables.applied)
			if _, err := s.Retry(t.Context(), later, row.p, row.r); !fault.Is(err, row.want) {
				t.Errorf("%v", err)
			}
			if len(s.tables.applied) != before {
				t.Error("something was written")
			}
		})
	}
	for _, kind := range []message.EvidenceKind{message.Sent, message.Delivered, message.Doubtful, message.Silent, message.CancelledE} {
		t.Run("is a conflict when the message is "+kind.String(), func(t *testing.T) {
			t.Parallel()
			s, former := fallen(t, true)
			s.tables.contacts[former.Origin.Contact].Messages[0].Evidence[0].Kind = kind
			if _, err := s.Retry(t.Context(), later, cis(), accept.RetryRequest{Key: "r", Message: former.ID}); !fault.Is(err, fault.Conflict) {
				t.Errorf("%v", err)
			}
		})
	}
}
