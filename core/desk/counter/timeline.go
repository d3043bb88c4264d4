package counter

import (
	"cmp"
	"context"
	"slices"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
)

// TimelineZone is the zone of the console that timelines hang on.
const TimelineZone = "CC-TIMELINE"

// TimelineQuery asks for what happened with a person, an account or a premise.
type TimelineQuery struct {
	Of     contact.Subject
	Zone   string // whose algorithms build it; empty: TimelineZone
	Class  string // only contacts of this class
	Type   string // only contacts of this type
	Kind   string // only happenings of this kind, as message.moved
	Open   *bool  // only contacts that are open, or that are not
	From   time.Time
	Until  time.Time // before it
	Before store.Telling
	Limit  int
}

// Bounds of one read of a timeline.
const (
	timelineContacts = 1000 // the newest of a subject: what happened with older ones is not shown
	timelinePage     = 500  // ledger entries read at once
	timelineReads    = 20
	timelineLimit    = 500
)

// Timeline shows what happened with a person, an account or a premise, the newest first (process 3.4.1.1, steps 1.2 and
// 1.6): the ledger's entries of their contacts, made into events by the algorithms that hang on the zone. Next is where to
// go on, zero at the end. Contacts that the caller does not see are not there.
func (s *Service) Timeline(ctx context.Context, now time.Time, p access.Principal, q TimelineQuery) ([]contact.Event, store.Telling, error) {
	q.Limit = min(max(q.Limit, 1), timelineLimit)
	cfg := s.Configs.Current()
	told, err := s.tellers(ctx, p, cfg, q)
	if err != nil || len(told.ids) == 0 {
		return nil, store.Telling{}, err
	}
	var events []contact.Event
	before := q.Before
	for range timelineReads {
		page, err := s.Files.Told(ctx, told.ids, before, timelinePage)
		if err != nil {
			return nil, store.Telling{}, err
		}
		facts := contact.TimelineFacts{Now: now, Subject: q.Of}
		if facts.Happenings, before, err = told.happenings(page, q); err != nil {
			return nil, store.Telling{}, err
		}
		made, err := s.build(cfg, cmp.Or(q.Zone, TimelineZone), facts)
		if err != nil {
			return nil, store.Telling{}, err
		}
		events = append(events, made...)
		over := len(page) < timelinePage || !q.From.IsZero() && before.At.Before(q.From)
		switch cut := pageOf(events, q.Limit); {
		case cut < len(events):
			last := events[cut-1]
			return events[:cut], store.Telling{At: last.At, Number: last.Number}, nil
		case over:
			return events, store.Telling{}, nil
		case cut >= q.Limit:
			return events, before, nil
		}
	}
	return events, before, nil
}

// pageOf is where a page of events ends: the events of one ledger entry stay together.
func pageOf(events []contact.Event, limit int) int {
	for limit < len(events) && limit > 0 && events[limit].Number == events[limit-1].Number {
		limit++
	}
	return min(limit, len(events))
}

// build runs the algorithms of the zone, each on the same happenings.
func (s *Service) build(cfg *config.Snapshot, zone string, facts contact.TimelineFacts) ([]contact.Event, error) {
	var events []contact.Event
	for _, plug := range cfg.PlugsOf("zone", zone, "timeline_events") {
		build, known := s.Timeliners[plug.Code]
		if !known {
			return nil, fault.New(fault.Unknown, "algorithm "+plug.Code+" does not build timelines")
		}
		made, err := build(facts, plug.Parameters)
		if err != nil {
			return nil, err
		}
		events = append(events, made...)
	}
	slices.SortStableFunc(events, func(a, b contact.Event) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Number, a.Number)) })
	return events, nil
}

// tellers are the contacts whose entries a timeline tells.
type tellers struct {
	cfg      *config.Snapshot
	contacts map[contact.ID]contact.Contact
	files    map[contact.ID]contact.File
	ids      []contact.ID
}

func (s *Service) tellers(ctx context.Context, p access.Principal, cfg *config.Snapshot, q TimelineQuery) (t tellers, err error) {
	of, err := s.Named(ctx, p, "", q.Of)
	if err != nil {
		return t, err
	}
	all, err := s.contactsOf(ctx, p, of, 0, timelineContacts)
	if err != nil {
		return t, err
	}
	t = tellers{cfg: cfg, contacts: make(map[contact.ID]contact.Contact, len(all.contacts)), files: all.files}
	for _, c := range all.contacts {
		if ofKind(c, all.files[c.ID], q.Class, q.Type, q.Open) {
			t.contacts[c.ID], t.ids = c, append(t.ids, c.ID)
		}
	}
	return t, nil
}

func ofKind(c contact.Contact, f contact.File, class, code string, open *bool) bool {
	has, is := f.Desk.Kind(c)
	return (class == "" || class == has) && (code == "" || code == is) && (open == nil || *open == f.Desk.Open)
}

// happenings reads entries, the newest first, leaves out what was not asked for, and says where they end.
func (t tellers) happenings(page []store.Told, q TimelineQuery) (out []contact.Happening, last store.Telling, err error) {
	for _, told := range page {
		e, err := ledger.Read(told.Body)
		if err != nil {
			return nil, last, fault.Wrap(fault.Unknown, "reading the ledger", err)
		}
		last = store.Telling{At: e.At, Number: told.Number}
		if q.Kind != "" && q.Kind != string(e.Kind) || !q.From.IsZero() && e.At.Before(q.From) || !q.Until.IsZero() && !e.At.Before(q.Until) {
			continue
		}
		out = append(out, t.happening(told.Number, e))
	}
	return out, last, nil
}

