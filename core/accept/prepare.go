package accept

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/occurrence"
	"carillon/core/plan"
	"carillon/core/store"
)

// Limits of a request's own words.
const (
	maxKey       = 200
	maxReference = 100
	maxNameLines = 3
	maxNameLine  = 64 // a name line of the classic letter record
)

// reserved are the top-level names that templates get from us; data may not bring them.
func reserved() []string { return []string{"recipient", "division", "account", occurrence.Reserved} }

// Prepare decides a request and returns its write set without applying it. Errors are those of Accept, but for the
// conflicts that only the store can tell.
func (s *Service) Prepare(ctx context.Context, now time.Time, p access.Principal, r Request) (Prepared, error) {
	cfg := s.Configs.Current()
	var wrong violations
	if err := wrong.take("/division", mayPost(cfg, p, r.Division)); err != nil {
		return Prepared{}, err
	}
	here := len(wrong) == 0
	checkWords(&wrong, now, r)
	r.Data = dataOf(r)
	asked := r
	r = typed(cfg, r, &wrong)
	kind, known := cfg.Type(r.Class, r.Type)
	if known = known && (kind.Division == "" || kind.Division == r.Division); !known {
		wrong.add("/type", "is no contact type of this class and division")
	} else {
		checkUsage(&wrong, kind.Type, r)
		checkKind(cfg, kind, r, &wrong)
	}
	if !here { // what a number means hangs on the division
		return Prepared{}, wrong.fault()
	}
	who, err := s.subject(ctx, p, cfg, r, &wrong)
	if err != nil {
		return Prepared{}, err
	}
	if !known {
		return Prepared{}, wrong.fault()
	}
	account := accountOf(kind.Type, r, who, &wrong)
	c, err := newContact(now, p, cfg, r, who)
	c.Account = account
	if err != nil {
		return Prepared{}, err
	}
	run := starting{s: s, now: now, cfg: cfg, kind: kind, contact: c, who: who, expires: r.ExpiresAt, data: r.Data}
	if err := run.checkAll(&wrong); err != nil {
		return Prepared{}, err
	}
	run.part(r.Part, &wrong)
	if err := wrong.fault(); err != nil {
		return Prepared{}, err
	}
	if err := run.number(ctx); err != nil {
		return Prepared{}, err
	}
	return run.begin(asked)
}

// begin starts the plan of a new contact and completes the write set.
func (r *starting) begin(req Request) (Prepared, error) {
	c := r.contact
	store.In(&r.out.Contact).Contacts = []contact.Contact{c}
	store.In(&r.out.Customer).Sightings = seen(r.who.person, c.Division)
	if steps := len(r.kind.Plan.Steps); steps > 0 {
		store.In(&r.out.Contact).Plans = []plan.Plan{{Contact: c.ID, Steps: int16(steps)}} //nolint:gosec // a plan is short
		if err := r.from(1, "accepted"); err != nil {
			return Prepared{}, err
		}
	}
	r.tellAccepted()
	store.In(&r.out.Intake).Keys = keys(c, req)
	return Prepared{
		Writes: r.out,
		Answer: Answer{Contact: c.ID, Reference: c.Reference, AcceptedAt: c.AcceptedAt, Messages: r.started},
	}, nil
}

// dataOf is what the templates may use: what the request brings, and the system event it comes from.
func dataOf(r Request) map[string]any {
	if r.Event == nil {
		return r.Data
	}
	data := map[string]any{occurrence.Reserved: r.Event}
	maps.Copy(data, r.Data)
	return data
}

func keys(c contact.Contact, r Request) []store.IntakeKey {
	key := store.IntakeKey{
		Kind: store.IdempotencyKey, Source: c.Source, Division: c.Division, Key: r.Key, Hash: r.Hash(), Contact: c.ID, At: c.AcceptedAt,
	}
	if r.Reference == "" {
		return []store.IntakeKey{key}
	}
	ref := key
	ref.Kind, ref.Key = store.SourceReference, r.Reference
	return []store.IntakeKey{key, ref}
}

