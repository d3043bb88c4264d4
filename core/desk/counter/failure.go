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
	"carillon/core/store"
)

// Bounds of one request over dead letters, over what waits, and over To Dos: how many rows are read at a time and in all.
// A request that has read them all answers with what it found and where to go on.
const (
	scanPages  = 20
	rangePage  = 1000
	rangePages = 20
)

// DeadFilter says which dead letters are meant. Empty fields ask for nothing.
type DeadFilter struct {
	Outcome       message.Place // one that is Dead; failed when zero
	Division      string
	Channel       message.Channel
	Route         string
	Urgency       *message.Urgency
	Class         string
	Type          string
	Reason        string
	Code          string
	Batch         string // an intake batch
	AcceptedFrom  time.Time
	AcceptedUntil time.Time // exclusive
	SettledFrom   time.Time
	SettledUntil  time.Time // exclusive
}

// Matches reports whether a dead letter is meant, whatever its batch.
func (f DeadFilter) Matches(d message.DeadLetter) bool {
	for want, is := range map[string]string{
		f.Division: d.Division, string(f.Channel): string(d.Channel), f.Route: d.Route, f.Class: d.Class, f.Type: d.Type,
		f.Reason: d.Reason, f.Code: d.Code,
	} {
		if want != "" && want != is {
			return false
		}
	}
	if f.Urgency != nil && *f.Urgency != d.Urgency {
		return false
	}
	return within(d.AcceptedAt, f.AcceptedFrom, f.AcceptedUntil) && within(d.At, f.SettledFrom, f.SettledUntil)
}

// within reports whether a time lies from from until until; zero is no bound.
func within(t, from, until time.Time) bool {
	return (from.IsZero() || !t.Before(from)) && (until.IsZero() || t.Before(until))
}

// DeadRow is a dead letter with what is known around it.
type DeadRow struct {
	message.DeadLetter

	Reached bool // the contact was reached by another message
}

// DeadLetters lists dead letters that the principal may see, newest first, from a cursor on. next is nil when there are no
// more; a page may be short, or empty, while there are. NotFound for a batch that is not there.
func (s *Service) DeadLetters(ctx context.Context, p access.Principal, f DeadFilter, after message.DeadCursor, limit int) ([]DeadRow, *message.DeadCursor, error) {
	letters, next, err := s.dead(ctx, p, f, after, min(max(limit, 1), desk.ScanPage))
	if err != nil {
		return nil, nil, err
	}
	views, err := s.around(ctx, letters)
	if err != nil {
		return nil, nil, err
	}
	rows := make([]DeadRow, 0, len(letters))
	for _, d := range letters {
		view, known := views[d.Contact]
		if known && moved(view, d) { // by a release that does not keep dead letters
			continue
		}
		rows = append(rows, DeadRow{DeadLetter: d, Reached: known && reached(view, d.Message)})
	}
	return rows, next, nil
}

// dead reads what a filter means, looking at a bounded number of rows.
func (s *Service) dead(ctx context.Context, p access.Principal, f DeadFilter, after message.DeadCursor, limit int) ([]message.DeadLetter, *message.DeadCursor, error) {
	if f.Outcome == 0 {
		f.Outcome = message.AtFailed
	}
	if !f.Outcome.Dead() {
		return nil, nil, fault.Refuse(fault.Violation{Field: "/outcome", Reason: "is failed, unconfirmed, expired, in_doubt or suppressed"})
	}
	members, err := s.members(ctx, p, f.Batch)
	if err != nil {
		return nil, nil, err
	}
	if !f.SettledUntil.IsZero() && (after.At.IsZero() || after.At.After(f.SettledUntil)) {
		after = message.DeadCursor{At: f.SettledUntil}
	}
	scan := deadScan{after: after, limit: limit, from: f.SettledFrom, meant: func(d message.DeadLetter) bool {
		return p.Sees(d.Source, d.Division) && f.Matches(d) && members.has(d.Contact)
	}}
	for range scanPages {
		page, err := s.Failures.DeadLetters(ctx, f.Outcome, scan.after, desk.ScanPage)
		if err != nil {
			return nil, nil, err
		}
		if scan.take(page) {
			return scan.found, scan.next, nil
		}
	}
	return scan.found, &scan.after, nil
}

