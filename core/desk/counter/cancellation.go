package counter

import (
	"context"
	"slices"
	"time"

	"carillon/core/access"
	"carillon/core/contact"
	"carillon/core/desk"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
)

// Cancellation asks for what has not begun to be stopped: of one contact, of an intake batch, or of what waits and
// matches a query. One of the three is given.
type Cancellation struct {
	Contact contact.ID
	Batch   string
	Query   *WaitFilter
	Reason  string // one word; cancelled when empty
	DryRun  bool
	After   CancelCursor
}

// CancelCursor is where a cancellation goes on: after a message that waits, or after a contact of a batch.
type CancelCursor struct {
	Message message.ID
	Contact contact.ID
}

// WaitFilter says which waiting messages are meant. Empty fields ask for nothing.
type WaitFilter struct {
	Division      string
	Channel       message.Channel
	Route         string
	Urgency       *message.Urgency
	Class         string
	Type          string
	AcceptedFrom  time.Time
	AcceptedUntil time.Time // exclusive
}

// Matches reports whether a waiting message of a contact is meant.
func (f WaitFilter) Matches(m message.Message, c contact.Contact) bool {
	for want, is := range map[string]string{
		f.Division: m.Division, string(f.Channel): string(m.Channel), f.Route: m.Route, f.Class: c.Class, f.Type: c.Type,
	} {
		if want != "" && want != is {
			return false
		}
	}
	return (f.Urgency == nil || *f.Urgency == m.Urgency) && within(m.AcceptedAt, f.AcceptedFrom, f.AcceptedUntil)
}

// bounds are the identifiers between which the messages of the filter lie: identifiers begin with the time.
func (f WaitFilter) bounds(after message.ID) (from, until message.ID) {
	from = after
	if first := message.NewID(f.AcceptedFrom.Add(-time.Millisecond), [10]byte{}); !f.AcceptedFrom.IsZero() && after.IsZero() {
		from = first
	}
	if !f.AcceptedUntil.IsZero() {
		until = message.NewID(f.AcceptedUntil.Add(time.Millisecond), [10]byte{})
	}
	return from, until
}

// Cancelled says what a cancellation did, or would do.
type Cancelled struct {
	Contacts  int // that have something to stop
	Cancelled int // messages that were not begun
	Recalled  int // calls that a vendor had leased
	UnderWay  int // messages that are being called right now: they go on
	Halted    int // contacts whose plan goes no further
	Lost      int // messages that something else moved meanwhile: ask again
	Next      *CancelCursor
}

// Bounds of one cancellation.
const (
	cancelPage  = 500
	cancelPages = 4
)

// CancelMany stops what has not begun and recalls what a dialer vendor has leased; no further step of those contacts starts.
// It is bounded; go on at Next. Errors: Forbidden; NotFound for a contact or batch the principal may not see; Invalid.
func (s *Service) CancelMany(ctx context.Context, now time.Time, p access.Principal, c Cancellation) (Cancelled, error) {
	if !p.Has(access.CIS, access.Supervisor, access.SRE, access.Admin) {
		return Cancelled{}, fault.New(fault.Forbidden, "this key may not cancel contacts in bulk")
	}
	if c.Reason == "" {
		c.Reason = "cancelled"
	}
	if err := c.check(); err != nil {
		return Cancelled{}, err
	}
	stop := stopping{now: now, p: p, reason: c.Reason}
	switch {
	case c.Contact != 0:
		view, err := s.Contact(ctx, p, c.Contact)
		if err != nil {
			return Cancelled{}, err
		}
		return s.cancelled(ctx, c, stop.of(view))
	case c.Batch != "":
		return s.cancelBatch(ctx, stop, c)
	default:
		return s.cancelQuery(ctx, stop, c)
	}
}

func (c Cancellation) check() error {
	given := 0
	for _, there := range []bool{c.Contact != 0, c.Batch != "", c.Query != nil} {
		if there {
			given++
		}
	}
	switch {
	case given != 1:
		return fault.Refuse(fault.Violation{Field: "", Reason: "give one of contact, batch and query"})
	case !desk.IsWord(c.Reason):
		return fault.Refuse(fault.Violation{Field: "/reason", Reason: "is one word of small letters, digits and _"})
	case c.Query != nil && *c.Query == (WaitFilter{}):
		return fault.Refuse(fault.Violation{Field: "/query", Reason: "asks for nothing: to stop all there is, give acceptedUntil"})
	}
	return nil
}

// cancelled does what was decided, unless only asked.
func (s *Service) cancelled(ctx context.Context, c Cancellation, stops stops) (Cancelled, error) {
	var done Cancelled
	if c.DryRun {
		stops.count(&done)
		return done, nil
	}
	err := s.cancelAll(ctx, stops, &done)
	return done, err
}

// cancelQuery looks at what waits, in the order of the identifiers.
func (s *Service) cancelQuery(ctx context.Context, stop stopping, c Cancellation) (Cancelled, error) {
	after, until := c.Query.bounds(c.After.Message)
	var all stops
	for range cancelPages {
		page, err := s.Failures.Waiting(ctx, after, until, cancelPage)
		if err != nil {
			return Cancelled{}, err
		}
		ids := make([]contact.ID, 0, len(page))
		for _, rec := range page {
			ids = append(ids, rec.Message.Origin.Contact)
			after = rec.Message.ID
		}
		views, err := s.views(ctx, ids)
		if err != nil {
			return Cancelled{}, err
		}
		for _, rec := range page {
			view := views[rec.Message.Origin.Contact]
			if stop.p.Sees(rec.Message.Source, rec.Message.Division) && c.Query.Matches(rec.Message, view.Contact) {
				all = append(all, stop.one(rec, view))
			}
		}
		if len(page) < cancelPage {
			return s.cancelled(ctx, c, all)
		}
	}
	done, err := s.cancelled(ctx, c, all)
	done.Next = &CancelCursor{Message: after}
	return done, err
}

