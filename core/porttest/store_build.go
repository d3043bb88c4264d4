package porttest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"carillon/core/access"
	"carillon/core/agreement"
	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/todo"
)

// Noon is the moment around which the suites' rows lie. No store may decide by a clock of its own.
func Noon() time.Time { return time.Date(2026, time.March, 2, 12, 0, 0, 123_456_000, time.UTC) }

// NewRand returns numbers that are the same in every run, so that a failure can be seen again.
func NewRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x0ca2_1110)) }

// Bytes fills an array-sized slice with random bytes.
func randomBytes(r *rand.Rand, to []byte) {
	for i := range to {
		to[i] = byte(r.Uint32())
	}
}

// word is a random lower-case word that starts as told.
func word(r *rand.Rand, start string) string {
	return fmt.Sprintf("%s-%010x", start, r.Uint64()&0xff_ffff_ffff)
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func some[T any](r *rand.Rand, from ...T) []T {
	n := 1 + r.IntN(len(from))
	picked := make([]T, 0, n)
	for _, i := range r.Perm(len(from))[:n] {
		picked = append(picked, from[i])
	}
	return picked
}

// NewMessageID draws a message identifier of the time.
func NewMessageID(r *rand.Rand, at time.Time) message.ID {
	var random [10]byte
	randomBytes(r, random[:])
	return message.NewID(at, random)
}

// NewHash draws the hash of a request or a key.
func NewHash(r *rand.Rand) (hash [32]byte) {
	randomBytes(r, hash[:])
	return hash
}

// NewContactID draws a ten-digit contact number, of those that a store has room for from its first day.
func NewContactID(r *rand.Rand) contact.ID {
	return contact.ID(1_000_000_001 + r.Int64N(20_000_000))
}

// NewAddress draws an address of the kind.
func NewAddress(r *rand.Rand, kind customer.PointKind) customer.Address {
	switch kind {
	case customer.Phone:
		return customer.Address(fmt.Sprintf("+1212%07d", r.IntN(10_000_000)))
	case customer.Email:
		return customer.Address(word(r, "anyone") + "@example.com")
	default:
		return customer.Postal{
			Line1: fmt.Sprintf("%d O'Connell \"Street\"", r.IntN(1_000_000)), City: "Dún Laoghaire", Country: "IRL",
		}.Address()
	}
}

// KindOn is the kind of contact point a channel reaches.
func KindOn(c message.Channel) customer.PointKind {
	switch c {
	case message.SMS, message.Voice:
		return customer.Phone
	case message.Email:
		return customer.Email
	default:
		return customer.Post
	}
}

// NewPoint draws a contact point. Its number is random; its person is the caller's to set.
func NewPoint(r *rand.Rand, kind customer.PointKind) customer.Point {
	p := customer.Point{
		ID: customer.PointID(1_000_000_001 + r.Int64N(8_000_000_000)), Kind: kind, Value: NewAddress(r, kind),
		Preferred: r.IntN(2) == 0, Origin: pick(r, customer.FromCIS, customer.FromCarillon),
		Zones: some(r, "America/New_York", "America/Chicago", "Europe/Dublin"),
	}
	switch kind {
	case customer.Phone:
		p.Type, p.Extension = pick(r, "", "HOME"), pick(r, "", "204")
		p.Capabilities = some(r, customer.CanSMS, customer.CanVoice)
	case customer.Email:
		p.Capabilities = []customer.Capability{customer.CanEmail}
	case customer.Post:
		p.Capabilities = []customer.Capability{customer.CanPost}
	}
	return p
}

// NewPerson draws a person with a contact point of each kind.
func NewPerson(r *rand.Rand) customer.Person {
	p := customer.Person{
		ID: customer.PersonID(1_000_000_001 + r.Int64N(8_000_000_000)), Source: "cis", ExternalID: word(r, "per"),
		Division: pick(r, "north", "south"), Version: 1 + r.Int64N(1000),
		Names: []customer.Name{
			{Type: customer.Primary, Text: "Zoë O'Neil " + word(r, "name")}, {Type: customer.DBA, Text: word(r, "shop")},
		},
		Language: pick(r, "en-US", "es", "ga-IE"), Account: word(r, "acct"), UpdatedAt: Noon(),
		Revision: 1, Kind: pick(r, customer.Human, customer.Business),
		Identifiers: []customer.Identifier{
			{Type: "SSN", Value: customer.IdentifierValue(word(r, "ssn")), Primary: true, Unique: true},
			{Type: "PASSPORT", Value: customer.IdentifierValue(word(r, "pass"))},
		},
		Mailing: customer.Mailing{Names: []string{"c/o " + word(r, "name")}, Address: newPostal(r)},
		Seasons: []customer.Season{{Address: *newPostal(r), From: "11-01", Until: "03-31"}}, Silent: r.IntN(2) == 0,
		Characteristics: []plugin.Characteristic{{Type: "VIP", Value: word(r, "v")}},
		Owned:           some(r, customer.OfNames, customer.OfSeasons),
	}
	for _, kind := range []customer.PointKind{customer.Phone, customer.Email, customer.Post} {
		point := NewPoint(r, kind)
		point.Person = p.ID
		p.Points = append(p.Points, point)
	}
	return p
}

func newPostal(r *rand.Rand) *customer.Postal {
	return &customer.Postal{
		Line1: fmt.Sprintf("%d Séan %s Street", r.IntN(10_000), word(r, "road")), City: "Galway", State: "G", Postal: "H91 E2R4", Country: "IRL",
		Number1: "12", County: "Galway", GeoCode: "53.27", InCityLimit: "Y",
	}
}

// NewAccount draws an account that the persons are on, the first of them its main customer.
func NewAccount(r *rand.Rand, persons ...customer.Person) customer.Account {
	a := customer.Account{
		ID: customer.AccountID(1_000_000_001 + r.Int64N(8_000_000_000)), Source: "cis", ExternalID: word(r, "acct"),
		Division: pick(r, "north", "south"), Version: 1 + r.Int64N(1000), Revision: 1, Class: "RES", CollectionClass: "STD",
		ManagementGroup: "KEY", Currency: "EUR", BillCycle: "M01", ProtectCycle: r.IntN(2) == 0, Premise: word(r, "prem"),
		Comments: "Dogs: \"Rex\" — " + word(r, "c"), Alerts: []customer.UserAlert{{Type: "LIFE", From: "2026-01-01", Until: "2026-12-31"}},
		Characteristics: []plugin.Characteristic{{Type: "TIER", Value: word(r, "t")}}, Owned: some(r, customer.OfAlerts, customer.OfBilling),
		UpdatedAt: Noon(),
	}
	for i, p := range persons {
		on := customer.AccountPerson{
			Person: p.ID, Main: i == 0, Responsible: r.IntN(2) == 0, Relationship: "SPOUSE", ReceivesBill: i == 0, Copies: 1 + i,
			AddressSource: customer.FromOverride, Override: newPostal(r), ReceivesNotice: true,
		}
		a.Persons = append(a.Persons, on)
	}
	return a
}

// NewPremise draws a premise.
func NewPremise(r *rand.Rand) customer.Premise {
	return customer.Premise{
		ID: customer.PremiseID(1_000_000_001 + r.Int64N(8_000_000_000)), Source: "cis", ExternalID: word(r, "prem"),
		Division: pick(r, "north", "south"), Version: 1 + r.Int64N(1000), Revision: 1, Type: "SFD", Address: *newPostal(r),
		Zone: "Europe/Dublin", PostalArea: "H91", Geography: []customer.Geographic{{Type: "GRID", Value: word(r, "g")}},
		Owned: some(r, customer.OfAddress, customer.OfDetails), UpdatedAt: Noon(),
	}
}

// NewAgreement draws a service agreement of the account.
func NewAgreement(r *rand.Rand, account customer.AccountID) agreement.Agreement {
	return agreement.Agreement{
		ID: agreement.ID(1_000_000_001 + r.Int64N(8_000_000_000)), Source: "cis", ExternalID: word(r, "sa"), Division: pick(r, "north", "south"),
		Version: 1 + r.Int64N(1000), Account: account, Type: "DEPOSIT", Premise: word(r, "prem"), Status: pick(r, agreement.Statuses()...),
		Start: "2026-01-15", End: "2026-12-31", DepositClass: "RES", Current: "-12.50", Payoff: "0.00", Currency: "EUR", UpdatedAt: Noon(),
	}
}

// NewContact draws a contact.
func NewContact(r *rand.Rand, at time.Time) contact.Contact {
	return contact.Contact{
		ID: NewContactID(r), Source: "cis", Division: pick(r, "north", "south"), Reference: word(r, "ref"),
		Class: "OUTAGE", Type: word(r, "TYPE"), Person: customer.PersonID(r.Int64N(9_999_999_999)), Account: word(r, "acct"),
		Premise: word(r, "prem"), Data: `{"amount":"12.50","name":"Zoë"}`, Config: 1 + r.Int64N(9), AcceptedAt: at,
		Inline: `{"name":["Zoë"]}`, ExpiresAt: at.Add(72 * time.Hour), By: "cis-north",
	}
}

// NewMessage draws a message that a reply or a plan could have brought about; every field says something.
func NewMessage(r *rand.Rand, at time.Time) message.Message {
	channel := pick(r, message.Channels()...)
	urgency := pick(r, message.Urgencies()...)
	route := int16(1 + r.IntN(4))
	content, err := json.Marshal(message.Content{
		Parts: map[string]string{"text": "Power is back — thanks, \"Zoë\" 🏠 " + word(r, "w")}, Data: map[string]any{"n": 1},
	})
	if err != nil {
		panic("porttest: content does not marshal")
	}
	return message.Message{
		ID: NewMessageID(r, at), AcceptedAt: at, Source: "cis", Division: pick(r, "north", "south"),
		Origin:  message.Origin{Kind: message.FromStep, Contact: NewContactID(r), Step: 1, Steps: int16(1 + r.IntN(3))},
		Channel: channel, Urgency: urgency, Route: fmt.Sprintf("route-%d", route), Lane: message.NewLane(route, urgency),
		Recipient: customer.Recipient{
			Name: "Zoë O'Neil\nc/o " + word(r, "name"), Language: pick(r, "en-US", "es"),
			Address: NewAddress(r, KindOn(channel)), Zones: some(r, "America/New_York", "Europe/Dublin"),
		},
		Account: word(r, "acct"), Reference: word(r, "ref"), Template: word(r, "T"), Config: 1 + r.Int64N(9),
		Content: string(content), ExpiresAt: at.Add(72 * time.Hour), Receipt: time.Duration(1+r.IntN(72)) * time.Hour,
		Hold: time.Duration(1+r.IntN(72)) * time.Minute, Doubt: pick(r, message.Hold, message.Repeat, message.ToDo), Marketing: r.IntN(2) == 0,
	}
}

// DueOf is the due row of a message that was just accepted.
func DueOf(m message.Message) message.Due {
	return message.Due{
		Lane: m.Lane, At: m.AcceptedAt, Message: m.ID, FirstAt: m.AcceptedAt, Reason: message.WaitNew,
		Priority: int16(m.Urgency),
	}
}

// Given says what an acceptance must have; what is zero is drawn at random.
type Given struct {
	At      time.Time // Noon when zero
	Channel message.Channel
	Lane    *message.Lane // with its urgency
	Steps   int16         // of the plan
}

// message draws the message of an acceptance.
func (g Given) message(r *rand.Rand) message.Message {
	if g.At.IsZero() {
		g.At = Noon()
	}
	m := NewMessage(r, g.At)
	if g.Channel != "" {
		m.Channel, m.Recipient.Address = g.Channel, NewAddress(r, KindOn(g.Channel))
	}
	if g.Lane != nil {
		m.Lane, m.Urgency, m.Route = *g.Lane, g.Lane.Urgency(), fmt.Sprintf("route-%d", g.Lane.Route())
	}
	if g.Steps > 0 {
		m.Origin.Steps = g.Steps
	}
	return m
}

// NewAcceptance draws the write set of an accepted contact: keys, contact, plan, its first step, the message with
// its due row and expiry, counters and ledger entries, as one verb writes them.
func NewAcceptance(r *rand.Rand, g Given) store.Writes {
	m := g.message(r)
	c := NewContact(r, m.AcceptedAt)
	c.Source, c.Division, c.Reference, c.Account, c.Config = m.Source, m.Division, m.Reference, m.Account, m.Config
	m.Origin.Contact = c.ID
	hash := NewHash(r)
	key := store.IntakeKey{
		Kind: store.IdempotencyKey, Source: c.Source, Division: c.Division, Key: word(r, "key"), Hash: hash, Contact: c.ID, At: c.AcceptedAt,
	}
	reference := key
	reference.Kind, reference.Key = store.SourceReference, c.Reference
	return store.Writes{
		Intake: &store.IntakeWrites{Keys: []store.IntakeKey{key, reference}}, Contact: &store.ContactWrites{Contacts: []contact.Contact{c},
			Plans: []plan.Plan{{Contact: c.ID, Steps: m.Origin.Steps}},
			Steps: []plan.Step{{Contact: c.ID, Number: 1, Message: m.ID, StartedAt: c.AcceptedAt, Why: "accepted"}}},
		Message: &store.MessageWrites{Messages: []message.Message{m},
			Dues:      []message.Due{DueOf(m)},
			Deadlines: []message.Deadline{{At: m.ExpiresAt, Message: m.ID, Kind: message.Expiry}},
			Counts:    message.Arrival(m, message.Pending)},
		Ledger: &store.LedgerWrites{Entries: []ledger.Entry{
			{At: c.AcceptedAt, Kind: ledger.ContactAccepted, Source: c.Source, Division: c.Division, Contact: c.ID, Reference: c.Reference},
			{At: c.AcceptedAt, Kind: ledger.MessageTried, Source: c.Source, Division: c.Division, Contact: c.ID, Message: m.ID, Channel: m.Channel},
		}},
	}
}

// MoveWrites is the write set of one move of a message's life, as a verb builds it: due is the message's due row
// before the move, nil when it has none.
func MoveWrites(m message.Message, due *message.Due, mv message.Move) store.Writes {
	w := store.Writes{Message: &store.MessageWrites{Counts: mv.Deltas(m)}}
	if mv.Evidence != nil {
		e := *mv.Evidence
		e.Message = m.ID
		store.In(&w.Message).Evidence = []message.Evidence{e}
	}
	if mv.Moved() {
		store.In(&w.Ledger).Entries = []ledger.Entry{{
			At: m.AcceptedAt, Kind: ledger.MessageMoved, Source: m.Source, Division: m.Division,
			Contact: m.Origin.Contact, Message: m.ID, Channel: m.Channel, Place: mv.To.Place,
		}}
	}
	if dead, is := m.Dead(mv); is {
		store.In(&w.Message).Dead = []message.DeadLetter{dead}
	} else if mv.Moved() && mv.From.Place.Dead() {
		store.In(&w.Message).Undead = []message.ID{m.ID}
	}
	store.In(&w.ToDo).ToDos, store.In(&w.ToDo).Done = todo.Follow(m, mv)
	switch {
	case mv.Evidence != nil && mv.Evidence.Kind == message.Replayed:
		store.In(&w.Message).Dues = []message.Due{m.Anew(mv, time.Time{})}
		store.In(&w.Message).Undeadlines = []message.ID{m.ID}
	case mv.From.Work == message.Claimed && mv.To.Work == message.Queued:
		store.In(&w.Message).Requeues = []store.Requeue{{
			Fence: message.FenceOf(*due), At: mv.Again, Reason: mv.Reason, Attempt: mv.To.Attempts, Seq: mv.To.Seq,
		}}
	case mv.From.Work == message.Claimed && mv.To.Work != message.Claimed:
		store.In(&w.Message).Settles = []store.Settle{{Fence: message.FenceOf(*due)}}
		store.In(&w.Message).Undeadlines = []message.ID{m.ID}
	case mv.From.Work == message.Queued && mv.To.Work != message.Queued:
		store.In(&w.Message).Undues = []store.Undue{{Message: m.ID}}
		store.In(&w.Message).Undeadlines = []message.ID{m.ID}
	}
	return w
}

// NewRetry is the write set of a message that replaces another of its step: a copy to another address.
func NewRetry(r *rand.Rand, former message.Message, number int16, at time.Time) store.Writes {
	m := former
	m.ID, m.AcceptedAt = NewMessageID(r, at), at
	m.Recipient.Address, m.Recipient.Point = NewAddress(r, KindOn(m.Channel)), 0
	due := DueOf(m)
	return store.Writes{
		Message: &store.MessageWrites{Messages: []message.Message{m}, Dues: []message.Due{due}, Counts: message.Arrival(m, message.Pending),
			Undead: []message.ID{former.ID}},
		Contact: &store.ContactWrites{Retries: []plan.Retry{{
			Contact: m.Origin.Contact, Step: m.Origin.Step, Number: number, Message: m.ID, Former: former.ID, At: at, By: "clerk",
		}}},
	}
}

// NewReport draws a report that carries the provider's reference.
func NewReport(r *rand.Rand) message.Report {
	return message.Report{
		Provider: "sns", Key: word(r, "report"), Ref: word(r, "provider"), At: Noon(), Says: message.SaysFailed,
		Reason: "bounced", Code: "5.1.1", Undeliverable: true, Suppress: "complaint", From: NewAddress(r, customer.Phone),
		To: "+12125550100", Word: "STOP",
	}
}

// NewSuppression draws a suppression of a division.
func NewSuppression(r *rand.Rand) consent.Suppression {
	return consent.Suppression{
		Channel: message.SMS, Address: NewAddress(r, customer.Phone), Division: "north", Reason: "stop_received",
		Origin: "sns", Since: Noon(),
	}
}

// NewPrincipal draws a principal and the hash of its key.
func NewPrincipal(r *rand.Rand) access.Principal {
	return access.Principal{
		Hash: NewHash(r), Name: word(r, "clerk"), Source: "desk", Divisions: []string{"north", "south"},
		Roles: []access.Role{access.CSR, access.Supervisor}, CreatedAt: Noon(),
	}
}

// NewEntry draws a ledger entry.
func NewEntry(r *rand.Rand) ledger.Entry {
	return ledger.Entry{
		At: Noon(), Kind: ledger.ContactAccepted, Source: "cis", Division: pick(r, "north", "south"),
		Contact: NewContactID(r), Reference: word(r, "ref"), By: "cis-north",
	}
}

// NewConfig draws a configuration of the version. The store does not read the bodies.
func NewConfig(r *rand.Rand, version int64) store.ConfigWrite {
	w := store.ConfigWrite{Version: version, At: Noon(), By: "admin"}
	for _, kind := range []string{config.KindTemplate, config.KindDivision, config.KindRoute, config.KindType} {
		for range 1 + r.IntN(3) {
			w.Rows = append(w.Rows, config.Row{Kind: kind, Code: word(r, "code"), Body: `{"zone":"Europe/Dublin","é":"` + word(r, "b") + `"}`})
		}
	}
	return w
}