// deadScan goes through dead letters, newest first.
type deadScan struct {
	after message.DeadCursor // the last one looked at
	limit int
	from  time.Time
	meant func(message.DeadLetter) bool
	found []message.DeadLetter
	next  *message.DeadCursor // where to go on when it has found enough; nil at the end
}

// take looks at a page and reports whether the search has ended.
func (s *deadScan) take(page []message.DeadLetter) bool {
	for _, d := range page {
		switch {
		case len(s.found) == s.limit:
			s.next = &s.after
			return true
		case d.At.Before(s.from):
			return true
		}
		s.after = d.Cursor()
		if s.meant(d) {
			s.found = append(s.found, d)
		}
	}
	return len(page) < desk.ScanPage
}

// members are the contacts of a batch, as ranges in the order of their numbers; nil is everybody.
type members []store.IntakeRange

// members reads the ranges of a batch that the principal may see.
func (s *Service) members(ctx context.Context, p access.Principal, batch string) (members, error) {
	if batch == "" {
		return nil, nil
	}
	if err := s.seesBatch(ctx, p, batch); err != nil {
		return nil, err
	}
	all := members{}
	for range rangePages {
		var after contact.ID
		if len(all) > 0 {
			after = all[len(all)-1].First + 1
		}
		page, err := s.Batches.BatchRanges(ctx, batch, after, rangePage)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < rangePage {
			return all, nil
		}
	}
	return nil, fault.New(fault.Invalid, "the batch has too many ranges to be searched: ask by time, division and type")
}

func (s *Service) seesBatch(ctx context.Context, p access.Principal, batch string) error {
	b, err := s.Batches.Batch(ctx, batch)
	if err != nil {
		return desk.Hide(err)
	}
	if p.Source == b.Source || p.Sees(b.Source, b.Division) || (b.Division == "" && p.Has(access.Supervisor, access.SRE, access.Admin)) {
		return nil // its contacts are asked one by one whether they may be seen
	}
	return desk.Hidden()
}

func (m members) has(id contact.ID) bool {
	if m == nil {
		return true
	}
	i, exact := slices.BinarySearchFunc(m, id, func(r store.IntakeRange, id contact.ID) int { return int(r.First - id) })
	if exact {
		return true
	}
	return i > 0 && int64(id-m[i-1].First) < m[i-1].N
}

// around reads the contacts of dead letters.
func (s *Service) around(ctx context.Context, letters []message.DeadLetter) (map[contact.ID]store.ContactView, error) {
	ids := make([]contact.ID, 0, len(letters))
	for _, d := range letters {
		ids = append(ids, d.Contact)
	}
	return s.views(ctx, ids)
}

// views reads contacts, each once.
func (s *Service) views(ctx context.Context, ids []contact.ID) (map[contact.ID]store.ContactView, error) {
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(id contact.ID) bool { return id == 0 })
	if len(ids) == 0 {
		return nil, nil //nolint:nilnil // nobody was asked for
	}
	all, err := s.Failures.ContactViews(ctx, ids)
	views := make(map[contact.ID]store.ContactView, len(all))
	for _, v := range all {
		views[v.Contact.ID] = v
	}
	return views, err
}

// moved reports whether a dead letter's message is elsewhere by now.
func moved(v store.ContactView, d message.DeadLetter) bool {
	return slices.ContainsFunc(v.Messages, func(r message.Record) bool {
		return r.Message.ID == d.Message && r.Life().Place != d.Place
	})
}

// reached reports whether another message of the contact has gone to the recipient.
func reached(v store.ContactView, but message.ID) bool {
	return another(v, but, message.AtDelivered, message.AtSent)
}

// another reports whether another message of the contact is in one of the places.
func another(v store.ContactView, but message.ID, places ...message.Place) bool {
	return slices.ContainsFunc(v.Messages, func(r message.Record) bool {
		return r.Message.ID != but && slices.Contains(places, r.Life().Place)
	})
}
