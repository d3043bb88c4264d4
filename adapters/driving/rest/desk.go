package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/api/intake"
	"carillon/core/accept"
	"carillon/core/access"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/plugin"
	"carillon/core/store"
)

func (s *server) deskOperations() []operation {
	return []operation{
		op("addContact", s.addContact),
		op("changeContact", s.changeContact),
		op("closeContact", s.closeContact),
		op("retypeContact", s.retypeContact),
		op("logContact", s.logContact),
	}
}

// Desk changes what hangs on contacts. All return fault.NotFound for what the caller does not see, fault.Forbidden
// for who may not, and fault.Invalid naming every wrong field; those that take a revision fault.Conflict for another one.
type Desk interface {
	// ChangeContact changes comments, open switch, method, time, characteristics and tags.
	ChangeContact(ctx context.Context, now time.Time, p access.Principal, id contact.ID, revision int64, c contact.Change) (store.ContactView, error)
	// CloseContact turns the open switch off; fault.Conflict when it is not on.
	CloseContact(ctx context.Context, now time.Time, p access.Principal, id contact.ID, revision int64) (store.ContactView, error)
	// RetypeContact corrects class and type.
	RetypeContact(ctx context.Context, now time.Time, p access.Principal, id contact.ID, revision int64, class, code string) (store.ContactView, error)
	// AddLog adds to the log, with or without a reminder.
	AddLog(ctx context.Context, now time.Time, p access.Principal, id contact.ID, n contact.Note) (store.ContactView, error)
	// Named gives account and premise, where they are named by their ten digits, the names their sources have for them.
	Named(ctx context.Context, p access.Principal, division string, of contact.Subject) (contact.Subject, error)
}

// DeskContactRequest is a customer contact as a user enters it. Give class and type, or the type's shorthand.
type DeskContactRequest struct {
	Division          string                    `json:"division"`
	Shorthand         string                    `json:"shorthand,omitzero"`
	Class             string                    `json:"class,omitzero"`
	Type              string                    `json:"type,omitzero"`
	Person            string                    `json:"person,omitzero"`
	ExternalPerson    string                    `json:"externalPerson,omitzero"`
	Recipient         *intake.Recipient         `json:"recipient,omitzero"`
	Account           string                    `json:"account,omitzero"`
	Premise           string                    `json:"premise,omitzero"`
	Data              map[string]jsontext.Value `json:"data,omitzero"`
	ContactAt         time.Time                 `json:"contactAt,omitzero"`
	Open              bool                      `json:"open,omitzero"`
	Comments          string                    `json:"comments,omitzero"`
	PreferredMethod   contact.Method            `json:"preferredMethod,omitzero"`
	Characteristics   []Characteristic          `json:"characteristics,omitzero"`
	Tags              []Characteristic          `json:"tags,omitzero"`
	ExternalContactID string                    `json:"externalContactId,omitzero"`
	Identifiers       []ContactIdentifier       `json:"identifiers,omitzero"`
	Log               *LogRequest               `json:"log,omitzero"`
}

// Characteristic is a typed value.
type Characteristic struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// ContactIdentifier is an id by which an outside system knows the contact, as `C1NS`, a provider's recipient id.
type ContactIdentifier struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// LogRequest is an entry for the log of a contact.
type LogRequest struct {
	Comments string           `json:"comments"`
	Reminder *ReminderRequest `json:"reminder,omitzero"`
}

// ReminderRequest is a reminder to a user or to a To Do Role; give one of the two.
type ReminderRequest struct {
	User        string `json:"user,omitzero"`
	Role        string `json:"role,omitzero"`
	TriggerDate string `json:"triggerDate"`
}

// ContactChange changes what the desk knows of a contact; what is left out stays as it is.
type ContactChange struct {
	Open            *bool            `json:"open,omitzero"`
	Comments        *string          `json:"comments,omitzero"`
	PreferredMethod *contact.Method  `json:"preferredMethod,omitzero"`
	ContactAt       *time.Time       `json:"contactAt,omitzero"`
	Characteristics []Characteristic `json:"characteristics,omitzero"`
	Tags            []Characteristic `json:"tags,omitzero"`
}

// ContactAcceptedAs is the class and type it was accepted as, where they were corrected since.
type ContactAcceptedAs struct {
	Class string `json:"class"`
	Type  string `json:"type"`
}

