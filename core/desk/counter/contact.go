package counter

import (
	"context"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/desk"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
)

// Logs hands out the numbers of log entries.
type Logs interface {
	Log(ctx context.Context) (contact.LogID, error)
}

// mayWork refuses who does not work at the desk.
func mayWork(p access.Principal) error {
	if !p.Has(access.CSR, access.Supervisor, access.Admin) {
		return fault.New(fault.Forbidden, "this key may not change contacts")
	}
	return nil
}

// atDesk reads a contact for a change of its desk part from a revision; fault.Conflict when it has another one now.
func (s *Service) atDesk(ctx context.Context, p access.Principal, id contact.ID, revision int64) (store.ContactView, error) {
	view, err := s.Contact(ctx, p, id)
	if err != nil {
		return view, err
	}
	if err := mayWork(p); err != nil {
		return view, err
	}
	if view.File.Desk.Revision != revision {
		return view, fault.New(fault.Conflict, "the contact was changed since: read it again")
	}
	view.File.Desk.Contact = id
	return view, nil
}

// ChangeContact changes the desk's part of a contact (process 3.4.1.1, step 1.6): its comments, open switch, preferred
// method, date and time, characteristics and tags. Revision is the one the change was made from. Errors: Invalid naming
// every wrong field, Conflict when the contact was changed since, NotFound for what the caller does not see.
func (s *Service) ChangeContact(ctx context.Context, now time.Time, p access.Principal, id contact.ID, revision int64, c contact.Change) (store.ContactView, error) {
	view, err := s.atDesk(ctx, p, id, revision)
	if err != nil {
		return view, err
	}
	cfg := s.Configs.Current()
	wrong := c.Violations()
	class, code := view.File.Desk.Kind(view.Contact)
	kind, known := cfg.Type(class, code)
	if c.Characteristics != nil && known {
		sorted, bad := cfg.Bear(config.OnContact, kind.Characteristics, *c.Characteristics, "/characteristics")
		c.Characteristics, wrong = &sorted, append(wrong, bad...)
	}
	if c.Tags != nil {
		wrong = append(wrong, cfg.WrongTags(*c.Tags, "/tags")...)
	}
	next := view.File.Desk.With(c, now, p.Name)
	if len(wrong) == 0 && known {
		wrong = s.Schemas.Violations(kind.Object(), contact.Document(view.Contact, next, ""))
	}
	if len(wrong) > 0 {
		return view, fault.Refuse(wrong...)
	}
	return s.putDesk(ctx, p, view, next, ledger.Entry{Kind: ledger.ContactChanged})
}

// CloseContact turns the open switch of a contact off (process 3.4.1.1, step 2.1); fault.Conflict when it is not on.
func (s *Service) CloseContact(ctx context.Context, now time.Time, p access.Principal, id contact.ID, revision int64) (store.ContactView, error) {
	view, err := s.atDesk(ctx, p, id, revision)
	if err != nil {
		return view, err
	}
	closed, err := view.File.Desk.Close(now, p.Name)
	if err != nil {
		return view, err
	}
	return s.putDesk(ctx, p, view, closed, ledger.Entry{Kind: ledger.ContactClosed})
}

