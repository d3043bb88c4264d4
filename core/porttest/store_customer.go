package porttest

import (
	"cmp"
	"slices"
	"time"

	"carillon/core/consent"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

// byID puts a person's points in the order of their numbers, where their order is not what is proved.
func byID(p customer.Person) customer.Person {
	p.Points = slices.SortedFunc(slices.Values(p.Points), func(a, b customer.Point) int { return cmp.Compare(a.ID, b.ID) })
	return p
}

func (st *stand) person(id customer.PersonID) customer.Person {
	st.t.Helper()
	p, err := st.s.Person(st.t.Context(), id)
	st.ok(err, "reading a person")
	return byID(p)
}

// loaded applies a load of the person and returns it as written.
func (st *stand) loaded(p customer.Person) customer.Person {
	st.t.Helper()
	st.applied(store.Writes{Customer: &store.CustomerWrites{Persons: []customer.Person{p}}})
	return p
}

func persons() []sentence {
	return []sentence{
		{"are read back whole, by number and by external id", func(st *stand) {
			p := st.loaded(NewPerson(st.r))
			st.loaded(NewPerson(st.r))
			for range 2 {
				got, err := st.s.Person(st.t.Context(), p.ID)
				st.ok(err, "reading a person")
				st.same("person, with the points in the order of the load", got, p)
				got, err = st.s.PersonByExternal(st.t.Context(), p.Source, p.ExternalID)
				st.ok(err, "reading by external id")
				st.same("person, with the points in the order of the load", got, p)
				p.Points = []customer.Point{p.Points[2], p.Points[0], p.Points[1]}
				p.Revision++
				st.loaded(p)
			}
		}},
		{"that are unknown are not found", func(st *stand) {
			p := st.loaded(NewPerson(st.r))
			_, err := st.s.Person(st.t.Context(), p.ID+1)
			st.kind(err, fault.NotFound)
			_, err = st.s.PersonByExternal(st.t.Context(), "billing", p.ExternalID)
			st.kind(err, fault.NotFound)
		}},
		{"without points, names or zones are read back so", func(st *stand) {
			p := customer.Person{ID: 1_000_000_777, Source: "cis", ExternalID: "bare", Division: "north", Version: 1, Revision: 1, UpdatedAt: Noon()}
			st.same("person", st.person(st.loaded(p).ID), p)
		}},
	}
}

func loads() []sentence {
	return []sentence{
		{"keep their number when they are loaded again", func(st *stand) {
			first := st.loaded(NewPerson(st.r))
			again := NewPerson(st.r)
			again.Source, again.ExternalID, again.Version, again.Revision = first.Source, first.ExternalID, first.Version+1, 2
			st.loaded(again)
			_, err := st.s.Person(st.t.Context(), again.ID)
			st.kind(err, fault.NotFound)
			got := st.person(first.ID)
			want := again
			want.ID = first.ID
			want.Points = slices.Clone(again.Points)
			for i := range want.Points {
				want.Points[i].Person = first.ID
			}
			st.same("person", got, byID(want))
		}},
		{"keep the numbers of points whose value did not change", func(st *stand) {
			first := st.loaded(NewPerson(st.r))
			again := first
			again.Version++
			again.Revision++
			again.Points = slices.Clone(first.Points[:2])
			again.Points[0].ID, again.Points[0].Zones = again.Points[0].ID+1, []string{"Europe/London"}
			again.Points[1].Preferred = !again.Points[1].Preferred
			st.loaded(again)
			again.Points[0].ID = first.Points[0].ID
			st.same("person", st.person(first.ID), byID(again))
		}},
		{"refuse a lower version, and take an equal one", func(st *stand) {
			p := st.loaded(NewPerson(st.r))
			old := p
			old.Version--
			old.Revision++
			old.Language = "de"
			neighbour := NewAcceptance(st.r, Given{})
			store.In(&neighbour.Customer).Persons = []customer.Person{old}
			st.conflict(store.LostVersion, neighbour)
			st.absent(neighbour)
			st.same("person", st.person(p.ID), byID(p))
			p.Language = "fr"
			p.Revision++
			st.same("person", st.person(st.loaded(p).ID), byID(p))
		}},
	}
}

func points() []sentence {
	return []sentence{
		{"that are not written go, whoever owned them", func(st *stand) {
			p := st.loaded(NewPerson(st.r))
			p.Revision++
			p.Points = p.Points[1:2]
			st.same("person", st.person(st.loaded(p).ID), p)
		}},
		{"keep their undeliverable marks through a load while their value does not change", func(st *stand) {
			p := st.loaded(NewPerson(st.r))
			for _, point := range p.Points[:2] {
				st.applied(store.Writes{Customer: &store.CustomerWrites{Marks: []store.PointMark{{Kind: point.Kind, Value: point.Value, Since: Noon()}}}})
			}
			load := p
			load.Version++
			load.Revision++
			load.Points = slices.Clone(p.Points)
			load.Points[1].Value = NewAddress(st.r, load.Points[1].Kind)
			st.loaded(load)
			load.Points[0].UndeliverableSince = Noon()
			st.same("person", st.person(p.ID), byID(load))
		}},
		{"given twice with one value count once", func(st *stand) {
			p := NewPerson(st.r)
			twice := p.Points[0]
			twice.ID++
			load := p
			load.Points = append(slices.Clone(p.Points), twice)
			st.loaded(load)
			st.same("person", st.person(p.ID), byID(p))
		}},
		{"are marked by value, or one of them by number", marking},
	}
}

func marking(st *stand) {
	one, two := NewPerson(st.r), NewPerson(st.r)
	two.Points[0].Value = one.Points[0].Value
	st.loaded(one)
	st.loaded(two)
	marked := func(p customer.Person, at int) time.Time {
		i := slices.IndexFunc(st.person(p.ID).Points, func(pt customer.Point) bool { return pt.ID == p.Points[at].ID })
		return st.person(p.ID).Points[i].UndeliverableSince
	}
	mark := store.PointMark{Kind: customer.Phone, Value: one.Points[0].Value, Since: Noon()}
	st.applied(store.Writes{Customer: &store.CustomerWrites{Marks: []store.PointMark{mark}}})
	st.check(marked(one, 0).Equal(Noon()) && marked(two, 0).Equal(Noon()), "every point with the value is marked")
	st.check(marked(one, 1).IsZero() && marked(one, 2).IsZero(), "other points are not")
	mark.Since = zeroTime()
	st.applied(store.Writes{Customer: &store.CustomerWrites{Marks: []store.PointMark{mark}}})
	st.check(marked(one, 0).IsZero() && marked(two, 0).IsZero(), "they are usable again")
	mark.Since, mark.Point = Noon(), one.Points[0].ID
	st.applied(store.Writes{Customer: &store.CustomerWrites{Marks: []store.PointMark{mark}}})
	st.check(marked(one, 0).Equal(Noon()) && marked(two, 0).IsZero(), "only the point named is marked")
	mark = store.PointMark{Kind: customer.Email, Value: one.Points[0].Value, Since: Noon(), Point: two.Points[0].ID}
	st.applied(store.Writes{Customer: &store.CustomerWrites{Marks: []store.PointMark{mark}}})
	st.check(marked(two, 0).IsZero(), "a point that does not hold the address is not marked")
}

func gate() []sentence {
	return []sentence{
		{"tells the facts of each message in order", gateFacts},
		{"says that a point is gone when it was removed or has another value", func(st *stand) {
			p := st.loaded(NewPerson(st.r))
			var asked []message.Message
			for i, channel := range []message.Channel{message.Voice, message.Email, message.Letter} {
				m := NewMessage(st.r, Noon())
				m.Channel, m.Recipient.Person, m.Recipient.Point, m.Recipient.Address = channel, p.ID, p.Points[i].ID, p.Points[i].Value
				asked = append(asked, m)
			}
			load := p
			load.Version++
			load.Revision++
			load.Points = slices.Clone(p.Points[:2])
			load.Points[0].Value = NewAddress(st.r, customer.Phone)
			st.loaded(load)
			facts, err := st.s.GateFacts(st.t.Context(), asked)
			st.ok(err, "reading gate facts")
			st.check(facts[0].PointGone, "its person has another number there")
			st.check(!facts[1].PointGone, "the email address stays")
			st.check(facts[2].PointGone, "the postal address was removed")
		}},
		{"of no message tells nothing", func(st *stand) {
			facts, err := st.s.GateFacts(st.t.Context(), nil)
			st.ok(err, "reading no gate facts")
			st.check(len(facts) == 0, "nothing was asked")
		}},
	}
}

func gateFacts(st *stand) {
	p := st.loaded(NewPerson(st.r))
	phone := p.Points[0]
	inline, sms, voice := NewMessage(st.r, Noon()), NewMessage(st.r, Noon()), NewMessage(st.r, Noon())
	inline.Channel, inline.Recipient.Address = message.SMS, NewAddress(st.r, customer.Phone)
	sms.Channel, sms.Recipient.Person, sms.Recipient.Point, sms.Recipient.Address = message.SMS, p.ID, phone.ID, phone.Value
	voice.Channel, voice.Recipient = message.Voice, sms.Recipient
	stop, everywhere := NewSuppression(st.r), NewSuppression(st.r)
	stop.Address, everywhere.Address = phone.Value, phone.Value
	everywhere.Division, everywhere.Reason = "", "complaint"
	st.applied(store.Writes{
		Consent:  &store.ConsentWrites{Suppressions: []consent.Suppression{stop, everywhere, NewSuppression(st.r)}},
		Customer: &store.CustomerWrites{Marks: []store.PointMark{{Kind: customer.Phone, Value: phone.Value, Since: Noon()}}},
	})
	facts, err := st.s.GateFacts(st.t.Context(), []message.Message{inline, sms, voice, inline, sms})
	st.ok(err, "reading gate facts")
	st.check(len(facts) == 5, "a fact for each message")
	for _, i := range []int{0, 3} {
		st.check(len(facts[i].Suppressions) == 0 && !facts[i].PointGone && !facts[i].Undeliverable, "nothing is known of an inline recipient")
	}
	for _, i := range []int{1, 4} {
		st.same("suppressions", byDivision(facts[i].Suppressions), []consent.Suppression{everywhere, stop})
		st.check(facts[i].Undeliverable && !facts[i].PointGone, "the point is there and marked")
	}
	st.check(len(facts[2].Suppressions) == 0 && facts[2].Undeliverable, "another channel's suppressions are not told")
}

func byDivision(all []consent.Suppression) []consent.Suppression {
	return slices.SortedFunc(slices.Values(all), func(a, b consent.Suppression) int { return cmp.Compare(a.Division, b.Division) })
}

func suppressions() []sentence {
	list := func(st *stand, s consent.Suppression) []consent.Suppression {
		st.t.Helper()
		all, err := st.s.Suppressions(st.t.Context(), s.Channel, s.Address)
		st.ok(err, "reading suppressions")
		return byDivision(all)
	}
	return []sentence{
		{"are put once, and the first stays", func(st *stand) {
			first := NewSuppression(st.r)
			again := first
			again.Since = Noon().Add(time.Hour)
			st.applied(store.Writes{Consent: &store.ConsentWrites{Suppressions: []consent.Suppression{first}}})
			st.applied(store.Writes{Consent: &store.ConsentWrites{Suppressions: []consent.Suppression{again}}})
			st.same("suppressions", list(st, first), []consent.Suppression{first})
		}},
		{"are kept, and lifted, reason by reason", func(st *stand) {
			stop := NewSuppression(st.r)
			listed := stop
			listed.Reason = "listed"
			st.applied(store.Writes{Consent: &store.ConsentWrites{Suppressions: []consent.Suppression{stop, listed}}})
			st.check(len(list(st, stop)) == 2, "both stand")
			st.applied(store.Writes{Consent: &store.ConsentWrites{Lifted: []consent.Suppression{stop}}})
			st.same("suppressions", list(st, stop), []consent.Suppression{listed})
		}},
		{"are kept apart by channel, address and division", func(st *stand) {
			north := NewSuppression(st.r)
			south, voice, other := north, north, NewSuppression(st.r)
			south.Division, voice.Channel = "south", message.Voice
			st.applied(store.Writes{Consent: &store.ConsentWrites{Suppressions: []consent.Suppression{north, south, voice, other}}})
			st.same("of the address", list(st, north), []consent.Suppression{north, south})
			st.same("of the other channel", list(st, voice), []consent.Suppression{voice})
			st.same("of the other address", list(st, other), []consent.Suppression{other})
		}},
		{"are lifted in one division only", func(st *stand) {
			north := NewSuppression(st.r)
			south := north
			south.Division = "south"
			st.applied(store.Writes{Consent: &store.ConsentWrites{Suppressions: []consent.Suppression{north, south}}})
			st.applied(store.Writes{Consent: &store.ConsentWrites{Lifted: []consent.Suppression{north}}})
			st.same("suppressions", list(st, north), []consent.Suppression{south})
			st.applied(store.Writes{Consent: &store.ConsentWrites{Lifted: []consent.Suppression{north}}})
			st.applied(store.Writes{Consent: &store.ConsentWrites{Suppressions: []consent.Suppression{north}}})
			st.same("put again", list(st, north), []consent.Suppression{north, south})
		}},
	}
}
