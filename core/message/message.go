// Package message holds the outbound message: one thing to be delivered on one channel, with its life.
//
// A message is written once and never updated. What became of it is told by a narrow due row (while it waits or
// is being called) and by append-only evidence; [Life] folds the two into the work state and the outcome, and
// every lawful move is a method of Life that returns the next one or a fault.
package message

import (
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"strings"
	"time"

	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
)

// Channel is how a message travels.
type Channel string

// The channels.
const (
	Letter Channel = "letter"
	SMS    Channel = "sms"
	Email  Channel = "email"
	Voice  Channel = "voice"
)

// Channels lists every channel, in the order tables show them.
func Channels() []Channel { return []Channel{Letter, SMS, Email, Voice} }

// Needs is the capability a contact point must have for the channel.
func (c Channel) Needs() customer.Capability {
	switch c {
	case SMS:
		return customer.CanSMS
	case Voice:
		return customer.CanVoice
	case Email:
		return customer.CanEmail
	default:
		return customer.CanPost
	}
}

// Urgency orders lanes.
type Urgency uint8

// The urgencies, most urgent first. They are part of lane numbers and never renumbered.
const (
	Emergency Urgency = iota
	Regulatory
	Service
	Bulk
)

// Urgencies lists every urgency, most urgent first.
func Urgencies() []Urgency { return []Urgency{Emergency, Regulatory, Service, Bulk} }

// String is the urgency's word.
func (u Urgency) String() string {
	switch u {
	case Emergency:
		return "emergency"
	case Regulatory:
		return "regulatory"
	case Service:
		return "service"
	default:
		return "bulk"
	}
}

// ParseUrgency reads an urgency's word.
func ParseUrgency(s string) (Urgency, error) {
	for _, u := range Urgencies() {
		if u.String() == s {
			return u, nil
		}
	}
	return 0, fault.New(fault.Invalid, "an urgency is emergency, regulatory, service or bulk")
}

// ID is a message's time-ordered identifier (UUID version 7, RFC 9562). It is also the stable id under which
// receivers that dedupe know a letter or a call.
type ID [16]byte

// NewID makes an identifier from the time and ten random bytes.
func NewID(now time.Time, random [10]byte) ID {
	var id ID
	ms := uint64(now.UnixMilli())
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i)) //nolint:gosec // one byte of six is what is wanted
	}
	copy(id[6:], random[:])
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id
}

// String is the canonical text form.
func (id ID) String() string {
	var b [36]byte
	hex.Encode(b[0:8], id[0:4])
	b[8] = '-'
	hex.Encode(b[9:13], id[4:6])
	b[13] = '-'
	hex.Encode(b[14:18], id[6:8])
	b[18] = '-'
	hex.Encode(b[19:23], id[8:10])
	b[23] = '-'
	hex.Encode(b[24:36], id[10:16])
	return string(b[:])
}

// IsZero reports whether the identifier is none.
func (id ID) IsZero() bool { return id == ID{} }

// ParseID reads the canonical text form.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return ID{}, fault.New(fault.Invalid, "a message id is a UUID")
	}
	plain := s[0:8] + s[9:13] + s[14:18] + s[19:23] + s[24:36]
	if _, err := hex.Decode(id[:], []byte(plain)); err != nil {
		return ID{}, fault.New(fault.Invalid, "a message id is a UUID")
	}
	return id, nil
}

// Lane is route × urgency as one small number: 4 × route number + urgency.
type Lane int16

// NewLane numbers the lane of a route.
func NewLane(route int16, u Urgency) Lane { return Lane(route*4 + int16(u)) }

// Route is the number of the lane's route.
func (l Lane) Route() int16 { return int16(l) / 4 }

// Urgency is the lane's urgency.
func (l Lane) Urgency() Urgency { return Urgency(int16(l) % 4) } //nolint:gosec // 0..3

// OriginKind says what brought a message about.
type OriginKind uint8

// The origins.
const (
	FromStep  OriginKind = iota + 1 // a step of a contact's plan
	FromReply                       // the answer to a STOP or HELP
	FromToDo                        // an email that tells a user of a To Do
)

