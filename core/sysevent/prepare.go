package sysevent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/occurrence"
	"carillon/core/plugin"
	"carillon/core/store"
)

// Prepared is an event that would be taken in: what to write, and what to answer once it is written.
type Prepared struct {
	Writes store.Writes
	Answer Answer
}

// Prepare decides an event and returns its write set without applying it, for whoever merges it into their own. It does
// not ask whether the event was raised before: then the write set loses with a Conflict "event".
func (s *Service) Prepare(ctx context.Context, now time.Time, p access.Principal, r Raised) (Prepared, error) {
	hash := r.Event.Hash() // before anything is filled in
	run, err := s.begin(ctx, now, p, r.Event)
	if err != nil {
		return Prepared{}, err
	}
	for _, site := range r.Event.Detail.Sites() {
		if err := run.at(ctx, site); err != nil {
			return Prepared{}, err
		}
	}
	answer := Answer{Key: r.Event.Key(p.Source), Made: run.made, At: now, Kept: !run.later || len(run.by) > 0}
	if !answer.Kept {
		return Prepared{Answer: answer}, nil
	}
	store.In(&run.out.Event).Events = []store.SourceEvent{{Key: answer.Key, Division: r.Event.Division, Hash: hash, Made: run.made, At: now, By: p.Name}}
	if r.Key != "" {
		store.In(&run.out.Intake).Keys = append(store.Of(run.out.Intake).Keys, store.IntakeKey{
			Kind: store.EventKey, Source: p.Source, Division: r.Event.Division, Key: r.Key, Hash: hash, At: now,
		})
	}
	return Prepared{Writes: run.out, Answer: answer}, nil
}

// running is one event while its creators run.
type running struct {
	s     *Service
	now   time.Time
	who   access.Principal
	cfg   *config.Snapshot
	fact  contact.Occasion // what every creator decides from, but for what its site says
	made  []contact.Made
	by    map[string]contact.ID // contacts made, by class and type
	main  bool                  // the person is the main customer of the account
	later bool                  // a creator may make a contact another day
	out   store.Writes
}

// begin resolves whom and what the event is about (process 3.4.1.1, step 2.2, step 1).
func (s *Service) begin(ctx context.Context, now time.Time, p access.Principal, e occurrence.Event) (*running, error) {
	cfg := s.Configs.Current()
	run := &running{s: s, now: now, who: p, cfg: cfg, by: map[string]contact.ID{}}
	today := now.In(cfg.Zone(e.Division)).Format(time.DateOnly)
	if e.Date == "" {
		e.Date = today
	}
	person, err := run.resolve(ctx, &e)
	if err != nil {
		return nil, err
	}
	language := person.Language
	if d, _ := cfg.Division(e.Division); language == "" {
		language = d.Language
	}
	if e.Recipient != nil && e.Recipient.Language != "" {
		language = e.Recipient.Language
	}
	run.fact.Event, run.fact.Today, run.fact.Person = e, today, person.ID
	run.fact.Account, run.fact.Premise = e.Account, e.Premise
	run.fact.Types = func(class, code string) (contact.Type, bool) {
		t, known := cfg.Type(class, code)
		return t.Type, known
	}
	run.fact.Text = func(category string, number int, parameters ...string) string {
		return cfg.Text(category, number, language, parameters...)
	}
	return run, nil
}

// resolve finds the person: whom the source names, else the main customer of the account, which is that of the service
// agreement where the source names none (process 3.4.1.1, step 2.2). The account and premise of the agreement are filled in where
// the event leaves them out. A customer of another division is as if it were not there.
func (r *running) resolve(ctx context.Context, e *occurrence.Event) (who customer.Person, err error) {
	if err := r.agreement(ctx, e); err != nil {
		return who, err
	}
	account, err := r.account(ctx, e)
	switch {
	case err != nil || e.Recipient != nil:
		return who, err
	case e.Person != "":
		who, err = r.s.Customers.PersonByExternal(ctx, r.who.Source, e.Person)
		if fault.Is(err, fault.NotFound) {
			return who, fault.Refuse(fault.Violation{Field: "/person", Reason: "names no person"})
		}
		return who, err
	case account.Main != 0:
		r.main = true
		return r.s.Customers.Person(ctx, account.Main)
	}
	return who, nil
}

// agreement fills in what the service agreement of the event says. One that is not loaded is as the source says: there.
func (r *running) agreement(ctx context.Context, e *occurrence.Event) error {
	if e.SA == "" {
		return nil
	}
	a, err := r.s.Customers.Agreement(ctx, r.who.Source, e.SA)
	switch {
	case fault.Is(err, fault.NotFound):
		r.fact.Active = true
	case err != nil:
		return err
	case a.Division == e.Division:
		r.fact.Active = a.Active
		e.Account, e.Premise = orElse(e.Account, a.Account), orElse(e.Premise, a.Premise)
	}
	return nil
}

// account is what is loaded of the account of the event.
func (r *running) account(ctx context.Context, e *occurrence.Event) (Account, error) {
	if e.Account == "" {
		return Account{}, nil
	}
	account, err := r.s.Customers.Account(ctx, r.who.Source, e.Account)
	switch {
	case fault.Is(err, fault.NotFound):
		return Account{}, nil
	case err != nil:
		return Account{}, err
	case account.Division != e.Division:
		return Account{}, nil
	}
	r.fact.Active = r.fact.Active || e.SA == "" && account.Active
	return account, nil
}

func orElse(first, second string) string {
	if first != "" {
		return first
	}
	return second
}