func mayPost(cfg *config.Snapshot, p access.Principal, division string) error {
	if !p.Has(access.CIS, access.CSR, access.Supervisor, access.Admin) {
		return fault.New(fault.Forbidden, "this key may not post contacts")
	}
	d, known := cfg.Division(division)
	if known && d.Inactive {
		return fault.Refuse(fault.Violation{Field: "/division", Reason: "is not active: it takes no new contacts"})
	}
	if !known {
		if division == "" {
			return fault.Refuse(fault.Violation{Field: "/division", Reason: "is required"})
		}
		return fault.Refuse(fault.Violation{Field: "/division", Reason: "is not configured"})
	}
	if !p.InDivision(division) {
		return fault.New(fault.Forbidden, "this key has no right in that division")
	}
	return nil
}

func checkWords(wrong *violations, now time.Time, r Request) {
	if !r.ExpiresAt.IsZero() && !r.ExpiresAt.After(now) {
		wrong.add("/expiresAt", "has passed")
	}
	if r.Key == "" || len(r.Key) > maxKey {
		wrong.add("header/Idempotency-Key", "has 1 to 200 characters")
	}
	if len(r.Reference) > maxReference {
		wrong.add("/reference", "has more than 100 characters")
	}
	for _, name := range reserved() {
		if _, there := r.Data[name]; there {
			wrong.add("/data/"+name, "is a name that Carillon fills itself")
		}
	}
}

func checkUsage(wrong *violations, t contact.Type, r Request) {
	given := 0
	for _, there := range []bool{r.Person != 0, r.External != "", r.Inline != nil} {
		if there {
			given++
		}
	}
	if given > 1 {
		wrong.add("/recipient", "give one of person, externalPerson and recipient")
	}
	field := "/person"
	if r.Inline != nil {
		field = "/recipient"
	}
	if reason := t.Person.Check(given > 0); reason != "" {
		wrong.add(field, reason)
	}
	if reason := t.Premise.Check(r.Premise != ""); reason != "" {
		wrong.add("/premise", reason)
	}
}

// accountOf is the account that the request names or, where it names none, the one the person brings.
func accountOf(t contact.Type, r Request, who subject, wrong *violations) string {
	account := r.Account
	if account == "" && t.Account != contact.NotAllowed {
		account = who.person.Account
	}
	if reason := t.Account.Check(account != ""); reason != "" {
		wrong.add("/account", reason)
	}
	return account
}

// subject is whom a contact is about: a loaded person, or an inline recipient made into the shape of one.
type subject struct {
	person customer.Person
	inline string // canonical JSON of an inline recipient
}

func (s *Service) subject(ctx context.Context, p access.Principal, cfg *config.Snapshot, r Request, wrong *violations) (subject, error) {
	switch {
	case r.Inline != nil:
		return s.inlineSubject(cfg, r.Division, *r.Inline, wrong)
	case r.Person != 0:
		person, err := s.Facts.Person(ctx, r.Person)
		if err == nil && r.Vouched {
			return subject{person: person}, nil
		}
		return visible(p, "/person", person, err, wrong)
	case r.External != "":
		person, err := s.Facts.PersonByExternal(ctx, p.Source, r.External)
		return visible(p, "/externalPerson", person, err, wrong)
	}
	return subject{}, nil
}

// seen says that a person holds a contact in a division that does not know it yet.
func seen(person customer.Person, division string) []customer.Sighting {
	if person.ID == 0 || person.Division == division || slices.Contains(person.Also, division) {
		return nil
	}
	return []customer.Sighting{{Person: person.ID, Division: division}}
}

// visible hides persons the principal may not see: they are as if they were not there.
func visible(p access.Principal, field string, person customer.Person, err error, wrong *violations) (subject, error) {
	if err != nil && !fault.Is(err, fault.NotFound) {
		return subject{}, err
	}
	if err != nil || !person.SeenBy(p) {
		wrong.add(field, "names no person")
		return subject{}, nil //nolint:nilerr // a person who is not there is a wrong field
	}
	return subject{person: person}, nil
}

