package contact

import (
	"time"

	"carillon/core/plugin"
)

// Happening is one thing that happened with a contact, as the ledger tells it, with what is kept apart from the ledger.
type Happening struct {
	Number   int64 // of the ledger entry
	At       time.Time
	Kind     string // of the ledger entry, as contact.accepted
	Contact  ID
	Class    string // of the contact, as corrected
	Type     string
	TypeText string // the description of the type
	Message  string // the message it is about; empty: none
	Channel  string
	Outcome  string // where the message went, as delivered
	Reason   string // one word
	By       string
	Text     string // comments of the contact or of its log entry
}

// TimelineFacts is what a timeline is built from: the happenings of one person, account or premise, newest first.
type TimelineFacts struct {
	Now        time.Time
	Subject    Subject // empty: nobody is in context
	Happenings []Happening
}

// Event is one line of a timeline.
type Event struct {
	Number  int64     `json:"-"` // of the ledger entry
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	Contact ID        `json:"-"`
	Class   string    `json:"class"`
	Type    string    `json:"type"`
	Title   string    `json:"title"` // class and type in words
	Text    string    `json:"text,omitempty"`
	Link    string    `json:"link"` // a path of the API
	Channel string    `json:"channel,omitempty"`
	Outcome string    `json:"outcome,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	By      string    `json:"by,omitempty"`
	Icon    string    `json:"icon,omitempty"`
	Colour  string    `json:"colour,omitempty"`
}

// Timeliner is an algorithm on the spot zone/timeline_events: the events it makes of what happened, newest first.
type Timeliner func(TimelineFacts, plugin.Parameters) ([]Event, error)