// at runs what hangs at a site, in its order.
func (r *running) at(ctx context.Context, site occurrence.Site) error {
	fact, configured := r.occasion(site)
	before := len(r.made)
	if site.Rule && fact.Type != "" {
		if err := r.run(ctx, site, fact, "", r.s.Rule, nil); err != nil {
			return err
		}
	}
	for _, plug := range r.plugs(site) {
		creator, known := r.s.Creators[plug.Code]
		if !known {
			continue // it lists, and makes no contact, as C1-CR-UP-DRR; that there is one of the code the configuration proves
		}
		if err := r.run(ctx, site, fact, plug.Code, creator, plug.Parameters); err != nil {
			return err
		}
	}
	if len(r.made) == before {
		why := contact.Unplugged
		switch {
		case site.Rule && !configured:
			why = contact.NotForOwner
		case site.Rule:
			why = contact.NoContact
		}
		r.made = append(r.made, contact.Made{Site: site.String(), Skipped: why})
	}
	return nil
}

// occasion is what the creators at a site decide from, and whether its object is configured.
func (r *running) occasion(site occurrence.Site) (contact.Occasion, bool) {
	owner, configured := r.cfg.Owner(config.OwnerKind(site.Owner), site.Code)
	fact := r.fact
	fact.Uses = owner.Characteristics
	if owner.Contact != nil {
		fact.Class, fact.Type = owner.Contact.Class, owner.Contact.Type
	}
	return fact, configured
}

func (r *running) plugs(site occurrence.Site) []config.Plug {
	all := slices.Clone(r.cfg.PlugsOf(site.Owner, site.Code, site.Event))
	return slices.DeleteFunc(all, func(p config.Plug) bool { return p.Status != site.Status })
}

// run runs one creator and keeps what it made.
func (r *running) run(ctx context.Context, site occurrence.Site, fact contact.Occasion, code string, creator contact.Creator, p plugin.Parameters) error {
	made := contact.Made{Creator: code, Site: site.String()}
	creation, err := creator(fact, p)
	made.Class, made.Type, made.Skipped = creation.Add.Class, creation.Add.Type, creation.Skipped
	r.later = r.later || creation.Later
	kind := made.Class + "/" + made.Type
	if id, there := r.by[kind]; there && err == nil && made.Skipped == "" {
		made.Contact, made.Skipped = id, contact.SameType
	}
	if made.Skipped == "" {
		if err == nil {
			made.Contact, err = r.add(ctx, creation.Add)
		}
		if err = explained(made, fact.Event.Kind, err); creation.Task && (err == nil || fault.Is(err, fault.Invalid)) {
			err = r.task(ctx, &made, err)
		}
		if err != nil {
			return err
		}
		if made.Contact != 0 {
			r.by[kind] = made.Contact
		}
	}
	r.made = append(r.made, made)
	return nil
}

// add makes the contact that a creator asked for.
func (r *running) add(ctx context.Context, add plugin.AddContact) (contact.ID, error) {
	e := r.fact.Event
	request := Request{
		Division: e.Division, Class: add.Class, Type: add.Type, Person: customer.PersonID(add.Person), Vouched: r.main, Account: add.Account,
		Premise: add.Premise, Comments: add.Comments, Characteristics: add.Characteristics, Event: e.Data(), ExpiresAt: e.ExpiresAt,
	}
	if kind, _ := r.cfg.Type(add.Class, add.Type); kind.Person != contact.NotAllowed && request.Person == 0 {
		request.Recipient = e.Recipient
	}
	w, id, err := r.s.Contacts.Prepare(ctx, r.now, r.who, request)
	if err != nil {
		return 0, err
	}
	r.out = r.out.And(w)
	return id, nil
}

// task writes the task of a contact, completed or in error.
func (r *running) task(ctx context.Context, made *contact.Made, failed error) error {
	id, err := r.s.IDs.ContactTask(ctx)
	if err != nil {
		return err
	}
	e := r.fact.Event
	t := contact.NewTask(id, r.who.Source, e.Division, e.Detail.Sites()[0].Code, made.Creator, e.JSON(), r.now, r.who.Name)
	t, err = settled(t, made.Contact, failed, r.now, r.who.Name)
	if err == nil {
		err = r.conforms(t)
	}
	if err != nil {
		return err
	}
	made.Task, made.Status, made.Problem = t.ID, t.Status, t.Problem
	store.In(&r.out.Event).Tasks = append(store.Of(r.out.Event).Tasks, t)
	return nil
}

// settled is a task after a try.
func settled(t contact.Task, made contact.ID, failed error, now time.Time, by string) (contact.Task, error) {
	var f *fault.Error
	if !errors.As(failed, &f) {
		return t.Completed(made, now, by)
	}
	why := f.Violations
	if len(why) == 0 {
		why = []fault.Violation{{Field: "", Reason: f.Text}}
	}
	return t.Failed(why, now, by)
}

// explained says of a refusal which creator it is of. A field that the event does not have is told in the reason.
func explained(made contact.Made, kind occurrence.Kind, err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		return err
	}
	by := made.Creator
	if by == "" {
		by = "the rule"
	}
	told := make([]fault.Violation, 0, len(f.Violations)+1)
	for _, v := range f.Violations {
		top, _, _ := strings.Cut(strings.TrimPrefix(v.Field, "/"), "/")
		reason := by + " at " + made.Site + ": " + v.Reason
		if !slices.Contains(occurrence.Fields(kind), top) {
			v.Field, reason = "/event", by+" at "+made.Site+": "+strings.TrimSpace(v.Field+" "+v.Reason)
		}
		told = append(told, fault.Violation{Field: v.Field, Reason: reason})
	}
	if len(told) == 0 {
		told = append(told, fault.Violation{Field: "/event", Reason: by + " at " + made.Site + ": " + f.Text})
	}
	return fault.Refuse(told...)
}