// Origin is what brought a message about.
type Origin struct {
	Kind    OriginKind
	Contact contact.ID // of a step
	Step    int16      // of a step: 1, 2, …
	Steps   int16      // of a step: how many the plan has
	ToDo    int64      // of a To Do: its number
}

// Of is what the origin names, as one number: a contact (ten digits), or a To Do (fourteen).
func (o Origin) Of() int64 {
	if o.Kind == FromToDo {
		return o.ToDo
	}
	return int64(o.Contact)
}

// Is takes what [Origin.Of] gave, for an origin of this kind.
func (o *Origin) Is(of int64) {
	if o.Kind == FromToDo {
		o.ToDo = of
		return
	}
	o.Contact = contact.ID(of)
}

// LastStep reports whether nothing follows when the message fails.
func (o Origin) LastStep() bool { return o.Kind != FromStep || o.Step >= o.Steps }

// DoubtPolicy says what becomes of a call that may have been made and whose answer is not known.
type DoubtPolicy uint8

// The policies.
const (
	Hold   DoubtPolicy = iota // wait for a report until the hold's deadline
	Repeat                    // call again: the sender accepts a double
	ToDo                      // open a To Do and wait for a report or a person, without a deadline
)

// Content is a filled template: what is said, part by part, and the data of a structured letter.
type Content struct {
	Parts map[string]string `json:"parts,omitempty"`
	Data  map[string]any    `json:"data,omitempty"`
}

// Message is one thing to be delivered. It is written once, in the transaction that accepts it.
type Message struct {
	ID         ID
	AcceptedAt time.Time // of the message row; its hour is the hour of conservation
	Source     string
	Division   string
	Origin     Origin
	Channel    Channel
	Urgency    Urgency
	Route      string
	Lane       Lane
	Recipient  customer.Recipient
	Account    string // orders letters; may be empty
	Reference  string // the contact's source reference; orders letters without account and person
	Template   string
	Config     int64     // configuration version that names template, plan and route settings
	Content    string    // Content as canonical JSON
	ExpiresAt  time.Time // zero: does not expire
	Receipt    time.Duration
	Hold       time.Duration
	Doubt      DoubtPolicy
	Marketing  bool // needs consent; everything else is service related
}

// LogValue is the message's id: neither what is said nor to whom is ever logged.
func (m Message) LogValue() slog.Value { return slog.StringValue(m.ID.String()) }

// OrderKey is what letters of one customer are ordered by: account, else person, else source reference, else
// the message itself.
func (m Message) OrderKey() string {
	switch {
	case m.Account != "":
		return "account:" + m.Account
	case m.Recipient.Person != 0:
		return "person:" + m.Recipient.Person.String()
	case m.Reference != "":
		return "reference:" + m.Source + ":" + m.Reference
	}
	return "message:" + m.ID.String()
}

// MarshalText writes the urgency's word.
func (u Urgency) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalText reads an urgency's word.
func (u *Urgency) UnmarshalText(text []byte) error {
	parsed, err := ParseUrgency(string(text))
	if err != nil {
		return err
	}
	*u = parsed
	return nil
}

// String is the policy's word.
func (p DoubtPolicy) String() string {
	switch p {
	case Repeat:
		return "repeat"
	case ToDo:
		return "todo"
	default:
		return "hold"
	}
}

// MarshalText writes the policy's word.
func (p DoubtPolicy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads a policy's word.
func (p *DoubtPolicy) UnmarshalText(text []byte) error {
	switch string(text) {
	case "hold", "":
		*p = Hold
	case "repeat":
		*p = Repeat
	case "todo":
		*p = ToDo
	default:
		return fault.New(fault.Invalid, "an in-doubt policy is hold, repeat or todo")
	}
	return nil
}

// Filled reads the message's content back. Numbers keep the form they were written in.
func (m Message) Filled() (Content, error) {
	var c Content
	d := json.NewDecoder(strings.NewReader(m.Content))
	d.UseNumber()
	if err := d.Decode(&c); err != nil {
		return Content{}, fault.Wrap(fault.Unknown, "reading the content of message "+m.ID.String(), err)
	}
	return c, nil
}

// Canonical is the content as it is stored.
func (c Content) Canonical() (string, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return "", fault.Wrap(fault.Invalid, "writing the content of a message", err)
	}
	return string(b), nil
}