// LogEntry is an entry in the log of a contact.
type LogEntry struct {
	ID       string          `json:"id"`
	At       contract.Moment `json:"at"`
	By       string          `json:"by"`
	Comments string          `json:"comments"`
	Reminder *Reminder       `json:"reminder,omitzero"`
}

// RetypeRequest is the class and type that a contact is to have.
type RetypeRequest struct {
	Class string `json:"class"`
	Type  string `json:"type"`
}

// ContactFile is what hangs on a contact at the desk.
type ContactFile struct {
	Revision          int64               `json:"revision"`
	AcceptedAs        *ContactAcceptedAs  `json:"acceptedAs,omitzero"`
	ContactAt         contract.Moment     `json:"contactAt,omitzero"`
	Open              bool                `json:"open"`
	Comments          string              `json:"comments,omitzero"`
	PreferredMethod   contact.Method      `json:"preferredMethod,omitzero"`
	Characteristics   []Characteristic    `json:"characteristics,omitempty"`
	Tags              []Characteristic    `json:"tags,omitempty"`
	ExternalContactID string              `json:"externalContactId,omitzero"`
	Identifiers       []ContactIdentifier `json:"identifiers,omitempty"`
	ChangedAt         contract.Moment     `json:"changedAt,omitzero"`
	ChangedBy         string              `json:"changedBy,omitzero"`
	Logs              []LogEntry          `json:"logs,omitempty"`
}

// addContact adds a contact that a user enters.
func (s *server) addContact(ctx context.Context, c call[DeskContactRequest]) (answer[intake.ContactAccepted], error) {
	request, wrong := deskRequest(&c.body, c.Text("Idempotency-Key"))
	if wrong != nil {
		return failed[intake.ContactAccepted](fault.Refuse(wrong...))
	}
	of := contact.Subject{Account: request.Account, Premise: request.Premise}
	named, err := s.Desk.Named(ctx, c.caller, request.Division, of)
	if err != nil {
		return failed[intake.ContactAccepted](err)
	}
	request.Account, request.Premise = named.Account, named.Premise
	a, err := s.Accept.Accept(ctx, c.now, c.caller, request)
	if err != nil {
		return failed[intake.ContactAccepted](err)
	}
	return contactAccepted(a), nil
}

// contactAccepted is the answer to a contact that was taken in.
func contactAccepted(a accept.Answer) answer[intake.ContactAccepted] {
	return ok(intake.Accepted(a)).as(http.StatusAccepted).
		with("Location", "/v1/contacts/"+a.Contact.String()).replayed(a.Replayed)
}

// deskRequest is the request in the words of the core, and what of it could not be read.
func deskRequest(req *DeskContactRequest, key string) (accept.Request, []fault.Violation) {
	plain := intake.ContactRequest{
		Division: req.Division, Class: req.Class, Type: req.Type, Person: req.Person, ExternalPerson: req.ExternalPerson,
		Recipient: req.Recipient, Account: req.Account, Premise: req.Premise, Data: req.Data,
	}
	r, wrong := plain.Request(key)
	r.Part = &contact.Part{
		Manual: true, Shorthand: req.Shorthand, Open: req.Open, Comments: req.Comments, Method: req.PreferredMethod,
		At: storedMoment(req.ContactAt), Characteristics: characteristicsOf(req.Characteristics),
		Tags: characteristicsOf(req.Tags), External: req.ExternalContactID,
	}
	for _, id := range req.Identifiers {
		r.Part.Identifiers = append(r.Part.Identifiers, contact.Identifier(id))
	}
	if req.Log != nil {
		r.Part.Log = new(noteOf(*req.Log))
	}
	return r, wrong
}

