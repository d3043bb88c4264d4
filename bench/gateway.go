package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"carillon/adapters/driven/liquid"
	"carillon/adapters/driven/postgres"
	"carillon/adapters/kit/secret"
	"carillon/channels/email"
	"carillon/channels/letter"
	"carillon/channels/sms"
	"carillon/channels/voice"
	"carillon/core/accept"
	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/consent"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/store"
	"carillon/core/template"
)

// Gateway is the part of the product under measurement, wired as cmd/internal/gateway wires it, beside connections for raw
// statements to the same database.
type Gateway struct {
	options Options
	db      *Database
	store   *postgres.Store
	raw     *pgxpool.Pool
	configs fixed
	ids     *numbers
	accept  *accept.Service // its Store is set by each run
	persons []customer.PersonID
	drawn   int  // requests drawn so far: no two runs share keys
	vast    bool // its rows are too many to be counted after each run
}

// openGateway migrates the database and wires the gateway.
func openGateway(ctx context.Context, db *Database, o Options) (*Gateway, error) {
	snapshot, err := config.Compile(1, document(o.Slots))
	if err != nil {
		return nil, err
	}
	st, err := postgres.Open(ctx, postgres.Config{URL: secret.New(db.URL)})
	if err != nil {
		return nil, err
	}
	g := &Gateway{options: o, db: db, store: st, configs: fixed{snapshot}, ids: &numbers{from: st}}
	if g.raw, err = openPool(ctx, db.URL, o.Workers); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	g.accept = &accept.Service{
		Facts: st, Configs: g.configs, IDs: g.ids, Renderer: liquid.New(),
		Channels: map[message.Channel]accept.Channel{
			message.SMS: sms.Channel{}, message.Email: email.Channel{}, message.Voice: voice.Channel{}, message.Letter: letter.Channel{},
		},
	}
	return g, nil
}

// Close closes the connections.
func (g *Gateway) Close() error {
	g.raw.Close()
	return g.store.Close()
}

// fixed hands out one configuration.
type fixed struct{ s *config.Snapshot }

// Current is the configuration.
func (f fixed) Current() *config.Snapshot { return f.s }

// At is the configuration, whichever version is asked for.
func (f fixed) At(context.Context, int64) (*config.Snapshot, error) { return f.s, nil }

// numbers hands out identifiers as cmd/internal/identifiers does.
type numbers struct {
	from       store.Numbers
	mu         sync.Mutex
	next, last int64
}

// Contact is the next contact number.
func (n *numbers) Contact(ctx context.Context) (contact.ID, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.next > n.last || n.next == 0 {
		const size = 500
		first, err := n.from.Numbers(ctx, "contact", size)
		if err != nil {
			return 0, err
		}
		n.next, n.last = first, first+size-1
	}
	n.next++
	return contact.ID(n.next - 1), nil
}

// Message is a new time-ordered message id.
func (n *numbers) Message(now time.Time) message.ID {
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails (crypto/rand)
	return message.NewID(now, random)
}

func clock() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// document is the configuration: the shipped payment reminder, a text, then an email, then a letter. Its window is
// open all day, so that the gate computes it and the hour of the run does not matter.
func document(slots int) config.Document {
	const day = 24 * time.Hour
	return config.Document{
		Divisions: []config.Division{{
			Code: "NORTH", Zone: "America/New_York", Country: "US", Language: "en-US",
			Windows: map[message.Channel]consent.Window{message.SMS: {Opens: "00:00", Closes: "24:00"}},
			Routes:  map[message.Channel]string{message.Letter: "letters-north", message.SMS: "sms-north", message.Email: "email-north"},
		}},
		Routes: []config.Route{
			{Code: "letters-north", Number: 1, Channel: message.Letter, Provider: "kafka", Receipt: plan.Span(14 * day)},
			{
				Code: "sms-north", Number: 3, Channel: message.SMS, Provider: "sns", Slots: slots, Sender: map[string]string{"sender_id": "NORTHFIELD"},
				Receipt: plan.Span(73 * time.Hour), Expires: plan.Span(72 * time.Hour),
			},
			{Code: "email-north", Number: 5, Channel: message.Email, Provider: "ses", Sender: map[string]string{"from": "notices@northfield.example"}, Receipt: plan.Span(day)},
		},
		Classes: []contact.Class{{Code: "BILL", Description: "Bills and payments"}, {Code: "OUT", Description: "Outages"}},
		Types: []config.ContactType{{
			Type: contact.Type{Class: "BILL", Code: "PAYREMIND", Description: "Payment reminder", Person: contact.Required, Account: contact.Optional, Premise: contact.Optional},
			Plan: plan.PlanRule{Urgency: message.Service, Steps: []plan.StepRule{
				{Channel: message.SMS, Template: "SMS-PAY"}, {Channel: message.Email, Template: "EM-PAY"}, {Channel: message.Letter, Template: "LT-PAY"},
			}},
		}, {
			Type: contact.Type{Class: "BILL", Code: "TEXT", Description: "One text", Person: contact.Required, Account: contact.Optional, Premise: contact.Optional},
			Plan: plan.PlanRule{Urgency: message.Service, Steps: []plan.StepRule{{Channel: message.SMS, Template: "SMS-TEXT"}}},
		}, {
			Type: contact.Type{Class: "OUT", Code: "OUTAGE", Description: "One urgent text", Person: contact.Required, Account: contact.Optional, Premise: contact.Optional},
			Plan: plan.PlanRule{Urgency: message.Emergency, Doubt: message.Repeat, Steps: []plan.StepRule{{Channel: message.SMS, Template: "SMS-TEXT"}}},
		}},
		Templates: []template.Template{
			{Code: "SMS-PAY", Channel: "sms", Parts: map[string]string{"text": "{{ division }}: {{ amount }} is due on {{ due }}. Reply STOP to opt out."}},
			{Code: "SMS-TEXT", Channel: "sms", Parts: map[string]string{"text": "{{ division }}: {{ amount }} is due on {{ due }}. {{ invoice }} Reply STOP to opt out."}},
			{Code: "EM-PAY", Channel: "email", Parts: map[string]string{
				"subject": "Payment reminder", "text": "Dear {{ recipient.name }}, {{ amount }} is due on {{ due }}.",
			}},
			{Code: "LT-PAY", Channel: "letter", Parts: map[string]string{}, Required: []string{"amount", "due"}},
		},
	}
}

