package rest

import (
	"context"
	"time"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/accept"
	"carillon/core/command"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/store"
)

// AddContact adds a contact that a user enters.
func (s *server) AddContact(ctx context.Context, req *api.DeskContactRequest, params api.AddContactParams) (api.AddContactRes, error) {
	request, wrong := deskRequest(req, params.IdempotencyKey)
	if wrong != nil {
		return nil, fault.Refuse(wrong...)
	}
	named, err := s.Desk.Named(ctx, caller(ctx), request.Division, contact.Subject{Account: request.Account, Premise: request.Premise})
	if err != nil {
		return nil, err
	}
	request.Account, request.Premise = named.Account, named.Premise
	answer, err := s.Accept.Accept(ctx, s.cfg.Clock(), caller(ctx), request)
	if err != nil {
		return nil, err
	}
	return accepted(answer), nil
}

// deskRequest is the request in the words of the core, and what of it could not be read.
func deskRequest(req *api.DeskContactRequest, key string) (accept.Request, []fault.Violation) {
	r, wrong := contactRequest(&api.ContactRequest{
		Division: req.Division, Class: req.Class.Value, Type: req.Type.Value, Person: req.Person, ExternalPerson: req.ExternalPerson,
		Recipient: req.Recipient, Account: req.Account, Premise: req.Premise, Data: req.Data,
	}, key)
	r.Part = &contact.Part{
		Manual: true, Shorthand: string(req.Shorthand.Value), Open: req.Open.Value, Comments: req.Comments.Value,
		Method: contact.Method(req.PreferredMethod.Value), At: moment(req.ContactAt), Characteristics: characteristics(req.Characteristics),
		Tags: characteristics(req.Tags), External: req.ExternalContactId.Value,
	}
	for _, id := range req.Identifiers {
		r.Part.Identifiers = append(r.Part.Identifiers, contact.Identifier{Type: string(id.Type), Value: id.Value})
	}
	if req.Log.Set {
		note := noteOf(req.Log.Value)
		r.Part.Log = &note
	}
	return r, wrong
}

// moment is a time as it is stored, with microseconds; zero when it is left out.
func moment(t api.OptDateTime) time.Time {
	if !t.Set {
		return time.Time{}
	}
	return t.Value.UTC().Truncate(time.Microsecond)
}

func characteristics(in []api.Characteristic) []command.Characteristic {
	var out []command.Characteristic
	for _, c := range in {
		out = append(out, command.Characteristic{Type: string(c.Type), Value: c.Value})
	}
	return out
}

func noteOf(req api.LogRequest) contact.Note {
	n := contact.Note{Comments: req.Comments}
	if r := req.Reminder; r.Set {
		n.Remind = &contact.Remind{User: string(r.Value.User.Value), Role: string(r.Value.Role.Value), Trigger: string(r.Value.TriggerDate)}
	}
	return n
}

// deskContact is the contact and the revision that a request names.
func deskContact(id api.ContactID, ifMatch string) (contact.ID, int64, error) {
	number, err := contact.ParseID(string(id))
	if err != nil {
		return 0, 0, fault.New(fault.NotFound, "there is no such contact")
	}
	revision, err := revisionOf(ifMatch)
	return number, revision, err
}

// ChangeContact changes what the desk knows of a contact.
func (s *server) ChangeContact(ctx context.Context, req *api.ContactChange, params api.ChangeContactParams) (api.ChangeContactRes, error) {
	id, revision, err := deskContact(params.ID, params.IfMatch)
	if err != nil {
		return nil, err
	}
	var c contact.Change
	if req.Open.Set {
		c.Open = &req.Open.Value
	}
	if req.Comments.Set {
		c.Comments = &req.Comments.Value
	}
	if req.PreferredMethod.Set {
		m := contact.Method(req.PreferredMethod.Value)
		c.Method = &m
	}
	if req.ContactAt.Set {
		at := moment(req.ContactAt)
		c.At = &at
	}
	if req.Characteristics != nil {
		all := characteristics(req.Characteristics)
		c.Characteristics = &all
	}
	if req.Tags != nil {
		all := characteristics(req.Tags)
		c.Tags = &all
	}
	return s.changed(ctx)(s.Desk.ChangeContact(ctx, s.cfg.Clock(), caller(ctx), id, revision, c))
}