// cancelBatch looks at the contacts of a batch, in the order of their numbers.
func (s *Service) cancelBatch(ctx context.Context, stop stopping, c Cancellation) (Cancelled, error) {
	in, err := s.members(ctx, stop.p, c.Batch)
	if err != nil {
		return Cancelled{}, err
	}
	ids := in.after(c.After.Contact, cancelPage*cancelPages)
	var all stops
	for page := range slices.Chunk(ids, cancelPage) {
		views, err := s.Failures.ContactViews(ctx, page)
		if err != nil {
			return Cancelled{}, err
		}
		for _, view := range views {
			if stop.p.Sees(view.Contact.Source, view.Contact.Division) {
				all = append(all, stop.of(view)...)
			}
		}
	}
	done, err := s.cancelled(ctx, c, all)
	if len(ids) == cancelPage*cancelPages {
		done.Next = &CancelCursor{Contact: ids[len(ids)-1]}
	}
	return done, err
}

// after are the next numbers of the ranges behind one, at most so many.
func (m members) after(last contact.ID, limit int) []contact.ID {
	var ids []contact.ID
	for _, r := range m {
		for id := max(r.First, last+1); id < r.First+contact.ID(r.N) && len(ids) < limit; id++ {
			ids = append(ids, id)
		}
	}
	return ids
}

// stopping decides what becomes of messages that shall not leave.
type stopping struct {
	now    time.Time
	p      access.Principal
	reason string
}

// stop is what becomes of one message, or of a contact none of whose messages can be stopped any more.
type stop struct {
	contact contact.ID
	word    string
	set     store.Writes
	halts   bool
}

type stops []stop

// The words of a stop.
const (
	stopCancels = "cancelled"
	stopRecalls = "recalled"
	stopGoesOn  = "under_way"
	stopHalts   = "halted"
)

// of decides every message of a contact. One that is on its way and has a next step is halted: what was sent stays sent,
// and nothing follows it.
func (k stopping) of(view store.ContactView) stops {
	var all stops
	for _, rec := range view.Messages {
		if rec.Due != nil {
			all = append(all, k.one(rec, view))
		}
	}
	n := len(view.Messages)
	if len(all) > 0 || n == 0 || view.Halted {
		return all
	}
	last := view.Messages[n-1]
	if place := last.Life().Place; (place == message.AtSent || place == message.InDoubt) && !last.Message.Origin.LastStep() {
		all = append(all, stop{contact: view.Contact.ID, word: stopHalts, set: k.halt(view.Contact.ID), halts: true})
	}
	return all
}

func (k stopping) halt(id contact.ID) store.Writes {
	return store.Writes{Contact: &store.ContactWrites{Halts: []plan.Halt{{Contact: id, At: k.now, Reason: k.reason, By: k.p.Name}}}}
}

// one decides a message that has a due row.
func (k stopping) one(rec message.Record, view store.ContactView) stop {
	o := message.Observation{At: k.now, Reason: k.reason, Provider: k.p.Name}
	life := rec.Life()
	out := stop{contact: view.Contact.ID, word: stopGoesOn}
	switch {
	case life.Work == message.Queued:
		if move, err := life.Cancel(o); err == nil {
			out.word = stopCancels
			out.set = store.Tell(rec.Message, move).And(store.Writes{Message: &store.MessageWrites{Undues: []store.Undue{{Message: rec.Message.ID}}}})
		}
	case message.LeasedByVendor(rec.Due):
		if move, err := life.Recall(o); err == nil {
			out.word = stopRecalls
			out.set = store.Tell(rec.Message, move).And(store.Writes{Message: &store.MessageWrites{Settles: []store.Settle{{Fence: message.FenceOf(*rec.Due)}}}})
		}
	}
	goesOn := out.word == stopGoesOn && rec.Message.Origin.LastStep() // nothing would follow it anyway
	if out.halts = view.Contact.ID != 0 && !view.Halted && !goesOn; out.halts {
		out.set = out.set.And(k.halt(view.Contact.ID))
	}
	return out
}

// idle reports whether nothing is written.
func (one stop) idle() bool { return one.word == stopGoesOn && !one.halts }

// count adds up what was decided.
func (all stops) count(done *Cancelled) {
	contacts, halted := map[contact.ID]bool{}, map[contact.ID]bool{}
	for _, one := range all {
		contacts[one.contact] = true
		if one.halts {
			halted[one.contact] = true
		}
		switch one.word {
		case stopCancels:
			done.Cancelled++
		case stopRecalls:
			done.Recalled++
		case stopGoesOn:
			done.UnderWay++
		}
	}
	done.Contacts += len(contacts)
	done.Halted += len(halted)
}

// cancelAll applies what was decided and counts what came of it.
func (s *Service) cancelAll(ctx context.Context, all stops, done *Cancelled) error {
	var rest stops
	for _, one := range all {
		if one.idle() {
			rest = append(rest, one)
		}
	}
	rest.count(done)
	all = slices.DeleteFunc(slices.Clone(all), stop.idle)
	for page := range slices.Chunk(all, applyPage) {
		sets := make([]store.Writes, len(page))
		for i, one := range page {
			sets[i] = one.set
		}
		verdicts, err := s.Store.Apply(ctx, sets...)
		if err != nil {
			return err
		}
		var held stops
		for i, v := range verdicts {
			if v.Outcome == store.Applied {
				held = append(held, page[i])
			} else {
				done.Lost++
			}
		}
		held.count(done)
	}
	return nil
}