func (s *Service) inlineSubject(cfg *config.Snapshot, division string, in Inline, wrong *violations) (subject, error) {
	d, _ := cfg.Division(division)
	checkNames(wrong, in)
	person := customer.Person{
		Division: division, Language: in.Language, Names: []customer.Name{{Type: customer.Primary, Text: strings.Join(in.Name, "\n")}},
	}
	var zones []string
	if in.Zone != "" {
		if _, err := time.LoadLocation(in.Zone); err != nil || in.Zone == "Local" {
			wrong.add("/recipient/zone", "is not an IANA time zone")
		}
		zones = []string{in.Zone}
	}
	points, err := s.inlinePoints(d.Country, in, wrong)
	if err != nil {
		return subject{}, err
	}
	for i := range points {
		points[i].Zones = append(points[i].Zones, zones...)
	}
	person.Points = points
	body, err := json.Marshal(in)
	if err != nil {
		return subject{}, fault.Wrap(fault.Invalid, "writing the inline recipient", err)
	}
	return subject{person: person, inline: string(body)}, nil
}

func checkNames(wrong *violations, in Inline) {
	if len(in.Name) == 0 || len(in.Name) > maxNameLines {
		wrong.add("/recipient/name", "has one to three lines")
	}
	for _, line := range in.Name {
		if strings.TrimSpace(line) == "" || len([]rune(line)) > maxNameLine || strings.ContainsAny(line, "\r\n") {
			wrong.add("/recipient/name", "has lines of 1 to 64 characters")
			return
		}
	}
}

// inlinePoints checks every address of an inline recipient, whichever step will use it.
func (s *Service) inlinePoints(country string, in Inline, wrong *violations) ([]customer.Point, error) {
	var points []customer.Point
	add := func(field string, kind customer.PointKind, address customer.Address, zones []string, err error, caps ...customer.Capability) error {
		if err != nil {
			return wrong.take(field, err)
		}
		points = append(points, customer.Point{Kind: kind, Value: address, Capabilities: caps, Zones: zones})
		return nil
	}
	if in.Phone != "" {
		caps := []customer.Capability{customer.CanSMS, customer.CanVoice}
		address, zones, err := s.Channels[message.SMS].Address(in.Phone, country)
		if err != nil { // it may take calls all the same
			caps = caps[1:]
			address, zones, err = s.Channels[message.Voice].Address(in.Phone, country)
		}
		if err := add("/recipient/phone", customer.Phone, address, zones, err, caps...); err != nil {
			return nil, err
		}
	}
	if in.Email != "" {
		address, zones, err := s.Channels[message.Email].Address(in.Email, country)
		if err := add("/recipient/email", customer.Email, address, zones, err, customer.CanEmail); err != nil {
			return nil, err
		}
	}
	if in.Postal != nil {
		*wrong = append(*wrong, in.Postal.Violations("/recipient/postal")...)
		points = append(points, customer.Point{Kind: customer.Post, Value: in.Postal.Address(), Capabilities: []customer.Capability{customer.CanPost}})
	}
	return points, nil
}

// newContact is the contact of a request, still without its number.
func newContact(now time.Time, p access.Principal, cfg *config.Snapshot, r Request, who subject) (contact.Contact, error) {
	data := r.Data
	if data == nil {
		data = map[string]any{}
	}
	body, err := json.Marshal(data)
	if err != nil {
		return contact.Contact{}, fault.Refuse(fault.Violation{Field: "/data", Reason: "is not a JSON object"})
	}
	return contact.Contact{
		Source: p.Source, Division: r.Division, Reference: r.Reference, Class: r.Class, Type: r.Type,
		Person: who.person.ID, Premise: r.Premise, Data: string(body), Inline: who.inline, ExpiresAt: r.ExpiresAt,
		Config: cfg.Version, AcceptedAt: now, By: p.Name,
	}, nil
}