// CloseContact turns the open switch off.
func (s *server) CloseContact(ctx context.Context, params api.CloseContactParams) (api.CloseContactRes, error) {
	id, revision, err := deskContact(params.ID, params.IfMatch)
	if err != nil {
		return nil, err
	}
	return s.changed(ctx)(s.Desk.CloseContact(ctx, s.cfg.Clock(), caller(ctx), id, revision))
}

// RetypeContact corrects class and type.
func (s *server) RetypeContact(ctx context.Context, req *api.RetypeRequest, params api.RetypeContactParams) (api.RetypeContactRes, error) {
	id, revision, err := deskContact(params.ID, params.IfMatch)
	if err != nil {
		return nil, err
	}
	return s.changed(ctx)(s.Desk.RetypeContact(ctx, s.cfg.Clock(), caller(ctx), id, revision, string(req.Class), string(req.Type)))
}

// LogContact adds to the log.
func (s *server) LogContact(ctx context.Context, req *api.LogRequest, params api.LogContactParams) (api.LogContactRes, error) {
	id, err := contact.ParseID(string(params.ID))
	if err != nil {
		return nil, fault.New(fault.NotFound, "there is no such contact")
	}
	return s.changed(ctx)(s.Desk.AddLog(ctx, s.cfg.Clock(), caller(ctx), id, noteOf(*req)))
}

// changed answers with a contact and the revision of what the desk knows of it.
func (s *server) changed(ctx context.Context) func(store.ContactView, error) (*api.ChangedContactHeaders, error) {
	return func(v store.ContactView, err error) (*api.ChangedContactHeaders, error) {
		if err != nil {
			return nil, err
		}
		view, err := s.contactView(ctx, v)
		if err != nil {
			return nil, err
		}
		return &api.ChangedContactHeaders{ETag: etag(v.File.Desk.Revision), Response: *view}, nil
	}
}

// putFile shows what hangs on a contact at the desk.
func putFile(out *api.Contact, v store.ContactView) {
	d := v.File.Desk
	out.Revision = api.NewOptInt64(d.Revision)
	if d.Type != "" {
		out.AcceptedAs = api.NewOptContactAcceptedAs(api.ContactAcceptedAs{Class: out.Class, Type: out.Type})
		out.Class, out.Type = d.Class, d.Type
	}
	out.Open, out.ContactAt, out.Comments = api.NewOptBool(d.Open), maybe(d.At), text(d.Comments)
	if d.Method != contact.NoMethod {
		out.PreferredMethod = api.NewOptPreferredMethod(api.PreferredMethod(d.Method))
	}
	out.Characteristics, out.Tags = shownCharacteristics(d.Characteristics), shownCharacteristics(d.Tags)
	out.ExternalContactId, out.ChangedAt, out.ChangedBy = text(d.External), maybe(d.ChangedAt), text(d.By)
	for _, id := range d.Identifiers {
		out.Identifiers = append(out.Identifiers, api.ContactIdentifier{Type: api.Code(id.Type), Value: id.Value})
	}
	for _, l := range v.File.Logs {
		entry := api.LogEntry{ID: l.ID.String(), At: stamp(l.At), By: l.By, Comments: l.Comments}
		for _, r := range v.File.Reminders {
			if r.Log == l.ID {
				entry.Reminder = api.NewOptReminder(reminderView(r))
			}
		}
		out.Logs = append(out.Logs, entry)
	}
}

func shownCharacteristics(in []command.Characteristic) []api.Characteristic {
	var out []api.Characteristic
	for _, c := range in {
		out = append(out, api.Characteristic{Type: api.Code(c.Type), Value: c.Value})
	}
	return out
}

// subjectOf is whom a list is about; more than one is refused.
func subjectOf(personID api.OptPersonID, account, premise api.OptCode) (contact.Subject, error) {
	of := contact.Subject{Account: string(account.Value), Premise: string(premise.Value)}
	n := 0
	for _, there := range []bool{personID.Set, account.Set, premise.Set} {
		if there {
			n++
		}
	}
	if n > 1 {
		return of, fault.Refuse(fault.Violation{Field: "query/person", Reason: "stands alone: name a person, an account or a premise"})
	}
	if !personID.Set {
		return of, nil
	}
	id, err := customer.ParsePersonID(string(personID.Value))
	if err != nil {
		return of, fault.Refuse(fault.Violation{Field: "query/person", Reason: "has ten digits and is not zero"})
	}
	of.Person = id
	return of, nil
}