// lane is where the messages of the document wait.
func lane() message.Lane { return message.NewLane(3, message.Service) }

func principal() access.Principal {
	return access.Principal{Name: "cis", Source: "cis", Divisions: []string{access.AllDivisions}, Roles: []access.Role{access.CIS}}
}

// phone is one of four million numbers of New York.
func phone(n int) string {
	areas := [...]string{"212", "646", "718", "917"}
	return fmt.Sprintf("+1%s%07d", areas[n%len(areas)], 2_220_000+(n/len(areas))%700_000)
}

// requests draws requests that were never drawn before, with the recipient inline, or of loaded persons.
func (g *Gateway) requests(n int, loaded bool) []accept.Request {
	out := make([]accept.Request, n)
	for i := range out {
		k := g.drawn
		g.drawn++
		r := accept.Request{
			Key: fmt.Sprintf("bench-%012d", k), Reference: fmt.Sprintf("INV-%012d", k), Division: "NORTH", Class: "BILL", Type: "PAYREMIND",
			Account: fmt.Sprintf("%010d", 4_000_000_000+k%1_000_000),
			Data:    map[string]any{"amount": fmt.Sprintf("$%d.%02d", 20+k%300, k%100), "due": "December 15", "invoice": fmt.Sprintf("%012d", k)},
		}
		if loaded {
			r.Person = g.persons[k%len(g.persons)]
		} else {
			r.Inline = &accept.Inline{
				Name: []string{fmt.Sprintf("Ada Customer %d", k)}, Phone: phone(k), Email: fmt.Sprintf("ada.%d@customer.example", k),
				Postal: &customer.Postal{Line1: fmt.Sprintf("%d Main Street", 1+k%9000), City: "Northfield", State: "NY", Postal: "10001", Country: "US"},
			}
		}
		out[i] = r
	}
	return out
}

// prepared decides n requests beforehand.
func (g *Gateway) prepared(ctx context.Context, n int) ([]store.Writes, error) {
	sets := make([]store.Writes, n)
	for i, r := range g.requests(n, false) {
		ready, err := g.accept.Prepare(ctx, clock(), principal(), r)
		if err != nil {
			return nil, fmt.Errorf("preparing: %w", err)
		}
		sets[i] = ready.Writes
	}
	return sets, nil
}

// loadPersons loads persons with a phone, an email address and a postal address each.
func (g *Gateway) loadPersons(ctx context.Context, n int) error {
	first, err := g.store.Numbers(ctx, "person", n)
	if err != nil {
		return err
	}
	point, err := g.store.Numbers(ctx, "point", 3*n)
	if err != nil {
		return err
	}
	sets := make([]store.Writes, n)
	for i := range sets {
		id := customer.PersonID(first + int64(i))
		at := func(k int) customer.PointID { return customer.PointID(point + int64(3*i+k)) }
		postal := customer.Postal{Line1: "1 Main Street", City: "Northfield", State: "NY", Postal: "10001", Country: "US"}
		store.In(&sets[i].Customer).Persons = []customer.Person{{
			ID: id, Source: "cis", ExternalID: fmt.Sprintf("P-%d", i), Division: "NORTH", Version: 1, Revision: 1, Language: "en-US", UpdatedAt: clock(),
			Names: []customer.Name{{Type: customer.Primary, Text: fmt.Sprintf("Ada Customer %d", i)}},
			Points: []customer.Point{
				{ID: at(0), Person: id, Kind: customer.Phone, Value: customer.Address(phone(i)), Capabilities: []customer.Capability{customer.CanSMS, customer.CanVoice}, Zones: []string{"America/New_York"}, Origin: customer.FromCIS},
				{ID: at(1), Person: id, Kind: customer.Email, Value: customer.Address(fmt.Sprintf("ada.%d@customer.example", i)), Capabilities: []customer.Capability{customer.CanEmail}, Origin: customer.FromCIS},
				{ID: at(2), Person: id, Kind: customer.Post, Value: postal.Address(), Capabilities: []customer.Capability{customer.CanPost}, Origin: customer.FromCIS},
			},
		}}
		g.persons = append(g.persons, id)
	}
	for len(sets) > 0 {
		n := min(len(sets), 1000)
		if _, err := g.store.Apply(ctx, sets[:n]...); err != nil {
			return err
		}
		sets = sets[n:]
	}
	return Settle(ctx, g.raw)
}

// profiled runs work, under a CPU profile of the name when profiles are asked for.
func (g *Gateway) profiled(name string, work func() error) (err error) {
	if g.options.Profile == "" {
		return work()
	}
	f, err := os.Create(filepath.Join(g.options.Profile, name+".prof"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return work()
}
