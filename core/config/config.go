// Package config holds administration as data: divisions, routes, contact classes and types with their plans,
// and templates. A configuration is written whole, checked whole, and has a version; a message names the version
// it was accepted under, and what a version says never changes.
package config

import (
	"time"

	"carillon/core/consent"
	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/template"
)

// Division is a CIS division: a part of the utility with its own zone, hours and routes.
type Division struct {
	Code        string                             `json:"code"`
	Description string                             `json:"description,omitempty"`
	Zone        string                             `json:"zone"`              // IANA name; of the business date, and of recipients whose own zone is unknown
	Country     string                             `json:"country"`           // ISO 3166 two letters; default of phone numbers written nationally
	Language    string                             `json:"language"`          // default of recipients without one
	Windows     map[message.Channel]consent.Window `json:"windows,omitempty"` // when a channel may reach people; absent: always
	Routes      map[message.Channel]string         `json:"routes"`
	Replies     Replies                            `json:"replies"`
	Inactive    bool                               `json:"inactive,omitempty"` // it takes no new contacts
}

// Replies are the answers to what recipients write back.
type Replies struct {
	Stop string `json:"stop,omitempty"` // template of the one confirmation; empty: the provider answers
	Help string `json:"help,omitempty"`
}

// Route is channel + provider account + sender identity.
type Route struct {
	Code     string            `json:"code"`
	Number   int16             `json:"number"` // 1 … 8000; stands in lane numbers and is never given to another route
	Channel  message.Channel   `json:"channel"`
	Provider string            `json:"provider"`         // which adapter carries it: sns, ses, dialer, feed, kafka
	Sender   map[string]string `json:"sender,omitempty"` // the adapter's own words: sender_id, number, from, campaign, topic
	Slots    int               `json:"slots,omitempty"`  // calls at once, per lane and process
	// Pace is how many units per second the provider allows all gateways together: SMS parts, recipients, calls. 0: what
	// the provider's API says, or no limit.
	Pace float64 `json:"pace,omitempty"`
	// Daily is how many units are allowed in any 24 hours; 0: what the provider's API says, or no budget.
	Daily int64 `json:"daily,omitempty"`
	// Urgencies are the lanes' own words, where they differ.
	Urgencies map[message.Urgency]LaneRule `json:"lanes,omitempty"`
	Attempts  int16                        `json:"attempts,omitempty"` // calls before giving up
	First     plan.Span                    `json:"first,omitempty"`    // pause after the first failed call; doubles, with jitter
	Longest   plan.Span                    `json:"longest,omitempty"`  // longest such pause
	Receipt   plan.Span                    `json:"receipt,omitempty"`  // how long to wait for a report before unconfirmed; 0: none is expected
	Hold      plan.Span                    `json:"hold,omitempty"`     // how long what is in doubt waits for a report
	// Age is how long after it first came due a message whose calls fail is given up, by urgency; see defaultAge.
	Age     map[message.Urgency]plan.Span `json:"age,omitempty"`
	Expires plan.Span                     `json:"expires,omitempty"` // default age at which a message is no longer begun; 0: never
}

// LaneRule is what a lane has to itself.
type LaneRule struct {
	Slots int `json:"slots,omitempty"` // calls at once per process; 0: the route's
	// Share is the part of the pace, in percent, that is the lane's whatever the others want. What a lane does not use is
	// lent. 0: 50 for regulatory, 30 for service, 20 for bulk. Emergencies need none: they come first.
	Share int `json:"share,omitempty"`
}

// ContactType is a contact type with what it makes of itself.
type ContactType struct {
	contact.Type
	Plan plan.PlanRule `json:"plan"`
	// Send is what a type does that has no plan: a plan of this one step.
	Send      *plan.StepRule `json:"send,omitempty"`
	Marketing bool           `json:"marketing,omitempty"`
}

// planned gives a type without a plan its plan of one step.
func (t ContactType) planned() ContactType {
	if t.Action == contact.SendLetter && t.Send == nil && len(t.Plan.Steps) == 0 {
		t.Send = &plan.StepRule{Channel: message.Letter, Template: t.LetterTemplate}
	}
	if t.Send != nil && len(t.Plan.Steps) == 0 {
		t.Plan.Steps = []plan.StepRule{*t.Send}
	}
	return t
}

// Document is a whole configuration, as written.
type Document struct {
	Divisions []Division          `json:"divisions"`
	Routes    []Route             `json:"routes"`
	Classes   []contact.Class     `json:"classes"`
	Types     []ContactType       `json:"types"`
	Templates []template.Template `json:"templates"`
	Elements
}

func typeKey(class, code string) string { return class + "/" + code }

// Snapshot is a checked configuration of one version, ready to be looked things up in. It is immutable and safe
// for concurrent use.
type Snapshot struct {
	Version   int64
	doc       Document
	divisions map[string]Division
	zones     map[string]*time.Location
	routes    map[string]Route
	numbers   map[int16]Route
	types     map[string]ContactType
	templates map[string]template.Template
	elements
}

