package report

import (
	"context"
	"slices"
	"time"

	"carillon/core/consent"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

// consequences are what a report says beyond its message: the contact point does not work, or its owner wants no
// more.
func consequences(m message.Message, r message.Report) store.Writes {
	var w store.Writes
	if r.Undeliverable {
		store.In(&w.Customer).Marks = []store.PointMark{{Kind: kindOf(m.Channel), Value: m.Recipient.Address, Point: m.Recipient.Point, Since: r.At}}
		store.In(&w.Ledger).Entries = append(store.Of(w.Ledger).Entries, about(m, r, ledger.PointMarked, r.Reason))
	}
	if r.Suppress != "" {
		store.In(&w.Consent).Suppressions = []consent.Suppression{{
			Channel: m.Channel, Address: m.Recipient.Address, Reason: r.Suppress, Origin: r.Provider, Since: r.At,
		}}
		store.In(&w.Ledger).Entries = append(store.Of(w.Ledger).Entries, about(m, r, ledger.SuppressionPut, r.Suppress))
	}
	return w
}

func kindOf(c message.Channel) customer.PointKind {
	switch c {
	case message.Email:
		return customer.Email
	case message.Letter:
		return customer.Post
	default:
		return customer.Phone
	}
}

func about(m message.Message, r message.Report, kind ledger.Kind, reason string) ledger.Entry {
	return ledger.Entry{
		At: r.At, Kind: kind, Source: m.Source, Division: m.Division, Person: m.Recipient.Person, Account: m.Account,
		Message: m.ID, Contact: m.Origin.Contact, Channel: m.Channel, Reason: reason, By: r.Provider,
	}
}

// The families of words a recipient can text back (47 CFR 64.1200(a)(10); AWS SNS opt-out words).
const (
	WordStop  = "STOP"
	WordHelp  = "HELP"
	WordStart = "START"
)

// reply obeys a recipient's own text: STOP suppresses at once and is confirmed once, HELP is answered always, START
// lifts what STOP put.
func (s *Service) reply(ctx context.Context, now time.Time, r message.Report) (store.Writes, error) {
	last, err := s.Facts.LastTo(ctx, message.SMS, r.From)
	known := err == nil
	if err != nil && !fault.Is(err, fault.NotFound) {
		return store.Writes{}, err
	}
	already, err := s.Facts.Suppressions(ctx, message.SMS, r.From)
	if err != nil {
		return store.Writes{}, err
	}
	put := consent.Suppression{Channel: message.SMS, Address: r.From, Reason: consent.StopReceived, Origin: r.Provider, Since: r.At}
	entry := ledger.Entry{At: r.At, Channel: message.SMS, Reason: consent.StopReceived, By: r.Provider}
	if known {
		entry = about(last, r, "", consent.StopReceived)
	}
	var w store.Writes
	switch r.Word {
	case WordStop:
		entry.Kind = ledger.SuppressionPut
		w = store.Writes{Consent: &store.ConsentWrites{Suppressions: []consent.Suppression{put}}, Ledger: &store.LedgerWrites{Entries: []ledger.Entry{entry}}}
	case WordStart:
		entry.Kind = ledger.SuppressionLifted
		return store.Writes{Consent: &store.ConsentWrites{Lifted: []consent.Suppression{put}}, Ledger: &store.LedgerWrites{Entries: []ledger.Entry{entry}}}, nil
	case WordHelp:
	default:
		return store.Writes{}, nil
	}
	if !known || (r.Word == WordStop && stopped(already)) {
		return w, nil // nobody to answer for, or confirmed before: one confirmation, no more
	}
	answer, err := s.answer(ctx, now, r, last)
	return w.And(answer), err
}

func stopped(list []consent.Suppression) bool {
	return slices.ContainsFunc(list, func(x consent.Suppression) bool { return x.Reason == consent.StopReceived })
}

// answer replies with the division's template, when it has one.
func (s *Service) answer(ctx context.Context, now time.Time, r message.Report, last message.Message) (store.Writes, error) {
	division, known := s.Configs.Current().Division(last.Division)
	if !known {
		return store.Writes{}, nil
	}
	template := division.Replies.Help
	if r.Word == WordStop {
		template = division.Replies.Stop
	}
	if template == "" {
		return store.Writes{}, nil
	}
	return s.Steps.Reply(ctx, now, last, r.From, template)
}

// Deadlines settles what nobody reported on in time.
func (s *Service) Deadlines(ctx context.Context, now time.Time) (Done, error) {
	passed, err := s.Facts.Deadlines(ctx, now, batch)
	if err != nil || len(passed) == 0 {
		return Done{}, err
	}
	done := Done{Looked: len(passed), Full: len(passed) == batch}
	sets := make([]store.Writes, 0, len(passed))
	seen := make(map[message.ID]bool, len(passed))
	for _, p := range passed {
		if seen[p.Record.Message.ID] {
			continue
		}
		seen[p.Record.Message.ID] = true
		set, err := s.passed(ctx, now, p)
		if fault.Is(err, fault.Unavailable) {
			return done, err
		}
		if err != nil { // it must not hold up the others
			again := p.Deadline
			again.At = now.Add(longest)
			set = store.Writes{Message: &store.MessageWrites{Spent: []message.Deadline{p.Deadline}, Deadlines: []message.Deadline{again}}}
		}
		sets = append(sets, set)
	}
	return s.apply(ctx, sets, done)
}

// busyWait is when a deadline is looked at again whose message is being called.
const busyWait = time.Minute

// passed decides one deadline. Every decision takes the deadline's row with it, or moves it.
func (s *Service) passed(ctx context.Context, now time.Time, p store.Passed) (store.Writes, error) {
	id, life := p.Record.Message.ID, p.Record.Life()
	gone := store.Writes{Message: &store.MessageWrites{Spent: []message.Deadline{p.Deadline}}}
	o := message.Observation{At: now}
	var move message.Move
	var err error
	switch silence := silenceOf(p, life); {
	case silence != "":
		o.Reason = silence
		move, err = life.Silence(o)
	case p.Deadline.Kind == message.Expiry && life.Work == message.Queued:
		o.Reason = "expired"
		move, err = life.Expire(o)
	case p.Deadline.Kind == message.Expiry && life.Work == message.Claimed:
		store.In(&gone.Message).Deadlines = []message.Deadline{{At: now.Add(busyWait), Message: id, Kind: message.Expiry}}
		return gone, nil
	default:
		return gone, nil
	}
	if err != nil {
		return store.Writes{}, err
	}
	set, err := s.moved(ctx, now, p.Record, move)
	if err != nil {
		return store.Writes{}, err
	}
	return set.And(gone), nil
}

// silenceOf says why a deadline ends the wait for a report; empty when it ends something else, or nothing.
func silenceOf(p store.Passed, life message.Life) string {
	switch {
	case p.Deadline.Kind == message.ReceiptDue && life.Place == message.AtSent:
		return "receipt_deadline"
	case p.Deadline.Kind == message.HoldEnds && life.Work == message.Doubted:
		return "hold_ended"
	case p.Deadline.Kind == message.Expiry && life.Work != message.Queued && message.LeasedByVendor(p.Record.Due):
		return "expired_while_leased"
	}
	return ""
}
