// Package counter is what people and systems do with contacts and messages: read them back, change, close and retype them,
// log and remind, cancel, look after what ended badly or is in doubt, keep the suppression list and legal holds, read
// timelines and the changes feed.
package counter

import (
	"context"
	"time"

	"carillon/core/access"
	"carillon/core/consent"
	"carillon/core/contact"
	"carillon/core/desk"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

// Facts is what the counter reads.
type Facts interface {
	store.Contacts
	store.Customers
	store.Holds
}

// IDs hands out identifiers.
type IDs interface {
	Hold(ctx context.Context) (int64, error)
}

// Steps starts what follows a step that fell.
type Steps interface {
	// NextStep returns the write set that starts the next step, or tells of the end of the plan.
	NextStep(ctx context.Context, now time.Time, id contact.ID, fell int16, why string) (store.Writes, error)
}

// Service is the counter.
type Service struct {
	Store    store.Applier
	Facts    Facts
	Gate     store.Gatekeeper
	Feed     desk.Feed
	Configs  desk.Configs
	IDs      IDs
	Channels map[message.Channel]desk.Channel
	Failures store.Failures
	Batches  store.Batches
	Steps    Steps
	Texts    Texts
	Allow    consent.Allow
	Files    store.DeskFiles
	Waiting  store.Reminders
	Places   Places
	Logs     Logs
	Schemas  contact.Schemas
	// Timeliners are the algorithms that build timelines, by their codes.
	Timeliners map[string]contact.Timeliner
}

// Contact reads a contact back with its plan, messages, evidence and what each waits for; NotFound when the
// principal may not see it.
func (s *Service) Contact(ctx context.Context, p access.Principal, id contact.ID) (store.ContactView, error) {
	view, err := s.Facts.Contact(ctx, id)
	if err != nil {
		return store.ContactView{}, desk.Hide(err)
	}
	if !p.Sees(view.Contact.Source, view.Contact.Division) {
		return store.ContactView{}, desk.Hidden()
	}
	files, err := s.Files.Files(ctx, []contact.ID{id})
	if err != nil {
		return store.ContactView{}, err
	}
	view.File = files[id]
	return view, nil
}

// ContactByReference looks a contact up by its source reference; source is the principal's own when empty.
func (s *Service) ContactByReference(ctx context.Context, p access.Principal, source, reference string) (store.ContactView, error) {
	if source == "" {
		source = p.Source
	}
	key, err := s.Facts.Key(ctx, store.SourceReference, source, reference)
	if err != nil {
		return store.ContactView{}, desk.Hide(err)
	}
	return s.Contact(ctx, p, key.Contact)
}

// Message reads one message back.
func (s *Service) Message(ctx context.Context, p access.Principal, id message.ID) (message.Record, error) {
	records, err := s.Facts.Messages(ctx, []message.ID{id})
	if err != nil {
		return message.Record{}, err
	}
	if len(records) == 0 || !p.Sees(records[0].Message.Source, records[0].Message.Division) {
		return message.Record{}, desk.Hidden()
	}
	return records[0], nil
}

// Cancel ends every message of a contact that was not begun, withdraws calls a vendor has leased, and starts no further
// step. Conflict when there is nothing left to stop.
func (s *Service) Cancel(ctx context.Context, now time.Time, p access.Principal, id contact.ID, reason string) (store.ContactView, error) {
	view, err := s.Contact(ctx, p, id)
	if err != nil {
		return store.ContactView{}, err
	}
	if !p.Has(access.CIS, access.CSR, access.Supervisor, access.Admin) {
		return store.ContactView{}, fault.New(fault.Forbidden, "this key may not cancel contacts")
	}
	if reason == "" {
		reason = "cancelled"
	}
	if !desk.IsWord(reason) {
		return store.ContactView{}, fault.Refuse(fault.Violation{Field: "/reason", Reason: "is one word of small letters, digits and _"})
	}
	var done Cancelled
	if err := s.cancelAll(ctx, stopping{now: now, p: p, reason: reason}.of(view), &done); err != nil {
		return store.ContactView{}, err
	}
	if done.Cancelled+done.Recalled+done.Halted == 0 {
		return store.ContactView{}, fault.New(fault.Conflict, "nothing of this contact can be cancelled any more")
	}
	return s.Contact(ctx, p, id)
}

// changesPage bounds one read of the changes feed.
const changesPage = 1000

// Changes reads sealed ledger entries from a leaf number on: those the principal may see. Next is the cursor for the
// next read; it moves over entries that are hidden.
func (s *Service) Changes(ctx context.Context, p access.Principal, from int64, limit int) ([]ledger.Leaf, int64, error) {
	limit = min(max(limit, 1), changesPage)
	leaves, err := s.Feed.Leaves(ctx, from, limit)
	if err != nil {
		return nil, from, err
	}
	next := from
	out := make([]ledger.Leaf, 0, len(leaves))
	for _, l := range leaves {
		next = l.Number + 1
		if desk.MayRead(p, l) {
			out = append(out, l)
		}
	}
	return out, next, nil
}
