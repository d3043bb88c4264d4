package accept

import (
	"context"

	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/store"
)

// Logs hands out the numbers of log entries.
type Logs interface {
	Log(ctx context.Context) (contact.LogID, error)
}

// typed gives a request that names its type by a word the class and type that the word is for.
func typed(cfg *config.Snapshot, r Request, wrong *violations) Request {
	if r.Part == nil || r.Part.Shorthand == "" {
		return r
	}
	if r.Class != "" || r.Type != "" {
		wrong.add("/shorthand", "stands in place of class and type")
		return r
	}
	if t, known := cfg.Shorthand(r.Part.Shorthand, r.Division); known {
		r.Class, r.Type = t.Class, t.Code
	} else {
		wrong.add("/shorthand", "is the word of no contact type of this division")
	}
	return r
}

// checkKind refuses a type that takes no new contacts, or none from users.
func checkKind(cfg *config.Snapshot, kind config.ContactType, r Request, wrong *violations) {
	if kind.Inactive {
		wrong.add("/type", "is not active: it takes no new contacts")
	}
	if r.Part == nil || !r.Part.Manual {
		return
	}
	if reason := cfg.ManualBan(kind); reason != "" {
		wrong.add("/type", reason)
	}
	if kind.SendsLetter() && r.Person == 0 && r.External == "" && r.Inline == nil && kind.Person != contact.Required {
		wrong.add("/person", "is required: a letter goes to a person")
	}
}

// part completes what the request brings beside the contact: defaults of its characteristics, and what the type and the
// configuration say of them, of its tags and its reminder. The contact still has no number.
func (r *starting) part(asked *contact.Part, wrong *violations) {
	var p contact.Part
	if asked != nil {
		p = *asked
	}
	uses := r.kind.Characteristics
	if asked == nil && len(uses) == 0 && r.kind.Object() == contact.DefaultObject {
		return // the way of almost every contact: there is nothing to look at
	}
	given, bad := r.cfg.Bear(config.OnContact, uses, config.Defaults(uses, p.Characteristics), "/characteristics")
	*wrong = append(*wrong, bad...)
	p.Characteristics = given
	r.desk = p
	if asked == nil {
		r.object(wrong, r.kind.Object() != contact.DefaultObject)
		return
	}
	*wrong = append(*wrong, p.Violations()...)
	*wrong = append(*wrong, r.cfg.WrongTags(p.Tags, "/tags")...)
	if p.Log != nil && p.Log.Remind != nil {
		kind, to, bad := r.cfg.Remind(*p.Log.Remind, r.cfg.BusinessDate(r.contact.Division, r.now), "/log/reminder")
		*wrong = append(*wrong, bad...)
		r.remind = &contact.Reminder{Kind: kind, To: to, Trigger: p.Log.Remind.Trigger}
	}
	r.object(wrong, true)
}

// object validates the contact against its business object. What acceptance itself checks is that of the default one, so
// that contacts of its types need no second look unless they bring a part.
func (r *starting) object(wrong *violations, asked bool) {
	if !asked || r.s.Schemas == nil || len(*wrong) > 0 {
		return
	}
	log := ""
	if r.desk.Log != nil {
		log = r.desk.Log.Comments
	}
	doc := contact.Document(r.contact, r.desk.Desk(0, r.now, r.contact.By), log)
	*wrong = append(*wrong, r.s.Schemas.Violations(r.kind.Object(), doc)...)
}

// number draws the numbers of a new contact and files what hangs on it at the desk.
func (r *starting) number(ctx context.Context) (err error) {
	if r.contact.ID, err = r.s.IDs.Contact(ctx); err != nil {
		return err
	}
	if d := r.desk.Desk(r.contact.ID, r.now, r.contact.By); d.Revision > 0 {
		store.In(&r.out.Desk).Desks = []contact.Desk{d}
	}
	if r.desk.Log == nil {
		return nil
	}
	id, err := r.s.Logs.Log(ctx)
	if err != nil {
		return err
	}
	r.out = r.out.And(store.Logged(r.contact, contact.Log{ID: id, At: r.now, By: r.contact.By, Comments: r.desk.Log.Comments}, r.remind))
	return nil
}
