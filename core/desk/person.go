package desk

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"carillon/core/access"
	"carillon/core/consent"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

// LoadPerson takes a person from a CIS: an upsert by (source, external id) with the sender's version. Points are
// given raw and canonicalised here. Errors: Invalid naming every wrong field, Conflict when a newer version is here.
func (s *Service) LoadPerson(ctx context.Context, now time.Time, p access.Principal, in customer.Person) (customer.Person, error) {
	if !p.Has(access.CIS, access.CSR, access.Supervisor, access.Admin) {
		return customer.Person{}, fault.New(fault.Forbidden, "this key may not load persons")
	}
	if !p.InDivision(in.Division) {
		return customer.Person{}, fault.New(fault.Forbidden, "this key has no right in that division")
	}
	in.Source, in.UpdatedAt = p.Source, now
	points, wrong := s.points(in)
	wrong = append(wrong, s.words(in)...)
	if len(wrong) > 0 {
		return customer.Person{}, fault.Refuse(wrong...)
	}
	in.Points = points
	in, err := s.onto(ctx, p, in)
	if err != nil {
		return customer.Person{}, err
	}
	if in, err = s.number(ctx, in); err != nil {
		return customer.Person{}, err
	}
	verdicts, err := s.Store.Apply(ctx, store.Writes{
		Persons: []customer.Person{in},
		Entries: []ledger.Entry{{At: now, Kind: ledger.PersonLoaded, Source: in.Source, Division: in.Division, Person: in.ID, Account: in.Account, By: p.Name}},
	})
	if err != nil {
		return customer.Person{}, err
	}
	if verdicts[0].Outcome != store.Applied {
		return customer.Person{}, fault.New(fault.Conflict, "a newer version of this person is here")
	}
	return s.Facts.PersonByExternal(ctx, in.Source, in.ExternalID)
}

// onto puts a load onto what is known of the person.
func (s *Service) onto(ctx context.Context, p access.Principal, load customer.Person) (customer.Person, error) {
	known, err := s.Facts.PersonByExternal(ctx, load.Source, load.ExternalID)
	switch {
	case err == nil && known.Division != load.Division && !p.InDivision(known.Division):
		return load, hidden()
	case err != nil && !fault.Is(err, fault.NotFound):
		return load, err
	}
	return known.Loaded(load)
}

// number gives a new person and its points their numbers; the store keeps the numbers of points it knows.
func (s *Service) number(ctx context.Context, in customer.Person) (customer.Person, error) {
	var err error
	if in.ID == 0 {
		if in.ID, err = s.IDs.Person(ctx); err != nil {
			return in, err
		}
	}
	for i := range in.Points {
		in.Points[i].Person = in.ID
		if in.Points[i].ID != 0 {
			continue
		}
		if in.Points[i].ID, err = s.IDs.Point(ctx); err != nil {
			return in, err
		}
	}
	return in, nil
}

func (s *Service) words(in customer.Person) []fault.Violation {
	var wrong []fault.Violation
	add := func(field, reason string) { wrong = append(wrong, fault.Violation{Field: field, Reason: reason}) }
	if _, known := s.Configs.Current().Division(in.Division); !known {
		add("/division", "is not configured")
	}
	if in.ExternalID == "" || len(in.ExternalID) > 100 {
		add("/externalId", "has 1 to 100 characters")
	}
	if in.Version < 1 {
		add("/version", "is at least 1")
	}
	primaries := 0
	for i, n := range in.Names {
		if n.Type == customer.Primary {
			primaries++
		}
		if strings.TrimSpace(n.Text) == "" {
			add("/names/"+strconv.Itoa(i)+"/text", "is required")
		}
	}
	if primaries != 1 {
		add("/names", "has exactly one primary name")
	}
	return wrong
}

// points canonicalises what was given raw.
func (s *Service) points(in customer.Person) ([]customer.Point, []fault.Violation) {
	division, _ := s.Configs.Current().Division(in.Division)
	var wrong []fault.Violation
	out := make([]customer.Point, 0, len(in.Points))
	for i, pt := range in.Points {
		at := "/points/" + strconv.Itoa(i)
		channel, caps := medium(pt.Kind)
		if channel == "" {
			wrong = append(wrong, fault.Violation{Field: at + "/kind", Reason: "is phone, email or post"})
			continue
		}
		address, zones, err := s.Channels[channel].Address(pt.Value.Reveal(), division.Country)
		if err != nil {
			wrong = append(wrong, fault.Violation{Field: at + "/value", Reason: textOf(err)})
			continue
		}
		pt.Value, pt.Origin = address, customer.FromCIS
		pt.Zones = append(slices.Clone(pt.Zones), zones...)
		if len(pt.Capabilities) == 0 {
			pt.Capabilities = caps
		}
		if bad := foreign(pt.Capabilities, pt.Kind); bad {
			wrong = append(wrong, fault.Violation{Field: at + "/capabilities", Reason: "does not fit the kind of contact point"})
		}
		for _, z := range pt.Zones {
			if _, err := time.LoadLocation(z); err != nil || z == "" || z == "Local" {
				wrong = append(wrong, fault.Violation{Field: at + "/zones", Reason: "has a name that is no IANA time zone"})
			}
		}
		out = append(out, pt)
	}
	return out, wrong
}