// happening adds to an entry what is kept apart from the ledger.
func (t tellers) happening(number int64, e ledger.Entry) contact.Happening {
	f := t.files[e.Contact]
	class, code := f.Desk.Kind(t.contacts[e.Contact])
	kind, _ := t.cfg.Type(class, code)
	h := contact.Happening{
		Number: number, At: e.At, Kind: string(e.Kind), Contact: e.Contact, Class: class, Type: code, TypeText: kind.Description,
		Channel: string(e.Channel), Reason: e.Reason, By: e.By,
	}
	if !e.Message.IsZero() {
		h.Message = e.Message.String()
	}
	if e.Place != 0 {
		h.Outcome = e.Place.String()
	}
	switch e.Kind { //nolint:exhaustive // the others have no text of their own
	case ledger.ContactAccepted, ledger.ContactChanged, ledger.ContactClosed, ledger.ContactRetyped:
		h.Text = f.Desk.Comments
	case ledger.ContactLogged, ledger.ReminderSet, ledger.ReminderMade, ledger.ReminderDone:
		for _, l := range f.Logs {
			if l.ID.String() == e.Code {
				h.Text = l.Comments
			}
		}
	}
	return h
}

// strip is a stretch of a subject's contacts: those the caller sees, with their files.
type strip struct {
	contacts []contact.Contact
	files    map[contact.ID]contact.File
	below    contact.ID // where it ends; 0: with the oldest
}

// contactsOf reads contacts of a subject that the caller sees, the newest first, from below a number on.
func (s *Service) contactsOf(ctx context.Context, p access.Principal, of contact.Subject, below contact.ID, limit int) (out strip, err error) {
	all, err := s.Files.ContactsOf(ctx, of, below, limit)
	if err != nil {
		return out, err
	}
	if len(all) == limit {
		out.below = all[limit-1].ID
	}
	out.contacts = slices.DeleteFunc(all, func(c contact.Contact) bool {
		return !p.Sees(c.Source, c.Division) || of.Division != "" && c.Division != of.Division
	})
	ids := make([]contact.ID, len(out.contacts))
	for i := range out.contacts {
		ids[i] = out.contacts[i].ID
	}
	out.files, err = s.Files.Files(ctx, ids)
	return out, err
}

// ContactFilter says which contacts of a subject are listed.
type ContactFilter struct {
	Of    contact.Subject
	Class string
	Type  string
	Open  *bool
	From  time.Time
	Until time.Time // before it
}

// Listed is a contact in a list.
type Listed struct {
	Contact contact.Contact
	File    contact.File
}

// ContactList lists contacts of a person, an account or a premise, the newest first, from below a number on (process
// 3.4.1.1, step 1.6). Next is where to go on, 0 at the end. Dates are those at which contacts were accepted.
func (s *Service) ContactList(ctx context.Context, p access.Principal, f ContactFilter, below contact.ID, limit int) (out []Listed, next contact.ID, err error) {
	limit = min(max(limit, 1), timelineLimit)
	if f.Of, err = s.Named(ctx, p, "", f.Of); err != nil {
		return nil, 0, err
	}
	for range timelineReads {
		page, err := s.contactsOf(ctx, p, f.Of, below, timelinePage)
		if err != nil {
			return nil, 0, err
		}
		for _, c := range page.contacts {
			if !f.takes(c, page.files[c.ID]) {
				continue
			}
			if len(out) == limit {
				return out, out[limit-1].Contact.ID, nil
			}
			out = append(out, Listed{Contact: c, File: page.files[c.ID]})
		}
		if page.below == 0 {
			return out, 0, nil
		}
		below = page.below
	}
	return out, below, nil
}

func (f ContactFilter) takes(c contact.Contact, file contact.File) bool {
	return ofKind(c, file, f.Class, f.Type, f.Open) && (f.From.IsZero() || !c.AcceptedAt.Before(f.From)) &&
		(f.Until.IsZero() || c.AcceptedAt.Before(f.Until))
}

// ReminderFilter says which reminders are listed.
type ReminderFilter struct {
	Until string // trigger date, YYYY-MM-DD; empty: all
	User  string
	Role  string
}

func (f ReminderFilter) takes(r contact.Reminder) bool {
	return (f.User == "" || r.Kind == contact.ToUser && r.To == f.User) && (f.Role == "" || r.Kind == contact.ToRole && r.To == f.Role)
}

// Reminders lists reminders that wait for their trigger date, the earliest first. Next is where to go on, zero at the end.
func (s *Service) Reminders(ctx context.Context, p access.Principal, f ReminderFilter, after contact.ReminderKey, limit int) (out []contact.Reminder, next contact.ReminderKey, err error) {
	if err := mayWork(p); err != nil {
		return nil, next, err
	}
	limit = min(max(limit, 1), timelineLimit)
	until := cmp.Or(f.Until, "9999-12-31")
	for range timelineReads {
		page, err := s.Waiting.Reminders(ctx, until, after, contact.ReminderKey{}, timelinePage)
		if err != nil {
			return nil, next, err
		}
		for _, r := range page {
			after = r.Key()
			if !p.Sees(r.Source, r.Division) || !f.takes(r) {
				continue
			}
			if out = append(out, r); len(out) == limit {
				return out, after, nil
			}
		}
		if len(page) < timelinePage {
			return out, contact.ReminderKey{}, nil
		}
	}
	return out, after, nil
}
