package message

import (
	"time"

	"carillon/core/contact"
)

// DeadLetter is a message that ended without a proof that anybody was reached, or that is in doubt: the narrow row by
// which such messages are found. It is written with the move that led there and goes with the move that leads away.
type DeadLetter struct {
	Message    ID
	Place      Place
	At         time.Time // when it got there
	AcceptedAt time.Time // of the message
	Source     string
	Division   string
	Contact    contact.ID
	Class      string // of the contact; the store reads it there
	Type       string // of the contact; the store reads it there
	Channel    Channel
	Route      string
	Urgency    Urgency
	Reason     string // of the last evidence
	Code       string // the provider's own
	Attempts   int16
}

// DeadCursor is a place in the list of dead letters, newest first. The zero cursor is before the newest.
type DeadCursor struct {
	At      time.Time
	Message ID
}

// Cursor is where the list goes on after the dead letter.
func (d DeadLetter) Cursor() DeadCursor { return DeadCursor{At: d.At, Message: d.Message} }

// Dead is the dead letter that a move leaves; false when the place it leads to is none.
func (m Message) Dead(move Move) (DeadLetter, bool) {
	if !move.Moved() || !move.To.Place.Dead() || move.Evidence == nil {
		return DeadLetter{}, false
	}
	e := move.Evidence
	return DeadLetter{
		Message: m.ID, Place: move.To.Place, At: e.At, AcceptedAt: m.AcceptedAt, Source: m.Source, Division: m.Division,
		Contact: m.Origin.Contact, Channel: m.Channel, Route: m.Route, Urgency: m.Urgency, Reason: e.Reason, Code: e.Code,
		Attempts: move.To.Attempts,
	}, true
}

// ExpiryFrom is when the message is no longer begun that first came due at first; the zero time when it does not
// expire. What came due when it was accepted expires when it says; the time of what was replayed begins anew.
func (m Message) ExpiryFrom(first time.Time) time.Time {
	if m.ExpiresAt.IsZero() || first.IsZero() {
		return m.ExpiresAt
	}
	return first.Add(m.ExpiresAt.Sub(m.AcceptedAt))
}

// fencesOfLife is more than the claims one life of a message has: the fences of a replay begin beyond those before it.
const fencesOfLife = 1 << 16

// Anew is the due row of a message that is replayed. Its time to expire begins anew, but it never passes ends: when
// the sender wants nothing begun any more, zero when the sender said nothing.
func (m Message) Anew(move Move, ends time.Time) Due {
	first, why := move.Again, move.Reason
	if beyond := m.ExpiryFrom(first); !ends.IsZero() && beyond.After(ends) {
		first = first.Add(ends.Sub(beyond))
	}
	if m.Channel == Letter {
		why = WaitRun
	}
	return Due{
		Lane: m.Lane, At: move.Again, Message: m.ID, FirstAt: first, Reason: why, Seq: move.To.Seq,
		Fence: int32(move.To.Replays) * fencesOfLife,
	}
}

// TellsPlan reports whether somebody must hear that the message has fallen: the plan has a next step, or it has ended.
// The end of a bulk plan is nobody's work: it stays in the list of dead letters.
func (m Message) TellsPlan() bool {
	return m.Origin.Kind == FromStep && (!m.Origin.LastStep() || m.Urgency != Bulk)
}