func medium(k customer.PointKind) (message.Channel, []customer.Capability) {
	switch k {
	case customer.Phone:
		return message.Voice, []customer.Capability{customer.CanSMS, customer.CanVoice}
	case customer.Email:
		return message.Email, []customer.Capability{customer.CanEmail}
	case customer.Post:
		return message.Letter, []customer.Capability{customer.CanPost}
	}
	return "", nil
}

func foreign(caps []customer.Capability, k customer.PointKind) bool {
	_, fits := medium(k)
	return slices.ContainsFunc(caps, func(c customer.Capability) bool { return !slices.Contains(fits, c) })
}

func textOf(err error) string {
	if f, ok := err.(*fault.Error); ok && f.Text != "" { //nolint:errorlint // a channel returns its own fault unwrapped
		return f.Text
	}
	return "is not valid"
}

// Person reads a person by the id its source knows it by; NotFound when the principal may not see it.
func (s *Service) Person(ctx context.Context, p access.Principal, source, externalID string) (customer.Person, error) {
	if source == "" {
		source = p.Source
	}
	person, err := s.Facts.PersonByExternal(ctx, source, externalID)
	if err != nil {
		return customer.Person{}, hide(err)
	}
	if !person.SeenBy(p) {
		return customer.Person{}, hidden()
	}
	return person, nil
}

// Suppress puts an address on the suppression list of a channel, for the division or, for a principal of every
// division, for all.
func (s *Service) Suppress(ctx context.Context, now time.Time, p access.Principal, in consent.Suppression) error {
	in, err := s.suppression(p, in)
	if err != nil {
		return err
	}
	in.Since, in.Origin = now, p.Name
	return s.apply(ctx, store.Writes{
		Suppressions: []consent.Suppression{in},
		Entries: []ledger.Entry{{
			At: now, Kind: ledger.SuppressionPut, Source: p.Source, Division: in.Division, Channel: in.Channel, Reason: in.Reason, By: p.Name,
		}},
	})
}

// Lift takes an address off the list, for the reason it was put there for. What the recipient's own STOP put, only the
// recipient's START lifts.
func (s *Service) Lift(ctx context.Context, now time.Time, p access.Principal, in consent.Suppression) error {
	in, err := s.suppression(p, in)
	if err != nil {
		return err
	}
	if in.Reason == consent.StopReceived {
		return fault.Refuse(fault.Violation{Field: "/reason", Reason: "only the recipient's own START lifts a STOP"})
	}
	return s.apply(ctx, store.Writes{
		Lifted: []consent.Suppression{in},
		Entries: []ledger.Entry{{
			At: now, Kind: ledger.SuppressionLifted, Source: p.Source, Division: in.Division, Channel: in.Channel, Reason: in.Reason, By: p.Name,
		}},
	})
}

// Suppressions lists those of an address that the principal may see.
func (s *Service) Suppressions(ctx context.Context, p access.Principal, c message.Channel, address string) ([]consent.Suppression, error) {
	in, err := s.suppression(p, consent.Suppression{Channel: c, Address: customer.Address(address), Division: firstDivision(p)})
	if err != nil {
		return nil, err
	}
	all, err := s.Gate.Suppressions(ctx, in.Channel, in.Address)
	return slices.DeleteFunc(all, func(x consent.Suppression) bool { return x.Division != "" && !p.InDivision(x.Division) }), err
}

func firstDivision(p access.Principal) string {
	if len(p.Divisions) == 0 || p.Divisions[0] == access.AllDivisions {
		return ""
	}
	return p.Divisions[0]
}

// suppression checks who asks for what and canonicalises the address.
func (s *Service) suppression(p access.Principal, in consent.Suppression) (consent.Suppression, error) {
	if !p.Has(access.CIS, access.CSR, access.Supervisor, access.Admin) {
		return in, fault.New(fault.Forbidden, "this key may not use the suppression list")
	}
	if in.Division == "" && !slices.Contains(p.Divisions, access.AllDivisions) {
		return in, fault.Refuse(fault.Violation{Field: "/division", Reason: "is required for a key of some divisions"})
	}
	if in.Division != "" && !p.InDivision(in.Division) {
		return in, fault.New(fault.Forbidden, "this key has no right in that division")
	}
	if in.Reason == "" {
		in.Reason = "listed"
	}
	if !isWord(in.Reason) {
		return in, fault.Refuse(fault.Violation{Field: "/reason", Reason: "is one word of small letters, digits and _"})
	}
	ch, known := s.Channels[in.Channel]
	if !known {
		return in, fault.Refuse(fault.Violation{Field: "/channel", Reason: "is letter, sms, email or voice"})
	}
	division, _ := s.Configs.Current().Division(in.Division)
	address, _, err := ch.Address(in.Address.Reveal(), division.Country)
	if err != nil {
		return in, fault.Refuse(fault.Violation{Field: "/address", Reason: textOf(err)})
	}
	in.Address = address
	return in, nil
}

func (s *Service) apply(ctx context.Context, w store.Writes) error {
	verdicts, err := s.Store.Apply(ctx, w)
	if err != nil {
		return err
	}
	if verdicts[0].Outcome != store.Applied {
		return fault.New(fault.Conflict, "lost a race for "+verdicts[0].What)
	}
	return nil
}