// Compile checks that a configuration can be run with, and indexes it. The fault names every wrong row.
func Compile(version int64, d Document) (*Snapshot, error) {
	if wrong := sound(d).wrong; len(wrong) > 0 {
		return nil, fault.Refuse(wrong...)
	}
	s := &Snapshot{
		Version: version, doc: d,
		divisions: make(map[string]Division), zones: make(map[string]*time.Location), routes: make(map[string]Route),
		numbers: make(map[int16]Route), types: make(map[string]ContactType), templates: make(map[string]template.Template),
	}
	for _, v := range d.Divisions {
		zone, err := time.LoadLocation(v.Zone)
		if err != nil {
			return nil, fault.Refuse(fault.Violation{Field: "/divisions/" + v.Code + "/zone", Reason: "is not an IANA time zone"})
		}
		s.divisions[v.Code], s.zones[v.Code] = v, zone
	}
	for _, v := range d.Routes {
		v = v.withDefaults()
		s.routes[v.Code], s.numbers[v.Number] = v, v
	}
	for _, v := range d.Types {
		s.types[typeKey(v.Class, v.Code)] = v.planned()
	}
	for _, v := range d.Templates {
		s.templates[v.Code] = v
	}
	s.elements = index(d.Elements)
	return s, nil
}

// Defaults of a route, chosen so that a small route works without a word about them.
const (
	defaultSlots    = 8
	defaultAttempts = 8
	defaultFirst    = 2 * time.Second
	defaultLongest  = 15 * time.Minute
	defaultHold     = 72 * time.Hour // SNS delivery logs lag up to 72 h
	// A dialer wants an expiry on every call (PutDialRequestBatch: expirationTime is required).
	defaultVoiceExpires = 24 * time.Hour
)

// defaultAge is how long a message is tried where its route says nothing: what is urgent is no use a day later, and a
// notice the law asks for is worth the longest patience.
func defaultAge(u message.Urgency) time.Duration {
	const day = 24 * time.Hour
	switch u {
	case message.Emergency:
		return day
	case message.Regulatory:
		return 10 * day
	case message.Service:
		return 7 * day
	default:
		return 3 * day
	}
}

// AgeOf is how long after it first came due a message of the urgency is given up when its calls fail.
func (r Route) AgeOf(u message.Urgency) time.Duration {
	if age := r.Age[u].Of(); age > 0 {
		return age
	}
	return defaultAge(u)
}

func (r Route) withDefaults() Route {
	if r.Slots == 0 {
		r.Slots = defaultSlots
	}
	if r.Attempts == 0 {
		r.Attempts = defaultAttempts
	}
	if r.First == 0 {
		r.First = plan.Span(defaultFirst)
	}
	if r.Longest == 0 {
		r.Longest = plan.Span(defaultLongest)
	}
	if r.Expires == 0 && r.Channel == message.Voice {
		r.Expires = plan.Span(defaultVoiceExpires)
	}
	if r.Hold == 0 {
		r.Hold = plan.Span(defaultHold)
	}
	return r
}

// Document is what the snapshot was compiled from.
func (s *Snapshot) Document() Document { return s.doc }

// Division looks a division up.
func (s *Snapshot) Division(code string) (Division, bool) { d, ok := s.divisions[code]; return d, ok }

// Zone is the division's time zone; UTC for a division that is not configured.
func (s *Snapshot) Zone(division string) *time.Location {
	if z, ok := s.zones[division]; ok {
		return z
	}
	return time.UTC
}

// Route looks a route up by its code.
func (s *Snapshot) Route(code string) (Route, bool) { r, ok := s.routes[code]; return r, ok }

// RouteOf is the route of a lane.
func (s *Snapshot) RouteOf(l message.Lane) (Route, bool) { r, ok := s.numbers[l.Route()]; return r, ok }

// Routes are all routes, in the order they were written.
func (s *Snapshot) Routes() []Route {
	routes := make([]Route, 0, len(s.doc.Routes))
	for _, r := range s.doc.Routes {
		routes = append(routes, s.routes[r.Code])
	}
	return routes
}

// Lanes are the lanes of a route, most urgent first.
func (r Route) Lanes() []message.Lane {
	lanes := make([]message.Lane, 0, len(message.Urgencies()))
	for _, u := range message.Urgencies() {
		lanes = append(lanes, message.NewLane(r.Number, u))
	}
	return lanes
}

// Type looks a contact type up.
func (s *Snapshot) Type(class, code string) (ContactType, bool) {
	t, ok := s.types[typeKey(class, code)]
	return t, ok
}

// Template looks a template up.
func (s *Snapshot) Template(code string) (template.Template, bool) {
	t, ok := s.templates[code]
	return t, ok
}

// Window is when the channel may reach people of the division.
func (s *Snapshot) Window(division string, c message.Channel) consent.Window {
	return s.divisions[division].Windows[c]
}