// storedMoment is a time as it is stored, with microseconds; zero when it is left out.
func storedMoment(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

func characteristicsOf(in []Characteristic) (out []plugin.Characteristic) {
	for _, c := range in {
		out = append(out, plugin.Characteristic(c))
	}
	return out
}

func characteristicsView(in []plugin.Characteristic) (out []Characteristic) {
	for _, c := range in {
		out = append(out, Characteristic(c))
	}
	return out
}

func noteOf(req LogRequest) contact.Note {
	n := contact.Note{Comments: req.Comments}
	if r := req.Reminder; r != nil {
		n.Remind = &contact.Remind{User: r.User, Role: r.Role, Trigger: r.TriggerDate}
	}
	return n
}

// revisedContact is the contact and the revision that a request names.
func revisedContact(x *exchange) (contact.ID, int64, error) {
	id, err := contactID(x)
	if err != nil {
		return 0, 0, err
	}
	revision, err := revisionOf(x)
	return id, revision, err
}

// changeContact changes what the desk knows of a contact.
func (s *server) changeContact(ctx context.Context, c call[ContactChange]) (answer[Contact], error) {
	id, revision, err := revisedContact(c.exchange)
	if err != nil {
		return failed[Contact](err)
	}
	change := contact.Change{Open: c.body.Open, Comments: c.body.Comments, Method: c.body.PreferredMethod}
	if c.body.ContactAt != nil {
		change.At = new(storedMoment(*c.body.ContactAt))
	}
	if c.body.Characteristics != nil {
		change.Characteristics = new(characteristicsOf(c.body.Characteristics))
	}
	if c.body.Tags != nil {
		change.Tags = new(characteristicsOf(c.body.Tags))
	}
	view, err := s.Desk.ChangeContact(ctx, c.now, c.caller, id, revision, change)
	return s.contactAnswer(ctx, view, err)
}

// closeContact turns the open switch off.
func (s *server) closeContact(ctx context.Context, c call[nothing]) (answer[Contact], error) {
	id, revision, err := revisedContact(c.exchange)
	if err != nil {
		return failed[Contact](err)
	}
	view, err := s.Desk.CloseContact(ctx, c.now, c.caller, id, revision)
	return s.contactAnswer(ctx, view, err)
}

// retypeContact corrects class and type.
func (s *server) retypeContact(ctx context.Context, c call[RetypeRequest]) (answer[Contact], error) {
	id, revision, err := revisedContact(c.exchange)
	if err != nil {
		return failed[Contact](err)
	}
	view, err := s.Desk.RetypeContact(ctx, c.now, c.caller, id, revision, c.body.Class, c.body.Type)
	return s.contactAnswer(ctx, view, err)
}

// logContact adds to the log.
func (s *server) logContact(ctx context.Context, c call[LogRequest]) (answer[Contact], error) {
	id, err := contactID(c.exchange)
	if err != nil {
		return failed[Contact](err)
	}
	view, err := s.Desk.AddLog(ctx, c.now, c.caller, id, noteOf(c.body))
	return s.contactAnswer(ctx, view, err)
}

// putFile shows what hangs on a contact at the desk.
func (c *Contact) putFile(v store.ContactView) {
	d := v.File.Desk
	if d.Type != "" {
		c.AcceptedAs = &ContactAcceptedAs{Class: c.Class, Type: c.Type}
		c.Class, c.Type = d.Class, d.Type
	}
	c.Revision, c.Open, c.ContactAt, c.Comments = d.Revision, d.Open, contract.Moment(d.At), d.Comments
	if d.Method != contact.NoMethod {
		c.PreferredMethod = d.Method
	}
	c.Characteristics, c.Tags = characteristicsView(d.Characteristics), characteristicsView(d.Tags)
	c.ExternalContactID, c.ChangedAt, c.ChangedBy = d.External, contract.Moment(d.ChangedAt), d.By
	for _, id := range d.Identifiers {
		c.Identifiers = append(c.Identifiers, ContactIdentifier(id))
	}
	for _, l := range v.File.Logs {
		entry := LogEntry{ID: l.ID.String(), At: contract.Moment(l.At), By: l.By, Comments: l.Comments}
		for _, r := range v.File.Reminders {
			if r.Log == l.ID {
				entry.Reminder = new(reminderView(r))
			}
		}
		c.Logs = append(c.Logs, entry)
	}
}

// subjectOf is whom a list is about; more than one is refused.
func subjectOf(x *exchange) (contact.Subject, error) {
	of := contact.Subject{Account: x.Text("account"), Premise: x.Text("premise")}
	n := 0
	for _, name := range []string{"person", "account", "premise"} {
		if x.Given(name) {
			n++
		}
	}
	if n > 1 {
		return of, fault.Refuse(fault.Violation{
			Field: "query/person", Reason: "stands alone: name a person, an account or a premise",
		})
	}
	if !x.Given("person") {
		return of, nil
	}
	id, err := customer.ParsePersonID(x.Text("person"))
	if err != nil {
		return of, fault.Refuse(fault.Violation{Field: "query/person", Reason: "has ten digits and is not zero"})
	}
	of.Person = id
	return of, nil
}