// RetypeContact corrects the class and type of a contact. The two types have the same business object, users may add
// contacts of the new one, and what the contact is about must fit it. What the contact has sent or will send stays: the plan
// it was accepted under goes on (ours: the documents do not say). Errors as of ChangeContact; Forbidden where the
// installation prevents it.
func (s *Service) RetypeContact(ctx context.Context, now time.Time, p access.Principal, id contact.ID, revision int64, class, code string) (store.ContactView, error) {
	view, err := s.atDesk(ctx, p, id, revision)
	if err != nil {
		return view, err
	}
	cfg := s.Configs.Current()
	if cfg.Installation().PreventTypeChange {
		return view, fault.New(fault.Forbidden, "the installation prevents changing the type of a contact")
	}
	before, after := view.File.Desk.Kind(view.Contact)
	target, known := cfg.Type(class, code)
	if !known || target.Division != "" && target.Division != view.Contact.Division {
		return view, fault.Refuse(fault.Violation{Field: "/type", Reason: "is no contact type of this class and division"})
	}
	wrong := wrongTarget(cfg, view, target)
	if was, there := cfg.Type(before, after); there && was.Object() != target.Object() {
		wrong = append(wrong, fault.Violation{Field: "/type", Reason: "has another business object: only a type with the same can take its place"})
	}
	next := view.File.Desk.Retype(class, code, now, p.Name)
	if len(wrong) == 0 {
		wrong = s.Schemas.Violations(target.Object(), contact.Document(view.Contact, next, ""))
	}
	if len(wrong) > 0 {
		return view, fault.Refuse(wrong...)
	}
	return s.putDesk(ctx, p, view, next, ledger.Entry{Kind: ledger.ContactRetyped, Code: class + "/" + code})
}

// wrongTarget says what keeps a contact from having the type.
func wrongTarget(cfg *config.Snapshot, view store.ContactView, target config.ContactType) []fault.Violation {
	var wrong []fault.Violation
	add := func(field, reason string) {
		if reason != "" {
			wrong = append(wrong, fault.Violation{Field: field, Reason: reason})
		}
	}
	c := view.Contact
	if target.Inactive {
		add("/type", "is not active: it takes no new contacts")
	}
	add("/type", cfg.ManualBan(target))
	add("/person", target.Person.Check(c.Person != 0 || c.Inline != ""))
	add("/account", target.Account.Check(c.Account != ""))
	add("/premise", target.Premise.Check(c.Premise != ""))
	_, bad := cfg.Bear(config.OnContact, target.Characteristics, view.File.Desk.Characteristics, "/characteristics")
	return append(wrong, bad...)
}

// putDesk writes the next revision with its ledger entry and reads the contact back.
func (s *Service) putDesk(ctx context.Context, p access.Principal, view store.ContactView, next contact.Desk, e ledger.Entry) (store.ContactView, error) {
	c := view.Contact
	e.At, e.Source, e.Division, e.Contact, e.By = next.ChangedAt, c.Source, c.Division, c.ID, p.Name
	verdicts, err := s.Store.Apply(ctx, store.Writes{Desk: &store.DeskWrites{Desks: []contact.Desk{next}}, Ledger: &store.LedgerWrites{Entries: []ledger.Entry{e}}})
	if err != nil {
		return view, err
	}
	if verdicts[0].Outcome != store.Applied {
		return view, fault.New(fault.Conflict, "the contact was changed since: read it again")
	}
	return s.Contact(ctx, p, c.ID)
}

// AddLog adds an entry to the log of a contact, with or without a reminder (process 3.4.1.1, steps 1.7 and 1.8). Errors:
// Invalid naming every wrong field, NotFound for a contact the caller does not see.
func (s *Service) AddLog(ctx context.Context, now time.Time, p access.Principal, id contact.ID, n contact.Note) (store.ContactView, error) {
	view, err := s.Contact(ctx, p, id)
	if err != nil {
		return view, err
	}
	if err := mayWork(p); err != nil {
		return view, err
	}
	cfg, wrong := s.Configs.Current(), n.Violations("")
	var remind *contact.Reminder
	if n.Remind != nil {
		kind, to, bad := cfg.Remind(*n.Remind, cfg.BusinessDate(view.Contact.Division, now), "/reminder")
		remind, wrong = &contact.Reminder{Kind: kind, To: to, Trigger: n.Remind.Trigger}, append(wrong, bad...)
	}
	if len(wrong) > 0 {
		return view, fault.Refuse(wrong...)
	}
	number, err := s.Logs.Log(ctx)
	if err != nil {
		return view, err
	}
	if err := desk.Apply(ctx, s.Store, store.Logged(view.Contact, contact.Log{ID: number, At: now, By: p.Name, Comments: n.Comments}, remind)); err != nil {
		return view, err
	}
	return s.Contact(ctx, p, id)
}
